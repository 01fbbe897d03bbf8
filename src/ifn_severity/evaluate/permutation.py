"""Label permutation: how often held-out scores would rank patients this well by chance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

from ifn_severity.evaluate.compare import check_two_classes


@dataclass(frozen=True, eq=False)
class PermutationTest:
    """Result of a permutation test of an AUROC.

    Attributes
    ----------
    auroc : float
        Mean over cohorts.
    p_value : float
        One-sided: (1 + permutations at least as high) / (1 + permutations).
    null : ndarray of shape (n_permutations,)
        AUROC under permuted labels.
    n_fixed : int
        Patients with samples of both classes: their labels were exchanged among their own
        samples only.
    """

    auroc: float
    p_value: float
    null: np.ndarray
    n_fixed: int


def permute_labels(
    y: np.ndarray, patients: np.ndarray, n_permutations: int, rng: np.random.Generator
) -> np.ndarray:
    """Exchange labels between the patients of one cohort.

    A patient whose samples agree gets the label of another such patient, on all samples; a
    patient with both classes keeps both, in another order.

    Parameters
    ----------
    y : ndarray of shape (n_samples,), 0 or 1
    patients : ndarray of shape (n_samples,)
    n_permutations : int
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of shape (n_permutations, n_samples)

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> labels = permute_labels(np.array([0, 0, 1]), np.array(["a", "a", "b"]), 100, rng)
    >>> sorted({tuple(row) for row in labels.tolist()})
    [(0, 0, 1), (1, 1, 0)]
    """
    which = np.unique(patients, return_inverse=True)[1]
    size, severe = np.bincount(which), np.bincount(which, y)
    mixed = (severe > 0) & (severe < size)
    labels = np.tile(y, (n_permutations, 1))
    steady = np.flatnonzero(~mixed)
    of_patient = np.zeros((n_permutations, len(size)), dtype=y.dtype)
    drawn = np.tile((severe[steady] > 0).astype(y.dtype), (n_permutations, 1))
    of_patient[:, steady] = rng.permuted(drawn, axis=1)
    rows = ~mixed[which]
    labels[:, rows] = of_patient[:, which[rows]]
    for patient in np.flatnonzero(mixed):
        own = np.flatnonzero(which == patient)
        labels[:, own] = rng.permuted(labels[:, own], axis=1)
    return labels


def permutation_test(
    y: np.ndarray,
    score: np.ndarray,
    patients: np.ndarray,
    cohorts: np.ndarray | None = None,
    *,
    n_permutations: int = 10_000,
    seed: int = 0,
) -> PermutationTest:
    """Test the AUROC of held-out scores against exchanged labels, within cohorts.

    The scores stay as they are, so this tests the prediction, not the fitting. One is added to
    both counts, so p is never 0 (Phipson & Smyth 2010, doi:10.2202/1544-6115.1585).

    Parameters
    ----------
    y : ndarray of shape (n_samples,), 0 or 1
    score : ndarray of shape (n_samples,) or (n_repeats, n_samples)
        Higher means more severe. Repeats: the AUROC is the mean over repeats.
    patients : ndarray of shape (n_samples,)
    cohorts : ndarray of shape (n_samples,), optional
        The AUROC is the mean over cohorts, each counting once.
    n_permutations, seed : int

    Returns
    -------
    PermutationTest

    Raises
    ------
    LabelError
        If a cohort has one class only.
    """
    groups = np.zeros(len(y), dtype=int) if cohorts is None else np.asarray(cohorts)
    names = np.unique(groups)
    rng = np.random.default_rng(seed)
    total = np.zeros(n_permutations + 1)
    defined = np.ones(n_permutations + 1, dtype=bool)
    n_fixed = 0
    for name in names:
        inside = groups == name
        labels, people = np.asarray(y)[inside].astype(int), np.asarray(patients)[inside]
        check_two_classes(labels)
        exchanged = np.vstack([labels, permute_labels(labels, people, n_permutations, rng)])
        ranks = rankdata(np.atleast_2d(score)[:, inside], axis=1).mean(axis=0)
        # patients differ in their number of samples, so the classes' sizes change
        n_severe = exchanged.sum(axis=1)
        pairs = n_severe * (len(labels) - n_severe)
        above = exchanged @ ranks - n_severe * (n_severe + 1) / 2
        defined &= pairs > 0
        total += np.divide(above, pairs, out=np.zeros(len(pairs)), where=pairs > 0)
        steady = {person for person in np.unique(people) if np.ptp(labels[people == person]) == 0}
        n_fixed += len(np.unique(people)) - len(steady)
    areas = (total / len(names))[defined]
    # sums of midranks differ in their last bits
    as_high = int(np.sum(areas[1:] >= areas[0] - 1e-12))
    return PermutationTest(
        auroc=float(areas[0]),
        p_value=(1 + as_high) / len(areas),
        null=areas[1:],
        n_fixed=n_fixed,
    )
