"""All that an explanation found out, as tables: what reports draw and programs read.

Nothing is computed here. ``workflows.explanation`` fills it in, ``report`` draws it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import pandas as pd

from ifn_severity.evaluate.random_panels import AgainstRandom
from ifn_severity.explain.attributions import Attributions

POOLED = "pooled"
"""Name of the row that stands for all cohorts, each counting once."""


@dataclass(frozen=True)
class Answer:
    """The facts of the first sentence.

    Attributes
    ----------
    share, share_low, share_high : float
        Part of all absolute gene attributions that interferon genes carry, 0 to 1, in held-out
        patients: the mean of the explained cohorts' own shares, each counting once, with its 95 %
        bootstrap interval. NaN limits where no refits were run.
    net_share, net_share_low, net_share_high : float
        The same after families are added up within each patient, so that genes that cancel each
        other count less.
    auroc_with, auroc_without : float
        Held-out AUROC of the model's design with all its features, and of the same design without
        interferon genes (their features are dropped, other scores are computed without them).
        NaN where the training cohorts are not on disk, or nothing is left without interferon.
    difference, difference_low, difference_high, p_value : float
        ``auroc_with - auroc_without``, paired patient bootstrap within cohorts.
    random : AgainstRandom
        ``auroc_with`` beside panels of random genes, without any where none were drawn. Not to be
        read where ``genes_chosen``: the genes of random panels were not.
    found_with : tuple of str
        Explained cohorts with whose help the model's design was found, which flatters it.
    n_cohorts, n_samples, n_patients : int
        What is explained.
    n_flipped : int
        Held-out samples whose call changes when the interferon genes' net attribution is taken
        away.
    n_led : int
        Held-out samples in which interferon, all its families together, moves the log-odds more
        than any other group does.
    n_counted : int
        Cohorts with five patients of each class: the AUROCs are means over these. 0 where there
        is none, and then over all cohorts with two.
    genes_chosen : bool
        Whether the panel's genes were chosen out of its feature set with explained cohorts, which
        flatters every held-out figure.
    chosen_inside, chosen_inside_low, chosen_inside_high : float
        Where ``genes_chosen``: mean AUROC over the training cohorts, each left out with the choice
        of genes made without it, with its 95 % interval; as the model's manifest has it. NaN where
        it has none.
    """

    share: float
    share_low: float
    share_high: float
    net_share: float
    net_share_low: float
    net_share_high: float
    auroc_with: float
    auroc_without: float
    difference: float
    difference_low: float
    difference_high: float
    p_value: float
    random: AgainstRandom
    found_with: tuple[str, ...]
    n_cohorts: int
    n_samples: int
    n_patients: int
    n_flipped: int
    n_led: int
    n_counted: int
    genes_chosen: bool
    chosen_inside: float = math.nan
    chosen_inside_low: float = math.nan
    chosen_inside_high: float = math.nan


@dataclass(frozen=True)
class Stability:
    """Whether the ranking of interferon genes would come out the same again.

    Attributes
    ----------
    refits : int
        Bootstrap draws, each with a refit; 0 where none were run.
    split_half : float
        Spearman's ρ of the ten leading interferon genes' mean ranks between two random halves of
        the draws; the median over 200 ways to halve them. NaN with fewer than 20 refits, and with
        fewer than three genes, which have no ranks to correlate.
    between_draws : float
        Median Spearman's ρ of the same genes between two single draws: how much one cohort of
        this size would differ from another.
    overlap : float
        Mean number of the ten leading interferon genes that a single draw has in its own top ten.
    stable : bool or None
        ``split_half >= 0.8``; None where that is not known.
    """

    refits: int
    split_half: float
    between_draws: float
    overlap: float
    stable: bool | None


@dataclass(frozen=True, eq=False)
class Patient:
    """One sample in full.

    Attributes
    ----------
    sample : str
        ``cohort:sample``.
    why : str
        Why this sample is shown.
    held_out : bool
        Whether the attributions come from a model that never saw this patient.
    base, margin : float
        Expected and calibrated log-odds; ``base + waterfall["shap"].sum() == margin``.
    probability, saved_probability : float
        Of severe disease: by the model that ``waterfall`` explains, and by the saved model.
    threshold : float
        Probability at or above which the explained model calls a sample severe.
    waterfall : DataFrame indexed by gene, largest |shap| first, all genes
        ``shap`` (log-odds), ``expression`` (log2 relative expression, NaN where not measured),
        ``usual`` (the background's), ``percentile`` (of expression among this cohort's explained
        samples, 0 to 100), ``group``, ``family``, ``interferon`` (bool).
    families : DataFrame indexed by family
        ``net`` (log-odds, summed over the family's genes) and ``interferon`` (bool).
    interferon, inflammation : float
        Place on the plane: scores, log2 relative expression.
    quadrant : str
        ``"low interferon, low inflammation"``, ``"interferon only"``, ``"inflammation only"`` or
        ``"both"``.
    neighbours : DataFrame, nearest first, may be empty
        ``sample``, ``cohort``, ``severity``, ``severe`` (0 or 1), ``days_since_onset``,
        ``probability`` (saved model), ``distance`` (log-odds; root of the summed squared
        differences of gene attributions by the saved model).
    words : tuple of str
        Plain-language summary.
    """

    sample: str
    why: str
    held_out: bool
    base: float
    margin: float
    probability: float
    saved_probability: float
    threshold: float
    waterfall: pd.DataFrame
    families: pd.DataFrame
    interferon: float
    inflammation: float
    quadrant: str
    neighbours: pd.DataFrame
    words: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Explained:
    """All that one explanation found out about one model on its cohorts.

    Gene names are current HGNC symbols, samples are ``cohort:sample``, attributions are
    calibrated log-odds of severe disease, expression is log2 relative to the reference genes.
    Tables may hold NaN where something could not be computed; intervals are 95 % and NaN where
    no refits were run.

    Attributes
    ----------
    features : Attributions
        By feature; held out wherever refits by fold were possible (``held_out`` says so).
    gene_level : Attributions
        The same carried on to genes: ``values`` and ``data`` have a column a gene, ``features``
        is indexed by gene with ``kind`` "gene", ``group``, ``family`` (as in ``families``),
        ``label``.
    saved : Attributions
        By gene, by the saved model itself, on the same samples.
    interferon : DataFrame indexed by gene, leading first
        One row an interferon gene. ``rank`` (among interferon genes), ``family``,
        ``mean_abs_shap`` (cohorts count alike), ``low``, ``high`` (interval), ``rank_low``,
        ``rank_high``, ``p_top10`` (share of draws in the interferon top ten), ``sign``
        (+1, -1 or 0: slope of attribution on expression), ``sign_stability`` (share of draws with
        that sign), ``direction`` (words), ``cohorts_agree`` ("3 of 4"), ``caution`` (words on
        cohorts or stages that differ, or empty), ``exchangeable`` (group name or empty),
        ``stand_in`` (words or empty), ``share`` (of all absolute attribution, 0 to 1; the mean of
        the cohorts' own). A gene that a cohort does not measure counts with what it carries there,
        0 as a rule, and is not averaged over fewer cohorts.
    genes : DataFrame indexed by gene, leading first
        The same columns for every gene of the panel, rank among all genes (``p_top10``: of all),
        with ``group`` and ``interferon`` (bool).
    by_cohort : DataFrame
        Long. ``gene``, ``cohort`` (a name or "pooled"), ``n_mild``, ``n_severe``,
        ``fewest_patients`` (of a class), ``mean_abs_shap``, ``rank`` (among interferon genes),
        ``rank_low``, ``rank_high``, ``p_top10``, ``sign_stability``, ``slope`` (log-odds per
        log2 unit), ``auroc``, ``auroc_low``, ``auroc_high`` (the gene's own; not corrected for
        the number of genes), ``log2_fold_change``, ``fold_low``,
        ``fold_high`` (severe less mild). All interferon genes.
    by_stage : DataFrame
        Long, cohorts that know the day of sampling. As ``by_cohort`` without ranks, with
        ``stage`` ("early": day 10 or before, "late"). May be empty.
    exchangeable : DataFrame
        One row a group of genes that stand in for each other. ``group`` (name), ``lead`` (gene
        with the largest attribution), ``members`` (tuple of gene), ``n``, ``min_rho``,
        ``mean_rho`` (|Spearman| within cohorts), ``mean_abs_shap`` (of the summed attribution),
        ``share`` (0 to 1, summed over members), ``interferon`` (bool: any member), ``words``.
    stand_ins : DataFrame indexed by gene
        Members without an effect of their own: ``stands_in_for``, ``rho``, ``partial`` (partial
        correlation with severity given that gene), ``partial_low``, ``partial_high``,
        ``partial_of_other``, ``words``.
    families : DataFrame indexed by family, largest share first
        ``group``, ``interferon`` (bool), ``n_genes``, ``share``, ``share_low``, ``share_high``
        (of absolute gene attribution), ``net_share``, ``net_share_low``, ``net_share_high``
        (grouped Shapley, mean |value| over the families' sum), ``net_mean_abs`` (log-odds),
        ``net_severe``, ``net_mild`` (mean signed log-odds).
    families_by_cohort : DataFrame
        Long: ``family``, ``cohort``, ``share``, ``net_share``, ``net_mean_abs``, ``net_severe``,
        ``net_mild``.
    family_values : DataFrame of shape (n_samples, n_families)
        Grouped Shapley values of each sample, log-odds.
    family_method : str
        How these were computed, one sentence.
    interactions : DataFrame
        ``interaction`` (title), ``kind`` ("product term" or "SHAP interaction"), ``cohort``
        (name or "mean"), ``without``, ``with_``, ``difference``, ``low``, ``high`` (held-out
        AUROC of a small model without and with the term; NaN for SHAP interactions),
        ``coefficient`` (mean, log-odds per product of standard deviations), ``mean_abs`` (log-odds,
        SHAP interactions only), ``share`` (of the decision, SHAP interactions only), ``words``.
    evidence : DataFrame indexed by gene
        Leading interferon genes. ``mean_abs_shap``, ``sign``, ``auroc``, ``auroc_low``,
        ``auroc_high``, ``log2_fold_change``, ``fold_low``, ``fold_high`` (cohorts count alike),
        ``permutation_importance`` (loss of held-out AUROC when the gene is shuffled within
        cohorts), ``permutation_low``, ``permutation_high``, ``coefficient`` (log-odds per log2
        unit; of the linear model), ``coefficient_of`` (which linear model), ``agrees`` (bool:
        the same sign, sure or not; the model's own coefficient does not count), ``agreement``
        (words), ``review`` (the review's evidence, a sentence or empty).
    where : DataFrame
        Where interferon matters: ``cohort`` (name or "mean"), ``stage`` ("all", "early", "late"),
        ``n_mild``, ``n_severe``, ``with_``, ``without``, ``difference``, ``low``, ``high``
        (held-out AUROC with and without interferon genes), ``alone`` (AUROC of the Rice 2013
        score), ``share`` (of absolute attribution there; of a mean, the mean of the cohorts'
        shares: over all stages of all explained cohorts, as in ``answer``).
    plane : DataFrame indexed by sample
        ``cohort``, ``severity``, ``severe``, ``days_since_onset``, ``interferon``,
        ``inflammation``, ``quadrant``, ``margin``, ``interferon_net`` (log-odds from interferon
        genes).
    cutpoints : DataFrame indexed by cohort
        ``interferon``, ``inflammation`` (where low ends) and ``basis`` (words).
    random_aurocs : tuple of float
        Held-out AUROC of each panel of random genes.
    answer : Answer
    stability : Stability
    patients : tuple of Patient
    design : str
        How patients were held out: one sentence for the methods.
    allocation : str
        How scores were carried on to genes: one sentence for the methods.
    words : tuple of str
        The summary, the answer first.
    cautions : tuple of str
        What a reader must not conclude; also shown beside figures.
    seconds : mapping of str to float
        Time of each step.
    """

    features: Attributions
    gene_level: Attributions
    saved: Attributions
    interferon: pd.DataFrame
    genes: pd.DataFrame
    by_cohort: pd.DataFrame
    by_stage: pd.DataFrame
    exchangeable: pd.DataFrame
    stand_ins: pd.DataFrame
    families: pd.DataFrame
    families_by_cohort: pd.DataFrame
    family_values: pd.DataFrame
    family_method: str
    interactions: pd.DataFrame
    evidence: pd.DataFrame
    where: pd.DataFrame
    plane: pd.DataFrame
    cutpoints: pd.DataFrame
    random_aurocs: tuple[float, ...]
    answer: Answer
    stability: Stability
    patients: tuple[Patient, ...]
    design: str
    allocation: str
    words: tuple[str, ...]
    cautions: tuple[str, ...]
    seconds: dict[str, float] = field(default_factory=dict)
