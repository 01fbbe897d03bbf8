"""What a training leaves in MLflow and in ``models/``: one run a candidate, and the bundle."""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ifn_severity.bundle import save_bundle
from ifn_severity.bundle.interval import ProbabilityInterval
from ifn_severity.evaluate.nested import CandidateResult
from ifn_severity.features import catalogue_sha256
from ifn_severity.report.comparison_figure import comparison_figure
from ifn_severity.report.training_figures import (
    calibration_figure,
    precision_recall_figure,
    roc_figure,
    score_by_class_figure,
)
from ifn_severity.workflows import tracking
from ifn_severity.workflows.dataset import Dataset
from ifn_severity.workflows.evidence import Evidence

LABEL = "severe 1 = severe or critical, 0 = mild or moderate, as each cohort's card defines them"


def run_tags(dataset: Dataset) -> dict[str, str]:
    """Return what every run of a training carries: cohort, checksums, code and libraries."""
    checksums = {
        file: sha256 for fact in dataset.facts for file, sha256 in dict(fact["files"]).items()
    }
    return {
        "cohort": dataset.name,
        "simulated": str(dataset.simulated).lower(),
        "catalogue_sha256": catalogue_sha256(),
        "data_sha256": "; ".join(f"{file} {sha}" for file, sha in sorted(checksums.items()))[:4900]
        or "generated from a seed",
        **tracking.version_tags(),
    }


def save_candidate(
    target: Path,
    result: CandidateResult,
    metrics: dict[str, float],
    dataset: Dataset,
    settings: dict[str, int],
    table: pd.DataFrame,
    run_id: str,
    interval: ProbabilityInterval | None = None,
    evidence: Evidence | None = None,
) -> None:
    """Save one fitted candidate as a model bundle, with its evidence between cohorts if any."""
    between = {"leave_one_cohort_out": evidence.metrics} if evidence else {}
    save_bundle(
        target,
        result.classifier,
        name=target.name,
        feature_set=result.candidate.feature_set,
        training_features=dataset.columns(result.candidate.feature_set),
        cohorts=dataset.facts,
        labels=LABEL,
        metrics={**_with_intervals(metrics), **between},
        simulated=dataset.simulated,
        training_cohorts=list(dataset.obs["cohort"].astype(str)),
        training_patients=dataset.patients.tolist(),
        interval=interval,
        extra={
            "validation": "nested cross-validation inside the training cohorts, by patient"
            + (
                "; the best candidate was chosen on these figures, which flatters it a little"
                if len(table) > 1
                else ""
            ),
            "settings": settings,
            "mlflow_run_id": run_id,
            "candidates": table[["feature_set", "model", "auroc"]].to_dict("records"),
        },
    )


def _with_intervals(metrics: dict[str, float]) -> dict[str, Any]:
    """Return metrics as a manifest keeps them: ``auroc`` with ``auroc_ci``, not three columns."""
    kept: dict[str, Any] = {}
    for key, value in metrics.items():
        if key.endswith("_low"):
            stem = key.removesuffix("_low")
            kept[f"{stem}_ci"] = [value, metrics[f"{stem}_high"]]
        elif not key.endswith("_high"):
            kept[key] = value
    return kept


