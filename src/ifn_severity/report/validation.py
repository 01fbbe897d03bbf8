"""All that the validation report says, before it is laid out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd


@dataclass(frozen=True, eq=False)
class ValidationReport:
    """What ``ifn-severity validate`` found, as tables.

    Attributes
    ----------
    cohorts : DataFrame indexed by cohort
        ``n_samples``, ``n_patients``, ``n_mild``, ``n_severe`` (samples), ``n_mild_patients``,
        ``n_severe_patients``, ``days_known``, ``counted`` (at least five patients in each class,
        so that means rest on it), ``tissue``, ``mild_means``, ``severe_means``.
    headline : Mapping
        The nested figure: each cohort predicted by the candidate that did best among the other
        cohorts. ``mean_auroc``, ``mean_low``, ``mean_high``, ``min_auroc``, ``min_cohort``,
        ``pooled``, ``pooled_low``, ``pooled_high``, ``prediction_low``, ``prediction_high``,
        ``i_squared``, ``chosen`` (cohort to candidate name), ``best_candidate``,
        ``best_of_many`` (its mean AUROC, flattered), ``n_configurations``, ``permutation_p``,
        ``best_comparator`` (label), ``seed``, ``n_draws``; where nothing could be chosen
        ``fixed``, the candidate that was fixed beforehand; ``proteins``, true where plasma
        proteins were measured instead of transcripts; ``shared_genes``, by group the genes that
        stay when its features are left out (``n_genes``, ``n_left``, ``n_single``, ``single``,
        ``within_scores``); ``reference_candidate`` and ``reference_auroc``, the design that
        controls and additions were fitted in.
    predictions : DataFrame
        The headline's held-out predictions, one row a sample: ``sample``, ``cohort``,
        ``patient``, ``severe`` (0/1), ``severity``, ``age``, ``sex``, ``days_since_onset``,
        ``log_odds`` (calibrated on the training cohorts), ``raw_log_odds`` (before), ``called``.
    held_out : DataFrame
        Leave one cohort out, one row a cohort and candidate: ``cohort``, ``feature_set``,
        ``model``, ``auroc``, ``auroc_low``, ``auroc_high``, ``brier``, ``ece``,
        ``calibration_slope``, ``calibration_intercept``, ``sensitivity``, ``specificity``, and
        ``raw_brier``, ``raw_ece``, ``raw_slope``, ``raw_intercept`` before recalibration, each
        with ``_low`` and ``_high`` (patient bootstrap; NaN but for the headline). The nested
        headline is there too, as feature_set ``chosen inside`` and model ``nested``.
    candidates : DataFrame
        The nested choice, the average of all candidates (model ``averaged``, nothing chosen),
        then one row a candidate, best first: ``feature_set``, ``model``, ``mean_auroc``,
        ``mean_low``, ``mean_high``, ``min_auroc``, ``pooled``, ``pooled_low``, ``pooled_high``,
        ``prediction_low``, ``prediction_high``.
    comparators : DataFrame
        Published scores on the same patients, one row a comparator and cohort: ``comparator``,
        ``label``, ``cohort``, ``auroc``, ``auroc_low``, ``auroc_high``, ``left_out`` (empty, or
        why there is no figure).
    differences : DataFrame
        Headline minus each comparator: ``comparator``, ``label``, ``cohort`` (or ``mean``),
        ``difference``, ``low``, ``high``, ``p``.
    within : DataFrame
        Nested cross-validation inside each cohort: ``cohort``, ``feature_set``, ``model``,
        ``auroc``, ``auroc_low``, ``auroc_high``.
    matrix : DataFrame
        Trained on one cohort (``train``), tested on each other (``test``): ``feature_set``,
        ``model``, ``auroc``, ``auroc_low``, ``auroc_high``.
    additions : DataFrame
        What a group of features adds, held out: ``group`` (interferon or cytokine), ``scope``
        (cohort, or ``mean``), ``stage`` (all, early, late), ``n_mild``, ``n_severe``, ``with_``,
        ``without``, ``difference``, ``low``, ``high``; and ``alone``, the AUROC of the
        interferon score by itself, high meaning severe.
    interactions : DataFrame
        Small linear models with and without an explicit interaction, leave one cohort out:
        ``interaction``, ``cohort``, ``without``, ``with_``, ``difference``, ``low``, ``high``,
        ``coefficient``.
    subgroups : DataFrame
        ``cohort``, ``subgroup``, ``n_mild``, ``n_severe``, ``auroc``, ``auroc_low``,
        ``auroc_high`` (NA where a class has fewer than five patients).
    learning : DataFrame
        ``fraction`` of the training patients, ``n_patients``, ``mean_auroc``, ``low``, ``high``.
    random_panels, shuffled : ndarray
        Mean AUROC of panels of random genes of the same size, and with shuffled labels.
    settings, versions, checksums : Mapping
        What was run, with what, on which bytes.
    citations, limits : tuple of str
    simulated : bool
    """

    cohorts: pd.DataFrame
    headline: Mapping[str, Any]
    predictions: pd.DataFrame
    held_out: pd.DataFrame
    candidates: pd.DataFrame
    comparators: pd.DataFrame
    differences: pd.DataFrame
    within: pd.DataFrame
    matrix: pd.DataFrame
    additions: pd.DataFrame
    interactions: pd.DataFrame
    subgroups: pd.DataFrame
    learning: pd.DataFrame
    random_panels: np.ndarray
    shuffled: np.ndarray
    settings: Mapping[str, Any] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    checksums: Mapping[str, str] = field(default_factory=dict)
    citations: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()
    simulated: bool = False
