"""Hedges' g against pingouin, mpmath and metafor; its interval's coverage and invariances."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import nct

from ifn_severity.errors import LabelError
from ifn_severity.evaluate.effects import (
    _noncentral_interval,
    hedges_g,
    small_sample_correction,
    stratified_bootstrap,
)

CASE = np.array([2.1, 3.4, 1.9, 4.4, 3.3, 2.7, 5.0])
REFERENCE = np.array([1.0, 2.2, 0.7, 1.9, 2.6])
VALUES = np.concatenate([CASE, REFERENCE])
IS_CASE = np.arange(12) < 7


def test_golden_values() -> None:
    found = hedges_g(VALUES, IS_CASE)
    # mpmath 1.3: gamma(5) / (sqrt(5) gamma(4.5)), to 30 digits
    assert small_sample_correction(10) == pytest.approx(0.922745608053087, abs=1e-12)
    # pingouin 0.7: compute_effsize(eftype="cohen") = 1.5431702468997084, times the above
    assert found.g == pytest.approx(1.423953567804904, abs=1e-9)
    # pingouin 0.7: ttest(correction=True)
    assert found.p_value == pytest.approx(0.018687414384849, abs=1e-9)
    assert found.variance == pytest.approx(1 / 7 + 1 / 5 + found.g**2 / 24)


def test_variance_as_metafor() -> None:
    """The first row of escalc(measure="SMD", data=dat.normand1999) in metafor's manual."""
    n1, n0, difference = 155, 156, 55 - 75
    sd = (((n1 - 1) * 47**2 + (n0 - 1) * 64**2) / (n1 + n0 - 2)) ** 0.5

    def group(n: int, mean: float, spread: float) -> np.ndarray:
        x = np.arange(n) - (n - 1) / 2
        return mean + spread * x / x.std(ddof=1)

    values = np.concatenate([group(n1, 55, 47), group(n0, 75, 64)])
    found = hedges_g(values, np.arange(n1 + n0) < n1, n_draws=50)
    assert found.g == pytest.approx(small_sample_correction(309) * difference / sd)
    assert (found.g, found.variance) == pytest.approx((-0.3552, 0.0131), abs=5e-5)


def test_noncentral_interval_inverts_the_distribution() -> None:
    low, high = _noncentral_interval(1.2, 3, 4, 0.95)
    scale = (12 / 7) ** 0.5
    observed = 1.2 * scale
    assert nct.cdf(observed, 5, low * scale) == pytest.approx(0.975, abs=1e-8)
    assert nct.cdf(observed, 5, high * scale) == pytest.approx(0.025, abs=1e-8)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), scale=st.floats(0.01, 100), shift=st.floats(-50, 50))
def test_scale_shift_and_swap(seed: int, scale: float, shift: float) -> None:
    rng = np.random.default_rng(seed)
    n1, n0 = rng.integers(3, 9, 2)
    values, case = rng.normal(size=n1 + n0), np.arange(n1 + n0) < n1
    plain = hedges_g(values, case, n_draws=60)
    moved = hedges_g(values * scale + shift, case, n_draws=60)
    swapped = hedges_g(-values, case, n_draws=60)
    names = ("g", "low", "high", "p_value")
    assert [getattr(moved, n) for n in names] == pytest.approx(
        [getattr(plain, n) for n in names], rel=1e-6, abs=1e-8
    )
    assert (-swapped.g, -swapped.high, -swapped.low) == pytest.approx(
        (plain.g, plain.low, plain.high), rel=1e-6, abs=1e-8
    )


def test_intervals_by_the_dependence_of_the_groups() -> None:
    found = hedges_g(VALUES, IS_CASE)
    assert found.interval == "noncentral t"
    # scipy 1.17: nct.cdf(t, 10, delta) = 0.975 and 0.025, over sqrt(35 / 12)
    observed, scale = found.g / small_sample_correction(10) * (35 / 12) ** 0.5, (35 / 12) ** 0.5
    ends = [end * scale for end in (found.low, found.high)]
    assert nct.cdf(observed, 10, ends) == pytest.approx([0.975, 0.025], abs=1e-8)
    patients = np.array(["both", *"abcdef", "both", *"ghij"])
    assert hedges_g(VALUES, IS_CASE, patients, n_draws=50).interval == "patient bootstrap"
    few = np.array([0, 1, 2, 3, 4, 8, 9, 10])
    assert hedges_g(VALUES[few], IS_CASE[few], np.arange(8) % 5).interval == "noncentral t"


def test_intervals_cover_in_small_groups() -> None:
    rng = np.random.default_rng(2)
    case = np.arange(12) < 6
    found = [hedges_g(rng.normal(size=12) + 0.8 * case, case) for _ in range(150)]
    covered = np.mean([one.low <= 0.8 <= one.high for one in found])
    assert covered > 0.92


def test_too_few_and_no_spread_are_refused() -> None:
    with pytest.raises(LabelError, match="2 patients in the case group and 3"):
        hedges_g(np.arange(5.0), np.array([1, 1, 0, 0, 0], dtype=bool))
    with pytest.raises(LabelError, match="the same value"):
        hedges_g(np.array([1.0, 1, 1, 2, 2, 2]), np.array([1, 1, 1, 0, 0, 0], dtype=bool))


def test_draws_keep_each_kind_and_whole_patients() -> None:
    case = np.array([True, True, True, False, False, False])
    patients = np.array(["a", "b", "both", "both", "c", "d"])
    drawn = stratified_bootstrap(case, patients, n_draws=200, seed=1)
    assert (drawn[:, 2] == 1).all()
    assert (drawn[:, 3] == 1).all()
    assert (drawn[:, :2].sum(axis=1) == 2).all()
    assert (drawn[:, 4:].sum(axis=1) == 2).all()
    assert drawn[:, 0].std() > 0
