"""The model ``transfer``: centred cohorts, views, weights, calibration between cohorts."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.utils.estimator_checks import parametrize_with_checks

from ifn_severity.classify import SeverityClassifier, feature_views
from ifn_severity.classify.transfer import (
    cohort_weights,
    fit_transfer,
    platt_between,
    usable_cohorts,
)
from ifn_severity.classify.views import STRENGTHS
from ifn_severity.features import feature_definition


def cohorts_of(
    sizes: tuple[int, ...] = (40, 24, 30), p: int = 12, *, shift: float = 5.0, seed: int = 0
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Cohorts that differ by a shift in every feature; the first two features tell severity."""
    rng = np.random.default_rng(seed)
    cohort = np.repeat(np.arange(len(sizes)), sizes)
    y = rng.integers(0, 2, len(cohort))
    for i in range(len(sizes)):  # both classes everywhere, in different proportions
        y[np.flatnonzero(cohort == i)[:12]] = np.arange(12) % 2
    X = rng.normal(size=(len(cohort), p)) + shift * rng.normal(size=(len(sizes), p))[cohort]
    X[:, :2] += 1.5 * y[:, None]
    patients = np.array([f"{c}-{i // 2}" for i, c in enumerate(cohort)])
    return X, y, patients, cohort


@parametrize_with_checks([SeverityClassifier("transfer", inner_folds=2)])
def test_scikit_learn_contract(estimator, check) -> None:  # type: ignore[no-untyped-def]
    check(estimator)


def test_a_shift_of_a_whole_cohort_changes_no_coefficient() -> None:
    """Centring takes away what differs between laboratories."""
    X, y, patients, cohort = cohorts_of()
    moved = X + 100.0 * np.array([1.0, -2.0, 0.5])[cohort][:, None]
    one = SeverityClassifier("transfer").fit(X, y, groups=patients, cohorts=cohort)
    other = SeverityClassifier("transfer").fit(moved, y, groups=patients, cohorts=cohort)
    np.testing.assert_allclose(other.pipeline_[-1].coef_, one.pipeline_[-1].coef_, atol=1e-5)
    np.testing.assert_allclose(other.calibration_[0], one.calibration_[0], rtol=1e-4)


def test_severity_confounded_with_cohort_does_not_mislead() -> None:
    """A feature that only tells the cohorts apart gets no weight, however well it predicts."""
    X, y, patients, cohort = cohorts_of(shift=0.0)
    keep = np.ones(len(y), dtype=bool)
    keep[np.flatnonzero((cohort == 0) & (y == 0))[10:]] = False
    keep[np.flatnonzero((cohort == 1) & (y == 1))[10:]] = False
    X, y, patients, cohort = X[keep], y[keep], patients[keep], cohort[keep]
    X[:, 5] = 10.0 * (cohort == 0)
    fitted = SeverityClassifier("transfer").fit(X, y, groups=patients, cohorts=cohort)
    assert fitted.pipeline_[-1].coef_[0, 5] == pytest.approx(0.0, abs=1e-9)


def test_weights_count_cohorts_classes_and_patients_alike() -> None:
    _, y, patients, cohort = cohorts_of()
    weights = cohort_weights(y, patients, cohort)
    assert weights.sum() == pytest.approx(len(y))
    for name in np.unique(cohort):
        for label in (0, 1):
            rows = (cohort == name) & (y == label)
            assert weights[rows].sum() == pytest.approx(len(y) / 6)
            each = pd.Series(weights[rows]).groupby(patients[rows]).sum()
            np.testing.assert_allclose(each, each.iloc[0])


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 1000))
def test_order_of_samples_and_names_of_cohorts_do_not_matter(seed: int) -> None:
    X, y, patients, cohort = cohorts_of(seed=seed)
    views = np.array(["a"] * 5 + ["b"] * 7)
    order = np.random.default_rng(seed).permutation(len(y))
    renamed = np.array(["zeta", "alpha", "mu"])[cohort]
    one = SeverityClassifier("transfer", views=views).fit(X, y, patients, cohort)
    other = SeverityClassifier("transfer", views=views)
    other.fit(X[order], y[order], patients[order], renamed[order])
    np.testing.assert_allclose(
        other.decision_function(X), one.decision_function(X), rtol=1e-3, atol=1e-3
    )


