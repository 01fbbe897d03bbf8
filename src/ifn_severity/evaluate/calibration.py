"""Whether predicted probabilities mean what they say."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from ifn_severity.evaluate.bootstrap import patient_bootstrap, percentile_interval
from ifn_severity.evaluate.compare import check_two_classes


def logistic_lines(
    y: np.ndarray, log_odds: np.ndarray, weights: np.ndarray, *, fixed_slope: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Fit outcome ~ log-odds by logistic regression for many sets of sample weights at once.

    Parameters
    ----------
    y : ndarray of shape (n_samples,), between 0 and 1
    log_odds : ndarray of shape (n_samples,)
    weights : ndarray of shape (n_draws, n_samples)
    fixed_slope : bool
        Keep the slope at 1, so that the intercept is the calibration-in-the-large.

    Returns
    -------
    slope, intercept : ndarray of shape (n_draws,)
        NaN where no finite fit exists: one class, or classes that are perfectly separated.

    Examples
    --------
    >>> y, log_odds = np.array([0, 0, 1, 0, 1, 1]), np.array([-2.0, -1, -1, 1, 1, 2])
    >>> slope, intercept = logistic_lines(y, log_odds, np.ones((1, 6)))
    >>> round(float(slope[0]), 3), abs(round(float(intercept[0]), 3))
    (0.756, 0.0)
    """
    scale = float(log_odds.std()) or 1.0
    centre = 0.0 if fixed_slope else float(log_odds.mean())
    x = np.broadcast_to((log_odds - centre) / scale, weights.shape)
    # parameters of the standardised line; the offset carries a slope that is not fitted
    slope = np.full(len(weights), scale if fixed_slope else 0.0)
    intercept = np.zeros(len(weights))
    settled = np.zeros(len(weights), dtype=bool)
    for _ in range(100):
        fitted = expit(intercept[:, None] + slope[:, None] * x)
        residual = weights * (y - fitted)
        curvature = weights * fitted * (1 - fitted)
        g0, g1 = residual.sum(axis=1), (residual * x).sum(axis=1)
        h00, h01 = curvature.sum(axis=1), (curvature * x).sum(axis=1)
        h11 = (curvature * x * x).sum(axis=1)
        if fixed_slope:
            steps = np.array([g0 / np.maximum(h00, 1e-300), np.zeros_like(g0)])
        else:
            determinant = np.maximum(h00 * h11 - h01**2, 1e-300)
            steps = np.array([h11 * g0 - h01 * g1, h00 * g1 - h01 * g0]) / determinant
        # a Newton step that is too long is cut, or it would overshoot for ever
        length = np.abs(steps).max(axis=0)
        steps *= np.minimum(1.0, 2.0 / np.maximum(length, 1e-300))
        intercept, slope = intercept + steps[0], slope + steps[1]
        settled = length < 1e-9
        if settled.all():
            break
    # weights of a class that is absent or separated drive the line away without end
    lost = ~settled | (np.abs(slope) > 30 + scale) | (np.abs(intercept) > 30 + scale)
    slope, intercept = np.where(lost, np.nan, slope), np.where(lost, np.nan, intercept)
    return slope / scale, intercept - slope * centre / scale


def equal_mass_bins(probability: np.ndarray, n_bins: int) -> np.ndarray:
    """Put samples into bins of equal size by predicted probability; ties stay together.

    Parameters
    ----------
    probability : ndarray of shape (n_samples,)
    n_bins : int
        Fewer come back where ties or few samples leave bins empty.

    Returns
    -------
    ndarray of int, shape (n_samples,)
        Bin of each sample, counted from 0 without gaps.

    Examples
    --------
    >>> equal_mass_bins(np.array([0.1, 0.9, 0.2, 0.8]), 2).tolist()
    [0, 1, 0, 1]
    """
    edges = np.quantile(probability, np.arange(1, n_bins) / n_bins)
    return np.asarray(
        np.unique(np.searchsorted(edges, probability, side="left"), return_inverse=True)[1]
    )


