"""Net benefit against the dcurves package and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit

from ifn_severity.errors import LabelError
from ifn_severity.evaluate.decision import decision_curve, net_benefit

Y = np.array([0, 0, 0, 1, 0, 1, 1, 0, 1, 1])
P = np.array([0.05, 0.15, 0.2, 0.25, 0.35, 0.45, 0.55, 0.65, 0.75, 0.95])


def test_the_dcurves_package_says_the_same() -> None:
    """dcurves 1.1.7: dca(data, outcome="y", modelnames=["p"], thresholds=[.1, .3, .5, .7])."""
    curve = decision_curve(Y, P, np.arange(10), thresholds=np.array([0.1, 0.3, 0.5, 0.7]))
    assert curve["model"].tolist() == pytest.approx([0.455556, 0.314286, 0.2, 0.2], abs=1e-6)
    everyone = [0.444444, 0.285714, 0.0, -0.666667]
    assert curve["treat_all"].tolist() == pytest.approx(everyone, abs=1e-6)
    assert (curve["treat_none"] == 0).all()


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), threshold=st.floats(0.01, 0.99))
def test_by_counting(seed: int, threshold: float) -> None:
    rng = np.random.default_rng(seed)
    y, p = rng.integers(0, 2, 30), rng.random(30).round(2)
    true, false = ((p >= threshold) & (y == 1)).sum(), ((p >= threshold) & (y == 0)).sum()
    expected = true / 30 - false / 30 * threshold / (1 - threshold)
    assert net_benefit(y, p, np.array([threshold]))[0, 0] == pytest.approx(expected)


def test_a_good_model_beats_treating_everyone_and_noise_does_not() -> None:
    rng = np.random.default_rng(0)
    log_odds = 2 * rng.normal(size=400)
    y = (rng.random(400) < expit(log_odds)).astype(int)
    at = np.array([0.3, 0.5, 0.7])
    good = decision_curve(y, expit(log_odds), np.arange(400), thresholds=at, n_draws=300)
    assert (good["gain_low"] > 0).all()
    assert ((good["low"] < good["model"]) & (good["model"] < good["high"])).all()
    noise = decision_curve(y, rng.random(400), np.arange(400), thresholds=at, n_draws=300)
    assert (noise["gain_low"] < 0).all()


def test_default_thresholds_and_same_seed() -> None:
    once, again = (decision_curve(Y, P, np.arange(10), n_draws=50) for _ in range(2))
    assert (once["threshold"].min(), once["threshold"].max(), len(once)) == (0.05, 0.95, 91)
    assert once.equals(again)


@pytest.mark.parametrize("threshold", [0.0, 1.0, -0.1, np.nan])
def test_thresholds_that_are_no_risks(threshold: float) -> None:
    with pytest.raises(LabelError, match="threshold probabilities"):
        net_benefit(Y, P, np.array([threshold]))
