"""Ways to turn a sample's expression into list scores and gene values, in plain numpy.

Each takes linear expression (samples × genes) and gives scores (samples × lists) and, where the
method has any, gene values (samples × genes of the feature set); NaN where no gene is measured.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
import pandas as pd
from scipy.stats import median_abs_deviation, rankdata

from ifn_severity.features import InterferonFeatures, reference_genes
from ifn_severity.features.reference import OFFSET, reference_profile, size_factors
from scoring.data import GENES, LISTS, SCORES, SET, healthy_profile

Values = tuple[np.ndarray, np.ndarray | None]


def on_panel(linear: pd.DataFrame) -> pd.DataFrame:
    """Keep the panel's genes, in its order."""
    return linear[[gene for gene in SET.panel if gene in linear.columns]]


def linear_features(level: pd.DataFrame) -> Values:
    """Average gene values over lists, exactly as the package does."""
    present = np.array([gene in level.columns for gene in SET.panel])
    coefficients = SET.coefficients(present)
    empty = np.isnan(coefficients).any(axis=0)
    values = level[[g for g in SET.panel if g in level.columns]].to_numpy()
    features = values @ np.where(empty, 0.0, coefficients)[present]
    features[:, empty] = np.nan
    return features[:, SCORES], features[:, GENES]


def members(columns: pd.Index) -> np.ndarray:
    """Return which gene belongs to which list, shape (n_genes, n_lists)."""
    matrix = np.zeros((len(columns), len(LISTS)))
    for j, genes in enumerate(LISTS.values()):
        found = columns.get_indexer(list(genes))
        matrix[found[found >= 0], j] = 1.0
    return matrix


# --- the default, and its parts, which the sensitivity table varies --------------------------


def default(linear: pd.DataFrame) -> Values:
    """Score with the package."""
    values = InterferonFeatures("all", unit="linear").fit_transform(linear)
    return values[:, SCORES], values[:, GENES]


def log_size(
    linear: pd.DataFrame, *, mean: str = "geometric", without: tuple[str, ...] = ()
) -> np.ndarray:
    """Return log2 of the size factor, by any of three means over the reference genes."""
    genes = [g for g in reference_genes() if g in linear.columns and g not in without]
    usual = np.array([reference_profile()[g] for g in genes])
    abundance = linear[genes].to_numpy()
    if mean == "geometric":
        size = size_factors(abundance, usual)
    elif mean == "arithmetic":
        size = abundance.sum(axis=1) / usual.sum()
    else:
        size = np.median(abundance / usual, axis=1)
    return np.asarray(np.log2(size))


def log_ratio(
    linear: pd.DataFrame, log2_size: np.ndarray, *, weight: float = 1.0, offset: float = OFFSET
) -> Values:
    """Divide by the size factor to the power ``weight``, add the offset, take log2, average."""
    size = np.exp2(weight * log2_size)
    return linear_features(np.log2(on_panel(linear).div(size, axis=0) + offset))


# --- the others ------------------------------------------------------------------------------


def own_panel(linear: pd.DataFrame, offset: float = 32.0) -> Values:
    """Mean log2 relative to the sample's own panel: the default of version 0.1 before this."""
    panel = on_panel(linear)
    level = np.log2(1e6 * panel.div(panel.sum(axis=1), axis=0) + offset)
    return linear_features(level.sub(level.mean(axis=1), axis=0))


def ranks(linear: pd.DataFrame) -> pd.DataFrame:
    """Rank genes within a sample, 0 to 1, ties getting their mean rank."""
    values = rankdata(linear.to_numpy(), axis=1) / linear.shape[1]
    return pd.DataFrame(values, index=linear.index, columns=linear.columns)


def mean_rank(linear: pd.DataFrame) -> Values:
    """Average within-sample ranks."""
    return linear_features(ranks(linear))


