"""The kinds of test: how an effect of each is computed in one cohort and stratum."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy.special import expit
from scipy.stats import norm, t

from ifn_severity.evaluate import auroc, logit_auroc
from ifn_severity.evaluate.bootstrap import percentile_interval
from ifn_severity.evaluate.compare import bootstrap_p_value
from ifn_severity.evaluate.effects import (
    MIN_BOOTSTRAP,
    MIN_PATIENTS,
    hedges_g,
    stratified_bootstrap,
)
from ifn_severity.evaluate.mixed import random_intercept
from ifn_severity.evaluate.variance import group_share, variance_shares
from ifn_severity.evidence.samples import by_patient

CENTRE_DAY = 10.0
"""Day since onset at which intercepts are read."""
MIN_SPREAD = 0.1
"""log2: replicates of a level that agree more closely than this count as if they differed so."""
SAME = "the same value in all patients"
SAME_IN_GROUP = "the same value in all patients of a group"
"""Why of values without spread nothing is told."""
MIN_CORRELATION = 5
"""Fewest patients of a correlation."""


def varies(values: np.ndarray) -> bool:
    """Tell whether values differ by more than rounding.

    Examples
    --------
    >>> varies(np.array([0.3, 0.1 + 0.2])), varies(np.array([0.3, 0.4]))
    (False, True)
    """
    return bool(np.ptp(values) > 1e-9 * np.abs(values).max())


def difference(
    patients: pd.DataFrame, case: np.ndarray, *, n_draws: int, seed: int
) -> dict[str, Any]:
    """Compare patients' values by Hedges' g and AUROC, with intervals.

    The interval of g is that of :func:`ifn_severity.evaluate.effects.hedges_g`. That of the AUROC
    is a bootstrap over patients; with fewer than five on a side, or where no draw differs as at an
    AUROC of 0 or 1, it is that of its logit.
    """
    values, who = patients["value"].to_numpy(), patients["patient"].to_numpy(dtype=str)
    if not (varies(values[case]) or varies(values[~case])):
        return {"reason": SAME_IN_GROUP}
    found = hedges_g(values, case, who, n_draws=n_draws, seed=seed)
    y = case.astype(int)
    centre, spread = logit_auroc(y, values, who)
    half = float(norm.ppf(0.975)) * spread**0.5
    low, high = float(expit(centre - half)), float(expit(centre + half))
    if min(found.n_case, found.n_reference) >= MIN_BOOTSTRAP:
        weights = stratified_bootstrap(case, who, n_draws=n_draws, seed=seed)
        drawn = percentile_interval(auroc(y, values, weights))
        if drawn[0] < drawn[1]:
            low, high = drawn
    return {
        "effect": found.g,
        "low": found.low,
        "high": found.high,
        "variance": found.variance,
        "p": found.p_value,
        "auroc": float(auroc(y, values)[0]),
        "auroc_low": low,
        "auroc_high": high,
        "auroc_variance": spread,
        "interval": found.interval,
    }


def level(values: np.ndarray, limit: float) -> dict[str, Any]:
    """Hold the mean log2(CPM+1) of the cases against a limit in CPM."""
    n, bar = len(values), float(np.log2(limit + 1.0))
    spread = max(float(np.std(values, ddof=1)), MIN_SPREAD)
    error, effect = spread / n**0.5, float(values.mean()) - bar
    half = float(t.ppf(0.975, n - 1)) * error
    return {
        "effect": effect,
        "low": effect - half,
        "high": effect + half,
        "variance": error**2,
        "p": float(2 * t.sf(abs(effect) / error, n - 1)),
        "interval": "Student's t",
    }


def slope(samples: pd.DataFrame, test: str) -> dict[str, Any]:
    """Fit value ~ group + day (+ group × day) with a random intercept a patient."""
    known = samples.dropna(subset=["day"])
    groups = known.groupby("case")["patient"].nunique()
    if len(groups) < 2 or groups.min() < MIN_PATIENTS:
        return {"reason": "the day since onset is known for fewer than 3 patients on a side"}
    patients = by_patient(known)
    scale = pooled_sd(patients["value"].to_numpy(), patients["case"].to_numpy(dtype=bool))
    case, day = known["case"].to_numpy(dtype=float), (known["day"].to_numpy() - CENTRE_DAY) / 10.0
    if not scale > 1e-9 * np.abs(patients["value"]).max():
        return {"reason": SAME_IN_GROUP}
    columns = [np.ones(len(known)), case, day]
    if test == "interaction":
        columns.append(case * day)
    design = np.column_stack(columns)
    who = known["patient"].to_numpy(dtype=str)
    if len(np.unique(who)) <= design.shape[1] or np.linalg.matrix_rank(design) < design.shape[1]:
        return {"reason": "too few patients or days for a slope"}
    fit = random_intercept(known["value"].to_numpy() / scale, design, who)
    # the group's own column for the difference at the same day, else the last: a slope
    wanted = 1 if test == "adjusted difference" else design.shape[1] - 1
    effect, low, high, p = fit.contrast(np.eye(design.shape[1])[wanted])
    return {
        "effect": effect,
        "low": low,
        "high": high,
        "variance": float(fit.standard_errors[wanted] ** 2),
        "p": p,
        "interval": "mixed model",
    }


def pooled_sd(values: np.ndarray, case: np.ndarray) -> float:
    """Return the standard deviation within two groups, pooled."""
    squares = sum(float(((v - v.mean()) ** 2).sum()) for v in (values[case], values[~case]))
    return float(np.sqrt(squares / (len(values) - 2)))


def both_high(patients: pd.DataFrame) -> np.ndarray:
    """Tell who is above the reference patients' median in both programmes.

    Parameters
    ----------
    patients : DataFrame
        ``case``, ``value`` and ``second``.

    Returns
    -------
    ndarray of bool, shape (n_patients,)
    """
    reference = patients[~patients["case"].to_numpy(dtype=bool)]
    high = [patients[name] > reference[name].median() for name in ("value", "second")]
    return np.asarray(high[0] & high[1])


def coexistence(
    patients: pd.DataFrame, case: np.ndarray, *, n_draws: int, seed: int
) -> dict[str, Any]:
    """Compare the shares of patients who are high in both programmes."""
    high = both_high(patients)
    n1, n0 = int(case.sum()), int((~case).sum())
    x1, x0 = int(high[case].sum()), int(high[~case].sum())
    effect = x1 / n1 - x0 / n0
    # Agresti & Caffo 2000 (doi:10.1080/00031305.2000.10474560): one more of each kind a side
    p1, p0 = (x1 + 1) / (n1 + 2), (x0 + 1) / (n0 + 2)
    variance = p1 * (1 - p1) / (n1 + 2) + p0 * (1 - p0) / (n0 + 2)
    half = float(norm.ppf(0.975)) * variance**0.5
    low, high_end, method = p1 - p0 - half, p1 - p0 + half, "Agresti–Caffo"
    # where a share is 0 or 1 no draw differs in it, and the bootstrap would know it without error
    if min(n1, n0) >= MIN_BOOTSTRAP and 0 < x1 < n1 and 0 < x0 < n0:
        weights = stratified_bootstrap(
            case, patients["patient"].to_numpy(dtype=str), n_draws=n_draws, seed=seed
        )
        drawn = _shares_of_draws(patients, case, weights)
        low, high_end = percentile_interval(drawn)
        method = "patient bootstrap"
    return {
        "effect": effect,
        "low": low,
        "high": high_end,
        "variance": variance,
        "p": float(2 * norm.sf(abs(p1 - p0) / variance**0.5)),
        "interval": method,
    }


def _shares_of_draws(patients: pd.DataFrame, case: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Difference of shares in each draw, the medians drawn anew."""
    x, y = patients["value"].to_numpy(), patients["second"].to_numpy()
    out = np.empty(len(weights))
    for i, row in enumerate(weights.astype(int)):
        reference = np.repeat(np.flatnonzero(~case), row[~case])
        high = (x > np.median(x[reference])) & (y > np.median(y[reference]))
        out[i] = np.average(high[case], weights=row[case]) - high[reference].mean()
    return out


