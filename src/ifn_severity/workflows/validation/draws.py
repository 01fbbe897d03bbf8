"""The same bootstrap draws of patients for every score that is compared."""

from __future__ import annotations

import numpy as np

from ifn_severity.evaluate import auroc, patient_bootstrap
from ifn_severity.evaluate.bootstrap import percentile_interval
from ifn_severity.evaluate.cross_cohort import cohort_names
from ifn_severity.workflows.validation.fits import Problem


class Draws:
    """The same bootstrap draws of patients for every score, cohort by cohort."""

    def __init__(self, problem: Problem, *, n_draws: int) -> None:
        self.problem = problem
        self.n_draws = n_draws
        rng = np.random.default_rng(problem.seed)
        self.weights = {
            name: np.vstack(
                [
                    np.ones((1, int((problem.cohorts == name).sum()))),
                    patient_bootstrap(
                        problem.patients[problem.cohorts == name], n_draws=n_draws, rng=rng
                    ),
                ]
            )
            for name in cohort_names(problem.cohorts)
        }

    def areas(self, name: str, score: np.ndarray) -> np.ndarray:
        """AUROC in one cohort: as it is, then by draw; ``score`` is over all samples."""
        rows = self.problem.cohorts == name
        return auroc(self.problem.y[rows], score[rows], self.weights[name])

    def interval(self, name: str, score: np.ndarray) -> tuple[float, float, float]:
        """AUROC in one cohort with its 95 % interval; NaN where the score is."""
        rows = self.problem.cohorts == name
        if not np.isfinite(score[rows]).all():
            return float("nan"), float("nan"), float("nan")
        areas = self.areas(name, score)
        return (float(areas[0]), *percentile_interval(areas[1:]))

    def share(self, name: str, true: np.ndarray, among: np.ndarray) -> tuple[float, float, float]:
        """Share of samples of one cohort for which ``true`` holds, with its 95 % interval.

        Parameters
        ----------
        name : str
        true, among : ndarray of bool, shape (n_samples,)
            Samples outside ``among`` do not count.
        """
        rows = self.problem.cohorts == name
        weights = self.weights[name] * among[rows]
        total = weights.sum(axis=1)
        found = np.full(len(weights), np.nan)
        # a draw without any such sample has no share
        np.divide(weights @ true[rows], total, out=found, where=total > 0)
        return (float(found[0]), *percentile_interval(found[1:]))

    def mean(self, score: np.ndarray, names: list[str]) -> tuple[float, float, float]:
        """Mean AUROC over cohorts with its 95 % interval."""
        areas = np.mean([self.areas(name, score) for name in names], axis=0)
        return (float(areas[0]), *percentile_interval(areas[1:]))
