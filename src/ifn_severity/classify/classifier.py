"""``SeverityClassifier``: search, calibration and threshold, all inside the data it is given."""

from __future__ import annotations

from copy import copy
from typing import Any

import numpy as np
from scipy.special import logit
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.pipeline import Pipeline
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import check_is_fitted, validate_data

from ifn_severity.classify.models import build_pipeline, margin, search_space
from ifn_severity.classify.sigmoid import platt, sigmoid, youden
from ifn_severity.classify.transfer import (
    feature_views,
    fit_transfer,
    platt_between,
    usable_cohorts,
)


class SeverityClassifier(ClassifierMixin, BaseEstimator):
    """A named model with its search, sigmoid calibration and threshold.

    ``fit`` runs one grouped, stratified inner cross-validation. The setting with the best mean
    inner AUROC is kept, its out-of-fold margins calibrate a sigmoid (Platt 1999) and choose the
    threshold (Youden 1950), and the pipeline is refitted on everything. So whatever is held
    out of ``fit`` stays unseen by each of these choices.

    Parameters
    ----------
    model : {"logistic", "forest", "xgboost", "transfer"}
        Which classifier. ``transfer`` is made for several cohorts: with two or more in ``fit``
        it holds out one cohort at a time where the others hold out folds of patients.
    inner_folds : int
        Folds of the inner cross-validation; fewer where a class has fewer patients.
    random_state : int
        Seed of the folds and of the model.
    views : array-like of str of shape (n_features,), optional
        View of each feature, for ``transfer``. Left out, it is taken from the names of the
        columns, and without names there is one view.
    max_features : int, optional
        Most features with a coefficient other than 0, for ``transfer``: a panel that is chosen
        inside ``fit``, so that whatever is held out has no part in it.

    Attributes
    ----------
    pipeline_ : Pipeline
        The fitted pipeline (impute, scale, model).
    calibration_ : tuple of float
        ``(slope, intercept)``: log-odds = slope * margin + intercept.
    threshold_ : float
        Probability at or above which a sample is called severe.
    best_params_ : dict
        The setting that was kept.
    inner_auroc_ : float
        Its mean AUROC over the inner folds, NaN without an inner cross-validation.
    classes_ : ndarray of shape (2,)
        Class labels; the second is severe.

    References
    ----------
    Platt J. Advances in Large Margin Classifiers 1999:61. Youden WJ. Cancer 1950;3:32,
    doi:10.1002/1097-0142(1950)3:1<32::AID-CNCR2820030106>3.0.CO;2-3.

    Examples
    --------
    >>> from sklearn.datasets import make_classification
    >>> X, y = make_classification(60, 10, random_state=0)
    >>> classifier = SeverityClassifier("logistic").fit(X, y)
    >>> classifier.predict_proba(X).shape
    (60, 2)
    """

    def __init__(
        self,
        model: str = "logistic",
        *,
        inner_folds: int = 3,
        random_state: int = 0,
        views: Any = None,
        max_features: int | None = None,
    ):
        self.model = model
        self.inner_folds = inner_folds
        self.random_state = random_state
        self.views = views
        self.max_features = max_features

    def __sklearn_tags__(self) -> Any:
        """Say that the classifier is binary and that NaN is imputed."""
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        tags.input_tags.allow_nan = True
        return tags

    def fit(self, X: Any, y: Any, groups: Any = None, cohorts: Any = None) -> SeverityClassifier:
        """Search, calibrate, choose the threshold and refit.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Features; NaN is imputed by the training median.
        y : array-like of shape (n_samples,)
            Two classes, the second (in sorted order) being severe.
        groups : array-like of shape (n_samples,), optional
            Patient of each sample; a patient never straddles an inner split.
        cohorts : array-like of shape (n_samples,), optional
            Cohort of each sample. Only ``transfer`` looks at it; it leaves out cohorts with
            fewer than five patients in a class, as long as others remain.

        Returns
        -------
        self
        """
        X, y = validate_data(self, X, y, ensure_all_finite="allow-nan", dtype=np.float64)
        check_classification_targets(y)
        if type_of_target(y) != "binary":
            raise ValueError(
                "Only binary classification is supported. The type of the target "
                f"is {type_of_target(y)}."
            )
        self.classes_, target = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError("This classifier needs samples of 2 classes in the data; got 1 class")
        if self.max_features is not None and (self.model != "transfer" or self.max_features < 1):
            raise ValueError(
                f"max_features={self.max_features} for {self.model!r}: it is a number from 1 on, "
                "and for the model 'transfer' only"
            )
        groups = np.arange(len(target)) if groups is None else np.asarray(groups)
        cohorts = np.zeros(len(target), dtype=int) if cohorts is None else np.asarray(cohorts)
        if self.model == "transfer":
            used = usable_cohorts(target, groups, cohorts)
            if used.any():
                X, target, groups, cohorts = X[used], target[used], groups[used], cohorts[used]
            else:
                cohorts = np.zeros(len(target), dtype=int)
        points = search_space(self.model)
        between = self.model == "transfer" and len(np.unique(cohorts)) > 1
        folds = _one_out(cohorts) if between else self._inner_splits(X, target, groups)
        out_of_fold = np.full((len(points), len(target)), np.nan)
        scores = np.zeros((len(points), max(len(folds), 1)))
        for i, point in enumerate(points):
            for j, (train, test) in enumerate(folds):
                pipeline = self._fitted(
                    point, X[train], target[train], groups[train], cohorts[train]
                )
                out_of_fold[i, test] = margin(pipeline, X[test])
                scores[i, j] = roc_auc_score(target[test], out_of_fold[i, test])
        best = int(np.argmax(scores.mean(axis=1)))
        self.best_params_ = points[best]
        if folds:
            held_out = out_of_fold[best]
            self.inner_auroc_ = float(scores[best].mean())
            if between:
                slope, each = platt_between(held_out, target, groups, cohorts)
                # a new sample's cohort has no intercept of its own: the mean over cohorts
                intercept = float(np.mean([each[test[0]] for _, test in folds]))
            else:
                slope, intercept = platt(held_out, target)
                each = np.full(len(target), intercept)
            self.calibration_ = (slope, intercept)
            self.threshold_ = youden(sigmoid(slope * held_out + each), target)
        else:
            self.inner_auroc_, self.calibration_, self.threshold_ = float("nan"), (1.0, 0.0), 0.5
        self.pipeline_ = self._fitted(self.best_params_, X, target, groups, cohorts)
        return self

    def _fitted(
        self,
        point: dict[str, Any],
        X: np.ndarray,
        target: np.ndarray,
        groups: np.ndarray,
        cohorts: np.ndarray,
    ) -> Pipeline:
        """Return a pipeline with these settings, fitted."""
        pipeline = build_pipeline(self.model, random_state=self.random_state).set_params(**point)
        if self.model != "transfer":
            return pipeline.fit(X, target)
        return fit_transfer(pipeline, X, target, groups, cohorts, self._views(), self.max_features)

    def _views(self) -> np.ndarray:
        """Return the view of each feature seen in ``fit``."""
        if self.views is None:
            names = getattr(self, "feature_names_in_", [""] * self.n_features_in_)
            return feature_views(names)
        views = np.asarray(self.views, dtype=str)
        if views.shape != (self.n_features_in_,):
            raise ValueError(f"views has shape {views.shape} for {self.n_features_in_} features")
        return views

    def narrowed(self) -> SeverityClassifier:
        """Return the same classifier for the features that have a coefficient only.

        Returns
        -------
        SeverityClassifier
            Fitted. It predicts the same from fewer columns: those of ``selected_``.
        """
        check_is_fitted(self)
        kept = self.selected_
        impute, scale, model = (copy(step) for _, step in self.pipeline_.steps)
        impute.fit(np.asarray(self.pipeline_[0].statistics_)[None, kept])
        for step, names in ((scale, ("mean_", "var_", "scale_")), (model, ("coef_",))):
            step.n_features_in_ = len(kept)
            for name in names:
                setattr(step, name, np.asarray(getattr(step, name))[..., kept])
        few = copy(self)
        few.pipeline_ = Pipeline([("impute", impute), ("scale", scale), ("model", model)])
        few.n_features_in_ = len(kept)
        if hasattr(self, "feature_names_in_"):
            few.feature_names_in_ = self.feature_names_in_[kept]
        few.views = None if self.views is None else np.asarray(self.views)[kept]
        return few

    @property
    def selected_(self) -> np.ndarray:
        """Positions of the features with a coefficient, of the linear models; ascending."""
        coefficients = getattr(self.pipeline_[-1], "coef_", None)
        if coefficients is None:
            raise AttributeError(f"the model {self.model!r} has no coefficients to select by")
        return np.flatnonzero(coefficients[0])

    def _inner_splits(
        self, X: np.ndarray, target: np.ndarray, groups: np.ndarray
    ) -> list[tuple[np.ndarray, np.ndarray]]:
        """Split by patient, with both classes on either side of every split."""
        smallest = min(len(np.unique(groups[target == label])) for label in (0, 1))
        n_splits = min(self.inner_folds, smallest)
        if n_splits < 2:
            return []
        splitter = StratifiedGroupKFold(n_splits, shuffle=True, random_state=self.random_state)
        return [
            (train, test)
            for train, test in splitter.split(X, target, groups)
            if len(np.unique(target[train])) == 2 and len(np.unique(target[test])) == 2
        ]

    def decision_function(self, X: Any) -> np.ndarray:
        """Return the calibrated log-odds of the second class, shape (n_samples,)."""
        check_is_fitted(self)
        X = validate_data(self, X, reset=False, ensure_all_finite="allow-nan", dtype=np.float64)
        slope, intercept = self.calibration_
        return np.asarray(slope * margin(self.pipeline_, X) + intercept)

    def uncalibrated_log_odds(self, X: Any) -> np.ndarray:
        """Return the model's own log-odds before calibration, shape (n_samples,).

        The forest's vote is taken as a probability, kept half a tree away from 0 and 1.
        """
        check_is_fitted(self)
        X = validate_data(self, X, reset=False, ensure_all_finite="allow-nan", dtype=np.float64)
        own = margin(self.pipeline_, X)
        if self.model == "forest":
            edge = 0.5 / len(self.pipeline_[-1].estimators_)
            own = logit(np.clip(own, edge, 1.0 - edge))
        return np.asarray(own, dtype=float)

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return calibrated probabilities of both classes, shape (n_samples, 2)."""
        severe = sigmoid(self.decision_function(X))
        return np.column_stack([1.0 - severe, severe])

    def predict(self, X: Any) -> np.ndarray:
        """Return the more probable class, shape (n_samples,), as scikit-learn expects."""
        likelier = (self.decision_function(X) > 0).astype(int)
        return np.asarray(self.classes_[likelier])

    def call(self, X: Any) -> np.ndarray:
        """Return the class at ``threshold_``, shape (n_samples,): what a user acts on."""
        called = (self.predict_proba(X)[:, 1] >= self.threshold_).astype(int)
        return np.asarray(self.classes_[called])


def _one_out(cohorts: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Hold out each cohort in turn."""
    return [
        (np.flatnonzero(cohorts != name), np.flatnonzero(cohorts == name))
        for name in np.unique(cohorts)
    ]
