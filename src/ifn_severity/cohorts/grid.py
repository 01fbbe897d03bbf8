"""A grid of cells with a header, before anyone knows what is a gene and what a sample."""

from __future__ import annotations

import numbers
import re
from dataclasses import dataclass, field

import pandas as pd

# what people write into the upper left cell
SAMPLE_CORNERS = re.compile(r"samples?([_. ]?(id|name))?|patients?([_. ]?id)?|cell", re.I)
GENE_CORNERS = re.compile(
    r"genes?([_. ]?(id|name|symbol))?|(hgnc[_. ])?symbol|id_ref|ensembl.*", re.I
)


@dataclass
class Grid:
    """The cells of a file.

    Attributes
    ----------
    frame : DataFrame
        The body, columns numbered from 0; column 0 holds the names of the rows.
    header : list of str
        The name of each column of ``frame``; the first is often empty.
    ids : list of str
        Column 0 as text, empty where there is no name.
    path : str
        The file, for messages.
    first_row : int or None
        Line of the file that the first row of ``frame`` stands in; None where a format has none.
    unit : str
        The unit if the file itself says so, else empty.
    notes : list of str
        What was assumed so far.
    sex : dict of str to str
        The sex of samples, where the file says so.
    """

    frame: pd.DataFrame
    header: list[str]
    ids: list[str]
    path: str
    first_row: int | None
    unit: str = ""
    notes: list[str] = field(default_factory=list)
    sex: dict[str, str] = field(default_factory=dict)

    def place(self, row: int, column: int) -> str:
        """Say where a cell is, in the file's own terms.

        Parameters
        ----------
        row, column : int
            Position in ``frame``, from 0.
        """
        names = f"{self.ids[row]}, {self.header[column]}"
        if self.first_row is None:
            return names
        return f"row {row + self.first_row}, column {column + 1} ({names})"


def clean(name: object) -> str:
    """Return a name as text: no blanks around it, no ``.0`` behind an identifier.

    Examples
    --------
    >>> clean(3627.0), clean(" ISG15 "), clean(float("nan"))
    ('3627', 'ISG15', '')
    """
    if name is None or name is pd.NaT or name is pd.NA:
        return ""
    if isinstance(name, numbers.Real) and not isinstance(name, numbers.Integral):
        if name != name:
            return ""
        return str(int(float(name))) if float(name).is_integer() else str(name)
    return str(name).strip()
