"""How surely a gene leads: rank intervals, probability of the top ten, stability of sign."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.stats import rankdata, spearmanr

from ifn_severity.explain.effects import Effects, cohort_mean
from ifn_severity.explain.result import Stability
from ifn_severity.explain.summaries import FALLS, MIXED, RISES

TOP = 10
STABLE = 0.8
"""Least Spearman's ρ between halves of the bootstrap of a ranking that is called stable."""
FEWEST_DRAWS = 20
"""Refits under which nothing is said about stability."""
FEWEST_GENES = 3
"""Genes under which ranks cannot be correlated."""
HALVINGS = 200
_LEVEL = (2.5, 97.5)


def ranks(importance: np.ndarray) -> np.ndarray:
    """Rank by falling importance along the last axis; equal ones share their mean rank."""
    filled = np.where(np.isfinite(importance), importance, 0.0)
    return np.asarray(rankdata(-filled, axis=-1))


def interval(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return central 95 % limits along the first axis, NaN where there is nothing."""
    if not len(values):
        nothing = np.full(values.shape[1:], np.nan)
        return nothing, nothing.copy()
    # a gene that no draw knows has no interval
    known = np.isfinite(values).any(axis=0)
    low, high = np.nanpercentile(np.where(known, values, 0.0), _LEVEL, axis=0)
    return np.where(known, low, np.nan), np.where(known, high, np.nan)


def rank_columns(importance: np.ndarray, draws: np.ndarray) -> pd.DataFrame:
    """Return what draws say about ranks.

    Parameters
    ----------
    importance : ndarray of shape (n_genes,)
        Of all patients.
    draws : ndarray of shape (n_draws, n_genes)

    Returns
    -------
    DataFrame of n_genes rows
        ``rank``, ``mean_abs_shap``, ``low``, ``high``, ``rank_low``, ``rank_high``, ``p_top10``.
    """
    low, high = interval(draws)
    ranked = ranks(draws)
    rank_low, rank_high = interval(ranked)
    nothing = np.full(len(importance), np.nan)
    top = ((ranked <= TOP) & (np.nan_to_num(draws) > 0)).mean(axis=0) if len(draws) else nothing
    return pd.DataFrame(
        {
            "rank": ranks(importance),
            "mean_abs_shap": importance,
            "low": low,
            "high": high,
            "rank_low": rank_low,
            "rank_high": rank_high,
            "p_top10": top,
        }
    )


def signs(slope: np.ndarray) -> np.ndarray:
    """Return the sign of slopes averaged over the second axis (cohorts)."""
    return np.sign(np.nan_to_num(cohort_mean(slope)))


def sign_stability(sign: np.ndarray, draws: np.ndarray) -> np.ndarray:
    """Return the share of draws with the same sign, NaN without draws or sign.

    Parameters
    ----------
    sign : ndarray of shape (n_genes,)
    draws : ndarray of shape (n_draws, n_genes)
        Signs.
    """
    if not len(draws):
        return np.full(len(sign), np.nan)
    return np.where(sign != 0, (draws == sign).mean(axis=0), np.nan)


def direction(sign: float, stability: float) -> str:
    """Say which way a gene pushes; below 80 % of draws no direction is claimed.

    Examples
    --------
    >>> direction(1.0, 0.97), direction(-1.0, 0.6)
    ('higher expression, higher predicted risk', 'no single direction')
    """
    if sign == 0 or (np.isfinite(stability) and stability < STABLE):
        return MIXED
    return RISES if sign > 0 else FALLS


def stability(importance: np.ndarray, draws: np.ndarray, *, seed: int = 0) -> Stability:
    """Compare the ten leading genes' ranking between random halves of the draws.

    Parameters
    ----------
    importance : ndarray of shape (n_genes,)
        Of interferon genes.
    draws : ndarray of shape (n_draws, n_genes)
    seed : int

    Returns
    -------
    Stability
        Unknown with fewer than 20 draws, or fewer than three genes to rank.
    """
    n = len(draws)
    nan = float("nan")
    if n < FEWEST_DRAWS or len(importance) < FEWEST_GENES:
        return Stability(n, nan, nan, nan, None)
    rng = np.random.default_rng(seed)
    leading = np.argsort(-np.nan_to_num(importance), kind="stable")[:TOP]
    ranked = ranks(draws)
    halves, pairs = [], []
    for _ in range(HALVINGS):
        order = rng.permutation(n)
        first, second = order[: n // 2], order[n // 2 :]
        halves.append(_rho(ranked[first][:, leading].mean(0), ranked[second][:, leading].mean(0)))
        pairs.append(_rho(ranked[order[0], leading], ranked[order[1], leading]))
    overlap = float((ranked[:, leading] <= TOP).sum(axis=1).mean())
    split_half = float(np.median(halves))
    return Stability(n, split_half, float(np.median(pairs)), overlap, split_half >= STABLE)


def _rho(a: np.ndarray, b: np.ndarray) -> float:
    if np.ptp(a) == 0 or np.ptp(b) == 0:
        return 0.0
    return float(spearmanr(a, b).statistic)


def gene_ranking(
    point: Effects, draws: Effects, families: pd.DataFrame, *, shares: np.ndarray
) -> pd.DataFrame:
    """Rank genes, cohorts counting alike.

    Parameters
    ----------
    point : Effects
        Of all patients, one draw, genes as in ``families``.
    draws : Effects
        Of the bootstrap, same genes.
    families : DataFrame indexed by gene
        ``group``, ``family``, ``interferon``.
    shares : ndarray of shape (n_genes,)
        Of all |attribution|, from ``Effects.shares`` of the whole panel.

    Returns
    -------
    DataFrame indexed by gene, leading first
        As ``Explained.genes``, without what other modules add.
    """
    importance = np.nan_to_num(point.pooled[0])
    table = rank_columns(importance, draws.pooled).set_index(families.index)
    sign = signs(point.slope)[0]
    table["sign"] = np.where(importance > 0, sign, 0.0).astype(int)
    table["sign_stability"] = sign_stability(table["sign"].to_numpy(), signs(draws.slope))
    table["direction"] = [
        direction(s, stable)
        for s, stable in zip(table["sign"], table["sign_stability"], strict=True)
    ]
    table["cohorts_agree"] = cohorts_agree(table["sign"].to_numpy(), point)
    table["share"] = shares
    table = table.join(families[["group", "family", "interferon"]])
    table = table.sort_values(["rank", "mean_abs_shap"], kind="stable")
    # a rank is a place: genes that carry the same stand in the order of the panel
    table["rank"] = np.arange(1, len(table) + 1)
    return table


def cohorts_agree(sign: np.ndarray, point: Effects) -> list[str]:
    """Say in how many cohorts the slope has the overall sign, such as "3 of 4"."""
    by_cohort = np.sign(point.slope[0])
    known = np.isfinite(point.slope[0]) & (by_cohort != 0)
    agree = (known & (by_cohort == sign)).sum(axis=0)
    return [f"{a} of {k}" for a, k in zip(agree, known.sum(axis=0), strict=True)]
