"""The features of a saved model, for the genes that a matrix happens to hold."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Protocol

import numpy as np
import pandas as pd

from ifn_severity.bundle.manifest import Manifest
from ifn_severity.features import (
    MIN_REFERENCE_GENES,
    PROTEIN_SET,
    feature_definition,
    protein_features,
    reference_genes,
)
from ifn_severity.features.definition import locate
from ifn_severity.features.scoring import Scorer

_THREADED = 512


class ModelFeatures(Protocol):
    """How a model's features are computed from the columns that are there."""

    coverage: float
    empty_lists: tuple[str, ...]

    def compute(self, values: np.ndarray) -> np.ndarray:
        """Compute features, each sample by itself."""

    def words(self) -> list[str]:
        """Say what is missing for every sample alike."""


def panel_features(manifest: Manifest, genes: Sequence[str]) -> ModelFeatures:
    """Return how a model's features are computed from the genes or analytes that are there."""
    kind = PlasmaFeatures if manifest.feature_set == PROTEIN_SET else PanelFeatures
    return kind(manifest, genes)


class PanelFeatures:
    """How a model's features are computed from the genes that are there.

    Parameters
    ----------
    manifest : Manifest
    genes : sequence of str
        Columns of the matrix, all of the model's panel.

    Attributes
    ----------
    coverage : float
        Fraction of the panel's genes that are there.
    empty_lists : tuple of str
        Scores without any gene.
    n_reference, n_reference_expected : int
        Reference genes that are there, and that the model was trained with.

    Raises
    ------
    FeatureError
        If fewer than six reference genes are there.
    """

    def __init__(self, manifest: Manifest, genes: Sequence[str]) -> None:
        self._scorer = Scorer.locate(
            feature_definition(manifest.feature_set).only(manifest.columns),
            list(genes),
            unit="log2",
            # of the whole catalogue; how much of the model's own genes is there, was checked
            min_coverage=0.0,
            min_reference=MIN_REFERENCE_GENES,
        )
        self._n_features = len(manifest.columns)
        found = locate(genes, reference_genes())
        self._reference = found[found >= 0]
        self.coverage = len(genes) / len(manifest.genes)
        self.empty_lists = self._scorer.empty_lists
        self.n_reference = len(self._reference)
        self.n_reference_expected = len(set(manifest.genes) & set(reference_genes()))

    def compute(self, values: np.ndarray) -> np.ndarray:
        """Compute features, each sample by itself.

        Parameters
        ----------
        values : ndarray of shape (n_samples, n_genes)
            log2(x+1).

        Returns
        -------
        ndarray of shape (n_samples, n_features)
            NaN throughout in samples that express no reference gene.
        """
        features = np.full((len(values), self._n_features), np.nan)
        expressed = np.flatnonzero(values[:, self._reference].sum(axis=1) > 0)
        chosen = values if len(expressed) == len(values) else values[expressed]
        threads = os.cpu_count() or 1 if len(chosen) >= _THREADED else 1
        features[expressed] = self._scorer.score(chosen, dtype=np.float64, n_jobs=threads)
        return features

    def words(self) -> list[str]:
        """Say what is missing for every sample alike."""
        said = []
        if self.empty_lists:
            lists = ", ".join(self.empty_lists)
            said.append(f"no gene of {lists} is present: these scores are NA")
        if self.n_reference < self.n_reference_expected:
            said.append(
                f"{self.n_reference} of {self.n_reference_expected} reference genes are there, "
                "which moves the level of every feature"
            )
        return said


class PlasmaFeatures:
    """The features of a model of plasma proteins: the levels of the analytes that are there.

    Parameters
    ----------
    manifest : Manifest
    genes : sequence of str
        Columns of the table, all of the model's analytes.

    Attributes
    ----------
    coverage : float
        Fraction of the model's analytes that are there.
    empty_lists : tuple of str
        Always empty: an analyte that is not there is a missing feature.
    """

    def __init__(self, manifest: Manifest, genes: Sequence[str]) -> None:
        self._genes, self._columns = list(genes), list(manifest.columns)
        self.coverage = len(self._genes) / len(manifest.genes)
        self.empty_lists: tuple[str, ...] = ()

    def compute(self, values: np.ndarray) -> np.ndarray:
        """Compute features, each sample by itself; NaN where an analyte was not measured."""
        levels = pd.DataFrame(values, columns=self._genes)
        return protein_features(levels).reindex(columns=self._columns).to_numpy(dtype=float)

    def words(self) -> list[str]:
        """Say nothing: coverage and missing features are told sample by sample."""
        return []
