"""Open a file of single cells, whatever its kind: counts, genes, and what is known of each cell."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import h5py
import pandas as pd
from anndata.io import read_elem

from ifn_severity.cohorts.container import reading
from ifn_severity.cohorts.pseudobulk.cells import CellTable, H5adTable, join_table
from ifn_severity.cohorts.pseudobulk.stream import (
    READABLE,
    DenseMatrix,
    Matrix,
    SparseMatrix,
    damaged,
    reading_cells,
)
from ifn_severity.cohorts.pseudobulk.tenx import is_10x_h5, open_folder, open_h5
from ifn_severity.errors import InputError, nearest
from ifn_severity.genes import collapse, harmonise

_SYMBOLS = ("gene_symbols", "gene_symbol", "symbol", "gene_name", "feature_name")
_SPARSE = {"csr_matrix": True, "csc_matrix": False}


@dataclass(frozen=True, eq=False)
class CellFile:
    """A file of single cells, opened far enough to know what is in it.

    Attributes
    ----------
    path : Path
        The file or folder.
    matrix : Matrix
        Where the counts are.
    genes : DataFrame of shape (n_genes, n_columns)
        Index: the file's own identifiers. ``name``: what is harmonised; ``expression``: whether
        the feature is a gene.
    cells : CellTable
        What is known of the cells.
    layer : str
        What was read: ``X``, the name of a layer, ``raw`` or ``10x``.
    notes : tuple of str
        What was assumed or left out, in sentences.
    """

    path: Path
    matrix: Matrix
    genes: pd.DataFrame
    cells: CellTable
    layer: str
    notes: tuple[str, ...]


def _named(genes: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Choose the names that more genes are known by: identifiers, or a column of symbols."""
    best, known, notes = [str(name) for name in genes.index], -1, []
    for column in ("", *_SYMBOLS):
        if column and column not in genes:
            continue
        names = [str(name) for name in (genes[column] if column else genes.index)]
        found = sum(symbol is not None for symbol in harmonise(names).symbols)
        if found > known:
            best, known = names, found
            notes = [f"Genes are named by the column {column!r}."] if column else []
    table = pd.DataFrame({"name": best}, index=pd.Index([str(name) for name in genes.index]))
    table["expression"] = genes["expression"].to_numpy() if "expression" in genes else True
    return table, notes + _merged(table.loc[table["expression"], "name"].tolist())


def _merged(names: list[str]) -> list[str]:
    """Say which genes stand there more than once, and what becomes of them in the cohorts."""
    return collapse(pd.DataFrame(columns=pd.Index(names), dtype="float64"), harmonise(names))[1]


def _layer(file: h5py.File, path: Path, layer: str | None) -> tuple[str, str, str]:
    """Return where the counts are, where their genes are, and what to call that."""
    layers = sorted(file["layers"]) if "layers" in file else []
    raw = "raw" in file and "X" in file["raw"]
    there = [*(["X"] if "X" in file else []), *layers, *(["raw"] if raw else [])]
    chosen = layer or "X"
    if chosen in layers:
        return f"layers/{chosen}", "var", chosen
    if chosen == "raw" and raw:
        return "raw/X", "raw/var", chosen
    if chosen == "X" and "X" in file:
        return "X", "var", chosen
    raise InputError(
        f"{path} has no {'layer ' if layer else ''}{chosen}",
        expected=f"one of {', '.join(there) or 'no matrices: there are none'}",
        do=nearest(chosen, there) if there else "write the AnnData again with its counts",
    )


