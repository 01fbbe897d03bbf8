"""SHAP interaction values of trees between interferon and inflammation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.ensemble import RandomForestClassifier

from ifn_severity.classify import SeverityClassifier
from ifn_severity.explain.held_out import Design
from ifn_severity.explain.samples import Samples

INFLAMMATORY = ("cytokine", "inflammation")
MOST_ROWS = 60
"""Samples of which interactions are computed: they cost a hundred times what attributions do."""
_AT_ONCE = 20


def shap_interactions(classifier: SeverityClassifier, X: np.ndarray) -> np.ndarray:
    """Return SHAP interaction values of a tree model, in calibrated log-odds.

    Parameters
    ----------
    classifier : SeverityClassifier
        Of trees.
    X : ndarray of shape (n_samples, n_features)

    Returns
    -------
    ndarray of shape (n_samples, n_features, n_features)
        Symmetric; each row adds up to the feature's attribution.

    References
    ----------
    Lundberg 2020 Nat Mach Intell 2:56, doi:10.1038/s42256-019-0138-9.
    """
    slope, _ = classifier.calibration_
    scaled = np.asarray(classifier.pipeline_[:-1].transform(X))
    return slope * _raw(classifier.pipeline_[-1], scaled)


def _raw(estimator: Any, scaled: np.ndarray) -> np.ndarray:
    if isinstance(estimator, RandomForestClassifier):
        import shap

        found = np.asarray(shap.TreeExplainer(estimator).shap_interaction_values(scaled))
        return np.asarray(found[..., 1])
    import xgboost

    booster = estimator.get_booster()
    found = booster.predict(xgboost.DMatrix(scaled, nthread=1), pred_interactions=True)
    return np.asarray(found[:, :-1, :-1], dtype=float)


def interferon_inflammation(
    samples: Samples, design: Design, classifiers: Sequence[SeverityClassifier]
) -> tuple[float, float, int]:
    """Sum up the interactions between interferon features and inflammatory ones.

    Parameters
    ----------
    samples : Samples
    design : Design
    classifiers : sequence of SeverityClassifier
        One a part of the design, of trees.

    Returns
    -------
    mean_abs : float
        Mean |interaction| a sample, log-odds, both orders counted.
    share : float
        Part of the absolute sum of all interaction values, main effects included.
    n : int
        Samples it rests on: at most ``MOST_ROWS``, evenly spaced.
    """
    group = samples.definition.features["group"].to_numpy()
    first, second = group == "interferon", np.isin(group, INFLAMMATORY)
    spaced = np.unique(np.linspace(0, len(design.rows) - 1, MOST_ROWS).astype(int))
    chosen = design.rows[spaced]
    net, between, everything = [], 0.0, 0.0
    for part, classifier in zip(design.parts, classifiers, strict=True):
        mine = chosen[np.isin(chosen, part.test)]
        for start in range(0, len(mine), _AT_ONCE):
            rows = mine[start : start + _AT_ONCE]
            found = shap_interactions(classifier, samples.matrix[rows])
            block = found[:, first][:, :, second]
            net += (2.0 * block.sum(axis=(1, 2))).tolist()
            between += 2.0 * float(np.abs(block).sum())
            everything += float(np.abs(found).sum())
    mean_abs = float(np.mean(np.abs(net))) if net else float("nan")
    return mean_abs, between / everything if everything else float("nan"), len(net)
