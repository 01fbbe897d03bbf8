"""Genes that stand in for each other, and genes that only follow another one.

Two genes with high |ρ| share credit as the fit happens to split it. They are grouped by
hierarchical clustering on 1 - |Spearman's ρ| (average linkage), ρ taken within cohorts so that
differences between laboratories make no group. Whether a member has an effect of its own is
asked of pairs: the partial correlation of its log2 expression with severity, the other's held
fixed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform
from scipy.stats import rankdata

from ifn_severity.explain.samples import Samples

HIGH_RHO = 0.75
"""|ρ| from which genes count as standing in for each other."""
_SURE = 1.96
CANDIDATES = 150
"""Leading genes, and as many leading interferon genes, that are looked at."""

_GROUP_COLUMNS = (
    "group", "lead", "members", "n", "min_rho", "mean_rho", "mean_abs_shap", "share",
    "interferon", "words",
)  # fmt: skip
_STAND_IN_COLUMNS = (
    "stands_in_for", "rho", "partial", "partial_low", "partial_high", "partial_of_other", "words",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Correlations:
    """Correlations within cohorts, averaged on Fisher's scale.

    Attributes
    ----------
    genes : ndarray of int, shape (n_genes,)
        Positions in the panel.
    rho : ndarray of shape (n_genes, n_genes)
        Spearman's ρ between genes; 0 where two were never measured together.
    partial, error : ndarray of shape (n_genes, n_genes)
        Row gene's partial correlation with severity given the column gene, on Fisher's scale,
        and its standard error.
    """

    genes: np.ndarray
    rho: np.ndarray
    partial: np.ndarray
    error: np.ndarray


def correlate(samples: Samples, rows: np.ndarray, genes: np.ndarray) -> Correlations:
    """Correlate genes with each other and, given each other, with severity.

    Several samples of a patient count as one in standard errors.

    Parameters
    ----------
    samples : Samples
    rows : ndarray of int
        Samples to use.
    genes : ndarray of int
        Positions in the panel.
    """
    size = (len(genes), len(genes))
    total, weight = np.zeros(size), np.zeros(size)
    partial = np.zeros(size)
    for _, at in samples.blocks(rows):
        here = rows[at]
        levels = samples.levels[np.ix_(here, genes)]
        n = len(np.unique(samples.patients[here]))
        measured = np.isfinite(levels).all(axis=0)
        usable = measured & (np.ptp(np.where(measured, levels, 0.0), axis=0) > 0)
        y = samples.y[here]
        if n < 6 or usable.sum() < 2 or np.ptp(y) == 0:
            continue
        ranked = rankdata(levels[:, usable], axis=0)
        rho = np.clip(np.corrcoef(ranked, rowvar=False), -0.999999, 0.999999)
        # partial correlations on log2 levels: what a gene adds to another is linear in those
        with_y = np.corrcoef(np.column_stack([levels[:, usable], y]), rowvar=False)
        between = np.clip(with_y[:-1, :-1], -0.999999, 0.999999)
        own = with_y[:-1, -1]
        given = (own[:, None] - between * own[None, :]) / np.sqrt(
            (1 - between**2) * np.clip(1 - own[None, :] ** 2, 1e-12, None)
        )
        at_both = np.ix_(usable, usable)
        total[at_both] += (n - 4) * np.arctanh(rho)
        partial[at_both] += (n - 4) * np.arctanh(np.clip(given, -0.999999, 0.999999))
        weight[at_both] += n - 4
    known = weight > 0
    safe = np.where(known, weight, 1.0)
    rho = np.where(known, np.tanh(total / safe), 0.0)
    np.fill_diagonal(rho, 1.0)
    error = np.where(known, 1.0 / np.sqrt(safe), np.inf)
    return Correlations(genes, rho, np.where(known, partial / safe, 0.0), error)


def candidates(ranking: pd.DataFrame, panel: tuple[str, ...]) -> np.ndarray:
    """Return the genes to group: the leading ones, and the leading interferon genes."""
    carrying = ranking[ranking["mean_abs_shap"] > 0]
    leading = carrying.index[:CANDIDATES]
    interferon = carrying.index[carrying["interferon"].to_numpy(dtype=bool)][:CANDIDATES]
    position = {gene: i for i, gene in enumerate(panel)}
    return np.array(sorted({position[str(g)] for g in [*leading, *interferon]}), dtype=np.intp)


def exchangeable_groups(
    found: Correlations, samples: Samples, values: np.ndarray, ranking: pd.DataFrame
) -> pd.DataFrame:
    """Group genes that stand in for each other.

    Parameters
    ----------
    found : Correlations
    samples : Samples
    values : ndarray of shape (n_rows, n_panel)
        Attributions of genes.
    ranking : DataFrame indexed by gene
        With ``mean_abs_shap`` and ``interferon``.

    Returns
    -------
    DataFrame
        As ``Explained.exchangeable``.
    """
    if len(found.genes) < 2:
        return pd.DataFrame(columns=list(_GROUP_COLUMNS))
    distance = np.clip(1.0 - np.abs(found.rho), 0.0, None)
    np.fill_diagonal(distance, 0.0)
    tree = linkage(squareform(distance, checks=False), method="average")
    labels = fcluster(tree, t=1.0 - HIGH_RHO, criterion="distance")
    total = float(ranking["mean_abs_shap"].sum()) or 1.0
    rows = []
    for label in np.unique(labels):
        at = np.flatnonzero(labels == label)
        if len(at) < 2:
            continue
        names = [samples.genes[i] for i in found.genes[at]]
        own = ranking["mean_abs_shap"].reindex(names)
        order = own.sort_values(ascending=False, kind="stable").index.astype(str).tolist()
        rho = np.abs(found.rho[np.ix_(at, at)])[np.triu_indices(len(at), 1)]
        summed = float(np.abs(values[:, found.genes[at]].sum(axis=1)).mean())
        others = len(order) - 1
        rows.append(
            {
                "group": f"{order[0]} and {others} other{'s' if others > 1 else ''}",
                "lead": order[0],
                "members": tuple(order),
                "n": len(order),
                "min_rho": float(rho.min()),
                "mean_rho": float(rho.mean()),
                "mean_abs_shap": summed,
                "share": float(own.sum()) / total,
                "interferon": bool(ranking["interferon"].reindex(names).any()),
                "words": f"{', '.join(order[:6])}{' and others' if others > 5 else ''} rise and "
                f"fall together (mean |ρ| {rho.mean():.2f}); which of them leads may change with "
                "the next cohort.",
            }
        )
    table = pd.DataFrame(rows, columns=list(_GROUP_COLUMNS))
    return table.sort_values("share", ascending=False, kind="stable", ignore_index=True)


def stand_ins(found: Correlations, samples: Samples) -> pd.DataFrame:
    """Name genes without an effect of their own, and the gene they follow.

    A gene stands in for another when |ρ| between them is high, the other keeps its correlation
    with severity once this gene is held fixed, and this gene loses its own (95 % interval
    includes 0) once the other is. Of several, the closest is named. Where neither of two keeps
    its own, both are left alone: data cannot tell which one matters. A gene that really acts can
    be flagged too, where the other measures the same process with less noise.

    Parameters
    ----------
    found : Correlations
    samples : Samples

    Returns
    -------
    DataFrame indexed by gene
        As ``Explained.stand_ins``.
    """
    z = np.divide(found.partial, found.error, out=np.zeros_like(found.partial),
                  where=np.isfinite(found.error))  # fmt: skip
    close = np.abs(found.rho) >= HIGH_RHO
    np.fill_diagonal(close, False)
    follows = close & (np.abs(z) < _SURE) & (np.abs(z.T) > _SURE)
    rows, names = [], []
    for i in np.flatnonzero(follows.any(axis=1)):
        options = np.flatnonzero(follows[i])
        j = int(options[np.argmax(np.abs(found.rho[i, options]))])
        estimate, error = found.partial[i, j], found.error[i, j]
        gene, other = samples.genes[found.genes[i]], samples.genes[found.genes[j]]
        low, high = np.tanh(estimate - _SURE * error), np.tanh(estimate + _SURE * error)
        rows.append(
            {
                "stands_in_for": other,
                "rho": float(found.rho[i, j]),
                "partial": float(np.tanh(estimate)),
                "partial_low": float(low),
                "partial_high": float(high),
                "partial_of_other": float(np.tanh(found.partial[j, i])),
                "words": f"{gene} is exchangeable with {other} (ρ {found.rho[i, j]:.2f}): it shows "
                f"no effect of its own once {other} is known (partial correlation with severity "
                f"{np.tanh(estimate):.2f}, {low:.2f} to {high:.2f}), while {other} keeps its own "
                f"({np.tanh(found.partial[j, i]):.2f}).",
            }
        )
        names.append(gene)
    return pd.DataFrame(rows, index=pd.Index(names, name="gene"), columns=list(_STAND_IN_COLUMNS))
