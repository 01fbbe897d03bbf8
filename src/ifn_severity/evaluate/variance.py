"""How much of a score's variance lies between groups, between patients, and within patients."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ifn_severity.errors import LabelError
from ifn_severity.evaluate.bootstrap import percentile_interval
from ifn_severity.evaluate.compare import bootstrap_p_value
from ifn_severity.evaluate.effects import MIN_PATIENTS, stratified_bootstrap

SOURCES = ("severity", "patient", "within")


@dataclass(frozen=True, eq=False)
class VarianceShares:
    """Shares of the variance, and how much more lies between patients than between groups.

    Attributes
    ----------
    shares, low, high : ndarray of shape (3,)
        Between the two groups, between patients of a group, within patients; 95 % intervals.
    excess, excess_low, excess_high : float
        Share between patients minus share between groups.
    variance : float
        Bootstrap variance of ``excess``.
    p_value : float
        Two-sided, of no excess.
    n_patients, n_samples : int
    """

    shares: np.ndarray
    low: np.ndarray
    high: np.ndarray
    excess: float
    excess_low: float
    excess_high: float
    variance: float
    p_value: float
    n_patients: int
    n_samples: int


def _components(
    weights: np.ndarray,
    size: np.ndarray,
    mean: np.ndarray,
    squares: np.ndarray,
    case: np.ndarray,
) -> np.ndarray:
    """Variance shares of weighted patients, shape (n_draws, 3)."""
    n = weights @ size
    units = weights.sum(axis=1)
    degrees = n - units
    within = (weights @ squares) / np.where(degrees > 0, degrees, np.nan)
    within = np.where(degrees > 0, within, 0.0)
    between_squares = np.zeros(len(weights))
    lost = np.zeros(len(weights))
    centres, errors = [], []
    for rows in (case, ~case):
        w = weights[:, rows]
        n_group, units_group = w @ size[rows], w.sum(axis=1)
        centre = w @ (size[rows] * mean[rows]) / n_group
        between_squares += w @ (size[rows] * mean[rows] ** 2) - n_group * centre**2
        lost += w @ size[rows] ** 2 / n_group
        centres.append(w @ mean[rows] / units_group)
        errors.append((w @ (1.0 / size[rows]) / units_group, units_group))
    typical = (n - lost) / (units - 2)
    patient = np.maximum(0.0, (between_squares / (units - 2) - within) / typical)
    noise = sum((patient + within * inverse) / units_group for inverse, units_group in errors)
    squared = np.maximum(0.0, (centres[0] - centres[1]) ** 2 - noise)
    parts = np.column_stack([squared / 4.0, patient, within])
    total = parts.sum(axis=1, keepdims=True)
    return np.divide(parts, total, out=np.full_like(parts, np.nan), where=total > 0)


def variance_shares(
    values: np.ndarray,
    case: np.ndarray,
    patients: np.ndarray,
    *,
    n_draws: int = 2000,
    seed: int = 0,
) -> VarianceShares:
    """Divide the variance of a score between two groups, their patients, and within patients.

    Variance components of the nested, unbalanced design by the method of moments (Searle 1992,
    doi:10.1002/9780470316856, chapter 3), the two groups taken as equally frequent: the variance
    between them is a quarter of their squared difference, less what sampling adds to it. A
    component that comes out negative is zero. Intervals are a percentile bootstrap over patients.

    Parameters
    ----------
    values : ndarray of shape (n_samples,)
    case : ndarray of bool, shape (n_samples,)
    patients : ndarray of shape (n_samples,)
        A patient with samples in both groups is a unit in each, and is drawn with both.
    n_draws, seed : int

    Returns
    -------
    VarianceShares

    Raises
    ------
    LabelError
        If a group has fewer than three patients, or no patient has two samples of one group.

    Examples
    --------
    >>> values = np.array([0.0, 0.1, 5.0, 5.1, 9.0, 9.1, 1.0, 1.1, 4.0, 4.1, 8.0, 8.1])
    >>> found = variance_shares(values, np.arange(12) < 6, np.arange(12) // 2, n_draws=50)
    >>> found.shares.round(3).tolist()
    [0.0, 1.0, 0.0]
    """
    values, case = np.asarray(values, dtype=float), np.asarray(case, dtype=bool)
    keys = np.char.add(np.asarray(patients, dtype=str), np.where(case, "|1", "|0"))
    names, first, which = np.unique(keys, return_index=True, return_inverse=True)
    size = np.bincount(which).astype(float)
    mean = np.bincount(which, values) / size
    squares = np.bincount(which, (values - mean[which]) ** 2)
    unit_case, unit_patient = case[first], np.asarray(patients)[first]
    n1, n0 = int(unit_case.sum()), int((~unit_case).sum())
    if min(n1, n0) < MIN_PATIENTS or not (size > 1).any():
        raise LabelError(
            f"{n1} patients in the case group, {n0} in the reference, "
            f"{int((size > 1).sum())} of them with several samples",
            expected=f"at least {MIN_PATIENTS} on each side, some with several samples",
            do="leave this comparison out, and list it with its counts",
        )
    weights = stratified_bootstrap(unit_case, unit_patient, n_draws=n_draws, seed=seed)
    observed = _components(np.ones((1, len(names))), size, mean, squares, unit_case)[0]
    drawn = _components(weights, size, mean, squares, unit_case)
    ends = np.array([percentile_interval(drawn[:, i]) for i in range(3)])
    excess = drawn[:, 1] - drawn[:, 0]
    low, high = percentile_interval(excess)
    return VarianceShares(
        shares=observed,
        low=ends[:, 0],
        high=ends[:, 1],
        excess=float(observed[1] - observed[0]),
        excess_low=low,
        excess_high=high,
        variance=float(np.nanvar(excess, ddof=1)),
        p_value=bootstrap_p_value(excess),
        n_patients=len(np.unique(patients)),
        n_samples=len(values),
    )
