"""Intervals hold what they promise where the truth is known, and labels move the intercept."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.special import expit
from scipy.stats import t

from ifn_severity.bundle.interval import COHORTS, FOLDS, read_interval
from ifn_severity.errors import LabelError
from ifn_severity.evaluate.anchor import USUAL_SHIFT, fit_anchor
from ifn_severity.evaluate.prediction_interval import interval_between, interval_within, shift_of


def draw(rng, shift: float, n: int = 60) -> tuple[np.ndarray, np.ndarray]:
    log_odds = rng.normal(0, 2, n)
    return (rng.random(n) < expit(log_odds + shift)).astype(int), log_odds


def test_shift_is_found():
    y, log_odds = draw(np.random.default_rng(0), -3.0, 5000)
    assert shift_of(y, log_odds) == pytest.approx(-3.0, abs=0.2)


@pytest.mark.parametrize("label", [0, 1])
def test_one_class_has_a_finite_shift(label):
    found = shift_of(np.full(10, label), np.zeros(10))
    assert np.isfinite(found)
    assert np.sign(found) == 2 * label - 1


def test_interval_between_covers_unseen_cohorts():
    """Cohorts drawn from one distribution of shifts: 95 % of new ones lie inside."""
    rng = np.random.default_rng(1)
    inside = []
    for _ in range(120):
        shifts = rng.normal(0, 3, 5)
        parts = [draw(rng, shift, 200) for shift in shifts[:4]]
        y, log_odds = (np.concatenate(list(each)) for each in zip(*parts, strict=True))
        interval = interval_between(y, log_odds, np.repeat(list("abcd"), 200))
        assert interval.basis == COHORTS
        assert interval.quantile == pytest.approx(t.ppf(0.975, 4))
        low, high = interval.around(np.zeros(1))
        inside.append(low[0] <= expit(shifts[4]) <= high[0])
    assert 0.9 <= np.mean(inside) <= 1.0


def test_interval_within_covers_the_line():
    rng = np.random.default_rng(2)
    inside = []
    for _ in range(40):
        y, log_odds = draw(rng, 0.0, 100)
        interval = interval_within(y, log_odds[None], np.arange(100), n_draws=200)
        low, high = interval.around(np.array([-1.0, 0.0, 1.0]))
        inside.append((low <= expit([-1.0, 0, 1])) & (expit([-1.0, 0, 1]) <= high))
    assert interval.basis == FOLDS
    assert np.mean(inside) > 0.9
    assert (high - low).max() < 0.6


def test_refits_that_disagree_widen_the_interval():
    y, log_odds = draw(np.random.default_rng(3), 0.0)
    same = interval_within(y, np.stack([log_odds, log_odds]), np.arange(60))
    other = interval_within(y, np.stack([log_odds - 1, log_odds + 1]), np.arange(60))
    assert other.half_width(np.zeros(1))[0] > same.half_width(np.zeros(1))[0] + 0.5


def test_survives_the_manifest():
    y, log_odds = draw(np.random.default_rng(4), 1.0)
    for interval in (
        interval_between(y, log_odds, np.repeat(["a", "b"], 30)),
        interval_within(y, log_odds[None], np.arange(60)),
    ):
        assert read_interval(interval.to_dict()) == interval


@pytest.mark.parametrize(
    "change",
    [
        {"basis": "a guess"},
        {"level": 1.5},
        {"shift": -1.0},
        {"quantile": "2"},
        {"quantile": True},
        {"line": [1.0]},
        {"line": [1.0, 5.0, 1.0]},
        {"cohorts": {"a": None}},
        {"cohorts": []},
        {"shift": 1e300},
    ],
)
def test_nonsense_is_refused(change):
    y, log_odds = draw(np.random.default_rng(4), 1.0)
    content = interval_within(y, log_odds[None], np.arange(60)).to_dict()
    with pytest.raises(ValueError, match="interval: "):
        read_interval({**content, **change})


@settings(max_examples=40)
@given(
    shift=st.floats(-4, 4),
    n=st.integers(2, 30),
    seed=st.integers(0, 1000),
)
def test_anchor_moves_towards_the_labels(shift, n, seed):
    y, log_odds = draw(np.random.default_rng(seed), shift, n)
    assume(len(set(y.tolist())) == 2)
    anchor = fit_anchor(y, log_odds, None)
    assert anchor.low < anchor.shift < anchor.high
    assert anchor.n_severe + anchor.n_mild == n
    # no posterior of one laboratory is wider than its prior
    assert anchor.high - anchor.low <= 2 * 1.97 * USUAL_SHIFT
    flipped = fit_anchor(1 - y, -log_odds, None)
    assert flipped.shift == pytest.approx(-anchor.shift, abs=0.02)


def test_more_labels_narrow_the_anchor():
    y, log_odds = draw(np.random.default_rng(5), 2.0, 200)
    widths = []
    for n in (4, 16, 200):
        anchor = fit_anchor(y[:n], log_odds[:n], None)
        widths.append(anchor.high - anchor.low)
    assert widths[0] > widths[1] > widths[2]
    assert anchor.low < 2.0 < anchor.high


@pytest.mark.parametrize(("one", "name"), [(1, "3 labelled severe"), (0, "3 labelled mild")])
def test_labels_of_one_class_are_refused(one, name):
    with pytest.raises(LabelError, match=name):
        fit_anchor(np.full(3, one), np.array([0.1, 2.0, -1.0]), None)
    # what has no prediction does not count
    with pytest.raises(LabelError, match=name):
        fit_anchor(np.array([one] * 3 + [1 - one]), np.array([0.1, 2.0, -1.0, np.nan]), None)


def test_no_label_is_refused():
    with pytest.raises(LabelError, match="no labelled sample"):
        fit_anchor(np.array([1]), np.array([np.nan]), None)