def correlation(cases: pd.DataFrame) -> dict[str, Any]:
    """Correlate two programmes over patients, with Fisher's interval.

    Parameters
    ----------
    cases : DataFrame
        ``value`` and ``second``, one row a patient, at least four.

    Returns
    -------
    dict
        ``effect`` is r; ``variance`` is that of its Fisher transform, 1 / (n - 3).
    """
    n = len(cases)
    r = float(np.corrcoef(cases["value"], cases["second"])[0, 1])
    z, error = float(np.arctanh(np.clip(r, -0.999999, 0.999999))), (n - 3) ** -0.5
    half = float(norm.ppf(0.975)) * error
    return {
        "effect": r,
        "low": float(np.tanh(z - half)),
        "high": float(np.tanh(z + half)),
        "variance": error**2,
        "p": float(2 * norm.sf(abs(z) / error)),
        "interval": "Fisher z",
    }


def heterogeneity(samples: pd.DataFrame, *, n_draws: int, seed: int) -> dict[str, Any]:
    """Divide the variance of serial samples: share between patients minus that between grades."""
    case, who = samples["case"].to_numpy(dtype=bool), samples["patient"].to_numpy(dtype=str)
    if samples.groupby(["patient", "case"]).size().max() < 2:
        return {"reason": "no patient has two samples of one grade"}
    found = variance_shares(samples["value"].to_numpy(), case, who, n_draws=n_draws, seed=seed)
    return {
        "effect": found.excess,
        "low": found.excess_low,
        "high": found.excess_high,
        "variance": found.variance,
        "p": found.p_value,
        "interval": "patient bootstrap",
    }


def heterogeneity_of_means(
    patients: pd.DataFrame, case: np.ndarray, *, n_draws: int, seed: int
) -> dict[str, Any]:
    """Divide the variance of patients' means: share outside the grades minus that between them."""
    found = group_share(
        patients["value"].to_numpy(float),
        case,
        patients["patient"].to_numpy(str),
        n_draws=n_draws,
        seed=seed,
    )
    excess = 1.0 - 2.0 * found
    low, high = percentile_interval(excess[1:])
    return {
        "effect": float(excess[0]),
        "low": low,
        "high": high,
        "variance": float(np.nanvar(excess[1:], ddof=1)),
        "p": bootstrap_p_value(excess[1:]),
        "interval": "patient bootstrap",
    }
