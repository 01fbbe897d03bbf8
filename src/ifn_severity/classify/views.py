"""Ridges on views of standardised features, and the elimination that makes a small panel."""

from __future__ import annotations

import numpy as np
from sklearn.linear_model import LogisticRegression

STRENGTHS = (1e-4, 1e-3, 1e-2, 1e-1)
"""Inverse ridge strengths that are averaged: choosing among them transferred no better."""
# relative to the largest: below it a singular value is rounding
_RANK = 1e-9
# share of the features that a step of the elimination keeps
_KEPT = 0.7


def view_coefficients(
    Z: np.ndarray, target: np.ndarray, weights: np.ndarray, views: np.ndarray
) -> np.ndarray:
    """Fit each view apart; coefficients of the sum of their margins, shape (n_features,).

    Parameters
    ----------
    Z : ndarray of shape (n_samples, n_features)
        Standardised features.
    target : ndarray of shape (n_samples,), 0 or 1
    weights : ndarray of shape (n_samples,)
    views : ndarray of shape (n_features,)
        View of each feature.
    """
    coefficients = np.zeros(Z.shape[1])
    for view in np.unique(views):
        columns = np.flatnonzero(views == view)
        coefficients[columns] = _ridges(Z[:, columns], target, weights)
    return coefficients


def eliminate(
    Z: np.ndarray,
    target: np.ndarray,
    weights: np.ndarray,
    views: np.ndarray,
    *,
    at_most: int,
    allowed: np.ndarray,
) -> np.ndarray:
    """Choose features by recursive elimination with the model that is fitted afterwards.

    The views are fitted, the features with the smallest coefficients leave (three in ten a
    step), and so on until ``at_most`` are left (Guyon 2002, doi:10.1023/A:1012487302797). No
    chance enters it.

    Parameters
    ----------
    Z, target, weights, views
        As for :func:`view_coefficients`.
    at_most : int
        Number of features to keep, at least 1.
    allowed : ndarray of bool, shape (n_features,)
        Which may be kept; the others leave first.

    Returns
    -------
    ndarray of int
        The features that are left, ascending.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> y = np.arange(40) % 2
    >>> Z = rng.normal(size=(40, 6)) + 2.0 * y[:, None] * np.array([0, 0, 1, 0, 0, 1])
    >>> every = np.ones(6, dtype=bool)
    >>> eliminate(Z, y, np.ones(40), np.zeros(6), at_most=2, allowed=every).tolist()
    [2, 5]
    """
    kept = np.flatnonzero(allowed)
    while len(kept) > at_most:
        size = np.abs(view_coefficients(Z[:, kept], target, weights, views[kept]))
        number = max(at_most, int(_KEPT * len(kept)))
        kept = kept[np.sort(np.argsort(-size, kind="stable")[:number])]
    return kept


def unit_spread(Z: np.ndarray, coefficients: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Scale coefficients so that their margin has unit weighted standard deviation."""
    own = Z @ coefficients
    spread = np.sqrt(np.average((own - np.average(own, weights=weights)) ** 2, weights=weights))
    return coefficients / spread if spread > 0 else coefficients


def _ridges(Z: np.ndarray, target: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Average the ridge logistic regressions of one view over the strengths."""
    # in the space of singular vectors: the same solution in as many unknowns as the data has
    U, S, Vt = np.linalg.svd(Z, full_matrices=False)
    kept = _RANK * max(float(S.max(initial=0.0)), 1.0) < S
    if not kept.any():
        return np.zeros(Z.shape[1])
    T = U[:, kept] * S[kept]
    each = []
    for strength in STRENGTHS:
        ridge = LogisticRegression(C=strength, tol=1e-6, max_iter=10_000)
        ridge.fit(T, target, sample_weight=weights)
        each.append(unit_spread(Z, ridge.coef_[0] @ Vt[kept], weights))
    return unit_spread(Z, np.mean(each, axis=0), weights)
