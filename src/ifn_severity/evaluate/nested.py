"""Nested cross-validation of many candidates over the same outer splits, on every core."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import joblib
import numpy as np
from sklearn.base import clone
from threadpoolctl import threadpool_limits

from ifn_severity.classify import SeverityClassifier
from ifn_severity.evaluate.metrics import OutOfFold
from ifn_severity.evaluate.splits import Split


@dataclass(frozen=True, eq=False)
class Candidate:
    """A feature set with a model.

    Attributes
    ----------
    feature_set, model : str
    X : ndarray of shape (n_samples, n_features)
        Features, each computed from its own sample alone, so they can be computed once.
    views : ndarray of shape (n_features,), optional
        View of each feature, for the model ``transfer``.
    max_features : int, optional
        Most features that ``transfer`` gives a coefficient, chosen inside each fit.
    """

    feature_set: str
    model: str
    X: np.ndarray
    views: np.ndarray | None = None
    max_features: int | None = None

    @property
    def name(self) -> str:
        """Name shown in tables: feature set and model."""
        return f"{self.feature_set} / {self.model}"


@dataclass(frozen=True, eq=False)
class CandidateResult:
    """What one candidate did on held-out patients, and the model fitted on everything.

    Attributes
    ----------
    candidate : Candidate
    held_out : OutOfFold
    fitted : SeverityClassifier or None
        Fitted on all samples: what is saved. None where that was not asked for.
    chosen : list of dict
        The setting that each outer fold chose, with its fold and repeat; with ``max_features``
        also the features that it ``selected``.
    seconds : float
        Computing time over all folds, one core.
    """

    candidate: Candidate
    held_out: OutOfFold
    fitted: SeverityClassifier | None
    chosen: list[dict[str, Any]]
    seconds: float

    @property
    def classifier(self) -> SeverityClassifier:
        """The classifier fitted on all samples.

        Raises
        ------
        ValueError
            If the cross-validation was run without a refit.
        """
        if self.fitted is None:
            raise ValueError("not fitted on everything: cross-validate with refit=True")
        return self.fitted


def _fit_one(
    candidate: int, split: int, unfitted: SeverityClassifier, data: tuple[Any, ...]
) -> tuple[int, int, SeverityClassifier | None, np.ndarray, np.ndarray, dict[str, Any], float]:
    """Fit one fold in a worker; ``split`` -1 is the fit on everything."""
    X, y, patients, cohorts, train, test = data
    started = time.perf_counter()
    # folds run side by side, so a fit must not take a second core
    with threadpool_limits(1):
        classifier = clone(unfitted)
        classifier.fit(X[train], y[train], groups=patients[train], cohorts=cohorts[train])
        log_odds = np.empty((2, 0))
        called = np.empty(0, dtype=bool)
        if len(test):
            raw = classifier.uncalibrated_log_odds(X[test])
            log_odds = np.stack([classifier.decision_function(X[test]), raw])
            called = classifier.call(X[test]) == 1
    chosen = {"inner_auroc": classifier.inner_auroc_, "threshold": classifier.threshold_}
    chosen |= classifier.best_params_
    if classifier.max_features is not None:
        chosen["selected"] = classifier.selected_.tolist()
    taken = time.perf_counter() - started
    return candidate, split, classifier if split < 0 else None, log_odds, called, chosen, taken


def nested_cross_validation(
    candidates: list[Candidate],
    y: np.ndarray,
    patients: np.ndarray,
    splits: list[Split],
    *,
    cohorts: np.ndarray | None = None,
    inner_folds: int = 3,
    seed: int = 0,
    n_jobs: int = -1,
    refit: bool = True,
    on_step: Callable[[str], None] = lambda _: None,
) -> Iterator[CandidateResult]:
    """Yield each candidate's held-out predictions as soon as its last fold is done.

    Parameters
    ----------
    candidates : list of Candidate
    y : ndarray of shape (n_samples,), 0 or 1
    patients : ndarray of shape (n_samples,)
    splits : list of Split
        The outer splits, shared by all candidates; within a cohort or between cohorts.
    cohorts : ndarray of shape (n_samples,), optional
        Cohort of each sample, for models that fit across cohorts.
    inner_folds : int
        Folds of the search, calibration and threshold inside each outer training set.
    seed : int
    n_jobs : int
        Processes; -1 for every core. A joblib backend set by the caller (Dask, say) is used.
    refit : bool
        Whether each candidate is also fitted on everything.
    on_step : callable
        Called once a fit with the name of the candidate.

    Yields
    ------
    CandidateResult
    """
    n_repeats = 1 + max(split.repeat for split in splits)
    origin = np.zeros(len(y), dtype=int) if cohorts is None else cohorts
    rounds = [*range(len(splits)), -1] if refit else [*range(len(splits))]
    everything = np.arange(len(y))
    nothing = np.empty(0, dtype=int)

    def tasks() -> Iterator[Any]:
        for i, candidate in enumerate(candidates):
            unfitted = SeverityClassifier(
                candidate.model,
                inner_folds=inner_folds,
                random_state=seed,
                views=candidate.views,
                max_features=candidate.max_features,
            )
            for j in rounds:
                rows = (everything, nothing) if j < 0 else (splits[j].train, splits[j].test)
                data = (candidate.X, y, patients, origin, *rows)
                yield joblib.delayed(_fit_one)(i, j, unfitted, data)

    log_odds = np.full((2, len(candidates), n_repeats, len(y)), np.nan)
    called = np.zeros((len(candidates), n_repeats, len(y)), dtype=bool)
    fitted: dict[int, SeverityClassifier] = {}
    chosen: dict[int, list[dict[str, Any]]] = {i: [] for i in range(len(candidates))}
    seconds = np.zeros(len(candidates))
    left = np.full(len(candidates), len(rounds))

    results = joblib.Parallel(n_jobs=n_jobs, return_as="generator_unordered")(tasks())
    for i, j, classifier, fold_log_odds, fold_called, setting, taken in results:
        if classifier is not None:
            fitted[i] = classifier
        else:
            split = splits[j]
            log_odds[:, i, split.repeat, split.test] = fold_log_odds
            called[i, split.repeat, split.test] = fold_called
            chosen[i].append({"repeat": split.repeat, "fold": split.fold, **setting})
        seconds[i] += taken
        left[i] -= 1
        on_step(candidates[i].name)
        if left[i] == 0:
            held_out = OutOfFold(y, patients, log_odds[0, i], called[i], log_odds[1, i])
            settings = sorted(chosen[i], key=lambda s: (s["repeat"], s["fold"]))
            yield CandidateResult(
                candidates[i], held_out, fitted.get(i), settings, float(seconds[i])
            )
