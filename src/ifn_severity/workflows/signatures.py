"""Signatures: what the catalogue holds, what a file holds of it, and whether it is enough."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from ifn_severity.cohorts.matrix import read_expression
from ifn_severity.features import get_signature, load_catalogue, panel_genes
from ifn_severity.features.list_coverage import list_coverage
from ifn_severity.features.panel_coverage import PanelCoverage, panel_coverage


@dataclass(frozen=True, eq=False)
class FileCoverage:
    """What a file holds of each gene list.

    Attributes
    ----------
    table : DataFrame indexed by list
        See :func:`ifn_severity.features.list_coverage.list_coverage`.
    n_samples : int
        Samples in the file.
    panel : PanelCoverage
        What the file holds of the genes of all lists and of the reference genes, and whether
        features can be computed from it.
    notes : tuple of str
        What was assumed, renamed, merged or dropped.
    """

    table: pd.DataFrame
    n_samples: int
    panel: PanelCoverage
    notes: tuple[str, ...]


def short_citation(citation: str) -> str:
    """Return author, year and journal of the first publication cited.

    Examples
    --------
    >>> short_citation("Li 2014 Nat Immunol 15:195 (blood modules) doi:10.1038/ni.2789")
    'Li 2014 Nat Immunol 15:195'
    >>> short_citation('Reactome R-HSA-1059683 "Interleukin-6 signaling" (Gillespie 2022)')
    'Reactome R-HSA-1059683'
    """
    ends = [citation.find(mark) for mark in (" doi:", " (", ' "', ";", ",", " PMID")]
    return citation[: min((end for end in ends if end > 0), default=len(citation))]


def signature_table() -> pd.DataFrame:
    """Return one row a list of the catalogue.

    Returns
    -------
    DataFrame indexed by list
        Columns ``group``, ``family``, ``genes``, ``core`` and ``citation`` (short).
    """
    rows = {
        s.name: {
            "group": s.group,
            "family": s.family,
            "genes": len(s.genes),
            "core": s.core,
            "citation": short_citation(s.citation),
        }
        for s in load_catalogue().values()
    }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("list")


def coverage_of_file(path: Path, *, unit: str = "auto", name: str | None = None) -> FileCoverage:
    """Read a file as features do, and say what it holds of each list; no score is computed.

    Parameters
    ----------
    path : Path
        An expression matrix in any of the accepted formats.
    unit : str
        Unit of the file.
    name : str, optional
        One list of the catalogue; all of them when left out.

    Returns
    -------
    FileCoverage

    Raises
    ------
    InputError
        If the file cannot be read, or none of its names is a gene of the panel.
    FeatureError
        If there is no such list.
    """
    if name is not None:
        get_signature(name)
    read = read_expression(path, unit=unit, known_genes=panel_genes())
    columns = [str(column) for column in read.values.columns]
    table = list_coverage(columns, read.names)
    return FileCoverage(
        table=table if name is None else table.loc[[name]],
        n_samples=len(read.values),
        panel=panel_coverage(columns),
        notes=read.notes,
    )