def _open_h5ad(path: Path, layer: str | None) -> tuple[Matrix, pd.DataFrame, H5adTable, str]:
    with reading_cells(path), h5py.File(path, "r") as file:
        place, var, name = _layer(file, path, layer)
        if not isinstance(file["obs"], h5py.Group):
            raise InputError(
                f"{path} was written by anndata before 0.7",
                expected=READABLE,
                do="write it anew: anndata.read_h5ad('old.h5ad').write_h5ad('new.h5ad')",
            )
        stored = file[place]
        kind = str(stored.attrs.get("encoding-type", stored.attrs.get("h5sparse_format", "")))
        columns = [str(column) for column in file["obs"].attrs["column-order"]]
        index = file["obs"][str(file["obs"].attrs["_index"])]
        n_cells = int(index.shape[0])
        if isinstance(stored, h5py.Dataset):
            shape = tuple(int(size) for size in stored.shape)
            numeric = stored.dtype.kind
        elif kind in _SPARSE:
            shape = tuple(int(size) for size in stored.attrs["shape"])
            numeric = stored["data"].dtype.kind
        else:
            raise damaged(path, f"{place} is stored as {kind or 'nothing known'}")
    if numeric not in "iufb":
        raise damaged(path, f"{place} holds no numbers")
    with reading(path, "h5ad file"), h5py.File(path, "r") as file:
        genes = read_elem(file[var])
    if shape != (n_cells, len(genes)):
        raise damaged(
            path, f"{place} is {shape}, and there are {n_cells} cells, {len(genes)} genes"
        )
    table = H5adTable(path, columns, n_cells)
    if kind in _SPARSE:
        by_cell = _SPARSE[kind]
        return SparseMatrix(path, place, (n_cells, len(genes)), by_cell), genes, table, name
    return DenseMatrix(path, place, (n_cells, len(genes))), genes, table, name


def _h5ad_barcodes(path: Path) -> list[str]:
    with reading_cells(path), h5py.File(path, "r") as file:
        index = file["obs"][str(file["obs"].attrs["_index"])]
        values = index.asstr()[:] if h5py.check_string_dtype(index.dtype) else index[:]
    return [str(value) for value in values]


def open_cells(path: Path, *, layer: str | None = None, obs: Path | None = None) -> CellFile:
    """Open a file of single cells; the kind is told by content.

    Parameters
    ----------
    path : Path
        h5ad, 10x h5, a 10x folder, or the ``matrix.mtx.gz`` in one.
    layer : str, optional
        For h5ad: ``X``, a layer's name, or ``raw`` for ``raw.X``; X when left out.
    obs : Path, optional
        A table of cells, used in place of what the file says of them; needed for 10x output.

    Returns
    -------
    CellFile
        Where to read counts, genes and cells. No count has been read.

    Raises
    ------
    InputError
        If there is no such file, it is of another kind, damaged or without cells.
    """
    if not path.exists():
        there = [entry.name for entry in path.parent.iterdir()] if path.parent.is_dir() else []
        raise InputError(
            f"no file {path}",
            expected=READABLE,
            do=nearest(path.name, there) if 0 < len(there) < 50 else "check the path",
        )
    barcodes: list[str] | None = None
    own: CellTable | None = None
    notes: list[str] = []
    matrix: Matrix
    if path.is_dir() or "matrix.mtx" in path.name:
        matrix, genes, barcodes, notes = open_folder(path)
        name = "10x"
    elif h5py.is_hdf5(path):
        with reading_cells(path), h5py.File(path, "r") as file:
            keys = {
                str(key): [str(inner) for inner in value] if isinstance(value, h5py.Group) else []
                for key, value in file.items()
            }
        if is_10x_h5(keys):
            matrix, genes, barcodes, notes = open_h5(path, keys)
            name = "10x"
        elif {"obs", "var"} <= keys.keys():
            matrix, genes, own, name = _open_h5ad(path, layer)
        else:
            raise InputError(
                f"{path} is HDF5, but holds {', '.join(list(keys)[:5]) or 'nothing'}",
                expected=READABLE,
                do="write it as h5ad where it was made",
            )
    else:
        raise InputError(
            f"{path} is no file of single cells that is known here",
            expected=READABLE,
            do="save it as h5ad; one row a patient needs no pseudobulk (see cohorts add)",
        )
    if name == "10x" and layer is not None:
        raise InputError(
            f"{path} is 10x output, which has no layers",
            expected="--layer only with h5ad files",
            do="leave --layer out",
        )
    if 0 in matrix.shape:
        raise InputError(
            f"{path} holds {matrix.shape[0]} cells and {matrix.shape[1]} genes",
            expected="at least one of each",
            do="check that the file was written whole",
        )
    if obs is not None:
        own, unmatched = join_table(obs, barcodes or _h5ad_barcodes(path))
        notes.extend(unmatched)
    if own is None:
        raise InputError(
            f"{path} is 10x output, which does not say what its cells are",
            expected="a table of barcodes with patient and cell type",
            do="give it with --obs cells.csv",
        )
    genes, named = _named(genes)
    return CellFile(path, matrix, genes, own, name, (*notes, *named))
