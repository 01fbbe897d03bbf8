"""What one design does on cohorts it never saw: the evidence that a model carries with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ifn_severity.bundle.interval import ProbabilityInterval
from ifn_severity.classify import SeverityClassifier
from ifn_severity.cohorts import get_card
from ifn_severity.evaluate import Candidate, calibration_summary, nested_cross_validation
from ifn_severity.evaluate.cross_cohort import check_cohorts, cohort_names, one_out_splits
from ifn_severity.evaluate.prediction_interval import interval_between
from ifn_severity.evaluate.promotion import HeldOutScores
from ifn_severity.workflows.dataset import Dataset
from ifn_severity.workflows.validation.draws import Draws
from ifn_severity.workflows.validation.fits import Problem
from ifn_severity.workflows.validation.tables import (
    candidate_row,
    cohort_table,
    subgroup_table,
)

COLUMNS = ("sample", "cohort", "patient", "severe", "counted", "log_odds", "called_severe")


@dataclass(frozen=True, eq=False)
class Evidence:
    """Held-out predictions of one design, and what they amount to.

    Attributes
    ----------
    table : DataFrame of shape (n_samples, 7)
        ``sample``, ``cohort``, ``patient``, ``severe`` (0 or 1), ``counted`` (whether a mean
        rests on the cohort), ``log_odds`` and ``called_severe``. It goes to MLflow, never into a
        model's folder.
    metrics : dict
        ``mean_auroc`` and ``min_auroc`` over the cohorts that count, ``cohorts`` (per cohort
        AUROC, Brier score and calibration slope with intervals) and ``subgroups``.
    selected : dict of str to list of int
        With ``max_features``: the features that the fit without each cohort chose.
    """

    table: pd.DataFrame
    metrics: dict[str, Any]
    selected: dict[str, list[int]]

    def interval(self) -> ProbabilityInterval:
        """Return how far a probability may be from the truth in a laboratory never seen."""
        counted = self.table[self.table["counted"]]
        return interval_between(
            counted["severe"].to_numpy(),
            counted["log_odds"].to_numpy(),
            counted["cohort"].to_numpy(dtype=str),
        )


def leave_one_cohort_out(
    dataset: Dataset,
    candidate: Candidate,
    *,
    inner_folds: int,
    seed: int,
    n_jobs: int = 1,
    n_draws: int = 2000,
    step: Callable[[str], None] = lambda _: None,
) -> tuple[Evidence, SeverityClassifier]:
    """Hold out each cohort in turn, and fit on everything.

    Parameters
    ----------
    dataset : Dataset
        Three or more cohorts.
    candidate : Candidate
        Features of the dataset's samples, and the model.
    inner_folds, seed, n_jobs : int
    n_draws : int
        Bootstrap draws of patients for the 95 % intervals.
    step : callable
        Called once a fit.

    Returns
    -------
    evidence : Evidence
    classifier : SeverityClassifier
        Fitted on all samples.

    Raises
    ------
    LabelError
        If there are fewer than three cohorts, or too few of five patients in each class.
    """
    problem = Problem.of(dataset, [], inner_folds=inner_folds, seed=seed, n_jobs=n_jobs)
    check_cohorts(problem.y, problem.patients, problem.cohorts)
    (result,) = nested_cross_validation(
        [candidate],
        problem.y,
        problem.patients,
        one_out_splits(problem.cohorts),
        cohorts=problem.cohorts,
        inner_folds=inner_folds,
        seed=seed,
        n_jobs=n_jobs,
        on_step=step,
    )
    table = pd.DataFrame(
        {
            "sample": dataset.obs.index.to_numpy(dtype=str),
            "cohort": problem.cohorts,
            "patient": problem.patients,
            "severe": problem.y,
            "counted": np.isin(problem.cohorts, problem.counted()),
            "log_odds": result.held_out.log_odds[0],
            "called_severe": result.held_out.called[0],
        },
        columns=list(COLUMNS),
    )
    metrics = _metrics(dataset, problem, table, n_draws=n_draws)
    names = cohort_names(problem.cohorts)
    selected = {
        names[setting["fold"]]: setting["selected"]
        for setting in result.chosen
        if "selected" in setting
    }
    return Evidence(table, metrics, selected), result.classifier


def _metrics(
    dataset: Dataset, problem: Problem, table: pd.DataFrame, *, n_draws: int
) -> dict[str, Any]:
    """Summarise held-out predictions, under the names that the manifest keeps."""
    draws = Draws(problem, n_draws=n_draws)
    score = table["log_odds"].to_numpy()
    facts = cohort_table(dataset, problem).to_dict("index")
    cohorts = {}
    for name in cohort_names(problem.cohorts):
        here = problem.cohorts == name
        y, called = problem.y[here], table["called_severe"].to_numpy()[here]
        area, low, high = draws.interval(name, score)
        line = calibration_summary(
            y, score[here], problem.patients[here], n_draws=n_draws, seed=problem.seed
        )
        known = ("n_samples", "n_patients", "n_mild_patients", "n_severe_patients", "counted")
        cohorts[name] = {
            **{key: facts[name][key] for key in known},
            "auroc": area,
            "auroc_ci": [low, high],
            "brier": line.brier,
            "brier_ci": [line.brier_low, line.brier_high],
            "calibration_slope": line.slope,
            "calibration_slope_ci": [line.slope_low, line.slope_high],
            "calibration_in_the_large": line.in_the_large,
            "sensitivity": float(called[y == 1].mean()),
            "specificity": float(1.0 - called[y == 0].mean()),
        }
    row = candidate_row(draws, ("", ""), score)
    people = pd.DataFrame(
        {
            **{key: table[key] for key in ("cohort", "patient", "severe", "log_odds")},
            "sex": dataset.obs["sex"].astype(object).to_numpy(),
            "age": dataset.obs["age"].to_numpy(dtype=float),
        }
    )
    subgroups = subgroup_table(people, n_draws=n_draws, seed=problem.seed)
    known_groups = subgroups[subgroups["auroc"].notna()]
    return {
        "mean_auroc": row["mean_auroc"],
        "mean_auroc_ci": [row["mean_low"], row["mean_high"]],
        "min_auroc": row["min_auroc"],
        "min_cohort": row["min_cohort"],
        "median_calibration_slope": counted_scores(table).median_slope(),
        "cohorts": cohorts,
        "subgroups": {
            f"{cohort}, {group}": {
                "n_mild_patients": mild,
                "n_severe_patients": severe,
                "auroc": area,
                "auroc_ci": [low, high],
            }
            for cohort, group, mild, severe, area, low, high in known_groups[
                ["cohort", "subgroup", "n_mild", "n_severe", "auroc", "auroc_low", "auroc_high"]
            ].itertuples(index=False)
        },
    }


def counted_scores(table: pd.DataFrame) -> HeldOutScores:
    """Return the held-out predictions of the cohorts that count.

    Parameters
    ----------
    table : DataFrame
        :attr:`Evidence.table`.
    """
    counted = table[table["counted"].astype(bool)]
    return HeldOutScores(
        samples=counted["sample"].to_numpy(dtype=str),
        patients=counted["patient"].to_numpy(dtype=str),
        cohorts=counted["cohort"].to_numpy(dtype=str),
        y=counted["severe"].to_numpy(dtype=int),
        log_odds=counted["log_odds"].to_numpy(dtype=float),
    )


def with_meanings(facts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Add to the facts of each cohort what mild and severe mean in it, and whom to cite.

    Parameters
    ----------
    facts : list of dict
        ``Dataset.facts``.
    """
    kept = []
    for fact in facts:
        card = get_card(fact["name"])
        kept.append(
            {
                **fact,
                "mild_means": card.severity.mild_means,
                "severe_means": card.severity.severe_means,
                "citation": str(card.citation),
            }
        )
    return kept
