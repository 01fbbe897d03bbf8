"""Score samples by published severity scores, to judge our models beside.

A comparator is never turned round to fit a cohort. Every sample is scored from itself alone;
a list is left out on the cohort that it was derived from.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from ifn_severity.errors import FeatureError, nearest
from ifn_severity.evaluate.published import Comparator, published_comparators

MODES = ("published", "ranks")
# Low enough for every list here to be scored on every graded cohort of the package (the least is
# 6 of 13 genes, on GSE155454), so none is dropped for a poor AUROC; coverage is reported beside it.
MIN_COVERAGE = 1 / 3


@dataclass(frozen=True, eq=False)
class ComparatorScores:
    """Scores of one cohort, higher meaning more severe in the published direction.

    Attributes
    ----------
    scores : DataFrame of shape (n_samples, n_comparators)
        NaN columns are explained in ``reasons``.
    coverage : Series indexed by comparator
        Share of a score's genes that the matrix holds.
    scoring : dict of str to str
        ``"published"`` or ``"ranks"``: how each comparator was scored.
    reasons : dict of str to str
        Why a comparator has no score here.
    """

    scores: pd.DataFrame
    coverage: pd.Series[float]
    scoring: dict[str, str]
    reasons: dict[str, str]


def geometric_mean(values: np.ndarray) -> np.ndarray:
    """Geometric mean of each row, of values one above what they are.

    The published formulas are for log2 microarray intensities, of which none is 0. On
    log2(x+1) a gene without reads is 0: a plain geometric mean would make its whole module 0,
    and leaving the gene out, as the authors' code does, takes its silence for no evidence. One
    is added instead. Both ways were tried on the graded cohorts before this one was kept: it
    favours the published scores, which is the side on which to err.

    Parameters
    ----------
    values : ndarray of shape (n_samples, n_genes), none negative

    Examples
    --------
    >>> geometric_mean(np.array([[1.0, 7.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0]]))
    array([2., 1.])
    """
    return np.asarray(np.exp(np.log1p(values).mean(axis=1)))


def within_sample_ranks(values: np.ndarray) -> np.ndarray:
    """Rank of each gene among all genes of its sample, as a fraction; ties share their mean.

    Parameters
    ----------
    values : ndarray of shape (n_samples, n_genes)

    Examples
    --------
    >>> within_sample_ranks(np.array([[0.0, 0.0, 5.0, 1.0]]))
    array([[0.375, 0.375, 1.   , 0.75 ]])
    """
    return np.asarray(rankdata(values, axis=1) / values.shape[1])


def _checked(expression: pd.DataFrame) -> np.ndarray:
    values = expression.to_numpy(dtype=float)
    doubled = expression.columns[expression.columns.duplicated()]
    if len(doubled) or not values.size or not np.isfinite(values).all() or values.min() < 0:
        raise FeatureError(
            f"an expression matrix of {values.shape[0]} samples × {values.shape[1]} genes, with "
            f"{int(np.sum(~(values >= 0)))} negative or missing values and {len(doubled)} genes "
            "named twice",
            expected="log2(x+1) expression, none negative or missing, each gene once",
            do="give a cohort as load_cohort harmonises it",
        )
    return values


def _lacking(comparator: Comparator, present: dict[str, int], cohort: str) -> str:
    """Say why a comparator cannot be scored, or nothing when it can."""
    if cohort in comparator.derived_from:
        return f"derived from {cohort}"
    found = sum(gene in present for gene in comparator.genes)
    if found < MIN_COVERAGE * len(comparator.genes):
        return f"{found} of its {len(comparator.genes)} genes in the matrix"
    modules = (*comparator.up, *comparator.down)
    empty = sum(not any(gene in present for gene in module) for module in modules)
    return f"no gene of {empty} of its {len(modules)} modules in the matrix" if empty else ""


def _score(comparator: Comparator, mode: str, sides: list[list[np.ndarray]]) -> np.ndarray:
    """Combine values, or ranks, of the genes of each up and down module."""
    combine = geometric_mean if mode == "published" else lambda part: part.mean(axis=1)
    up, down = ([combine(part) for part in side] for side in sides)
    if mode == "published" and comparator.formula == "ratio":
        return np.asarray(np.sum(up, axis=0) / np.sum(down, axis=0))
    zero = 0.0
    weight = comparator.down_weight if mode == "published" else 1.0
    # a difference of modules that count alike, whatever their size
    return np.asarray(
        (np.mean(up, axis=0) if up else zero) - weight * (np.mean(down, axis=0) if down else zero)
    )


def comparator_scores(
    expression: pd.DataFrame,
    *,
    cohort: str = "",
    mode: str = "ranks",
    which: dict[str, Comparator] | None = None,
) -> ComparatorScores:
    """Score every sample of one cohort by every published score.

    Parameters
    ----------
    expression : DataFrame of shape (n_samples, n_genes)
        log2(x+1), columns named by current HGNC symbol. Ranks are taken over all its genes.
    cohort : str
        Name of the cohort: scores derived from it are left out.
    mode : {"ranks", "published"}
        ``ranks`` takes the unweighted mean of within-sample ranks for all, up minus down,
        modules counting alike. ``published`` uses the paper's formula where one scores a
        sample alone, else ranks. The formulas are for microarray intensities (see
        ``geometric_mean``), so ranks are the fairer comparison on other platforms.
    which : dict of str to Comparator, optional
        Other comparators than ``published_comparators()``.

    Returns
    -------
    ComparatorScores

    Raises
    ------
    FeatureError
        If the mode is unknown, or values are negative or missing, or a gene is named twice.

    Examples
    --------
    >>> genes = [gene for c in published_comparators().values() for gene in c.genes]
    >>> quiet = pd.DataFrame(3.0, index=["P1", "P2"], columns=list(dict.fromkeys(genes)))
    >>> quiet.loc["P2", ["HK3", "DEFA4", "BATF"]] = 9.0
    >>> comparator_scores(quiet, mode="published").scores["Inflammatix6"].round(2).to_dict()
    {'P1': 0.0, 'P2': 6.0}
    """
    if mode not in MODES:
        raise FeatureError(
            f"no way of scoring is called {mode!r}",
            expected=f"one of {', '.join(MODES)}",
            do=nearest(mode, MODES),
        )
    wanted = published_comparators() if which is None else which
    values = _checked(expression)
    ranks = within_sample_ranks(values)
    position = {str(gene): i for i, gene in enumerate(expression.columns)}
    columns, coverage, scoring, reasons = {}, {}, {}, {}
    for name, comparator in wanted.items():
        found = [gene for gene in comparator.genes if gene in position]
        coverage[name] = len(found) / len(comparator.genes)
        scoring[name] = mode if comparator.formula else "ranks"
        reason = _lacking(comparator, position, cohort)
        if reason:
            reasons[name] = reason
            columns[name] = np.full(len(values), np.nan)
            continue
        source = values if scoring[name] == "published" else ranks
        sides = [
            [source[:, [position[gene] for gene in module if gene in position]] for module in side]
            for side in (comparator.up, comparator.down)
        ]
        columns[name] = _score(comparator, scoring[name], sides)
    return ComparatorScores(
        scores=pd.DataFrame(columns, index=expression.index),
        coverage=pd.Series(coverage, dtype=float),
        scoring=scoring,
        reasons=reasons,
    )
