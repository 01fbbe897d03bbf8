"""Patient bootstrap: patients are drawn, never samples, so repeated draws stay together."""

from __future__ import annotations

import numpy as np


def patient_bootstrap(
    patients: np.ndarray, *, n_draws: int = 2000, rng: np.random.Generator
) -> np.ndarray:
    """Draw patients with replacement and return how often each sample was drawn.

    Parameters
    ----------
    patients : ndarray of shape (n_samples,)
    n_draws : int
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of shape (n_draws, n_samples)
        Weights: every sample of a patient drawn twice has weight 2.

    References
    ----------
    Efron B, Tibshirani R. An Introduction to the Bootstrap. 1993, doi:10.1201/9780429246593.
    """
    names, which = np.unique(patients, return_inverse=True)
    drawn = rng.multinomial(len(names), np.full(len(names), 1.0 / len(names)), size=n_draws)
    return np.asarray(drawn[:, which], dtype=float)


def percentile_interval(values: np.ndarray, *, level: float = 0.95) -> tuple[float, float]:
    """Return the central interval of bootstrap values, leaving out undefined draws.

    Parameters
    ----------
    values : ndarray of shape (n_draws,)
        NaN where a draw had one class only.
    level : float

    Examples
    --------
    >>> low, high = percentile_interval(np.arange(101.0))
    >>> round(low, 3), round(high, 3)
    (2.5, 97.5)
    """
    known = values[np.isfinite(values)]
    if not len(known):
        return float("nan"), float("nan")
    low, high = np.quantile(known, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
