"""Set the intercept for one laboratory by a handful of its own samples of known severity."""

from __future__ import annotations

import numpy as np
from scipy.special import log_expit

from ifn_severity.bundle.interval import COHORTS, Anchor, ProbabilityInterval
from ifn_severity.errors import LabelError

USUAL_SHIFT = 3.5
"""Spread of shifts between public cohorts, for models that were trained on one cohort."""
_GRID = np.linspace(-25.0, 25.0, 10_001)


def fit_anchor(
    y: np.ndarray,
    log_odds: np.ndarray,
    interval: ProbabilityInterval | None,
    *,
    level: float = 0.95,
) -> Anchor:
    """Estimate by how much a laboratory's log-odds are shifted.

    The slope stays. The shift has a normal prior whose spread is what cohorts differed by in
    training, so a few samples move it as far as they can tell and no further. Samples of one
    class alone would be pulled to its side with nothing to stop them, and are refused. Samples
    are taken as independent.

    Parameters
    ----------
    y : ndarray of shape (n_samples,), 0 or 1
        Known severity.
    log_odds : ndarray of shape (n_samples,)
        What the model gives them, without an anchor.
    interval : ProbabilityInterval or None
        The model's; its ``shift`` is the spread where cohorts were held out.
    level : float
        Of the interval of the shift.

    Returns
    -------
    Anchor
        The posterior median, and its interval.

    Raises
    ------
    LabelError
        If no labelled sample has a prediction, or all are of one class.

    Examples
    --------
    >>> anchor = fit_anchor(np.array([0, 0, 1, 1]), np.array([3.0, 3.5, 4.5, 5.0]), None)
    >>> round(anchor.shift, 1)
    -3.6
    """
    known = np.isfinite(log_odds)
    y, log_odds = np.asarray(y)[known], np.asarray(log_odds, dtype=float)[known]
    if not len(y):
        raise LabelError(
            "no labelled sample with a prediction",
            expected="at least one sample of known severity among those in the file",
            do="check that the labels name the samples as the expression file does",
        )
    if len(set(y.tolist())) < 2:
        raise LabelError(
            f"{len(y)} labelled {'severe' if y[0] == 1 else 'mild'} samples and none of the other "
            "class",
            expected="samples of known severity of both classes: they set the level between them",
            do="label some of the other class too, or leave the labels out",
        )
    between = interval is not None and interval.basis == COHORTS and interval.shift > 0
    spread = interval.shift if interval is not None and between else USUAL_SHIFT
    sign = np.where(y == 1, 1.0, -1.0)
    each = log_expit(sign[:, None] * (log_odds[:, None] + _GRID[None, :]))
    score = each.sum(axis=0) - 0.5 * (_GRID / spread) ** 2
    mass = np.cumsum(np.exp(score - score.max()))
    mass /= mass[-1]
    low, middle, high = (
        float(np.interp(q, mass, _GRID)) for q in (0.5 - level / 2.0, 0.5, 0.5 + level / 2.0)
    )
    return Anchor(middle, low, high, int((y == 1).sum()), int((y == 0).sum()))
