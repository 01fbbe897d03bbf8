"""Honest evaluation: patient-grouped splits, nested cross-validation, intervals."""

from ifn_severity.evaluate.bootstrap import patient_bootstrap
from ifn_severity.evaluate.metrics import OutOfFold, auroc, summarise
from ifn_severity.evaluate.nested import Candidate, nested_cross_validation
from ifn_severity.evaluate.splits import Split, outer_splits

__all__ = [
    "Candidate",
    "OutOfFold",
    "Split",
    "auroc",
    "nested_cross_validation",
    "outer_splits",
    "patient_bootstrap",
    "summarise",
]
