"""Which candidates predict a cohort: chosen without it, or fixed beforehand."""

from __future__ import annotations

import numpy as np

from ifn_severity.classify.transfer import platt_between
from ifn_severity.evaluate.cross_cohort import choose_without, cohort_names, without_both
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


def recalibrated(
    values: np.ndarray, fits: Fits, chosen: dict[str, tuple[int, ...]], problem: Problem
) -> np.ndarray:
    """Calibrate averages of several candidates, each cohort's without it.

    An average of calibrated predictions is too timid, the more so the less they agree
    (Ranjan & Gneiting 2010, doi:10.1111/j.1467-9868.2009.00726.x). So the average of the same
    candidates is taken on each training cohort, by fits that saw neither that cohort nor the one
    held out, and one slope with an intercept a cohort is learned there. The mean intercept is
    kept. A candidate that stands alone was calibrated in its own fit, and stays as it is.

    Parameters
    ----------
    values : ndarray of shape (n_samples,)
        Of ``averaged``, log-odds.
    fits : Fits
    chosen : dict of str to tuple of int
    problem : Problem

    Returns
    -------
    ndarray of shape (n_samples,)
    """
    result = values.copy()
    for name, members in chosen.items():
        if len(members) < 2:
            continue
        judges = [judge for judge in problem.trainable if judge != name]
        margins = np.full(len(problem.y), np.nan)
        for judge in judges:
            unseen = without_both(
                fits.log_odds, fits.two_out, problem.cohorts, problem.trainable, name, judge
            )
            margins[problem.cohorts == judge] = unseen[list(members)].mean(axis=0)
        known = np.isin(problem.cohorts, judges)
        cohorts = problem.cohorts[known]
        slope, each = platt_between(
            margins[known], problem.y[known], problem.patients[known], cohorts
        )
        _, first = np.unique(cohorts, return_index=True)
        rows = problem.cohorts == name
        result[rows] = slope * values[rows] + each[first].mean()
    return result
