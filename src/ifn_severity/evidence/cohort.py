"""What the tests see of a cohort: its samples, and what was measured in them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import pandas as pd

from ifn_severity.features import features_of, get_signature

MIN_LIST_COVERAGE = 0.5
"""Least share of a list's genes that must have been measured for its score to be used."""


@dataclass(frozen=True, eq=False)
class Block:
    """One matrix of a cohort: bulk, plasma, or one cell type.

    Attributes
    ----------
    obs : DataFrame of shape (n_samples, n_columns)
        The typed columns of every cohort.
    levels : DataFrame of shape (n_samples, n_genes)
        log2(x+1) of CPM or TPM by gene symbol; log2 of analytes.
    scores : DataFrame of shape (n_samples, n_lists)
        Scores of lists, by name of the list.
    left_out : dict of str to str
        Lists without a score, and why.
    """

    obs: pd.DataFrame
    levels: pd.DataFrame
    scores: pd.DataFrame
    left_out: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class EvidenceCohort:
    """A cohort as the tests see it.

    Attributes
    ----------
    name, title, kind, tissue : str
    blocks : dict of str to Block
        Bulk or plasma under ``""``; cell types under the names of the claims.
    """

    name: str
    title: str
    kind: str
    tissue: str
    blocks: Mapping[str, Block]

    @property
    def obs(self) -> pd.DataFrame:
        """Samples of the whole cohort."""
        return self.blocks[""].obs


def make_block(levels: pd.DataFrame, obs: pd.DataFrame, lists: Iterable[str] = ()) -> Block:
    """Score the lists that a matrix covers well enough.

    Parameters
    ----------
    levels : DataFrame of shape (n_samples, n_genes)
        log2(x+1), columns named by current symbols.
    obs : DataFrame of shape (n_samples, n_columns)
    lists : iterable of str
        Names in the catalogue.

    Returns
    -------
    Block
    """
    usable, left_out = [], {}
    for name in lists:
        genes = get_signature(name).genes
        there = sum(gene in levels.columns for gene in genes)
        if there >= MIN_LIST_COVERAGE * len(genes):
            usable.append(name)
        else:
            left_out[name] = f"{there} of the {len(genes)} genes of {name} were measured"
    scores = pd.DataFrame(index=levels.index)
    if usable:
        scores = features_of(levels, lists=usable)
        scores.columns = pd.Index([column.removeprefix("score:") for column in scores.columns])
    return Block(obs, levels, scores, left_out)
