"""Plasma analytes: which gene a printed name such as ``CXCL10orIP10`` stands for.

The table ``analytes.csv`` holds, for each cohort of plasma proteins, the printed name of an
analyte, the current HGNC symbol it goes by here, the genes of all its subunits, its UniProt
accession where the source prints one, and a family. An analyte of several subunits goes by the
subunit that no other analyte of the panel stands for: IL-12p70 by IL12A, beside IL-12p40 as
IL12B; PDGF-AB/BB by PDGFB, beside PDGF-AA as PDGFA; IL-23 by IL23A.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from ifn_severity.errors import CohortError

if TYPE_CHECKING:
    import pandas as pd

FAMILIES = ("interferon", "cytokine", "chemokine", "growth factor", "other")


@dataclass(frozen=True, slots=True)
class Analyte:
    """One measured protein or complex of a panel.

    Attributes
    ----------
    name : str
        As the source prints it, without blanks around it.
    symbol : str
        Current HGNC symbol, unique in its cohort.
    genes : tuple of str
        Current symbols of all subunits.
    uniprot : str
        Accession, where the source prints one.
    family : {"interferon", "cytokine", "chemokine", "growth factor", "other"}
        Others are receptors, enzymes and the like.
    """

    name: str
    symbol: str
    genes: tuple[str, ...]
    uniprot: str
    family: str


@cache
def analytes() -> Mapping[str, tuple[Analyte, ...]]:
    """Return the analytes of each cohort of plasma proteins, in the order of its source.

    Examples
    --------
    >>> [one.genes for one in analytes()["yale-impact"] if one.name == "IL12p70"]
    [('IL12A', 'IL12B')]
    """
    text = files("ifn_severity.cohorts").joinpath("analytes.csv").read_text("utf-8")
    table: dict[str, list[Analyte]] = {}
    for row in csv.DictReader(text.splitlines()):
        genes = tuple(row["genes"].split("+"))
        one = Analyte(row["analyte"], row["symbol"], genes, row["uniprot"], row["family"])
        table.setdefault(row["cohort"], []).append(one)
    return {cohort: tuple(rows) for cohort, rows in table.items()}


@cache
def analyte_families() -> Mapping[str, str]:
    """Return the family of every analyte's symbol, over all cohorts, sorted by symbol."""
    families = {one.symbol: one.family for rows in analytes().values() for one in rows}
    return dict(sorted(families.items()))


def name_analytes(values: pd.DataFrame, cohort: str) -> pd.DataFrame:
    """Take a cohort's analytes out of a table and call them by gene symbols.

    Parameters
    ----------
    values : DataFrame of shape (n_samples, n_columns)
        Columns as printed; blanks around a name do not count.
    cohort : str

    Returns
    -------
    DataFrame of shape (n_samples, n_analytes)
        float64, NaN where nothing was measured; columns in the table's order.

    Raises
    ------
    CohortError
        If an analyte is not among the columns.
    """
    known = analytes()[cohort]
    stripped = values.rename(columns=lambda name: str(name).strip())
    missing = [one.name for one in known if one.name not in stripped.columns]
    if missing:
        raise CohortError(
            f"{cohort}: no column for {len(missing)} analytes, first {missing[0]!r}",
            expected=f"the {len(known)} analytes of the card's file",
            do="fetch the file again",
        )
    taken = stripped[[one.name for one in known]].astype("float64")
    return taken.set_axis([one.symbol for one in known], axis="columns")
