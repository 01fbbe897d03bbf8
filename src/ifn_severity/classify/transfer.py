"""The model ``transfer``: one ridge a view, fitted across centred cohorts, equally averaged.

A view is one kind of feature (scores, or genes) of one biological axis (interferon, cytokine,
inflammation, myeloid, composition). Fitting them apart and averaging keeps an axis with many
correlated columns from drowning the others, and needs no choice. docs/model-selection.md has
the evidence. Everything is linear, so the average is one linear model of the features.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline

from ifn_severity.classify.views import eliminate, unit_spread, view_coefficients
from ifn_severity.features import FEATURE_SETS, feature_definition

MIN_PATIENTS = 5
"""Fewest patients of each class in a cohort that is fitted on beside others."""
# a variance of log2 expression below it is rounding
_CONSTANT = 1e-18


def feature_views(names: Iterable[str]) -> np.ndarray:
    """Return the view of each feature.

    Parameters
    ----------
    names : iterable of str
        Columns, such as ``score:Rice2013_IFN6``. Those of no feature set share one view.

    Returns
    -------
    ndarray of str

    Examples
    --------
    >>> feature_views(["score:Rice2013_IFN6", "gene:IL6", "age"]).tolist()
    ['score interferon', 'gene cytokine', 'other']
    """
    known: dict[str, str] = {}
    for feature_set in FEATURE_SETS:
        table = feature_definition(feature_set).features
        known.update(zip(table.index, table["kind"] + " " + table["group"], strict=True))
    return np.array([known.get(name, "other") for name in names])


def usable_cohorts(target: np.ndarray, patients: np.ndarray, cohorts: np.ndarray) -> np.ndarray:
    """Return which samples are fitted on: those of cohorts with enough patients in each class.

    A cohort counts as much as any other and is centred on itself, so one with a handful of
    patients would bring mostly noise. Where no cohort has enough, all samples are taken as one
    cohort.

    Parameters
    ----------
    target : ndarray of shape (n_samples,), 0 or 1
    patients, cohorts : ndarray of shape (n_samples,)

    Returns
    -------
    ndarray of shape (n_samples,), bool
        All False where no cohort has ``MIN_PATIENTS`` of each class.
    """
    used = np.zeros(len(target), dtype=bool)
    for name in np.unique(cohorts):
        mine = cohorts == name
        counts = [len(np.unique(patients[mine & (target == label)])) for label in (0, 1)]
        used |= mine & (min(counts) >= MIN_PATIENTS)
    return used


def cohort_weights(target: np.ndarray, patients: np.ndarray, cohorts: np.ndarray) -> np.ndarray:
    """Weight samples so that cohorts, their classes, and the patients of a class count alike.

    Parameters
    ----------
    target : ndarray of shape (n_samples,), 0 or 1
    patients, cohorts : ndarray of shape (n_samples,)

    Returns
    -------
    ndarray of shape (n_samples,)
        Adds up to ``n_samples``.

    Examples
    --------
    >>> cohort_weights(np.array([0, 0, 0, 1]), np.array(list("aabc")), np.zeros(4)).tolist()
    [0.5, 0.5, 1.0, 2.0]
    """
    weights = np.zeros(len(target))
    for name in np.unique(cohorts):
        for label in (0, 1):
            rows = np.flatnonzero((cohorts == name) & (target == label))
            if len(rows):
                _, which, count = np.unique(patients[rows], return_inverse=True, return_counts=True)
                weights[rows] = 1.0 / count[which] / len(count)
    return np.asarray(weights * len(target) / weights.sum())


def fit_transfer(
    pipeline: Pipeline,
    X: np.ndarray,
    target: np.ndarray,
    patients: np.ndarray,
    cohorts: np.ndarray,
    views: np.ndarray,
    max_features: int | None = None,
) -> Pipeline:
    """Fit the pipeline of the model ``transfer``.

    While fitting, each cohort is centred on the mean of its two class means, which takes away
    what differs between laboratories and tissues without taking severity with it. What is
    stored is the mean of these centres, so a new sample needs no cohort to be predicted. Each
    view's ridge logistic regressions (one a strength, each scaled to unit spread) are averaged,
    then the views.

    Parameters
    ----------
    pipeline : Pipeline
        Unfitted, from ``build_pipeline("transfer", ...)``.
    X : ndarray of shape (n_samples, n_features)
        NaN counts as the cohort's centre.
    target : ndarray of shape (n_samples,), 0 or 1
    patients, cohorts : ndarray of shape (n_samples,)
    views : ndarray of shape (n_features,)
        View of each feature.
    max_features : int, optional
        Most features with a coefficient other than 0. They are chosen here, among those that
        every cohort measured, by :func:`ifn_severity.classify.views.eliminate`.

    Returns
    -------
    Pipeline
        The same, fitted. Its margin has about unit spread over the training cohorts, and is 0
        midway between their classes.
    """
    impute, scale, model = (step for _, step in pipeline.steps)
    weights = cohort_weights(target, patients, cohorts)
    centres = np.full((len(X), X.shape[1]), np.nan)
    names = np.unique(cohorts)
    table = np.full((len(names), X.shape[1]), np.nan)
    for row, name in enumerate(names):
        mine = cohorts == name
        table[row] = _centre(X[mine], target[mine], weights[mine])
        centres[mine] = table[row]
    impute.fit(table)
    usual = np.asarray(impute.statistics_)
    aligned = np.where(np.isnan(X - centres), 0.0, X - centres)
    variance = weights @ aligned**2 / weights.sum()
    scale.mean_, scale.var_ = usual, variance
    scale.scale_ = np.sqrt(np.where(variance > _CONSTANT, variance, 1.0))
    scale.n_samples_seen_, scale.n_features_in_ = np.int64(len(X)), X.shape[1]
    Z = aligned / scale.scale_

    if max_features is None or max_features >= X.shape[1]:
        kept = np.arange(X.shape[1])
    else:
        everywhere = np.isfinite(table).all(axis=0)
        kept = eliminate(Z, target, weights, views, at_most=max_features, allowed=everywhere)
    coefficients = np.zeros(X.shape[1])
    coefficients[kept] = view_coefficients(Z[:, kept], target, weights, views[kept])
    model.classes_ = np.array([0, 1])
    model.coef_ = unit_spread(Z, coefficients, weights)[None, :]
    model.intercept_ = np.zeros(1)
    model.n_features_in_ = X.shape[1]
    model.n_iter_ = np.zeros(1, dtype=np.int32)
    return pipeline


def _centre(X: np.ndarray, target: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Mean of the class means of each column over its known values; NaN where there are none."""
    means = np.full((2, X.shape[1]), np.nan)
    for label in (0, 1):
        known = np.isfinite(X) & (target == label)[:, None]
        share = known * weights[:, None]
        total = share.sum(axis=0)
        some = total > 0
        means[label, some] = (share * np.where(known, X, 0.0)).sum(axis=0)[some] / total[some]
    # a class without a known value leaves the other's mean
    means = np.where(np.isnan(means), means[::-1], means)
    return np.asarray(means.mean(axis=0))


