"""SHAP attributions in log-odds, and what they say about interferon genes."""

from ifn_severity.explain.api import shap_explanation
from ifn_severity.explain.attributions import Attributions
from ifn_severity.explain.result import Answer, Explained, Patient, Stability
from ifn_severity.explain.shap_values import TOLERANCE, attribute

__all__ = [
    "TOLERANCE",
    "Answer",
    "Attributions",
    "Explained",
    "Patient",
    "Stability",
    "attribute",
    "shap_explanation",
]
