"""Train: compare candidates by nested cross-validation, log every one, save the winner."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from ifn_severity.bundle.interval import ProbabilityInterval
from ifn_severity.bundle.manifest import valid_name
from ifn_severity.classify import MODELS, feature_views, search_space
from ifn_severity.errors import InputError, LabelError, ModelError
from ifn_severity.evaluate import Candidate, nested_cross_validation, outer_splits, summarise
from ifn_severity.evaluate.nested import CandidateResult
from ifn_severity.paths import models_dir
from ifn_severity.progress import Bar, no_bar
from ifn_severity.workflows import registry, tracking
from ifn_severity.workflows.dataset import Dataset, feature_sets_for, load_dataset
from ifn_severity.workflows.evidence import Evidence, leave_one_cohort_out
from ifn_severity.workflows.held_out import cohort_splits, interval_of, separate
from ifn_severity.workflows.release import refuse_released
from ifn_severity.workflows.training_log import (
    log_candidate,
    log_summary,
    run_tags,
    save_candidate,
)


@dataclass(frozen=True, eq=False)
class TrainResult:
    """What a training command leaves behind.

    Attributes
    ----------
    table : DataFrame
        One row a candidate, best first: ``feature_set``, ``model`` and every metric.
    model : Path
        The saved winner.
    run_id : str
        The MLflow parent run.
    dataset : Dataset
    version : Version or None
        Where the model was registered.
    """

    table: pd.DataFrame
    model: Path
    run_id: str
    dataset: Dataset
    version: registry.Version | None = None


def train(
    cohorts: Sequence[str],
    *,
    feature_sets: Sequence[str] = (),
    models: Sequence[str] = tuple(MODELS),
    folds: int = 5,
    inner_folds: int = 3,
    repeats: int = 3,
    seed: int = 0,
    n_jobs: int = -1,
    name: str | None = None,
    register: bool = False,
    bar: Bar = no_bar,
) -> TrainResult:
    """Compare feature sets and models, log each to MLflow, and save the best.

    Parameters
    ----------
    cohorts : sequence of str
        Cohorts whose graded samples are pooled.
    feature_sets, models : sequence of str
        The candidates are all pairs of these; every feature set that fits what the cohorts
        measured when empty.
    folds, inner_folds, repeats : int
        Outer folds, inner folds (search, calibration, threshold) and outer repeats.
    seed : int
        Seed of splits, models and bootstrap.
    n_jobs : int
        Processes; -1 for every core.
    name : str, optional
        Name of the saved model; ``severity-COHORTS`` when left out.
    register : bool
        Register the saved model in MLflow, with what it does on each cohort held out where
        there are three or more.
    bar : callable
        Gives a progress bar for a title and a number of steps.

    Returns
    -------
    TrainResult

    Raises
    ------
    IfnSeverityError
        If a cohort, feature set or model is unknown, a class has fewer patients than folds,
        or the store cannot be written.
    """
    feature_sets = feature_sets_for(cohorts, feature_sets)
    for model in models:
        search_space(model)
    if n_jobs == 0:
        raise InputError(
            "0 processes to train with",
            expected="-1 for every core, or a number of processes",
            do="leave --jobs out",
        )
    # before anything is computed: a name is one word, and no way out of models/
    saved_as = name or f"severity-{'+'.join(cohorts)}"
    target = models_dir() / saved_as
    if not valid_name(saved_as) or target.is_file():
        raise ModelError(
            f"{saved_as!r} cannot name a model",
            expected="one word of letters, digits and ._+- that is not a file in models/",
            do="choose another with --name",
        )
    refuse_released(target)
    mlflow = tracking.open_store("train")
    if register:
        registry.check_name(saved_as)
    dataset = load_dataset(cohorts, progress=bar is not no_bar)
    splits = outer_splits(dataset.y, dataset.patients, folds=folds, repeats=repeats, seed=seed)
    cohort_of = dataset.obs["cohort"].to_numpy(dtype=str)
    splits += cohort_splits(dataset.y, dataset.patients, cohort_of, repeat=repeats)
    candidates = [
        Candidate(feature_set, model, columns.to_numpy(), feature_views(columns.columns))
        for feature_set in feature_sets
        for columns in [dataset.columns(feature_set)]
        for model in dict.fromkeys(models)
    ]
    settings = {"folds": folds, "inner_folds": inner_folds, "repeats": repeats, "seed": seed}
    if target.exists():
        warnings.warn(
            f"the model {target.name} is there already and will be replaced; --name keeps both",
            UserWarning,
            stacklevel=2,
        )
    tags = run_tags(dataset)
    rows: list[dict[str, Any]] = []
    best: tuple[CandidateResult, dict[str, float]] | None = None
    kept: ProbabilityInterval | None = None
    steps = len(candidates) * (len(splits) + 1)
    parent_tags = {**tags, "level": "command"}
    with (
        tracking.run(mlflow, f"train {dataset.name}", tags=parent_tags) as parent,
        bar(f"training on {dataset.name}", steps) as advance,
    ):
        mlflow.log_params({**settings, "cohorts": dataset.name, "candidates": len(candidates)})
        results = nested_cross_validation(
            candidates,
            dataset.y,
            dataset.patients,
            splits,
            cohorts=cohort_of,
            inner_folds=inner_folds,
            seed=seed,
            n_jobs=n_jobs,
            on_step=advance,
        )
        for whole in results:
            result, between = separate(whole, repeats)
            interval = interval_of(result, between, list(cohort_of), seed=seed)
            metrics = summarise(result.held_out, seed=seed)
            identifier = log_candidate(
                mlflow, result, metrics, dataset, settings, tags, parent.info.run_id, interval
            )
            candidate = result.candidate
            row = {"feature_set": candidate.feature_set, "model": candidate.model, **metrics}
            rows.append({**row, "seconds": result.seconds, "run_id": identifier})
            if best is None or metrics["auroc"] > best[1]["auroc"]:
                best, kept = (result, metrics), interval
        if best is None:
            raise ValueError("no candidate: give at least one feature set and one model")
        table = pd.DataFrame(rows).sort_values("auroc", ascending=False, ignore_index=True)
        evidence = _evidence(dataset, best[0], settings, n_jobs) if register else None
        run_id = parent.info.run_id
        save_candidate(target, best[0], best[1], dataset, settings, table, run_id, kept, evidence)
        version = registry.register(mlflow, target, evidence) if register else None
        log_summary(mlflow, table, best, dataset, target)
    return TrainResult(table, target, parent.info.run_id, dataset, version)


def _evidence(
    dataset: Dataset, winner: CandidateResult, settings: dict[str, int], n_jobs: int
) -> Evidence | None:
    """Hold out each cohort for the winner; None where there are too few."""
    try:
        evidence, _ = leave_one_cohort_out(
            dataset,
            winner.candidate,
            inner_folds=settings["inner_folds"],
            seed=settings["seed"],
            n_jobs=n_jobs,
        )
    except LabelError as error:
        warnings.warn(
            f"no cohort was held out, so the registered model cannot become champion: {error.got}",
            UserWarning,
            stacklevel=3,
        )
        return None
    return evidence
