"""``InterferonFeatures``: from an expression matrix to features, one sample at a time."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from joblib import effective_n_jobs
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from ifn_severity.errors import FeatureError
from ifn_severity.features.checks import (
    MIN_PANEL_COVERAGE,
    check_unit,
    warn_of_empty_lists,
    warn_of_silent_samples,
)
from ifn_severity.features.definition import feature_definition
from ifn_severity.features.reference import MIN_REFERENCE_GENES
from ifn_severity.features.repeats import take_once
from ifn_severity.features.scoring import Scorer


class InterferonFeatures(TransformerMixin, BaseEstimator):
    """Signature scores and gene-level features of interferon and cytokine biology.

    Abundance is divided by the sample's size factor, the geometric mean of eleven reference
    genes against their frozen usual abundance, and ``log2(x + 16)`` is taken. A feature is the
    mean of that, signed, over the genes of its list that are present. It depends on the sample
    alone: not on other samples, not on any gene but its own and the reference genes, not on
    their order, not on the transform (told by ``unit``) and not on a constant factor. ``fit``
    learns nothing but where the genes stand. docs/scoring-methods.md says why this way.

    Parameters
    ----------
    feature_set : {"interferon", "cytokine", "interferon+cytokine", "all"}
        Which lists and genes become columns.
    unit : {"log2", "ln", "log10", "linear"}
        ``log2(x+1)`` as in every cohort of this package, ``ln(x+1)``, or linear.
    genes : sequence of str, optional
        Names of the columns when ``X`` is an array.
    min_coverage : float, optional
        Least fraction of the panel's genes, those of all feature sets, that must be present. By
        default half, as the commands ask, ``MIN_PANEL_COVERAGE``.
    min_reference : int, optional
        Fewest reference genes that must be present, at least 1. By default six of the eleven, as
        the commands ask, ``MIN_REFERENCE_GENES``. An array whose columns nobody named cannot be
        held to either default.
    n_jobs : int, optional
        Threads of ``transform``: one by default, -1 for all cores.

    Attributes
    ----------
    coverage_ : float
        Fraction of the panel's genes that is present.
    n_features_in_ : int
        Number of columns seen in ``fit``.
    feature_names_in_ : ndarray of str
        Names of the columns, when ``X`` was a DataFrame.

    Notes
    -----
    A gene that is absent gives NaN in its own column, and so does a list without any gene, with
    a warning that names it; a score over fewer genes is the mean of those present.

    Only the panel's columns are looked at. A negative value, NaN or infinity among them is
    refused; in any other column it changes nothing and is not noticed. A gene that stands in the
    table more than once is taken once where its values are the same, with a warning, and refused
    where they differ, as the commands do with files. The arithmetic is in
    float64 and goes through the matrix a few hundred samples at a time, so that it needs
    little memory beside the matrix; ``score_chunks`` and ``features_of`` do the same for
    matrices that do not fit in memory, sparse ones, AnnData and Dask.

    Examples
    --------
    >>> import pandas as pd
    >>> from ifn_severity.features import panel_genes
    >>> X = pd.DataFrame(5.0, index=["P1", "P2"], columns=panel_genes())
    >>> X.loc["P1", ["IFI27", "ISG15"]] = 11.0  # log2(x+1)
    >>> features = InterferonFeatures("interferon").set_output(transform="pandas")
    >>> features.fit_transform(X)[["gene:IFI27", "score:Rice2013_IFN6"]].round(2) + 0
        gene:IFI27  score:Rice2013_IFN6
    P1       12.54                 8.67
    P2        6.73                 6.73
    """

    def __init__(
        self,
        feature_set: str = "interferon+cytokine",
        *,
        unit: str = "log2",
        genes: Sequence[str] | None = None,
        min_coverage: float | None = None,
        min_reference: int | None = None,
        n_jobs: int | None = None,
    ) -> None:
        self.feature_set = feature_set
        self.unit = unit
        self.genes = genes
        self.min_coverage = min_coverage
        self.min_reference = min_reference
        self.n_jobs = n_jobs

    def __sklearn_tags__(self) -> Any:
        """Say that input is never negative and that fitting needs no second sample."""
        tags = super().__sklearn_tags__()
        tags.input_tags.positive_only = True
        tags.requires_fit = True
        return tags

    def fit(self, X: Any, y: object = None) -> InterferonFeatures:
        """Find the panel's genes among the columns.

        Parameters
        ----------
        X : DataFrame or ndarray of shape (n_samples, n_genes)
        y : ignored

        Returns
        -------
        self

        Raises
        ------
        FeatureError
            If the feature set or the unit is unknown, too few panel genes are present, values of
            these are negative, NaN or infinite, or one of them occurs more than once with
            different values.
        """
        definition = feature_definition(self.feature_set)
        check_unit(self.unit)
        # only the panel's columns are looked at: other genes must not decide whether a file is read
        X = take_once(X, definition.genes())
        X = validate_data(self, X, dtype="numeric", ensure_all_finite=False)
        named = self.genes is not None or hasattr(self, "feature_names_in_")
        coverage, reference = (MIN_PANEL_COVERAGE, MIN_REFERENCE_GENES) if named else (0.0, 1)
        self._scorer = Scorer.locate(
            definition,
            self._columns(definition.panel),
            unit=self.unit,
            min_coverage=coverage if self.min_coverage is None else self.min_coverage,
            min_reference=reference if self.min_reference is None else self.min_reference,
        )
        self._scorer.check_values(X)
        self.coverage_ = self._scorer.coverage
        return self

    def _columns(self, panel: tuple[str, ...]) -> list[str]:
        if hasattr(self, "feature_names_in_"):
            return [str(name) for name in self.feature_names_in_]
        if self.genes is not None:
            if len(self.genes) != self.n_features_in_:
                raise FeatureError(
                    f"{len(self.genes)} gene names for {self.n_features_in_} columns",
                    expected="one name a column",
                    do="give genes= the names of the array's columns, or pass a DataFrame",
                )
            return list(self.genes)
        warnings.warn(
            "X has no gene names: its columns are taken in the order of panel_genes(), "
            "and it is not checked that enough genes are there. Pass a DataFrame, or genes=",
            UserWarning,
            stacklevel=3,
        )
        return list(panel[: self.n_features_in_])

    def transform(self, X: Any) -> np.ndarray:
        """Compute the features of each sample.

        Parameters
        ----------
        X : DataFrame or ndarray of shape (n_samples, n_genes)
            The columns of ``fit``.

        Returns
        -------
        ndarray or DataFrame of shape (n_samples, n_features)
            log2 expression against the reference genes; NaN where no gene of a feature is
            present, and in samples that express no reference gene, with a warning.

        Raises
        ------
        FeatureError
            If values of the panel's genes are negative, NaN or infinite, or one of them occurs
            more than once with different values.
        """
        check_is_fitted(self, "coverage_")
        X = take_once(X, feature_definition(self.feature_set).genes())
        X = validate_data(self, X, dtype="numeric", ensure_all_finite=False, reset=False)
        # in float64 whatever the input, so that a sample alone is a sample in a batch
        features = self._scorer.score(X, dtype=np.float64, n_jobs=effective_n_jobs(self.n_jobs))
        silent = np.flatnonzero(self._scorer.silent(features))
        warn_of_silent_samples(len(silent), len(X), int(silent[0]) if len(silent) else 0)
        warn_of_empty_lists(self._scorer.empty_lists)
        self._scorer.repeats.warn()
        return features

    def get_feature_names_out(self, input_features: object = None) -> np.ndarray:
        """Return the names of the columns, ``gene:SYMBOL``, ``score:LIST`` and the balance."""
        check_is_fitted(self, "coverage_")
        return np.asarray(feature_definition(self.feature_set).features.index, dtype=object)
