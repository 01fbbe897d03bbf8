"""Observed against predicted probability, for the calibration figure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit
from scipy.stats import norm

from ifn_severity.evaluate.calibration import equal_mass_bins


@dataclass(frozen=True, eq=False)
class CalibrationPoints:
    """Observed against predicted, bin by bin, for a figure.

    Attributes
    ----------
    predicted, observed, low, high : ndarray of shape (n_bins,)
        Mean predicted probability, share of severe samples and its 95 % Wilson interval, which
        takes samples for independent.
    n_samples : ndarray of int, shape (n_bins,)
    """

    predicted: np.ndarray
    observed: np.ndarray
    low: np.ndarray
    high: np.ndarray
    n_samples: np.ndarray


def calibration_points(
    y: np.ndarray, probability: np.ndarray, *, n_bins: int = 5
) -> CalibrationPoints:
    """Bin predictions into equal masses and count.

    Parameters
    ----------
    y : ndarray of shape (n_samples,), 0 or 1
    probability : ndarray of shape (n_samples,)
    n_bins : int

    Returns
    -------
    CalibrationPoints
        With Wilson 1927 intervals (doi:10.1080/01621459.1927.10502953).

    Examples
    --------
    >>> y, probability = np.array([0, 0, 1, 1]), np.array([0.1, 0.3, 0.6, 0.8])
    >>> points = calibration_points(y, probability, n_bins=2)
    >>> points.predicted.round(2).tolist(), points.observed.tolist()
    ([0.2, 0.7], [0.0, 1.0])
    """
    bins = equal_mass_bins(probability, n_bins)
    n = np.bincount(bins)
    observed = np.bincount(bins, y) / n
    z = norm.ppf(0.975)
    centre = (observed + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(observed * (1 - observed) / n + z**2 / (4 * n**2))
    return CalibrationPoints(
        predicted=np.bincount(bins, probability) / n,
        observed=observed,
        low=np.maximum(centre - half, 0.0),
        high=np.minimum(centre + half, 1.0),
        n_samples=n,
    )


def calibration_curve(
    y: np.ndarray, log_odds: np.ndarray, *, n_points: int = 100
) -> tuple[np.ndarray, np.ndarray]:
    """Smooth curve of observed against predicted probability.

    A Gaussian kernel average of the outcome along the predicted log-odds (Copas 1983, Applied
    Statistics 32:25), with a bandwidth of 1.06 standard deviations / n^(1/5), drawn only
    where predictions lie.

    Parameters
    ----------
    y : ndarray of shape (n_samples,), 0 or 1
    log_odds : ndarray of shape (n_samples,)
    n_points : int

    Returns
    -------
    predicted, observed : ndarray of shape (n_points,)
        One point where all predictions are equal.
    """
    spread = float(log_odds.std())
    if spread == 0:
        return expit(log_odds[:1]), np.array([y.mean()])
    at = np.linspace(log_odds.min(), log_odds.max(), n_points)
    distance = (at[:, None] - log_odds[None, :]) / (1.06 * spread * len(y) ** -0.2)
    kernel = np.exp(-0.5 * distance**2)
    return expit(at), np.asarray(kernel @ y / kernel.sum(axis=1))
