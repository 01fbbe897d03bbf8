"""Fits by part of the design: with everything, without interferon, and with random genes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import joblib
import numpy as np
from threadpoolctl import threadpool_limits

from ifn_severity.classify import SeverityClassifier, feature_views, refit
from ifn_severity.evaluate import auroc
from ifn_severity.explain.held_out import Design, Part, fit_part
from ifn_severity.explain.samples import Samples
from ifn_severity.workflows.validation.controls import GenePool, random_features

Step = Callable[[str], None]


def _fit(samples: Samples, part: Part, saved: SeverityClassifier) -> SeverityClassifier:
    with threadpool_limits(1):
        return fit_part(samples, part, saved)


def fit_parts(
    samples: Samples, design: Design, saved: SeverityClassifier, *, n_jobs: int, step: Step
) -> list[SeverityClassifier]:
    """Return the model that explains each part: the saved one, or its design fitted again."""
    fresh = [part for part in design.parts if not part.by_saved]
    tasks = (joblib.delayed(_fit)(samples, part, saved) for part in fresh)
    found = []
    for classifier in joblib.Parallel(n_jobs=n_jobs, return_as="generator")(tasks):
        found.append(classifier)
        step("fitting without the patients explained")
    remaining = iter(found)
    return [saved if part.by_saved else next(remaining) for part in design.parts]


def _fit_without(
    X: np.ndarray, views: np.ndarray, samples: Samples, part: Part, saved: SeverityClassifier
) -> np.ndarray:
    with threadpool_limits(1):
        classifier = SeverityClassifier(
            saved.model,
            inner_folds=saved.inner_folds,
            random_state=saved.random_state,
            views=views,
        )
        train = part.train
        classifier.fit(
            X[train],
            samples.y[train],
            groups=samples.patients[train],
            cohorts=samples.cohorts[train],
        )
        return classifier.decision_function(X[part.test])


def without_genes(
    samples: Samples,
    design: Design,
    saved: SeverityClassifier,
    genes: np.ndarray,
    groups: Sequence[str],
    *,
    n_jobs: int,
    step: Step,
) -> np.ndarray | None:
    """Return held-out log-odds of the same design without some genes.

    Parameters
    ----------
    samples : Samples
    design : Design
        With training samples.
    saved : SeverityClassifier
        Whose design it is.
    genes : ndarray of bool, shape (n_panel,)
        Genes to leave out, of every score too.
    groups : sequence of str
        Groups of features that are dropped with them.
    n_jobs : int
    step : callable

    Returns
    -------
    ndarray of shape (n_samples,) or None
        NaN in rows that are not explained; None where no feature is left.
    """
    X, columns = samples.without(genes)
    group = samples.definition.features["group"].to_numpy()[columns]
    kept = np.flatnonzero(~np.isin(group, list(groups)))
    if not len(kept):
        return None
    X = X[:, kept]
    views = feature_views(samples.features.columns[columns[kept]].astype(str))
    tasks = (joblib.delayed(_fit_without)(X, views, samples, part, saved) for part in design.parts)
    found = np.full(len(samples.obs), np.nan)
    results = joblib.Parallel(n_jobs=n_jobs, return_as="generator")(tasks)
    for part, margin in zip(design.parts, results, strict=True):
        found[part.test] = margin
        step("fitting without interferon")
    return found


def mean_auroc(samples: Samples, rows: np.ndarray, margin: np.ndarray) -> float:
    """Return the AUROC averaged over cohorts with both classes; ``margin`` is over all samples."""
    areas = [
        float(auroc(samples.y[here], margin[here])[0])
        for _, at in samples.blocks(rows)
        for here in [rows[at]]
        if np.ptp(samples.y[here]) > 0
    ]
    return float(np.mean(areas)) if areas else float("nan")


def _random_panel(
    seed: int,
    pool: GenePool,
    samples: Samples,
    design: Design,
    classifiers: Sequence[SeverityClassifier],
    rows: np.ndarray,
) -> float:
    rng = np.random.default_rng(seed)
    with threadpool_limits(1):
        X = random_features(pool, rng, samples.definition)
        margin = np.full(len(X), np.nan)
        for part, classifier in zip(design.parts, classifiers, strict=True):
            train = part.train
            again = refit(
                classifier,
                X[train],
                samples.y[train],
                samples.patients[train],
                samples.cohorts[train],
                views=samples.views,
                random_state=classifier.random_state,
            )
            margin[part.test] = again.decision_function(X[part.test])
    return mean_auroc(samples, rows, margin)


def random_panels(
    pool: GenePool,
    samples: Samples,
    design: Design,
    classifiers: Sequence[SeverityClassifier],
    rows: np.ndarray,
    *,
    draws: int,
    seed: int,
    n_jobs: int,
    step: Step,
) -> np.ndarray:
    """Return the held-out AUROC of the same design on random genes, shape (draws,).

    As many genes, features and views; settings are those that the search chose for the panel.
    ``rows`` are those that the mean over cohorts rests on.
    """
    tasks = (
        joblib.delayed(_random_panel)(seed + 1000 + i, pool, samples, design, classifiers, rows)
        for i in range(draws)
    )
    found = []
    for value in joblib.Parallel(n_jobs=n_jobs, return_as="generator")(tasks):
        found.append(value)
        step("random genes")
    return np.array(found, dtype=float)
