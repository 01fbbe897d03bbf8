"""From held-out predictions to the tables of the report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import expit

from ifn_severity.cohorts import get_card
from ifn_severity.evaluate import (
    auroc,
    calibration_summary,
    logit_auroc,
    paired_difference,
    patient_bootstrap,
    pool_aurocs,
    subgroup_aurocs,
)
from ifn_severity.evaluate.bootstrap import percentile_interval
from ifn_severity.evaluate.cross_cohort import class_patients, cohort_names
from ifn_severity.workflows.dataset import Dataset
from ifn_severity.workflows.validation.draws import Draws
from ifn_severity.workflows.validation.fits import Fits, Problem

NESTED = ("chosen inside", "nested")
AVERAGED = ("all candidates", "averaged")
"""Mean log-odds of every candidate: what remains when nothing at all is chosen."""

CALIBRATION = {
    "": {
        "brier": "brier",
        "ece": "ece",
        "slope": "calibration_slope",
        "intercept": "calibration_intercept",
    },
    "raw_": {
        "brier": "raw_brier",
        "ece": "raw_ece",
        "slope": "raw_slope",
        "intercept": "raw_intercept",
    },
}
"""Columns of ``held_out`` for each figure of calibration, after and before recalibration."""


def cohort_table(dataset: Dataset, problem: Problem) -> pd.DataFrame:
    """Describe each cohort: numbers, and what mild and severe mean in it."""
    rows: dict[str, dict[str, Any]] = {}
    counted = problem.counted()
    for name in cohort_names(problem.cohorts):
        here = problem.cohorts == name
        y, patients = problem.y[here], problem.patients[here]
        mild, severe = class_patients(y, patients)
        card = get_card(name)
        rows[name] = {
            "n_samples": int(here.sum()),
            "n_patients": len(np.unique(patients)),
            "n_mild": int((y == 0).sum()),
            "n_severe": int((y == 1).sum()),
            "n_mild_patients": mild,
            "n_severe_patients": severe,
            "days_known": bool(dataset.obs["days_since_onset"][here].notna().all()),
            "trained_on": name in problem.trainable,
            "counted": name in counted,
            "tissue": card.tissue,
            "mild_means": card.severity.mild_means,
            "severe_means": card.severity.severe_means,
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("cohort")


def held_out_rows(
    draws: Draws,
    label: tuple[str, str],
    score: np.ndarray,
    raw: np.ndarray,
    above: np.ndarray,
    *,
    intervals: bool = False,
) -> list[dict[str, Any]]:
    """Describe one candidate on each held-out cohort.

    Parameters
    ----------
    draws : Draws
    label : (feature set, model)
    score, raw, above : ndarray of shape (n_samples,)
        Log-odds, the same before recalibration, and log-odds less the threshold's.
    intervals : bool
        Whether every figure gets its patient-bootstrap interval, as the headline does. Of other
        candidates the AUROC alone does, because thousands of calibration lines take their time.
    """
    problem = draws.problem
    common = {"n_draws": draws.n_draws if intervals else 0, "seed": problem.seed}
    rows = []
    for name in cohort_names(problem.cohorts):
        here = problem.cohorts == name
        y, patients = problem.y[here], problem.patients[here]
        area, low, high = draws.interval(name, score)
        row = {
            "cohort": name,
            "feature_set": label[0],
            "model": label[1],
            "auroc": area,
            "auroc_low": low,
            "auroc_high": high,
        }
        for stem, values in (("", score), ("raw_", raw)):
            found = asdict(calibration_summary(y, values[here], patients, **common))
            for figure, column in CALIBRATION[stem].items():
                row |= {f"{column}{end}": found[f"{figure}{end}"] for end in ("", "_low", "_high")}
        for figure, side in (("sensitivity", 1), ("specificity", 0)):
            rate, low, high = draws.share(name, (above >= 0) == bool(side), problem.y == side)
            if not intervals:
                low = high = float("nan")
            row |= {figure: rate, f"{figure}_low": low, f"{figure}_high": high}
        rows.append(row)
    return rows


def candidate_row(draws: Draws, label: tuple[str, str], score: np.ndarray) -> dict[str, Any]:
    """Summarise one candidate over the cohorts that count."""
    problem, names = draws.problem, draws.problem.counted()
    mean, low, high = draws.mean(score, names)
    areas = {name: float(draws.areas(name, score)[0]) for name in names}
    effects = [
        logit_auroc(problem.y[rows], score[rows], problem.patients[rows])
        for rows in (problem.cohorts == name for name in names)
    ]
    pooled = pool_aurocs(*(np.array(column) for column in zip(*effects, strict=True)))
    worst = min(areas, key=lambda name: areas[name])
    return {
        "feature_set": label[0],
        "model": label[1],
        "mean_auroc": mean,
        "mean_low": low,
        "mean_high": high,
        "min_auroc": areas[worst],
        "min_cohort": worst,
        "pooled": pooled.auroc,
        "pooled_low": pooled.low,
        "pooled_high": pooled.high,
        "prediction_low": pooled.prediction_low,
        "prediction_high": pooled.prediction_high,
        "i_squared": pooled.i_squared,
    }


def comparator_tables(
    draws: Draws,
    scores: pd.DataFrame,
    labels: Mapping[str, str],
    reasons: Mapping[tuple[str, str], str],
    headline: np.ndarray,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Put published scores beside the headline, on the same patients.

    Parameters
    ----------
    draws : Draws
    scores : DataFrame of shape (n_samples, n_comparators)
        NaN in cohorts where a score is left out.
    labels : mapping of str to str
    reasons : mapping of (comparator, cohort) to str
        Why a score is left out.
    headline : ndarray of shape (n_samples,)

    Returns
    -------
    comparators, differences : DataFrame
        As :class:`ifn_severity.report.validation.ValidationReport` describes them.
    """
    problem = draws.problem
    found, differences = [], []
    for comparator in scores:
        values = scores[comparator].to_numpy(dtype=float)
        common = {"comparator": comparator, "label": labels[str(comparator)]}
        known = []
        for name in cohort_names(problem.cohorts):
            area, low, high = draws.interval(name, values)
            reason = reasons.get((str(comparator), name), "")
            row = {"auroc": area, "auroc_low": low, "auroc_high": high, "left_out": reason}
            found.append({**common, "cohort": name, **row})
            if np.isfinite(area):
                known.append(name)
        groups = [(name, [name]) for name in known]
        shared = [name for name in problem.counted() if name in known]
        if shared == problem.counted():
            groups.append(("mean", shared))
        for scope, names in groups:
            rows = np.isin(problem.cohorts, names)
            paired = paired_difference(
                problem.y[rows],
                headline[rows],
                values[rows],
                problem.patients[rows],
                problem.cohorts[rows],
                n_draws=draws.n_draws,
                seed=problem.seed,
            )
            interval = {"low": paired.low, "high": paired.high, "p": paired.p_value}
            differences.append(
                {**common, "cohort": scope, "difference": paired.difference, **interval}
            )
    return pd.DataFrame(found), pd.DataFrame(differences)


