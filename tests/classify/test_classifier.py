"""The estimator: scikit-learn's contract, calibration, threshold, grouping, determinism."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression
from sklearn.utils.estimator_checks import parametrize_with_checks

from ifn_severity.classify import MODELS, SeverityClassifier, build_pipeline, margin, search_space
from ifn_severity.classify.sigmoid import platt, youden
from ifn_severity.errors import ModelError


def toy(n: int = 60, p: int = 12, *, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 2
    X = rng.normal(size=(n, p))
    X[:, 0] += 1.5 * y
    return X, y


@parametrize_with_checks([SeverityClassifier("logistic", inner_folds=2)])
def test_scikit_learn_contract(estimator, check) -> None:  # type: ignore[no-untyped-def]
    check(estimator)


@pytest.mark.parametrize("model", MODELS)
def test_log_odds_are_a_line_in_the_margin(model: str) -> None:
    X, y = toy()
    classifier = SeverityClassifier(model).fit(X, y)
    slope, intercept = classifier.calibration_
    own = margin(classifier.pipeline_, X)
    np.testing.assert_allclose(classifier.decision_function(X), slope * own + intercept)
    probability = classifier.predict_proba(X)
    np.testing.assert_allclose(probability.sum(axis=1), 1.0)
    np.testing.assert_allclose(
        np.log(probability[:, 1] / probability[:, 0]), classifier.decision_function(X), atol=1e-9
    )
    called = classifier.call(X)
    assert set(called[probability[:, 1] >= classifier.threshold_]) <= {1}
    assert set(called[probability[:, 1] < classifier.threshold_]) <= {0}


@pytest.mark.parametrize("model", MODELS)
def test_same_seed_same_model(model: str) -> None:
    X, y = toy()
    first = SeverityClassifier(model, random_state=3).fit(X, y).decision_function(X)
    second = SeverityClassifier(model, random_state=3).fit(X, y).decision_function(X)
    np.testing.assert_array_equal(first, second)


def test_no_patient_straddles_an_inner_split() -> None:
    X, y = toy(60)
    patients = np.repeat(np.arange(20), 3)
    y = (patients % 2).astype(int)
    for train, test in SeverityClassifier()._inner_splits(X, y, patients):
        assert not set(patients[train]) & set(patients[test])
        assert set(y[train]) == set(y[test]) == {0, 1}


def test_few_patients_are_fitted_without_inner_folds_and_left_uncalibrated() -> None:
    X, y = toy(6)
    patients = np.array([0, 1, 0, 1, 0, 1])
    classifier = SeverityClassifier().fit(X, y, groups=patients)
    assert classifier.calibration_ == (1.0, 0.0)
    assert np.isnan(classifier.inner_auroc_)


def test_missing_values_are_imputed() -> None:
    X, y = toy()
    X[::7, 3] = np.nan
    X[:, 5] = np.nan
    assert np.isfinite(SeverityClassifier().fit(X, y).predict_proba(X)).all()


def test_platt_against_direct_minimisation() -> None:
    rng = np.random.default_rng(0)
    margins = rng.normal(size=200) * 5
    y = (rng.random(200) < 1 / (1 + np.exp(-0.4 * margins + 0.3))).astype(int)
    soft = np.where(y == 1, (y.sum() + 1) / (y.sum() + 2), 1 / ((1 - y).sum() + 2))

    def loss(ab: np.ndarray) -> float:
        z = ab[0] * margins + ab[1]
        return float((np.logaddexp(0, z) - soft * z).sum())

    expected = minimize(loss, [1.0, 0.0], tol=1e-12).x
    np.testing.assert_allclose(platt(margins, y), expected, atol=1e-4)


def test_platt_never_turns_a_margin_upside_down() -> None:
    y = np.arange(40) % 2
    slope, intercept = platt(-y + np.random.default_rng(0).normal(0, 0.1, 40), y)
    assert slope == 0.0
    assert intercept == pytest.approx(0.0)


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 10_000), n=st.integers(4, 60))
def test_youden_is_the_best_cut(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 2
    p = np.round(0.98 * rng.random(n), 2)  # a calibrated probability is never 1

    def index(cut: float) -> float:
        return float((p[y == 1] >= cut).mean() - (p[y == 0] >= cut).mean())

    best = max([index(c) for c in np.unique(p)] + [0.0])
    assert index(youden(p, y)) == pytest.approx(best)


def test_unknown_model() -> None:
    with pytest.raises(ModelError, match="logistic"):
        search_space("logistics")
    with pytest.raises(ModelError, match="xgboost"):
        build_pipeline("xgbost", random_state=0)


def test_one_class_and_three_classes_are_refused() -> None:
    X, _ = toy()
    with pytest.raises(ValueError, match="1 class"):
        SeverityClassifier().fit(X, np.ones(len(X), dtype=int))
    with pytest.raises(ValueError, match="Only binary"):
        SeverityClassifier().fit(X, np.arange(len(X)) % 3)


def test_the_search_is_inside_and_keeps_the_best() -> None:
    X, y = toy()
    classifier = SeverityClassifier().fit(X, y)
    assert classifier.best_params_ in search_space("logistic")
    assert isinstance(classifier.pipeline_[-1], LogisticRegression)
    assert 0.5 < classifier.inner_auroc_ <= 1.0


def test_a_strong_ridge_is_not_lost_in_calibration() -> None:
    """Folds differ by a patient in their balance; that must not drown what the model found."""
    y = np.arange(40) % 2
    X = np.random.default_rng(0).normal(size=(40, 4)) + 2.0 * y[:, None]
    classifier = SeverityClassifier("logistic").fit(X, y)
    assert classifier.inner_auroc_ > 0.95
    assert classifier.calibration_[0] > 0
    assert ((classifier.decision_function(X) > 0) == (y == 1)).mean() > 0.95
