"""The feature set ``proteins``: plasma analytes, each as its log2 level.

A plasma assay measures per volume, so a level needs no size factor and no other analyte to be
read against. A feature is the log2 value itself and depends on its sample alone. What it cannot
be is free of the assay: concentrations and NPX differ by a constant an analyte, which a linear
model sees as a shift of the whole cohort. Ranks within a cohort survive that, probabilities do
not. docs/plasma-proteins.md has what was measured, and what subtracting the panel's mean did.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

import pandas as pd

from ifn_severity.cohorts.analytes import analyte_families

PROTEIN_SET = "proteins"
"""Name of the set; the others are made of transcripts."""
_GROUPS = {"interferon": "interferon", "cytokine": "cytokine", "chemokine": "cytokine"}
_OTHERS = "inflammation"


@cache
def protein_table() -> pd.DataFrame:
    """Return what the columns of the feature set ``proteins`` are.

    Returns
    -------
    DataFrame indexed by feature
        ``protein:SYMBOL`` for every analyte of any cohort, with ``kind`` ("protein"), ``group``
        (interferon, cytokine for cytokines and chemokines, inflammation for growth factors,
        receptors and enzymes), ``family`` (that of the analyte), ``label`` (the symbol) and
        ``n_genes``.

    Examples
    --------
    >>> protein_table().loc[["protein:IFNG", "protein:CXCL10"], "family"].tolist()
    ['interferon', 'chemokine']
    """
    families = analyte_families()
    return pd.DataFrame(
        {
            "kind": "protein",
            "group": [_GROUPS.get(family, _OTHERS) for family in families.values()],
            "family": list(families.values()),
            "label": list(families),
            "n_genes": 1,
        },
        index=pd.Index([f"protein:{symbol}" for symbol in families], name="feature"),
    )


def protein_features(values: pd.DataFrame) -> pd.DataFrame:
    """Return the features of samples whose analytes are on the scale of log2.

    Parameters
    ----------
    values : DataFrame of shape (n_samples, n_analytes)
        log2 concentration or NPX, columns named by symbols; others are ignored. NaN where an
        analyte was not measured.

    Returns
    -------
    DataFrame of shape (n_samples, n_features)
        The analytes that are there, in the order of :func:`protein_table`.

    Examples
    --------
    >>> protein_features(pd.DataFrame({"TNF": [3.5], "IL6": [5.0], "CRP": [7.0]}))
       protein:IL6  protein:TNF
    0          5.0          3.5
    """
    table = protein_table()
    there = table[table["label"].isin(list(values.columns))]
    taken = values[list(there["label"])].astype("float64")
    return taken.set_axis(list(there.index), axis="columns")


def protein_coverage(columns: Iterable[str]) -> pd.DataFrame:
    """Count how many analytes of each family a table holds.

    Parameters
    ----------
    columns : iterable of str
        Symbols.

    Returns
    -------
    DataFrame indexed by family
        Columns ``group``, ``family``, ``genes``, ``found`` and ``missing`` (symbols, joined).
    """
    there = set(columns)
    rows = {}
    for family, group in protein_table().groupby("family", sort=False):
        symbols = [str(symbol) for symbol in group["label"]]
        rows[str(family)] = {
            "group": str(group["group"].iloc[0]),
            "family": str(family),
            "genes": len(symbols),
            "found": sum(symbol in there for symbol in symbols),
            "missing": ", ".join(symbol for symbol in symbols if symbol not in there),
        }
    return pd.DataFrame.from_dict(rows, orient="index")
