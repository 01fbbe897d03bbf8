"""All that the evidence report says, before it is laid out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from ifn_severity.evidence.claim import Claim, Part

VERDICTS = ("supported", "contradicted", "context-dependent", "not resolved", "not testable")

EFFECT_COLUMNS = (
    "claim",
    "part",
    "label",
    "cohort",
    "cell_type",
    "stratum",
    "scale",
    "n_reference",
    "n_case",
    "n_samples",
    "effect",
    "low",
    "high",
    "variance",
    "p",
    "auroc",
    "auroc_low",
    "auroc_high",
    "auroc_variance",
    "mean_day",
    "interval",
    "reason",
)
"""One row a test in one cohort and stratum.

``claim``, ``part`` : ids. ``label`` : what is measured. ``cohort``; ``cell_type`` ("" in bulk and
plasma); ``stratum`` (all, early, late). ``scale`` : what ``effect`` is, such as "Hedges' g".
``n_reference``, ``n_case`` : patients (replicates in cell culture) on each side; ``n_samples`` :
samples of both. ``effect``, ``low``, ``high`` : estimate and 95 % interval, case minus reference:
above 0 is higher in the case group, whatever the claim expects. ``variance`` : its sampling
variance. ``p`` : two-sided. ``auroc`` and its interval: that the case scores above the reference;
NaN where the test is no difference. ``auroc_variance`` : sampling variance of its logit, for
pooling. ``mean_day`` : mean day since onset, NaN where unknown.
``interval`` : how ``low`` and ``high`` were made. ``reason`` : "" or why there is no figure
(numbers are NaN then, counts are kept).
"""

POOLED_COLUMNS = (
    "claim",
    "part",
    "label",
    "stratum",
    "scale",
    "n_cohorts",
    "n_reference",
    "n_case",
    "effect",
    "low",
    "high",
    "method",
    "p",
    "p_adjusted",
    "random_low",
    "random_high",
    "prediction_low",
    "prediction_high",
    "tau2",
    "i_squared",
    "heterogeneity_q",
    "heterogeneity_p",
    "auroc",
    "auroc_low",
    "auroc_high",
    "decides",
)
"""One row a part and stratum, over its cohorts.

