"""10x output: the folder of matrix.mtx.gz with its tables, and the h5 file."""

from __future__ import annotations

import gzip
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

import h5py
import numpy as np
import pandas as pd
from scipy import sparse

from ifn_severity.cohorts.pseudobulk.stream import (
    READABLE,
    Span,
    SparseMatrix,
    Tile,
    damaged,
    reading_cells,
)
from ifn_severity.errors import InputError, listed

_EXPRESSION = "Gene Expression"


def _open(path: Path) -> IO[bytes]:
    if path.suffix == ".gz":
        return cast("IO[bytes]", gzip.open(path, "rb"))
    return path.open("rb")


@dataclass(frozen=True)
class MtxMatrix:
    """A Matrix Market file, genes × cells, as text: read from front to end, in any order of lines.

    Attributes
    ----------
    path : Path
        The file, packed with gzip or not.
    shape : tuple of int
        Cells, genes.
    """

    path: Path
    shape: tuple[int, int]
    divisible: bool = False  # packed text has no beginning but its first line

    def spans(self, genes: tuple[int, int], block: int) -> list[Span]:
        """Return the whole of the file as one span: text cannot be cut."""
        return [Span((0, self.shape[0]), genes)]

    def tiles(self, spans: Sequence[Span], block: int) -> Iterator[Tile]:
        """Read ``block`` lines at a time."""
        for span in spans:
            low, high = span.genes
            with reading_cells(self.path), _open(self.path) as file:
                stored = _mtx_header(file, self.path)[2]
                lines = pd.read_csv(
                    file,
                    sep=r"\s+",
                    header=None,
                    names=["gene", "cell", "value"],
                    dtype={"gene": np.int32, "cell": np.int32, "value": np.float64},
                    chunksize=block,
                )
                seen = 0
                for chunk in lines:
                    seen += len(chunk)
                    genes, cells = chunk["gene"].to_numpy() - 1, chunk["cell"].to_numpy() - 1
                    for at, size in ((cells, self.shape[0]), (genes, self.shape[1])):
                        if at.min() < 0 or at.max() >= size:
                            raise damaged(self.path, "a line points outside the matrix")
                    first, last = int(cells.min()), int(cells.max()) + 1
                    inside = (genes >= low) & (genes < high)
                    where = (cells[inside] - first, genes[inside] - low)
                    values = sparse.coo_array(
                        (chunk["value"].to_numpy()[inside], where), shape=(last - first, high - low)
                    )
                    yield Tile(Span((first, last), span.genes), values.tocsr())
                if seen != stored:
                    raise damaged(self.path, f"{seen:,} values of {stored:,} in its header")


def _mtx_header(file: IO[bytes], path: Path) -> tuple[int, int, int]:
    """Read the head of a Matrix Market file: genes, cells, stored values."""
    kind = file.readline().decode("latin-1").split()
    form = kind[1:] if kind[:1] == ["%%MatrixMarket"] else []
    if form[:2] != ["matrix", "coordinate"] or form[2:] not in (
        ["integer", "general"],
        ["real", "general"],
    ):
        raise InputError(
            f"{path} starts with {' '.join(kind)[:60]!r}",
            expected="%%MatrixMarket matrix coordinate integer general, as 10x writes it",
            do="write the counts again with scipy.io.mmwrite, genes × cells",
        )
    line = file.readline()
    while line.startswith(b"%"):
        line = file.readline()
    genes, cells, stored = (int(part) for part in line.split())
    return genes, cells, stored


def _find(folder: Path, prefix: str, names: tuple[str, ...]) -> Path:
    for name in names:
        for path in (folder / f"{prefix}{name}.gz", folder / f"{prefix}{name}"):
            if path.is_file():
                return path
    raise InputError(
        f"{folder} has no {prefix}{names[0]}.gz",
        expected=READABLE,
        do="put matrix.mtx.gz, barcodes.tsv.gz and features.tsv.gz of one run into one folder",
    )


def _genes(ids: list[str], symbols: list[str], kinds: list[str]) -> tuple[pd.DataFrame, list[str]]:
    """Make the table of genes; other features, such as antibodies, are marked."""
    genes = pd.DataFrame({"gene_symbols": symbols, "expression": True}, index=pd.Index(ids))
    notes = []
    if kinds:
        genes["expression"] = [kind == _EXPRESSION for kind in kinds]
        other = int((~genes["expression"]).sum())
        if other == len(genes):
            raise InputError(
                f"no feature is of the kind {_EXPRESSION!r}: they are {listed(set(kinds))}",
                expected="gene expression among the features",
                do="give the output that holds gene expression",
            )
        if other:
            notes.append(
                f"{other:,} features that are no genes (such as antibodies) were left out."
            )
    return genes, notes


