"""Splits and nested cross-validation: no patient on both sides, no information from noise."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ifn_severity.errors import LabelError
from ifn_severity.evaluate import Candidate, nested_cross_validation, outer_splits, summarise


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 1000), n_patients=st.integers(12, 40), repeats=st.integers(1, 3))
def test_patients_never_straddle_and_everyone_is_tested_once(
    seed: int, n_patients: int, repeats: int
) -> None:
    rng = np.random.default_rng(seed)
    patients = np.repeat(np.arange(n_patients), rng.integers(1, 4, n_patients))
    y = (patients % 2).astype(int)
    splits = outer_splits(y, patients, folds=3, repeats=repeats, seed=seed)
    assert len(splits) == 3 * repeats
    for split in splits:
        assert not set(patients[split.train]) & set(patients[split.test])
    for repeat in range(repeats):
        tested = np.concatenate([s.test for s in splits if s.repeat == repeat])
        assert sorted(tested) == list(range(len(y)))


def test_too_few_patients_for_the_folds() -> None:
    y = np.array([0] * 10 + [1] * 12)
    patients = np.array([*range(10), *[99] * 12])
    with pytest.raises(LabelError, match="10 mild and 1 severe patients for 5 folds"):
        outer_splits(y, patients)


def run(
    X: np.ndarray, y: np.ndarray, patients: np.ndarray, *, repeats: int = 1
) -> dict[str, float]:
    splits = outer_splits(y, patients, repeats=repeats)
    (result,) = nested_cross_validation(
        [Candidate("toy", "logistic", X)], y, patients, splits, n_jobs=1
    )
    assert np.isfinite(result.held_out.log_odds).all()
    assert len(result.chosen) == len(splits)
    return summarise(result.held_out, n_draws=500)


def test_pure_noise_gives_half() -> None:
    rng = np.random.default_rng(0)
    y = np.arange(100) % 2
    metrics = run(rng.normal(size=(100, 300)), y, np.arange(100).astype(str))
    assert metrics["auroc_low"] <= 0.5 <= metrics["auroc_high"]


def test_noise_that_marks_patients_gives_half() -> None:
    """Samples of a patient look alike; labels are random by patient: only a leak could win."""
    rng = np.random.default_rng(1)
    patients = np.repeat(np.arange(40), 4)
    X = rng.normal(size=(40, 50))[patients] + 0.1 * rng.normal(size=(160, 50))
    y = (np.arange(40) % 2)[patients]
    metrics = run(X, y, patients.astype(str))
    assert metrics["auroc_low"] <= 0.5 <= metrics["auroc_high"]


def test_signal_is_found_and_every_candidate_sees_the_same_splits() -> None:
    rng = np.random.default_rng(2)
    y = np.arange(80) % 2
    X = rng.normal(size=(80, 20))
    X[:, 0] += 2 * y
    patients = np.arange(80).astype(str)
    splits = outer_splits(y, patients, folds=3, repeats=1)
    steps: list[str] = []
    candidates = [Candidate("toy", model, X) for model in ("logistic", "xgboost")]
    results = list(
        nested_cross_validation(candidates, y, patients, splits, n_jobs=1, on_step=steps.append)
    )
    assert len(steps) == 2 * (3 + 1)
    for result in results:
        assert summarise(result.held_out, n_draws=200)["auroc"] > 0.85
        assert result.classifier.n_features_in_ == 20
