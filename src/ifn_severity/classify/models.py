"""The named models: pipeline, search space and what its uncalibrated margin is."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from ifn_severity.errors import ModelError, nearest

MODELS: dict[str, str] = {
    "logistic": "logistic regression, elastic net",
    "forest": "random forest",
    "xgboost": "gradient-boosted trees (XGBoost)",
    "transfer": "average of one ridge a view, fitted across centred cohorts",
}


def search_space(model: str) -> list[dict[str, Any]]:
    """Return the settings that are tried inside each fold, simplest first.

    Ridge settings use lbfgs, which needs milliseconds where saga needs seconds; only true
    elastic nets go to saga. Trees are few and shallow: cohorts have tens of patients.

    Parameters
    ----------
    model : {"logistic", "forest", "xgboost", "transfer"}
    """
    _check(model)
    if model == "transfer":
        return [{}]  # it averages where the others choose
    if model == "logistic":
        ridge = [{"C": c, "l1_ratio": 0.0, "solver": "lbfgs"} for c in (1e-4, 1e-3, 1e-2, 1e-1)]
        net = [{"C": c, "l1_ratio": 0.2, "solver": "saga"} for c in (0.1, 0.5)]
        return [{f"model__{key}": value for key, value in point.items()} for point in ridge + net]
    if model == "forest":
        return [{"model__min_samples_leaf": leaf} for leaf in (5, 2)]
    return [
        {"model__max_depth": d, "model__n_estimators": n} for d, n in ((1, 150), (2, 100), (3, 100))
    ]


def build_pipeline(model: str, *, random_state: int) -> Pipeline:
    """Return the unfitted pipeline: impute by the median, scale, classify.

    Parameters
    ----------
    model : {"logistic", "forest", "xgboost", "transfer"}
    random_state : int
        Seed of everything random in the model.

    Returns
    -------
    Pipeline
        Steps ``impute``, ``scale`` and ``model``, single-threaded: folds run side by side.

    Raises
    ------
    ModelError
        If there is no such model.
    """
    _check(model)
    estimator: Any
    if model == "logistic":
        # balanced, because the margins of different folds are calibrated together: without it a
        # fold with one more mild patient shifts them all, and a strong ridge is swamped by that
        estimator = LogisticRegression(
            class_weight="balanced", tol=1e-3, max_iter=10_000, random_state=random_state
        )
    elif model == "transfer":
        # holds the average of the views; ``transfer.fit_transfer`` fits it
        estimator = LogisticRegression(random_state=random_state)
    elif model == "forest":
        estimator = RandomForestClassifier(
            n_estimators=200, max_features="sqrt", n_jobs=1, random_state=random_state
        )
    else:
        from xgboost import XGBClassifier

        estimator = XGBClassifier(
            learning_rate=0.1,
            subsample=0.8,
            colsample_bynode=0.2,
            reg_lambda=5.0,
            tree_method="hist",
            max_bin=32,
            n_jobs=1,
            random_state=random_state,
        )
    usual = "mean" if model == "transfer" else "median"
    return Pipeline(
        [
            ("impute", SimpleImputer(strategy=usual, keep_empty_features=True)),
            ("scale", StandardScaler()),
            ("model", estimator),
        ]
    )


def margin(pipeline: Pipeline, X: Any) -> np.ndarray:
    """Return the model's own margin, before calibration.

    It is log-odds for the linear model and for XGBoost, and the fraction of trees' votes for
    the forest: in each case the quantity that SHAP explains exactly.

    Parameters
    ----------
    pipeline : fitted Pipeline
    X : array-like of shape (n_samples, n_features)

    Returns
    -------
    ndarray of shape (n_samples,)
    """
    return scaled_margin(pipeline[-1], pipeline[:-1].transform(X))


def scaled_margin(estimator: Any, Z: Any) -> np.ndarray:
    """Return the margin of a pipeline's last step, of features that are imputed and scaled.

    Parameters
    ----------
    estimator : fitted classifier
    Z : array-like of shape (n_samples, n_features)

    Returns
    -------
    ndarray of shape (n_samples,)
    """
    if isinstance(estimator, RandomForestClassifier):
        return np.asarray(estimator.predict_proba(Z)[:, 1], dtype=float)
    if isinstance(estimator, LogisticRegression):
        return np.asarray(estimator.decision_function(Z), dtype=float)
    return np.asarray(estimator.predict(Z, output_margin=True), dtype=float)


def _check(model: str) -> None:
    if model not in MODELS:
        raise ModelError(
            f"no model is called {model!r}",
            expected=f"one of {', '.join(MODELS)}",
            do=nearest(str(model), MODELS),
        )
