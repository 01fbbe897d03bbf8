"""Which candidates predict a cohort: chosen without it, or fixed beforehand."""

from __future__ import annotations

import numpy as np

from ifn_severity.evaluate.cross_cohort import choose_without, cohort_names
from ifn_severity.workflows.validation.fits import Fits, Problem


def choose(fits: Fits, problem: Problem, *, otherwise: str) -> dict[str, tuple[int, ...]]:
    """Choose candidates for each cohort without it, or take the one that was fixed beforehand.

    Parameters
    ----------
    fits : Fits
    problem : Problem
    otherwise : str
        Model of the candidate that is taken where two cohorts leave none to choose on.

    Returns
    -------
    dict of str to tuple of int
        Positions among the candidates, by cohort.
    """
    if problem.can_choose:
        return choose_without(
            fits.log_odds,
            fits.two_out,
            problem.y,
            problem.patients,
            problem.cohorts,
            problem.trainable,
            seed=problem.seed,
        )
    models = [candidate.model for candidate in fits.candidates]
    fixed = models.index(otherwise) if otherwise in models else 0
    return dict.fromkeys(cohort_names(problem.cohorts), (fixed,))


def averaged(
    values: np.ndarray, chosen: dict[str, tuple[int, ...]], problem: Problem
) -> np.ndarray:
    """Average, in each cohort, the candidates chosen without it."""
    result = np.full(len(problem.y), np.nan)
    for name, members in chosen.items():
        rows = problem.cohorts == name
        result[rows] = values[list(members)][:, rows].mean(axis=0)
    return result
