"""Attributions of an invented model whose parts are known exactly."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from ifn_severity.explain.attributions import Attributions
from ifn_severity.report.explanation import ExplanationReport
from ifn_severity.report.html import write_explanation_report
from ifn_severity.report.validation import ValidationReport
from ifn_severity.report.validation_page import write_validation_report

LEVELS = ["healthy", "mild", "moderate", "severe", "critical"]
NAMED = {
    "score:Rice2013_IFN6": ("score", "interferon", "Rice2013 IFN6 (score)"),
    "gene:IFI27": ("gene", "interferon", "IFI27"),
    "gene:SIGLEC1": ("gene", "interferon", "SIGLEC1"),
    "gene:RSAD2": ("gene", "interferon", "RSAD2"),
    "gene:CXCL10": ("gene", "cytokine", "CXCL10"),
    "gene:S100A12": ("gene", "inflammation", "S100A12"),
    "gene:CEACAM8": ("gene", "myeloid", "CEACAM8"),
    "gene:NCR3": ("gene", "composition", "NCR3"),
}
WEIGHTS = {"gene:IFI27": 0.9, "gene:SIGLEC1": -0.5, "gene:CXCL10": 0.3, "gene:S100A12": 0.6}


def attributions_of(
    n: int = 60,
    m: int = 40,
    *,
    simulated: bool = False,
    held_out: bool = True,
    cohort: str = "GSE157103",
) -> Attributions:
    """A linear model: the attribution of a feature is its weight times its centred value."""
    rng = np.random.default_rng(7)
    names = list(NAMED) + [f"gene:X{i}" for i in range(m - len(NAMED))]
    kinds = [NAMED.get(name, ("gene", "composition", name[5:])) for name in names]
    index = pd.Index([f"P{i:03d}" for i in range(n)], name="sample")
    severity = pd.Categorical(
        rng.choice([*LEVELS, None], n, p=[0.1, 0.2, 0.25, 0.2, 0.2, 0.05]), LEVELS, ordered=True
    )
    weights = np.array([WEIGHTS.get(name, rng.normal(0, 0.03)) for name in names])
    data = rng.normal(2, 1, (n, m)) + 0.3 * severity.codes[:, None]
    phi = (data - data.mean(axis=0)) * weights
    base = np.full(n, -0.2)
    severe = np.where(severity.codes < 0, np.nan, (severity.codes >= 3).astype(float))
    return Attributions(
        model="linear-demo",
        cohort=cohort,
        simulated=simulated,
        held_out=held_out,
        values=pd.DataFrame(phi, index, names),
        base=base,
        margin=base + phi.sum(axis=1),
        data=pd.DataFrame(data, index, names),
        features=pd.DataFrame(
            {
                "kind": [kind for kind, _, _ in kinds],
                "group": [group for _, group, _ in kinds],
                "family": "-",
                "label": [label for _, _, label in kinds],
            },
            index=names,
        ),
        obs=pd.DataFrame(
            {"patient": list(index), "severity": severity, "severe": severe}, index=index
        ),
    )


@pytest.fixture(scope="session")
def make_attributions() -> Callable[..., Attributions]:
    return attributions_of


@pytest.fixture(scope="session")
def attributions() -> Attributions:
    return attributions_of()


def report_of(attributions: Attributions, **changes: object) -> ExplanationReport:
    given = {
        "summary": ["Interferon carries most of it."],
        "facts": {"Trained on": ["GSE157103", "GSE155454"], "Feature set": "interferon"},
        "metrics": {"AUROC": (0.89, 0.82, 0.94), "Brier score": 0.13},
        "versions": {"shap": "0.51.0"},
        "citations": ["Lundberg SM et al. 2020, doi:10.1038/s42256-019-0138-9"],
        "limits": ["One hospital."],
        "tables_folder": "explain_tables",
    } | changes
    return ExplanationReport.of(attributions, **given)


@pytest.fixture(scope="session")
def make_report() -> Callable[..., ExplanationReport]:
    return report_of


@pytest.fixture(scope="session")
def simulated_report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole report, drawn once for all tests that look at it."""
    path = tmp_path_factory.mktemp("report") / "report.html"
    return write_explanation_report(path, report_of(attributions_of(simulated=True)))


COHORTS = {  # mild, severe samples, and how far apart the classes lie
    "GSE157103": (50, 50, 1.9),
    "GSE155454": (21, 18, 1.6),
    "schulte-cohort1": (14, 13, 2.6),
    "schulte-cohort2": (35, 28, 1.2),
    "GSE152418": (12, 4, 2.0),
}
RIVALS = {"Inflammatix6": "Inflammatix-6 (reconstructed)", "SoM": "SoM (Zheng 2021)"}
RIVALS |= {"IFN6": "six-gene interferon score, low", "clinical": "age and sex"}
NESTED = ("chosen inside", "nested")


def _around(value: float, half: float = 0.07, name: str = "auroc") -> dict[str, float]:
    low, high = f"{name}_low", f"{name}_high"
    return {name: value, low: max(value - half, 0.0), high: min(value + 0.7 * half, 1.0)}


