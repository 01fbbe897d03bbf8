"""From margins to probabilities, and from probabilities to a threshold."""

from __future__ import annotations

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_curve


def platt(margins: np.ndarray, target: np.ndarray) -> tuple[float, float]:
    """Fit a sigmoid to out-of-fold margins, with Platt's smoothed targets.

    Samples without a margin (no fold tested them) are left out. A slope that would turn the
    margin upside down is set to 0: then every sample gets the prevalence.

    Parameters
    ----------
    margins : ndarray of shape (n_samples,)
    target : ndarray of shape (n_samples,), 0 or 1

    Returns
    -------
    slope, intercept : float
        log-odds = slope * margin + intercept.
    """
    known = np.isfinite(margins)
    margins, target = margins[known], target[known]
    positive, negative = (target == 1).sum(), (target == 0).sum()
    soft = np.where(target == 1, (positive + 1) / (positive + 2), 1 / (negative + 2))
    scale = float(margins.std()) or 1.0
    column = np.concatenate([margins, margins])[:, None] / scale
    label = np.repeat([1, 0], len(margins))
    weight = np.concatenate([soft, 1.0 - soft])
    sigmoid = LogisticRegression(C=np.inf, tol=1e-8, max_iter=1000).fit(column, label, weight)
    slope = float(sigmoid.coef_[0, 0]) / scale
    if slope <= 0:
        prevalence = float(soft.mean())
        return 0.0, float(np.log(prevalence / (1.0 - prevalence)))
    return slope, float(sigmoid.intercept_[0])


def youden(probability: np.ndarray, target: np.ndarray) -> float:
    """Return the probability that maximises sensitivity + specificity - 1.

    Parameters
    ----------
    probability : ndarray of shape (n_samples,)
        NaN is left out.
    target : ndarray of shape (n_samples,), 0 or 1
    """
    known = np.isfinite(probability)
    fpr, tpr, cuts = roc_curve(target[known], probability[known], drop_intermediate=False)
    best = int(np.argmax(tpr - fpr))
    # midway to the next lower observed value, so that a rounding error cannot turn a call
    lower = cuts[best + 1] if best + 1 < len(cuts) else cuts[best]
    upper = min(float(cuts[best]), 1.0)
    return (upper + float(lower)) / 2.0


def sigmoid(log_odds: np.ndarray) -> np.ndarray:
    """Return the probability of log-odds, without overflow at either end."""
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * log_odds)))