def test_one_view_and_one_cohort_is_the_mean_of_plain_ridges() -> None:
    """Against scikit-learn on the features themselves, without singular vectors."""
    X, y, _, _ = cohorts_of((60,))
    patients, cohort = np.arange(60), np.zeros(60)
    weights = np.where(y == 1, 30 / (y == 1).sum(), 30 / (y == 0).sum())
    centre = (X[y == 1].mean(axis=0) + X[y == 0].mean(axis=0)) / 2
    Z = (X - centre) / np.sqrt(weights @ (X - centre) ** 2 / 60)
    expected = np.zeros(len(y))
    for strength in STRENGTHS:
        ridge = LogisticRegression(C=strength, tol=1e-8, max_iter=10_000)
        own = ridge.fit(Z, y, sample_weight=weights).decision_function(Z) - ridge.intercept_
        expected += own / np.sqrt(np.cov(own, aweights=weights, ddof=0))
    expected /= np.sqrt(np.cov(expected, aweights=weights, ddof=0))
    classifier = SeverityClassifier("transfer", views=["all"] * X.shape[1])
    pipeline = classifier.fit(X, y, patients, cohort).pipeline_
    np.testing.assert_allclose(pipeline.decision_function(X), expected, atol=1e-4)


def test_views_count_alike_however_many_columns_they_have() -> None:
    X, y, patients, cohort = cohorts_of(p=60)
    views = np.array(["small"] * 2 + ["large"] * 58)
    model = SeverityClassifier("transfer", views=views).fit(X, y, patients, cohort)
    Z = model.pipeline_[:-1].transform(X)
    Z -= np.array([Z[cohort == c].mean(axis=0) for c in range(3)])[cohort]
    spread = [
        float((Z[:, views == v] @ model.pipeline_[-1].coef_[0, views == v]).std())
        for v in ("small", "large")
    ]
    assert spread[0] == pytest.approx(spread[1], rel=0.15)


def test_views_come_from_the_names_of_the_columns() -> None:
    table = feature_definition("all").features
    views = feature_views(table.index)
    assert len(set(views)) == 10
    X = np.random.default_rng(0).normal(size=(60, len(table)))
    y = np.arange(60) % 2
    named = SeverityClassifier("transfer", inner_folds=2)
    named.fit(pd.DataFrame(X, columns=table.index), y)
    told = SeverityClassifier("transfer", inner_folds=2, views=views).fit(X, y)
    np.testing.assert_array_equal(named.pipeline_[-1].coef_, told.pipeline_[-1].coef_)
    one_view = SeverityClassifier("transfer", inner_folds=2).fit(X, y)
    assert np.abs(one_view.pipeline_[-1].coef_ - told.pipeline_[-1].coef_).max() > 1e-3
    assert clone(told).views is not None


def test_views_of_another_length_are_refused() -> None:
    X, y, patients, cohort = cohorts_of()
    with pytest.raises(ValueError, match="views"):
        SeverityClassifier("transfer", views=["a"]).fit(X, y, patients, cohort)


def test_a_gene_that_a_cohort_lacks_costs_that_cohort_nothing() -> None:
    X, y, patients, cohort = cohorts_of()
    X[cohort == 1, 4] = np.nan
    X[:, 7] = np.nan
    X[3, 0] = np.nan
    model = SeverityClassifier("transfer").fit(X, y, patients, cohort)
    assert np.isfinite(model.decision_function(X)).all()
    assert model.pipeline_[-1].coef_[0, 7] == pytest.approx(0.0, abs=1e-12)
    # absent at prediction: as good as the usual value
    usual = X.copy()
    usual[:, 2] = model.pipeline_[0].statistics_[2]
    lacking = X.copy()
    lacking[:, 2] = np.nan
    np.testing.assert_allclose(model.decision_function(lacking), model.decision_function(usual))


def test_a_cohort_with_few_patients_of_a_class_is_not_fitted_on() -> None:
    X, y, patients, cohort = cohorts_of()
    rng = np.random.default_rng(1)
    tiny_y = np.array([0, 0, 0, 0, 1, 1, 1, 1, 1, 1])
    tiny = rng.normal(size=(10, X.shape[1])) - 10.0 * tiny_y[:, None]
    names = np.array([f"t{i}" for i in range(10)])
    more = [np.concatenate(pair) for pair in ((y, tiny_y), (patients, names))]
    with_tiny = SeverityClassifier("transfer").fit(
        np.vstack([X, tiny]), more[0], more[1], np.r_[cohort, np.full(10, 9)]
    )
    without = SeverityClassifier("transfer").fit(X, y, patients, cohort)
    np.testing.assert_array_equal(with_tiny.pipeline_[-1].coef_, without.pipeline_[-1].coef_)
    assert not usable_cohorts(tiny_y, names, np.zeros(10)).any()
    # alone, it is all there is
    alone = SeverityClassifier("transfer").fit(tiny, tiny_y, names, np.full(10, 9))
    assert np.isfinite(alone.decision_function(tiny)).all()


