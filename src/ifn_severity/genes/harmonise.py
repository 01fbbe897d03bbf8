"""From the gene names in a file to current HGNC symbols."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from ifn_severity.genes.dates import read_date
from ifn_severity.genes.table import GeneTable, gene_table

_ENSEMBL = re.compile(r"(ENSG\d{11})(?:\.\d+)?(?:_PAR_[XY])?(?:[_|;: ]+(?P<rest>.+))?", re.I)
_ENSEMBL_LAST = re.compile(r"(?P<rest>.+?)[_|;: ]+(ENSG\d{11})(?:\.\d+)?(?:_PAR_[XY])?", re.I)
_ENTREZ = re.compile(r"(\d{1,9})(?:\.0)?")
# what NCBI calls a gene that has no symbol yet: its Entrez id
_LOCUS = re.compile(r"LOC(\d{1,9})", re.I)
_SEVERAL = re.compile(r"\s*(?:///|//|[|;,])\s*")
_KINDS = {
    "current": "HGNC symbols",
    "previous": "HGNC symbols",
    "alias": "HGNC symbols",
    "date": "HGNC symbols",
    "locus": "HGNC symbols",
    "ensembl": "Ensembl gene ids",
    "entrez": "Entrez gene ids",
}
UNRECOGNISED = "not recognised"


@dataclass(frozen=True)
class Harmonised:
    """What became of a list of gene names.

    Attributes
    ----------
    symbols : list of (str or None)
        The current symbol of each name, in the order given; None where it cannot be told.
    how : list of str
        How each was found: ``current``, ``previous``, ``alias``, ``locus``, ``ensembl``,
        ``entrez``, ``date``, or empty.
    kind : str
        What the names are as a whole, e.g. ``"HGNC symbols"`` or ``"Ensembl gene ids"``.
    renamed : dict of str to str
        Names that stood for a gene under another symbol (identifiers are not listed).
    ambiguous : dict of str to tuple of str
        Names that fit several genes, and which.
    unknown : list of str
        Names that fit none, without repetition.
    excel_dates : dict of str to tuple of str
        Names that a spreadsheet turned into dates, and the genes that each may have been.
    """

    symbols: list[str | None]
    how: list[str]
    kind: str
    renamed: dict[str, str]
    ambiguous: dict[str, tuple[str, ...]]
    unknown: list[str]
    excel_dates: dict[str, tuple[str, ...]]


def _as_symbol(name: str, table: GeneTable) -> tuple[str, tuple[str, ...]]:
    """Look up a symbol as written, then as R's ``make.names`` or a change of case left it."""
    how, symbols = table.look_up(name)
    if how:
        return how, symbols
    if "." in name:
        how, symbols = table.look_up(name.replace(".", "-"))
        if how in ("current", "previous"):
            return how, symbols
    # Title case is how mouse genes are written: not ours to guess
    if (name.isupper() or name.islower()) and (symbol := table.folded.get(name.casefold())):
        return "previous", (symbol,)
    return "", ()


def _one(name: str, table: GeneTable) -> tuple[str, tuple[str, ...]]:
    """Look up a name of any kind, without splitting it."""
    if match := _ENSEMBL.fullmatch(name) or _ENSEMBL_LAST.fullmatch(name):
        found = next(part for part in match.groups() if part and part[:4].upper() == "ENSG")
        if symbol := table.ensembl.get(found.upper()):
            return "ensembl", (symbol,)
        return _as_symbol(match["rest"], table) if match["rest"] else ("", ())
    if match := _ENTREZ.fullmatch(name):
        symbol = table.entrez.get(match[1].lstrip("0"))
        return ("entrez", (symbol,)) if symbol else ("", ())
    how, symbols = _as_symbol(name, table)
    if not how and (match := _LOCUS.fullmatch(name)):
        symbol = table.entrez.get(match[1].lstrip("0"))
        return ("locus", (symbol,)) if symbol else ("", ())
    return how, symbols


@lru_cache(maxsize=250_000)
def _look_up(name: str, table: GeneTable) -> tuple[str, tuple[str, ...]]:
    """Look up a name of any kind, or several in one such as ``A /// B`` or ``CXCL10|3627``."""
    how, symbols = _one(name, table)
    parts = [] if how else [part for part in _SEVERAL.split(name) if part]
    if len(parts) < 2:
        return how, symbols
    found = [_one(part, table) for part in parts]
    identifiers = {symbols for how, symbols in found if how in ("ensembl", "entrez")}
    # a symbol beside an identifier says the same thing in words that age: the identifier counts
    if len(identifiers) == 1 and sum(how in ("ensembl", "entrez") for how, _ in found) == 1:
        return "entrez", next(iter(identifiers))
    everything = tuple(sorted({symbol for _, symbols in found for symbol in symbols}))
    ranked = [how for how in ("current", "previous", "alias") if any(h == how for h, _ in found)]
    return (ranked[-1] if ranked else "entrez") if everything else "", everything


def _kind(how: Sequence[str]) -> str:
    """Describe the names as a whole by the kinds that a tenth of the recognised belong to."""
    counts = Counter(_KINDS[one] for one in how if one)
    total = sum(counts.values())
    common = [kind for kind, count in counts.most_common() if count >= 0.1 * total]
    return " and ".join(common) or UNRECOGNISED


def harmonise(names: Sequence[str], *, table: GeneTable | None = None) -> Harmonised:
    """Find the current HGNC symbol of every gene name.

    Current symbols win over previous ones, previous ones over aliases. A name that several
    genes had is ambiguous and is not used; neither is an alias that is another gene's current
    symbol. Ensembl ids may have a version or a symbol attached, Entrez ids and symbols may
    stand together (``CXCL10|3627``), ``LOC26010`` is Entrez gene 26010 by the name it had before
    it got a symbol, ``A /// B`` counts if all parts that the table knows are one
    gene, and dates left by a spreadsheet are undone where only one gene fits.

    Parameters
    ----------
    names : sequence of str
        Gene names or identifiers, in any mixture.
    table : GeneTable, optional
        Names to look in; the table that comes with the package if not given.

    Returns
    -------
    Harmonised
        Symbols aligned with ``names`` and an account of what was done.

    Examples
    --------
    >>> found = harmonise(["CXCL10", "G1P2", "ENSG00000126709.15", "3669", "4-Mar", "LOC26010",
    ...                    "1-Mar"])
    >>> found.symbols
    ['CXCL10', 'ISG15', 'IFI6', 'ISG20', 'MARCHF4', 'SPATS2L', None]
    >>> found.excel_dates["1-Mar"]
    ('MARCHF1', 'MTARC1')
    """
    table = table or gene_table()
    result = Harmonised([], [], UNRECOGNISED, {}, {}, [], {})
    unknown: dict[str, None] = {}
    for name in names:
        text = str(name).strip()
        how, symbols = _look_up(text, table)
        if not how and (dates := read_date(text, table)) is not None:
            result.excel_dates[name] = symbols = dates
            how = "date" if len(dates) == 1 else ""
        elif len(symbols) > 1:
            result.ambiguous[name] = symbols
            how = ""
        elif not how:
            unknown[name] = None
        symbol = symbols[0] if how else None
        if symbol and how not in ("ensembl", "entrez") and symbol != text:
            result.renamed[name] = symbol
        result.symbols.append(symbol)
        result.how.append(how)
    result.unknown.extend(unknown)
    return Harmonised(
        result.symbols,
        result.how,
        _kind(result.how),
        result.renamed,
        result.ambiguous,
        result.unknown,
        result.excel_dates,
    )
