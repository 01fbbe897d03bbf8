"""What the classifier learned, as files and back."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from typing import Any

import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from ifn_severity.bundle.booster import check_booster
from ifn_severity.bundle.contents import BROKEN
from ifn_severity.bundle.manifest import Manifest
from ifn_severity.bundle.skopsfile import dump_skops, load_skops
from ifn_severity.classify import SeverityClassifier, build_pipeline


def dump_weights(classifier: SeverityClassifier) -> dict[str, bytes]:
    """Return the weight files of a fitted classifier.

    Parameters
    ----------
    classifier : SeverityClassifier

    Returns
    -------
    dict of str to bytes
        The files named in ``manifest.WEIGHT_FILES``.
    """
    pipeline = classifier.pipeline_
    estimator = pipeline[-1]
    if classifier.model in ("logistic", "transfer"):
        return {"pipeline.skops": dump_skops(pipeline)}
    if classifier.model == "forest":
        from ifn_severity.bundle.forest import dump_trees

        bare = copy(estimator)
        bare.estimators_ = []
        around = Pipeline([*pipeline.steps[:-1], ("model", bare)])
        return {"pipeline.skops": dump_skops(around), "trees.npz": dump_trees(estimator)}
    booster = bytes(estimator.get_booster().save_raw("ubj"))
    return {"booster.ubj": booster, "preprocessing.skops": dump_skops(pipeline[:-1])}


def restore_classifier(manifest: Manifest, files: Mapping[str, bytes]) -> SeverityClassifier:
    """Build the classifier again from its manifest and weights.

    Parameters
    ----------
    manifest : Manifest
    files : mapping of str to bytes
        The weight files.

    Raises
    ------
    ValueError
        If a file is not what it should be; the text names the file.
    NotImplementedError
        If a library here cannot hold these weights.
    """
    n_features = len(manifest.columns)
    classifier = SeverityClassifier(
        manifest.model, inner_folds=manifest.inner_folds, random_state=manifest.random_state
    )
    try:
        name = "preprocessing.skops" if manifest.model == "xgboost" else "pipeline.skops"
        pipeline = load_skops(files[name])
        _check_pipeline(pipeline, manifest.model, n_features)
        if manifest.model == "forest":
            from ifn_severity.bundle.forest import load_trees

            name = "trees.npz"
            load_trees(pipeline[-1], files[name], n_features=n_features)
        elif manifest.model == "xgboost":
            name = "booster.ubj"
            pipeline = Pipeline(
                [*pipeline.steps, ("model", _restore_xgboost(manifest, files[name]))]
            )
    except NotImplementedError:
        raise
    except BROKEN as error:
        raise ValueError(f"{name} was refused: {error}") from error
    classifier.pipeline_ = pipeline
    classifier.classes_ = np.array(manifest.classes)
    classifier.n_features_in_ = n_features
    classifier.feature_names_in_ = np.array(manifest.columns, dtype=object)
    classifier.best_params_ = dict(manifest.best_params)
    classifier.inner_auroc_ = (
        float("nan") if manifest.inner_auroc is None else float(manifest.inner_auroc)
    )
    slope, intercept = manifest.calibration["slope"], manifest.calibration["intercept"]
    classifier.calibration_ = (float(slope), float(intercept))
    classifier.threshold_ = float(manifest.threshold["value"])
    return classifier


def _restore_xgboost(manifest: Manifest, content: bytes) -> Any:
    from xgboost.core import XGBoostError

    check_booster(content, n_features=len(manifest.columns))
    pipeline = build_pipeline("xgboost", random_state=manifest.random_state)
    known = pipeline.get_params()
    if odd := [name for name in manifest.best_params if name not in known]:
        raise ValueError(f"no parameter is called {', '.join(odd[:5])}")
    estimator = pipeline.set_params(**manifest.best_params)[-1]
    try:
        estimator.load_model(bytearray(content))
    except XGBoostError as error:
        raise ValueError(str(error).splitlines()[0]) from error
    return estimator


_STEPS: dict[str, tuple[tuple[str, type], ...]] = {
    "logistic": (("model", LogisticRegression),),
    "transfer": (("model", LogisticRegression),),
    "forest": (("model", RandomForestClassifier),),
    "xgboost": (),
}


def _check_pipeline(pipeline: Any, model: str, n_features: int) -> None:
    """Make sure that a pipeline has the steps and the shapes of this package's."""
    expected = (("impute", SimpleImputer), ("scale", StandardScaler), *_STEPS[model])
    if type(pipeline) is not Pipeline:
        raise ValueError(f"it holds a {type(pipeline).__name__}, no pipeline")
    steps = getattr(pipeline, "steps", None)
    if (
        not isinstance(steps, list)
        or not all(isinstance(step, tuple) and len(step) == 2 for step in steps)
        or [(name, type(step)) for name, step in steps] != list(expected)
    ):
        raise ValueError(f"its steps are not {', '.join(name for name, _ in expected)}")
    learned: list[tuple[int, str, tuple[int, ...]]] = [
        (0, "statistics_", (n_features,)),
        (1, "mean_", (n_features,)),
        (1, "scale_", (n_features,)),
    ]
    if model in ("logistic", "transfer"):
        learned += [(2, "coef_", (1, n_features)), (2, "intercept_", (1,))]
    for position, name, shape in learned:
        values = getattr(steps[position][1], name, None)
        if (
            not isinstance(values, np.ndarray)
            or values.dtype != np.float64
            or values.shape != shape
            or not np.isfinite(values).all()
        ):
            raise ValueError(f"{name} is not {shape} finite numbers")
    if model == "forest":
        forest = steps[2][1]
        tree = getattr(forest, "estimator_", None)
        if (
            getattr(forest, "n_features_in_", None) != n_features
            or getattr(forest, "n_outputs_", None) != 1
            or getattr(forest, "n_classes_", None) != 2
            or type(tree).__name__ != "DecisionTreeClassifier"
        ):
            raise ValueError("its forest does not fit the features")
