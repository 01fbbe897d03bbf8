"""What an expression matrix must not hold: nameless or repeated genes, holes, impossible values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ifn_severity.cohorts.arrange import Arranged
from ifn_severity.errors import InputError, listed
from ifn_severity.genes import harmonise

# sums of such values still fit a float, and no count or intensity comes near
_MOST = 1e15
# a few genes of a panel may well have the same count
_MIN_GENES = 10


def check_names(matrix: Arranged, path: Path) -> None:
    """Refuse blank names and samples that are there twice.

    Parameters
    ----------
    matrix : Arranged
        Samples × genes.
    path : Path
        The file, for messages.

    Raises
    ------
    InputError
        If there are any.
    """
    for names, what in ((matrix.genes, "gene"), (matrix.samples, "sample")):
        blanks = [at for at, name in enumerate(names) if not name]
        if blanks:
            gene, sample = (blanks[0], 0) if what == "gene" else (0, blanks[0])
            raise InputError(
                f"{path}: {len(blanks)} of {len(names)} {what}s have no name (the first at "
                f"{matrix.place(sample, gene)})",
                expected=f"a name for every {what}",
                do=f"name these {what}s or remove them",
            )
    twice = [name for name, count in Counter(matrix.samples).items() if count > 1]
    if twice:
        raise InputError(
            f"{path}: {len(twice)} sample names occur more than once: {listed(twice)}",
            expected="a name of its own for every sample",
            do="rename the samples, e.g. patient1_day3 and patient1_day7",
        )


def check_values(matrix: Arranged, path: Path) -> None:
    """Refuse what no instrument measures: missing, infinite and negative values, and no signal.

    Parameters
    ----------
    matrix : Arranged
        Samples × genes.
    path : Path
        The file, for messages.

    Raises
    ------
    InputError
        With the place of the first such value.
    """
    values = matrix.values
    finite = "a finite number in every cell"
    for wrong, what, expected, do in (
        (
            np.isnan(values),
            "missing values",
            finite,
            "fill them where you know how, or remove the gene",
        ),
        (
            np.isneginf(values),
            "values of minus infinity",
            finite,
            "they come from log(0): take log2(x + 1) instead",
        ),
        (
            np.isposinf(values),
            "infinite values",
            finite,
            "they come from a division by 0, or from a number too large for its type: export again",
        ),
        (
            np.abs(values) > _MOST,
            f"values beyond {_MOST:g}",
            f"numbers of at most {_MOST:g}",
            "no instrument counts that far: check the export",
        ),
    ):
        if wrong.any():
            first = "; ".join(matrix.place(*map(int, at)) for at in np.argwhere(wrong)[:3])
            raise InputError(
                f"{path}: {int(wrong.sum())} {what}, the first at {first}",
                expected=expected,
                do=do,
            )
    negative = values < 0
    if negative.any():
        at = tuple(map(int, np.argwhere(negative)[0]))
        share = float(negative.mean())
        if share > 0.1 and abs(float(values.mean())) < 1:
            guess, do = "these look like z-scores or centred values", "give them before scaling"
        else:
            guess = "no expression is below zero"
            do = "if they are logs with an offset below 1 (edgeR, voom), give log2(CPM+1) instead"
        raise InputError(
            f"{path}: {int(negative.sum())} negative values ({share:.0%}), the first "
            f"{values[at]:g} at {matrix.place(*at)}: {guess}",
            expected="counts, TPM, CPM, or their logarithm log2(x+1), ln(x+1) or log10(x+1)",
            do=do,
        )
    check_signal(values, matrix.samples, path)


def check_signal(values: NDArray[np.float64], samples: list[str], path: Path) -> None:
    """Refuse samples in which nothing was measured: all 0, or one number filled in for all.

    Parameters
    ----------
    values : ndarray of shape (n_samples, n_genes)
        Values, none negative.
    samples : list of str
        Names of the samples.
    path : Path
        The file, for the message.

    Raises
    ------
    InputError
        If all values of a sample are 0, or those of at least ten genes are all the same.
    """
    silent = [name for name, top in zip(samples, values.max(axis=1), strict=True) if top == 0]
    if silent:
        raise InputError(
            f"{path}: every value is 0 in {listed(silent)}",
            expected="some expression in every sample",
            do="remove these samples, or check that they were measured",
        )
    if values.shape[1] < _MIN_GENES:
        return
    same = np.flatnonzero((values == values[:, :1]).all(axis=1))
    if len(same):
        raise InputError(
            f"{path}: every value is {values[same[0], 0]:g} in {samples[same[0]]}"
            + (f"; of one value too: {listed(samples[at] for at in same[1:])}" * (len(same) > 1)),
            expected="genes that differ in every sample",
            do="remove these samples: such a value was filled in, not measured",
        )


def settle_repeats(
    values: pd.DataFrame, known: Collection[str], path: Path
) -> tuple[pd.DataFrame, list[str]]:
    """Settle gene names that occur twice: refuse them, unless it does not matter.

    Rows that are the same are taken once. Names of no known gene (``Y_RNA`` stands in some
    files hundreds of times) and dates left by a spreadsheet are dropped, as nothing rests on them.

    Parameters
    ----------
    values : DataFrame of shape (n_samples, n_genes)
        Values with the names of the file.
    known : collection of str
        Genes that matter.
    path : Path
        The file, for the message.

    Returns
    -------
    DataFrame of shape (n_samples, n_unique_genes)
        Each name once.
    list of str
        What was done.

    Raises
    ------
    InputError
        If a gene occurs more than once with different values.
    """
    repeated = values.columns.duplicated(keep=False)
    if not repeated.any():
        return values, []
    names = values.columns[repeated].unique()
    found = harmonise(list(names))
    same, harmless, wrong = [], [], []
    for name, symbol in zip(names, found.symbols, strict=True):
        rows = values.loc[:, name].to_numpy()
        if (rows == rows[:, :1]).all():
            same.append(name)
        elif len(found.excel_dates.get(name, ())) > 1:
            # dropped later, with all that a spreadsheet destroyed, and then said in full
            continue
        elif name in found.excel_dates or (symbol is None and name not in known):
            harmless.append(name)
        else:
            wrong.append(name)
    if wrong:
        raise InputError(
            f"{path}: genes occur more than once with different values: {listed(wrong)}",
            expected="every gene once",
            do="merge these rows (e.g. add the counts of a gene's transcripts), or use Ensembl ids",
        )
    keep = ~values.columns.duplicated() & ~values.columns.isin(harmless)
    notes = []
    if same:
        notes.append(f"Genes listed twice with the same values were taken once: {listed(same)}.")
    if harmless:
        notes.append(
            f"Names that occur more than once and fit no single known gene were dropped: "
            f"{listed(harmless)}."
        )
    return values.loc[:, keep], notes
