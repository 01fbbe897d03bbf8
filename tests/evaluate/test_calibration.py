"""Calibration against scikit-learn and known truths; recalibration mends what it should."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss

from ifn_severity.errors import LabelError
from ifn_severity.evaluate.calibration import (
    calibration_summary,
    equal_mass_bins,
    expected_calibration_error,
    logistic_lines,
)
from ifn_severity.evaluate.metrics import calibration_line
from ifn_severity.evaluate.reliability import calibration_curve, calibration_points


def sample(n: int, seed: int = 0, spread: float = 1.5) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    log_odds = spread * rng.normal(size=n)
    return (rng.random(n) < expit(log_odds)).astype(int), log_odds


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), stretch=st.floats(0.2, 8.0), shift=st.floats(-3, 3))
def test_lines_are_those_of_scikit_learn(seed: int, stretch: float, shift: float) -> None:
    y, truth = sample(80, seed)
    log_odds = stretch * truth + shift
    weights = np.random.default_rng(seed).integers(0, 3, (2, 80)).astype(float)
    slopes, intercepts = logistic_lines(y, log_odds, weights)
    for row, slope, intercept in zip(weights, slopes, intercepts, strict=True):
        line = LogisticRegression(C=np.inf, tol=1e-10, max_iter=10_000)
        line.fit(log_odds[:, None], y, sample_weight=row)
        assert slope == pytest.approx(line.coef_[0, 0], rel=1e-3, abs=1e-4)
        assert intercept == pytest.approx(line.intercept_[0], rel=1e-3, abs=1e-3)


def test_in_the_large_makes_the_mean_right() -> None:
    y, truth = sample(300)
    slope, intercept = logistic_lines(y, truth - 1.3, np.ones((1, 300)), fixed_slope=True)
    assert slope[0] == pytest.approx(1.0)
    assert expit(truth - 1.3 + intercept[0]).mean() == pytest.approx(y.mean())


def test_separated_or_single_classes_have_no_line() -> None:
    y = np.array([0, 0, 0, 1, 1, 1])
    weights = np.array([[1.0] * 6, [1.0] * 3 + [0.0] * 3])
    for values in logistic_lines(y, np.arange(6.0), weights):
        assert np.isnan(values).all()
    assert np.isnan(logistic_lines(y, np.arange(6.0), weights[1:], fixed_slope=True)[1]).all()


def test_ece_by_hand_and_of_the_truth() -> None:
    y = np.array([0] * 9 + [1] + [0] * 2 + [1] * 8)
    probability = np.array([0.2] * 10 + [0.7] * 10)
    assert expected_calibration_error(y, probability)[0] == pytest.approx((0.1 + 0.1) / 2)
    assert expected_calibration_error(y, y * 1.0)[0] == 0
    large, log_odds = sample(20_000)
    assert expected_calibration_error(large, expit(log_odds))[0] < 0.015
    assert expected_calibration_error(large, expit(3 * log_odds))[0] > 0.1


@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 1000), n=st.integers(1, 60), n_bins=st.integers(1, 12), ties=st.booleans()
)
def test_bins_are_ordered_and_even(seed: int, n: int, n_bins: int, ties: bool) -> None:
    probability = np.random.default_rng(seed).random(n)
    if ties:
        probability = probability.round(1)
    bins = equal_mass_bins(probability, n_bins)
    assert set(bins) == set(range(bins.max() + 1))
    assert (np.diff(bins[np.argsort(probability, kind="stable")]) >= 0).all()
    if not ties:
        assert np.ptp(np.bincount(bins)) <= 1 or n < n_bins


def test_summary_of_a_calibrated_and_an_overconfident_model() -> None:
    y, log_odds = sample(400, 1)
    patients = np.arange(400)
    right = calibration_summary(y, log_odds, patients, n_draws=300)
    assert right.brier == pytest.approx(brier_score_loss(y, expit(log_odds)))
    assert (right.slope, right.intercept) == pytest.approx(calibration_line(y, log_odds), abs=1e-4)
    assert right.slope_low < 1 < right.slope_high
    assert right.in_the_large_low < 0 < right.in_the_large_high
    assert right.brier_low < right.brier < right.brier_high
    assert right.expected == pytest.approx(right.observed, abs=0.06)
    wrong = calibration_summary(y, 3 * log_odds + 2, patients, n_draws=300)
    assert wrong.slope == pytest.approx(right.slope / 3, rel=1e-3)
    assert wrong.slope_high < 1
    assert wrong.in_the_large_high < 0
    assert wrong.ece > right.ece
    assert right == calibration_summary(y, log_odds, patients, n_draws=300)


def test_repeated_samples_widen_the_interval() -> None:
    y, log_odds = sample(100, 2)
    once = calibration_summary(y, log_odds, np.arange(100), n_draws=300)
    copies = calibration_summary(
        np.tile(y, 3), np.tile(log_odds, 3), np.tile(np.arange(100), 3), n_draws=300
    )
    assert copies.n_patients == 100
    width = copies.slope_high - copies.slope_low
    assert width == pytest.approx(once.slope_high - once.slope_low, rel=1e-6)


def test_points_carry_wilson_intervals() -> None:
    y = np.array([0] * 9 + [1])
    points = calibration_points(y, np.full(10, 0.4))
    assert points.n_samples.tolist() == [10]
    # R: prop.test(1, 10, correct = FALSE)$conf.int
    assert (points.low[0], points.high[0]) == pytest.approx((0.01787621, 0.40415002), abs=1e-7)


def test_curve_follows_the_truth() -> None:
    y, log_odds = sample(20_000, 3)
    predicted, observed = calibration_curve(y, log_odds)
    middle = (predicted > 0.1) & (predicted < 0.9)
    assert np.abs(observed - predicted)[middle].max() < 0.05
    only, share = calibration_curve(np.array([0, 1]), np.zeros(2))
    assert (only.tolist(), share.tolist()) == ([0.5], [0.5])


def test_one_class_is_refused() -> None:
    with pytest.raises(LabelError, match="0 mild and 3 severe"):
        calibration_summary(np.ones(3, dtype=int), np.arange(3.0), np.arange(3))


def test_every_figure_has_an_interval_and_none_without_draws() -> None:
    rng = np.random.default_rng(3)
    log_odds = rng.normal(0, 1.5, 200)
    y = (rng.random(200) < 1 / (1 + np.exp(-log_odds))).astype(int)
    found = asdict(calibration_summary(y, log_odds, np.arange(200), n_draws=300))
    for name in ("brier", "ece", "slope", "intercept", "in_the_large"):
        assert found[f"{name}_low"] < found[f"{name}_high"]
    assert found["intercept_low"] < found["intercept"] < found["intercept_high"]
    without = asdict(calibration_summary(y, log_odds, np.arange(200), n_draws=0))
    assert without["slope"] == found["slope"]
    assert np.isnan([without[f"{name}_low"] for name in ("brier", "slope", "intercept")]).all()
