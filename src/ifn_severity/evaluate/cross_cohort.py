"""Splits between cohorts, and the choice of a candidate without the cohort it is judged on."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from ifn_severity.errors import LabelError
from ifn_severity.evaluate.bootstrap import patient_bootstrap
from ifn_severity.evaluate.metrics import auroc
from ifn_severity.evaluate.splits import Split

MIN_PATIENTS = 5
"""Fewest patients of each class in a cohort that a mean may rest on."""
_WORDS = {2: "two", 3: "three"}


def cohort_names(cohorts: np.ndarray) -> list[str]:
    """Return the cohorts in the order in which they first occur."""
    return [str(name) for name in dict.fromkeys(cohorts.tolist())]


def class_patients(y: np.ndarray, patients: np.ndarray) -> tuple[int, int]:
    """Return the number of patients with a mild and with a severe sample."""
    return len(np.unique(patients[y == 0])), len(np.unique(patients[y == 1]))


def check_cohorts(
    y: np.ndarray, patients: np.ndarray, cohorts: np.ndarray, *, at_least: int = 3
) -> None:
    """Refuse cohorts that cannot be held out one by one.

    Parameters
    ----------
    y : ndarray of shape (n_samples,), 0 or 1
    patients, cohorts : ndarray of shape (n_samples,)
    at_least : {3, 2}
        Fewest cohorts. With two nothing can be chosen without the one held out.

    Raises
    ------
    LabelError
        If there are fewer cohorts, a cohort has one class only, two cohorts share a patient, or
        fewer than ``at_least`` have five patients in each class.
    """
    names = cohort_names(cohorts)
    if len(names) < at_least:
        why = "so that a choice can be made without the one held out"
        raise LabelError(
            f"{len(names)} cohorts",
            expected=f"at least {_WORDS[at_least]}, "
            + (why if at_least > 2 else "one to train on and one to hold out"),
            do=f"name {_WORDS[at_least]} or more; ifn-severity cohorts lists them",
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
    if len(counted) < at_least:
        raise LabelError(
            f"{len(counted)} cohorts with {MIN_PATIENTS} patients in each class "
            f"({', '.join(counted) or 'none'})",
            expected=f"at least {_WORDS[at_least]} cohorts of {MIN_PATIENTS} or more in each class",
            do="add cohorts: a mean over fewer says nothing",
        )


def one_out_splits(cohorts: np.ndarray, trainable: Sequence[str] | None = None) -> list[Split]:
    """Hold out each cohort in turn.

    Parameters
    ----------
    cohorts : ndarray of shape (n_samples,)
    trainable : sequence of str, optional
        Cohorts that may be trained on; the others are held out only. All, when left out.

    Returns
    -------
    list of Split
        One a cohort, all of repeat 0.

    Examples
    --------
    >>> [s.test.tolist() for s in one_out_splits(np.array(["a", "a", "b"]))]
    [[0, 1], [2]]
    """
    usable = np.isin(cohorts, cohort_names(cohorts) if trainable is None else list(trainable))
    return [
        Split(0, fold, np.flatnonzero(usable & (cohorts != name)), np.flatnonzero(cohorts == name))
        for fold, name in enumerate(cohort_names(cohorts))
    ]


def two_out_splits(cohorts: np.ndarray, trainable: Sequence[str]) -> list[Split]:
    """Hold out every pair of cohorts: what a choice is made on when one of them is judged.

    Parameters
    ----------
    cohorts : ndarray of shape (n_samples,)
    trainable : sequence of str
        Cohorts that may be trained on.

    Returns
    -------
    list of Split
        One a pair, each a repeat of its own, in the order of ``itertools.combinations``.
    """
    usable = np.isin(cohorts, list(trainable))
    splits = []
    for repeat, pair in enumerate(combinations(trainable, 2)):
        out = np.isin(cohorts, pair)
        splits.append(Split(repeat, 0, np.flatnonzero(usable & ~out), np.flatnonzero(out)))
    return splits


def one_in_splits(cohorts: np.ndarray, trainable: Sequence[str]) -> list[Split]:
    """Train on one cohort and test on all others.

    Parameters
    ----------
    cohorts : ndarray of shape (n_samples,)
    trainable : sequence of str
        Cohorts that may be trained on.

    Returns
    -------
    list of Split
        One a training cohort, each a repeat of its own.
    """
    return [
        Split(repeat, 0, np.flatnonzero(cohorts == name), np.flatnonzero(cohorts != name))
        for repeat, name in enumerate(trainable)
    ]


def without_both(
    one_out: np.ndarray,
    two_out: np.ndarray,
    cohorts: np.ndarray,
    trainable: Sequence[str],
    name: str,
    judge: str,
) -> np.ndarray:
    """Return what the fits that saw neither of two cohorts predict for the second.

    Parameters
    ----------
    one_out, two_out, cohorts, trainable
        As ``choose_without`` takes them.
    name : str
        Cohort that is held out.
    judge : str
        Another one, which may be trained on.

    Returns
    -------
    ndarray of shape (n_candidates, n_judge_samples)
    """
    rows = cohorts == judge
    if name not in trainable:
        return one_out[:, rows]  # a cohort never trained on is unseen by these too
    pairs = list(combinations(trainable, 2))
    pair = (name, judge) if (name, judge) in pairs else (judge, name)
    return two_out[:, pairs.index(pair)][:, rows]


def choose_without(
    one_out: np.ndarray,
    two_out: np.ndarray,
    y: np.ndarray,
    patients: np.ndarray,
    cohorts: np.ndarray,
    trainable: Sequence[str],
    *,
    n_draws: int = 200,
    seed: int = 0,
) -> dict[str, tuple[int, ...]]:
    """Choose candidates for each cohort by what they did on the others, itself unseen.

    For a held-out cohort, every candidate is scored on each other cohort by the fit that saw
    neither of the two. The candidates whose mean AUROC is within one standard error (patient
    bootstrap) of the best are kept, to be averaged: cohorts are too few to tell them apart
    (one-standard-error rule, Hastie 2009, doi:10.1007/978-0-387-84858-7, section 7.10).

    Parameters
    ----------
    one_out : ndarray of shape (n_candidates, n_samples)
        Held-out log-odds of ``one_out_splits``.
    two_out : ndarray of shape (n_candidates, n_pairs, n_samples)
        Those of ``two_out_splits``; NaN outside the pair.
    y : ndarray of shape (n_samples,), 0 or 1
    patients, cohorts : ndarray of shape (n_samples,)
    trainable : sequence of str
        Cohorts that may be trained on; they also decide.
    n_draws, seed : int
        Of the bootstrap.

    Returns
    -------
    dict of str to tuple of int
        Candidates of each cohort, best first.
    """
    rng = np.random.default_rng(seed)
    weights = {
        name: np.vstack(
            [
                np.ones((1, int((cohorts == name).sum()))),
                patient_bootstrap(patients[cohorts == name], n_draws=n_draws, rng=rng),
            ]
        )
        for name in trainable
    }
    chosen: dict[str, tuple[int, ...]] = {}
    for name in cohort_names(cohorts):
        judges = [judge for judge in trainable if judge != name]
        means = np.zeros((len(one_out), n_draws + 1))
        for judge in judges:
            unseen = without_both(one_out, two_out, cohorts, trainable, name, judge)
            for candidate, score in enumerate(unseen):
                means[candidate] += auroc(y[cohorts == judge], score, weights[judge]) / len(judges)
        order = np.argsort(-means[:, 0], kind="stable")
        error = float(np.nanstd(means[order[0], 1:]))
        near = means[:, 0] >= means[order[0], 0] - error
        chosen[name] = tuple(int(i) for i in order if near[i])
    return chosen