def singscore(linear: pd.DataFrame) -> Values:
    """Directional singscore and its dispersion (Foroutan 2018, doi:10.1186/s12859-018-2435-4).

    Ranks take the smallest of tied ranks; the mean rank of a list of k genes among N lies
    between (k+1)/2 and (2N-k+1)/2, and is scaled to 0 to 1 and centred; the dispersion is the
    median absolute deviation of the ranks, times 1.4826, over N.
    """
    values = rankdata(linear.to_numpy(), axis=1, method="min")
    n = values.shape[1]
    scores, spread = [], []
    for column in members(linear.columns).T.astype(bool):
        k = int(column.sum())
        if k == 0:
            scores.append(np.full(len(values), np.nan))
            spread.append(np.full(len(values), np.nan))
            continue
        low, high = (k + 1) / 2, (2 * n - k + 1) / 2
        scores.append((values[:, column].mean(axis=1) - low) / (high - low) - 0.5)
        deviation = median_abs_deviation(values[:, column], axis=1, scale="normal")
        spread.append(deviation / n)
    return np.column_stack(scores + spread), linear_features(ranks(linear))[1]


def ssgsea(linear: pd.DataFrame, exponent: float = 0.25) -> Values:
    """Score by ssGSEA (Barbie 2009, doi:10.1038/nature08460), as a closed sum over ranks.

    The sum over the ranked genes of the difference of two cumulative distributions is the
    rank-weighted mean rank of the list less the mean rank of the rest. Tied genes get their mean
    rank, so that the order of genes does not matter. Not normalised over the batch.
    """
    values = rankdata(linear.to_numpy(), axis=1)
    n = values.shape[1]
    weights = (values * (10_000 / n)) ** exponent
    inside = members(linear.columns)
    size = inside.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        hit = ((weights * values) @ inside) / (weights @ inside)
        miss = (n * (n + 1) / 2 - values @ inside) / (n - size)
    return np.where(size > 0, hit - miss, np.nan), None


def ulm(linear: pd.DataFrame) -> Values:
    """Score by the t of the slope of log2(CPM+1) on membership, over genes (decoupler's ULM).

    Badia-i-Mompel 2022, doi:10.1093/bioadv/vbac016. All genes enter, also silent ones.
    """
    y = np.log2(linear.to_numpy() + 1.0)
    inside = members(linear.columns)
    n = len(inside)
    y = y - y.mean(axis=1, keepdims=True)
    x = inside - inside.mean(axis=0)
    norm = np.sqrt((x**2).sum(axis=0))
    with np.errstate(invalid="ignore", divide="ignore"):
        r = (y @ x) / np.sqrt((y**2).sum(axis=1))[:, None] / norm
    return r * np.sqrt((n - 2) / (1 - r**2)), None


@cache
def _healthy() -> pd.DataFrame:
    return healthy_profile()


def frozen_z(linear: pd.DataFrame) -> Values:
    """Average z of log2(CPM+1) against healthy people, limited to ±10."""
    level = np.log2(on_panel(linear) + 1.0)
    profile = _healthy().reindex(level.columns)
    known = profile["mean"].notna().to_numpy()
    z = ((level - profile["mean"]) / profile["sd"]).loc[:, known]
    return linear_features(z.clip(-10, 10))


def plain(linear: pd.DataFrame, offset: float = OFFSET) -> Values:
    """Average log2(CPM + 16), nothing else: what the size factor is compared with."""
    return linear_features(np.log2(on_panel(linear) + offset))


def random_lists(
    seed: int, universe: list[str], *, weight: float = 1.0
) -> Callable[[pd.DataFrame], Values]:
    """Score, like the default, random lists of the same sizes."""
    rng = np.random.default_rng(seed)
    drawn = [rng.choice(universe, len(genes), replace=False) for genes in LISTS.values()]
    rows = {gene: i for i, gene in enumerate(universe)}
    means = np.zeros((len(universe), len(drawn)))
    for j, genes in enumerate(drawn):
        means[[rows[gene] for gene in genes], j] = 1.0 / len(genes)

    def score(linear: pd.DataFrame) -> Values:
        size = np.exp2(weight * log_size(linear))
        level = np.log2(linear[universe].to_numpy() / size[:, None] + OFFSET)
        return level @ means, None

    return score
