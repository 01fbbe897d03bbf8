"""Controls that keep a result honest: random genes, shuffled labels, fewer patients."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import joblib
import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from ifn_severity.classify import SeverityClassifier
from ifn_severity.evaluate import auroc
from ifn_severity.evaluate.bootstrap import percentile_interval
from ifn_severity.evaluate.cross_cohort import one_out_splits
from ifn_severity.evaluate.permutation import permute_labels
from ifn_severity.evaluate.splits import Split
from ifn_severity.features import FeatureDefinition, feature_definition
from ifn_severity.workflows.validation.fits import Problem, Step

FRACTIONS = (0.25, 0.5, 0.75, 1.0)


@dataclass(frozen=True, eq=False)
class GenePool:
    """Expression from which random panels are drawn.

    Attributes
    ----------
    levels : list of ndarray of shape (n_samples of a cohort, n_genes)
        log2 expression against the reference genes; NaN where a cohort lacks a gene. In the
        order of the samples.
    genes : list of str
        Genes of no list, measured in at least half of the cohorts.
    """

    levels: list[np.ndarray]
    genes: list[str]


def random_features(
    pool: GenePool, rng: np.random.Generator, definition: FeatureDefinition
) -> np.ndarray:
    """Build features with every listed gene replaced by a random one.

    The structure stays: as many genes, as many scores of the same sizes, overlapping alike.
    A gene is drawn once, unless the pool is smaller than the panel.

    Returns
    -------
    ndarray of shape (n_samples, n_features)
    """
    needed, there = len(definition.panel), len(pool.genes)
    drawn = rng.choice(there, size=needed, replace=there < needed)
    blocks = []
    for levels in pool.levels:
        values = levels[:, drawn]
        present = np.isfinite(values).all(axis=0)
        coefficients = definition.coefficients(present)
        absent = np.isnan(coefficients).any(axis=0)
        block = np.where(present, values, 0.0) @ np.where(absent, 0.0, coefficients)
        block[:, absent] = np.nan
        blocks.append(block)
    return np.vstack(blocks)


def _mean_auroc(
    X: np.ndarray,
    y: np.ndarray,
    views: np.ndarray,
    problem: Problem,
    model: str,
    splits: list[Split],
) -> float:
    """Mean AUROC over the cohorts that count, each held out."""
    names = problem.counted()
    areas = []
    with threadpool_limits(1):
        for split in splits:
            if str(problem.cohorts[split.test][0]) not in names:
                continue
            classifier = SeverityClassifier(
                model, inner_folds=problem.inner_folds, random_state=problem.seed, views=views
            )
            classifier.fit(
                X[split.train],
                y[split.train],
                groups=problem.patients[split.train],
                cohorts=problem.cohorts[split.train],
            )
            areas.append(auroc(y[split.test], classifier.decision_function(X[split.test]))[0])
    return float(np.mean(areas))


def _collect(
    problem: Problem, tasks: Iterator[object], total: int, step: Step, what: str
) -> np.ndarray:
    found = np.zeros(total)
    results = joblib.Parallel(n_jobs=problem.n_jobs, return_as="generator")(tasks)
    for i, value in enumerate(results):
        found[i] = value
        step(what)
    return found


def random_panels(
    problem: Problem, pool: GenePool, views: np.ndarray, model: str, *, draws: int, step: Step
) -> np.ndarray:
    """Mean held-out AUROC of panels of random genes, shape (draws,)."""
    splits = one_out_splits(problem.cohorts, problem.trainable)
    seeds = range(problem.seed + 1000, problem.seed + 1000 + draws)
    tasks = (
        joblib.delayed(_mean_auroc)(
            random_features(pool, np.random.default_rng(seed), feature_definition("all")),
            problem.y,
            views,
            problem,
            model,
            splits,
        )
        for seed in seeds
    )
    return _collect(problem, tasks, draws, step, "random genes")


def shuffled_labels(
    problem: Problem, X: np.ndarray, views: np.ndarray, model: str, *, draws: int, step: Step
) -> np.ndarray:
    """Mean held-out AUROC with labels exchanged between patients of a cohort, shape (draws,)."""
    splits = one_out_splits(problem.cohorts, problem.trainable)
    rng = np.random.default_rng(problem.seed)
    labels = np.tile(problem.y, (draws, 1))
    for name in np.unique(problem.cohorts):
        rows = np.flatnonzero(problem.cohorts == name)
        labels[:, rows] = permute_labels(problem.y[rows], problem.patients[rows], draws, rng)

    tasks = (joblib.delayed(_mean_auroc)(X, y, views, problem, model, splits) for y in labels)
    return _collect(problem, tasks, draws, step, "shuffled labels")


def learning_curve(
    problem: Problem, X: np.ndarray, views: np.ndarray, model: str, *, repeats: int, step: Step
) -> pd.DataFrame:
    """Mean held-out AUROC when a part of the training patients is left out.

    Patients are drawn within cohort and class; at least five of each stay, where there are
    five, because a cohort with fewer is not trained on.
    """
    rng = np.random.default_rng(problem.seed)
    whole = one_out_splits(problem.cohorts, problem.trainable)
    jobs: list[tuple[float, float, list[Split]]] = []
    for fraction in FRACTIONS:
        for _ in range(repeats if fraction < 1 else 1):
            thinned = [
                Split(0, s.fold, _thin(s.train, problem, fraction, rng), s.test) for s in whole
            ]
            sizes = [len(np.unique(problem.patients[s.train])) for s in thinned]
            jobs.append((fraction, float(np.mean(sizes)), thinned))
    tasks = (
        joblib.delayed(_mean_auroc)(X, problem.y, views, problem, model, splits)
        for _, _, splits in jobs
    )
    areas = _collect(problem, tasks, len(jobs), step, "fewer patients")
    table = pd.DataFrame(
        {"fraction": [j[0] for j in jobs], "n_patients": [j[1] for j in jobs], "auroc": areas}
    )
    rows = []
    for fraction in FRACTIONS:
        group = table[table["fraction"] == fraction]
        low, high = percentile_interval(group["auroc"].to_numpy())
        mean, size = float(group["auroc"].mean()), float(group["n_patients"].mean())
        rows.append(
            {"fraction": fraction, "n_patients": size, "mean_auroc": mean, "low": low, "high": high}
        )
    return pd.DataFrame(rows)


def _thin(
    rows: np.ndarray, problem: Problem, fraction: float, rng: np.random.Generator
) -> np.ndarray:
    kept: list[str] = []
    for name in np.unique(problem.cohorts[rows]):
        here = rows[problem.cohorts[rows] == name]
        severe = set(problem.patients[here[problem.y[here] == 1]].tolist())
        people = np.unique(problem.patients[here])
        for group in (
            [p for p in people.tolist() if p in severe],
            [p for p in people.tolist() if p not in severe],
        ):
            size = min(len(group), max(5, round(fraction * len(group))))
            kept.extend(rng.choice(group, size=size, replace=False).tolist())
    return rows[np.isin(problem.patients[rows], kept)]


def n_controls(*, panels: int, shuffles: int, repeats: int) -> int:
    """Return the number of steps of all controls, for a progress bar."""
    return panels + shuffles + (len(FRACTIONS) - 1) * repeats + 1
