"""The random-intercept model against statsmodels, and where it must agree with least squares."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ifn_severity.errors import LabelError
from ifn_severity.evaluate.mixed import random_intercept, restricted_cubic_spline

DAY = np.array(
    [
        *(9.0, 8.4, 7.9, 12.2, 13.6, 14.7, 24.9, 20.2, 16.3, 24.7, 7.0, 5.7, 16.1, 3.0, 2.8, 13.8),
        *(12.7, 23.1, 16.5, 13.8, 13.4, 7.7, 2.3, 6.4, 17.9, 6.6, 10.5, 2.1, 21.1, 5.6, 8.2, 22.2),
        *(13.7, 21.5, 16.7, 19.1, 4.1, 14.4, 13.7, 22.0),
    ]
)
Y = np.array(
    [
        *(1.952, 1.115, -0.233, 0.444, 2.126, 1.579, 2.088, 1.61, 0.323, 0.443, -0.152, 0.528),
        *(-0.054, 0.49, -0.428, -0.112, -0.318, -0.071, 0.431, -1.162, -0.38, 0.686, -1.108),
        *(-0.078, 0.109, 1.622, 1.03, 0.738, 2.639, 2.877, 4.093, 2.587, -0.488, -0.419, -0.51),
        *(-0.684, -0.065, 0.603, 0.308, 1.352),
    ]
)
PATIENT = np.arange(40) // 4
SEVERE = (PATIENT % 2).astype(float)
DESIGN = np.column_stack([np.ones(40), SEVERE, DAY, SEVERE * DAY])


def test_statsmodels_fit() -> None:
    """statsmodels 0.15: MixedLM(Y, DESIGN, groups=PATIENT).fit(reml=True, gtol=1e-12)."""
    fit = random_intercept(Y, DESIGN, PATIENT)
    expected = [0.348931178404, 0.500495426908, -0.008593155871, 0.023878798931]
    assert fit.coefficients == pytest.approx(expected, abs=1e-6)
    assert (fit.between, fit.within) == pytest.approx((0.98765179, 0.37131711), abs=1e-5)
    # errors as lme4's: (X' V^-1 X)^-1 with the whole V at statsmodels' variances
    v = 0.37131710609 * np.eye(40) + 0.98765179467 * (PATIENT[:, None] == PATIENT[None, :])
    dense = np.linalg.inv(DESIGN.T @ np.linalg.solve(v, DESIGN))
    assert fit.standard_errors == pytest.approx(np.sqrt(np.diag(dense)), abs=1e-6)
    estimate, low, high, p_value = fit.contrast(np.array([0.0, 0.0, 0.0, 10.0]))
    assert estimate == pytest.approx(0.23878799, abs=1e-5)
    assert low < 0 < high
    assert 0.4 < p_value < 0.7


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_one_sample_a_patient_is_least_squares(seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(2, 15))
    design = np.column_stack([np.ones(15), x])
    fit = random_intercept(y, design, np.arange(15))
    assert fit.between == 0
    assert fit.coefficients == pytest.approx(np.linalg.lstsq(design, y, rcond=None)[0], abs=1e-8)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000), scale=st.floats(0.1, 10), shift=st.floats(-5, 5))
def test_scale_and_order(seed: int, scale: float, shift: float) -> None:
    order = np.random.default_rng(seed).permutation(40)
    plain = random_intercept(Y, DESIGN, PATIENT)
    other = random_intercept(Y[order] * scale + shift, DESIGN[order], PATIENT[order])
    assert other.coefficients[1:] / scale == pytest.approx(plain.coefficients[1:], abs=1e-5)
    assert other.between / scale**2 == pytest.approx(plain.between, rel=1e-4)


def test_too_few_patients_are_refused() -> None:
    with pytest.raises(LabelError, match="4 patients with 16 samples for 4 coefficients"):
        random_intercept(Y[:16], DESIGN[:16], PATIENT[:16])


def test_spline_is_linear_beyond_its_knots() -> None:
    knots = np.array([2.0, 5.0, 11.0])
    for ends in (np.array([-3.0, -1.0, 1.0]), np.array([12.0, 14.0, 16.0])):
        basis = restricted_cubic_spline(ends, knots)
        assert np.diff(basis, n=2, axis=0) == pytest.approx(0.0, abs=1e-9)


def test_an_exact_fit_has_no_p() -> None:
    fit = random_intercept(np.zeros(6), np.ones((6, 1)), np.arange(6))
    estimate, low, high, p_value = fit.contrast(np.array([1.0]))
    assert (estimate, low, high) == (0.0, 0.0, 0.0)
    assert np.isnan(p_value)
