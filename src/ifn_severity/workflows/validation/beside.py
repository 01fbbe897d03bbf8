"""What stands beside the classifier on the same samples: published scores, and random genes."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ifn_severity.cohorts import load_cohort
from ifn_severity.evaluate import comparator_scores, published_comparators
from ifn_severity.evaluate.cross_cohort import cohort_names
from ifn_severity.features import panel_genes
from ifn_severity.features.reference import reference_levels
from ifn_severity.workflows.dataset import Dataset
from ifn_severity.workflows.validation.controls import GenePool
from ifn_severity.workflows.validation.fits import Problem

SINGLE_PROTEINS = {
    "IL6": "IL-6 (Del Valle 2020)",
    "CXCL8": "IL-8 (Del Valle 2020)",
    "TNF": "TNF (Del Valle 2020)",
    "CXCL10": "CXCL10 (Yang 2020)",
    "CCL7": "CCL7 (Yang 2020)",
}
"""Proteins that were published as higher in severe disease: Del Valle 2020,
doi:10.1038/s41591-020-1051-9; Yang 2020, doi:10.1016/j.jaci.2020.04.027."""


def score_comparators(
    dataset: Dataset,
) -> tuple[pd.DataFrame, dict[str, str], dict[tuple[str, str], str]]:
    """Score the same samples by the published lists, each cohort on all its genes.

    Both ways of scoring are shown, by ranks and by the published formula where there is one,
    so that the better of the two is what ours is held against.

    Parameters
    ----------
    dataset : Dataset

    Returns
    -------
    scores : DataFrame of shape (n_samples, n_comparators)
    labels : dict of str to str
    reasons : dict of (comparator, cohort) to str
        Why a score is left out in a cohort.
    """
    if dataset.proteins:
        return _single_proteins(dataset)
    frames: list[pd.DataFrame] = []
    reasons: dict[tuple[str, str], str] = {}
    known = published_comparators()
    labels = {name: f"{c.label}, ranks" if c.formula else c.label for name, c in known.items()}
    labels |= {f"{n} (formula)": f"{c.label}, formula" for n, c in known.items() if c.formula}
    for fact in dataset.facts:
        name = str(fact["name"])
        adata = load_cohort(name)
        graded = adata[adata.obs["severe"].notna().to_numpy()]
        expression = graded.to_df().astype(float)
        by_rank = comparator_scores(expression, cohort=name)
        formula = {n: c for n, c in known.items() if c.formula}
        by_formula = comparator_scores(expression, cohort=name, mode="published", which=formula)
        scores = by_rank.scores.join(by_formula.scores.add_suffix(" (formula)"))
        frames.append(scores.set_axis([f"{name}:{sample}" for sample in scores.index], axis=0))
        reasons |= {(n, name): reason for n, reason in by_rank.reasons.items()}
        reasons |= {(f"{n} (formula)", name): r for n, r in by_formula.reasons.items()}
    return pd.concat(frames).loc[dataset.obs.index], labels, reasons


def _single_proteins(
    dataset: Dataset,
) -> tuple[pd.DataFrame, dict[str, str], dict[tuple[str, str], str]]:
    """Score the same samples by the level of one published protein each, high for severe."""
    scores = {}
    for symbol in SINGLE_PROTEINS:
        if f"protein:{symbol}" in dataset.features:
            levels = dataset.features[f"protein:{symbol}"]
            # a value that failed gets its cohort's median, which speaks for neither class
            usual = levels.groupby(dataset.obs["cohort"].to_numpy()).transform("median")
            scores[symbol] = levels.fillna(usual)
    labels = {symbol: SINGLE_PROTEINS[symbol] for symbol in scores}
    return pd.DataFrame(scores, index=dataset.obs.index), labels, {}


def gene_pool(problem: Problem) -> GenePool:
    """Collect the genes of no list, for random panels: those that half of the cohorts measure."""
    listed = set(panel_genes())
    frames = []
    for name in cohort_names(problem.cohorts):
        adata = load_cohort(name)
        graded = adata[adata.obs["severe"].notna().to_numpy()]
        levels = reference_levels(graded.to_df().astype(float))
        frames.append(levels[[gene for gene in levels.columns if gene not in listed]])
    counts = pd.Series(0, index=sorted({gene for frame in frames for gene in frame.columns}))
    for frame in frames:
        counts[frame.columns] += 1
    genes = counts.index[counts >= len(frames) / 2].tolist()
    blocks = [frame.reindex(columns=genes).to_numpy(dtype=np.float32) for frame in frames]
    return GenePool(blocks, genes)
