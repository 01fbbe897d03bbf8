"""Random-effects pooling of AUROCs over cohorts, on the logit scale."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import expit, logit
from scipy.stats import norm, t

from ifn_severity.errors import LabelError
from ifn_severity.evaluate.compare import delong


@dataclass(frozen=True)
class RandomEffects:
    """A random-effects mean with its intervals, on the scale of the effects.

    Attributes
    ----------
    mean, standard_error, low, high : float
        Mean over the population of cohorts and its 95 % interval.
    prediction_low, prediction_high : float
        Where a further cohort's true effect is expected, 95 %; NaN below three cohorts.
    tau2 : float
        Variance between cohorts (REML).
    i_squared : float
        Share of the total variance that is between cohorts, 0 to 1.
    q : float
        Cochran's Q.
    n_cohorts : int
    """

    mean: float
    standard_error: float
    low: float
    high: float
    prediction_low: float
    prediction_high: float
    tau2: float
    i_squared: float
    q: float
    n_cohorts: int


def reml_tau2(
    effects: np.ndarray, variances: np.ndarray, design: np.ndarray | None = None
) -> float:
    """Between-cohort variance by restricted maximum likelihood.

    Viechtbauer 2005 (doi:10.3102/10769986030003261). The likelihood is looked at on a grid
    before it is refined, because it can have two maxima.

    Parameters
    ----------
    effects, variances : ndarray of shape (n_cohorts,)
        Effects and their sampling variances.
    design : ndarray of shape (n_cohorts, n_columns), optional
        What the mean depends on, its intercept included; one common mean when left out.

    Examples
    --------
    >>> round(reml_tau2(np.array([0.0, 1.0, 2.0]), np.full(3, 0.25)), 4)
    0.75
    """
    columns = np.ones((len(effects), 1)) if design is None else design
    upper = float(np.ptp(effects)) ** 2
    if len(effects) <= columns.shape[1] or upper == 0:
        return 0.0

    def minus_likelihood(tau2: np.ndarray) -> np.ndarray:
        total = variances[:, None] + tau2[None, :]
        weights = 1.0 / total
        information = np.einsum("kt,ka,kb->tab", weights, columns, columns)
        moments = np.einsum("kt,ka,k->ta", weights, columns, effects)
        fitted = columns @ np.linalg.solve(information, moments[..., None])[..., 0].T
        squares = (weights * (effects[:, None] - fitted) ** 2).sum(axis=0)
        return np.asarray(
            0.5 * (np.log(total).sum(axis=0) + np.linalg.slogdet(information)[1] + squares)
        )

    grid = np.concatenate([[0.0], np.geomspace(1e-6, 1.0, 200) * upper])
    best = int(np.argmin(minus_likelihood(grid)))
    if best == 0:
        return 0.0
    around = (grid[best - 1], grid[min(best + 1, len(grid) - 1)])
    found = minimize_scalar(
        lambda tau2: float(minus_likelihood(np.array([tau2]))[0]),
        bounds=around,
        method="bounded",
        options={"xatol": 1e-10 * upper},
    )
    return float(found.x)


def random_effects(
    effects: np.ndarray, variances: np.ndarray, *, level: float = 0.95, modified: bool = True
) -> RandomEffects:
    """Pool effects of cohorts that differ more than sampling alone explains.

    The interval is that of Hartung & Knapp 2001 (doi:10.1002/sim.791): Student's t with
    k - 1 degrees of freedom and a variance estimated from the spread of the effects. With
    few cohorts of unequal size that variance can fall below the model's own by chance;
    ``modified`` keeps it at least as large (Röver 2015, doi:10.1186/s12874-015-0091-1). The
    prediction interval takes t with k - 2 degrees of freedom (Higgins 2009,
    doi:10.1111/j.1467-985X.2008.00552.x) around that variance plus tau² (Partlett & Riley
    2017, doi:10.1002/sim.7140). I² is tau² / (tau² + s²), s² the typical sampling variance of
    Higgins & Thompson 2002 (doi:10.1002/sim.1186).

    Parameters
    ----------
    effects, variances : ndarray of shape (n_cohorts,)
        Effects and their sampling variances.
    level : float
        Of both intervals.
    modified : bool

    Returns
    -------
    RandomEffects
        With one cohort, its own normal interval and no prediction interval.

    Raises
    ------
    LabelError
        If there is no cohort, or a variance is not positive and finite.

    Examples
    --------
    >>> pooled = random_effects(np.array([0.0, 1.0, 2.0]), np.full(3, 0.25))
    >>> round(pooled.mean, 3), round(pooled.tau2, 3), round(pooled.i_squared, 3)
    (1.0, 0.75, 0.75)
    """
    effects, variances = np.asarray(effects, dtype=float), np.asarray(variances, dtype=float)
    usable = np.isfinite(effects) & np.isfinite(variances) & (variances > 0)
    if not len(effects) or not usable.all():
        raise LabelError(
            f"{int((~usable).sum())} of {len(effects)} cohorts without a finite effect and a "
            "positive variance",
            expected="at least one cohort, each with two or more patients in both classes",
            do="leave such cohorts out of the pooled figure, and list them",
        )
    k = len(effects)
    tau2 = reml_tau2(effects, variances)
    weights = 1.0 / (variances + tau2)
    mean = float((weights * effects).sum() / weights.sum())
    error = float(weights.sum() ** -0.5)
    half = norm.ppf(0.5 + level / 2) * error
    fixed = 1.0 / variances
    q = float((fixed * (effects - (fixed * effects).sum() / fixed.sum()) ** 2).sum())
    i_squared = 0.0
    if k > 1:
        spread = float((weights * (effects - mean) ** 2).sum() / (k - 1))
        error *= max(1.0, spread**0.5) if modified else spread**0.5
        half = t.ppf(0.5 + level / 2, k - 1) * error
        typical = (k - 1) * fixed.sum() / (fixed.sum() ** 2 - (fixed**2).sum())
        i_squared = float(tau2 / (tau2 + typical))
    reach = float("nan")
    if k > 2:
        reach = float(t.ppf(0.5 + level / 2, k - 2) * np.sqrt(tau2 + error**2))
    return RandomEffects(
        mean=mean,
        standard_error=error,
        low=float(mean - half),
        high=float(mean + half),
        prediction_low=mean - reach,
        prediction_high=mean + reach,
        tau2=tau2,
        i_squared=i_squared,
        q=q,
        n_cohorts=k,
    )


def logit_auroc(y: np.ndarray, score: np.ndarray, patients: np.ndarray) -> tuple[float, float]:
    """Return the logit of an AUROC and its sampling variance, for pooling.

    The variance is DeLong's, summed by patient where patients repeat, carried to the logit by
    the delta method. An AUROC of 0 or 1 has no logit and no variance: it is moved in by half a
    pair, and its variance is that of Newcombe 2006 (doi:10.1002/sim.2324, method 4) with
    patients, not samples, as the numbers of each class.

    Parameters
    ----------
    y : ndarray of shape (n_samples,), 0 or 1
    score : ndarray of shape (n_samples,) or (n_repeats, n_samples)
    patients : ndarray of shape (n_samples,)

    Returns
    -------
    effect, variance : float

    Raises
    ------
    LabelError
        If a class has fewer than two patients: of one patient no spread can be told.

    Examples
    --------
    >>> y, patients = np.array([0, 0, 0, 1, 1, 1]), np.arange(6)
    >>> effect, variance = logit_auroc(y, np.array([1.0, 2, 4, 3, 5, 6]), patients)
    >>> round(effect, 3), round(variance, 3)
    (2.079, 2.531)
    """
    areas, covariance = delong(y, [score], patients)
    m, n = (len(np.unique(np.asarray(patients)[y == label])) for label in (1, 0))
    if min(m, n) < 2:
        raise LabelError(
            f"{n} mild and {m} severe patients",
            expected="at least two patients in each class, to tell how sure an AUROC is",
            do="leave this cohort out of the pooled figure, and list it",
        )
    effects, variances = logit_areas(areas, covariance.diagonal(), n_severe=m, n_mild=n)
    return float(effects[0]), float(variances[0])


def logit_areas(
    areas: np.ndarray, variances: np.ndarray, *, n_severe: int, n_mild: int
) -> tuple[np.ndarray, np.ndarray]:
    """Carry AUROCs and DeLong's variances to the logit, the edge corrected as in ``logit_auroc``.

    Parameters
    ----------
    areas, variances : ndarray of shape (n_scores,)
    n_severe, n_mild : int
        Patients of each class, two or more.

    Returns
    -------
    effects, variances : ndarray of shape (n_scores,)
        On the logit scale.
    """
    edge = 0.5 / (n_severe * n_mild)
    at_edge = (areas < edge) | (areas > 1 - edge) | ~(variances > 0)
    area = np.where(at_edge, np.clip(areas, edge, 1 - edge), areas)
    half = (n_severe + n_mild) / 2 - 1
    newcombe = (
        area
        * (1 - area)
        * (1 + half * (1 - area) / (2 - area) + half * area / (1 + area))
        / (n_severe * n_mild)
    )
    variance = np.where(at_edge, newcombe, variances)
    return logit(area), variance / (area * (1 - area)) ** 2


@dataclass(frozen=True)
class PooledAuroc:
    """Pooled AUROC over cohorts.

    Attributes
    ----------
    auroc, low, high : float
        Random-effects mean and its 95 % interval, back from the logit.
    prediction_low, prediction_high : float
        Where the AUROC of a further cohort is expected, 95 %; NaN below three cohorts.
    tau2, i_squared : float
        Heterogeneity, on the logit scale.
    n_cohorts : int
    """

    auroc: float
    low: float
    high: float
    prediction_low: float
    prediction_high: float
    tau2: float
    i_squared: float
    n_cohorts: int


def pool_aurocs(effects: np.ndarray, variances: np.ndarray) -> PooledAuroc:
    """Pool the AUROCs of cohorts, given on the logit scale by ``logit_auroc``.

    Pooling on the logit scale follows Debray 2019 (doi:10.1177/0962280218785504); the method is
    that of ``random_effects``.

    Parameters
    ----------
    effects, variances : ndarray of shape (n_cohorts,)

    Returns
    -------
    PooledAuroc

    Raises
    ------
    LabelError
        As ``random_effects``.

    Examples
    --------
    >>> pooled = pool_aurocs(logit(np.array([0.8, 0.85, 0.9])), np.full(3, 0.1))
    >>> round(pooled.auroc, 3), round(pooled.tau2, 3), pooled.n_cohorts
    (0.855, 0.065, 3)
    """
    pooled = random_effects(effects, variances)
    return PooledAuroc(
        auroc=float(expit(pooled.mean)),
        low=float(expit(pooled.low)),
        high=float(expit(pooled.high)),
        prediction_low=float(expit(pooled.prediction_low)),
        prediction_high=float(expit(pooled.prediction_high)),
        tau2=pooled.tau2,
        i_squared=pooled.i_squared,
        n_cohorts=pooled.n_cohorts,
    )