def expected_calibration_error(
    y: np.ndarray,
    probability: np.ndarray,
    weights: np.ndarray | None = None,
    *,
    n_bins: int = 10,
) -> np.ndarray:
    """Mean distance between predicted and observed, over bins of equal mass.

    Equal mass keeps sparse regions from ruling the figure (Nixon 2019, arXiv:1904.01685). It
    is above 0 even for a perfect model, the more so the smaller the cohort, so at least ten
    samples go into a bin, and it is to be read beside its interval.

    Parameters
    ----------
    y : ndarray of shape (n_samples,), 0 or 1
    probability : ndarray of shape (n_samples,)
    weights : ndarray of shape (n_draws, n_samples), optional
        One row a bootstrap draw, over the bins of the whole cohort.
    n_bins : int
        At most; one for every ten samples when there are fewer.

    Returns
    -------
    ndarray of shape (n_draws,)

    Examples
    --------
    >>> expected_calibration_error(np.array([0, 1]), np.array([0.3, 0.3])).round(3)
    array([0.2])
    """
    if weights is None:
        weights = np.ones((1, len(y)))
    bins = equal_mass_bins(probability, max(1, min(n_bins, len(y) // 10)))
    member = np.eye(int(bins.max()) + 1)[bins]
    gaps = (weights * (y - probability)) @ member
    return np.asarray(np.abs(gaps).sum(axis=1) / weights.sum(axis=1))


@dataclass(frozen=True)
class Calibration:
    """Calibration of held-out predictions, with 95 % patient-bootstrap intervals.

    Attributes
    ----------
    brier, brier_low, brier_high : float
        Mean squared error of the probability (Brier 1950).
    ece, ece_low, ece_high : float
        Expected calibration error, equal-mass bins.
    slope, slope_low, slope_high : float
        1 is right; below 1 the predictions are too extreme (Cox 1958,
        doi:10.1093/biomet/45.3-4.562).
    intercept, intercept_low, intercept_high : float
        Of the line with that slope.
    in_the_large, in_the_large_low, in_the_large_high : float
        Intercept with the slope kept at 1: above 0 the risk is underestimated.
    observed, expected : float
        Share of severe samples, and mean predicted probability.
    n_samples, n_patients : int
    """

    brier: float
    brier_low: float
    brier_high: float
    ece: float
    ece_low: float
    ece_high: float
    slope: float
    slope_low: float
    slope_high: float
    intercept: float
    intercept_low: float
    intercept_high: float
    in_the_large: float
    in_the_large_low: float
    in_the_large_high: float
    observed: float
    expected: float
    n_samples: int
    n_patients: int


def calibration_summary(
    y: np.ndarray,
    log_odds: np.ndarray,
    patients: np.ndarray,
    *,
    n_bins: int = 10,
    n_draws: int = 2000,
    seed: int = 0,
) -> Calibration:
    """Describe the calibration of held-out predictions.

    Slope, intercept and calibration-in-the-large follow Van Calster 2016
    (doi:10.1016/j.jclinepi.2015.12.005). They are NaN where the classes are perfectly
    separated, and draws without a finite slope are left out of its interval.

    Parameters
    ----------
    y : ndarray of shape (n_samples,), 0 or 1
    log_odds : ndarray of shape (n_samples,)
    patients : ndarray of shape (n_samples,)
    n_bins, seed : int
    n_draws : int
        Bootstrap draws of patients; without any, limits are NaN.

    Returns
    -------
    Calibration

    Raises
    ------
    LabelError
        If there is one class only.
    """
    check_two_classes(y)
    probability = expit(log_odds)
    drawn = patient_bootstrap(patients, n_draws=n_draws, rng=np.random.default_rng(seed))
    # the first row is the cohort itself
    weights = np.vstack([np.ones(len(y)), drawn])
    briers = weights @ (probability - y) ** 2 / weights.sum(axis=1)
    errors = expected_calibration_error(y, probability, weights, n_bins=n_bins)
    slopes, intercepts = logistic_lines(y, log_odds, weights)
    _, large = logistic_lines(y, log_odds, weights, fixed_slope=True)
    figures: dict[str, float] = {}
    for name, values in (
        ("brier", briers),
        ("ece", errors),
        ("slope", slopes),
        ("intercept", intercepts),
        ("in_the_large", large),
    ):
        low, high = percentile_interval(values[1:])
        figures |= {name: float(values[0]), f"{name}_low": low, f"{name}_high": high}
    return Calibration(
        **figures,
        observed=float(y.mean()),
        expected=float(probability.mean()),
        n_samples=len(y),
        n_patients=len(np.unique(patients)),
    )
