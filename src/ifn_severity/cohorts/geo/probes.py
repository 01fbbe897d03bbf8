"""From the probes of an array to genes, by the platform's own table in the family file of GEO."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from pathlib import Path

from ifn_severity.cohorts.container import reading
from ifn_severity.errors import InputError
from ifn_severity.genes import harmonise

# a share below which row names are no names of genes
FEW = 0.2
_PLENTY = 2000


def are_genes(names: list[str]) -> bool:
    """Tell whether row names are of genes: symbols, Ensembl or Entrez ids.

    Numbers alone prove nothing, as they are Entrez ids and names of probes alike.

    Examples
    --------
    >>> are_genes(["ISG15", "IFIT1"]), are_genes(["ASHG19A3A000001", "A_23_P1"])
    (True, False)
    """
    if not names:
        return False
    found = harmonise(names)
    named = sum(
        symbol is not None and not name.isdigit()
        for name, symbol in zip(names, found.symbols, strict=True)
    )
    return named > FEW * len(names)


def _platform_table(path: Path, platform: str) -> Iterator[list[str]]:
    """Give the rows of the table of one platform in a family file, the header first."""
    opener = gzip.open if path.name.endswith(".gz") else open
    inside = within = False
    with opener(path, "rt", encoding="utf-8", errors="replace") as lines:
        for line in lines:
            if line.startswith("^"):
                inside = line.rstrip().casefold() == f"^platform = {platform}".casefold()
            elif inside and line.startswith("!platform_table_begin"):
                within = True
            elif line.startswith("!platform_table_end"):
                if within:
                    return
            elif within:
                yield line.rstrip("\r\n").split("\t")


def _gene_of(cell: str) -> str:
    """Return the gene of a cell; of several, the first.

    Examples
    --------
    >>> _gene_of("ISG15 /// IFIT1")
    'ISG15'
    >>> _gene_of("NM_005101 // ISG15 // ISG15 ubiquitin like modifier // 1p36.33")
    'ISG15'
    """
    parts = [part.strip() for part in re.split(r"///|\|", cell)[0].split(" // ")]
    return parts[1] if len(parts) > 2 else parts[0]


def genes_of_probes(path: Path, platform: str) -> dict[str, str]:
    """Read which gene each probe of a platform measures.

    The column is the one in which most cells are names of genes, so that it need not be known
    what each of thousands of platforms calls it.

    Parameters
    ----------
    path : Path
        ``GSE…_family.soft.gz``.
    platform : str
        ``GPL…``.

    Returns
    -------
    dict of str to str
        Gene by probe, only for probes that have one.

    Raises
    ------
    InputError
        If the file is damaged, or the platform names no genes.
    """
    with reading(path, "family file of GEO"):
        rows = list(_platform_table(path, platform))
    do = (
        f"look at the platform's page {platform} on GEO, replace the probe ids by gene symbols "
        "in a table of your own, and add it: ifn-severity cohorts add FILE --labels LABELS"
    )
    if len(rows) < 2:
        raise InputError(
            f"{path.name} holds no table of platform {platform}",
            expected="the table that says which gene each probe measures",
            do=do,
        )
    header, body = rows[0], [row for row in rows[1:] if row[0]]
    best, share = 0, 0.0
    for at in range(1, len(header)):
        cells = [
            _gene_of(row[at]) for row in body[:: max(1, len(body) // _PLENTY)] if at < len(row)
        ]
        filled = [cell for cell in cells if cell]
        # positions and lengths are numbers, and would all pass for Entrez ids
        worded = [cell for cell in filled if not cell.isdigit()]
        if worded and (here := sum(s is not None for s in harmonise(worded).symbols)) > share:
            best, share = at, float(here)
    named = {row[0]: _gene_of(row[best]) for row in body if best and len(row) > best}
    named = {probe: gene for probe, gene in named.items() if gene}
    if not best or not any(s is not None for s in harmonise(sorted(set(named.values()))).symbols):
        raise InputError(
            f"the rows are probes of {platform}, and its table names no genes: "
            f"{', '.join(header[:8])}",
            expected="a column with gene symbols, Ensembl or Entrez ids",
            do=do,
        )
    return named
