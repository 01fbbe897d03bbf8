"""Metrics against scikit-learn, bootstrap against its definition."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import brier_score_loss, roc_auc_score

from ifn_severity.evaluate import OutOfFold, auroc, patient_bootstrap, summarise
from ifn_severity.evaluate.bootstrap import percentile_interval
from ifn_severity.evaluate.metrics import calibration_line


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 10_000), n=st.integers(4, 60), ties=st.booleans())
def test_auroc_equals_scikit_learn_weighted_or_not(seed: int, n: int, ties: bool) -> None:
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 2
    score = np.round(rng.random(n), 1) if ties else rng.random(n)
    weights = rng.integers(0, 4, (3, n)).astype(float)
    weights[:, :2] += 1
    assert auroc(y, score)[0] == pytest.approx(roc_auc_score(y, score))
    for row, value in zip(weights, auroc(y, score, weights), strict=True):
        assert value == pytest.approx(roc_auc_score(y, score, sample_weight=row))


def test_auroc_of_one_class_is_undefined() -> None:
    y = np.array([0, 1])
    assert np.isnan(auroc(y, np.array([0.1, 0.2]), np.array([[1.0, 0.0]]))[0])


def test_bootstrap_draws_patients_not_samples() -> None:
    patients = np.array(["a", "a", "b", "c", "c", "c"])
    weights = patient_bootstrap(patients, n_draws=500, rng=np.random.default_rng(0))
    assert (weights[:, 0] == weights[:, 1]).all()
    assert (weights[:, 3:] == weights[:, [3]]).all()
    assert (weights[:, 0] + weights[:, 2] + weights[:, 3] == 3).all()


def held_out(n: int = 80, *, repeats: int = 2, seed: int = 0) -> OutOfFold:
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 2
    log_odds = rng.normal(size=(repeats, n)) + 1.2 * y
    return OutOfFold(y, np.arange(n).astype(str), log_odds, log_odds > 0.3)


def test_summary_is_the_mean_over_repeats() -> None:
    oof = held_out()
    metrics = summarise(oof, n_draws=300)
    by_hand = [roc_auc_score(oof.y, row) for row in oof.log_odds]
    assert metrics["auroc"] == pytest.approx(np.mean(by_hand))
    assert metrics["auroc_low"] < metrics["auroc"] < metrics["auroc_high"]
    briers = [brier_score_loss(oof.y, p) for p in oof.probability]
    assert metrics["brier"] == pytest.approx(np.mean(briers))
    assert metrics["sensitivity"] == pytest.approx(oof.called[:, oof.y == 1].mean())
    assert metrics["specificity"] == pytest.approx(1 - oof.called[:, oof.y == 0].mean())
    assert metrics == summarise(oof, n_draws=300)


def test_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    """Two normals 1.2 apart have AUROC Phi(1.2/sqrt 2) = 0.802."""
    hits = 0
    for seed in range(60):
        metrics = summarise(held_out(120, repeats=1, seed=seed), n_draws=300)
        hits += metrics["auroc_low"] <= 0.802 <= metrics["auroc_high"]
    assert 51 <= hits <= 60


def test_calibration_line_of_true_log_odds_is_one_and_zero() -> None:
    rng = np.random.default_rng(1)
    log_odds = rng.normal(size=20_000) * 1.5
    y = (rng.random(20_000) < 1 / (1 + np.exp(-log_odds))).astype(int)
    slope, intercept = calibration_line(y, log_odds)
    assert slope == pytest.approx(1.0, abs=0.05)
    assert intercept == pytest.approx(0.0, abs=0.05)
    doubled, _ = calibration_line(y, 2 * log_odds)
    assert doubled == pytest.approx(slope / 2, rel=1e-3)
    assert np.isnan(calibration_line(y, np.zeros(len(y)))).all()


def test_percentile_interval_leaves_out_undefined_draws() -> None:
    low, high = percentile_interval(np.array([np.nan, 0.2, 0.4]))
    assert 0.2 <= low < high <= 0.4
    assert np.isnan(percentile_interval(np.array([np.nan]))).all()
