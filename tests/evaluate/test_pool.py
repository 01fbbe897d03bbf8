"""Random effects against metafor and statsmodels, and what pooled AUROCs do at the edges."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.special import logit
from scipy.stats import t

from ifn_severity.errors import LabelError
from ifn_severity.evaluate.pool import logit_auroc, pool_aurocs, random_effects, reml_tau2

# Colditz 1994, the BCG trials, metafor's dat.bcg: cases and others, vaccinated and not
VACCINATED = np.array(
    [
        *([4, 119], [6, 300], [3, 228], [62, 13536], [33, 5036], [180, 1361], [8, 2537]),
        *([505, 87886], [29, 7470], [17, 1699], [186, 50448], [5, 2493], [27, 16886]),
    ]
)
CONTROLS = np.array(
    [
        *([11, 128], [29, 274], [11, 209], [248, 12619], [47, 5761], [372, 1079], [10, 619]),
        *([499, 87892], [45, 7232], [65, 1600], [141, 27197], [3, 2338], [29, 17825]),
    ]
)


def bcg() -> tuple[np.ndarray, np.ndarray]:
    """Log relative risks and their variances, as escalc(measure="RR")."""
    treated, control = VACCINATED.sum(axis=1), CONTROLS.sum(axis=1)
    effects = np.log(VACCINATED[:, 0] / treated / (CONTROLS[:, 0] / control))
    variances = 1 / VACCINATED[:, 0] - 1 / treated + 1 / CONTROLS[:, 0] - 1 / control
    return effects, variances


def test_metafors_example() -> None:
    """rma(yi, vi, data=dat) as printed in its manual, and with test="knha"."""
    pooled = random_effects(*bcg(), modified=False)
    assert pooled.tau2 == pytest.approx(0.3132, abs=5e-5)
    assert pooled.mean == pytest.approx(-0.7145, abs=5e-5)
    assert pooled.i_squared == pytest.approx(0.9222, abs=5e-5)
    assert pooled.q == pytest.approx(152.2330, abs=5e-5)
    # statsmodels 0.15: WLS(y, 1, weights=1/(v + tau2)).fit(), whose error is Hartung-Knapp's
    assert pooled.standard_error == pytest.approx(0.18079174, abs=1e-6)
    assert (pooled.low, pooled.high) == pytest.approx((-1.10844371, -0.32062097), abs=1e-6)
    # Higgins 2009 with k - 2 = 11 degrees of freedom
    reach = 2.2009852 * (0.3132433 + 0.18079174**2) ** 0.5
    assert pooled.prediction_high - pooled.mean == pytest.approx(reach, abs=1e-5)


def test_modified_interval_is_never_narrower_than_the_models() -> None:
    effects, variances = np.array([0.50, 0.51, 0.52]), np.full(3, 0.25)
    plain, modified = (random_effects(effects, variances, modified=m) for m in (False, True))
    assert plain.high - plain.low < 0.1
    assert modified.standard_error == pytest.approx((0.25 / 3) ** 0.5)
    assert modified.high - modified.mean == pytest.approx(t.ppf(0.975, 2) * modified.standard_error)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), k=st.integers(2, 12))
def test_reml_is_the_maximum_of_its_likelihood(seed: int, k: int) -> None:
    rng = np.random.default_rng(seed)
    variances = rng.uniform(0.05, 1.0, k)
    effects = rng.normal(0, np.sqrt(variances + rng.choice([0.0, 0.5])))

    def minus(tau2: float) -> float:
        w = 1 / (variances + tau2)
        mean = np.average(effects, weights=w)
        return float(-np.log(w).sum() + np.log(w.sum()) + (w * (effects - mean) ** 2).sum())

    found = reml_tau2(effects, variances)
    other = minimize_scalar(minus, bounds=(0, 20), method="bounded").x
    assert minus(found) <= min(minus(float(other)), minus(0.0)) + 1e-9


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), k=st.integers(3, 10), shift=st.floats(-5, 5))
def test_pooling_is_equivariant_and_intervals_nest(seed: int, k: int, shift: float) -> None:
    rng = np.random.default_rng(seed)
    effects, variances = rng.normal(size=k), rng.uniform(0.05, 1.0, k)
    pooled = random_effects(effects, variances)
    moved = random_effects(effects + shift, variances)
    assert moved.mean == pytest.approx(pooled.mean + shift, abs=1e-6)
    assert moved.tau2 == pytest.approx(pooled.tau2, abs=1e-5)
    assert pooled.prediction_low <= pooled.low <= pooled.mean <= pooled.high
    assert pooled.high <= pooled.prediction_high
    assert 0 <= pooled.i_squared < 1


def test_hartung_knapp_covers_as_often_as_it_says() -> None:
    """Six cohorts with tau = 0.5: 95 % within what 400 rounds can tell."""
    rng = np.random.default_rng(0)
    covered = 0
    for _ in range(400):
        variances = rng.uniform(0.1, 0.4, 6)
        effects = 1.0 + rng.normal(0, np.sqrt(variances + 0.25))
        pooled = random_effects(effects, variances, modified=False)
        covered += pooled.low <= 1.0 <= pooled.high
    assert 366 <= covered <= 392


def test_one_and_two_cohorts() -> None:
    one = random_effects(np.array([1.0]), np.array([0.04]))
    assert (one.low, one.high) == pytest.approx((1 - 1.959964 * 0.2, 1 + 1.959964 * 0.2))
    assert np.isnan(one.prediction_low)
    two = random_effects(np.array([1.0, 2.0]), np.array([0.04, 0.04]))
    assert np.isnan(two.prediction_high)
    assert two.high > 3


@pytest.mark.parametrize(
    ("effects", "variances"), [([], []), ([1.0], [0.0]), ([1.0, np.nan], [1.0, 1.0])]
)
def test_cohorts_that_cannot_be_pooled(effects: list[float], variances: list[float]) -> None:
    with pytest.raises(LabelError, match="without a finite effect"):
        random_effects(np.array(effects), np.array(variances))


def test_logit_variance_agrees_with_simulation() -> None:
    rng = np.random.default_rng(1)
    y, patients = np.arange(100) % 2, np.arange(100)
    draws = [logit_auroc(y, rng.normal(size=100) + 1.2 * y, patients) for _ in range(400)]
    effects, variances = np.array(draws).T
    assert np.mean(variances) == pytest.approx(np.var(effects), rel=0.2)


def test_perfect_auroc_has_a_logit_and_more_patients_make_it_surer() -> None:
    small = logit_auroc(np.arange(10) % 2, np.arange(10) % 2 * 1.0, np.arange(10))
    large = logit_auroc(np.arange(60) % 2, np.arange(60) % 2 * 1.0, np.arange(60))
    assert small[0] == pytest.approx(logit(1 - 0.5 / 25))
    assert np.isfinite([*small, *large]).all()
    assert large[0] > small[0]
    worst = logit_auroc(np.arange(10) % 2, -(np.arange(10) % 2) * 1.0, np.arange(10))
    assert worst[0] == pytest.approx(-small[0])
    # sixty samples of ten patients are worth ten patients
    alike = logit_auroc(np.arange(60) % 2, np.arange(60) % 2 * 1.0, np.arange(60) % 10)
    assert alike == pytest.approx(small)


def test_one_patient_in_a_class_cannot_be_pooled() -> None:
    with pytest.raises(LabelError, match="1 mild and 1 severe patients"):
        logit_auroc(np.arange(10) % 2, np.arange(10.0), np.arange(10) % 2)


def test_pooled_auroc_lies_among_the_cohorts() -> None:
    pooled = pool_aurocs(logit(np.array([0.72, 0.84, 0.95])), np.array([0.1, 0.2, 0.5]))
    assert 0.72 < pooled.auroc < 0.95
    assert 0 < pooled.prediction_low <= pooled.low < pooled.high <= pooled.prediction_high < 1
