"""How sure an AUROC is, and whether one score beats another on the same samples."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import norm, rankdata

from ifn_severity.errors import LabelError
from ifn_severity.evaluate.bootstrap import patient_bootstrap, percentile_interval
from ifn_severity.evaluate.metrics import auroc


def check_two_classes(y: np.ndarray) -> None:
    """Refuse labels of one class, of which no AUROC exists.

    Parameters
    ----------
    y : ndarray of shape (n_samples,), 0 or 1

    Raises
    ------
    LabelError
        If a class is empty or a label is neither 0 nor 1.
    """
    n_severe, n_mild = int(np.sum(y == 1)), int(np.sum(y == 0))
    if not n_severe or not n_mild or n_severe + n_mild != len(y):
        raise LabelError(
            f"{n_mild} mild and {n_severe} severe among {len(y)} samples",
            expected="both classes, labelled 0 (mild or moderate) and 1 (severe)",
            do="leave this cohort out of the comparison, or grade more of its samples",
        )


def placements(y: np.ndarray, score: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return, for each sample, the share of the other class that it is ordered right against.

    These are DeLong's structural components, from midranks in O(n log n) as Sun & Xu 2014
    (doi:10.1109/LSP.2014.2337313). The mean of either array is the AUROC.

    Parameters
    ----------
    y : ndarray of shape (n_samples,), 0 or 1
    score : ndarray of shape (n_samples,) or (n_repeats, n_samples)
        Repeats are averaged, so the AUROC is the mean over repeats.

    Returns
    -------
    severe : ndarray of shape (n_severe,)
    mild : ndarray of shape (n_mild,)

    Raises
    ------
    LabelError
        If there is one class only.

    Examples
    --------
    >>> severe, mild = placements(np.array([0, 0, 1, 1]), np.array([0.1, 0.4, 0.35, 0.8]))
    >>> severe.tolist(), mild.tolist()
    ([0.5, 1.0], [1.0, 0.5])
    """
    check_two_classes(y)
    rows = np.atleast_2d(score)
    is_severe = y == 1
    n_severe, n_mild = int(is_severe.sum()), int((~is_severe).sum())
    everyone = rankdata(rows, axis=1)
    among_severe = rankdata(rows[:, is_severe], axis=1)
    among_mild = rankdata(rows[:, ~is_severe], axis=1)
    severe = (everyone[:, is_severe] - among_severe) / n_mild
    mild = 1.0 - (everyone[:, ~is_severe] - among_mild) / n_severe
    return severe.mean(axis=0), mild.mean(axis=0)


