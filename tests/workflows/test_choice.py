"""What is chosen without a cohort is calibrated without it too."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit

from ifn_severity.evaluate import Candidate, calibration_summary
from ifn_severity.evaluate.cross_cohort import two_out_splits
from ifn_severity.workflows.validation.choice import averaged, recalibrated
from ifn_severity.workflows.validation.fits import Fits, Problem

COHORTS = ("a", "b", "c", "d")
TRAINABLE = ["a", "b", "c"]
SIZE = 1500


@pytest.fixture(scope="module")
def problem() -> Problem:
    rng = np.random.default_rng(0)
    cohorts = np.repeat(COHORTS, SIZE)
    y = rng.integers(0, 2, len(cohorts))
    patients = np.arange(len(cohorts)).astype(str)
    return Problem(y, patients, cohorts, TRAINABLE, inner_folds=3, seed=0, n_jobs=1)


@pytest.fixture(scope="module")
def fits(problem: Problem) -> Fits:
    """Two candidates that see the truth through noise of their own, each well calibrated."""
    rng = np.random.default_rng(1)

    def seen() -> np.ndarray:
        # a normal marker with unit variance in each class has log-odds distance * (x - middle)
        return 2.25 * (problem.y - 0.5) + 1.5 * rng.normal(size=len(problem.y))

    log_odds = np.stack([seen(), seen()])
    pairs = two_out_splits(problem.cohorts, TRAINABLE)
    two_out = np.full((2, len(pairs), len(problem.y)), np.nan)
    for i, split in enumerate(pairs):
        for j in range(2):
            two_out[j, i, split.test] = seen()[split.test]
    candidates = tuple(Candidate("all", model, np.zeros((1, 1))) for model in ("one", "two"))
    nothing = np.empty((2, 0, 0))
    return Fits(candidates, log_odds, log_odds, log_odds, two_out, nothing, {})


def slope_of(problem: Problem, values: np.ndarray, name: str) -> float:
    rows = problem.cohorts == name
    return calibration_summary(
        problem.y[rows], values[rows], problem.patients[rows], n_draws=10
    ).slope


def test_an_average_is_too_timid_and_gets_its_slope_from_other_cohorts(
    fits: Fits, problem: Problem
) -> None:
    chosen = dict.fromkeys(COHORTS, (0, 1))
    before = averaged(fits.log_odds, chosen, problem)
    after = recalibrated(before, fits, chosen, problem)
    for name in COHORTS:
        assert slope_of(problem, before, name) == pytest.approx(2.0, abs=0.3)
        assert slope_of(problem, after, name) == pytest.approx(1.0, abs=0.15)
        rows = problem.cohorts == name
        y = problem.y[rows]
        brier = [np.mean((expit(values[rows]) - y) ** 2) for values in (before, after)]
        assert brier[1] < brier[0]
        # the order of patients stays
        assert (np.argsort(before[rows]) == np.argsort(after[rows])).all()


def test_a_candidate_alone_stays_as_it_was_calibrated(fits: Fits, problem: Problem) -> None:
    chosen = dict.fromkeys(COHORTS, (1,))
    before = averaged(fits.log_odds, chosen, problem)
    np.testing.assert_array_equal(recalibrated(before, fits, chosen, problem), before)


@pytest.mark.parametrize("name", ["b", "d"])
def test_labels_of_the_cohort_that_is_held_out_change_nothing(
    fits: Fits, problem: Problem, name: str
) -> None:
    chosen = dict.fromkeys(COHORTS, (0, 1))
    rows = problem.cohorts == name
    before = averaged(fits.log_odds, chosen, problem)
    other = replace(problem, y=np.where(rows, 1 - problem.y, problem.y))
    expected = recalibrated(before, fits, chosen, problem)
    found = recalibrated(before, fits, chosen, other)
    np.testing.assert_array_equal(found[rows], expected[rows])
    # and those of a cohort that is learned from do count
    others = problem.cohorts == "a"
    assert np.allclose(found[others], expected[others]) == (name not in TRAINABLE)


def test_cohorts_apart_get_a_slope_that_their_distance_does_not_flatten(
    fits: Fits, problem: Problem
) -> None:
    chosen = dict.fromkeys(COHORTS, (0, 1))
    shift = np.select([problem.cohorts == name for name in COHORTS], [-3.0, 0.0, 3.0, 1.0])
    apart = replace(fits, log_odds=fits.log_odds + shift, two_out=fits.two_out + shift)
    after = recalibrated(averaged(apart.log_odds, chosen, problem), apart, chosen, problem)
    for name in COHORTS:
        assert slope_of(problem, after, name) == pytest.approx(1.0, abs=0.15)
