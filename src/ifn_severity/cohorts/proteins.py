"""From the values of a plasma assay to log2, one analyte a column, NaN where not measured."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ifn_severity.cohorts.analytes import analytes
from ifn_severity.errors import CohortError

_PER_UNIT = {"log2": 1.0, "log10": float(np.log2(10.0))}
# 10**7.2 or 2**24: beyond any plasma concentration in pg/ml and any NPX
_MAX_LOG2 = 24.0


def protein_log2(values: pd.DataFrame, unit: str, *, cohort: str) -> pd.DataFrame:
    """Bring a plasma assay to log2.

    Nothing is added before the logarithm and nothing is scaled: concentrations stay log2 of the
    source's unit, NPX stays NPX. Two assays therefore differ by a constant an analyte.

    Parameters
    ----------
    values : DataFrame of shape (n_samples, n_analytes)
        NaN where an analyte was not measured.
    unit : {"log2", "log10"}
        Their scale.
    cohort : str
        For messages.

    Returns
    -------
    DataFrame of shape (n_samples, n_analytes)
        float64 on the scale of log2.

    Raises
    ------
    CohortError
        If a value is infinite or too large to be a logarithm, or nothing was measured.

    Examples
    --------
    >>> protein_log2(pd.DataFrame({"IL6": [2.0, None]}), "log10", cohort="x")["IL6"].round(2).tolist()
    [6.64, nan]
    """
    log2 = values.astype("float64") * _PER_UNIT[unit]
    wrong = np.isinf(log2.to_numpy()) | (np.abs(log2.to_numpy()) > _MAX_LOG2)
    if wrong.any():
        row, column = (int(i) for i in np.argwhere(wrong)[0])
        raise CohortError(
            f"{cohort}: {int(wrong.sum())} impossible values, first {values.iloc[row, column]:g} "
            f"for {values.columns[column]} in sample {values.index[row]}",
            expected=f"logarithms ({unit}) of concentrations, or NPX",
            do="correct the unit in the card, or the file it is read from",
        )
    if log2.notna().to_numpy().sum() == 0:
        raise CohortError(
            f"{cohort}: no analyte was measured in any sample",
            expected="at least one value",
            do="see whether the analytes' columns are read",
        )
    return log2


def analyte_table(log2: pd.DataFrame, cohort: str) -> pd.DataFrame:
    """Return what ``var`` says of each analyte of a cohort.

    Parameters
    ----------
    log2 : DataFrame of shape (n_samples, n_analytes)
        As :func:`protein_log2` returns it, columns named by symbols.
    cohort : str

    Returns
    -------
    DataFrame of n_analytes rows
        ``current_symbol`` (True), ``analyte`` (printed name), ``genes`` (of all subunits, joined
        by ``+``), ``family``, and ``at_floor``: the share of measured samples that have the
        analyte's lowest value. A large share says that it was mostly below detection.
    """
    known = {one.symbol: one for one in analytes()[cohort]}
    rows = [known[str(symbol)] for symbol in log2.columns]
    lowest = log2.eq(log2.min(axis=0), axis="columns").sum(axis=0)
    return pd.DataFrame(
        {
            "current_symbol": True,
            "analyte": [one.name for one in rows],
            "genes": ["+".join(one.genes) for one in rows],
            "family": [one.family for one in rows],
            "at_floor": (lowest / log2.notna().sum(axis=0)).to_numpy(dtype="float64"),
        },
        index=pd.Index([str(symbol) for symbol in log2.columns]),
    )
