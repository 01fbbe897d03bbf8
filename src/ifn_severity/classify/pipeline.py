"""From expression to prediction in one scikit-learn pipeline, for those who train their own."""

from __future__ import annotations

from sklearn.pipeline import Pipeline

from ifn_severity.classify.classifier import SeverityClassifier
from ifn_severity.features import MIN_PANEL_COVERAGE, MIN_REFERENCE_GENES, InterferonFeatures


def severity_pipeline(
    feature_set: str = "all",
    model: str = "transfer",
    *,
    unit: str = "log2",
    inner_folds: int = 3,
    random_state: int = 0,
) -> Pipeline:
    """Return the unfitted pipeline from expression to a calibrated probability.

    Parameters
    ----------
    feature_set : {"interferon", "cytokine", "interferon+cytokine", "all"}
        Which features are computed.
    model : {"logistic", "forest", "xgboost", "transfer"}
        Which classifier.
    unit : {"log2", "ln", "log10", "linear"}
        ``log2(x+1)``, ``ln(x+1)``, ``log10(x+1)`` or linear abundance.
    inner_folds : int
        Folds of search, calibration and threshold.
    random_state : int
        Seed of the folds and of the model.

    Returns
    -------
    Pipeline
        Steps ``features`` (:class:`InterferonFeatures`) and ``classifier``
        (:class:`SeverityClassifier`). ``fit`` takes a DataFrame, samples × genes, labels, and as
        ``classifier__groups`` and ``classifier__cohorts`` the patient and cohort of each sample.

    Examples
    --------
    >>> pipeline = severity_pipeline("interferon", "logistic")
    >>> list(pipeline.named_steps)
    ['features', 'classifier']
    """
    features = InterferonFeatures(
        feature_set,
        unit=unit,
        min_coverage=MIN_PANEL_COVERAGE,
        min_reference=MIN_REFERENCE_GENES,
    )
    classifier = SeverityClassifier(model, inner_folds=inner_folds, random_state=random_state)
    # by name, so that the views of ``transfer`` are known
    named = features.set_output(transform="pandas")
    return Pipeline([("features", named), ("classifier", classifier)])