Opened = tuple["MtxMatrix | SparseMatrix", pd.DataFrame, list[str], list[str]]
"""Matrix, genes (index: ids; columns gene_symbols, expression), barcodes, notes."""


def open_folder(path: Path) -> Opened:
    """Open a 10x folder, or the matrix.mtx.gz in it.

    Parameters
    ----------
    path : Path
        Folder with ``matrix.mtx``, ``barcodes.tsv`` and ``features.tsv`` (or ``genes.tsv``), each
        packed or not, all with the same prefix if any; or the matrix itself.

    Returns
    -------
    tuple
        See :data:`Opened`.

    Raises
    ------
    InputError
        If a file is missing, or their sizes do not fit.
    """
    found = sorted(path.glob("*matrix.mtx*")) if path.is_dir() else [path]
    if len(found) != 1:
        raise InputError(
            f"{path} holds {len(found)} files *matrix.mtx*"
            + (f": {listed(entry.name for entry in found)}" if found else ""),
            expected=READABLE,
            do="give the matrix.mtx.gz that you mean" if found else "check the path",
        )
    prefix = found[0].name.split("matrix.mtx")[0]
    folder = found[0].parent
    tables = {
        "features": _find(folder, prefix, ("features.tsv", "genes.tsv")),
        "barcodes": _find(folder, prefix, ("barcodes.tsv",)),
    }
    with reading_cells(found[0]), _open(found[0]) as file:
        n_genes, n_cells, _ = _mtx_header(file, found[0])
    frames = {}
    for name, table in tables.items():
        with reading_cells(table):
            frames[name] = pd.read_csv(table, sep="\t", header=None, dtype=str, na_filter=False)
    features, cells = frames["features"], frames["barcodes"]
    for name, frame, size in (("features", features, n_genes), ("barcodes", cells, n_cells)):
        if len(frame) != size:
            raise damaged(tables[name], f"{len(frame):,} rows, and {found[0].name} has {size:,}")
    columns = [features[at].tolist() for at in features.columns[:3]]
    genes, notes = _genes(
        columns[0],
        columns[1] if len(columns) > 1 else columns[0],
        columns[2] if len(columns) > 2 else [],
    )
    return MtxMatrix(found[0], (n_cells, n_genes)), genes, cells[0].tolist(), notes


def is_10x_h5(keys: dict[str, list[str]]) -> bool:
    """Tell whether the groups of an HDF5 file are those of 10x output."""
    return any({"barcodes", "data", "indices", "indptr"} <= set(inner) for inner in keys.values())


def open_h5(path: Path, keys: dict[str, list[str]]) -> Opened:
    """Open a 10x h5 file, of Cell Ranger 3 or of the versions before.

    Parameters
    ----------
    path : Path
        The file.
    keys : dict of str to list of str
        Its groups, and what is in each.

    Returns
    -------
    tuple
        See :data:`Opened`.

    Raises
    ------
    InputError
        If it is damaged, or holds several genomes.
    """
    groups = [name for name, inner in keys.items() if "barcodes" in inner]
    if len(groups) != 1:
        raise InputError(
            f"{path} holds {len(groups)} matrices: {listed(groups)}",
            expected="one matrix, of one genome",
            do="export the human genome's counts into a file of their own",
        )
    with reading_cells(path), h5py.File(path, "r") as file:
        group = file[groups[0]]
        n_genes, n_cells = (int(size) for size in group["shape"][:])

        def text(name: str) -> list[str]:
            return [str(value) for value in group[name].asstr()[:]]

        barcodes = text("barcodes")
        if "features" in group:
            ids, symbols = text("features/id"), text("features/name")
            kinds = text("features/feature_type")
        else:
            ids, symbols, kinds = text("genes"), text("gene_names"), []
    if len(barcodes) != n_cells or len(ids) != n_genes:
        raise damaged(path, f"{len(barcodes):,} barcodes and {len(ids):,} features, but "
                      f"{n_cells:,} × {n_genes:,} counts")  # fmt: skip
    genes, notes = _genes(ids, symbols, kinds)
    # genes × cells by column is cells × genes by row
    return SparseMatrix(path, groups[0], (n_cells, n_genes), by_cell=True), genes, barcodes, notes
