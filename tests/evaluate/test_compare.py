"""DeLong against sums over all pairs, Obuchowski against its definition, paired differences."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ifn_severity.errors import LabelError
from ifn_severity.evaluate.compare import (
    bootstrap_p_value,
    delong,
    paired_difference,
    placements,
)
from ifn_severity.evaluate.metrics import auroc


def pairwise(y: np.ndarray, scores: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """DeLong 1988, equations 4 to 6, written out over every pair: slow and plain."""
    v10, v01 = [], []
    for score in scores:
        kernel = np.array(
            [
                [1.0 if x > z else 0.5 if x == z else 0.0 for z in score[y == 0]]
                for x in score[y == 1]
            ]
        )
        v10.append(kernel.mean(axis=1))
        v01.append(kernel.mean(axis=0))
    covariance = np.cov(v10, ddof=1) / (y == 1).sum() + np.cov(v01, ddof=1) / (y == 0).sum()
    return np.mean(v10, axis=1), np.atleast_2d(covariance)


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 10_000), n=st.integers(4, 40), ties=st.booleans())
def test_fast_delong_equals_the_sum_over_pairs(seed: int, n: int, ties: bool) -> None:
    rng = np.random.default_rng(seed)
    y = rng.permutation(np.arange(n) % 2)
    scores = [rng.normal(size=n) + y, rng.normal(size=n)]
    if ties:
        scores = [np.round(score) for score in scores]
    areas, covariance = delong(y, scores)
    expected_areas, expected = pairwise(y, scores)
    np.testing.assert_allclose(areas, expected_areas, atol=1e-12)
    np.testing.assert_allclose(covariance, expected, atol=1e-12)
    np.testing.assert_allclose(areas, [auroc(y, score)[0] for score in scores], atol=1e-12)
    # a patient with one sample each changes nothing
    named = delong(y, scores, rng.permutation(n).astype(str))[1]
    np.testing.assert_allclose(named, expected, atol=1e-12)


def clustered_by_hand(y: np.ndarray, score: np.ndarray, patients: np.ndarray) -> float:
    """Variance of Obuchowski 1997, with her letters."""
    severe, mild = placements(y, score)
    theta = severe.mean()
    names = np.unique(patients)
    m, n = (y == 1).sum(), (y == 0).sum()
    x_of, y_of = patients[y == 1], patients[y == 0]
    i10, i01, i_all = len(np.unique(x_of)), len(np.unique(y_of)), len(names)
    s10 = s01 = s11 = 0.0
    for name in names:
        x_part = severe[x_of == name].sum() - (x_of == name).sum() * theta
        y_part = mild[y_of == name].sum() - (y_of == name).sum() * theta
        s10, s01, s11 = s10 + x_part**2, s01 + y_part**2, s11 + x_part * y_part
    s10 *= i10 / ((i10 - 1) * m)
    s01 *= i01 / ((i01 - 1) * n)
    s11 *= i_all / (i_all - 1)
    return float(s10 / m + s01 / n + 2 * s11 / (m * n))


def test_clustered_variance_is_obuchowskis() -> None:
    rng = np.random.default_rng(3)
    patients = rng.integers(0, 15, 60)
    y = ((patients + (rng.random(60) < 0.2)) % 2).astype(int)
    score = rng.normal(size=15)[patients] + 0.3 * rng.normal(size=60) + 0.5 * y
    variance = delong(y, [score], patients)[1][0, 0]
    assert variance == pytest.approx(clustered_by_hand(y, score, patients))
    # samples of a patient are alike: taking them for independent claims too much
    assert variance > 2 * delong(y, [score])[1][0, 0]


def test_a_sample_copied_within_its_patient_adds_no_information() -> None:
    rng = np.random.default_rng(4)
    y = np.arange(40) % 2
    score = rng.normal(size=40) + y
    once = delong(y, [score])[1]
    doubled = delong(np.tile(y, 2), [np.tile(score, 2)], np.tile(np.arange(40), 2))[1]
    np.testing.assert_allclose(doubled, once, rtol=1e-12)


def test_one_patient_in_a_class_has_no_variance() -> None:
    assert np.isnan(delong(np.array([0, 0, 1]), [np.arange(3.0)])[1]).all()


def test_repeats_are_averaged() -> None:
    rng = np.random.default_rng(5)
    y = np.arange(20) % 2
    rows = rng.normal(size=(3, 20))
    assert delong(y, [rows])[0][0] == pytest.approx(np.mean([auroc(y, row)[0] for row in rows]))


@pytest.mark.parametrize("y", [[1, 1, 1], [0, 0, 0], [0, 1, 2]])
def test_one_class_is_refused(y: list[int]) -> None:
    with pytest.raises(LabelError, match="mild and"):
        placements(np.array(y), np.arange(3.0))


def test_null_p_values_are_about_uniform() -> None:
    """Two equally good scores: the test rejects about as often as it says."""
    rejected = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        y = np.arange(60) % 2
        a, b = rng.normal(size=(2, 60)) + y
        result = paired_difference(y, a, b, np.arange(60), n_draws=10)
        rejected += result.p_value < 0.05
    assert 3 <= rejected <= 19


def test_paired_difference_and_its_mirror_image() -> None:
    rng = np.random.default_rng(6)
    y = np.arange(80) % 2
    a, b = rng.normal(size=80) + 1.5 * y, rng.normal(size=80)
    there = paired_difference(y, a, b, np.arange(80), n_draws=500)
    back = paired_difference(y, b, a, np.arange(80), n_draws=500)
    assert there.method == "DeLong"
    assert there.difference == pytest.approx(auroc(y, a)[0] - auroc(y, b)[0])
    assert there.low < there.difference < there.high
    assert (back.low, back.high) == pytest.approx((-there.high, -there.low))
    assert back.p_value == pytest.approx(there.p_value)
    assert there.p_value < 1e-3
    same = paired_difference(y, a, a, np.arange(80), n_draws=50)
    assert (same.difference, same.low, same.high, same.p_value) == (0, 0, 0, 1)


def test_repeated_patients_call_for_the_bootstrap_and_cohorts_count_once() -> None:
    rng = np.random.default_rng(7)
    cohorts = np.repeat(["small", "large"], [24, 120])
    patients = np.concatenate([np.arange(24), np.repeat(np.arange(60), 2)])
    y = patients % 2
    a = rng.normal(size=144) + 2 * y
    b = rng.normal(size=144)
    result = paired_difference(y, a, b, patients, cohorts, n_draws=400)
    assert result.method == "patient bootstrap"
    assert (result.n_cohorts, result.n_samples, result.n_patients) == (2, 144, 84)
    by_hand = [auroc(y[cohorts == c], a[cohorts == c])[0] for c in ("small", "large")]
    assert result.auroc_a == pytest.approx(np.mean(by_hand))
    assert result.p_value == pytest.approx(2 / 401)


def test_p_value_of_the_bootstrap() -> None:
    assert bootstrap_p_value(np.array([-1.0, 1.0] * 10)) == 1.0
    assert bootstrap_p_value(np.array([1.0, np.nan])) == 1.0
    assert np.isnan(bootstrap_p_value(np.array([np.nan])))
