"""Grouped Shapley values: families of genes as players, whatever features they enter."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ifn_severity.classify import SeverityClassifier
from ifn_severity.explain.carry import known_mean
from ifn_severity.explain.samples import Samples
from ifn_severity.explain.shap_values import check_sum, log_odds

BACKGROUNDS = 32
"""Training samples, each with one random order of families and its reverse."""
_BLOCK = 20_000

LINEAR_METHOD = (
    "The model is linear in genes, so the grouped Shapley value of a family is exactly the sum of "
    "its genes' attributions."
)
TREE_METHOD = (
    "Families are players of an interventional Shapley game (Lundberg & Lee 2017): a family that "
    f"is absent takes its genes' values from a training sample. {BACKGROUNDS} training samples, "
    "each with a random order of families and its reverse (Mitchell 2022, JMLR 23:43); "
    "each sample's values add up to its log-odds less the mean over these training samples."
)


def family_shapley(
    classifier: SeverityClassifier,
    samples: Samples,
    rows: np.ndarray,
    families: np.ndarray,
    train: np.ndarray,
    *,
    backgrounds: int = BACKGROUNDS,
    orders: np.ndarray | None = None,
    seed: int = 0,
) -> tuple[np.ndarray, np.ndarray]:
    """Compute grouped Shapley values of families of genes, for any model.

    Parameters
    ----------
    classifier : SeverityClassifier
    samples : Samples
    rows : ndarray of int, shape (n_rows,)
        Samples to explain.
    families : ndarray of shape (n_panel, n_families)
        1 where a gene belongs to a family; each gene to one.
    train : ndarray of int
        Training samples, of which absent families take their values.
    backgrounds : int
        How many training samples are drawn.
    orders : ndarray of int, shape (n_orders, n_families), optional
        Orders that each training sample is combined with; one random order and its reverse
        when left out.
    seed : int

    Returns
    -------
    values : ndarray of shape (n_rows, n_families)
        Log-odds.
    base : ndarray of shape (n_rows,)
        ``base + values.sum(axis=1)`` is the log-odds.

    Raises
    ------
    ModelError
        If the values do not add up.
    """
    rng = np.random.default_rng(seed)
    n_families = families.shape[1]
    chosen = rng.choice(train, size=min(backgrounds, len(train)), replace=False)
    both = samples.levels[np.union1d(train, rows)]
    usual = np.nan_to_num(known_mean(both, np.ones(len(both))))
    values, base = np.zeros((len(rows), n_families)), np.zeros(len(rows))
    for cohort, at in samples.blocks(rows):
        coefficients, absent = samples.coefficients(cohort)
        here = rows[at]
        own = _by_family(samples.filled(here), coefficients, families)
        count = 0
        for background in chosen:
            level = samples.levels[[background]]
            other = _by_family(np.where(np.isnan(level), usual, level), coefficients, families)
            order = rng.permutation(n_families)
            walks = np.array([order, order[::-1]]) if orders is None else orders
            for walk in walks:
                worth = _walk(classifier, own, other[0], walk, absent, samples.features.columns)
                values[np.ix_(at, walk)] += np.diff(worth, axis=1)
                base[at] += worth[:, 0]
                count += 1
        values[at] /= count
        base[at] /= count
    check_sum(values, base, log_odds(classifier, samples.features.iloc[rows]))
    return values, base


def _by_family(levels: np.ndarray, coefficients: np.ndarray, families: np.ndarray) -> np.ndarray:
    """Return each family's part of each feature, shape (n_samples, n_families, n_features)."""
    parts = [
        levels[:, genes] @ coefficients[genes]
        for genes in (np.flatnonzero(column) for column in families.T)
    ]
    return np.stack(parts, axis=1)


def _walk(
    classifier: SeverityClassifier,
    own: np.ndarray,
    other: np.ndarray,
    order: np.ndarray,
    absent: np.ndarray,
    names: pd.Index,
) -> np.ndarray:
    """Return log-odds as families join one by one, shape (n_samples, n_families + 1)."""
    n, n_families, n_features = own.shape
    worth = np.empty((n, n_families + 1))
    step = max(1, _BLOCK // (n_families + 1))
    for start in range(0, n, step):
        block = own[start : start + step]
        stages = np.empty((len(block), n_families + 1, n_features))
        stages[:, 0] = other.sum(axis=0)
        np.cumsum(block[:, order] - other[order], axis=1, out=stages[:, 1:])
        stages[:, 1:] += stages[:, :1]
        flat = stages.reshape(-1, n_features)
        flat[:, absent] = np.nan
        frame = pd.DataFrame(flat, columns=names)
        worth[start : start + step] = log_odds(classifier, frame).reshape(len(block), -1)
    return worth
