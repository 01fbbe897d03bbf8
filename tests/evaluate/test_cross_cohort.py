"""Splits between cohorts: what is judged is never seen, and never chooses."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ifn_severity.errors import LabelError
from ifn_severity.evaluate import Candidate, nested_cross_validation
from ifn_severity.evaluate.cross_cohort import (
    check_cohorts,
    choose_without,
    cohort_names,
    one_in_splits,
    one_out_splits,
    two_out_splits,
)


def labels(sizes: list[int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    cohorts = np.repeat([f"c{i}" for i in range(len(sizes))], sizes)
    y = np.arange(len(cohorts)) % 2
    patients = np.array([f"p{i}" for i in range(len(cohorts))])
    return y, patients, cohorts


@settings(max_examples=30, deadline=None)
@given(sizes=st.lists(st.integers(2, 12), min_size=3, max_size=6))
def test_no_split_shares_a_cohort(sizes: list[int]) -> None:
    _, _, cohorts = labels(sizes)
    names = cohort_names(cohorts)
    for splits, n_out in ((one_out_splits(cohorts), 1), (two_out_splits(cohorts, names), 2)):
        for split in splits:
            assert not set(cohorts[split.train]) & set(cohorts[split.test])
            assert len(set(cohorts[split.test])) == n_out
            assert len(split.train) + len(split.test) == len(cohorts)
    for split in (*one_out_splits(cohorts, names[1:]), *two_out_splits(cohorts, names[1:])):
        assert names[0] not in set(cohorts[split.train])
    for split, name in zip(one_in_splits(cohorts, names), names, strict=True):
        assert set(cohorts[split.train]) == {name}


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 1000), trainable=st.sampled_from([3, 4]))
def test_the_choice_does_not_look_at_the_cohort_it_is_judged_on(seed: int, trainable: int) -> None:
    rng = np.random.default_rng(seed)
    y, patients, cohorts = labels([12, 14, 16, 10])
    names = cohort_names(cohorts)[-trainable:]
    n_pairs = trainable * (trainable - 1) // 2
    one_out = rng.normal(size=(3, len(y)))
    two_out = rng.normal(size=(3, n_pairs, len(y)))
    chosen = choose_without(one_out, two_out, y, patients, cohorts, names)
    for name in cohort_names(cohorts):
        held = cohorts == name
        # whatever is true there, and however a candidate would do there, the choice stands
        other_y = np.where(held, 1 - y, y)
        other_one = np.where(held, rng.normal(size=(3, len(y))), one_out)
        other_two = np.where(held, rng.normal(size=(3, n_pairs, len(y))), two_out)
        again = choose_without(other_one, other_two, other_y, patients, cohorts, names)
        assert again[name] == chosen[name]


def test_the_best_among_the_others_is_chosen_and_equals_are_kept() -> None:
    y, patients, cohorts = labels([20, 20, 20])
    names = ["c0", "c1", "c2"]
    pairs = list(combinations(names, 2))
    good = np.where(y == 1, 1.0, 0.0) + np.linspace(0, 0.5, 60)
    two_out = np.stack([np.tile(-good, (3, 1)), np.tile(good, (3, 1)), np.tile(good, (3, 1))])
    # the second and third are the better ones everywhere but where c2 is judged
    for other in ("c0", "c1"):
        rows = cohorts == other
        two_out[:, pairs.index((other, "c2")), rows] *= -1
    chosen = choose_without(np.zeros((3, 60)), two_out, y, patients, cohorts, names)
    assert chosen == {"c0": (1, 2), "c1": (1, 2), "c2": (0,)}


def test_engine_runs_between_cohorts_without_a_refit() -> None:
    y, patients, cohorts = labels([20, 20, 20])
    X = np.random.default_rng(0).normal(size=(60, 4)) + 2.0 * y[:, None]
    (result,) = nested_cross_validation(
        [Candidate("toy", "logistic", X)],
        y,
        patients,
        one_out_splits(cohorts),
        cohorts=cohorts,
        n_jobs=1,
        refit=False,
    )
    assert result.held_out.log_odds.shape == (1, 60)
    assert result.held_out.raw_log_odds is not None
    # calibration stretches and shifts, it does not reorder
    raw, calibrated = result.held_out.raw_log_odds[0], result.held_out.log_odds[0]
    for name in cohort_names(cohorts):
        rows = cohorts == name
        np.testing.assert_array_equal(np.argsort(raw[rows]), np.argsort(calibrated[rows]))
    with pytest.raises(ValueError, match="refit"):
        _ = result.classifier


@pytest.mark.parametrize(
    ("sizes", "change", "message"),
    [
        ([20, 20], None, "2 cohorts"),
        ([20, 20, 20], "one class", "c0 has 20 mild and 0 severe"),
        ([20, 20, 20], "shared", "patient p0 is in c0 and in c2"),
        ([20, 20, 6], None, "2 cohorts with 5 patients"),
    ],
)
def test_refusals(sizes: list[int], change: str | None, message: str) -> None:
    y, patients, cohorts = labels(sizes)
    if change == "one class":
        y = np.where(cohorts == "c0", 0, y)
    if change == "shared":
        patients[-1] = "p0"
    with pytest.raises(LabelError, match=message):
        check_cohorts(y, patients, cohorts)