def log_candidate(
    mlflow: Any,
    result: CandidateResult,
    metrics: dict[str, float],
    dataset: Dataset,
    settings: dict[str, int],
    tags: dict[str, str],
    parent: str,
    interval: ProbabilityInterval | None = None,
) -> str:
    """Log one candidate as a child run and return its id."""
    from mlflow.data.code_dataset_source import CodeDatasetSource

    candidate = result.candidate
    own = {
        "feature_set": candidate.feature_set,
        "model": candidate.model,
        "level": "candidate",
    }
    name = f"{candidate.name} (SIMULATED)" if dataset.simulated else candidate.name
    with tracking.run(mlflow, name, tags={**tags, **own}, parent=parent) as run:
        best = {
            f"best.{k.removeprefix('model__')}": v
            for k, v in result.classifier.best_params_.items()
        }
        mlflow.log_params(
            {**settings, "feature_set": candidate.feature_set, "model": candidate.model, **best}
        )
        mlflow.log_params({"cohorts": dataset.name, "n_features": candidate.X.shape[1]})
        timing = {"seconds": result.seconds, "threshold": result.classifier.threshold_}
        mlflow.log_metrics(_readable({**metrics, **timing}))
        labels = dataset.obs[["cohort", "patient", "severe"]].astype(
            {"cohort": str, "patient": str, "severe": float}
        )
        source = CodeDatasetSource({"cohorts": dataset.name, "data_sha256": tags["data_sha256"]})
        mlflow.log_input(
            mlflow.data.from_pandas(
                labels.reset_index(),
                source=source,
                name=dataset.name,
                targets="severe",
                # our own, because MLflow's digest calls pandas in a way that pandas 4 refuses
                digest=hashlib.sha256(labels.to_csv().encode()).hexdigest()[:8],
            ),
            context="training",
        )
        mlflow.log_table(_predictions(result, dataset), "out_of_fold.json")
        mlflow.log_table(pd.DataFrame(result.chosen), "chosen_settings.json")
        for file, figure in _figures(result, metrics, dataset).items():
            mlflow.log_figure(figure, f"figures/{file}.png")
        with tempfile.TemporaryDirectory() as folder:
            bundle = Path(folder) / "bundle"
            table = pd.DataFrame([{**own, **metrics}])
            identifier = run.info.run_id
            save_candidate(bundle, result, metrics, dataset, settings, table, identifier, interval)
            mlflow.pyfunc.log_model(
                name="model",
                loader_module="ifn_severity.bundle.pyfunc",
                data_path=str(bundle),
                # given whole, because MLflow would look for a pip that uv does not install
                conda_env=tracking.environment(tags["ifn_severity"]),
            )
        return str(run.info.run_id)


def _readable(metrics: dict[str, float]) -> dict[str, float]:
    """Return metrics as the UI's columns can show them; the tables keep every digit."""
    return {key: round(value, 4) for key, value in metrics.items() if np.isfinite(value)}


def _predictions(result: CandidateResult, dataset: Dataset) -> pd.DataFrame:
    """Return out-of-fold predictions, one row a sample and repeat."""
    held_out = result.held_out
    n_repeats, n_samples = held_out.log_odds.shape
    return pd.DataFrame(
        {
            "sample": np.tile(dataset.obs.index.to_numpy(dtype=str), n_repeats),
            "patient": np.tile(dataset.patients, n_repeats),
            "severe": np.tile(dataset.y, n_repeats),
            "repeat": np.repeat(np.arange(n_repeats), n_samples),
            "probability_severe": held_out.probability.ravel(),
            "called_severe": held_out.called.ravel(),
        }
    )


def _figures(
    result: CandidateResult, metrics: dict[str, float], dataset: Dataset
) -> dict[str, Any]:
    y, probability = result.held_out.y, result.held_out.probability
    interval = (
        f"AUROC {metrics['auroc']:.3f} ({metrics['auroc_low']:.3f}–{metrics['auroc_high']:.3f})"
    )
    common: dict[str, Any] = {
        "title": f"{dataset.name}: {result.candidate.name}",
        "simulated": dataset.simulated,
    }
    threshold = float(np.mean([s["threshold"] for s in result.chosen]))
    return {
        "roc": roc_figure(y, probability, auroc_text=interval, **common),
        "precision_recall": precision_recall_figure(y, probability, **common),
        "calibration": calibration_figure(y, probability, **common),
        "score_by_class": score_by_class_figure(
            probability.mean(axis=0),
            dataset.obs["severity"],
            threshold=threshold,
            **common,
        ),
    }


def log_summary(
    mlflow: Any,
    table: pd.DataFrame,
    best: tuple[CandidateResult, dict[str, float]],
    dataset: Dataset,
    target: Path,
) -> None:
    """Put the comparison on the parent run, so that it sorts among other commands' runs."""
    winner, metrics = best[0].candidate, best[1]
    mlflow.log_params({"feature_set": winner.feature_set, "model": winner.model})
    mlflow.log_metrics(_readable(metrics))
    mlflow.set_tags({"winner": winner.name, "saved_model": target.name})
    shown = ["feature_set", "model", "auroc", "auroc_low", "auroc_high", "brier"]
    lines = [" | ".join(shown), " | ".join("---" for _ in shown)]
    for row in table[shown].itertuples(index=False):
        lines.append(" | ".join(v if isinstance(v, str) else f"{v:.3f}" for v in row))
    warning = "**Simulated data.** " if dataset.simulated else ""
    note = f"{warning}Winner: {winner.name}, saved as `{target.name}`.\n\n" + "\n".join(lines)
    mlflow.set_tag("mlflow.note.content", note)
    mlflow.log_table(table, "comparison.json")
    figure = comparison_figure(
        table, title=f"{dataset.name}: candidates compared", simulated=dataset.simulated
    )
    mlflow.log_figure(figure, "figures/comparison.png")
