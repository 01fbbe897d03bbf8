"""Honest evaluation: patient-grouped splits, nested cross-validation, intervals, comparisons."""

from ifn_severity.evaluate.bootstrap import patient_bootstrap
from ifn_severity.evaluate.calibration import (
    Calibration,
    calibration_summary,
    expected_calibration_error,
)
from ifn_severity.evaluate.comparators import ComparatorScores, comparator_scores
from ifn_severity.evaluate.compare import PairedDifference, delong, paired_difference
from ifn_severity.evaluate.decision import decision_curve, net_benefit
from ifn_severity.evaluate.metrics import OutOfFold, auroc, summarise
from ifn_severity.evaluate.nested import Candidate, nested_cross_validation
from ifn_severity.evaluate.permutation import PermutationTest, permutation_test
from ifn_severity.evaluate.pool import (
    PooledAuroc,
    RandomEffects,
    logit_auroc,
    pool_aurocs,
    random_effects,
)
from ifn_severity.evaluate.published import Comparator, published_comparators
from ifn_severity.evaluate.random_panels import AgainstRandom, against_random
from ifn_severity.evaluate.reliability import (
    CalibrationPoints,
    calibration_curve,
    calibration_points,
)
from ifn_severity.evaluate.splits import Split, outer_splits
from ifn_severity.evaluate.subgroups import subgroup_aurocs

__all__ = [
    "AgainstRandom",
    "Calibration",
    "CalibrationPoints",
    "Candidate",
    "Comparator",
    "ComparatorScores",
    "OutOfFold",
    "PairedDifference",
    "PermutationTest",
    "PooledAuroc",
    "RandomEffects",
    "Split",
    "against_random",
    "auroc",
    "calibration_curve",
    "calibration_points",
    "calibration_summary",
    "comparator_scores",
    "decision_curve",
    "delong",
    "expected_calibration_error",
    "logit_auroc",
    "nested_cross_validation",
    "net_benefit",
    "outer_splits",
    "paired_difference",
    "patient_bootstrap",
    "permutation_test",
    "pool_aurocs",
    "published_comparators",
    "random_effects",
    "subgroup_aurocs",
    "summarise",
]
