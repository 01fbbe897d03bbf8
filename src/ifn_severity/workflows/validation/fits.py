"""Every fit between and inside cohorts that the validation rests on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import logit

from ifn_severity.evaluate import Candidate, OutOfFold, nested_cross_validation, outer_splits
from ifn_severity.evaluate.cross_cohort import (
    MIN_PATIENTS,
    class_patients,
    cohort_names,
    one_in_splits,
    one_out_splits,
    two_out_splits,
)
from ifn_severity.evaluate.nested import CandidateResult
from ifn_severity.evaluate.splits import Split
from ifn_severity.workflows.dataset import Dataset

Step = Callable[[str], None]


@dataclass(frozen=True, eq=False)
class Fits:
    """Held-out predictions of every candidate.

    Attributes
    ----------
    candidates : tuple of Candidate
    log_odds, raw_log_odds : ndarray of shape (n_candidates, n_samples)
        Leave one cohort out, calibrated on the training cohorts, and before that.
    above : ndarray of shape (n_candidates, n_samples)
        Log-odds less the threshold's: 0 or more is called severe.
    two_out : ndarray of shape (n_candidates, n_pairs, n_samples)
        With a pair of cohorts left out; NaN outside the pair. No pairs where that would leave
        nothing to train on.
    one_in : ndarray of shape (n_candidates, n_trainable, n_samples)
        Trained on one cohort; NaN on that cohort.
    within : dict of str to list of OutOfFold
        Nested cross-validation inside each cohort that has enough patients.
    """

    candidates: tuple[Candidate, ...]
    log_odds: np.ndarray
    raw_log_odds: np.ndarray
    above: np.ndarray
    two_out: np.ndarray
    one_in: np.ndarray
    within: dict[str, list[OutOfFold]]


@dataclass(frozen=True, eq=False)
class Problem:
    """The samples on which candidates are fitted, and how.

    Attributes
    ----------
    y, patients, cohorts : ndarray of shape (n_samples,)
    trainable : list of str
        Cohorts that may be trained on: the others are only ever held out.
    """

    y: np.ndarray
    patients: np.ndarray
    cohorts: np.ndarray
    trainable: list[str]
    inner_folds: int
    seed: int
    n_jobs: int

    @classmethod
    def of(
        cls, dataset: Dataset, trainable: list[str], *, inner_folds: int, seed: int, n_jobs: int
    ) -> Problem:
        """Take the samples of a dataset."""
        cohorts = dataset.obs["cohort"].to_numpy(dtype=str)
        return cls(dataset.y, dataset.patients, cohorts, trainable, inner_folds, seed, n_jobs)

    def run(
        self, candidates: Sequence[Candidate], splits: list[Split], step: Step
    ) -> list[CandidateResult]:
        """Fit every candidate on every split; results in the order of the candidates."""
        results = nested_cross_validation(
            list(candidates),
            self.y,
            self.patients,
            splits,
            cohorts=self.cohorts,
            inner_folds=self.inner_folds,
            seed=self.seed,
            n_jobs=self.n_jobs,
            refit=False,
            on_step=step,
        )
        by_identity = {id(result.candidate): result for result in results}
        return [by_identity[id(candidate)] for candidate in candidates]

    @property
    def can_choose(self) -> bool:
        """Whether enough is left to train on when one cohort is held out and one judges."""
        return len(self.trainable) > 2

    def counted(self) -> list[str]:
        """Return the cohorts with at least five patients in each class: means rest on these."""
        found = []
        for name in cohort_names(self.cohorts):
            rows = self.cohorts == name
            if min(class_patients(self.y[rows], self.patients[rows])) >= MIN_PATIENTS:
                found.append(name)
        return found


def n_fits(problem: Problem, n_candidates: int, *, folds: int) -> int:
    """Return the number of fits of ``run_fits``, for a progress bar."""
    n, t = len(np.unique(problem.cohorts)), len(problem.trainable)
    pairs = t * (t - 1) // 2 if problem.can_choose else 0
    return n_candidates * (n + pairs + t + folds * len(problem.counted()))


def run_fits(problem: Problem, candidates: Sequence[Candidate], *, folds: int, step: Step) -> Fits:
    """Hold out one cohort, hold out two, train on one, and cross-validate inside each.

    Parameters
    ----------
    problem : Problem
    candidates : sequence of Candidate
    folds : int
        Outer folds inside a cohort.
    step : callable
        Called once a fit with the candidate's name.
    """
    one_out = problem.run(candidates, one_out_splits(problem.cohorts, problem.trainable), step)
    two_out = np.empty((len(candidates), 0, len(problem.y)))
    if problem.can_choose:
        pairs = two_out_splits(problem.cohorts, problem.trainable)
        found = problem.run(candidates, pairs, step)
        two_out = np.stack([result.held_out.log_odds for result in found])
    one_in = problem.run(candidates, one_in_splits(problem.cohorts, problem.trainable), step)
    within = {}
    for name in problem.counted():
        rows = problem.cohorts == name
        inside = Problem(
            problem.y[rows],
            problem.patients[rows],
            problem.cohorts[rows],
            [name],
            problem.inner_folds,
            problem.seed,
            problem.n_jobs,
        )
        splits = outer_splits(inside.y, inside.patients, folds=folds, repeats=1, seed=problem.seed)
        here = [Candidate(c.feature_set, c.model, c.X[rows], c.views) for c in candidates]
        within[name] = [result.held_out for result in inside.run(here, splits, step)]
    return Fits(
        candidates=tuple(candidates),
        log_odds=np.stack([result.held_out.log_odds[0] for result in one_out]),
        raw_log_odds=np.stack([_raw(result) for result in one_out]),
        above=np.stack([_above(result, problem) for result in one_out]),
        two_out=two_out,
        one_in=np.stack([result.held_out.log_odds for result in one_in]),
        within=within,
    )


def _raw(result: CandidateResult) -> np.ndarray:
    raw = result.held_out.raw_log_odds
    return result.held_out.log_odds[0] if raw is None else raw[0]


def _above(result: CandidateResult, problem: Problem) -> np.ndarray:
    """Return held-out log-odds less the log-odds of the fold's own threshold."""
    above = result.held_out.log_odds[0].copy()
    for split, setting in zip(
        one_out_splits(problem.cohorts, problem.trainable), result.chosen, strict=True
    ):
        threshold = min(max(float(setting["threshold"]), 1e-6), 1.0 - 1e-6)
        above[split.test] -= logit(threshold)
    return np.asarray(above)