def within_table(fits: Fits, *, n_draws: int, seed: int) -> pd.DataFrame:
    """Nested cross-validation inside each cohort."""
    rows = []
    for name, outs in fits.within.items():
        for candidate, out in zip(fits.candidates, outs, strict=True):
            weights = patient_bootstrap(
                out.patients, n_draws=n_draws, rng=np.random.default_rng(seed)
            )
            areas = auroc(out.y, out.log_odds[0], np.vstack([np.ones(len(out.y)), weights]))
            low, high = percentile_interval(areas[1:])
            rows.append(
                {
                    "cohort": name,
                    "feature_set": candidate.feature_set,
                    "model": candidate.model,
                    "auroc": float(areas[0]),
                    "auroc_low": low,
                    "auroc_high": high,
                }
            )
    return pd.DataFrame(rows)


def matrix_table(draws: Draws, fits: Fits) -> pd.DataFrame:
    """Train on one cohort, test on each other."""
    problem, rows = draws.problem, []
    for i, candidate in enumerate(fits.candidates):
        for j, train in enumerate(problem.trainable):
            for test in cohort_names(problem.cohorts):
                if test == train:
                    continue
                area, low, high = draws.interval(test, fits.one_in[i, j])
                rows.append(
                    {
                        "train": train,
                        "test": test,
                        "feature_set": candidate.feature_set,
                        "model": candidate.model,
                        "auroc": area,
                        "auroc_low": low,
                        "auroc_high": high,
                    }
                )
    return pd.DataFrame(rows)


def predictions_table(
    dataset: Dataset, score: np.ndarray, raw: np.ndarray, above: np.ndarray
) -> pd.DataFrame:
    """Return the headline's held-out predictions, one row a sample."""
    obs = dataset.obs
    return pd.DataFrame(
        {
            "sample": obs.index.astype(str),
            "cohort": obs["cohort"].astype(str).to_numpy(),
            "patient": dataset.patients,
            "severe": dataset.y,
            "severity": obs["severity"].astype(str).to_numpy(),
            "age": obs["age"].to_numpy(dtype=float),
            "sex": obs["sex"].astype(object).where(obs["sex"].notna(), "").to_numpy(),
            "days_since_onset": obs["days_since_onset"].to_numpy(dtype=float),
            "log_odds": score,
            "raw_log_odds": raw,
            "probability_severe": expit(score),
            "called": above >= 0,
        }
    )


def subgroup_table(predictions: pd.DataFrame, *, n_draws: int, seed: int) -> pd.DataFrame:
    """AUROC by sex and age group in each cohort."""
    tables = []
    for name, here in predictions.groupby("cohort", sort=False):
        table = subgroup_aurocs(
            here["severe"].to_numpy(),
            here["log_odds"].to_numpy(),
            here["patient"].to_numpy(dtype=str),
            sex=here["sex"].to_numpy(),
            age=here["age"].to_numpy(),
            n_draws=n_draws,
            seed=seed,
        )
        tables.append(
            pd.DataFrame(
                {
                    "cohort": name,
                    "subgroup": table["variable"] + " " + table["group"],
                    "n_mild": table["mild_patients"],
                    "n_severe": table["severe_patients"],
                    "auroc": table["auroc"],
                    "auroc_low": table["low"],
                    "auroc_high": table["high"],
                    "reason": table["reason"],
                }
            )
        )
    return pd.concat(tables, ignore_index=True)
