"""What a validation leaves behind: tables, ``validation.json``, the pages, and MLflow runs."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from ifn_severity.bundle.manifest import plain
from ifn_severity.paths import atomic_file
from ifn_severity.report.tripod import write_tripod
from ifn_severity.report.validation import ValidationReport
from ifn_severity.report.validation_page import write_validation_report, write_validation_tables
from ifn_severity.workflows import tracking
from ifn_severity.workflows.dataset import Dataset
from ifn_severity.workflows.training_log import run_tags

LIMITS = (
    'The features, the way of scoring them and the design of the model "transfer" were worked '
    "out on these same cohorts (docs/scoring-methods.md, docs/model-selection.md): what is "
    "chosen inside is chosen among these, so that even the nested figure is somewhat flattered.",
    "Patients were in hospital in every cohort; what mild means differs and is printed beside "
    "each result. Nothing here speaks about outpatients.",
    "Cohorts are small and few: intervals are wide, and a prediction interval over four cohorts "
    "says mostly that a fifth could be anywhere.",
)

PROTEIN_LIMITS = (
    "With two cohorts nothing can be chosen without the one that is held out, so the model that "
    "is reported was fixed beforehand.",
    "The two assays measure on different scales: concentrations and NPX differ by a constant an "
    "analyte. Ranks of patients within a cohort survive that, probabilities do not, so "
    "calibration between these cohorts says little.",
    "Only analytes that both measured are used, and interferon is IFN-γ alone among them: "
    "nothing here speaks about IFN-α or IFN-λ.",
    "In yale-impact severe means in intensive care when the sample was taken, in breda-olink at "
    "some time of the stay; many samples of yale-impact follow tocilizumab.",
)

FIGURES = (
    "brier", "calibration_slope", "calibration_intercept", "ece", "sensitivity", "specificity",
)  # fmt: skip
"""Figures of each cohort beside its AUROC; ``_ci`` behind the name is the 95 % interval."""


def validation_json(report: ValidationReport) -> dict[str, Any]:
    """Return the machine-readable result, with the names that the README documents.

    Parameters
    ----------
    report : ValidationReport

    Returns
    -------
    dict
        ``cohorts`` (per cohort ``n``, ``auroc``, ``auroc_ci``, ``brier``, ``brier_ci``,
        ``calibration_slope``, ...), ``comparators`` (per comparator and cohort ``auroc``),
        ``mean_auroc``, ``min_auroc``, ``pooled_auroc`` with its prediction interval, and the
        rest of the tables as records.
    """
    nested = report.held_out[report.held_out["model"] == "nested"].set_index("cohort")
    cohorts = {}
    for name, facts in report.cohorts.to_dict("index").items():
        row = nested.to_dict("index")[name]
        cohorts[str(name)] = {
            "n": int(facts["n_samples"]),
            "n_patients": int(facts["n_patients"]),
            "n_severe": int(facts["n_severe"]),
            "counted": bool(facts["counted"]),
            "auroc": row["auroc"],
            "auroc_ci": [row["auroc_low"], row["auroc_high"]],
            **{
                key: value
                for figure in FIGURES
                for key, value in (
                    (figure, row[figure]),
                    (f"{figure}_ci", [row[f"{figure}_low"], row[f"{figure}_high"]]),
                )
            },
            "chosen": report.headline["chosen"][name],
            "mild_means": facts["mild_means"],
            "severe_means": facts["severe_means"],
        }
    comparators: dict[str, Any] = {}
    for row in report.comparators.to_dict("records"):
        own = comparators.setdefault(row["comparator"], {"label": row["label"], "cohorts": {}})
        own["cohorts"][row["cohort"]] = {
            "auroc": row["auroc"],
            "auroc_ci": [row["auroc_low"], row["auroc_high"]],
            **({"left_out": row["left_out"]} if row["left_out"] else {}),
        }
    head = report.headline
    return dict(
        plain(
            {
                "mean_auroc": head["mean_auroc"],
                "mean_auroc_ci": [head["mean_low"], head["mean_high"]],
                "min_auroc": head["min_auroc"],
                "pooled_auroc": head["pooled"],
                "pooled_auroc_ci": [head["pooled_low"], head["pooled_high"]],
                "pooled_prediction_interval": [head["prediction_low"], head["prediction_high"]],
                "cohorts": cohorts,
                "comparators": comparators,
                "headline": dict(head),
                "candidates": report.candidates.to_dict("records"),
                "held_out": report.held_out.to_dict("records"),
                "differences": report.differences.to_dict("records"),
                "within": report.within.to_dict("records"),
                "matrix": report.matrix.to_dict("records"),
                "additions": report.additions.to_dict("records"),
                "interactions": report.interactions.to_dict("records"),
                "subgroups": report.subgroups.to_dict("records"),
                "learning_curve": report.learning.to_dict("records"),
                "random_panels": report.random_panels.tolist(),
                "shuffled_labels": report.shuffled.tolist(),
                "settings": dict(report.settings),
                "versions": dict(report.versions),
                "simulated": report.simulated,
            }
        )
    )


def write(
    mlflow: Any,
    report: ValidationReport,
    dataset: Dataset,
    folder: Path,
    *,
    figure_files: bool = False,
) -> str:
    """Write all files into a folder and log them; return the id of the summary run.

    Parameters
    ----------
    mlflow : module
        What ``tracking.open_store`` returned.
    report : ValidationReport
    dataset : Dataset
    folder : Path
    figure_files : bool
        Whether each figure is written as PNG, SVG and PDF too.
    """
    write_files(report, folder, figure_files=figure_files)
    tags = run_tags(dataset)
    head = report.headline
    with tracking.run(
        mlflow, f"validate {dataset.name}", tags={**tags, "level": "command"}
    ) as parent:
        mlflow.log_params({**report.settings, "cohorts": dataset.name})
        named = ("mean_auroc", "mean_low", "mean_high", "min_auroc", "pooled", "best_of_many")
        mlflow.log_metrics({key: round(float(head[key]), 4) for key in named})
        mlflow.log_artifacts(str(folder))
        for row in report.held_out.to_dict("records"):
            _log_cohort(mlflow, {str(k): v for k, v in row.items()}, tags, parent.info.run_id)
        return str(parent.info.run_id)


def _log_cohort(mlflow: Any, row: dict[str, Any], tags: dict[str, str], parent: str) -> None:
    """Log one candidate on one held-out cohort."""
    own = {"feature_set": row["feature_set"], "model": row["model"], "held_out": row["cohort"]}
    name = f"{row['cohort']} held out: {row['feature_set']} / {row['model']}"
    with tracking.run(mlflow, name, tags={**tags, **own, "level": "held out"}, parent=parent):
        mlflow.log_params(own)
        mlflow.log_metrics(
            {
                key: round(float(value), 4)
                for key, value in row.items()
                if isinstance(value, float) and math.isfinite(value)
            }
        )


def write_files(report: ValidationReport, folder: Path, *, figure_files: bool) -> None:
    """Write ``validation.json``, the pages and the tables."""
    write_validation_tables(folder / "tables", report)
    write_tripod(folder / "tripod.md", report)
    figures = folder / "figures" if figure_files else None
    write_validation_report(
        folder / "report.html", report, figures_folder=figures, tables_folder="tables"
    )
    with atomic_file(folder / "validation.json") as part:
        part.write_text(json.dumps(validation_json(report), indent=1), encoding="utf-8")
