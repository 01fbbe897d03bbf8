"""Permutation: exact on small cases, right under the null, patients never torn apart."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ifn_severity.errors import LabelError
from ifn_severity.evaluate.metrics import auroc
from ifn_severity.evaluate.permutation import permutation_test, permute_labels


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_patients_keep_together_and_mixed_patients_keep_both_labels(seed: int) -> None:
    rng = np.random.default_rng(seed)
    patients = np.repeat(np.arange(10), rng.integers(1, 4, 10))
    y = (patients % 2).astype(int)
    mixed = patients == 0
    y[np.flatnonzero(mixed)[:1]] = 1
    is_mixed = np.ptp(y[mixed]) > 0
    labels = permute_labels(y, patients, 20, rng)
    for row in labels:
        for patient in range(10):
            own = row[patients == patient]
            if patient == 0 and is_mixed:
                assert sorted(own) == sorted(y[mixed])
            else:
                assert np.ptp(own) == 0
        first = np.unique(patients, return_index=True)[1][1 if is_mixed else 0 :]
        assert row[first].sum() == y[first].sum()


def test_p_value_is_that_of_all_permutations() -> None:
    y, score = np.array([0, 0, 0, 1, 1, 1]), np.array([1.0, 2, 4, 3, 5, 6])
    observed = auroc(y, score)[0]
    everything = [auroc(np.array(p), score)[0] for p in set(permutations(y))]
    exact = np.mean(np.array(everything) >= observed)
    result = permutation_test(y, score, np.arange(6), n_permutations=20_000)
    assert result.auroc == pytest.approx(observed)
    assert result.p_value == pytest.approx(exact, abs=0.01)
    assert result.null.mean() == pytest.approx(0.5, abs=0.01)


def test_null_p_values_are_uniform_even_when_patients_repeat() -> None:
    """Samples of a patient look alike: exchanging samples instead would reject far too often."""
    rejected = 0
    for seed in range(150):
        rng = np.random.default_rng(seed)
        patients = np.repeat(np.arange(20), 4)
        score = rng.normal(size=20)[patients] + 0.1 * rng.normal(size=80)
        y = (np.arange(20) % 2)[patients]
        result = permutation_test(y, score, patients, n_permutations=199, seed=seed)
        rejected += result.p_value <= 0.05
    assert 2 <= rejected <= 15


def test_signal_is_found_within_cohorts_and_cohort_differences_do_not_count() -> None:
    rng = np.random.default_rng(1)
    cohorts = np.repeat(["a", "b"], 60)
    # severe patients are common in b, and b scores high: no signal inside either
    y = np.concatenate([np.arange(60) % 6 == 0, np.arange(60) % 6 != 0]).astype(int)
    score = rng.normal(size=120) + 3 * (cohorts == "b")
    within = permutation_test(y, score, np.arange(120), cohorts, n_permutations=500)
    assert within.p_value > 0.05
    pooled = permutation_test(y, score, np.arange(120), n_permutations=500)
    assert pooled.p_value == pytest.approx(1 / 501)
    signal = permutation_test(y, score + 2 * y, np.arange(120), cohorts, n_permutations=500)
    assert signal.p_value == pytest.approx(1 / 501)
    by_hand = [auroc(y[cohorts == c], (score + 2 * y)[cohorts == c])[0] for c in ("a", "b")]
    assert signal.auroc == pytest.approx(np.mean(by_hand))


def test_repeats_are_averaged_and_mixed_patients_counted() -> None:
    rng = np.random.default_rng(2)
    y, patients = np.arange(20) % 2, np.array([0, 0, *range(2, 20)])
    rows = rng.normal(size=(3, 20))
    result = permutation_test(y, rows, patients, n_permutations=50)
    assert result.auroc == pytest.approx(np.mean([auroc(y, row)[0] for row in rows]))
    assert result.n_fixed == 1


def test_one_class_is_refused() -> None:
    with pytest.raises(LabelError, match="3 mild and 0 severe"):
        permutation_test(np.zeros(3), np.arange(3.0), np.arange(3))
