"""Refit a classifier on other samples with what it chose before: for bootstraps, many times."""

from __future__ import annotations

import copy

import numpy as np

from ifn_severity.classify.classifier import SeverityClassifier
from ifn_severity.classify.models import build_pipeline
from ifn_severity.classify.transfer import fit_transfer, usable_cohorts


def refit(
    classifier: SeverityClassifier,
    X: np.ndarray,
    target: np.ndarray,
    patients: np.ndarray,
    cohorts: np.ndarray,
    *,
    views: np.ndarray,
    random_state: int,
) -> SeverityClassifier:
    """Fit the pipeline again; setting, calibration and threshold stay.

    The inner cross-validation is what takes time in ``SeverityClassifier.fit``, and what it
    finds, a setting and a straight line, is the same for every gene.

    Parameters
    ----------
    classifier : SeverityClassifier
        Fitted before; it is not changed.
    X : ndarray of shape (n_samples, n_features)
        As many features as the classifier was fitted on, or as ``views`` says.
    target : ndarray of shape (n_samples,), 0 or 1
    patients, cohorts : ndarray of shape (n_samples,)
    views : ndarray of shape (n_features,)
        View of each feature, for ``transfer``.
    random_state : int
        Seed of the trees.

    Returns
    -------
    SeverityClassifier
    """
    again = copy.copy(classifier)
    again.n_features_in_ = X.shape[1]
    if hasattr(again, "feature_names_in_"):
        del again.feature_names_in_
    pipeline = build_pipeline(classifier.model, random_state=random_state)
    pipeline.set_params(**classifier.best_params_)
    if classifier.model == "transfer":
        used = usable_cohorts(target, patients, cohorts)
        if used.any():
            X, target, patients, cohorts = X[used], target[used], patients[used], cohorts[used]
        else:
            cohorts = np.zeros(len(target), dtype=int)
        again.pipeline_ = fit_transfer(pipeline, X, target, patients, cohorts, views)
    else:
        again.pipeline_ = pipeline.fit(X, target)
    return again
