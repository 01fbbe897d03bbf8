"""What a batch of predictions says as a whole, in sentences."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from ifn_severity.bundle.interval import COHORTS
from ifn_severity.bundle.judge import ABSTAIN, SEVERE
from ifn_severity.bundle.model import SeverityModel

DRIFTED = 2.0
"""Training standard deviations by which a batch's mean must be off to count as drift."""
_MANY = 0.2
_WIDE = 0.8
_ALIKE = 0.95


def reasons(predictions: pd.DataFrame) -> dict[str, int]:
    """Count why samples were abstained from; a sample may have several reasons.

    Parameters
    ----------
    predictions : DataFrame
        What ``SeverityModel.predict`` returned.
    """
    texts = predictions.loc[predictions["call"] == ABSTAIN, "warnings"]
    words = {
        "no reference gene is expressed": "no reference gene expressed",
        "distance in feature space": "far from the training data",
        "outside the training range": "many features outside the training range",
        "this is not blood": "not blood",
        "neutrophil genes are as": "another kind of blood than in training",
        "too few for a call": "too few of the panel's genes",
    }
    counts = {said: int(texts.str.contains(key, regex=False).sum()) for key, said in words.items()}
    return {said: count for said, count in counts.items() if count}


def batch_sentences(
    predictions: pd.DataFrame,
    model: SeverityModel,
    drift: pd.Series,
    doubts: Sequence[str] = (),
) -> tuple[list[str], list[str]]:
    """Say what was predicted, and what speaks against relying on it.

    Parameters
    ----------
    predictions : DataFrame
        What ``SeverityModel.predict`` returned.
    model : SeverityModel
    drift : Series indexed by feature
        Mean of the batch less that of training, in training standard deviations.
    doubts : sequence of str
        Sentences on what the file was taken for and may not be.

    Returns
    -------
    facts, warnings : list of str
    """
    total = len(predictions)
    called = predictions[predictions["call"] != ABSTAIN]
    n_severe = int((called["call"] == SEVERE).sum())
    probability = predictions["probability_severe"].dropna()
    facts = [
        f"{n_severe} of {total} samples called severe (probability at least "
        f"{model.threshold:.3f}), {len(called) - n_severe} not severe, {total - len(called)} "
        "without a call."
    ]
    if len(probability):
        low, middle, high = probability.quantile([0.25, 0.5, 0.75])
        facts.append(
            f"Probability of severe: median {middle:.2f}, middle half {low:.2f} to {high:.2f}; "
            f"{predictions['panel_coverage'].iloc[0]:.0%} of the panel's genes are there."
        )
    return facts, [
        *doubts,
        *_abstained(predictions, total, total - len(called)),
        *_interval(predictions, model),
        *_drifted(drift),
        *_one_call(called, n_severe),
        *_swapped(predictions),
    ]


def _abstained(predictions: pd.DataFrame, total: int, number: int) -> list[str]:
    if not number:
        return []
    why = ", ".join(f"{said} ({count})" for said, count in reasons(predictions).items())
    text = f"No call for {number} of {total} samples: {why}. The column warnings says which."
    if number > _MANY * total:
        text += " So many say that the batch as a whole is unlike the training data."
    return [text]


def _interval(predictions: pd.DataFrame, model: SeverityModel) -> list[str]:
    interval = model.manifest.interval
    if interval is None:
        return ["The model has no interval: it was saved without held-out predictions."]
    if model.anchor:
        return [model.anchor.words[:1].upper() + model.anchor.words[1:] + "."]
    if interval.basis != COHORTS:
        return [
            "The interval is for patients of the one training cohort; how far another laboratory "
            "shifts the probability is not known. Give samples of known severity with --labels."
        ]
    width = (predictions["probability_high"] - predictions["probability_low"]).dropna().median()
    if width > _WIDE:
        return [
            f"The interval is wide (median width {width:.2f}), because cohorts the model had not "
            f"seen were off by ±{interval.shift:.1f} log-odds. Samples of one laboratory can be "
            "ranked; for the probability give a few of known severity with --labels."
        ]
    return []


def _drifted(drift: pd.Series) -> list[str]:
    far = drift[drift.abs() > DRIFTED]
    if not len(far):
        return []
    first = ", ".join(f"{name} {value:+.1f}" for name, value in far.head(3).items())
    return [
        f"{len(far)} of {len(drift)} features lie on average more than {DRIFTED:g} standard "
        f"deviations from the training mean, the furthest {first}."
    ]


def _one_call(called: pd.DataFrame, n_severe: int) -> list[str]:
    most = max(n_severe, len(called) - n_severe)
    if len(called) < 10 or most < _ALIKE * len(called):
        return []
    word = "severe" if n_severe == most else "not severe"
    how_many = "All" if most == len(called) else f"{most} of"
    return [
        f"{how_many} {len(called)} samples with a call are called {word}: a shift between "
        "laboratories does that too. --labels with a few samples of known severity tells the two "
        "apart."
    ]


def _swapped(predictions: pd.DataFrame) -> list[str]:
    names = predictions.loc[
        predictions["warnings"].str.contains("samples may have been swapped", regex=False), "sample"
    ]
    if not len(names):
        return []
    return [
        f"The stated sex contradicts the genes of {len(names)} samples ({', '.join(names[:5])}): "
        "check that samples were not swapped."
    ]
