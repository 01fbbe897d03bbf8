"""Validate: cohorts never seen, published scores beside, controls, and all of it recorded."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ifn_severity.classify import MODELS, feature_views, search_space
from ifn_severity.cohorts import get_card, list_cohorts
from ifn_severity.errors import InputError
from ifn_severity.evaluate import Candidate, permutation_test
from ifn_severity.evaluate.cross_cohort import check_cohorts, cohort_names
from ifn_severity.features import PROTEIN_SET
from ifn_severity.paths import reports_dir
from ifn_severity.progress import Bar, no_bar
from ifn_severity.report.validation import ValidationReport
from ifn_severity.workflows import tracking
from ifn_severity.workflows.dataset import Dataset, feature_sets_for, load_dataset
from ifn_severity.workflows.validation import additions, clinical, controls, record, tables
from ifn_severity.workflows.validation.beside import gene_pool, score_comparators
from ifn_severity.workflows.validation.choice import averaged, choose, recalibrated
from ifn_severity.workflows.validation.draws import Draws
from ifn_severity.workflows.validation.fits import Fits, Problem, n_fits, run_fits
from ifn_severity.workflows.validation.shared import shared_genes

REFERENCE_MODEL = "transfer"
"""Model that controls, additions and the learning curve are run with, on the set ``all`` (or
``proteins``): fixed beforehand, so that no control is run on a winner. Where nothing can be
chosen, because there are two cohorts, it is the headline too."""


@dataclass(frozen=True, eq=False)
class ValidateResult:
    """What a validation leaves behind.

    Attributes
    ----------
    report : ValidationReport
    folder : Path
        With ``validation.json``, ``report.html``, ``tripod.md`` and the tables.
    run_id : str
        The MLflow summary run.
    """

    report: ValidationReport
    folder: Path
    run_id: str


def validation_cohorts() -> list[str]:
    """Return the published cohorts that can be held out."""
    return [
        card.name
        for card in list_cohorts()
        if "validate" in card.uses
        and card.kind == "blood"
        and card.exercised
        and card.name != "simulated"
    ]


def validate(
    cohorts: Sequence[str] = (),
    *,
    feature_sets: Sequence[str] = (),
    models: Sequence[str] = tuple(MODELS),
    folds: int = 5,
    inner_folds: int = 3,
    panels: int = 100,
    shuffles: int = 20,
    repeats: int = 10,
    n_draws: int = 2000,
    seed: int = 0,
    n_jobs: int = -1,
    output: Path | None = None,
    figure_files: bool = False,
    bar: Bar = no_bar,
) -> ValidateResult:
    """Judge every candidate on cohorts that its training never saw.

    Parameters
    ----------
    cohorts : sequence of str
        Cohorts to hold out one by one; all that can be when empty. Those whose card allows
        training are also trained on.
    feature_sets, models : sequence of str
        The candidates are all pairs of these; every feature set that fits what the cohorts
        measured when empty.
    folds, inner_folds : int
        Of the nested cross-validation inside each cohort.
    panels, shuffles, repeats : int
        Draws of random genes, of shuffled labels, and repeats of the learning curve.
    n_draws : int
        Bootstrap draws of patients.
    seed, n_jobs : int
    output : Path, optional
        Folder; ``reports/validation`` when left out.
    figure_files : bool
        Whether each figure is written as PNG, SVG and PDF too.
    bar : callable
        Gives a progress bar for a title and a number of steps.

    Returns
    -------
    ValidateResult

    Raises
    ------
    IfnSeverityError
        If a cohort is unknown or unusable, two share a patient, or the store cannot be written.
    """
    names = list(cohorts) or validation_cohorts()
    feature_sets = feature_sets_for(names, feature_sets)
    for model in models:
        search_space(model)
    if n_jobs == 0:
        raise InputError(
            "0 processes to validate with",
            expected="-1 for every core, or a number of processes",
            do="leave --jobs out",
        )
    mlflow = tracking.open_store("leave-one-cohort-out")
    dataset = load_dataset(names, use="validate", progress=bar is not no_bar)
    trainable = [name for name in names if "train" in get_card(name).uses]
    problem = Problem.of(dataset, trainable, inner_folds=inner_folds, seed=seed, n_jobs=n_jobs)
    # there are two cohorts of plasma proteins; of transcripts enough to insist on a choice
    at_least = 2 if dataset.proteins else 3
    check_cohorts(problem.y, problem.patients, problem.cohorts, at_least=at_least)
    if dataset.proteins:
        panels = 0  # every protein of a panel was put there for a reason: none is random
    problem = Problem.of(
        dataset,
        [name for name in trainable if name in problem.counted()],
        inner_folds=inner_folds,
        seed=seed,
        n_jobs=n_jobs,
    )
    candidates = [
        Candidate(
            feature_set, model, columns.to_numpy(), feature_views(columns.columns.astype(str))
        )
        for feature_set in feature_sets
        for columns in [dataset.columns(feature_set)]
        for model in dict.fromkeys(models)
    ]
    steps = n_fits(problem, len(candidates), folds=folds)
    steps += len(cohort_names(problem.cohorts)) * (1 + len(additions.GROUPS))
    steps += controls.n_controls(panels=panels, shuffles=shuffles, repeats=repeats)
    with bar(f"validating on {len(names)} cohorts", steps) as step:
        fits = run_fits(problem, candidates, folds=folds, step=step)
        report = _report(
            dataset,
            problem,
            fits,
            step,
            panels=panels,
            shuffles=shuffles,
            repeats=repeats,
            n_draws=n_draws,
            settings={"folds": folds, "inner_folds": inner_folds, "n_jobs": n_jobs},
        )
    folder = output or reports_dir() / "validation"
    run_id = record.write(mlflow, report, dataset, folder, figure_files=figure_files)
    return ValidateResult(report, folder, run_id)


def _report(
    dataset: Dataset,
    problem: Problem,
    fits: Fits,
    step: Callable[[str], None],
    *,
    panels: int,
    shuffles: int,
    repeats: int,
    n_draws: int,
    settings: dict[str, Any],
) -> ValidationReport:
    """Put all tables together."""
    draws = Draws(problem, n_draws=n_draws)
    chosen = choose(fits, problem, otherwise=REFERENCE_MODEL)
    score, raw, above = (
        averaged(values, chosen, problem)
        for values in (fits.log_odds, fits.raw_log_odds, fits.above)
    )
    score = recalibrated(score, fits, chosen, problem)
    held_out = tables.held_out_rows(draws, tables.NESTED, score, raw, above, intervals=True)
    every = fits.log_odds.mean(axis=0)
    rows = [
        tables.candidate_row(draws, tables.NESTED, score),
        tables.candidate_row(draws, tables.AVERAGED, every),
    ]
    for i, candidate in enumerate(fits.candidates):
        label = (candidate.feature_set, candidate.model)
        own = (fits.log_odds[i], fits.raw_log_odds[i], fits.above[i])
        held_out += tables.held_out_rows(draws, label, *own)
        rows.append(tables.candidate_row(draws, label, own[0]))
    ranked = pd.DataFrame(rows[2:]).sort_values("mean_auroc", ascending=False, ignore_index=True)
    scores, labels, reasons = score_comparators(dataset)
    scores[clinical.NAME], unknown = clinical.age_and_sex(dataset, problem)
    labels[clinical.NAME] = clinical.LABEL
    reasons |= {(clinical.NAME, name): reason for name, reason in unknown.items()}
    comparators, differences = tables.comparator_tables(draws, scores, labels, reasons, score)
    predictions = tables.predictions_table(dataset, score, raw, above)

    whole = PROTEIN_SET if dataset.proteins else "all"
    columns = dataset.columns(whole)
    views, X = feature_views(columns.columns.astype(str)), columns.to_numpy()
    reference = Candidate(whole, REFERENCE_MODEL, X, views)
    complete = additions.fit_with(problem, reference, step)
    without = additions.fit_without(problem, dataset, REFERENCE_MODEL, step)
    added = [
        row
        for group, other in without.items()
        for row in additions.addition_rows(draws, dataset, group, complete, other)
    ]
    random = np.empty(0)
    if panels:
        pool = gene_pool(problem)
        random = controls.random_panels(
            problem, pool, views, REFERENCE_MODEL, draws=panels, step=step
        )
    shuffled = controls.shuffled_labels(
        problem, X, views, REFERENCE_MODEL, draws=shuffles, step=step
    )
    learning = controls.learning_curve(
        problem, X, views, REFERENCE_MODEL, repeats=repeats, step=step
    )
    counted = np.isin(problem.cohorts, problem.counted())
    permuted = permutation_test(
        problem.y[counted],
        score[counted],
        problem.patients[counted],
        problem.cohorts[counted],
        seed=problem.seed,
    )
    table = comparators.pivot(index="label", columns="cohort", values="auroc")
    known = table[problem.counted()].dropna()
    means = known.to_numpy(dtype=float).mean(axis=1)
    headline = {
        **rows[0],
        "chosen": {
            name: [fits.candidates[i].name for i in members] for name, members in chosen.items()
        },
        "best_candidate": " / ".join(ranked[["feature_set", "model"]].to_numpy(dtype=str)[0]),
        "best_of_many": float(ranked["mean_auroc"].to_numpy(dtype=float)[0]),
        "averaged_auroc": rows[1]["mean_auroc"],
        "averaged_min": rows[1]["min_auroc"],
        "reference_candidate": reference.name,
        "reference_auroc": draws.mean(complete, problem.counted())[0],
        "n_configurations": len(fits.candidates),
        "permutation_p": permuted.p_value,
        "best_comparator": str(known.index.to_numpy(dtype=str)[means.argmax()]),
        "best_comparator_auroc": float(means.max()),
        "seed": problem.seed,
        "n_draws": n_draws,
        "fixed": "" if problem.can_choose else fits.candidates[next(iter(chosen.values()))[0]].name,
        "proteins": dataset.proteins,
        # each plasma protein is in one group
        "shared_genes": {}
        if dataset.proteins
        else {group: shared_genes(group) for group in additions.GROUPS},
    }
    return ValidationReport(
        cohorts=tables.cohort_table(dataset, problem),
        headline=headline,
        predictions=predictions,
        held_out=pd.DataFrame(held_out),
        candidates=pd.concat([pd.DataFrame(rows[:2]), ranked], ignore_index=True),
        comparators=comparators,
        differences=differences,
        within=tables.within_table(fits, n_draws=n_draws, seed=problem.seed),
        matrix=tables.matrix_table(draws, fits),
        additions=pd.DataFrame(added),
        interactions=additions.interaction_table(draws, dataset),
        subgroups=tables.subgroup_table(predictions, n_draws=n_draws, seed=problem.seed),
        learning=learning,
        random_panels=random,
        shuffled=shuffled,
        settings={**settings, "panels": panels, "shuffles": shuffles, "seed": problem.seed},
        versions=tracking.version_tags(),
        checksums={
            file: sha for fact in dataset.facts for file, sha in dict(fact["files"]).items()
        },
        citations=tuple(str(get_card(name).citation) for name in cohort_names(problem.cohorts)),
        limits=record.PROTEIN_LIMITS if dataset.proteins else record.LIMITS,
        simulated=dataset.simulated,
    )