def test_inner_folds_are_cohorts() -> None:
    """The inner AUROC is that of each cohort predicted by the others."""
    X, y, patients, cohort = cohorts_of((30, 30))
    X[cohort == 1, :2] -= 3.0 * y[cohort == 1][:, None]  # severity looks the other way round
    between = SeverityClassifier("transfer").fit(X, y, patients, cohort)
    assert between.inner_auroc_ < 0.5
    assert between.calibration_ == (0.0, 0.0)
    inside = SeverityClassifier("transfer").fit(X[cohort == 0], y[cohort == 0])
    assert inside.inner_auroc_ > 0.7


def test_calibration_between_cohorts_against_direct_minimisation() -> None:
    _, y, patients, cohort = cohorts_of((80, 60, 50))
    rng = np.random.default_rng(0)
    margins = 2.0 * y + rng.normal(size=len(y)) * 1.5 + np.array([4.0, -3.0, 0.0])[cohort]
    weights = cohort_weights(y, patients, cohort)
    n1, n0 = (y == 1).sum(), (y == 0).sum()
    soft = np.where(y == 1, (n1 + 1) / (n1 + 2), 1 / (n0 + 2))

    def loss(ab: np.ndarray) -> float:
        z = ab[0] * margins + ab[1:][cohort]
        return float((weights * (np.logaddexp(0, z) - soft * z)).sum())

    expected = minimize(loss, np.r_[1.0, np.zeros(3)], tol=1e-12).x
    slope, intercepts = platt_between(margins, y, patients, cohort)
    assert slope == pytest.approx(expected[0], abs=1e-3)
    np.testing.assert_allclose(intercepts, expected[1:][cohort], atol=5e-3)


def test_a_sample_is_predicted_from_itself_alone() -> None:
    X, y, patients, cohort = cohorts_of()
    model = SeverityClassifier("transfer").fit(X, y, patients, cohort)
    together = model.decision_function(X)
    np.testing.assert_allclose([model.decision_function(x[None])[0] for x in X], together)


def test_noise_stays_noise() -> None:
    """Features without information give no inner AUROC away from a half."""
    areas = []
    for seed in range(20):
        _, y, patients, cohort = cohorts_of(seed=seed)
        X = np.random.default_rng(seed).normal(size=(len(y), 40))
        areas.append(SeverityClassifier("transfer").fit(X, y, patients, cohort).inner_auroc_)
    assert abs(np.mean(areas) - 0.5) < 3 * np.std(areas) / np.sqrt(20)


def test_fit_transfer_leaves_one_linear_model() -> None:
    from ifn_severity.classify import build_pipeline

    X, y, patients, cohort = cohorts_of()
    pipeline = build_pipeline("transfer", random_state=0)
    fit_transfer(pipeline, X, y, patients, cohort, np.array(["a", "b"] * 6))
    Z = (X - pipeline[1].mean_) / pipeline[1].scale_
    np.testing.assert_allclose(pipeline.decision_function(X), Z @ pipeline[-1].coef_[0])


def test_a_small_panel_is_chosen_inside_fit() -> None:
    rng = np.random.default_rng(3)
    X, y = rng.normal(size=(80, 30)), np.arange(80) % 2
    X[:, [4, 9, 21]] += 1.5 * y[:, None]
    # the second cohort never measured feature 9, so it can be in no panel
    cohorts = np.repeat(["a", "b"], 40)
    X[40:, 9] = np.nan
    panel = SeverityClassifier("transfer", max_features=2).fit(X, y, cohorts=cohorts)
    assert panel.selected_.tolist() == [4, 21]
    few = panel.narrowed()
    assert few.n_features_in_ == 2
    np.testing.assert_allclose(
        few.decision_function(X[:, [4, 21]]), panel.decision_function(X), rtol=0, atol=1e-12
    )
    everything = SeverityClassifier("transfer", max_features=30).fit(X, y, cohorts=cohorts)
    plain = SeverityClassifier("transfer").fit(X, y, cohorts=cohorts)
    np.testing.assert_array_equal(everything.decision_function(X), plain.decision_function(X))


@pytest.mark.parametrize(("model", "number"), [("logistic", 5), ("transfer", 0)])
def test_a_panel_of_no_size_is_refused(model: str, number: int) -> None:
    X, y = np.eye(12), np.arange(12) % 2
    with pytest.raises(ValueError, match="max_features"):
        SeverityClassifier(model, max_features=number).fit(X, y)
