"""What is known of each cell, read one column at a time: a million cells may have many columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import h5py
import pandas as pd
from anndata.io import read_elem

from ifn_severity.cohorts.container import reading
from ifn_severity.cohorts.pseudobulk.stream import damaged
from ifn_severity.errors import InputError, listed, nearest

_BARCODES = ("barcode", "barcodes", "cell", "cell_id", "cellid", "cell_barcode", "index", "")


class CellTable(Protocol):
    """Columns that say what each cell is."""

    @property
    def where(self) -> str:
        """The table, for messages."""

    @property
    def columns(self) -> list[str]:
        """Names of the columns."""

    def read(self, column: str) -> pd.Series:
        """Return one column as categories or numbers, in the order of the cells."""


def _slim(values: pd.Series) -> pd.Series:
    """Hold words as categories: a million strings take a hundred times the room."""
    if isinstance(values.dtype, pd.CategoricalDtype) or pd.api.types.is_numeric_dtype(values):
        return values.reset_index(drop=True)
    return values.astype("category").reset_index(drop=True)


@dataclass(frozen=True)
class H5adTable:
    """The table ``obs`` of an h5ad file.

    Attributes
    ----------
    path : Path
        The file.
    columns : list of str
        Its columns.
    n_cells : int
        Its rows.
    """

    path: Path
    columns: list[str]
    n_cells: int

    @property
    def where(self) -> str:
        """The table, for messages."""
        return f"obs of {self.path}"

    def read(self, column: str) -> pd.Series:
        """Return one column as categories or numbers, in the order of the cells."""
        with reading(self.path, "h5ad file"), h5py.File(self.path, "r") as file:
            obs = file["obs"]
            if obs.attrs.get("encoding-version") == "0.2.0":
                values = pd.Series(read_elem(obs[column]))
            else:
                # older files keep categories apart from their column
                values = read_elem(obs)[column]
        if len(values) != self.n_cells:
            raise damaged(self.path, f"column {column} has {len(values)} rows of {self.n_cells}")
        return _slim(values)


@dataclass(frozen=True, eq=False)
class JoinedTable:
    """A table of the user's, brought into the order of the cells.

    Attributes
    ----------
    path : Path
        The file.
    frame : DataFrame of shape (n_cells, n_columns)
        Its columns; cells that it does not list have none.
    """

    path: Path
    frame: pd.DataFrame

    @property
    def where(self) -> str:
        """The table, for messages."""
        return str(self.path)

    @property
    def columns(self) -> list[str]:
        """Names of the columns."""
        return [str(column) for column in self.frame.columns]

    def read(self, column: str) -> pd.Series:
        """Return one column as categories or numbers, in the order of the cells."""
        return _slim(self.frame[column])


def _read_table(path: Path) -> pd.DataFrame:
    if not path.is_file():
        raise InputError(
            f"no file {path}",
            expected="a table of cells: csv, tsv (also gz) or parquet",
            do="check the path given with --obs",
        )
    name = path.name.casefold()
    with reading(path, "table of cells"):
        if name.endswith(".parquet"):
            frame = pd.read_parquet(path)
            if not isinstance(frame.index, pd.RangeIndex):
                frame = frame.reset_index()
        else:
            separator = "," if ".csv" in name else "\t"
            frame = pd.read_csv(path, sep=separator, dtype="category", keep_default_na=True)
    # pandas names an empty heading itself
    names = ["" if str(c).startswith("Unnamed: ") else str(c).strip() for c in frame.columns]
    if len(names) < 2:
        raise InputError(
            f"{path} has {len(names)} column",
            expected="a column of barcodes, and columns for patient and cell type",
            do="separate the columns by commas in a .csv, by tabs in a .tsv",
        )
    return frame.set_axis(names, axis=1)


def join_table(path: Path, barcodes: Sequence[str]) -> tuple[JoinedTable, list[str]]:
    """Read a table of cells and bring it into the order of the matrix.

    Parameters
    ----------
    path : Path
        csv, tsv or parquet: one row a cell, barcodes in a column named ``barcode``, ``cell`` or
        ``index``, or else in the first.
    barcodes : sequence of str
        Names of the cells of the matrix.

    Returns
    -------
    JoinedTable
        One row for every cell of the matrix.
    list of str
        What did not match, in sentences.

    Raises
    ------
    InputError
        If the table cannot be read, lists a cell twice or none of the cells.
    """
    frame = _read_table(path)
    key = next((c for c in frame.columns if c.casefold() in _BARCODES), frame.columns[0])
    listed_cells = pd.Index(frame[key].astype(str))
    if listed_cells.has_duplicates:
        twice = listed_cells[listed_cells.duplicated()].unique()
        raise InputError(
            f"{path}: cells listed more than once in column {key!r}: {listed(twice)}",
            expected="one row a cell",
            do="keep one row of each; barcodes of several runs need a suffix to tell them apart",
        )
    cells = pd.Index(barcodes)
    if cells.has_duplicates:
        twice = cells[cells.duplicated()].unique()
        raise InputError(
            f"barcodes that occur more than once in the matrix: {listed(twice)}",
            expected="a barcode of its own for each cell, to join the table on",
            do="give each run's barcodes a suffix, in the matrix and in the table",
        )
    rows = listed_cells.get_indexer(cells)
    found = int((rows >= 0).sum())
    if not found:
        raise InputError(
            f"{path}: none of its {len(listed_cells):,} cells (such as {listed_cells[0]}) is among "
            f"the {len(cells):,} of the matrix (such as {cells[0]})",
            expected=f"barcodes of the matrix in column {key!r}",
            do="write the barcodes alike in both, suffixes such as -1 included",
        )
    notes = []
    if found < len(cells):
        notes.append(f"{len(cells) - found:,} cells of the matrix are not in {path.name}.")
    if found < len(listed_cells):
        notes.append(f"{len(listed_cells) - found:,} rows of {path.name} are not in the matrix.")
    return JoinedTable(path, frame.drop(columns=key).set_axis(listed_cells).reindex(cells)), notes


def check_columns(table: CellTable, wanted: dict[str, str]) -> None:
    """Refuse columns that are not there, with the nearest that are.

    Parameters
    ----------
    table : CellTable
        What is known of the cells.
    wanted : dict of str to str
        Option, and the column that it names.

    Raises
    ------
    InputError
        If one is missing.
    """
    for option, column in wanted.items():
        if column not in table.columns:
            raise InputError(
                f"{table.where} has no column {column!r}, given with {option}",
                expected=f"one of its columns: {', '.join(table.columns) or 'it has none'}",
                do=nearest(column, table.columns) if table.columns else "give --obs TABLE",
            )
