"""Mend calibration with what the training cohorts alone can teach."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ifn_severity.evaluate.calibration import logistic_lines
from ifn_severity.evaluate.compare import check_two_classes


@dataclass(frozen=True)
class Recalibration:
    """A line from predicted to recalibrated log-odds.

    Attributes
    ----------
    slope, intercept : float
    """

    slope: float
    intercept: float

    def apply(self, log_odds: np.ndarray) -> np.ndarray:
        """Return recalibrated log-odds.

        Parameters
        ----------
        log_odds : ndarray

        Returns
        -------
        ndarray of the same shape
        """
        return np.asarray(self.intercept + self.slope * log_odds)


def fit_recalibration(
    y: np.ndarray, log_odds: np.ndarray, weights: np.ndarray | None = None
) -> Recalibration:
    """Learn a recalibration from held-out predictions of the *training* cohorts.

    The cohort that will be judged must not be among them. It is Platt's logistic line with his
    smoothed targets (Platt 1999), which stays finite when the classes are separated. The slope
    is never negative: a prediction is not turned round.

    Parameters
    ----------
    y : ndarray of shape (n_samples,), 0 or 1
    log_odds : ndarray of shape (n_samples,)
        Predictions of samples that their model had not seen.
    weights : ndarray of shape (n_samples,), optional
        So that cohorts count alike, say.

    Returns
    -------
    Recalibration

    Raises
    ------
    LabelError
        If there is one class only.

    Examples
    --------
    >>> from scipy.special import expit
    >>> rng = np.random.default_rng(0)
    >>> truth = rng.normal(size=5000)
    >>> y = (rng.random(5000) < expit(truth)).astype(int)
    >>> line = fit_recalibration(y, 2 * truth + 1)
    >>> round(line.slope, 1), round(line.intercept, 1)
    (0.5, -0.5)
    """
    check_two_classes(y)
    n_severe, n_mild = float(np.sum(y == 1)), float(np.sum(y == 0))
    target = np.where(y == 1, (n_severe + 1) / (n_severe + 2), 1 / (n_mild + 2))
    given = np.ones((1, len(y))) if weights is None else np.asarray(weights, dtype=float)[None, :]
    slope, intercept = (values[0] for values in logistic_lines(target, log_odds, given))
    if not slope > 0:
        share = float((given[0] * target).sum() / given.sum())
        return Recalibration(0.0, float(np.log(share / (1 - share))))
    return Recalibration(float(slope), float(intercept))
