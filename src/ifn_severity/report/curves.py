"""The numbers behind the curves: means over repeats and calibration bins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.metrics import precision_recall_curve, roc_curve

from ifn_severity.errors import InputError

Floats = npt.NDArray[np.float64]
Curve = tuple[Floats, Floats]


def checked(y: npt.ArrayLike, probability: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Return labels (n_samples,) and probabilities (n_repeats, n_samples), checked.

    Raises
    ------
    InputError
        If shapes differ, labels are not 0/1, a class is missing in a repeat, or a
        probability lies outside [0, 1]. NaN means: not predicted in that repeat.
    """
    labels = np.asarray(y, dtype=float).ravel()
    repeats = np.atleast_2d(np.asarray(probability, dtype=float))
    if repeats.ndim != 2 or repeats.shape[1] != labels.size:
        raise InputError(
            f"probabilities of shape {repeats.shape} for {labels.size} labels",
            expected="(n_repeats, n_samples) or (n_samples,)",
            do="give one probability a sample, and NaN where a repeat has none",
        )
    if not np.isin(labels, (0.0, 1.0)).all():
        bad = np.unique(labels[~np.isin(labels, (0.0, 1.0))])[:5]
        raise InputError(
            f"labels {', '.join(f'{value:g}' for value in bad)}",
            expected="0 (not severe) or 1 (severe)",
            do="leave out samples whose severity is unknown",
        )
    known = ~np.isnan(repeats)
    outside = known & ((repeats < 0) | (repeats > 1))
    if outside.any():
        raise InputError(
            f"probability {repeats[outside][0]:g}",
            expected="values from 0 to 1",
            do="give calibrated probabilities, not log-odds",
        )
    for number, here in enumerate(known, start=1):
        if np.unique(labels[here]).size < 2:
            raise InputError(
                f"repeat {number} has predictions for fewer than two classes",
                expected="severe and not-severe samples in every repeat",
                do="give the predictions of whole repeats",
            )
    return labels, repeats


def roc_curves(labels: Floats, repeats: Floats) -> list[Curve]:
    """Return (false positive rate, true positive rate) of every repeat."""
    curves = []
    for row in repeats:
        here = ~np.isnan(row)
        fpr, tpr, _ = roc_curve(labels[here], row[here], drop_intermediate=False)
        curves.append((np.asarray(fpr), np.asarray(tpr)))
    return curves


def mean_roc(curves: Sequence[Curve]) -> Curve:
    """Return the vertical mean of ROC curves; its area is the mean of their areas.

    Every false positive rate appears twice, at the foot and at the head of the mean's step.

    Examples
    --------
    >>> diagonal = (np.array([0.0, 1.0]), np.array([0.0, 1.0]))
    >>> perfect = (np.array([0.0, 0.0, 1.0]), np.array([0.0, 1.0, 1.0]))
    >>> fpr, tpr = mean_roc([diagonal, perfect])
    >>> float(np.trapezoid(tpr, fpr))
    0.75
    """
    grid = np.unique(np.concatenate([fpr for fpr, _ in curves]))
    foot, head = np.zeros(grid.size), np.zeros(grid.size)
    for fpr, tpr in curves:
        first = np.unique(fpr, return_index=True)[1]
        last = np.r_[first[1:], fpr.size] - 1
        between = np.interp(grid, fpr[first], tpr[first])
        left, right = np.searchsorted(fpr[first], grid, "left"), fpr[first]
        on = right[np.minimum(left, right.size - 1)] == grid
        # between two points of this curve the line runs from the head of one step to the
        # foot of the next, which np.interp over feet alone would get wrong
        before = np.clip(left - 1, 0, first.size - 1)
        after = np.clip(left, 0, first.size - 1)
        gap = np.where(on, 1.0, right[after] - right[before])
        weight = (grid - right[before]) / np.where(gap == 0, 1.0, gap)
        line = tpr[last][before] + weight * (tpr[first][after] - tpr[last][before])
        foot += np.where(on, between, line)
        head += np.where(on, tpr[last][after], line)
    count = len(curves)
    return np.repeat(grid, 2), np.column_stack([foot, head]).ravel() / count


def precision_recall_curves(labels: Floats, repeats: Floats) -> list[Curve]:
    """Return (recall ascending, precision) of every repeat, as steps.

    ``precision[i]`` holds on ``(recall[i-1], recall[i]]``, so the area under the steps is
    scikit-learn's average precision.
    """
    curves = []
    for row in repeats:
        here = ~np.isnan(row)
        precision, recall, _ = precision_recall_curve(labels[here], row[here])
        precision, recall = precision[-2::-1], recall[-2::-1]  # without the point (0, 1)
        # several thresholds can share a recall: the highest, which comes first, makes the step
        recall, first = np.unique(recall, return_index=True)
        precision = precision[first]
        keep = recall > 0
        start = precision[keep][0]
        curves.append((np.r_[0.0, recall[keep]], np.r_[start, precision[keep]]))
    return curves


def mean_steps(curves: Sequence[Curve]) -> Curve:
    """Return the mean of step curves on the union of their steps."""
    grid = np.unique(np.concatenate([x for x, _ in curves]))
    total = np.zeros(grid.size)
    for x, y in curves:
        total += y[np.minimum(np.searchsorted(x, grid, "left"), x.size - 1)]
    return grid, total / len(curves)


def wilson(successes: npt.ArrayLike, n: npt.ArrayLike, *, z: float = 1.959964) -> Curve:
    """Return lower and upper bounds of Wilson's interval for proportions.

    Wilson (1927), doi:10.1080/01621459.1927.10502953.

    Examples
    --------
    >>> low, high = wilson(8, 10)
    >>> round(float(low), 3), round(float(high), 3)
    (0.49, 0.943)
    """
    count = np.asarray(n, dtype=float)
    share = np.asarray(successes, dtype=float) / count
    spread = 1 + z**2 / count
    middle = (share + z**2 / (2 * count)) / spread
    half = z / spread * np.sqrt(share * (1 - share) / count + z**2 / (4 * count**2))
    return np.asarray(np.maximum(middle - half, 0)), np.asarray(np.minimum(middle + half, 1))


@dataclass(frozen=True)
class CalibrationBins:
    """Samples by quantile of predicted probability: mean prediction, observed share, 95 % CI."""

    predicted: Floats
    observed: Floats
    low: Floats
    high: Floats
    n: npt.NDArray[np.int64]


def calibration_bins(
    labels: Floats, probability: Floats, *, n_bins: int | None = None
) -> CalibrationBins:
    """Group samples into bins of about equal size.

    Parameters
    ----------
    labels, probability : ndarray of shape (n_samples,)
        0/1, and one probability a sample, so that the intervals count patients once.
    n_bins : int, optional
        About 20 samples a bin, 3 to 10 bins, when not given. Ties stay together.
    """
    if n_bins is None:
        n_bins = int(np.clip(labels.size // 20, 3, 10))
    edges = np.unique(np.quantile(probability, np.linspace(0, 1, n_bins + 1)))
    cell = np.searchsorted(edges[1:-1], probability, side="right")
    used, position, n = np.unique(cell, return_inverse=True, return_counts=True)
    predicted = np.bincount(position, probability, minlength=used.size) / n
    successes = np.bincount(position, labels, minlength=used.size)
    low, high = wilson(successes, n)
    return CalibrationBins(predicted, successes / n, low, high, n)
