"""The table of gene names that comes with the package, and how a single name is looked up in it."""

from __future__ import annotations

import csv
import gzip
import io
from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources


@dataclass(frozen=True, eq=False)
class GeneTable:
    """Names of human genes, from HGNC (doi:10.1093/nar/gkac888).

    Parameters
    ----------
    source : str
        Which HGNC file the table was built from: date of the last change and sha256.
    current : frozenset of str
        Current symbols.
    previous, aliases : dict of str to tuple of str
        An earlier or alternative name, and the current symbols that it was used for. Names
        that are someone's current symbol are left out.
    ensembl, entrez : dict of str to str
        Identifier without version, and the current symbol.
    folded : dict of str to str
        Case-folded current and unambiguous previous symbols, and the current symbol: for files
        that were upper- or lower-cased as a whole.
    """

    source: str
    current: frozenset[str]
    previous: dict[str, tuple[str, ...]]
    aliases: dict[str, tuple[str, ...]]
    ensembl: dict[str, str]
    entrez: dict[str, str]
    folded: dict[str, str]

    def look_up(self, name: str) -> tuple[str, tuple[str, ...]]:
        """Find one symbol-like name; current beats previous, previous beats alias.

        Parameters
        ----------
        name : str
            A symbol, exactly as HGNC writes it or once wrote it.

        Returns
        -------
        how : str
            ``"current"``, ``"previous"``, ``"alias"`` or ``""`` when the name is unknown.
        symbols : tuple of str
            Current symbols; several when the name is ambiguous.

        Examples
        --------
        >>> gene_table().look_up("G1P2")
        ('previous', ('ISG15',))
        """
        if name in self.current:
            return "current", (name,)
        if name in self.previous:
            return "previous", self.previous[name]
        if name in self.aliases:
            return "alias", self.aliases[name]
        return "", ()


def _names(cell: str, current: frozenset[str]) -> list[str]:
    return [name for name in cell.split("|") if name and name not in current]


@lru_cache(maxsize=1)
def gene_table() -> GeneTable:
    """Return the table of gene names that comes with the package.

    It holds protein-coding, immunoglobulin and T cell receptor genes and those that the
    signature catalogue names; ``tools/build_gene_table.py`` makes it from HGNC's public file.

    Examples
    --------
    >>> gene_table().entrez["3627"]
    'CXCL10'
    """
    packed = resources.files("ifn_severity.genes").joinpath("hgnc.csv.gz").read_bytes()
    lines = io.StringIO(gzip.decompress(packed).decode("utf-8"))
    source = lines.readline().lstrip("# ").strip()
    rows = list(csv.DictReader(lines))
    current = frozenset(row["symbol"] for row in rows)
    previous: defaultdict[str, list[str]] = defaultdict(list)
    aliases: defaultdict[str, list[str]] = defaultdict(list)
    for row in rows:
        for name in _names(row["previous"], current):
            previous[name].append(row["symbol"])
        for name in _names(row["aliases"], current):
            aliases[name].append(row["symbol"])
    folded: dict[str, str] = {}
    for name, symbols in previous.items():
        if len(symbols) == 1:
            folded.setdefault(name.casefold(), symbols[0])
    folded.update((symbol.casefold(), symbol) for symbol in current)
    return GeneTable(
        source=source,
        current=current,
        previous={name: tuple(symbols) for name, symbols in previous.items()},
        aliases={name: tuple(symbols) for name, symbols in aliases.items()},
        ensembl={row["ensembl"]: row["symbol"] for row in rows if row["ensembl"]},
        entrez={row["entrez"]: row["symbol"] for row in rows if row["entrez"]},
        folded=folded,
    )
