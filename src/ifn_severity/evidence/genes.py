"""What the cohorts say of single genes: in how many a gene is higher in severe disease."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from ifn_severity.evaluate import random_effects
from ifn_severity.evaluate.effects import (
    MIN_PATIENTS,
    SMALL_CHANGE,
    small_sample_correction,
)
from ifn_severity.evidence.pooled import judged
from ifn_severity.evidence.verdict import number
from ifn_severity.features.reference import reference_genes, reference_levels

COLUMNS = (
    *("n_cohorts", "n_higher", "n_lower", "pooled_g", "low", "high", "i_squared"),
    "sentence",
)


def gene_evidence(
    cohorts: Mapping[str, tuple[pd.DataFrame, pd.DataFrame]], genes: Iterable[str]
) -> pd.DataFrame:
    """Compare genes between severe and milder patients in every cohort, and pool.

    Genes are measured against the reference genes, exactly as the classifier's features are:
    log2(x / size factor + 16). Samples are averaged by patient and grade; effects are Hedges' g,
    pooled as those of claims: random effects (REML, Hartung–Knapp) from three cohorts on, fixed
    effects with two, its own normal interval with one.

    Parameters
    ----------
    cohorts : mapping of str to (expression, obs)
        Expression log2(x+1), samples × genes by current symbol; ``obs`` with ``patient`` and
        ``severe``.
    genes : iterable of str
        Current symbols.

    Returns
    -------
    DataFrame indexed by gene
        ``n_cohorts`` : cohorts with the gene and three patients of each grade. ``n_higher``,
        ``n_lower`` : in which its g is above and below zero; where patients' means differ by at
        most 0.05 log2 ``sentence`` says in how many. ``pooled_g``, ``low``, ``high`` :
        effect, severe minus milder, pooled where there are several, and its 95 % interval.
        ``i_squared`` : 0 to 1, NaN with one cohort. ``sentence`` : the same in words.

    Examples
    --------
    >>> rows = [f"P{i}" for i in range(6)]
    >>> expression = pd.DataFrame({"VCP": [5.0] * 6, "IFI27": [5, 6, 7, 8, 9, 10.0]}, index=rows)
    >>> obs = pd.DataFrame({"patient": rows, "severe": [0, 0, 0, 1, 1, 1]}, index=rows)
    >>> found = gene_evidence({"one": (expression, obs)}, ["IFI27"])
    >>> found["sentence"].item().split(":")[0]
    "IFI27 is higher in severe disease in 1 and lower in 0 of 1 cohort, by patients' means"
    """
    wanted = list(dict.fromkeys(genes))
    effects = {name: _effects(*tables, wanted) for name, tables in cohorts.items()}
    rows = [
        _row(gene, [found[gene] for found in effects.values() if gene in found]) for gene in wanted
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS), index=pd.Index(wanted, name="gene"))


def _effects(
    expression: pd.DataFrame, obs: pd.DataFrame, genes: list[str]
) -> dict[str, tuple[float, float, float]]:
    """Hedges' g, its variance and the difference of means, log2, of many genes at once."""
    graded = obs["severe"].notna()
    there = [gene for gene in genes if gene in expression.columns]
    if not any(gene in expression.columns for gene in reference_genes()):
        # measured against nothing, a gene says nothing
        return {}
    levels = reference_levels(expression[graded])[there]
    keys = [obs.loc[graded, "patient"].astype(str), obs.loc[graded, "severe"] == 1]
    means = levels.groupby(keys).mean()
    case = means.index.get_level_values(1).to_numpy(dtype=bool)
    # a gene that some patients lack is compared in the others; it costs no other gene a patient
    counts = means[case].notna().sum(), means[~case].notna().sum()
    enough = (counts[0] >= MIN_PATIENTS) & (counts[1] >= MIN_PATIENTS)
    n1, n0 = (count[enough] for count in counts)
    high, low = means.loc[case, enough], means.loc[~case, enough]
    squares = (n1 - 1) * high.var() + (n0 - 1) * low.var()
    spread = np.sqrt(squares / (n1 + n0 - 2))
    correction = (n1 + n0 - 2).map(small_sample_correction)
    change = high.mean() - low.mean()
    g = (correction * change / spread)[spread > 0]
    variance = (1 / n1 + 1 / n0)[g.index] + g**2 / (2 * (n1 + n0)[g.index])
    return {
        str(gene): (float(g[gene]), float(variance[gene]), float(change[gene])) for gene in g.index
    }


def _row(gene: str, effects: list[tuple[float, float, float]]) -> tuple[object, ...]:
    nan = float("nan")
    if not effects:
        sentence = f"{gene} was measured in no cohort with three patients of each grade."
        return (0, 0, 0, nan, nan, nan, nan, sentence)
    g, variance, change = (np.array(column) for column in zip(*effects, strict=True))
    found = random_effects(g, variance)
    mean, low, high, _, _ = judged(g, variance, found)
    k, above, below = len(g), int((g > 0).sum()), int((g < 0).sum())
    i_squared = found.i_squared if k > 1 else nan
    cohorts = "1 cohort" if k == 1 else f"{k} cohorts"
    share = "" if k == 1 else f", I² {100 * i_squared:.0f} %"
    pooled = "g" if k == 1 else "pooled g"
    small = int((np.abs(change) <= SMALL_CHANGE).sum())
    hardly = f" ({small} of them by at most {SMALL_CHANGE:g} log2)" if small else ""
    sentence = (
        f"{gene} is higher in severe disease in {above} and lower in {below} of {cohorts}{hardly}, "
        "by patients' means: "
        f"{pooled} {number(mean)} ({number(low)} to {number(high)}){share}."
    )
    return (k, above, below, mean, low, high, i_squared, sentence)
