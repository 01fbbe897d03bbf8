"""The tests of one part in one cohort: rows of effects."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import expit
from scipy.stats import norm, t, ttest_1samp

from ifn_severity.evaluate import auroc, logit_auroc
from ifn_severity.evaluate.bootstrap import percentile_interval
from ifn_severity.evaluate.effects import (
    MIN_BOOTSTRAP,
    MIN_PATIENTS,
    hedges_g,
    stratified_bootstrap,
)
from ifn_severity.evaluate.mixed import random_intercept
from ifn_severity.evaluate.variance import variance_shares
from ifn_severity.evidence.claim import Part
from ifn_severity.evidence.cohort import (
    EvidenceCohort,
    NotMeasuredError,
    by_patient,
    in_stratum,
    part_samples,
)
from ifn_severity.evidence.result import EFFECT_COLUMNS

SCALES = {
    "difference": "Hedges' g",
    "no difference": "Hedges' g",
    "level": "log2 fold of the limit",
    "trend": "SD per 10 days",
    "interaction": "SD per 10 days",
    "coexistence": "difference of shares",
    "correlation": "Pearson r",
    "heterogeneity": "difference of variance shares",
}
"""What an effect is, by kind of test."""
CENTRE_DAY = 10.0
MIN_SPREAD = 0.1
"""log2: replicates of a level that agree more closely than this count as if they differed so."""
MIN_CORRELATION = 5
_NUMBERS = (
    *("effect", "low", "high", "variance", "p"),
    *("auroc", "auroc_low", "auroc_high", "auroc_variance"),
)


def part_effects(
    cohorts: dict[str, EvidenceCohort],
    missing: dict[str, str],
    claim_id: str,
    part: Part,
    *,
    n_draws: int = 2000,
    seed: int = 0,
) -> pd.DataFrame:
    """Run one part of a claim in every cohort and stratum.

    Parameters
    ----------
    cohorts : dict of str to EvidenceCohort
    missing : dict of str to str
        Cohorts that could not be loaded, and why.
    claim_id : str
    part : Part
    n_draws, seed : int
        Of the bootstrap over patients.

    Returns
    -------
    DataFrame
        Columns :data:`ifn_severity.evidence.result.EFFECT_COLUMNS`; where there is no figure,
        ``reason`` says why.
    """
    rows = []
    for name in part.cohorts:
        blank = _blank(claim_id, part, name)
        if name not in cohorts:
            why = missing.get(name, "not loaded")
            rows += [{**blank, "stratum": stratum, "reason": why} for stratum in part.strata]
            continue
        try:
            samples = part_samples(cohorts[name], part)
        except NotMeasuredError as error:
            rows += [{**blank, "stratum": s, "reason": str(error)} for s in part.strata]
            continue
        for experiment, chosen in _experiments(samples):
            label = f"{name}: {experiment}" if experiment else name
            for stratum in part.strata:
                row = {**blank, "cohort": label, "stratum": stratum}
                row.update(_test(part, in_stratum(chosen, stratum), n_draws=n_draws, seed=seed))
                rows.append(row)
    return pd.DataFrame(rows, columns=list(EFFECT_COLUMNS))


def _blank(claim_id: str, part: Part, cohort: str) -> dict[str, Any]:
    return {
        "claim": claim_id,
        "part": part.id,
        "label": part.label,
        "cohort": cohort,
        "cell_type": " + ".join(part.cell_types),
        "stratum": "all",
        "scale": SCALES[part.test],
        "n_reference": 0,
        "n_case": 0,
        "n_samples": 0,
        **dict.fromkeys(_NUMBERS, float("nan")),
        "mean_day": float("nan"),
        "interval": "",
        "reason": "",
    }


def _experiments(samples: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """Divide a cohort into its experiments; those without a case are no test."""
    for name, chosen in samples.groupby("experiment", sort=True):
        if chosen["case"].any():
            yield str(name), chosen


def _test(part: Part, samples: pd.DataFrame, *, n_draws: int, seed: int) -> dict[str, Any]:
    patients = by_patient(samples)
    case = patients["case"].to_numpy(dtype=bool)
    n_case, n_reference = int(case.sum()), int((~case).sum())
    days = samples.loc[~samples["healthy"], "day"]
    row: dict[str, Any] = {
        "n_case": n_case,
        "n_reference": n_reference,
        "n_samples": len(samples),
        "mean_day": float(days.mean()) if days.notna().any() else float("nan"),
    }
    one_sided = part.test in ("level", "correlation")
    least = MIN_CORRELATION if part.test == "correlation" else MIN_PATIENTS
    if n_case < least or (not one_sided and n_reference < MIN_PATIENTS):
        counts = f"{n_case} {part.contrast.case}"
        if not one_sided:
            counts += f" and {n_reference} {part.contrast.reference}"
        row["reason"] = f"{counts}, fewer than {least}" + ("" if one_sided else " on a side")
        return row
    if part.test in ("difference", "no difference"):
        row.update(_difference(patients, case, n_draws=n_draws, seed=seed))
    elif part.test == "level":
        row.update(_level(patients.loc[case, "value"].to_numpy(), part.limit))
    elif part.test in ("interaction", "trend"):
        row.update(_slope(samples, interaction=part.test == "interaction"))
    elif part.test == "coexistence":
        row.update(_coexistence(patients, case, n_draws=n_draws, seed=seed))
    elif part.test == "correlation":
        row.update(correlation(patients[case]))
    else:
        row.update(_heterogeneity(samples, n_draws=n_draws, seed=seed))
    return row


def _difference(
    patients: pd.DataFrame, case: np.ndarray, *, n_draws: int, seed: int
) -> dict[str, Any]:
    values, who = patients["value"].to_numpy(), patients["patient"].to_numpy(dtype=str)
    if not (np.ptp(values[case]) or np.ptp(values[~case])):
        return {"reason": "the same value in all patients of a group"}
    found = hedges_g(values, case, who, n_draws=n_draws, seed=seed)
    y = case.astype(int)
    centre, spread = logit_auroc(y, values, who)
    if min(found.n_case, found.n_reference) >= MIN_BOOTSTRAP:
        weights = stratified_bootstrap(case, who, n_draws=n_draws, seed=seed)
        low, high = percentile_interval(auroc(y, values, weights))
    else:
        half = float(norm.ppf(0.975)) * spread**0.5
        low, high = float(expit(centre - half)), float(expit(centre + half))
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


def _level(values: np.ndarray, limit: float) -> dict[str, Any]:
    """Hold the mean log2(CPM+1) of the cases against a limit in CPM."""
    n, bar = len(values), float(np.log2(limit + 1.0))
    spread = max(float(np.std(values, ddof=1)), MIN_SPREAD)
    error, effect = spread / n**0.5, float(values.mean()) - bar
    half = float(t.ppf(0.975, n - 1)) * error
    p = float(2 * t.sf(abs(effect) / error, n - 1))
    if np.std(values, ddof=1) > MIN_SPREAD:
        p = float(ttest_1samp(values, bar).pvalue)
    return {
        "effect": effect,
        "low": effect - half,
        "high": effect + half,
        "variance": error**2,
        "p": p,
        "interval": "Student's t",
    }


def _slope(samples: pd.DataFrame, *, interaction: bool) -> dict[str, Any]:
    """Fit value ~ group + day (+ group × day) with a random intercept a patient."""
    known = samples.dropna(subset=["day"])
    groups = known.groupby("case")["patient"].nunique()
    if len(groups) < 2 or groups.min() < MIN_PATIENTS:
        return {"reason": "the day since onset is known for fewer than 3 patients on a side"}
    patients = by_patient(known)
    scale = pooled_sd(patients["value"].to_numpy(), patients["case"].to_numpy(dtype=bool))
    case, day = known["case"].to_numpy(dtype=float), (known["day"].to_numpy() - CENTRE_DAY) / 10.0
    columns = [np.ones(len(known)), case, day]
    if interaction:
        columns.append(case * day)
    design = np.column_stack(columns)
    who = known["patient"].to_numpy(dtype=str)
    if len(np.unique(who)) <= design.shape[1] or np.linalg.matrix_rank(design) < design.shape[1]:
        return {"reason": "too few patients or days for a slope"}
    fit = random_intercept(known["value"].to_numpy() / scale, design, who)
    pick = np.zeros(design.shape[1])
    pick[-1] = 1.0
    effect, low, high, p = fit.contrast(pick)
    return {
        "effect": effect,
        "low": low,
        "high": high,
        "variance": float(fit.standard_errors[-1] ** 2),
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


def _coexistence(
    patients: pd.DataFrame, case: np.ndarray, *, n_draws: int, seed: int
) -> dict[str, Any]:
    high = both_high(patients)
    n1, n0 = int(case.sum()), int((~case).sum())
    x1, x0 = int(high[case].sum()), int(high[~case].sum())
    effect = x1 / n1 - x0 / n0
    # Agresti & Caffo 2000 (doi:10.1080/00031305.2000.10474560): one more of each kind a side
    p1, p0 = (x1 + 1) / (n1 + 2), (x0 + 1) / (n0 + 2)
    variance = p1 * (1 - p1) / (n1 + 2) + p0 * (1 - p0) / (n0 + 2)
    half = float(norm.ppf(0.975)) * variance**0.5
    low, high_end, method = p1 - p0 - half, p1 - p0 + half, "Agresti–Caffo"
    if min(n1, n0) >= MIN_BOOTSTRAP:
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


def _heterogeneity(samples: pd.DataFrame, *, n_draws: int, seed: int) -> dict[str, Any]:
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
