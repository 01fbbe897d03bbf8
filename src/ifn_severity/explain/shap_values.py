"""Exact SHAP values of the very model that predicts, calibration included, in log-odds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression

from ifn_severity.classify import SeverityClassifier, scaled_margin
from ifn_severity.errors import ModelError

# the largest difference between sum of attributions and margin that is accepted, log-odds
TOLERANCE = 1e-4
# samples at a time: what is needed in between stays in the cache, however many there are
_BLOCK = 512


def attribute(
    classifier: SeverityClassifier, features: pd.DataFrame
) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """Attribute each sample's calibrated log-odds to its features.

    The linear model is explained against the training mean (interventional SHAP: coefficient
    times deviation), the trees by TreeSHAP along their own paths, XGBoost's by XGBoost itself.
    Calibration is a straight line in the model's margin, so it scales the attributions and
    leaves them exact.

    Parameters
    ----------
    classifier : SeverityClassifier
        Fitted on the columns of ``features``.
    features : DataFrame of shape (n_samples, n_features)

    Returns
    -------
    values : DataFrame of shape (n_samples, n_features)
        Attribution to the log-odds of severe disease.
    base : ndarray of shape (n_samples,)
        Expected log-odds.
    margin : ndarray of shape (n_samples,)
        The classifier's log-odds; ``base + values.sum(axis=1)`` within ``TOLERANCE``.

    Raises
    ------
    ModelError
        If the attributions do not add up to the margin.

    References
    ----------
    Lundberg 2017, arXiv:1705.07874; Lundberg 2020 Nat Mach Intell 2:56,
    doi:10.1038/s42256-019-0138-9.
    """
    slope, intercept = classifier.calibration_
    pipeline = classifier.pipeline_
    X = features.to_numpy(dtype=float)
    explain = _explainer(pipeline[-1])
    values, base, margin = np.empty(X.shape), np.empty(len(X)), np.empty(len(X))
    for start in range(0, len(X), _BLOCK):
        rows = slice(start, start + _BLOCK)
        scaled = np.asarray(pipeline[:-1].transform(X[rows]))
        raw, expected = explain(scaled)
        np.multiply(raw, slope, out=values[rows], dtype=float)
        base[rows] = slope * expected + intercept
        # the estimator's own prediction, as decision_function takes it, without scaling again
        margin[rows] = slope * scaled_margin(pipeline[-1], scaled) + intercept
        check_sum(values[rows], base[rows], margin[rows])
    return pd.DataFrame(values, features.index, features.columns, copy=False), base, margin


def log_odds(classifier: SeverityClassifier, features: pd.DataFrame) -> np.ndarray:
    """Return calibrated log-odds, whether the classifier was fitted with names or without.

    Parameters
    ----------
    classifier : SeverityClassifier
    features : DataFrame of shape (n_samples, n_features)
        In the classifier's order.
    """
    named = hasattr(classifier, "feature_names_in_")
    return classifier.decision_function(features if named else features.to_numpy(dtype=float))


def check_sum(values: np.ndarray, base: np.ndarray, margin: np.ndarray) -> None:
    """Refuse attributions that do not add up to the log-odds.

    Parameters
    ----------
    values : ndarray of shape (n_samples, n_players)
    base, margin : ndarray of shape (n_samples,)

    Raises
    ------
    ModelError
        If a sample's sum misses its log-odds by more than ``TOLERANCE``.
    """
    error = float(np.abs(base + values.sum(axis=1) - margin).max(initial=0.0))
    if not error <= TOLERANCE:
        raise ModelError(
            f"SHAP values of this model miss its log-odds by {error:.2g}",
            expected=f"a sum within {TOLERANCE:g} of the log-odds for every sample",
            do="train the model again with the installed versions of shap and of its library",
        )


def _explainer(estimator: Any) -> Callable[[np.ndarray], tuple[np.ndarray, float]]:
    """Return what gives SHAP values and the expected value of the uncalibrated margin."""
    if isinstance(estimator, LogisticRegression):
        # scaled training features have mean 0, so a usual sample is all zeros
        return lambda scaled: (scaled * estimator.coef_[0], float(estimator.intercept_[0]))
    if isinstance(estimator, RandomForestClassifier):
        import shap

        explainer = shap.TreeExplainer(estimator)
        expected = float(np.atleast_1d(explainer.expected_value)[1])
        return lambda scaled: (np.asarray(explainer.shap_values(scaled))[:, :, 1], expected)
    import xgboost

    booster = estimator.get_booster()

    def of_trees(scaled: np.ndarray) -> tuple[np.ndarray, float]:
        own = booster.predict(xgboost.DMatrix(scaled, nthread=1), pred_contribs=True)
        return own[:, :-1], float(own[0, -1])

    return of_trees
