"""Any file that a user is likely to bring, as one grid."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ifn_severity.cohorts.container import Container, open_container, reading
from ifn_severity.cohorts.grid import Grid, clean
from ifn_severity.cohorts.textgrid import read_text
from ifn_severity.errors import InputError

# 2e9 values are 16 GB: an h5ad of single cells must not be unfolded by mistake
MAX_CELLS = 2_000_000_000
_SYMBOLS_IN_VAR = ("gene_symbols", "gene_symbol", "symbol", "gene_name", "feature_name")


def _xlsx(file: Container) -> Grid:
    """Read the first sheet of a workbook."""
    with (
        reading(file.path, "xlsx"),
        pd.ExcelFile(io.BytesIO(file.data), engine="openpyxl") as book,
    ):
        sheets = [str(name) for name in book.sheet_names]
        cells = book.parse(sheets[0], header=None, dtype=object)
    if len(cells) < 2 or cells.shape[1] < 2:
        raise InputError(
            f"{file.path}: sheet {sheets[0]!r} has {len(cells)} rows and {cells.shape[1]} columns",
            expected="a header row and then one row a gene or one row a sample",
            do="put the matrix on the first sheet",
        )
    header = [clean(name) for name in cells.iloc[0]]
    frame = cells.iloc[1:].reset_index(drop=True)
    ids = [clean(name) for name in frame[0]]
    grid = Grid(frame, header, ids, str(file.path), first_row=2)
    if len(sheets) > 1:
        grid.notes.append(f"The workbook has {len(sheets)} sheets; {sheets[0]!r} was read.")
    return grid


def _parquet(file: Container) -> Grid:
    """Read a parquet file, whose row names are an index or the first column."""
    import pyarrow.parquet as pq

    with reading(file.path, "parquet file"):
        frame = pq.read_table(io.BytesIO(file.data)).to_pandas()
    if not isinstance(frame.index, pd.RangeIndex):
        frame.insert(0, frame.index.name or "", frame.index, allow_duplicates=True)
    if frame.shape[0] < 1 or frame.shape[1] < 2:
        raise InputError(
            f"{file.path} has {frame.shape[0]} rows and {frame.shape[1]} columns",
            expected="row names, and one column a sample or one column a gene",
            do="write it with its index: frame.to_parquet('matrix.parquet', index=True)",
        )
    header = [clean(name) for name in frame.columns]
    frame = frame.reset_index(drop=True).set_axis(range(frame.shape[1]), axis="columns")
    return Grid(frame, header, [clean(name) for name in frame[0]], str(file.path), first_row=None)


def choose_layer(adata: Any) -> tuple[Any, Any, str]:
    """Return the matrix nearest to the measurement, the table of its genes, and its name."""
    if "counts" in adata.layers:
        return adata.layers["counts"], adata.var, "layers['counts']"
    lowest = adata.X.min() if adata.X is not None and adata.X.size else 0
    if adata.raw is not None and (adata.X is None or lowest < 0):
        return adata.raw.X, adata.raw.var, "raw"
    return adata.X, adata.var, "X"


def _h5ad(file: Container) -> Grid:
    """Read an AnnData file: counts if it has them, else X, else raw where X is scaled."""
    import anndata
    import h5py

    with (
        reading(file.path, "h5ad file"),
        h5py.File(io.BytesIO(file.data), "r") as content,
    ):
        keys = [str(key) for key in content]
    if not {"obs", "var"} <= set(keys):
        raise InputError(
            f"{file.path} is HDF5 but no h5ad: it holds {', '.join(keys[:5]) or 'nothing'}",
            expected="an AnnData file with obs, var and X",
            do="read it where it was made (e.g. scanpy.read_10x_h5) and write it with write_h5ad",
        )
    with tempfile.TemporaryDirectory() as folder:
        # anndata reads paths only, and the file may have been packed
        path = Path(folder) / "matrix.h5ad"
        path.write_bytes(file.data)
        with reading(file.path, "h5ad file"):
            adata = anndata.read_h5ad(path)
    matrix, var, where = choose_layer(adata)
    if matrix is None or 0 in matrix.shape:
        raise InputError(
            f"{file.path} has no values: {adata.n_obs} samples, {adata.n_vars} genes",
            expected="expression in X, raw or layers['counts']",
            do="write the AnnData again with its X",
        )
    if matrix.shape[0] * matrix.shape[1] > MAX_CELLS:
        raise InputError(
            f"{file.path} holds {matrix.shape[0]} × {matrix.shape[1]} values",
            expected="one row a patient sample, not one row a cell",
            do="sum the counts of each sample's cells (pseudo-bulk) and save these",
        )
    return annotated_grid(adata, matrix, var, where, file.path)


def annotated_grid(adata: Any, matrix: Any, var: pd.DataFrame, where: str, path: Path) -> Grid:
    """Return samples of an AnnData as a grid.

    Parameters
    ----------
    adata : AnnData
    matrix : ndarray or sparse matrix of shape (n_samples, n_genes)
        The values that are taken.
    var : DataFrame
        The genes of that matrix.
    where : str
        Its name in the file.
    path : Path
        For messages.
    """
    dense = np.asarray(matrix.todense() if hasattr(matrix, "todense") else matrix)
    frame = pd.DataFrame(dense)
    frame.columns = pd.RangeIndex(1, frame.shape[1] + 1)
    ids = [clean(name) for name in adata.obs_names]
    frame.insert(0, 0, ids)
    names = [clean(name) for name in var.index]
    grid = Grid(frame, ["sample", *names], ids, str(path), first_row=None)
    if "sex" in adata.obs:
        grid.sex = {name: str(sex) for name, sex in zip(ids, adata.obs["sex"], strict=True)}
    _name_genes(grid, var)
    if where != "X":
        grid.notes.append(f"Values were taken from {where}.")
    cohort = adata.uns.get("cohort")
    if where == "X" and isinstance(cohort, dict) and "ifn_severity" in cohort:
        grid.unit = "log2"
    return grid


def _name_genes(grid: Grid, var: pd.DataFrame) -> None:
    """Use a column of symbols in ``var`` where the index is not a gene's name."""
    from ifn_severity.genes import harmonise

    names = grid.header[1:]
    known = sum(symbol is not None for symbol in harmonise(names).symbols)
    for column in _SYMBOLS_IN_VAR:
        if column in var.columns:
            symbols = [clean(name) for name in var[column]]
            if sum(symbol is not None for symbol in harmonise(symbols).symbols) > known:
                chosen = [new or old for new, old in zip(symbols, names, strict=True)]
                grid.header = ["sample", *chosen]
                grid.notes.append(f"Genes are named by the column {column!r} of var.")
                return


def read_grid(path: Path, *, as_text: bool = False) -> Grid:
    """Read a csv, tsv, txt, xlsx, parquet or h5ad file, packed or not.

    Parameters
    ----------
    path : Path
        The file.
    as_text : bool, default=False
        Leave the cells of text files as they are written, for a table of words.

    Returns
    -------
    Grid
        Its header and cells.

    Raises
    ------
    InputError
        If the file is missing, damaged, empty or of another kind.
    """
    file = open_container(path)
    if file.format == "text":
        return read_text(file.data, str(path), as_text=as_text)
    return {"xlsx": _xlsx, "parquet": _parquet, "h5ad": _h5ad}[file.format](file)
