"""AUROC by sex and age group, with the numbers that say how much to make of it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ifn_severity.evaluate.bootstrap import patient_bootstrap, percentile_interval
from ifn_severity.evaluate.metrics import auroc

MIN_PATIENTS = 5
AGE_LIMIT = 65.0
EARLY_UNTIL = 10.0
"""Last day since onset that counts as early, wherever stages are told apart."""


def age_groups(age: np.ndarray) -> np.ndarray:
    """Name the age group of each sample.

    Parameters
    ----------
    age : ndarray of shape (n_samples,)
        Years; NaN where unknown.

    Returns
    -------
    ndarray of str, shape (n_samples,)
        ``"<65"``, ``"≥65"``, or ``""`` where unknown.

    Examples
    --------
    >>> age_groups(np.array([64.9, 65.0, np.nan])).tolist()
    ['<65', '≥65', '']
    """
    known = np.isfinite(age)
    return np.where(known, np.where(np.nan_to_num(age) < AGE_LIMIT, "<65", "≥65"), "")


def subgroup_aurocs(
    y: np.ndarray,
    score: np.ndarray,
    patients: np.ndarray,
    *,
    sex: np.ndarray,
    age: np.ndarray,
    n_draws: int = 2000,
    seed: int = 0,
) -> pd.DataFrame:
    """AUROC within each sex and age group.

    Parameters
    ----------
    y : ndarray of shape (n_samples,), 0 or 1
    score : ndarray of shape (n_samples,) or (n_repeats, n_samples)
        Higher means more severe. Repeats: the AUROC is the mean over repeats.
    patients : ndarray of shape (n_samples,)
    sex : ndarray of shape (n_samples,)
        ``"female"``, ``"male"``, anything else for unknown.
    age : ndarray of shape (n_samples,)
        Years; NaN where unknown.
    n_draws, seed : int

    Returns
    -------
    DataFrame of shape (4, 10)
        Columns ``variable``, ``group``, ``auroc``, ``low``, ``high``, ``n_samples``,
        ``n_patients``, ``mild_patients``, ``severe_patients`` and ``reason``: why the AUROC is
        NA, which it is below five patients in either class. Patients of unknown sex or age are
        in no group. A patient with samples of both classes counts in both.
    """
    rows = np.atleast_2d(score)
    table = []
    for variable, values, groups in (
        ("sex", np.asarray(sex), ("female", "male")),
        ("age", age_groups(np.asarray(age, dtype=float)), ("<65", "≥65")),
    ):
        for group in groups:
            # a missing value among texts compares as missing, and belongs to no group
            inside = np.array([value is not pd.NA and value == group for value in values])
            labels, people = y[inside], np.asarray(patients)[inside]
            mild, severe = (len(np.unique(people[labels == label])) for label in (0, 1))
            entry = {
                "variable": variable,
                "group": group,
                "auroc": float("nan"),
                "low": float("nan"),
                "high": float("nan"),
                "n_samples": int(inside.sum()),
                "n_patients": len(np.unique(people)),
                "mild_patients": mild,
                "severe_patients": severe,
                "reason": "",
            }
            if min(mild, severe) < MIN_PATIENTS:
                entry["reason"] = f"fewer than {MIN_PATIENTS} patients in a class"
            else:
                rng = np.random.default_rng(seed)
                drawn = patient_bootstrap(people, n_draws=n_draws, rng=rng)
                weights = np.vstack([np.ones(len(labels)), drawn])
                areas = np.mean([auroc(labels, row[inside], weights) for row in rows], axis=0)
                low, high = percentile_interval(areas[1:])
                entry |= {"auroc": float(areas[0]), "low": low, "high": high}
            table.append(entry)
    return pd.DataFrame(table)
