"""The named classifiers, their search spaces, and the calibrated estimator around them."""

from ifn_severity.classify.classifier import SeverityClassifier
from ifn_severity.classify.models import (
    MODELS,
    build_pipeline,
    margin,
    scaled_margin,
    search_space,
)
from ifn_severity.classify.pipeline import severity_pipeline
from ifn_severity.classify.refit import refit
from ifn_severity.classify.transfer import feature_views

__all__ = [
    "MODELS",
    "SeverityClassifier",
    "build_pipeline",
    "feature_views",
    "margin",
    "refit",
    "scaled_margin",
    "search_space",
    "severity_pipeline",
]
