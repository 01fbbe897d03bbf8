"""``SeverityModel``: a saved model in memory, which predicts and knows its limits."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ifn_severity.bundle.expression import open_panel, panel_expression
from ifn_severity.bundle.interval import Anchor
from ifn_severity.bundle.judge import ABSTAIN, NOT_SEVERE, SEVERE
from ifn_severity.bundle.manifest import Manifest
from ifn_severity.bundle.markers import Markers, kind_of_blood
from ifn_severity.bundle.panel import panel_features
from ifn_severity.bundle.plasma import plasma_levels
from ifn_severity.bundle.rows import PREDICTION_COLUMNS, prediction_rows, rule_of
from ifn_severity.bundle.space import FeatureSpace
from ifn_severity.classify import SeverityClassifier, margin
from ifn_severity.errors import InputError
from ifn_severity.features import PROTEIN_SET, feature_definition, reference_genes
from ifn_severity.features.checks import warn_of_empty_lists
from ifn_severity.features.definition import FeatureDefinition

if TYPE_CHECKING:
    from anndata import AnnData

__all__ = ["ABSTAIN", "NOT_SEVERE", "PREDICTION_COLUMNS", "SEVERE", "SeverityModel"]

BLOCK = 2048
"""Samples that are predicted at a time, so that memory does not grow with their number."""


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
    space : FeatureSpace
        Where the training samples lie in feature space.
    notes : tuple of str
        What is worth knowing about this load, such as other library versions.
    anchor : Anchor or None
        The shift of a laboratory's own log-odds, where labelled samples of it were given.
    """

    path: Path
    manifest: Manifest
    classifier: SeverityClassifier
    reference: pd.DataFrame = field(repr=False)
    space: FeatureSpace = field(repr=False)
    notes: tuple[str, ...] = ()
    anchor: Anchor | None = None

    @property
    def name(self) -> str:
        """Name of the model."""
        return self.manifest.name

    @property
    def feature_set(self) -> str:
        """Named feature set."""
        return self.manifest.feature_set

    @property
    def definition(self) -> FeatureDefinition:
        """What the model's features are, in the classifier's order."""
        return feature_definition(self.feature_set).only(self.manifest.columns)

    @property
    def references(self) -> tuple[str, ...]:
        """The reference genes that samples are measured against: all eleven, or a panel's."""
        return tuple(gene for gene in reference_genes() if gene in set(self.manifest.genes))

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
        expression = self._expression(values)
        own = panel_features(self.manifest, list(expression.columns))
        warn_of_empty_lists(own.empty_lists)
        features = own.compute(expression.to_numpy())
        return pd.DataFrame(features, index=expression.index, columns=self.manifest.columns)

    @property
    def trained_on(self) -> tuple[str, ...]:
        """Kinds of blood of the training cohorts; empty where one of them is not known."""
        kinds = [kind_of_blood(str(c.get("tissue") or "")) for c in self.manifest.cohorts]
        return tuple(dict.fromkeys(kinds)) if all(kinds) else ()

    def anchored(self, anchor: Anchor | None) -> SeverityModel:
        """Return the same model with the log-odds of one laboratory shifted.

        Parameters
        ----------
        anchor : Anchor or None
            What ``ifn_severity.evaluate.anchor.fit_anchor`` found; None takes it off again.
        """
        return replace(self, anchor=anchor)

    def predict(
        self, values: pd.DataFrame | AnnData, *, sex: Sequence[object] | None = None
    ) -> pd.DataFrame:
        """Predict, with an interval, and say where a prediction should not be relied on.

        Each sample is predicted by itself: no other in the batch changes anything.

        Parameters
        ----------
        values : DataFrame or AnnData of shape (n_samples, n_genes)
            As for :meth:`features`. Genes outside the panel serve as hints of tissue and sex.
        sex : sequence of length n_samples, optional
            ``male``, ``female``, ``M`` or ``F``, else unknown, to notice swapped samples; by
            default ``obs["sex"]`` of an AnnData that has it.

        Returns
        -------
        DataFrame of n_samples rows
            ``sample``, ``probability_severe``, ``call`` ("severe", "not severe" or "abstain"),
            ``panel_coverage`` (fraction of the panel's genes in the data), ``in_distribution``,
            ``warnings`` (sentences, joined by "; "), and ``probability_low`` and
            ``probability_high``, the ends of the interval.

        Raises
        ------
        InputError
            As for :meth:`features`, or if ``sex`` has another length.
        FeatureError
            As for :meth:`features`.
        """
        return pd.concat(self.predict_blocks(values, sex=sex), ignore_index=True)

    def predict_blocks(
        self,
        values: pd.DataFrame | AnnData,
        *,
        sex: Sequence[object] | None = None,
        block: int = BLOCK,
        on_features: Callable[[np.ndarray], None] = lambda _: None,
    ) -> Iterator[pd.DataFrame]:
        """Yield the rows of :meth:`predict`, so many samples at a time.

        Memory is bounded by the block; an AnnData may be backed by its file.

        Parameters
        ----------
        values, sex
            As for :meth:`predict`.
        block : int
            Samples at a time.
        on_features : callable
            Called with the features of each block, shape (n_samples, n_features).

        Yields
        ------
        DataFrame of at most ``block`` rows

        Raises
        ------
        InputError
            As for :meth:`predict`; values are checked block by block.
        FeatureError
            As for :meth:`features`.
        """
        if self.feature_set == PROTEIN_SET:
            yield from self._plasma_blocks(values, block, on_features)
            return
        panel = open_panel(values, self.manifest.genes, tuple(self.manifest.aliases))
        if sex is None and not isinstance(values, pd.DataFrame) and "sex" in values.obs:
            sex = list(values.obs["sex"])
        if sex is not None and len(sex) != len(panel.samples):
            raise InputError(
                f"sex of {len(sex)} samples for {len(panel.samples)}",
                expected="one a sample",
                do="give them in the order of the samples, None where unknown",
            )
        own = panel_features(self.manifest, panel.genes)
        markers = Markers(panel.columns, self.trained_on)
        rule = rule_of(self, own)
        for start in range(0, len(panel.samples), block):
            rows = slice(start, min(start + block, len(panel.samples)))
            values_here, beside = panel.read(rows, markers.columns)
            features = own.compute(values_here)
            on_features(features)
            stated = None if sex is None else sex[rows]
            hints = markers.tissue(beside), markers.sex(beside, stated)
            yield prediction_rows(self, panel.samples[rows], own.coverage, features, rule, hints)

    def _plasma_blocks(
        self,
        values: pd.DataFrame | AnnData,
        block: int,
        on_features: Callable[[np.ndarray], None],
    ) -> Iterator[pd.DataFrame]:
        """Yield the rows of ``predict`` for plasma, which has no markers of tissue or sex."""
        levels = self._expression(values)
        own = panel_features(self.manifest, list(levels.columns))
        rule, samples = rule_of(self, own), list(levels.index)
        for start in range(0, len(levels), block):
            rows = slice(start, min(start + block, len(levels)))
            features = own.compute(levels.iloc[rows].to_numpy())
            on_features(features)
            nothing = [""] * len(features)
            yield prediction_rows(
                self, samples[rows], own.coverage, features, rule, (nothing, nothing)
            )

    def log_odds(self, values: pd.DataFrame | AnnData) -> np.ndarray:
        """Return calibrated log-odds without any anchor, shape (n_samples,).

        Parameters
        ----------
        values : DataFrame or AnnData of shape (n_samples, n_genes)
            As for :meth:`features`.

        Returns
        -------
        ndarray of shape (n_samples,)
            NaN in samples that express no reference gene.

        Raises
        ------
        InputError
            As for :meth:`features`.
        """
        expression = self._expression(values)
        own = panel_features(self.manifest, list(expression.columns))
        return self.decide(own.compute(expression.to_numpy()))

    def decide(self, features: np.ndarray) -> np.ndarray:
        """Return calibrated log-odds of features, NaN where a sample has none."""
        # as the classifier's decision_function, without its checks of frames, which take longer
        # than the model
        silent = np.isnan(features).all(axis=1)
        slope, intercept = self.classifier.calibration_
        log_odds = np.full(len(features), np.nan)
        if not silent.all():
            chosen = features[~silent] if silent.any() else features
            log_odds[~silent] = slope * margin(self.classifier.pipeline_, chosen) + intercept
        return log_odds

    def _expression(self, values: pd.DataFrame | AnnData) -> pd.DataFrame:
        if self.feature_set == PROTEIN_SET:
            return plasma_levels(values, self.manifest.genes)
        return panel_expression(values, self.manifest.genes, tuple(self.manifest.aliases))
