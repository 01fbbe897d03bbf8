"""Interferon scores as published: against the healthy controls of the same cohort.

The features of this package need no controls. Where a cohort has some, these two functions give
the scores that clinical papers report, so that values can be compared with theirs.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from ifn_severity.cohorts.unit import NATURAL
from ifn_severity.errors import FeatureError, nearest
from ifn_severity.features.checks import check_unit
from ifn_severity.features.definition import locate
from ifn_severity.features.signatures import get_signature

_SCALES = ("log2", "linear")


def six_gene_score(
    expression: pd.DataFrame, controls: Sequence[bool] | pd.Series, *, unit: str = "log2"
) -> pd.Series:
    """Compute the six-gene interferon score of Rice 2013, as Hadjadj 2020 used it in COVID-19.

    Each of IFI27, IFI44L, IFIT1, ISG15, RSAD2 and SIGLEC1 is divided by its median over the
    healthy controls, on the linear scale; the score is the median of the six fold changes
    (doi:10.1016/S1474-4422(13)70258-8, doi:10.1126/science.abc6027). A typical control has a score
    near 1.

    Parameters
    ----------
    expression : DataFrame of shape (n_samples, n_genes)
        Columns are HGNC symbols, current or as printed.
    controls : sequence of bool or Series of bool, one entry a sample
        Which samples are healthy controls; a Series is matched by name.
    unit : {"log2", "ln", "log10", "linear"}
        ``log2(x+1)``, ``ln(x+1)``, ``log10(x+1)`` or ``x``.

    Returns
    -------
    Series of shape (n_samples,)
        Median fold change, named ``six_gene_score``.

    Raises
    ------
    FeatureError
        If there are no controls, a gene is missing, or the median of a gene over the controls
        is zero, so that no fold change can be given.

    Notes
    -----
    The paper measured qPCR, relative to HPRT1 and 18S RNA. Here the relation to the rest of the
    RNA is that of the unit: CPM, TPM, or whatever the linear values are.

    Examples
    --------
    >>> genes = ["IFI27", "IFI44L", "IFIT1", "ISG15", "RSAD2", "SIGLEC1"]
    >>> X = pd.DataFrame([[2.0] * 6, [4.0] * 6, [12.0] * 6], index=["H1", "H2", "P"], columns=genes)
    >>> six_gene_score(X, [True, True, False], unit="linear").round(2).tolist()
    [0.67, 1.33, 4.0]
    """
    linear, healthy = _prepare(expression, controls, "Rice2013_IFN6", unit=unit, at_least=1)
    reference = np.median(linear.to_numpy()[healthy], axis=0)
    silent = [gene for gene, value in zip(linear.columns, reference, strict=True) if not value > 0]
    if silent:
        raise FeatureError(
            f"the median of {', '.join(silent)} over {int(healthy.sum())} controls is zero",
            expected="expression of all six genes in healthy controls, to divide by",
            do="use score:Rice2013_IFN6 of InterferonFeatures, which needs no controls",
        )
    score = np.median(linear.to_numpy() / reference, axis=1)
    return pd.Series(score, index=linear.index, name="six_gene_score")


def kim28_score(
    expression: pd.DataFrame,
    controls: Sequence[bool] | pd.Series,
    *,
    unit: str = "log2",
    scale: str = "log2",
) -> pd.Series:
    """Compute the standardised 28-gene interferon score of Kim 2018.

    Each gene is centred on the mean of the healthy controls and divided by their standard
    deviation; the score is the sum over the 28 genes (doi:10.1089/jir.2017.0127). Controls have
    mean 0; divide by 28 for the mean z-score.

    Parameters
    ----------
    expression : DataFrame of shape (n_samples, n_genes)
        Columns are HGNC symbols, current or as printed.
    controls : sequence of bool or Series of bool, one entry a sample
        Which samples are healthy controls, at least two; a Series is matched by name.
    unit : {"log2", "ln", "log10", "linear"}
        ``log2(x+1)``, ``ln(x+1)``, ``log10(x+1)`` or ``x``.
    scale : {"log2", "linear"}
        Scale on which z-scores are taken; ``log2`` is that of x + 1.

    Returns
    -------
    Series of shape (n_samples,)
        Sum of 28 z-scores, named ``kim28_score``.

    Raises
    ------
    FeatureError
        If there are fewer than two controls, a gene is missing, or a gene does not vary among
        the controls.

    Notes
    -----
    The paper's abstract settles 28 genes, NanoString counts, and a choice between a standardised
    score, given here, and a geometric mean. Three details follow the usual reading and have not
    been checked against its methods: that the standardised score is the sum and not the mean
    (a factor of 28), that z-scores are of log2 values (``scale`` gives the other reading), and that
    the standard deviation is that of a sample (n - 1). Only the second can change the order of
    samples.

    Examples
    --------
    >>> genes = get_signature("Kim2018_IFN28").genes
    >>> rows = [[1.0] * 28, [3.0] * 28, [2.0 + 2.0**0.5] * 28]
    >>> X = pd.DataFrame(rows, index=["H1", "H2", "P"], columns=genes)
    >>> kim28_score(X, [True, True, False]).round(2).tolist()
    [-19.8, 19.8, 28.0]
    """
    if scale not in _SCALES:
        raise FeatureError(
            f"no scale is called {scale!r}",
            expected=f"one of {', '.join(_SCALES)}",
            do=nearest(str(scale), _SCALES),
        )
    linear, healthy = _prepare(expression, controls, "Kim2018_IFN28", unit=unit, at_least=2)
    values = linear.to_numpy()
    if scale == "log2":
        values = np.log2(values + 1.0)
    mean = values[healthy].mean(axis=0)
    sd = values[healthy].std(axis=0, ddof=1)
    # a mean of equal numbers can differ from them in the last bit
    same = np.ptp(values[healthy], axis=0) == 0
    if same.any():
        constant = [gene for gene, flat in zip(linear.columns, same, strict=True) if flat]
        raise FeatureError(
            f"{', '.join(constant)} is the same in all {int(healthy.sum())} controls",
            expected="genes that vary among healthy controls, to divide by their deviation",
            do="give more controls, or use score:Kim2018_IFN28 of InterferonFeatures",
        )
    score = ((values - mean) / sd).sum(axis=1)
    return pd.Series(score, index=linear.index, name="kim28_score")


def _prepare(
    expression: pd.DataFrame,
    controls: Sequence[bool] | pd.Series,
    signature: str,
    *,
    unit: str,
    at_least: int,
) -> tuple[pd.DataFrame, np.ndarray]:
    """Return the linear expression of a signature's genes and the mask of controls."""
    check_unit(unit)
    healthy = _mask(expression, controls)
    if healthy.sum() < at_least:
        raise FeatureError(
            f"{int(healthy.sum())} healthy controls among {len(healthy)} samples",
            expected=f"at least {at_least}: {signature} is published relative to controls",
            do="mark the controls, or use InterferonFeatures, which needs none",
        )
    genes = get_signature(signature).genes
    positions = locate([str(column) for column in expression.columns], genes)
    missing = [gene for gene, at in zip(genes, positions, strict=True) if at < 0]
    if missing:
        raise FeatureError(
            f"{len(missing)} of the {len(genes)} genes of {signature} are missing: "
            f"{', '.join(missing)}",
            expected="all of them: over fewer it is not the published score",
            do="use InterferonFeatures, which averages the genes that are present",
        )
    values = expression.iloc[:, positions].to_numpy(dtype=np.float64)
    if not np.isfinite(values).all() or (values < 0).any():
        raise FeatureError(
            f"missing, infinite or negative values among the genes of {signature}",
            expected="counts, CPM, TPM, or their logarithm log(x+1)",
            do="give the matrix before any centring or z-scoring",
        )
    if unit in NATURAL:
        values = np.expm1(values * NATURAL[unit])
    return pd.DataFrame(values, index=expression.index, columns=list(genes)), healthy


def _mask(expression: pd.DataFrame, controls: Sequence[bool] | pd.Series) -> np.ndarray:
    """Return the controls as a boolean array in the order of the samples."""
    mask = np.asarray(controls)
    if isinstance(controls, pd.Series):
        if controls.index.has_duplicates or not expression.index.isin(controls.index).all():
            raise FeatureError(
                "controls is a Series that does not name every sample once",
                expected="an entry for each sample of the matrix, by name",
                do="give controls.reindex(expression.index), or an array in the same order",
            )
        mask = controls.loc[expression.index].to_numpy()
    if mask.dtype == object and all(isinstance(one, bool | np.bool_) for one in mask.ravel()):
        mask = mask.astype(bool)
    if mask.dtype != bool or mask.shape != (len(expression),):
        raise FeatureError(
            f"controls of type {mask.dtype} and shape {mask.shape} for {len(expression)} samples",
            expected="True or False for each sample, none missing",
            do='compare a column with a value: (obs["group"] == "healthy").to_numpy()',
        )
    return mask