def _predictions(rng: np.random.Generator) -> pd.DataFrame:
    frames = []
    for cohort, (n_mild, n_severe, apart) in COHORTS.items():
        severe = np.repeat([0, 1], [n_mild, n_severe])
        log_odds = rng.normal(0, 1, severe.size) + apart * (severe - 0.5)
        names = [f"{cohort}-{i}" for i in range(severe.size)]
        frames.append(
            pd.DataFrame(
                {
                    "sample": names,
                    "cohort": cohort,
                    "patient": names,
                    "severe": severe,
                    "severity": np.where(severe == 1, "severe", "mild"),
                    "age": rng.integers(25, 90, severe.size).astype(float),
                    "sex": rng.choice(["female", "male"], severe.size),
                    "days_since_onset": np.nan,
                    "log_odds": log_odds,
                    "raw_log_odds": 2.1 * log_odds + 0.8,
                    "called": (log_odds >= 0).astype(int),
                }
            )
        )
    return pd.concat(frames, ignore_index=True)


def validation_report_of(**changes: object) -> ValidationReport:
    """A validation report with invented numbers of a realistic size."""
    rng = np.random.default_rng(11)
    predictions = _predictions(rng)
    cohorts = pd.DataFrame(
        {
            "n_samples": [m + s for m, s, _ in COHORTS.values()],
            "n_patients": [m + s for m, s, _ in COHORTS.values()],
            "n_mild": [m for m, _, _ in COHORTS.values()],
            "n_severe": [s for _, s, _ in COHORTS.values()],
            "n_mild_patients": [m for m, _, _ in COHORTS.values()],
            "n_severe_patients": [s for _, s, _ in COHORTS.values()],
            "days_known": [False, False, True, True, True],
            "counted": [m >= 5 and s >= 5 for m, s, _ in COHORTS.values()],
            "tissue": "whole blood",
            "mild_means": ["in hospital, not in intensive care"] + ["WHO scale up to 4"] * 4,
            "severe_means": ["in intensive care"] + ["WHO scale 5 and above"] * 4,
        },
        index=pd.Index(list(COHORTS), name="cohort"),
    )
    counted = cohorts.index[cohorts["counted"]]
    auroc = {
        cohort: float(roc_auc_score(rows["severe"], rows["log_odds"]))
        for cohort, rows in predictions.groupby("cohort")
    }
    mean = float(np.mean([auroc[name] for name in counted]))
    worst = min(counted, key=lambda name: auroc[name])
    candidates = [(s, m) for s in ("all", "interferon") for m in ("logistic", "forest")]
    held_out = pd.DataFrame(
        [
            {"cohort": cohort, "feature_set": s, "model": m}
            | _around(max(auroc[cohort] - 0.02 * place, 0.3))
            | {"brier": 0.15, "ece": 0.06, "calibration_slope": 1.05 - 0.1 * place}
            | {"calibration_intercept": -0.1, "sensitivity": 0.8, "specificity": 0.75}
            | {"raw_brier": 0.19, "raw_ece": 0.13, "raw_slope": 0.5, "raw_intercept": -0.4}
            for cohort in COHORTS
            for place, (s, m) in enumerate([NESTED, *candidates])
        ]
    )
    table = pd.DataFrame(
        [
            {"feature_set": s, "model": m}
            | _around(mean + 0.01 - 0.02 * place, 0.05, "mean_auroc")
            | {"min_auroc": auroc[worst] - 0.02 * place}
            | _around(mean + 0.02 - 0.02 * place, 0.05, "pooled")
            | {"prediction_low": 0.6, "prediction_high": 0.96}
            for place, (s, m) in enumerate(candidates)
        ]
    ).rename(columns={"mean_auroc_low": "mean_low", "mean_auroc_high": "mean_high"})
    rivals = []
    for place, (name, label) in enumerate(RIVALS.items()):
        for cohort in COHORTS:
            missing = (name, cohort) == ("SoM", "schulte-cohort1")
            value = np.nan if missing else max(auroc[cohort] - 0.03 - 0.1 * place, 0.2)
            why = "derived from this cohort" if missing else ""
            row = {"comparator": name, "label": label, "cohort": cohort, "left_out": why}
            rivals.append(
                row | {k: v if not missing else np.nan for k, v in _around(value).items()}
            )
    differences = pd.DataFrame(
        [
            {"comparator": name, "label": label, "cohort": cohort, "difference": d}
            | {"low": d - 0.04, "high": d + 0.04, "p": 0.03}
            for place, (name, label) in enumerate(RIVALS.items())
            for cohort in [*COHORTS, "mean"]
            for d in [0.03 + 0.1 * place]
        ]
    )
    additions = pd.DataFrame(
        [
            {"group": group, "scope": scope, "stage": stage, "n_mild": 20, "n_severe": 20}
            | {"with_": 0.85 + d, "without": 0.85, "difference": d, "low": d - 0.03}
            | {"high": d + 0.03, "alone": 0.36 if group == "interferon" else np.nan}
            for group, gain in (("interferon", 0.05), ("cytokine", -0.01))
            for scope in ["mean", *counted]
            for stage in ("all", "early", "late")
            if stage == "all" or scope != "GSE157103"
            for d in [gain + rng.normal(0, 0.015)]
        ]
    )
    matrix = pd.DataFrame(
        [
            {"train": a, "test": b, "feature_set": s, "model": m}
            | _around(min(0.97, auroc[b] - 0.05 + rng.normal(0, 0.03)))
            for s, m in candidates[:2]
            for a in counted
            for b in COHORTS
            if a != b
        ]
    )
    given = {
        "cohorts": cohorts,
        "headline": {
            "mean_auroc": mean,
            "mean_low": mean - 0.05,
            "mean_high": mean + 0.04,
            "min_auroc": auroc[worst],
            "min_cohort": worst,
            "pooled": mean + 0.01,
            "pooled_low": mean - 0.06,
            "pooled_high": mean + 0.06,
            "prediction_low": mean - 0.2,
            "prediction_high": mean + 0.1,
            "i_squared": 0.42,
            "chosen": dict.fromkeys(COHORTS, "all / logistic"),
            "best_candidate": "all / logistic",
            "best_of_many": mean + 0.01,
            "n_configurations": 4,
            "permutation_p": 0.001,
            "best_comparator": RIVALS["Inflammatix6"],
            "seed": 20,
            "n_draws": 2000,
        },
        "predictions": predictions,
        "held_out": held_out,
        "candidates": table,
        "comparators": pd.DataFrame(rivals),
        "differences": differences,
        "within": pd.DataFrame(
            [
                {"cohort": cohort, "feature_set": s, "model": m} | _around(auroc[cohort])
                for cohort in counted
                for s, m in candidates
            ]
        ),
        "matrix": matrix,
        "additions": additions,
        "interactions": pd.DataFrame(
            [
                {"interaction": name, "cohort": cohort, "without": 0.8, "with_": 0.81}
                | {"difference": 0.01, "low": -0.02, "high": 0.04, "coefficient": -0.3}
                for name in ("interferon × day", "interferon × inflammation")
                for cohort in ["mean", *counted]
            ]
        ),
        "subgroups": pd.DataFrame(
            [
                {"cohort": cohort, "subgroup": group, "n_mild": 10, "n_severe": 9}
                | (_around(0.83) if cohort == "GSE157103" else dict.fromkeys(_around(0.8), np.nan))
                for cohort in ("GSE157103", "GSE155454")
                for group in ("female", "male", "under 60", "60 and over")
            ]
        ),
        "learning": pd.DataFrame(
            {
                "fraction": [0.25, 0.5, 0.75, 1.0],
                "n_patients": [45, 90, 135, 180],
                "mean_auroc": [mean - 0.09, mean - 0.04, mean - 0.015, mean],
                "low": [mean - 0.15, mean - 0.1, mean - 0.07, mean - 0.05],
                "high": [mean - 0.03, mean + 0.01, mean + 0.03, mean + 0.04],
            }
        ),
        "random_panels": rng.normal(mean - 0.08, 0.03, 100),
        "shuffled": rng.normal(0.5, 0.06, 200),
        "settings": {"random seed": 20, "bootstrap draws": 2000, "folds": "5 by patient"},
        "versions": {"ifn-severity": "0.1.0", "scikit-learn": "1.9.0"},
        "checksums": {"GSE157103": "f013a165c973144d"},
        "citations": ("Overmyer KA et al. 2021, doi:10.1016/j.cels.2020.10.003",),
        "limits": ("Four cohorts are few.",),
        "simulated": True,
    } | changes
    return ValidationReport(**given)