``effect``, ``low``, ``high`` : pooled estimate and the 95 % interval that the verdict rests on, by
``method``: random effects (REML, Hartung–Knapp) from three cohorts on, fixed effects with two, the
cohort's own interval with one. ``random_low``, ``random_high`` : Hartung–Knapp interval whatever
the number of cohorts (NaN with one). ``p`` : two-sided; ``p_adjusted`` : Benjamini–Hochberg over
the deciding parts of the run's claims, first stratum, NaN elsewhere. ``prediction_low`` and
``prediction_high`` : where a further cohort's effect is expected, NaN below three cohorts.
``tau2``, ``i_squared`` (0 to 1), ``heterogeneity_q``, ``heterogeneity_p`` : NaN with one cohort.
``decides`` : whether the claim's verdict rests on the part.
"""


@dataclass(frozen=True)
class Verdict:
    """What the rule says.

    Attributes
    ----------
    label : str
        One of ``VERDICTS``.
    reason : str
        The clause of the rule that applied, with its numbers, one sentence.
    needed : str
        For what is not testable or not resolved: the data that would settle it; else empty.
    """

    label: str
    reason: str
    needed: str = ""


@dataclass(frozen=True, eq=False)
class PartResult:
    """One test of a claim, answered.

    Attributes
    ----------
    part : Part
    verdict : Verdict
    effects : DataFrame
        ``EFFECT_COLUMNS``.
    pooled : DataFrame
        ``POOLED_COLUMNS``; no row where nothing could be tested.
    """

    part: Part
    verdict: Verdict
    effects: pd.DataFrame
    pooled: pd.DataFrame


@dataclass(frozen=True, eq=False)
class ClaimResult:
    """One claim, answered.

    Attributes
    ----------
    claim : Claim
    verdict : Verdict
    parts : tuple of PartResult
        In the order of the claim.
    paragraph : str
        Plain words with numbers; plain text, no mark-up.
    """

    claim: Claim
    verdict: Verdict
    parts: tuple[PartResult, ...]
    paragraph: str


@dataclass(frozen=True, eq=False)
class EvidenceReport:
    """What ``ifn-severity evidence`` found.

    Attributes
    ----------
    claims : tuple of ClaimResult
        In the article's order.
    effects, pooled : DataFrame
        Of all claims; ``EFFECT_COLUMNS``, ``POOLED_COLUMNS``.
    verdicts : DataFrame
        One row a claim: ``claim``, ``title``, ``study``, ``verdict``, ``reason``, ``needed``,
        ``p_adjusted`` (largest of the deciding parts with the claim's own verdict).
    day_points : DataFrame
        One row a sample with a known day: ``cohort``, ``patient``, ``severe`` (0/1), ``day``,
        ``score`` (six-gene interferon score, in standard deviations of the cohort's milder
        patients around their mean).
    day_curves : DataFrame
        ``cohort``, ``severe`` (0/1), ``day``, ``fit``, ``low``, ``high`` (95 % band), from a
        mixed model with a restricted cubic spline of the day, a random intercept a patient.
    day_slopes : DataFrame
        One row a cohort and ``term`` (``mild``, ``severe``, ``severe minus mild``): change of
        the score in standard deviations per 10 days: ``slope``, ``low``, ``high``, ``p``,
        ``n_patients``, ``n_samples``.
    plane : DataFrame
        One row a patient and cell type: ``cohort``, ``patient``, ``cell_type`` ("" in bulk),
        ``severe`` (0/1), ``day``, ``interferon``, ``inflammation`` (standard deviations of the
        cohort's milder patients), ``both_high`` (bool: above the milder patients' median in
        both).
    coexistence : DataFrame
        One row a cohort, cell type and ``severe``: ``n_patients``, ``both_high`` (share),
        ``low``, ``high``, ``correlation`` (Pearson, within severity), ``correlation_low``,
        ``correlation_high``, ``correlation_p``, and where the group lies on the plane:
        ``interferon``, ``inflammation`` (means over patients) with ``_low`` and ``_high``.
    variance : DataFrame
        One row a cohort: share of the variance of the interferon score that is between
        ``severity`` groups, between ``patient``s of a group, ``within`` patients:
        ``cohort``, ``source``, ``share``, ``low``, ``high``, ``n_patients``, ``n_samples``.
    meta_regression : DataFrame
        Severity effect against the day: ``moderator`` (``intercept`` at day 10, ``day``, per 10
        days), ``estimate``, ``low``, ``high``, ``p``, ``n_effects``, ``n_cohorts``, ``tau2``,
        ``tau2_without``, ``r_squared`` (share of the heterogeneity explained, 0 to 1, NaN where
        there is none), ``i_squared`` (what is left).
    meta_points : DataFrame
        The effects that it was fitted to: ``cohort``, ``stratum``, ``day``, ``effect``,
        ``variance``.
    meta_line : DataFrame
        ``day``, ``fit``, ``low``, ``high``.
    genes : DataFrame indexed by gene
        For interferon genes, over the blood cohorts: ``n_cohorts``, ``n_higher``, ``n_lower``,
        ``pooled_g``, ``low``, ``high``, ``i_squared``, ``sentence``.
    cohorts : DataFrame indexed by cohort
        ``title``, ``kind``, ``tissue``, ``n_samples``, ``n_patients``, ``n_mild``, ``n_severe``
        (patients), ``days_known`` (bool), ``n_claims``, ``loaded`` (bool), ``reason`` (why not).
    rule : tuple of str
        The rule of verdicts, a sentence a clause.
    settings, versions, checksums : Mapping
        What was run, with what, on which bytes.
    limits : tuple of str
        What the reader must bear in mind.
    """

    claims: tuple[ClaimResult, ...]
    effects: pd.DataFrame
    pooled: pd.DataFrame
    verdicts: pd.DataFrame
    day_points: pd.DataFrame
    day_curves: pd.DataFrame
    day_slopes: pd.DataFrame
    plane: pd.DataFrame
    coexistence: pd.DataFrame
    variance: pd.DataFrame
    meta_regression: pd.DataFrame
    meta_points: pd.DataFrame
    meta_line: pd.DataFrame
    genes: pd.DataFrame
    cohorts: pd.DataFrame
    rule: tuple[str, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    checksums: Mapping[str, str] = field(default_factory=dict)
    limits: tuple[str, ...] = ()
