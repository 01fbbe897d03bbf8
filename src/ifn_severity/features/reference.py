"""The reference genes: what every sample is measured against."""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files

import numpy as np

OFFSET = 16.0
"""Added to abundance in CPM of the reference profile before the logarithm: below it is noise."""
MIN_REFERENCE_GENES = 4
"""Fewest of the reference genes with which the package's own commands go on."""
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
