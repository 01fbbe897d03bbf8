"""The same measurement under two names: a patient counted twice, whatever the labels say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ifn_severity.errors import CohortError, listed

if TYPE_CHECKING:
    from anndata import AnnData

TOLERANCE = 0.05
"""Largest difference of a level, in log2: a copy rounded to two decimals stays within it."""
MIN_DISTINCT = 20
"""Fewest different levels that a sample must have to be told from another."""
_MOST_GENES = 500
_BLOCK = 512
# below it a gene's level is noise; as for the features
_OFFSET = 16.0


def relative_levels(log2: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return levels that neither a constant factor on a sample nor its library size changes.

    Parameters
    ----------
    log2 : ndarray of shape (n_samples, n_genes)
        log2(x+1), finite.

    Returns
    -------
    ndarray of shape (n_samples, n_kept)
        log2(parts per million + 16) of at most 500 genes, those with the highest mean.

    Examples
    --------
    >>> x = np.array([[10.0, 30.0, 60.0]])
    >>> bool(np.allclose(relative_levels(np.log2(x + 1)), relative_levels(np.log2(7 * x + 1))))
    True
    """
    # intensities of an array may be below 1
    linear = np.maximum(np.exp2(log2.astype(np.float64)) - 1.0, 0.0)
    total = linear.sum(axis=1, keepdims=True)
    levels = np.log2(1e6 * linear / np.where(total > 0, total, 1.0) + _OFFSET)
    if levels.shape[1] > _MOST_GENES:
        highest = np.argpartition(-levels.mean(axis=0), _MOST_GENES)[:_MOST_GENES]
        levels = levels[:, np.sort(highest)]
    return np.asarray(levels)


def identical_samples(levels: NDArray[np.floating]) -> list[tuple[int, int]]:
    """Find samples that agree in every level both have.

    Technical replicates of one tube differ by more than the tolerance in some gene; what agrees
    in all is a copy, perhaps rounded or scaled. Samples with few different levels (all missing,
    all the same, hardly anything expressed) agree with no other.

    Parameters
    ----------
    levels : ndarray of shape (n_samples, n_genes)
        log2 levels free of the samples' scale; NaN where not measured.

    Returns
    -------
    list of (int, int)
        Rows of each pair, the lower first.

    Examples
    --------
    >>> one = np.linspace(4.0, 14.0, 50)
    >>> identical_samples(np.array([one, one[::-1], one + 0.004, np.full(50, 7.0)]))
    [(0, 2)]
    """
    values = np.asarray(levels, dtype=np.float64)
    telling = [row for row, sample in enumerate(values) if _n_distinct(sample) >= MIN_DISTINCT]
    values = values[telling]
    pairs = []
    for first, second in _near(values):
        both = np.isfinite(values[first]) & np.isfinite(values[second])
        # both have enough on their own, but perhaps not together
        if _n_distinct(values[first][both]) < MIN_DISTINCT:
            continue
        if np.abs(values[first] - values[second])[both].max() <= TOLERANCE:
            pairs.append((telling[first], telling[second]))
    return pairs


def _n_distinct(sample: NDArray[np.float64]) -> int:
    return len(np.unique(np.rint(sample[np.isfinite(sample)] / TOLERANCE)))


def _near(values: NDArray[np.float64]) -> Iterator[tuple[int, int]]:
    """Find pairs that may agree everywhere, by their squared distance, a block at a time."""
    known = np.isfinite(values).astype(np.float64)
    filled = np.where(known > 0, values, 0.0)
    for start in range(0, len(values), _BLOCK):
        mine = slice(start, start + _BLOCK)
        count = known[mine] @ known.T
        squared = filled[mine] ** 2 @ known.T + known[mine] @ (filled**2).T
        squared -= 2 * filled[mine] @ filled.T
        for row, column in np.argwhere(squared <= count * TOLERANCE**2 + 1e-6):
            if start + row < column:
                yield int(start + row), int(column)


def check_copies(
    levels: NDArray[np.floating],
    samples: Sequence[str],
    patients: Sequence[str],
    cohorts: Sequence[str],
) -> list[str]:
    """Refuse one measurement that stands under two patients or in two cohorts.

    Parameters
    ----------
    levels : ndarray of shape (n_samples, n_genes)
        As ``identical_samples`` takes them.
    samples, patients, cohorts : sequence of str
        Of each row; samples and patients as their own cohort calls them.

    Returns
    -------
    list of str
        What to say of samples of one patient that are copies, one sentence a cohort.

    Raises
    ------
    CohortError
        If samples of two cohorts, or of two patients of one, are the same measurement.
    """
    across: dict[tuple[str, str], list[str]] = {}
    people: dict[str, list[str]] = {}
    repeats: dict[str, list[str]] = {}
    for i, j in identical_samples(levels):
        if cohorts[i] != cohorts[j]:
            same = samples[i] if samples[i] == samples[j] else f"{samples[i]} and {samples[j]}"
            across.setdefault((cohorts[i], cohorts[j]), []).append(same)
        elif patients[i] != patients[j]:
            people.setdefault(cohorts[i], []).append(
                f"{samples[i]} of patient {patients[i]} and {samples[j]} of patient {patients[j]}"
            )
        else:
            repeats.setdefault(cohorts[i], []).append(f"{samples[i]} and {samples[j]}")
    if across:
        (first, second), which = next(iter(across.items()))
        raise CohortError(
            f"{first} and {second} hold the same measurements, gene by gene: {listed(which)}",
            expected="no patient in two cohorts: held-out figures would be inside figures",
            do=f"leave {first} or {second} out",
        )
    if people:
        name, which = next(iter(people.items()))
        raise CohortError(
            f"{name}: the same measurement, gene by gene, under two patients: {listed(which)}",
            expected="each sample once: a copy would be in training and test at the same time",
            do="remove the copies, or name one patient for both in the patient column",
        )
    return [
        f"{name}: samples of one patient that are the same measurement, counted as several: "
        f"{listed(which)}."
        for name, which in repeats.items()
    ]


def check_own_copies(adata: AnnData, name: str) -> list[str]:
    """Refuse a cohort of transcripts that holds one measurement under two patients.

    Parameters
    ----------
    adata : AnnData
        The cohort as ``build_cohort`` makes it.
    name : str
        Its name, for messages.

    Returns
    -------
    list of str
        As ``check_copies``.

    Raises
    ------
    CohortError
        If it does.
    """
    samples, patients = list(adata.obs_names), list(adata.obs["patient"])
    return check_copies(relative_levels(adata.X), samples, patients, [name] * len(samples))
