"""Splits between cohorts, and the choice of a candidate without the cohort it is judged on."""

from __future__ import annotations

from itertools import combinations

import numpy as np

from ifn_severity.errors import LabelError
from ifn_severity.evaluate.metrics import auroc
from ifn_severity.evaluate.splits import Split

MIN_PATIENTS = 5
"""Fewest patients of each class in a cohort that a mean may rest on."""


def cohort_names(cohorts: np.ndarray) -> list[str]:
    """Return the cohorts in the order in which they first occur."""
    return [str(name) for name in dict.fromkeys(cohorts.tolist())]


def class_patients(y: np.ndarray, patients: np.ndarray) -> tuple[int, int]:
    """Return the number of patients with a mild and with a severe sample."""
    return len(np.unique(patients[y == 0])), len(np.unique(patients[y == 1]))


def check_cohorts(y: np.ndarray, patients: np.ndarray, cohorts: np.ndarray) -> None:
    """Refuse cohorts that cannot be held out one by one.

    Parameters
    ----------
    y : ndarray of shape (n_samples,), 0 or 1
    patients, cohorts : ndarray of shape (n_samples,)

    Raises
    ------
    LabelError
        If there are fewer than three cohorts, a cohort has one class only, two cohorts share a
        patient, or fewer than three have five patients in each class.
    """
    names = cohort_names(cohorts)
    if len(names) < 3:
        raise LabelError(
            f"{len(names)} cohorts",
            expected="at least three, so that a choice can be made without the one held out",
            do="name three or more; ifn-severity cohorts lists them",
        )
    owner: dict[str, str] = {}
    counted = []
    for name in names:
        mine = cohorts == name
        mild, severe = class_patients(y[mine], patients[mine])
        if not mild or not severe:
            raise LabelError(
                f"{name} has {mild} mild and {severe} severe patients",
                expected="patients of both classes in every cohort",
                do=f"leave {name} out",
            )
        if min(mild, severe) >= MIN_PATIENTS:
            counted.append(name)
        for patient in np.unique(patients[mine]).tolist():
            other = owner.setdefault(patient, name)
            if other != name:
                raise LabelError(
                    f"patient {patient} is in {other} and in {name}",
                    expected="no patient in two cohorts: held-out figures would be inside figures",
                    do="leave one of the two cohorts out, or correct the patient column",
                )
    if len(counted) < 3:
        raise LabelError(
            f"{len(counted)} cohorts with {MIN_PATIENTS} patients in each class "
            f"({', '.join(counted) or 'none'})",
            expected=f"at least three cohorts of {MIN_PATIENTS} or more in each class",
            do="add cohorts: a mean over fewer says nothing",
        )


def one_out_splits(cohorts: np.ndarray) -> list[Split]:
    """Hold out each cohort in turn.

    Parameters
    ----------
    cohorts : ndarray of shape (n_samples,)

    Returns
    -------
    list of Split
        One a cohort, all of repeat 0.

    Examples
    --------
    >>> [s.test.tolist() for s in one_out_splits(np.array(["a", "a", "b"]))]
    [[0, 1], [2]]
    """
    return [
        Split(0, fold, np.flatnonzero(cohorts != name), np.flatnonzero(cohorts == name))
        for fold, name in enumerate(cohort_names(cohorts))
    ]


def two_out_splits(cohorts: np.ndarray) -> list[Split]:
    """Hold out every pair of cohorts: what a choice is made on when one of them is judged.

    Returns
    -------
    list of Split
        One a pair, each a repeat of its own, in the order of ``itertools.combinations``.
    """
    splits = []
    for repeat, pair in enumerate(combinations(cohort_names(cohorts), 2)):
        out = np.isin(cohorts, pair)
        splits.append(Split(repeat, 0, np.flatnonzero(~out), np.flatnonzero(out)))
    return splits


def one_in_splits(cohorts: np.ndarray, trainable: list[str]) -> list[Split]:
    """Train on one cohort and test on all others.

    Parameters
    ----------
    cohorts : ndarray of shape (n_samples,)
    trainable : list of str
        Cohorts large enough to train on.

    Returns
    -------
    list of Split
        One a training cohort, each a repeat of its own.
    """
    return [
        Split(repeat, 0, np.flatnonzero(cohorts == name), np.flatnonzero(cohorts != name))
        for repeat, name in enumerate(trainable)
    ]


def choose_without(
    one_out: np.ndarray, two_out: np.ndarray, y: np.ndarray, cohorts: np.ndarray, judges: list[str]
) -> tuple[np.ndarray, dict[str, int]]:
    """Predict each cohort by the candidate that did best on the others, itself unseen.

    For a held-out cohort, every candidate is scored on each other cohort by the fit that saw
    neither of the two. The best mean decides; only then is the held-out cohort looked at.

    Parameters
    ----------
    one_out : ndarray of shape (n_candidates, n_samples)
        Held-out log-odds of ``one_out_splits``.
    two_out : ndarray of shape (n_candidates, n_pairs, n_samples)
        Those of ``two_out_splits``; NaN outside the pair.
    y : ndarray of shape (n_samples,), 0 or 1
    cohorts : ndarray of shape (n_samples,)
    judges : list of str
        Cohorts whose AUROC may decide.

    Returns
    -------
    log_odds : ndarray of shape (n_samples,)
        The chosen candidates' held-out log-odds.
    chosen : dict of str to int
        Candidate of each cohort.
    """
    names = cohort_names(cohorts)
    pairs = list(combinations(names, 2))
    log_odds = np.full(len(y), np.nan)
    chosen: dict[str, int] = {}
    for name in names:
        means = np.zeros(len(one_out))
        others = [judge for judge in judges if judge != name]
        for judge in others:
            pair = (name, judge) if (name, judge) in pairs else (judge, name)
            rows = cohorts == judge
            for candidate in range(len(one_out)):
                score = two_out[candidate, pairs.index(pair), rows]
                means[candidate] += auroc(y[rows], score)[0] / len(others)
        chosen[name] = int(np.argmax(means))
        rows = cohorts == name
        log_odds[rows] = one_out[chosen[name], rows]
    return log_odds, chosen
