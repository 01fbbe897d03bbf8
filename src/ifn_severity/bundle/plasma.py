"""What a model of plasma proteins looks at: its analytes, on the scale of log2, NaN allowed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ifn_severity.errors import InputError

if TYPE_CHECKING:
    from anndata import AnnData

MIN_COVERAGE = 0.5
# beyond any plasma concentration in pg/ml and any NPX
_MAX_LOG2 = 24.0


def plasma_levels(values: pd.DataFrame | AnnData, genes: Sequence[str]) -> pd.DataFrame:
    """Take a model's analytes out of a table and check their values.

    Parameters
    ----------
    values : DataFrame or AnnData of shape (n_samples, n_analytes)
        log2 concentration or NPX of the assay the model was trained on, columns named by gene
        symbols; NaN where not measured.
    genes : sequence of str
        The model's analytes.

    Returns
    -------
    DataFrame of shape (n_samples, n_analytes_found)
        float64, index of str.

    Raises
    ------
    InputError
        If fewer than half of the analytes are there, names repeat, or values are no logarithms.
    """
    frame = values if isinstance(values, pd.DataFrame) else values.to_df()
    names, samples = [str(c) for c in frame.columns], [str(i) for i in frame.index]
    for what, labels in (("sample", samples), ("analyte", [n for n in names if n in set(genes)])):
        twice = [name for name, count in Counter(labels).items() if count > 1]
        if twice:
            raise InputError(
                f"{len(twice)} {what} names occur more than once: {', '.join(twice[:5])}",
                expected=f"a name of its own for every {what}",
                do="make them unique",
            )
    there = [gene for gene in genes if gene in names]
    if not samples or len(there) < MIN_COVERAGE * len(genes):
        raise InputError(
            f"{len(samples)} samples, and {len(there)} of the {len(genes)} analytes of the model "
            f"among the columns, which look like {', '.join(names[:4])}",
            expected=f"samples in rows and at least {MIN_COVERAGE:.0%} of the analytes, as HGNC "
            f"symbols such as {', '.join(list(genes)[:4])}",
            do="give the assay's whole panel; ifn-severity predict on the file translates "
            "printed names",
        )
    try:
        levels = frame.set_axis(names, axis="columns")[there].astype("float64")
    except (ValueError, TypeError) as error:
        raise InputError(
            f"values that are no numbers: {error}",
            expected="a number in every cell, or nothing",
            do="remove text columns and cells",
        ) from error
    numbers = levels.to_numpy()
    wrong = np.isinf(numbers) | (np.abs(numbers) > _MAX_LOG2)
    if wrong.any():
        row, column = (int(i) for i in np.argwhere(wrong)[0])
        raise InputError(
            f"{int(wrong.sum())} values are no logarithms, the first {numbers[row, column]:g} for "
            f"{there[column]} in {samples[row]}",
            expected=f"log2 concentration or NPX, between -{_MAX_LOG2:g} and {_MAX_LOG2:g}",
            do="take log2 of concentrations first, in the unit of the cohort it was trained on",
        )
    return levels.set_axis(samples, axis="index")
