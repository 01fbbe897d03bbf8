"""From the numbers a source publishes to log2(x+1) of CPM or TPM on current gene symbols."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ifn_severity.cohorts.unit import NATURAL, rebased
from ifn_severity.errors import CohortError
from ifn_severity.genes import collapse, harmonise


def check_values(expression: pd.DataFrame, unit: str, cohort: str) -> None:
    """Refuse values that the unit cannot have.

    Parameters
    ----------
    expression : DataFrame of shape (n_samples, n_genes)
        Values in ``unit``.
    unit : {"counts", "linear", "ln", "log2", "log10"}
        Their scale.
    cohort : str
        For the message.

    Raises
    ------
    CohortError
        If a value is missing, infinite, or negative on a scale that starts at zero, or a
        sample has nothing but zeros.
    """
    values = expression.to_numpy(dtype=np.float64)
    wrong = ~np.isfinite(values)
    if unit != "log2":
        wrong |= values < 0
    if wrong.any():
        row, column = (int(index[0]) for index in np.nonzero(wrong))
        raise CohortError(
            f"{cohort}: {int(wrong.sum())} impossible values, first {values[row, column]} for gene "
            f"{expression.columns[column]} in sample {expression.index[row]}",
            expected=f"finite {'values' if unit == 'log2' else 'values from zero up'} ({unit})",
            do="correct the unit in the card, or the file it is read from",
        )
    empty = [
        name
        for name, some in zip(expression.index, (values != 0).any(axis=1), strict=True)
        if not some
    ]
    if empty:
        raise CohortError(
            f"{cohort}: nothing but zeros in sample {', '.join(map(str, empty[:5]))}",
            expected="expression in every sample",
            do="leave the sample out",
        )


def to_log2(expression: pd.DataFrame, unit: str, *, cohort: str) -> pd.DataFrame:
    """Bring a matrix to log2(x+1) of CPM or TPM, with current symbols as columns.

    Counts become counts per million of all that the file holds, before any name is dropped.
    Several source names of one gene become one column by
    :func:`ifn_severity.genes.collapse`, the same rule as for a user's own matrix: a row under
    the current name wins over one under an earlier name, and of equals the largest value in
    each sample counts. Names that no gene is known for stay as they are.

    Parameters
    ----------
    expression : DataFrame of shape (n_samples, n_names)
        Samples in rows, source names in columns.
    unit : {"counts", "linear", "ln", "log2", "log10"}
        Scale of the values; see :class:`ifn_severity.cohorts.card.CohortCard`.
    cohort : str
        For messages.

    Returns
    -------
    DataFrame of shape (n_samples, n_genes)
        float64, unique columns; array intensities keep their values.

    Raises
    ------
    CohortError
        If values are impossible or no name is known.

    Examples
    --------
    >>> counts = pd.DataFrame([[1.0, 3.0]], columns=["G1P2", "IFIT1"])
    >>> to_log2(counts, "counts", cohort="x").round(2).to_dict("list")
    {'ISG15': [17.93], 'IFIT1': [19.52]}
    """
    check_values(expression, unit, cohort)
    names = [str(name) for name in expression.columns]
    found = harmonise(names)
    if not any(found.symbols):
        raise CohortError(
            f"{cohort}: none of {len(names):,} gene names is known, such as {', '.join(names[:5])}",
            expected="HGNC symbols, Ensembl or Entrez gene ids",
            do="see whether genes and samples are swapped, or convert the names first",
        )
    values = expression.to_numpy(dtype=np.float64)
    if unit == "counts":
        values = values / values.sum(axis=1, keepdims=True) * 1e6
    values = rebased(values, unit) if unit in NATURAL else np.log2(values + 1.0)
    log2 = pd.DataFrame(values, index=expression.index, columns=names)
    return collapse(log2, found)[0]