def delong(
    y: np.ndarray, scores: list[np.ndarray], patients: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """AUROCs of several scores on the same samples, and the covariance of the estimates.

    With one sample a patient this is DeLong 1988 (doi:10.2307/2531595), which assumes
    independent samples. With several, the structural components are summed by patient, as
    Obuchowski 1997 (doi:10.2307/2533958), which is the same estimate when no patient repeats.

    Parameters
    ----------
    y : ndarray of shape (n_samples,), 0 or 1
    scores : list of ndarray, each of shape (n_samples,) or (n_repeats, n_samples)
    patients : ndarray of shape (n_samples,), optional
        Every sample is its own patient when left out.

    Returns
    -------
    areas : ndarray of shape (n_scores,)
    covariance : ndarray of shape (n_scores, n_scores)
        NaN where a class has a single patient.

    Raises
    ------
    LabelError
        If there is one class only.

    Examples
    --------
    >>> y = np.array([0, 0, 0, 1, 1, 1])
    >>> areas, covariance = delong(y, [np.array([1.0, 2, 4, 3, 5, 6])])
    >>> round(float(areas[0]), 3), round(float(covariance[0, 0] ** 0.5), 3)
    (0.889, 0.157)
    """
    parts = [placements(y, score) for score in scores]
    areas = np.array([severe.mean() for severe, _ in parts])
    which = np.arange(len(y)) if patients is None else np.unique(patients, return_inverse=True)[1]
    n_patients = int(which.max()) + 1
    # deviations from the AUROC, summed by patient: shape (n_scores, n_patients)
    of_severe, of_mild = (
        np.array(
            [
                np.bincount(which[y == label], part[i] - area, minlength=n_patients)
                for part, area in zip(parts, areas, strict=True)
            ]
        )
        for i, label in ((0, 1), (1, 0))
    )
    n_severe, n_mild = int(np.sum(y == 1)), int(np.sum(y == 0))
    severe_patients = len(np.unique(which[y == 1]))
    mild_patients = len(np.unique(which[y == 0]))
    if min(severe_patients, mild_patients) < 2:
        return areas, np.full((len(areas), len(areas)), np.nan)
    cross = of_severe @ of_mild.T
    covariance = (
        of_severe @ of_severe.T * severe_patients / (severe_patients - 1) / n_severe**2
        + of_mild @ of_mild.T * mild_patients / (mild_patients - 1) / n_mild**2
        + (cross + cross.T) * n_patients / (n_patients - 1) / (n_severe * n_mild)
    )
    return areas, covariance


@dataclass(frozen=True)
class PairedDifference:
    """AUROC of one score minus AUROC of another, on the same samples.

    Attributes
    ----------
    auroc_a, auroc_b, difference : float
        Mean over cohorts where there are several.
    low, high : float
        95 % interval of the difference, by patient bootstrap within cohorts.
    p_value : float
        Two-sided, of no difference.
    method : str
        What gave ``p_value``: ``"DeLong"``, or ``"patient bootstrap"`` where a patient has
        several samples, which DeLong's test does not allow for.
    n_samples, n_patients, n_cohorts : int
    """

    auroc_a: float
    auroc_b: float
    difference: float
    low: float
    high: float
    p_value: float
    method: str
    n_samples: int
    n_patients: int
    n_cohorts: int


def bootstrap_p_value(differences: np.ndarray) -> float:
    """Two-sided p of no difference: twice the smaller share of draws on either side of 0.

    One is added to both counts, so that no finite number of draws gives p = 0
    (Davison & Hinkley 1997, doi:10.1017/CBO9780511802843).

    Parameters
    ----------
    differences : ndarray of shape (n_draws,)
        NaN where undefined.

    Examples
    --------
    >>> bootstrap_p_value(np.array([0.1] * 97 + [-0.1] * 2))
    0.06
    """
    known = differences[np.isfinite(differences)]
    if not len(known):
        return float("nan")
    tail = min(int(np.sum(known <= 0)), int(np.sum(known >= 0)))
    return min(1.0, 2.0 * (1 + tail) / (1 + len(known)))


def paired_difference(
    y: np.ndarray,
    a: np.ndarray,
    b: np.ndarray,
    patients: np.ndarray,
    cohorts: np.ndarray | None = None,
    *,
    n_draws: int = 2000,
    seed: int = 0,
) -> PairedDifference:
    """Compare two scores on the same samples; both meet the same bootstrap draws.

    Parameters
    ----------
    y : ndarray of shape (n_samples,), 0 or 1
    a, b : ndarray of shape (n_samples,) or (n_repeats, n_samples)
        Higher means more severe. Repeats: the AUROC is the mean over repeats.
    patients : ndarray of shape (n_samples,)
    cohorts : ndarray of shape (n_samples,), optional
        The AUROC is taken within each cohort and averaged, each cohort counting once.
    n_draws, seed : int

    Returns
    -------
    PairedDifference

    Raises
    ------
    LabelError
        If a cohort has one class only.
    """
    groups = np.zeros(len(y), dtype=int) if cohorts is None else np.asarray(cohorts)
    names = np.unique(groups)
    rng = np.random.default_rng(seed)
    first, second = np.atleast_2d(a), np.atleast_2d(b)
    areas, variances, draws = [], [], []
    clustered = False
    for name in names:
        rows = groups == name
        inside = y[rows]
        estimate, covariance = delong(inside, [first[:, rows], second[:, rows]])
        areas.append(estimate)
        variances.append(covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1])
        clustered |= len(np.unique(patients[rows])) < int(rows.sum())
        weights = patient_bootstrap(patients[rows], n_draws=n_draws, rng=rng)
        drawn = [
            np.mean([auroc(inside, row, weights) for row in score[:, rows]], axis=0)
            for score in (first, second)
        ]
        draws.append(drawn[0] - drawn[1])
    mean = np.mean(areas, axis=0)
    difference = float(mean[0] - mean[1])
    drawn_differences = np.mean(draws, axis=0)
    low, high = percentile_interval(drawn_differences)
    error = float(np.sqrt(max(float(np.sum(variances)), 0.0))) / len(names)
    if clustered:
        p_value, method = bootstrap_p_value(drawn_differences), "patient bootstrap"
    elif error == 0:
        # both scores order every pair alike
        p_value, method = (1.0 if difference == 0 else 0.0), "DeLong"
    else:
        p_value, method = float(2 * norm.sf(abs(difference) / error)), "DeLong"
    return PairedDifference(
        auroc_a=float(mean[0]),
        auroc_b=float(mean[1]),
        difference=difference,
        low=low,
        high=high,
        p_value=p_value,
        method=method,
        n_samples=len(y),
        n_patients=len(np.unique(np.char.add(groups.astype(str), np.asarray(patients, dtype=str)))),
        n_cohorts=len(names),
    )
