"""What a matrix holds of each gene list, told from its gene names before any score is computed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import pandas as pd

from ifn_severity.features.definition import locate
from ifn_severity.features.signatures import load_catalogue
from ifn_severity.genes import Harmonised

VERDICTS = ("complete", "usable", "weak", "unusable")
USABLE, WEAK = 0.75, 0.5
RULE = (
    "complete: every gene is there; "
    f"usable: at least {USABLE:.0%} of the genes; "
    f"weak: at least {WEAK:.0%}, treat the score with caution; "
    f"unusable: fewer than {WEAK:.0%}, or none"
)


def verdict(found: int, genes: int) -> str:
    """Judge a list by how many of its genes are there.

    Parameters
    ----------
    found, genes : int
        Genes that are there, and genes of the list.

    Returns
    -------
    {"complete", "usable", "weak", "unusable"}
        By the rule in ``RULE``.

    Examples
    --------
    >>> [verdict(found, 28) for found in (28, 21, 14, 13)]
    ['complete', 'usable', 'weak', 'unusable']
    """
    if found >= genes > 0:
        return "complete"
    share = found / genes if genes else 0.0
    if share >= USABLE:
        return "usable"
    return "weak" if share >= WEAK else "unusable"


def list_coverage(columns: Sequence[str], names: Harmonised) -> pd.DataFrame:
    """Say for each list of the catalogue which genes a matrix holds, and under which name.

    Parameters
    ----------
    columns : sequence of str
        Names of the columns once the matrix is harmonised, as features are computed from them.
    names : Harmonised
        What became of the names in the file.

    Returns
    -------
    DataFrame indexed by list
        Columns ``group``, ``family``, ``core``, ``genes`` and ``found`` (counts), ``renamed`` (dict
        of gene to the earlier name it has in the file), ``missing`` (tuple of genes),
        ``ambiguous`` (dict of gene to the names in the file that may stand for it or for another
        gene) and ``verdict``. A gene is found, missing or ambiguous; renamed ones are found.

    Examples
    --------
    >>> from ifn_severity.genes import harmonise
    >>> found = harmonise(["G1P2", "IFI27", "IFIT1", "RSAD2", "SIGLEC1"])
    >>> columns = [symbol for symbol in found.symbols if symbol]
    >>> row = list_coverage(columns, found).loc["Rice2013_IFN6"]
    >>> int(row["found"]), row["renamed"], row["missing"], row["verdict"]
    (5, {'ISG15': 'G1P2'}, ('IFI44L',), 'usable')
    """
    columns = list(columns)
    earlier = _earlier_names(names)
    candidates = _candidates(names)
    rows = {}
    for signature in load_catalogue().values():
        renamed: dict[str, str] = {}
        ambiguous: dict[str, tuple[str, ...]] = {}
        missing: list[str] = []
        for gene, at in zip(signature.genes, locate(columns, signature.genes), strict=True):
            if at >= 0 and columns[at] != gene:
                renamed[gene] = columns[at]
            elif at >= 0 and gene in earlier:
                renamed[gene] = earlier[gene]
            elif at < 0 and gene in candidates:
                ambiguous[gene] = candidates[gene]
            elif at < 0:
                missing.append(gene)
        genes = len(signature.genes)
        found = genes - len(missing) - len(ambiguous)
        rows[signature.name] = {
            "group": signature.group,
            "family": signature.family,
            "core": signature.core,
            "genes": genes,
            "found": found,
            "renamed": renamed,
            "missing": tuple(missing),
            "ambiguous": ambiguous,
            "verdict": verdict(found, genes),
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("list")


def _earlier_names(names: Harmonised) -> dict[str, str]:
    """Return, by gene, the earlier name under which alone it stands in the file."""
    # where a gene is there under its own name or identifier, that is what is used
    own = {
        symbol
        for symbol, how in zip(names.symbols, names.how, strict=True)
        if how in ("current", "ensembl", "entrez")
    }
    return {symbol: str(old) for old, symbol in names.renamed.items() if symbol not in own}


def _candidates(names: Harmonised) -> dict[str, tuple[str, ...]]:
    """Return, by gene, the names in the file that may stand for it or for another gene."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    dates = {name: genes for name, genes in names.excel_dates.items() if len(genes) > 1}
    for name, genes in {**names.ambiguous, **dates}.items():
        for gene in genes:
            found[gene].append(str(name))
    return {gene: tuple(listed) for gene, listed in found.items()}
