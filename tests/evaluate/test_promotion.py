"""The rule by which a model may become champion."""

from __future__ import annotations

import numpy as np
import pytest

from ifn_severity.evaluate.promotion import MARGIN, HeldOutScores, judge


def scores(strength: float, *, slope: float = 1.0, cohorts: str = "abcd", seed: int = 0):
    """Sixty patients a cohort whose log-odds follow their class by so much."""
    rng = np.random.default_rng(seed)
    n = 60 * len(cohorts)
    y = np.arange(n) % 2
    # of normal scores d apart with unit spread, the right log-odds are d times the score
    margin = rng.normal(size=n) + strength * (y - 0.5)
    names = np.array([f"s{i}" for i in range(n)])
    return HeldOutScores(names, names, np.repeat(list(cohorts), 60), y, margin * strength / slope)


def test_first_champion_needs_evidence_better_than_chance() -> None:
    assert judge(scores(2.0), None, n_draws=200).allowed
    chance = judge(scores(0.0001, slope=1e-4), None, n_draws=200)
    assert "no better than chance" in chance.reasons[0]
    few = judge(scores(2.0, cohorts="ab"), None, n_draws=200)
    assert few.reasons == ("2 cohorts held out (a, b); it takes 3",)


@pytest.mark.parametrize(
    ("slope", "allowed"), [(0.3, False), (1.0, True), (2.0, True), (9.0, False)]
)
def test_slope_must_be_in_range(slope: float, allowed: bool) -> None:
    decision = judge(scores(2.0, slope=slope), None, n_draws=50)
    assert decision.allowed == allowed
    assert allowed or "median calibration slope" in decision.reasons[0]


def test_cohorts_that_are_separated_have_no_slope() -> None:
    perfect = judge(scores(12.0, slope=12.0), None, n_draws=50)
    assert perfect.allowed
    assert perfect.summary == "mean AUROC 1.000, least 1.000; there was no champion"
    assert "median slope 1" in judge(scores(2.0), None, n_draws=50).summary


def test_better_model_takes_over_and_the_worse_does_not() -> None:
    better, worse = scores(2.5), scores(1.2, seed=1)
    assert judge(better, worse, n_draws=300).allowed
    refused = judge(worse, better, n_draws=300)
    assert any("may be lost" in reason for reason in refused.reasons)
    assert "difference -" in refused.summary


def test_an_equal_model_is_let_through_by_its_paired_interval() -> None:
    champion = scores(2.0)
    # the same order but for a hair: the paired interval is narrow around no difference
    almost = HeldOutScores(
        champion.samples,
        champion.patients,
        champion.cohorts,
        champion.y,
        champion.log_odds + np.random.default_rng(5).normal(scale=0.01, size=240),
    )
    assert judge(almost, champion, n_draws=300).allowed


def test_a_cohort_must_not_be_given_up_for_the_mean() -> None:
    champion, better = scores(1.5), scores(3.0)
    ruined = better.log_odds.copy()
    here = better.cohorts == "d"
    ruined[here] = champion.log_odds[here] - 1.6 * champion.y[here]
    candidate = HeldOutScores(better.samples, better.patients, better.cohorts, better.y, ruined)
    decision = judge(candidate, champion, n_draws=300)
    assert min(candidate.by_cohort().values()) < min(champion.by_cohort().values()) - MARGIN
    assert any("its worst cohort, d" in reason for reason in decision.reasons)


def test_only_samples_of_both_are_compared() -> None:
    candidate, champion = scores(2.0), scores(2.0, cohorts="ab")
    decision = judge(candidate, champion, n_draws=50)
    assert decision.reasons == ("2 cohorts were held out for both it and the champion; it takes 3",)
    # the order of the samples does not matter
    turned = champion.rows(np.arange(len(champion.y))[::-1])
    assert judge(scores(2.0), scores(2.0).rows(np.arange(240)[::-1]), n_draws=50).allowed
    assert turned.by_cohort() == champion.by_cohort()


def test_decision_depends_on_the_seed_alone() -> None:
    first, second = (judge(scores(2.0), scores(1.9, seed=3), n_draws=100, seed=4) for _ in "12")
    assert first == second
