"""Meta-regression against metafor's and PyMARE's fit of the BCG trials by latitude."""

from __future__ import annotations

import numpy as np
import pytest

from ifn_severity.errors import LabelError
from ifn_severity.evaluate.meta_regression import meta_regression
from ifn_severity.evaluate.pool import random_effects

# escalc(measure="RR") of metafor's dat.bcg: events and others, vaccinated and not; latitude
_TREATED = np.array([4, 6, 3, 62, 33, 180, 8, 505, 29, 17, 186, 5, 27])
_TREATED_REST = np.array(
    [119, 300, 228, 13536, 5036, 1361, 2537, 87886, 7470, 1699, 50448, 2493, 16886]
)
_CONTROL = np.array([11, 29, 11, 248, 47, 372, 10, 499, 45, 65, 141, 3, 29])
_CONTROL_REST = np.array(
    [128, 274, 209, 12619, 5761, 1079, 619, 87892, 7232, 1600, 27197, 2338, 17825]
)
LATITUDE = np.array([44, 55, 42, 52, 13, 44, 19, 13, 27, 42, 18, 33, 33.0])
EFFECTS = np.log(_TREATED / (_TREATED + _TREATED_REST) / (_CONTROL / (_CONTROL + _CONTROL_REST)))
VARIANCES = 1 / _TREATED - 1 / (_TREATED + _TREATED_REST)
VARIANCES = VARIANCES + 1 / _CONTROL - 1 / (_CONTROL + _CONTROL_REST)
DESIGN = np.column_stack([np.ones(13), LATITUDE])


def test_bcg_by_latitude() -> None:
    fit = meta_regression(EFFECTS, VARIANCES, DESIGN, modified=False)
    # PyMARE 0.0.13, VarianceBasedLikelihoodEstimator(method="REML")
    assert fit.tau2 == pytest.approx(0.07634797, abs=1e-6)
    assert fit.coefficients == pytest.approx([0.251468205291, -0.029101724934], abs=1e-6)
    # statsmodels 0.15, WLS with weights 1 / (v + tau2): errors are those of Knapp & Hartung
    assert fit.standard_errors == pytest.approx([0.283925289469, 0.008201417561], abs=1e-6)
    assert (fit.low[1], fit.high[1]) == pytest.approx((-0.047152923278, -0.011050526591), abs=1e-6)
    assert fit.p_values == pytest.approx([0.394737090232, 0.004565052137], abs=1e-6)
    # metafor's manual, rma(yi, vi, mods = ~ ablat, data = dat): tau2 0.0764, I2 68.39 %, R2 75.62 %
    assert fit.tau2 == pytest.approx(0.0764, abs=1e-4)
    assert fit.i_squared == pytest.approx(0.6839, abs=2e-4)
    assert fit.r_squared == pytest.approx(0.7562, abs=2e-4)
    assert fit.tau2_without == pytest.approx(0.31324327, abs=1e-6)


def test_without_moderators_it_is_the_pooled_mean() -> None:
    fit = meta_regression(EFFECTS, VARIANCES, np.ones((13, 1)))
    pooled = random_effects(EFFECTS, VARIANCES)
    assert fit.coefficients[0] == pytest.approx(pooled.mean, abs=1e-9)
    assert (fit.low[0], fit.high[0]) == pytest.approx((pooled.low, pooled.high), abs=1e-9)
    assert fit.i_squared == pytest.approx(pooled.i_squared, abs=1e-9)
    fitted, low, high = fit.at(np.ones((1, 1)))
    assert (fitted[0], low[0], high[0]) == pytest.approx((pooled.mean, pooled.low, pooled.high))


def test_too_few_effects_are_refused() -> None:
    with pytest.raises(LabelError, match="2 effects for 2 coefficients"):
        meta_regression(EFFECTS[:2], VARIANCES[:2], DESIGN[:2])
    with pytest.raises(LabelError, match="13 effects"):
        meta_regression(EFFECTS, VARIANCES, np.ones((13, 2)))
