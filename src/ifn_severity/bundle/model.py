"""``SeverityModel``: a saved model in memory, which predicts and knows its limits."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ifn_severity.bundle.expression import MIN_COVERAGE, panel_expression
from ifn_severity.bundle.manifest import Manifest
from ifn_severity.bundle.plasma import plasma_levels
from ifn_severity.bundle.reference import share_outside
from ifn_severity.classify import SeverityClassifier
from ifn_severity.features import (
    MIN_REFERENCE_GENES,
    PROTEIN_SET,
    InterferonFeatures,
    feature_definition,
    protein_features,
    reference_genes,
)
from ifn_severity.features.definition import locate

if TYPE_CHECKING:
    from anndata import AnnData

PREDICTION_COLUMNS = (
    "sample",
    "probability_severe",
    "call",
    "panel_coverage",
    "in_distribution",
    "warnings",
)
SEVERE, NOT_SEVERE, ABSTAIN = "severe", "not severe", "abstain"
_SPARSE_PANEL = 0.9
# samples at a time: what is needed in between stays small, however many there are
_BLOCK = 1024


@dataclass(frozen=True, eq=False)
class SeverityModel:
    """A trained classifier with everything needed to use it on another sample.

    Attributes
    ----------
    path : Path
        The folder it was read from.
    manifest : Manifest
        What it is and where it comes from.
    classifier : SeverityClassifier
        Fitted; its features are ``manifest.columns``.
    reference : DataFrame indexed by feature
        Training distribution: quantiles, mean, sd and the share that was missing.
    notes : tuple of str
        What is worth knowing about this load, such as other library versions.
    """

    path: Path
    manifest: Manifest
    classifier: SeverityClassifier
    reference: pd.DataFrame = field(repr=False)
    notes: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Name of the model."""
        return self.manifest.name

    @property
    def feature_set(self) -> str:
        """Named feature set."""
        return self.manifest.feature_set

    @property
    def simulated(self) -> bool:
        """Whether it was trained on simulated patients."""
        return self.manifest.simulated

    @property
    def threshold(self) -> float:
        """Probability at or above which a sample is called severe."""
        return float(self.classifier.threshold_)

    def features(self, values: pd.DataFrame | AnnData) -> pd.DataFrame:
        """Compute the model's features, each sample by itself.

        Parameters
        ----------
        values : DataFrame or AnnData of shape (n_samples, n_genes)
            log2(x+1), columns named by gene symbols; other columns are ignored. For a model of
            plasma proteins, log2 concentration or NPX, NaN where not measured.

        Returns
        -------
        DataFrame of shape (n_samples, n_features)
            In the classifier's order; NaN in samples that express no reference gene.

        Raises
        ------
        InputError
            If fewer than half of the panel's genes are there or values make no sense.
        FeatureError
            If fewer than six of the eleven reference genes are there.

        Warns
        -----
        UserWarning
            If no gene of a list is present.
        """
        return self._features(self._expression(values))

    def predict(self, values: pd.DataFrame | AnnData) -> pd.DataFrame:
        """Predict, and say where a prediction should not be relied on.

        Parameters
        ----------
        values : DataFrame or AnnData of shape (n_samples, n_genes)
            As for :meth:`features`.

        Returns
        -------
        DataFrame of n_samples rows
            ``sample``, ``probability_severe``, ``call`` ("severe", "not severe" or "abstain"),
            ``panel_coverage`` (fraction of the panel's genes in the data), ``in_distribution``
            and ``warnings`` (sentences, joined by "; ").

        Raises
        ------
        InputError
            As for :meth:`features`.
        """
        expression = self._expression(values)
        # what the features have to say belongs to the samples, not to standard error
        with warnings.catch_warnings(record=True) as heard:
            warnings.simplefilter("always")
            features = self._features(expression)
        said = []
        for warning in heard:
            if warning.category is UserWarning:
                said.append(str(warning.message))
            else:
                warnings.warn_explicit(
                    warning.message, warning.category, warning.filename, warning.lineno
                )
        coverage = expression.shape[1] / len(self.manifest.genes)
        silent = features.isna().all(axis=1).to_numpy()
        probability = np.full(len(features), np.nan)
        if not silent.all():
            probability[~silent] = self.classifier.predict_proba(features[~silent])[:, 1]
        call = np.where(probability >= self.threshold, SEVERE, NOT_SEVERE).astype(object)
        call[silent] = ABSTAIN
        outside = share_outside(features, self.reference)
        limit = float(self.manifest.distribution["outside_limit"])
        within = ~silent & (outside <= limit)
        texts = self._warnings(features, said, coverage, silent, outside)
        return pd.DataFrame(
            {
                "sample": expression.index.astype(str),
                "probability_severe": probability,
                "call": call,
                "panel_coverage": coverage,
                "in_distribution": within,
                "warnings": texts,
            },
            columns=list(PREDICTION_COLUMNS),
        )

    def _expression(self, values: pd.DataFrame | AnnData) -> pd.DataFrame:
        if self.feature_set == PROTEIN_SET:
            return plasma_levels(values, self.manifest.genes)
        return panel_expression(values, self.manifest.genes, tuple(self.manifest.aliases))

    def _features(self, expression: pd.DataFrame) -> pd.DataFrame:
        if self.feature_set == PROTEIN_SET:
            return protein_features(expression).reindex(columns=self.manifest.columns)
        # an array with names beside it: scikit-learn takes long over frames with many columns
        values = expression.to_numpy()
        transformer = InterferonFeatures(
            self.manifest.feature_set,
            genes=list(expression.columns),
            min_coverage=MIN_COVERAGE,
            min_reference=MIN_REFERENCE_GENES,
        ).fit(values)
        known = feature_definition(self.manifest.feature_set).features.index
        wanted = known.get_indexer(pd.Index(self.manifest.columns))
        features = np.full((len(values), len(wanted)), np.nan)
        reference = locate(expression.columns, reference_genes())
        expressed = np.flatnonzero(values[:, reference[reference >= 0]].sum(axis=1) > 0)
        for start in range(0, len(expressed), _BLOCK):
            rows = expressed[start : start + _BLOCK]
            features[rows] = transformer.transform(values[rows])[:, wanted]
        return pd.DataFrame(features, index=expression.index, columns=self.manifest.columns)

    def _warnings(
        self,
        features: pd.DataFrame,
        said: list[str],
        coverage: float,
        silent: np.ndarray,
        outside: np.ndarray,
    ) -> list[str]:
        """Put into words what limits each prediction."""
        plasma = self.feature_set == PROTEIN_SET
        common = []
        if self.simulated:
            common.append("the model was trained on simulated patients")
        if coverage < _SPARSE_PANEL:
            what = "model's analytes" if plasma else "panel's genes"
            common.append(f"only {coverage:.0%} of the {what} are in the data")
        common += dict.fromkeys(said)
        limit = float(self.manifest.distribution["outside_limit"])
        # features that training lacked too are imputed there as here
        usual = (self.reference["missing"] < 1.0).to_numpy()
        missing = features.isna().to_numpy()[:, usual].sum(axis=1)
        texts = ["; ".join(common)] * len(features)
        for i in np.flatnonzero(silent | ~(outside <= limit) | (missing > 0)):
            own = []
            if silent[i]:
                none = "no analyte was measured" if plasma else "no reference gene is expressed"
                own.append(f"{none}, so there is no prediction")
            else:
                if missing[i]:
                    own.append(
                        f"{missing[i]} of {int(usual.sum())} features cannot be computed and are "
                        "set to the training median"
                    )
                if not outside[i] <= limit:
                    own.append(
                        f"unlike the training data: {outside[i]:.0%} of its features are outside "
                        f"the training range (limit {limit:.0%}), so the probability is an "
                        "extrapolation"
                    )
            texts[i] = "; ".join([*common, *own])
        return texts
