"""The samples that are explained: features, the genes they are made of, and who they come from."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from ifn_severity.classify import feature_views
from ifn_severity.errors import FeatureError
from ifn_severity.features.definition import FeatureDefinition

# scores are computed in single precision where the matrix is, levels always in double
_SAME = 1e-3


@dataclass(frozen=True, eq=False)
class Samples:
    """Samples of one or more cohorts, at the level of features and of genes.

    Attributes
    ----------
    definition : FeatureDefinition
        What the features are made of.
    features : DataFrame of shape (n_samples, n_features)
        In the order of the definition, indexed by sample.
    levels : ndarray of shape (n_samples, n_panel)
        log2 relative expression of the panel's genes; NaN where a cohort lacks a gene.
    obs : DataFrame indexed alike
        With ``cohort``, ``patient``, ``severe``.
    """

    definition: FeatureDefinition
    features: pd.DataFrame
    levels: np.ndarray
    obs: pd.DataFrame
    _coefficients: dict[str, tuple[np.ndarray, np.ndarray]] = field(default_factory=dict)

    @property
    def y(self) -> np.ndarray:
        """1 for severe, shape (n_samples,)."""
        return self.obs["severe"].to_numpy(dtype=int)

    @property
    def patients(self) -> np.ndarray:
        """Patient of each sample, shape (n_samples,)."""
        return self.obs["patient"].to_numpy(dtype=str)

    @property
    def cohorts(self) -> np.ndarray:
        """Cohort of each sample, shape (n_samples,)."""
        return self.obs["cohort"].to_numpy(dtype=str)

    @property
    def matrix(self) -> np.ndarray:
        """Features as an array, shape (n_samples, n_features)."""
        return self.features.to_numpy(dtype=float)

    @property
    def views(self) -> np.ndarray:
        """View of each feature, for the model ``transfer``."""
        return feature_views(self.features.columns.astype(str))

    @property
    def genes(self) -> tuple[str, ...]:
        """Genes of the panel, in the order of ``levels``."""
        return self.definition.panel

    def coefficients(self, cohort: str) -> tuple[np.ndarray, np.ndarray]:
        """Return how a cohort's features are made of genes.

        Parameters
        ----------
        cohort : str

        Returns
        -------
        coefficients : ndarray of shape (n_panel, n_features)
            Columns of features that cannot be computed there are 0.
        absent : ndarray of bool, shape (n_features,)
            Which these are.
        """
        if cohort not in self._coefficients:
            present = np.isfinite(self.levels[self.cohorts == cohort]).any(axis=0)
            found = self.definition.coefficients(present)
            absent = np.isnan(found).any(axis=0)
            self._coefficients[cohort] = (np.where(absent, 0.0, found), absent)
        return self._coefficients[cohort]

    def blocks(self, rows: np.ndarray) -> list[tuple[str, np.ndarray]]:
        """Split rows by cohort: name, and positions within ``rows``."""
        cohorts = self.cohorts[rows]
        return [(str(name), np.flatnonzero(cohorts == name)) for name in dict.fromkeys(cohorts)]

    def filled(self, rows: np.ndarray) -> np.ndarray:
        """Return levels of some rows with 0 where a gene was not measured."""
        return np.nan_to_num(self.levels[rows], nan=0.0)

    def without(self, genes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Compute the features as if some genes had not been measured.

        Parameters
        ----------
        genes : ndarray of bool, shape (n_panel,)
            Genes to leave out.

        Returns
        -------
        X : ndarray of shape (n_samples, n_left)
            The features that are left anywhere, other scores being means over fewer genes.
        columns : ndarray of int
            Which features these are.
        """
        X = np.full(self.matrix.shape, np.nan)
        for name, rows in self.blocks(np.arange(len(self.obs))):
            present = np.isfinite(self.levels[rows]).any(axis=0) & ~genes
            found = self.definition.coefficients(present)
            absent = np.isnan(found).any(axis=0)
            block = self.filled(rows) @ np.where(absent, 0.0, found)
            block[:, absent] = np.nan
            X[rows] = block
            del name
        columns = np.flatnonzero(np.isfinite(X).any(axis=0))
        return X[:, columns], columns

    def check(self) -> None:
        """Refuse levels that the features are not made of.

        Raises
        ------
        FeatureError
            If a feature differs from the same computed from its genes.
        """
        for name, rows in self.blocks(np.arange(len(self.obs))):
            coefficients, absent = self.coefficients(name)
            made = self.filled(rows) @ coefficients
            difference = np.abs(made - self.matrix[rows])[:, ~absent]
            worst = float(np.nanmax(difference, initial=0.0))
            if not worst <= _SAME:
                raise FeatureError(
                    f"features of {name} differ from their genes by {worst:.2g}",
                    expected="features and genes of the same matrix",
                    do="compute both anew from the cohort's file",
                )
