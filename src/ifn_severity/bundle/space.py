"""Where training samples lie in feature space, and how far from them a new one is.

Only a centre, scales and a few principal directions are kept, never a patient's row.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ifn_severity.bundle.contents import unzip
from ifn_severity.bundle.npy import read_npy

RANK = 20
"""Principal directions that are kept; the rest of the variance is shared equally."""
NOISE = 0.5
"""log2 units by which a feature may differ between laboratories whatever its spread inside one."""
QUANTILE = 0.95
LABORATORIES = 4.0
"""With one training cohort: how much further samples of another laboratory lie. See docs."""
DISTANCE_MEANING = (
    "Mahalanobis distance to the training centre by a shrunk covariance, per feature and so "
    "about 1 for a training sample; 95 of 100 samples of cohorts that were held out stay below "
    f"the limit (with one training cohort: of patients held out, times {LABORATORIES:g})"
)
_ARRAYS = ("centre", "scale", "directions", "variances", "rest")
_FOLDS = 5
# so that the same archive comes out whenever it is written
_DATE = (2020, 1, 1, 0, 0, 0)


@dataclass(frozen=True, eq=False)
class FeatureSpace:
    """A centre and a low-rank shrunk covariance.

    Attributes
    ----------
    centre : ndarray of shape (n_features,)
        Mean of the cohorts' means.
    scale : ndarray of shape (n_features,)
        Spread about the centre, ``NOISE`` included; 0 where a feature was never measured, which
        is then left out.
    directions : ndarray of shape (rank, n_features)
        Orthonormal principal directions of the scaled features.
    variances : ndarray of shape (rank,)
        Variance along each.
    rest : float
        Variance along every other direction.
    """

    centre: np.ndarray
    scale: np.ndarray
    directions: np.ndarray
    variances: np.ndarray
    rest: float

    def distance(self, features: np.ndarray) -> np.ndarray:
        """Return how far samples are from the centre, about 1 for a training sample.

        Parameters
        ----------
        features : ndarray of shape (n_samples, n_features)
            A feature that is NaN counts as usual.

        Returns
        -------
        ndarray of shape (n_samples,)
            Square root of the squared Mahalanobis distance over the number of features that
            are known; NaN where none is.
        """
        measured = self.scale > 0
        known = np.isfinite(features) & measured
        scaled = np.where(known, features - self.centre, 0.0) / np.where(measured, self.scale, 1.0)
        along = scaled @ self.directions.T
        outside = (scaled**2).sum(axis=1) - (along**2).sum(axis=1)
        squared = (along**2 / self.variances).sum(axis=1) + np.maximum(outside, 0.0) / self.rest
        number = known.sum(axis=1)
        return np.where(number > 0, np.sqrt(squared / np.maximum(number, 1)), np.nan)


def fit_space(features: np.ndarray, cohorts: np.ndarray) -> FeatureSpace:
    """Learn the space of training samples.

    The covariance of the scaled features is shrunk towards a multiple of the identity (Ledoit
    & Wolf 2004, doi:10.1016/S0047-259X(03)00096-4); its first ``RANK`` principal directions are
    kept, and the mean variance of the others (as probabilistic PCA: Tipping & Bishop 1999,
    doi:10.1111/1467-9868.00196).

    Parameters
    ----------
    features : ndarray of shape (n_samples, n_features)
    cohorts : ndarray of shape (n_samples,)
        Cohorts count alike in the centre, and what lies between them counts as spread.
    """
    # training only: it takes half a second to import
    from sklearn.covariance import ledoit_wolf_shrinkage

    centres = np.array([_means(features[cohorts == name]) for name in np.unique(cohorts)])
    centre = _means(centres)
    measured = np.isfinite(centre)
    centre = np.where(measured, centre, 0.0)
    deviation = np.where(np.isfinite(features), features - centre, 0.0)
    scale = np.sqrt((deviation**2).mean(axis=0) + NOISE**2)
    scaled = deviation / scale
    scale = np.where(measured, scale, 0.0)
    n_samples, n_features = scaled.shape
    _, singular, directions = np.linalg.svd(scaled, full_matrices=False)
    variances = singular**2 / n_samples
    shrinkage = float(ledoit_wolf_shrinkage(scaled, assume_centered=True))
    usual = variances.sum() / n_features
    rank = int(min(RANK, n_samples - 1, n_features - 1))
    spread = (1.0 - shrinkage) * variances + shrinkage * usual
    left = (1.0 - shrinkage) * variances[rank:].sum() / max(n_features - rank, 1)
    rest = float(left + shrinkage * usual)
    least = 1e-3
    return FeatureSpace(
        centre.astype("<f4").astype(float),
        scale.astype("<f4").astype(float),
        directions[:rank].astype("<f4").astype(float),
        np.maximum(spread[:rank], least).astype("<f4").astype(float),
        float(np.float32(max(rest, least))),
    )


def _means(values: np.ndarray) -> np.ndarray:
    known = np.isfinite(values)
    total = np.where(known, values, 0.0).sum(axis=0)
    number = known.sum(axis=0)
    return np.where(number > 0, total / np.maximum(number, 1), np.nan)


def distance_limit(
    features: np.ndarray, cohorts: np.ndarray, patients: np.ndarray | None = None
) -> float:
    """Choose the distance above which a sample is unlike training, by samples held out.

    Parameters
    ----------
    features : ndarray of shape (n_samples, n_features)
    cohorts : ndarray of shape (n_samples,)
        Held out one by one, and counted alike; where there is one, fifths of its patients are
        held out and the limit is ``LABORATORIES`` times theirs.
    patients : ndarray of shape (n_samples,), optional
        Patient of each sample; each a patient of its own if not given.
    """
    names = np.unique(cohorts)
    if len(names) > 1:
        parts = [cohorts == name for name in names]
        factor = 1.0
    else:
        rows = np.arange(len(features))
        _, first, patient = np.unique(
            rows if patients is None else patients, return_index=True, return_inverse=True
        )
        # patients in the order in which they come
        place = np.argsort(np.argsort(first))[patient]
        fifth = place * _FOLDS // max(len(first), 1)
        parts = [fifth == fold for fold in range(_FOLDS)]
        factor = LABORATORIES
    distances, weights = [], []
    for part in parts:
        if part.any() and (~part).sum() > 1:
            found = fit_space(features[~part], cohorts[~part]).distance(features[part])
            found = found[np.isfinite(found)]
            distances.append(found)
            weights.append(np.full(len(found), 1.0 / max(len(found), 1)))
    if not distances:
        return 1.0e9
    values, share = np.concatenate(distances), np.concatenate(weights)
    order = np.argsort(values)
    reached = np.cumsum(share[order]) / share.sum()
    at = int(np.searchsorted(reached, QUANTILE - 1e-12))
    return round(float(factor * values[order][min(at, len(order) - 1)]), 4)


def write_space(space: FeatureSpace) -> bytes:
    """Return the arrays as an npz archive of float32, the same bytes every time.

    Parameters
    ----------
    space : FeatureSpace
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in _ARRAYS:
            part = io.BytesIO()
            values = np.ascontiguousarray(np.atleast_1d(getattr(space, name)), dtype="<f4")
            np.save(part, values, allow_pickle=False)
            archive.writestr(
                zipfile.ZipInfo(f"{name}.npy", _DATE), part.getvalue(), zipfile.ZIP_DEFLATED
            )
    return buffer.getvalue()


