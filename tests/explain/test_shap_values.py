"""Attributions: exact, additive, the same as other implementations, and true on simulated data."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import shap
from sklearn.metrics import roc_auc_score

from ifn_severity.classify import MODELS, SeverityClassifier
from ifn_severity.cohorts.simulate import simulate_cohort, simulation_truth
from ifn_severity.errors import ModelError
from ifn_severity.explain import TOLERANCE, attribute, shap_values
from ifn_severity.features import InterferonFeatures


@pytest.fixture(scope="module")
def toy() -> tuple[pd.DataFrame, np.ndarray]:
    rng = np.random.default_rng(0)
    y = np.arange(80) % 2
    X = rng.normal(size=(80, 15))
    X[:, 0] += 2.5 * y
    X[:, 1] -= y
    X[::9, 4] = np.nan
    return pd.DataFrame(X, columns=[f"f{i}" for i in range(15)]), y


@pytest.mark.parametrize("model", MODELS)
def test_sum_is_the_calibrated_log_odds(model: str, toy: tuple[pd.DataFrame, np.ndarray]) -> None:
    X, y = toy
    classifier = SeverityClassifier(model).fit(X, y)
    values, base, margin = attribute(classifier, X)
    np.testing.assert_allclose(base + values.sum(axis=1), margin, atol=TOLERANCE)
    np.testing.assert_array_equal(margin, classifier.decision_function(X))
    assert values.abs().mean().idxmax() == "f0"


def test_linear_attributions_by_hand(toy: tuple[pd.DataFrame, np.ndarray]) -> None:
    X, y = toy
    classifier = SeverityClassifier("logistic").fit(X, y)
    values, base, _ = attribute(classifier, X)
    slope, intercept = classifier.calibration_
    linear = classifier.pipeline_[-1]
    scaled = classifier.pipeline_[:-1].transform(X.to_numpy())
    np.testing.assert_allclose(values, slope * linear.coef_[0] * scaled, atol=1e-9)
    np.testing.assert_allclose(base, slope * linear.intercept_[0] + intercept)


def test_tree_attributions_equal_treeshap_of_shap(toy: tuple[pd.DataFrame, np.ndarray]) -> None:
    X, y = toy
    classifier = SeverityClassifier("xgboost").fit(X, y)
    values, base, _ = attribute(classifier, X)
    slope, intercept = classifier.calibration_
    scaled = classifier.pipeline_[:-1].transform(X.to_numpy())
    explainer = shap.TreeExplainer(classifier.pipeline_[-1])
    np.testing.assert_allclose(values, slope * explainer.shap_values(scaled), atol=1e-5)
    expected = float(np.atleast_1d(explainer.expected_value)[0])
    np.testing.assert_allclose(base, slope * expected + intercept, atol=1e-5)


def test_attributions_that_do_not_add_up_are_refused(
    toy: tuple[pd.DataFrame, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    X, y = toy
    classifier = SeverityClassifier("logistic").fit(X, y)
    monkeypatch.setattr(shap_values, "scaled_margin", lambda estimator, Z: np.zeros(len(Z)))
    with pytest.raises(ModelError, match="miss its log-odds"):
        attribute(classifier, X)


@pytest.fixture(scope="module")
def simulated() -> tuple[pd.DataFrame, np.ndarray]:
    adata = simulate_cohort(500, seed=7)
    transformer = InterferonFeatures("all").set_output(transform="pandas")
    features = transformer.fit_transform(adata.to_df())
    genes = features[[c for c in features if c.startswith("gene:")]].dropna(axis=1)
    return genes, adata.obs["severe"].to_numpy(dtype=int)


# boosting spends its few shallow trees on few genes, a forest spreads them
@pytest.mark.parametrize(
    ("model", "separates", "leading"), [("forest", 0.85, 9), ("xgboost", 0.65, 7)]
)
def test_true_drivers_lead_on_the_simulated_cohort(
    simulated: tuple[pd.DataFrame, np.ndarray], model: str, separates: float, leading: int
) -> None:
    """Drivers are 8 % of the genes; they and their shadows must lead the ranking."""
    features, y = simulated
    values, _, _ = attribute(SeverityClassifier(model).fit(features, y), features)
    importance = values.abs().mean().rename(lambda column: column.removeprefix("gene:"))
    role = simulation_truth()["role"].reindex(importance.index)
    known = role.isin(["driver", "none"])
    assert roc_auc_score(role[known] == "driver", importance[known]) > separates
    top = role[importance.nlargest(10).index]
    assert (top == "driver").sum() >= 5
    assert top.isin(["driver", "shadow"]).sum() >= leading
