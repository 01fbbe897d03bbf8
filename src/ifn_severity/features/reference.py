"""The reference genes: what every sample is measured against."""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files

import numpy as np
import pandas as pd

from ifn_severity.errors import FeatureError

OFFSET = 16.0
"""Added to abundance in CPM of the reference profile before the logarithm: below it is noise."""
MIN_REFERENCE_GENES = 6
"""Fewest reference genes that features are computed with, unless a caller asks for fewer."""
# A reference gene that is (nearly) absent pulls the size factor down by this factor at most.
_FLOOR = 2.0**-6


@cache
def reference_profile() -> dict[str, float]:
    """Return the reference genes with their usual abundance in blood, in CPM.

    The genes are the eleven uniformly expressed in human tissues of Eisenberg & Levanon 2013
    (doi:10.1016/j.tig.2013.05.010). Their abundance is frozen: the mean over healthy people of
    GSE152641 (whole blood) and GSE152418 (PBMC), made by ``tools/build_reference.py``. No
    patient enters it, and no cohort changes it.

    Returns
    -------
    dict of str to float

    Examples
    --------
    >>> list(reference_profile())[:3]
    ['C1orf43', 'CHMP2A', 'EMC7']
    """
    text = (files("ifn_severity.features") / "catalogue" / "reference.csv").read_text("utf-8")
    return {row["gene"]: float(row["cpm"]) for row in csv.DictReader(text.splitlines())}


def reference_genes() -> tuple[str, ...]:
    """Return the symbols of the reference genes."""
    return tuple(reference_profile())


def size_factors(abundance: np.ndarray, usual: np.ndarray) -> np.ndarray:
    """Return how much a sample's reference genes exceed their usual abundance.

    It is the geometric mean, over the reference genes that were measured, of the ratio to the
    usual abundance. A ratio under 1/64 of the sample's mean ratio counts as that, so that one
    gene without a read does not decide. A constant factor on the sample is a factor on the
    result, and cancels in ``abundance / size``.

    Parameters
    ----------
    abundance : ndarray of shape (n_samples, n_reference)
        Linear abundance of the reference genes that are present.
    usual : ndarray of shape (n_reference,)
        Their abundance in the reference profile, CPM.

    Returns
    -------
    ndarray of shape (n_samples,)
        NaN where no reference gene is expressed.

    References
    ----------
    Vandesompele J et al. Genome Biol 2002;3:research0034,
    doi:10.1186/gb-2002-3-7-research0034 (geometric mean of reference genes).

    Examples
    --------
    >>> size_factors(np.array([[10.0, 40.0], [0.0, 0.0]]), np.array([10.0, 10.0]))
    array([ 2., nan])
    """
    ratio = abundance / usual
    mean = ratio.mean(axis=1)
    mean = np.where(mean > 0, mean, np.nan)
    floored = np.maximum(ratio / mean[:, None], _FLOOR)
    return np.asarray(mean * np.exp2(np.log2(floored).mean(axis=1)))


def reference_levels(expression: pd.DataFrame) -> pd.DataFrame:
    """Measure every gene of a matrix against the reference genes, as the features do.

    Parameters
    ----------
    expression : DataFrame of shape (n_samples, n_genes)
        log2(x+1), columns named by current HGNC symbol.

    Returns
    -------
    DataFrame of shape (n_samples, n_genes)
        log2(x / size factor + 16); NaN in samples that express no reference gene.

    Raises
    ------
    FeatureError
        If no reference gene is there.

    Examples
    --------
    >>> reference_levels(pd.DataFrame({"VCP": [5.0], "IFI27": [5.0]})).round(2).iloc[0].tolist()
    [8.5, 8.5]
    """
    found = [gene for gene in reference_genes() if gene in expression.columns]
    if not found:
        raise FeatureError(
            f"none of the {len(reference_genes())} reference genes is among the columns",
            expected=", ".join(reference_genes()),
            do="give the whole matrix with current gene symbols",
        )
    linear = np.exp2(expression.to_numpy(dtype=float)) - 1.0
    usual = np.array([reference_profile()[gene] for gene in found])
    size = size_factors(linear[:, expression.columns.get_indexer(pd.Index(found))], usual)
    levels = np.log2(linear / size[:, None] + OFFSET)
    return pd.DataFrame(levels, index=expression.index, columns=expression.columns)