def read_space(content: bytes, columns: Sequence[str]) -> FeatureSpace:
    """Read what :func:`write_space` wrote.

    Parameters
    ----------
    content : bytes
    columns : sequence of str
        The model's features.

    Raises
    ------
    ValueError
        If it is not the space of these features.
    """
    try:
        entries = unzip(content)
    except (zipfile.BadZipFile, NotImplementedError) as error:
        raise ValueError(f"space.npz was refused: {error}") from error
    if sorted(entries) != sorted(f"{name}.npy" for name in _ARRAYS):
        raise ValueError("space.npz does not hold the arrays of a feature space")
    found = {name: read_npy(entries[f"{name}.npy"]) for name in _ARRAYS}
    n_features, rank = len(columns), len(found["variances"])
    shapes = ((n_features,), (n_features,), (rank, n_features), (rank,), (1,))
    for (name, values), shape in zip(found.items(), shapes, strict=True):
        if values.dtype != np.dtype("<f4") or values.shape != shape:
            raise ValueError(f"space.npz: {name} is of another type or shape")
        if not np.isfinite(values).all():
            raise ValueError(f"space.npz: {name} is not finite")
    least = min(found["variances"].min(initial=1.0), found["rest"][0])
    if rank > RANK or least <= 0 or found["scale"].min(initial=0.0) < 0:
        raise ValueError("space.npz: impossible scales")
    wide = {name: values.astype(np.float64) for name, values in found.items()}
    return FeatureSpace(
        wide["centre"],
        wide["scale"],
        wide["directions"],
        wide["variances"],
        float(wide["rest"][0]),
    )
