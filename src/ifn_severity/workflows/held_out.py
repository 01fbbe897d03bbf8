"""What a saved model keeps of held-out samples: the interval of its probabilities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ifn_severity.bundle.interval import ProbabilityInterval
from ifn_severity.classify.transfer import usable_cohorts
from ifn_severity.evaluate import Split
from ifn_severity.evaluate.cross_cohort import one_out_splits
from ifn_severity.evaluate.nested import CandidateResult
from ifn_severity.evaluate.prediction_interval import interval_between, interval_within


def cohort_splits(
    y: np.ndarray, patients: np.ndarray, cohorts: np.ndarray, *, repeat: int
) -> list[Split]:
    """Hold out each cohort that has enough patients of both classes, as one more repeat.

    Parameters
    ----------
    y : ndarray of shape (n_samples,), 0 or 1
    patients, cohorts : ndarray of shape (n_samples,)
    repeat : int
        Number of the repeat.

    Returns
    -------
    list of Split
        Empty where fewer than two cohorts have enough.
    """
    judged = np.unique(cohorts[usable_cohorts(y, patients, cohorts)]).tolist()
    if len(judged) < 2:
        return []
    every = one_out_splits(cohorts)
    kept = [split for split in every if cohorts[split.test[0]] in judged]
    return [Split(repeat, fold, s.train, s.test) for fold, s in enumerate(kept)]


def separate(result: CandidateResult, repeats: int) -> tuple[CandidateResult, np.ndarray | None]:
    """Take the repeat that :func:`cohort_splits` added off the others.

    Parameters
    ----------
    result : CandidateResult
    repeats : int
        Repeats of the cross-validation by patient.

    Returns
    -------
    result : CandidateResult
        Without it.
    between : ndarray of shape (n_samples,) or None
        Log-odds of cohorts held out, NaN where a cohort was not; None where there was no such
        repeat.
    """
    held_out = result.held_out
    if len(held_out.log_odds) == repeats:
        return result, None
    raw = held_out.raw_log_odds
    within = replace(
        held_out,
        log_odds=held_out.log_odds[:repeats],
        called=held_out.called[:repeats],
        raw_log_odds=None if raw is None else raw[:repeats],
    )
    chosen = [setting for setting in result.chosen if setting["repeat"] < repeats]
    return replace(result, held_out=within, chosen=chosen), held_out.log_odds[repeats]


def interval_of(
    result: CandidateResult, between: np.ndarray | None, cohorts: Sequence[str], *, seed: int
) -> ProbabilityInterval:
    """Learn the interval of a candidate from cohorts held out, else from folds of patients.

    Parameters
    ----------
    result : CandidateResult
        Its cross-validation by patient.
    between : ndarray of shape (n_samples,) or None
        What :func:`separate` gave.
    cohorts : sequence of str of length n_samples
    seed : int
        Of the patient bootstrap.
    """
    held_out = result.held_out
    if between is None:
        return interval_within(held_out.y, held_out.log_odds, held_out.patients, seed=seed)
    return interval_between(held_out.y, between, np.asarray(cohorts))
