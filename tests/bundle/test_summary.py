"""What a batch says as a whole follows from its rows."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from ifn_severity.bundle import load_model
from ifn_severity.bundle.interval import COHORTS, Anchor, ProbabilityInterval
from ifn_severity.bundle.summary import batch_sentences, reasons

NONE = pd.Series(dtype=float)


@pytest.fixture
def model(trained):
    return load_model(trained["logistic"].folder)


def rows(n: int = 12, **columns) -> pd.DataFrame:
    table = {
        "sample": [f"S{i}" for i in range(n)],
        "probability_severe": 0.9,
        "call": "severe",
        "panel_coverage": 1.0,
        "in_distribution": True,
        "warnings": "",
        "probability_low": 0.8,
        "probability_high": 0.95,
    }
    return pd.DataFrame(table | columns)


def said(predictions, model, drift=NONE) -> str:
    facts, warnings = batch_sentences(predictions, model, drift)
    assert facts
    return " ".join(warnings)


def with_interval(model, shift: float):
    interval = ProbabilityInterval(COHORTS, 0.95, 2.8, shift, (0.0, 0.0, 0.0), {"a": shift})
    return replace(model, manifest=replace(model.manifest, interval=interval))


def test_one_call_for_all(model):
    assert "All 12 samples with a call are called severe" in said(rows(), model)
    assert "All" not in said(rows(call=["severe", "not severe"] * 6), model)
    assert "All" not in said(rows(4), model)


def test_wide_interval(model):
    between = with_interval(model, 3.3)
    wide = rows(probability_low=0.01, probability_high=0.99)
    assert "±3.3 log-odds" in said(wide, between)
    assert "interval" not in said(rows(), between)
    assert "one training cohort" in said(wide, model)
    assert "log-odds were shifted" in said(
        wide, between.anchored(Anchor(1.0, 0.5, 1.5, 2, 2))
    ).replace("Log", "log")


def test_model_without_an_interval(model):
    bare = replace(model, manifest=replace(model.manifest, interval=None))
    assert "has no interval" in said(rows(), bare)


def test_abstentions_and_their_reasons(model):
    text = "unlike the training data: its distance in feature space is 9.0 (limit 5.0, usual 1)"
    few = rows(call=["abstain"] + ["severe", "not severe"] * 5 + ["severe"],
               warnings=[text] + [""] * 11)  # fmt: skip
    assert reasons(few) == {"far from the training data": 1}
    assert "No call for 1 of 12 samples: far from the training data (1)" in said(few, model)
    assert "batch as a whole" not in said(few, model)
    assert "batch as a whole" in said(rows(call="abstain", warnings=text), model)


def test_drift_and_swaps(model):
    drift = pd.Series({"gene:A": -4.0, "gene:B": 2.5, "gene:C": 0.1})
    assert "2 of 3 features" in said(rows(), model, drift)
    assert "gene:A -4.0" in said(rows(), model, drift)
    swapped = rows(warnings=["samples may have been swapped"] + [""] * 11)
    assert "1 samples (S0)" in said(swapped, model)
