"""``InterferonFeatures``: from an expression matrix to features, one sample at a time."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from ifn_severity.errors import FeatureError, nearest
from ifn_severity.features.definition import feature_definition, locate
from ifn_severity.features.reference import (
    OFFSET,
    reference_genes,
    reference_profile,
    size_factors,
)

UNITS = ("log2", "ln", "linear")


def linear_expression(values: np.ndarray, *, unit: str) -> np.ndarray:
    """Undo the logarithm.

    Parameters
    ----------
    values : ndarray
    unit : {"log2", "ln", "linear"}
        ``log2(x+1)``, ``ln(x+1)`` or ``x``, where x is proportional to abundance.
    """
    if unit == "log2":
        return np.asarray(np.exp2(values) - 1.0)
    if unit == "ln":
        return np.asarray(np.expm1(values))
    return np.asarray(values, dtype=float)


def _refuse_negative(values: np.ndarray) -> np.ndarray:
    if values.size and values.min() < 0:
        rows = np.flatnonzero((values < 0).any(axis=1))
        raise FeatureError(
            f"Negative values in data: {len(rows)} of {len(values)} samples (first: row {rows[0]})",
            expected="counts, CPM, TPM, or their logarithm log(x+1), none of which is negative",
            do="give the matrix before any centring or z-scoring",
        )
    return values


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
    unit : {"log2", "ln", "linear"}
        ``log2(x+1)`` as in every cohort of this package, ``ln(x+1)``, or linear.
    genes : sequence of str, optional
        Names of the columns when ``X`` is an array.
    min_coverage : float
        Least fraction of the panel's genes that must be present.
    min_reference : int
        Fewest reference genes that must be present, at least 1.

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
        min_coverage: float = 0.0,
        min_reference: int = 1,
    ) -> None:
        self.feature_set = feature_set
        self.unit = unit
        self.genes = genes
        self.min_coverage = min_coverage
        self.min_reference = min_reference

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
            If the feature set or the unit is unknown, or too few panel genes are present.
        """
        definition = feature_definition(self.feature_set)
        if self.unit not in UNITS:
            raise FeatureError(
                f"no unit is called {self.unit!r}",
                expected=f"one of {', '.join(UNITS)}",
                do=nearest(str(self.unit), UNITS),
            )
        _refuse_negative(validate_data(self, X, dtype=np.float64))
        self._positions = locate(self._columns(definition.panel), definition.panel)
        self.coverage_ = float((self._positions >= 0).mean())
        if not (self._positions >= 0).any() or self.coverage_ < self.min_coverage:
            found = int((self._positions >= 0).sum())
            raise FeatureError(
                f"{found} of the {len(definition.panel)} panel genes are in the matrix, whose "
                f"columns look like {', '.join(self._columns(definition.panel)[:4])}",
                expected=f"at least {self.min_coverage:.0%} of the panel, as HGNC symbols",
                do="check that genes are columns here and that their names are gene symbols",
            )
        n_reference = int((self._positions[: len(reference_genes())] >= 0).sum())
        if n_reference < max(self.min_reference, 1):
            raise FeatureError(
                f"{n_reference} of the {len(reference_genes())} reference genes are in the matrix",
                expected=f"at least {max(self.min_reference, 1)} of {', '.join(reference_genes())}",
                do="give the whole matrix, not only genes of interest: each sample is measured "
                "against these genes",
            )
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
            "X has no gene names: its columns are taken in the order of panel_genes(). "
            "Pass a DataFrame, or genes=",
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
            If values are negative.
        """
        check_is_fitted(self, "coverage_")
        X = _refuse_negative(validate_data(self, X, dtype=np.float64, reset=False))
        definition = feature_definition(self.feature_set)
        present = self._positions >= 0
        linear = linear_expression(X[:, self._positions[present]], unit=self.unit)
        # the reference genes are the first of the panel
        usual = np.array(list(reference_profile().values()))[present[: len(reference_genes())]]
        size = size_factors(linear[:, : len(usual)], usual)
        silent = np.flatnonzero(np.isnan(size))
        if len(silent):
            warnings.warn(
                f"{len(silent)} of {len(X)} samples express no reference gene (first: row "
                f"{silent[0]}): their features are NA",
                UserWarning,
                stacklevel=2,
            )
        coefficients = definition.coefficients(present)
        absent = np.isnan(coefficients).any(axis=0)
        lists = definition.features.index[absent & (definition.features["kind"] == "score")]
        if len(lists):
            warnings.warn(
                f"no gene of {', '.join(lists)} is present: these scores are NA",
                UserWarning,
                stacklevel=2,
            )
        level = np.log2(linear / size[:, None] + OFFSET)
        features = np.asarray(level @ np.where(absent, 0.0, coefficients)[present])
        features[:, absent] = np.nan
        return features

    def get_feature_names_out(self, input_features: object = None) -> np.ndarray:
        """Return the names of the columns, ``gene:SYMBOL``, ``score:LIST`` and the balance."""
        check_is_fitted(self, "coverage_")
        return np.asarray(feature_definition(self.feature_set).features.index, dtype=object)
