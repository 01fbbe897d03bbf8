"""The rows of a prediction: probability, interval, call, and what limits it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.special import expit

from ifn_severity.bundle.judge import Findings, Rule
from ifn_severity.bundle.panel import ModelFeatures
from ifn_severity.bundle.reference import share_outside
from ifn_severity.features import PROTEIN_SET

if TYPE_CHECKING:
    from ifn_severity.bundle.model import SeverityModel

PREDICTION_COLUMNS = (
    "sample",
    "probability_severe",
    "call",
    "panel_coverage",
    "in_distribution",
    "warnings",
    "probability_low",
    "probability_high",
)


def prediction_rows(
    model: SeverityModel,
    samples: list[str],
    coverage: float,
    features: np.ndarray,
    rule: Rule,
    hints: tuple[list[str], list[str]],
) -> pd.DataFrame:
    """Predict samples whose features are known, and say where not to rely on it.

    Parameters
    ----------
    model : SeverityModel
    samples : list of str
    coverage : float
        Fraction of the panel that was measured.
    features : ndarray of shape (n_samples, n_features)
    rule : Rule
        From :func:`rule_of`.
    hints : tuple of two lists of str
        What speaks against tissue and sex, a sentence or nothing a sample.

    Returns
    -------
    DataFrame with ``PREDICTION_COLUMNS``
    """
    table = pd.DataFrame(features, columns=model.manifest.columns)
    log_odds = model.decide(features)
    low, high = _ends(model, log_odds)
    if model.anchor:
        log_odds = log_odds + model.anchor.shift
    usual = (model.reference["missing"] < 1.0).to_numpy()
    found = Findings(
        probability=expit(log_odds),
        coverage=coverage,
        missing=np.isnan(features[:, usual]).sum(axis=1),
        outside=share_outside(table, model.reference),
        distance=model.space.distance(features),
        tissue=hints[0],
        sex=hints[1],
        either=(low < model.threshold) & (high >= model.threshold),
    )
    return pd.DataFrame(
        {
            "sample": samples,
            "probability_severe": found.probability,
            "call": rule.calls(found),
            "panel_coverage": found.coverage,
            "in_distribution": rule.within(found),
            "warnings": rule.warnings(found),
            "probability_low": low,
            "probability_high": high,
        },
        columns=list(PREDICTION_COLUMNS),
    )


def _ends(model: SeverityModel, log_odds: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    if model.anchor:
        return expit(log_odds + model.anchor.low), expit(log_odds + model.anchor.high)
    if model.manifest.interval is None:
        return np.full(len(log_odds), np.nan), np.full(len(log_odds), np.nan)
    return model.manifest.interval.around(log_odds)


def rule_of(model: SeverityModel, own: ModelFeatures) -> Rule:
    """Return when a model abstains, and what it says of every sample alike."""
    common = []
    if model.simulated:
        common.append("the model was trained on simulated patients")
    if model.anchor:
        common.append(model.anchor.words)
    return Rule(
        threshold=model.threshold,
        outside_limit=float(model.manifest.distribution["outside_limit"]),
        distance_limit=float(model.manifest.distribution["distance_limit"]),
        # features that training lacked too are imputed there as here
        n_features=int((model.reference["missing"] < 1.0).sum()),
        common=(*common, *own.words()),
        proteins=model.feature_set == PROTEIN_SET,
    )
