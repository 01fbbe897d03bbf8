"""Honest evaluation: patient-grouped splits, nested cross-validation, intervals, comparisons."""

from ifn_severity.evaluate.bootstrap import patient_bootstrap
from ifn_severity.evaluate.comparators import (
    Comparator,
    ComparatorScores,
    comparator_scores,
    comparators,
)
from ifn_severity.evaluate.compare import PairedDifference, delong, paired_difference
from ifn_severity.evaluate.metrics import OutOfFold, auroc, summarise
from ifn_severity.evaluate.nested import Candidate, nested_cross_validation
from ifn_severity.evaluate.pool import (
    PooledAuroc,
    RandomEffects,
    logit_auroc,
    pool_aurocs,
    random_effects,
)
from ifn_severity.evaluate.splits import Split, outer_splits

__all__ = [
    "Candidate",
    "Comparator",
    "ComparatorScores",
    "OutOfFold",
    "PairedDifference",
    "PooledAuroc",
    "RandomEffects",
    "Split",
    "auroc",
    "comparator_scores",
    "comparators",
    "delong",
    "logit_auroc",
    "nested_cross_validation",
    "outer_splits",
    "paired_difference",
    "patient_bootstrap",
    "pool_aurocs",
    "random_effects",
    "summarise",
]
