"""Who is explained by which model: every patient by one that never saw that patient."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ifn_severity.classify import SeverityClassifier
from ifn_severity.evaluate.cross_cohort import MIN_PATIENTS, class_patients
from ifn_severity.evaluate.splits import outer_splits
from ifn_severity.explain.samples import Samples

COHORTS, FOLDS, SAVED = "leave one cohort out", "folds of patients", "the saved model"


@dataclass(frozen=True, eq=False)
class Part:
    """Samples that one model explains.

    Attributes
    ----------
    test, train : ndarray of int
        Rows that are explained, and rows that their model is fitted on; none where these are
        not on disk.
    by_saved : bool
        Whether the saved model explains them.
    """

    test: np.ndarray
    train: np.ndarray
    by_saved: bool = False


@dataclass(frozen=True, eq=False)
class Design:
    """How the explained patients are held out.

    Attributes
    ----------
    kind : str
        ``COHORTS``, ``FOLDS`` or ``SAVED``.
    parts : tuple of Part
        Together they test every explained row once.
    training : ndarray of int
        All rows of the model's training cohorts.
    rows : ndarray of int
        All explained rows, ascending.
    held_out : bool
        Whether no row is explained by a model that saw its patient.
    words : str
        One sentence for the methods.
    """

    kind: str
    parts: tuple[Part, ...]
    training: np.ndarray
    rows: np.ndarray
    held_out: bool
    words: str

    @property
    def refitted(self) -> bool:
        """Whether the training samples are there, so that models can be fitted again."""
        return len(self.training) > 0


def plan(
    samples: Samples,
    explained: Sequence[str],
    trained_on: Sequence[str],
    *,
    folds: int = 5,
    seed: int = 0,
) -> Design:
    """Decide how patients are held out.

    Parameters
    ----------
    samples : Samples
        Of all explained cohorts, and of all training cohorts where these are on disk.
    explained : sequence of str
        Cohorts to explain.
    trained_on : sequence of str
        Cohorts the saved model was trained on.
    folds, seed : int
        Of the grouped cross-validation that is used where cohorts cannot be left out.

    Returns
    -------
    Design
    """
    y, patients, cohorts = samples.y, samples.patients, samples.cohorts
    rows = np.flatnonzero(np.isin(cohorts, list(explained)))
    known = set(cohorts.tolist())
    missing = sorted(set(trained_on) - known)
    inside = sorted(set(explained) & set(trained_on))
    nothing = np.empty(0, dtype=np.intp)
    if missing:
        seen = f", which saw patients of {', '.join(inside)}" if inside else ""
        words = (
            f"The training cohorts are not all on disk ({', '.join(missing)} missing), so nothing "
            f"could be fitted again: every sample is explained by the saved model{seen}."
        )
        return Design(SAVED, (Part(rows, nothing, True),), nothing, rows, not inside, words)
    training = np.flatnonzero(np.isin(cohorts, list(trained_on)))
    parts: list[Part] = []
    new = np.flatnonzero(np.isin(cohorts, sorted(set(explained) - set(trained_on))))
    if len(new):
        parts.append(Part(new, training, True))
    fresh = (
        f" Samples of {', '.join(sorted(set(cohorts[new].tolist())))} are explained by the saved "
        "model, which never saw them."
        if len(new)
        else ""
    )
    if not inside:
        return Design(COHORTS, tuple(parts), training, rows, True, fresh.strip())
    if all(_enough(samples, training[cohorts[training] != name]) for name in inside):
        for name in inside:
            here = np.flatnonzero(cohorts == name)
            parts.append(Part(here, training[cohorts[training] != name]))
        words = (
            "Each cohort is explained by a model of the same design that was fitted on the other "
            "training cohorts (leave one cohort out)." + fresh
        )
        return Design(COHORTS, tuple(parts), training, rows, True, words)
    smallest = min(class_patients(y[training], patients[training]))
    n_folds = min(folds, smallest)
    if n_folds < 2:
        words = (
            "With fewer than two patients in a class nobody can be held out: these are training "
            "rows, explained by the saved model."
        )
        return Design(SAVED, (Part(rows, nothing, True),), nothing, rows, False, words)
    for split in outer_splits(y[training], patients[training], folds=n_folds, repeats=1, seed=seed):
        test = training[split.test]
        parts.append(Part(test[np.isin(cohorts[test], inside)], training[split.train]))
    words = (
        f"Each patient is explained by a model of the same design that was fitted on the other "
        f"patients ({n_folds} folds, no patient in two of them)." + fresh
    )
    used = tuple(part for part in parts if len(part.test))
    return Design(FOLDS, used, training, rows, True, words)


def _enough(samples: Samples, rows: np.ndarray) -> bool:
    """Tell whether some cohort of these rows has enough patients in each class."""
    return any(
        min(class_patients(samples.y[rows][at], samples.patients[rows][at])) >= MIN_PATIENTS
        for _, at in samples.blocks(rows)
    )


def fit_part(samples: Samples, part: Part, saved: SeverityClassifier) -> SeverityClassifier:
    """Fit the saved model's design on a part's training samples, search and calibration included.

    Parameters
    ----------
    samples : Samples
    part : Part
    saved : SeverityClassifier
        Whose kind, inner folds and seed are taken.
    """
    classifier = SeverityClassifier(
        saved.model,
        inner_folds=saved.inner_folds,
        random_state=saved.random_state,
        views=samples.views,
    )
    train = part.train
    return classifier.fit(
        samples.matrix[train],
        samples.y[train],
        groups=samples.patients[train],
        cohorts=samples.cohorts[train],
    )
