"""Standardised mean differences between two groups of patients."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.special import gammaln
from scipy.stats import chi, chi2, norm, ttest_ind

from ifn_severity.errors import LabelError
from ifn_severity.evaluate.bootstrap import percentile_interval

MIN_PATIENTS = 3
"""Fewest patients on each side of a comparison."""
MIN_BOOTSTRAP = 5
"""Fewest on each side from which a bootstrap interval is drawn; below, few draws differ."""
SMALL_CHANGE = 0.05
"""Difference between patients' means, log2, up to which a gene is called neither higher nor lower;
3.5 % of expression above the noise offset."""


@dataclass(frozen=True)
class StandardisedDifference:
    """Hedges' g of case minus reference.

    Attributes
    ----------
    g : float
        In standard deviations pooled over the two groups, corrected for small samples.
    variance : float
        Its sampling variance, for pooling.
    low, high : float
        95 % interval.
    p_value : float
        Two-sided, Welch's t test.
    interval : {"patient bootstrap", "noncentral t"}
        How the interval was made: the bootstrap where a patient is in both groups.
    n_case, n_reference : int
        Patients in each group.
    """

    g: float
    variance: float
    low: float
    high: float
    p_value: float
    interval: str
    n_case: int
    n_reference: int


def small_sample_correction(degrees_of_freedom: float) -> float:
    """Return the factor that makes Cohen's d unbiased, in its exact form.

    J = Γ(m/2) / (√(m/2) Γ((m-1)/2)), m the degrees of freedom (Hedges 1981,
    doi:10.3102/10769986006002107); not the approximation 1 - 3 / (4 m - 1).

    Examples
    --------
    >>> round(small_sample_correction(8), 6)
    0.902703
    """
    half = degrees_of_freedom / 2.0
    return float(np.exp(gammaln(half) - gammaln(half - 0.5)) / np.sqrt(half))


def _g_of_draws(values: np.ndarray, case: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Hedges' g of many weighted samples at once; NaN where there is no spread."""
    sides = []
    for rows in (case, ~case):
        w, x = weights[:, rows], values[rows]
        n = w.sum(axis=1)
        safe = np.where(n > 0, n, np.nan)
        mean = w @ x / safe
        squares = w @ x**2 - n * mean**2
        sides.append((n, mean, np.maximum(squares, 0.0)))
    (n1, m1, s1), (n0, m0, s0) = sides
    df = n1 + n0 - 2
    with np.errstate(divide="ignore", invalid="ignore"):
        sd = np.sqrt((s1 + s0) / df)
        half = df / 2.0
        correction = np.exp(gammaln(half) - gammaln(half - 0.5)) / np.sqrt(half)
        g = correction * (m1 - m0) / sd
    # of values that all agree within rounding no spread can be told
    return np.where(sd > 1e-9 * max(float(np.ptp(values)), 1e-300), g, np.nan)


def _noncentral_interval(d: float, n1: int, n0: int, level: float) -> tuple[float, float]:
    """Exact interval of the standardised difference, by inverting noncentral t.

    P(T <= x) is the mean of Phi(x s - delta) over s, the root of a chi-square over its degrees of
    freedom; the mean is taken by quadrature, as scipy's own function fails in the far tails. The
    ends are those of the true difference, so the small-sample correction has no place in them.
    """
    scale, df = np.sqrt(n1 * n0 / (n1 + n0)), n1 + n0 - 2
    observed = d * scale
    # the integrand is smooth and vanishes at both ends, where the trapezoid rule is at its best
    s = np.linspace(0.0, np.sqrt(chi2.isf(1e-16, df) / df), 2001)
    density = chi.pdf(s * np.sqrt(df), df) * np.sqrt(df) * (s[1] - s[0])
    ends = []
    for share in ((1 + level) / 2, (1 - level) / 2):

        def excess(delta: float, share: float = share) -> float:
            return float(density @ norm.cdf(observed * s - delta)) - share

        reach = 10.0 + 3.0 * abs(observed)
        ends.append(float(brentq(excess, observed - reach, observed + reach, xtol=1e-11)) / scale)
    return ends[0], ends[1]


