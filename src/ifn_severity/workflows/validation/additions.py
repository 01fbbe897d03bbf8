"""What a group of features adds once the others are there, to whom, and when."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from ifn_severity.classify import feature_views
from ifn_severity.evaluate import Candidate, outer_splits, paired_difference
from ifn_severity.evaluate.cross_cohort import MIN_PATIENTS, class_patients, one_out_splits
from ifn_severity.evaluate.subgroups import EARLY_UNTIL
from ifn_severity.features import PROTEIN_SET, feature_definition
from ifn_severity.workflows.dataset import Dataset
from ifn_severity.workflows.validation.draws import Draws
from ifn_severity.workflows.validation.fits import Problem, Step

GROUPS = ("interferon", "cytokine")
INTERFERON, INFLAMMATION = "score:Rice2013_IFN6", "score:HALLMARK_TNFA_NFKB"
PROTEIN = "protein:IFNG"
"""What stands beside as interferon alone where plasma proteins were measured."""


def without_group(dataset: Dataset, group: str, model: str) -> Candidate:
    """Return the candidate with every feature but those of one group.

    The balance of interferon to inflammation belongs to interferon and goes with it.
    """
    whole = PROTEIN_SET if dataset.proteins else "all"
    features = feature_definition(whole).features
    X = dataset.columns(whole)
    X = X[X.columns[(features["group"] != group).loc[X.columns]]]
    return Candidate(
        f"{whole} without {group}", model, X.to_numpy(), feature_views(X.columns.astype(str))
    )


def addition_rows(
    draws: Draws, dataset: Dataset, group: str, with_: np.ndarray, without: np.ndarray
) -> list[dict[str, Any]]:
    """Compare held-out predictions with and without a group, by cohort and by stage.

    Parameters
    ----------
    draws : Draws
    dataset : Dataset
    group : {"interferon", "cytokine"}
    with_, without : ndarray of shape (n_samples,)
        Held-out log-odds.

    Returns
    -------
    list of dict
        Rows of ``additions`` of the report; stages where the day is known and each class has
        five patients in that stage.
    """
    problem = draws.problem
    day = dataset.obs["days_since_onset"].to_numpy(dtype=float)
    alone = _alone(dataset)
    every = np.ones(len(problem.y), dtype=bool)
    stages = {"all": every, "early": day <= EARLY_UNTIL, "late": day > EARLY_UNTIL}
    rows = []
    for stage, inside in stages.items():
        usable = []
        for name in dict.fromkeys(problem.cohorts.tolist()):
            here = inside & (problem.cohorts == name)
            mild, severe = class_patients(problem.y[here], problem.patients[here])
            if min(mild, severe) >= (MIN_PATIENTS if stage != "all" else 2):
                usable.append(name)
        means = [name for name in usable if name in problem.counted()]
        scopes = [(name, [name]) for name in usable]
        if len(means) > 1:
            scopes.append(("mean", means))
        for scope, names in scopes:
            here = inside & np.isin(problem.cohorts, names)
            common = (problem.patients[here], problem.cohorts[here])
            y = problem.y[here]
            paired = paired_difference(
                y, with_[here], without[here], *common, n_draws=draws.n_draws, seed=problem.seed
            )
            by_itself = paired_difference(
                y, alone[here], with_[here], *common, n_draws=2, seed=problem.seed
            )
            rows.append(
                {
                    "group": group,
                    "scope": scope,
                    "stage": stage,
                    "n_mild": int((y == 0).sum()),
                    "n_severe": int((y == 1).sum()),
                    "with_": paired.auroc_a,
                    "without": paired.auroc_b,
                    "difference": paired.difference,
                    "low": paired.low,
                    "high": paired.high,
                    "alone": by_itself.auroc_a,
                }
            )
    return rows


def _alone(dataset: Dataset) -> np.ndarray:
    """Return the one interferon feature that stands beside, shape (n_samples,)."""
    if not dataset.proteins:
        return dataset.features[INTERFERON].to_numpy(dtype=float)
    if PROTEIN not in dataset.features:
        return np.zeros(len(dataset.features))
    levels = dataset.features[PROTEIN]
    # a value that failed gets its cohort's median, which speaks for neither class
    usual = levels.groupby(dataset.obs["cohort"].to_numpy()).transform("median")
    return levels.fillna(usual).to_numpy(dtype=float)


def interaction_table(draws: Draws, dataset: Dataset, *, inside: bool = False) -> pd.DataFrame:
    """Ask whether a product term helps a small model on cohorts it has not seen.

    Interferon with inflammation on all cohorts, interferon with the day since onset on those
    that know it: logistic regression on two scores, with and without their product (standardised
    in the training cohorts, cohorts × classes weighted equally). Empty for plasma proteins:
    one cohort of them knows the day.

    Parameters
    ----------
    draws : Draws
    dataset : Dataset
    inside : bool
        Whether a single cohort is asked too, by five folds of its patients.
    """
    problem = draws.problem
    if dataset.proteins:
        return pd.DataFrame()
    score = dataset.features[[INTERFERON, INFLAMMATION]].to_numpy(dtype=float)
    day = dataset.obs["days_since_onset"].to_numpy(dtype=float)
    rows: list[dict[str, Any]] = []
    pairs = (("interferon × inflammation", score[:, 1]), ("interferon × day since onset", day))
    for title, other in pairs:
        known = np.isfinite(other) & np.isfinite(score[:, 0])
        whole = [n for n in problem.trainable if known[problem.cohorts == n].all()]
        if len(whole) < (1 if inside else 2):
            continue
        use = np.isin(problem.cohorts, whole)
        X = np.column_stack([score[:, 0], other])[use]
        y, patients, cohorts = problem.y[use], problem.patients[use], problem.cohorts[use]
        plain, product, slopes = np.zeros(len(y)), np.zeros(len(y)), {}
        alone = len(whole) == 1
        splits = outer_splits(y, patients, repeats=1, seed=problem.seed) if alone else None
        for split in splits or one_out_splits(cohorts):
            weight = _equal_weights(y[split.train], cohorts[split.train])
            for target, crossed in ((plain, False), (product, True)):
                centre, scale = X[split.train].mean(axis=0), X[split.train].std(axis=0)
                Z = (X - centre) / scale
                if crossed:
                    Z = np.column_stack([Z, Z[:, 0] * Z[:, 1]])
                model = make_pipeline(StandardScaler(), LogisticRegression(C=1.0))
                model.fit(Z[split.train], y[split.train], logisticregression__sample_weight=weight)
                target[split.test] = model.decision_function(Z[split.test])
                if crossed:
                    name = f"fold {split.fold}" if alone else str(cohorts[split.test][0])
                    slopes[name] = float(model[-1].coef_[0, 2])
        for scope in whole if alone else [*whole, "mean"]:
            here = cohorts == scope if scope != "mean" else np.ones(len(y), dtype=bool)
            paired = paired_difference(
                y[here],
                product[here],
                plain[here],
                patients[here],
                cohorts[here],
                n_draws=draws.n_draws,
                seed=problem.seed,
            )
            rows.append(
                {
                    "interaction": title,
                    "cohort": scope,
                    "without": paired.auroc_b,
                    "with_": paired.auroc_a,
                    "difference": paired.difference,
                    "low": paired.low,
                    "high": paired.high,
                    "coefficient": slopes.get(scope, float(np.mean(list(slopes.values())))),
                }
            )
    return pd.DataFrame(rows)


def _equal_weights(y: np.ndarray, cohorts: np.ndarray) -> np.ndarray:
    """Weight samples so that every class of every cohort counts alike."""
    weight = np.zeros(len(y))
    for name in np.unique(cohorts):
        for label in (0, 1):
            cell = (cohorts == name) & (y == label)
            if cell.any():
                weight[cell] = 1.0 / cell.sum()
    return np.asarray(weight * len(y) / weight.sum())


def fit_with(problem: Problem, candidate: Candidate, step: Step) -> np.ndarray:
    """Return a candidate's held-out log-odds, one cohort left out at a time."""
    splits = one_out_splits(problem.cohorts, problem.trainable)
    (result,) = problem.run([candidate], splits, step)
    return np.asarray(result.held_out.log_odds[0])


def fit_without(
    problem: Problem, dataset: Dataset, model: str, step: Step
) -> dict[str, np.ndarray]:
    """Return held-out log-odds without each of ``GROUPS``."""
    candidates = [without_group(dataset, group, model) for group in GROUPS]
    splits = one_out_splits(problem.cohorts, problem.trainable)
    results = problem.run(candidates, splits, step)
    return {
        group: result.held_out.log_odds[0] for group, result in zip(GROUPS, results, strict=True)
    }
