"""``SeverityModel``: a saved model in memory, which predicts and knows its limits."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.special import expit

from ifn_severity.bundle.expression import PanelMatrix, open_panel, panel_expression
from ifn_severity.bundle.interval import Anchor
from ifn_severity.bundle.judge import ABSTAIN, NOT_SEVERE, SEVERE, Findings, Rule
from ifn_severity.bundle.manifest import Manifest
from ifn_severity.bundle.markers import Markers, kind_of_blood
from ifn_severity.bundle.plasma import plasma_levels
from ifn_severity.bundle.reference import share_outside
from ifn_severity.bundle.space import FeatureSpace
from ifn_severity.classify import SeverityClassifier
from ifn_severity.errors import InputError
from ifn_severity.features import (
    MIN_REFERENCE_GENES,
    PROTEIN_SET,
    feature_definition,
    protein_features,
    reference_genes,
)
from ifn_severity.features.checks import warn_of_empty_lists
from ifn_severity.features.definition import locate
from ifn_severity.features.scoring import Scorer

if TYPE_CHECKING:
    from anndata import AnnData

__all__ = ["ABSTAIN", "NOT_SEVERE", "PREDICTION_COLUMNS", "SEVERE", "SeverityModel"]

PREDICTION_COLUMNS = (
    "sample",
    "probability_severe",
    "call",
    "panel_coverage",
    "in_distribution",
    "warnings",
    "probability_low",
    "probability_high",
)
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
        scorer = self._scorer(panel.genes)
        markers = Markers(panel.columns, self.trained_on)
        rule = self._rule(scorer.empty_lists)
        for start in range(0, len(panel.samples), block):
            rows = slice(start, min(start + block, len(panel.samples)))
            stated = None if sex is None else sex[rows]
            values_here, beside = panel.read(rows, markers.columns)
            features = self._score(scorer, values_here, panel.genes)
            on_features(features)
            hints = markers.tissue(beside), markers.sex(beside, stated)
            yield self._judge(panel, rows, features, rule, hints)

    def _plasma_blocks(
        self,
        values: pd.DataFrame | AnnData,
        block: int,
        on_features: Callable[[np.ndarray], None],
    ) -> Iterator[pd.DataFrame]:
        """Yield the rows of ``predict`` for plasma, which has no markers of tissue or sex."""
        levels = self._expression(values)
        names, rule = [str(name) for name in levels.columns], self._rule()
        panel = PanelMatrix(levels, names, list(levels.index), names, np.arange(len(names)))
        for start in range(0, len(levels), block):
            rows = slice(start, min(start + block, len(levels)))
            features = self._features(levels.iloc[rows]).to_numpy()
            on_features(features)
            nothing = [""] * len(features)
            yield self._judge(panel, rows, features, rule, (nothing, nothing))

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
        if self.feature_set == PROTEIN_SET:
            return self._decide(self._features(expression))
        genes = list(expression.columns)
        features = self._score(self._scorer(genes), expression.to_numpy(), genes)
        return self._decide(pd.DataFrame(features, columns=self.manifest.columns))

    def _decide(self, features: pd.DataFrame) -> np.ndarray:
        silent = features.isna().to_numpy().all(axis=1)
        log_odds = np.full(len(features), np.nan)
        if not silent.any():
            return np.asarray(self.classifier.decision_function(features))
        if not silent.all():
            log_odds[~silent] = self.classifier.decision_function(features[~silent])
        return log_odds

    def _judge(
        self,
        panel: PanelMatrix,
        rows: slice,
        features: np.ndarray,
        rule: Rule,
        hints: tuple[list[str], list[str]],
    ) -> pd.DataFrame:
        table = pd.DataFrame(features, columns=self.manifest.columns)
        log_odds = self._decide(table)
        low, high = self._ends(log_odds)
        if self.anchor:
            log_odds = log_odds + self.anchor.shift
        usual = (self.reference["missing"] < 1.0).to_numpy()
        found = Findings(
            probability=expit(log_odds),
            coverage=len(panel.genes) / len(self.manifest.genes),
            missing=np.isnan(features[:, usual]).sum(axis=1),
            outside=share_outside(table, self.reference),
            distance=self.space.distance(features),
            tissue=hints[0],
            sex=hints[1],
        )
        return pd.DataFrame(
            {
                "sample": panel.samples[rows],
                "probability_severe": found.probability,
                "call": rule.calls(found),
                "panel_coverage": found.coverage,
                "in_distribution": rule.within(found),
                "warnings": rule.warnings(found),
                "probability_low": low,
                "probability_high": high,
            },
            columns=list(PREDICTION_COLUMNS),
        )

    def _ends(self, log_odds: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        if self.anchor:
            return expit(log_odds + self.anchor.low), expit(log_odds + self.anchor.high)
        if self.manifest.interval is None:
            return np.full(len(log_odds), np.nan), np.full(len(log_odds), np.nan)
        return self.manifest.interval.around(log_odds)

    def _rule(self, empty_lists: Sequence[str] = ()) -> Rule:
        common = []
        if self.simulated:
            common.append("the model was trained on simulated patients")
        if self.anchor:
            common.append(self.anchor.words)
        if empty_lists:
            lists = ", ".join(empty_lists)
            common.append(f"no gene of {lists} is present: these scores are NA")
        return Rule(
            threshold=self.threshold,
            outside_limit=float(self.manifest.distribution["outside_limit"]),
            distance_limit=float(self.manifest.distribution["distance_limit"]),
            # features that training lacked too are imputed there as here
            n_features=int((self.reference["missing"] < 1.0).sum()),
            common=tuple(common),
            proteins=self.feature_set == PROTEIN_SET,
        )

    def _expression(self, values: pd.DataFrame | AnnData) -> pd.DataFrame:
        if self.feature_set == PROTEIN_SET:
            return plasma_levels(values, self.manifest.genes)
        return panel_expression(values, self.manifest.genes, tuple(self.manifest.aliases))

    def _scorer(self, genes: Sequence[str]) -> Scorer:
        return Scorer.locate(
            feature_definition(self.manifest.feature_set).only(self.manifest.columns),
            list(genes),
            unit="log2",
            min_reference=MIN_REFERENCE_GENES,
        )

    def _score(self, scorer: Scorer, values: np.ndarray, genes: Sequence[str]) -> np.ndarray:
        features = np.full((len(values), len(self.manifest.columns)), np.nan)
        reference = locate(genes, reference_genes())
        expressed = np.flatnonzero(values[:, reference[reference >= 0]].sum(axis=1) > 0)
        chosen = values if len(expressed) == len(values) else values[expressed]
        features[expressed] = scorer.score(chosen, dtype=np.float64)
        return features

    def _features(self, expression: pd.DataFrame) -> pd.DataFrame:
        if self.feature_set == PROTEIN_SET:
            return protein_features(expression).reindex(columns=self.manifest.columns)
        scorer = self._scorer(list(expression.columns))
        warn_of_empty_lists(scorer.empty_lists)
        features = self._score(scorer, expression.to_numpy(), list(expression.columns))
        return pd.DataFrame(features, index=expression.index, columns=self.manifest.columns)
