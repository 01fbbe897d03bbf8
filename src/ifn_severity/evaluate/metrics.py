"""What is reported of out-of-fold predictions, with patient-bootstrap intervals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score

from ifn_severity.evaluate.bootstrap import patient_bootstrap, percentile_interval


@dataclass(frozen=True, eq=False)
class OutOfFold:
    """Predictions of held-out samples, once a repeat.

    Attributes
    ----------
    y : ndarray of shape (n_samples,), 0 or 1
    patients : ndarray of shape (n_samples,)
    log_odds : ndarray of shape (n_repeats, n_samples)
        Calibrated inside the fold.
    called : ndarray of shape (n_repeats, n_samples), bool
        Called severe, at the threshold chosen inside the fold.
    raw_log_odds : ndarray of shape (n_repeats, n_samples), optional
        Before the calibration.
    """

    y: np.ndarray
    patients: np.ndarray
    log_odds: np.ndarray
    called: np.ndarray
    raw_log_odds: np.ndarray | None = None

    @property
    def probability(self) -> np.ndarray:
        """Probability of severe disease, shape (n_repeats, n_samples)."""
        return np.asarray(0.5 * (1.0 + np.tanh(0.5 * self.log_odds)))


def auroc(y: np.ndarray, score: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """Area under the ROC curve for many sets of sample weights at once.

    It is the weighted probability that a severe sample scores above a mild one, ties counting
    half (Hanley & McNeil 1982, doi:10.1148/radiology.143.1.7063747).

    Parameters
    ----------
    y : ndarray of shape (n_samples,), 0 or 1
    score : ndarray of shape (n_samples,)
    weights : ndarray of shape (n_draws, n_samples), optional
        One row a bootstrap draw; all ones when left out.

    Returns
    -------
    ndarray of shape (n_draws,)
        NaN where a draw holds one class only.

    Examples
    --------
    >>> auroc(np.array([0, 0, 1, 1]), np.array([0.1, 0.4, 0.35, 0.8]))
    array([0.75])
    """
    if weights is None:
        weights = np.ones((1, len(y)))
    difference = score[y == 1][:, None] - score[y == 0][None, :]
    wins = (difference > 0) + 0.5 * (difference == 0)
    severe, mild = weights[:, y == 1], weights[:, y == 0]
    pairs = severe.sum(axis=1) * mild.sum(axis=1)
    won = np.einsum("bi,ij,bj->b", severe, wins, mild, optimize=True)
    return np.divide(won, pairs, out=np.full(len(pairs), np.nan), where=pairs > 0)


def calibration_line(y: np.ndarray, log_odds: np.ndarray) -> tuple[float, float]:
    """Return calibration slope and intercept (Cox 1958, doi:10.1093/biomet/45.3-4.562).

    The slope is that of a logistic regression of the outcome on the predicted log-odds: 1 is
    right, below 1 the predictions are too extreme. The intercept belongs to that regression.

    Parameters
    ----------
    y : ndarray of shape (n_samples,), 0 or 1
    log_odds : ndarray of shape (n_samples,)
    """
    if np.ptp(log_odds) == 0:
        return float("nan"), float("nan")
    line = LogisticRegression(C=np.inf, tol=1e-8, max_iter=1000).fit(log_odds[:, None], y)
    return float(line.coef_[0, 0]), float(line.intercept_[0])


def summarise(held_out: OutOfFold, *, n_draws: int = 2000, seed: int = 0) -> dict[str, float]:
    """Summarise held-out predictions: each figure is the mean over repeats.

    Parameters
    ----------
    held_out : OutOfFold
    n_draws : int
        Bootstrap draws of patients for the 95 % intervals.
    seed : int

    Returns
    -------
    dict
        ``auroc``, ``auroc_low``, ``auroc_high``, ``average_precision``, ``brier``,
        ``brier_low``, ``brier_high``, ``calibration_slope``, ``calibration_intercept``,
        ``sensitivity``, ``specificity``, ``n_samples``, ``n_patients``, ``n_severe``.
    """
    y = held_out.y
    weights = patient_bootstrap(held_out.patients, n_draws=n_draws, rng=np.random.default_rng(seed))
    rows = list(zip(held_out.log_odds, held_out.probability, held_out.called, strict=True))
    areas = np.mean([auroc(y, log_odds, weights) for log_odds, _, _ in rows], axis=0)
    squared = np.mean([(p - y) ** 2 for _, p, _ in rows], axis=0)
    briers = (weights @ squared) / weights.sum(axis=1)
    lines = np.array([calibration_line(y, log_odds) for log_odds, _, _ in rows])
    low, high = percentile_interval(areas)
    brier_low, brier_high = percentile_interval(briers)
    return {
        "auroc": float(np.mean([auroc(y, log_odds)[0] for log_odds, _, _ in rows])),
        "auroc_low": low,
        "auroc_high": high,
        "average_precision": float(np.mean([average_precision_score(y, p) for _, p, _ in rows])),
        "brier": float(squared.mean()),
        "brier_low": brier_low,
        "brier_high": brier_high,
        "calibration_slope": float(lines[:, 0].mean()),
        "calibration_intercept": float(lines[:, 1].mean()),
        "sensitivity": float(np.mean([called[y == 1].mean() for _, _, called in rows])),
        "specificity": float(np.mean([1.0 - called[y == 0].mean() for _, _, called in rows])),
        "n_samples": float(len(y)),
        "n_patients": float(len(np.unique(held_out.patients))),
        "n_severe": float(y.sum()),
    }
