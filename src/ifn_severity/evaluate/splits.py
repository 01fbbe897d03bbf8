"""Outer splits: stratified by class, grouped by patient, the same for every candidate."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sklearn.model_selection import StratifiedGroupKFold

from ifn_severity.errors import LabelError


@dataclass(frozen=True, eq=False)
class Split:
    """One outer fold of one repeat.

    Attributes
    ----------
    repeat, fold : int
        Counted from 0.
    train, test : ndarray of int
        Row positions.
    """

    repeat: int
    fold: int
    train: np.ndarray
    test: np.ndarray


def outer_splits(
    y: np.ndarray, patients: np.ndarray, *, folds: int = 5, repeats: int = 3, seed: int = 0
) -> list[Split]:
    """Split samples into folds so that no patient straddles a split.

    Parameters
    ----------
    y : ndarray of shape (n_samples,), 0 or 1
    patients : ndarray of shape (n_samples,)
    folds, repeats : int
        Folds of one cross-validation, and how often it is repeated with another shuffle.
    seed : int

    Returns
    -------
    list of Split, ``folds * repeats`` long

    Raises
    ------
    LabelError
        If a class has fewer patients than there are folds.

    Examples
    --------
    >>> y, patients = np.array([0, 0, 1, 1]), np.array(["a", "b", "c", "d"])
    >>> [split.test.tolist() for split in outer_splits(y, patients, folds=2, repeats=1)]
    [[1, 2], [0, 3]]
    """
    per_class = {int(label): len(np.unique(patients[y == label])) for label in (0, 1)}
    if min(per_class.values()) < folds:
        raise LabelError(
            f"{per_class[0]} mild and {per_class[1]} severe patients for {folds} folds",
            expected=f"at least {folds} patients in each class",
            do="use fewer folds (--folds), or add patients or a further cohort",
        )
    splits = []
    for repeat in range(repeats):
        splitter = StratifiedGroupKFold(folds, shuffle=True, random_state=seed + repeat)
        for fold, (train, test) in enumerate(splitter.split(y[:, None], y, patients)):
            splits.append(Split(repeat, fold, train, test))
    return splits
