"""The published packages, called as a user would call them, on whatever matrix they get."""

from __future__ import annotations

import numpy as np
import pandas as pd

from scoring.data import LISTS
from scoring.methods import Values


def _net() -> pd.DataFrame:
    rows = [(name, gene, 1.0) for name, genes in LISTS.items() for gene in genes]
    return pd.DataFrame(rows, columns=["source", "target", "weight"])


def gseapy_ssgsea(linear: pd.DataFrame) -> Values:
    """gseapy.ssgsea, its unnormalised ES: its NES divides by the range over the whole batch."""
    import gseapy

    result = gseapy.ssgsea(
        data=linear.T,
        gene_sets={name: list(genes) for name, genes in LISTS.items()},
        min_size=1,
        max_size=linear.shape[1],
        threads=1,
        outdir=None,
        no_plot=True,
    ).res2d
    table = result.pivot_table(index="Name", columns="Term", values="ES", aggfunc="first").astype(
        float
    )
    return table.reindex(index=linear.index, columns=list(LISTS)).to_numpy(), None


def _decoupler(linear: pd.DataFrame, method: str) -> Values:
    import decoupler

    table, _ = getattr(decoupler.mt, method)(np.log2(linear + 1.0), _net(), tmin=1)
    return table.reindex(index=linear.index, columns=list(LISTS)).to_numpy(), None


def decoupler_ulm(linear: pd.DataFrame) -> Values:
    """decoupler.mt.ulm; it leaves out genes that are zero in every sample of the batch."""
    return _decoupler(linear, "ulm")


def decoupler_gsva(linear: pd.DataFrame) -> Values:
    """decoupler.mt.gsva; every gene is first placed among the samples of the batch."""
    return _decoupler(linear, "gsva")