def hedges_g(
    values: np.ndarray,
    case: np.ndarray,
    patients: np.ndarray | None = None,
    *,
    n_draws: int = 2000,
    level: float = 0.95,
    seed: int = 0,
) -> StandardisedDifference:
    """Compare two groups of patients by Hedges' g.

    g is the difference of means over the pooled standard deviation, times the exact small-sample
    correction (Hedges 1981, doi:10.3102/10769986006002107). Its variance is 1/n₁ + 1/n₀ +
    g² / (2 (n₁ + n₀)), as metafor's ``escalc(measure="SMD")``. The interval is the exact one from
    the noncentral t distribution; a percentile bootstrap is too narrow in groups this small. Where
    a patient is in both groups the groups are not independent, and the interval is a percentile
    bootstrap over patients; with fewer than five patients on a side, which give too few different
    draws, it is again noncentral t, which takes the groups for independent.

    Parameters
    ----------
    values : ndarray of shape (n,)
        One value a patient and group.
    case : ndarray of bool, shape (n,)
        True for the case group, False for the reference.
    patients : ndarray of shape (n,), optional
        A patient with a value in both groups is drawn with both; every value is another
        patient's when left out. Draws keep the numbers of patients in case, reference and both.
    n_draws : int
        Bootstrap draws, where there is a bootstrap.
    level : float
    seed : int

    Returns
    -------
    StandardisedDifference

    Raises
    ------
    LabelError
        If a group has fewer than three patients, or no value differs within the groups.

    Examples
    --------
    >>> values = np.array([1.0, 2.0, 3.0, 3.0, 4.0, 5.0])
    >>> found = hedges_g(values, np.array([0, 0, 0, 1, 1, 1], dtype=bool))
    >>> round(found.g, 4), round(found.variance, 4), found.interval
    (1.5958, 0.8789, 'noncentral t')
    """
    values, case = np.asarray(values, dtype=float), np.asarray(case, dtype=bool)
    n1, n0 = int(case.sum()), int((~case).sum())
    if min(n1, n0) < MIN_PATIENTS:
        raise LabelError(
            f"{n1} patients in the case group and {n0} in the reference",
            expected=f"at least {MIN_PATIENTS} patients on each side",
            do="leave this comparison out, and list it with its counts",
        )
    g = float(_g_of_draws(values, case, np.ones((1, len(values))))[0])
    if not np.isfinite(g):
        raise LabelError(
            f"the same value for all of {n1 + n0} patients of a group",
            expected="values that differ between patients",
            do="leave this measure out: of no spread no difference can be told",
        )
    variance = 1.0 / n1 + 1.0 / n0 + g**2 / (2.0 * (n1 + n0))
    who = np.arange(len(values)) if patients is None else np.asarray(patients)
    shared = np.isin(who[case], who[~case]).any()
    if not shared or min(n1, n0) < MIN_BOOTSTRAP:
        method = "noncentral t"
        low, high = _noncentral_interval(g / small_sample_correction(n1 + n0 - 2), n1, n0, level)
    else:
        method = "patient bootstrap"
        weights = stratified_bootstrap(case, who, n_draws=n_draws, seed=seed)
        low, high = percentile_interval(_g_of_draws(values, case, weights), level=level)
    return StandardisedDifference(
        g=g,
        variance=float(variance),
        low=low,
        high=high,
        p_value=float(ttest_ind(values[case], values[~case], equal_var=False).pvalue),
        interval=method,
        n_case=n1,
        n_reference=n0,
    )


def stratified_bootstrap(
    case: np.ndarray, patients: np.ndarray | None = None, *, n_draws: int = 2000, seed: int = 0
) -> np.ndarray:
    """Draw patients with replacement, as many from each kind as there are.

    The kinds are: seen in the case group only, in the reference only, in both. So every draw has
    both groups, and a patient seen in both is drawn with both.

    Parameters
    ----------
    case : ndarray of bool, shape (n,)
    patients : ndarray of shape (n,), optional
    n_draws, seed : int

    Returns
    -------
    ndarray of shape (n_draws, n)
        How often each value was drawn.

    Examples
    --------
    >>> stratified_bootstrap(np.array([True, True, False]), n_draws=4).sum(axis=1)
    array([3., 3., 3., 3.])
    """
    case = np.asarray(case, dtype=bool)
    who = np.arange(len(case)) if patients is None else np.asarray(patients)
    names, which = np.unique(who, return_inverse=True)
    in_case = np.bincount(which[case], minlength=len(names)) > 0
    in_reference = np.bincount(which[~case], minlength=len(names)) > 0
    kind = in_case + 2 * in_reference
    rng = np.random.default_rng(seed)
    drawn = np.zeros((n_draws, len(names)))
    for label in np.unique(kind):
        members = np.flatnonzero(kind == label)
        even = np.full(len(members), 1.0 / len(members))
        drawn[:, members] = rng.multinomial(len(members), even, size=n_draws)
    return drawn[:, which]