@pytest.fixture(scope="session")
def make_validation() -> Callable[..., ValidationReport]:
    return validation_report_of


@pytest.fixture(scope="session")
def validation() -> ValidationReport:
    return validation_report_of()


@pytest.fixture(scope="session")
def validation_page(tmp_path_factory: pytest.TempPathFactory, validation: ValidationReport) -> Path:
    """A whole validation report, drawn once for all tests that look at it."""
    path = tmp_path_factory.mktemp("validation") / "report.html"
    return write_validation_report(path, validation, tables_folder="validation_tables")


@pytest.fixture(scope="session")
def bare_validation() -> ValidationReport:
    """As little as a run can have: two cohorts counted, nothing to compare with, no controls."""
    full = validation_report_of()
    keep = ["GSE157103", "schulte-cohort2", "GSE152418"]
    names = "comparators differences within matrix additions interactions subgroups learning"
    empty = {name: getattr(full, name).iloc[:0] for name in names.split()}
    unknown = dict.fromkeys(
        ("prediction_low", "prediction_high", "i_squared", "permutation_p"), float("nan")
    )
    return replace(
        full,
        **empty,
        cohorts=full.cohorts.loc[keep],
        predictions=full.predictions[full.predictions["cohort"].isin(keep)],
        held_out=full.held_out[full.held_out["cohort"].isin(keep)],
        headline=full.headline | unknown | {"best_comparator": ""},
        random_panels=np.array([]),
        shuffled=np.array([]),
        simulated=False,
    )
