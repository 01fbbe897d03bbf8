"""The graded cohorts, in linear units, as every way of scoring gets them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ifn_severity.cohorts import load_cohort
from ifn_severity.features import feature_definition

COHORTS = ("GSE157103", "GSE155454", "schulte-cohort1", "schulte-cohort2")
HEALTHY = ("GSE152641", "GSE152418")
SET = feature_definition("all")
# the balance is a difference of two lists, which no other way of scoring has: it is left out
SCORES = SET.features.index.str.startswith("score:")
GENES = (SET.features["kind"] == "gene").to_numpy()
LISTS = {name.removeprefix("score:"): SET.genes_of(name) for name in SET.features.index[SCORES]}
if (SET.weights[:, SCORES] < 0).any():
    # ranks, ssGSEA and ULM here take a list for its genes, which no list of the set "all" forbids
    raise ValueError("a list with genes that count negatively needs signed methods")


@dataclass(frozen=True, eq=False)
class Cohort:
    """Graded samples of one cohort.

    Attributes
    ----------
    name : str
    linear : DataFrame of shape (n_samples, n_genes)
        CPM (TPM in GSE157103).
    severe : ndarray of shape (n_samples,), 0 or 1
    patients : ndarray of shape (n_samples,)
    """

    name: str
    linear: pd.DataFrame
    severe: np.ndarray
    patients: np.ndarray


def linear_expression_of(name: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return a cohort's expression as CPM and its sample columns."""
    adata = load_cohort(name)
    return np.exp2(adata.to_df().astype("float64")) - 1.0, adata.obs


def load_cohorts(names: tuple[str, ...] = COHORTS) -> list[Cohort]:
    """Load the samples graded mild or severe."""
    cohorts = []
    for name in names:
        linear, obs = linear_expression_of(name)
        graded = obs["severe"].notna().to_numpy()
        severe = obs.loc[graded, "severe"].to_numpy(dtype=int)
        patients = obs.loc[graded, "patient"].to_numpy(dtype=str)
        cohorts.append(Cohort(name, linear[graded], severe, patients))
    return cohorts


def healthy_profile() -> pd.DataFrame:
    """Return mean and standard deviation of log2(CPM+1) over healthy people, for panel genes.

    The mean of both over the two cohorts with healthy controls, none of which is held out.
    """
    frames = []
    for name in HEALTHY:
        linear, obs = linear_expression_of(name)
        level = np.log2(linear.loc[(obs["severity"] == "healthy").to_numpy()] + 1.0)
        level = level.reindex(columns=list(SET.panel))
        frames.append(pd.DataFrame({"mean": level.mean(), "sd": level.std()}))
    both = pd.concat(frames, axis=1).T.groupby(level=0).mean().T
    # a gene that is silent in healthy blood would otherwise be divided by nothing
    return both.assign(sd=both["sd"].clip(lower=0.25))
