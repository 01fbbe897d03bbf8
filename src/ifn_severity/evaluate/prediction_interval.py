"""Intervals of predicted probabilities, learned from samples that were held out.

Between cohorts it is the shift of the log-odds that matters: laboratories and tissues differ.
A cohort nobody has seen is one more draw from the same distribution of shifts, whose mean is 0
because calibration keeps the mean intercept; so its shift lies within Student's t times their
root mean square. docs/prediction-intervals.md compares this with what else was tried.
"""

from __future__ import annotations

import numpy as np
from scipy.stats import norm, t

from ifn_severity.bundle.interval import COHORTS, FOLDS, ProbabilityInterval
from ifn_severity.evaluate.bootstrap import patient_bootstrap
from ifn_severity.evaluate.calibration import logistic_lines

LEVEL = 0.95
# a slope of a few patients may run away; beyond this it is no better known
_WILD = 20.0


def smoothed(y: np.ndarray) -> np.ndarray:
    """Return Platt's targets, which keep a fit finite when the classes are separated.

    Parameters
    ----------
    y : ndarray of shape (n_samples,), 0 or 1

    Examples
    --------
    >>> smoothed(np.array([0, 0, 1])).tolist()
    [0.25, 0.25, 0.6666666666666666]
    """
    n_severe, n_mild = float(np.sum(y == 1)), float(np.sum(y == 0))
    return np.where(y == 1, (n_severe + 1.0) / (n_severe + 2.0), 1.0 / (n_mild + 2.0))


def shift_of(y: np.ndarray, log_odds: np.ndarray) -> float:
    """Return by how much log-odds have to be moved to suit these samples, the slope kept.

    Parameters
    ----------
    y : ndarray of shape (n_samples,), 0 or 1
        One class alone is possible: Platt's targets keep the shift finite.
    log_odds : ndarray of shape (n_samples,)

    Returns
    -------
    float
        NaN where it runs away.

    Examples
    --------
    >>> round(shift_of(np.array([0, 1, 0, 1]), np.full(4, 2.0)), 2)
    -2.0
    """
    weights = np.ones((1, len(y)))
    _, intercept = logistic_lines(smoothed(y), log_odds, weights, fixed_slope=True)
    return float(intercept[0])


def interval_between(
    y: np.ndarray, log_odds: np.ndarray, cohorts: np.ndarray, *, level: float = LEVEL
) -> ProbabilityInterval:
    """Learn the interval from cohorts that were held out one by one.

    Parameters
    ----------
    y : ndarray of shape (n_samples,), 0 or 1
    log_odds : ndarray of shape (n_samples,)
        Of the fit that did not see the sample's cohort; NaN is left out.
    cohorts : ndarray of shape (n_samples,)
    level : float

    Returns
    -------
    ProbabilityInterval

    Raises
    ------
    ValueError
        If no cohort has a finite shift.
    """
    shifts = {}
    for name in np.unique(cohorts):
        mine = (cohorts == name) & np.isfinite(log_odds)
        if mine.any():
            found = shift_of(y[mine], log_odds[mine])
            if np.isfinite(found):
                shifts[str(name)] = found
    if not shifts:
        raise ValueError("no cohort was held out")
    between = float(np.sqrt(np.mean(np.square(list(shifts.values())))))
    quantile = float(t.ppf(0.5 + level / 2.0, len(shifts)))
    return ProbabilityInterval(COHORTS, level, quantile, between, (0.0, 0.0, 0.0), shifts)


def interval_within(
    y: np.ndarray,
    log_odds: np.ndarray,
    patients: np.ndarray,
    *,
    level: float = LEVEL,
    n_draws: int = 500,
    seed: int = 0,
) -> ProbabilityInterval:
    """Learn the interval from held-out folds of one cohort, by patient bootstrap.

    Parameters
    ----------
    y : ndarray of shape (n_samples,), 0 or 1
    log_odds : ndarray of shape (n_repeats, n_samples)
        Of fits that did not see the sample's patient.
    patients : ndarray of shape (n_samples,)
    level : float
    n_draws, seed : int
        Of the bootstrap of the line from predicted to observed log-odds.

    Returns
    -------
    ProbabilityInterval
        What refits differ by, and how well the calibration line is known.
    """
    known = np.isfinite(log_odds).all(axis=0)
    y, log_odds, patients = y[known], log_odds[:, known], patients[known]
    mean = log_odds.mean(axis=0)
    weights = patient_bootstrap(patients, n_draws=n_draws, rng=np.random.default_rng(seed))
    slope, intercept = logistic_lines(smoothed(y), mean, weights)
    kept = np.isfinite(slope) & (np.abs(slope) < _WILD)
    a, b = intercept[kept], slope[kept] - 1.0
    if not kept.any():
        a, b = np.array([1.0]), np.array([1.0])
    between_fits = float(log_odds.var(axis=0, ddof=1).mean()) if len(log_odds) > 1 else 0.0
    line = (float(np.mean(a * a)) + between_fits, float(np.mean(a * b)), float(np.mean(b * b)))
    quantile = float(norm.ppf(0.5 + level / 2.0))
    return ProbabilityInterval(FOLDS, level, quantile, 0.0, line, {})