def platt_between(
    margins: np.ndarray, target: np.ndarray, patients: np.ndarray, cohorts: np.ndarray
) -> tuple[float, np.ndarray]:
    """Calibrate margins of cohorts that were held out one by one.

    One slope is fitted with an intercept a cohort, so that a shift between laboratories does
    not flatten it. Cohorts, classes and patients count alike, so the log-odds are those at
    equal numbers of mild and severe patients. Targets are smoothed as Platt's are. A negative
    slope is set to 0: then every sample gets even odds.

    Parameters
    ----------
    margins : ndarray of shape (n_samples,)
    target : ndarray of shape (n_samples,), 0 or 1
    patients, cohorts : ndarray of shape (n_samples,)

    Returns
    -------
    slope : float
    intercepts : ndarray of shape (n_samples,)
        That of each sample's cohort: its log-odds are slope * margin + intercept.
    """
    weights = cohort_weights(target, patients, cohorts)
    _, which = np.unique(cohorts, return_inverse=True)
    one_a_cohort = np.eye(which.max() + 1)[which]
    positive, negative = (target == 1).sum(), (target == 0).sum()
    soft = np.where(target == 1, (positive + 1) / (positive + 2), 1 / (negative + 2))
    scale = float(margins.std()) or 1.0
    design = np.column_stack([margins / scale, one_a_cohort])
    sigmoid = LogisticRegression(C=np.inf, fit_intercept=False, tol=1e-8, max_iter=1000).fit(
        np.vstack([design, design]),
        np.repeat([1, 0], len(margins)),
        np.concatenate([weights * soft, weights * (1.0 - soft)]),
    )
    slope = float(sigmoid.coef_[0, 0]) / scale
    if slope <= 0:
        return 0.0, np.zeros(len(margins))
    return slope, np.asarray(sigmoid.coef_[0, 1:][which])
