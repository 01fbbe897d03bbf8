"""Sums per group of cells, as products of an indicator matrix with one tile after the other.

With the indicator matrix G (groups × cells, one 1 in the column of each cell that counts), the
pseudobulk of the counts X is G·X. Sums over cells can be taken in any order and any portions, so
each tile adds G[:, cells]·X[cells, genes] to the sums; float64 keeps whole numbers exact up to
2**53, which no sum of reads comes near.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ifn_severity.cohorts.pseudobulk.stream import BLOCK, Matrix, Span, Tile
from ifn_severity.errors import InputError
from ifn_severity.progress import progress_bar

if TYPE_CHECKING:
    from distributed import Client

SUMS = 32_000_000
"""Sums that are in memory at a time, 256 MB and once more while they are added up; more groups × genes are done in bands of genes."""
LARGEST = 2**31
_SHARES = 4
"""Shares of the work a Dask worker gets, so that a slow one does not hold up the rest."""

Sums = Any
"""Sums of shape (n_groups, n_genes): an ndarray, or an HDF5 dataset where memory is too small."""


@dataclass(frozen=True)
class BadValue:
    """A value that is no count: where it stands (from 0) and what it is."""

    cell: int
    gene: int
    value: float


def find_bad(tile: Tile) -> BadValue | None:
    """Return a value of a tile that is no count, if there is one.

    Parameters
    ----------
    tile : Tile
        Part of a matrix.

    Returns
    -------
    BadValue or None
        The first that is negative, not whole, not finite or beyond 2**31.
    """
    dense = isinstance(tile.values, np.ndarray)
    data = tile.values.reshape(-1) if dense else tile.values.data
    if data.dtype.kind in "ub" or not len(data):
        return None
    whole = data.dtype.kind == "i" or bool((data == np.rint(data)).all())
    # written so that NaN fails
    if whole and data.min() >= 0 and data.max() <= LARGEST:
        return None
    wrong = ~((data >= 0) & (data <= LARGEST) & (data == np.rint(data)))
    at = int(wrong.argmax())
    if dense:
        cell, gene = divmod(at, tile.values.shape[1])
    else:
        outer = int(np.searchsorted(tile.values.indptr, at, side="right")) - 1
        inner = int(tile.values.indices[at])
        cell, gene = (outer, inner) if tile.values.format == "csr" else (inner, outer)
    return BadValue(tile.span.cells[0] + cell, tile.span.genes[0] + gene, float(data[at]))


def add_tile(sums: NDArray[np.float64], codes: NDArray[np.int32], tile: Tile) -> None:
    """Add a tile to the sums of the groups.

    Parameters
    ----------
    sums : ndarray of shape (n_groups, n_genes)
        Sums for the genes of the tile alone; changed in place.
    codes : ndarray of shape (n_cells,)
        Group of each cell of the tile, -1 for a cell that counts in none.
    tile : Tile
        Counts.

    Examples
    --------
    >>> sums = np.zeros((2, 2))
    >>> tile = Tile(Span((0, 3), (0, 2)), np.array([[1, 0], [2, 5], [4, 1]]))
    >>> add_tile(sums, np.array([1, 0, 1], dtype=np.int32), tile)
    >>> sums
    array([[2., 5.],
           [5., 1.]])
    """
    counted = codes >= 0
    present, local = np.unique(codes[counted], return_inverse=True)
    if not len(present):
        return
    if getattr(tile.values, "format", "") == "csc":
        # a cell stands for its group: entries that fall together are added when unfolded
        rows = np.full(len(codes), len(present), dtype=np.int32)
        rows[counted] = local
        values = tile.values
        parts = (values.data.astype(np.float64), rows[values.indices], values.indptr)
        shape = (len(present) + 1, values.shape[1])
        for left in range(0, shape[1], step := max(BLOCK // shape[0], 1)):
            band = slice(left, left + step)
            folded = sparse.csc_array(parts, shape=shape)[:, band].toarray()
            sums[present, band] += folded[:-1]
        return
    ends = np.concatenate([[0], np.cumsum(counted)])
    ones = np.ones(len(local))
    indicator = sparse.csc_array((ones, local, ends), shape=(len(present), len(codes))).tocsr()
    product = indicator @ tile.values
    if isinstance(product, np.ndarray):
        sums[present] += product
        return
    for row, group in enumerate(present):
        part = slice(product.indptr[row], product.indptr[row + 1])
        sums[group, product.indices[part]] += product.data[part]


def sum_spans(
    matrix: Matrix,
    spans: Sequence[Span],
    codes: NDArray[np.int32],
    genes: tuple[int, int],
    block: int,
    advance: Callable[[str], object] = lambda _: None,
) -> tuple[NDArray[np.int64], NDArray[np.float64], BadValue | None]:
    """Sum some spans of a matrix; what one process, or one task of a cluster, does.

    Parameters
    ----------
    matrix : Matrix
        Counts on disk.
    spans : sequence of Span
        Which part, all of it within ``genes``.
    codes : ndarray of shape (n_cells,)
        Group of every cell, -1 for none.
    genes : tuple of int
        The range of genes that the sums are for.
    block : int
        Values in memory at a time.
    advance : callable
        Called after each tile.

    Returns
    -------
    present : ndarray of shape (n_present,)
        Groups that have cells in these spans.
    sums : ndarray of shape (n_present, n_genes)
        Their sums.
    bad : BadValue or None
        The first value that is no count; nothing after it was read.
    """
    touched = np.zeros(int(codes.max(initial=-1)) + 2, dtype=bool)
    for span in spans:
        touched[codes[slice(*span.cells)]] = True
    present = np.flatnonzero(touched[:-1])  # the last stands for -1
    place = np.full(len(touched), -1, dtype=np.int32)
    place[present] = np.arange(len(present), dtype=np.int32)
    sums = np.zeros((len(present), genes[1] - genes[0]))
    for tile in matrix.tiles(spans, block):
        bad = find_bad(tile)
        if bad is not None:
            return present, sums, bad
        low, high = (at - genes[0] for at in tile.span.genes)
        add_tile(sums[:, low:high], place[codes[slice(*tile.span.cells)]], tile)
        advance("")
    return present, sums, None


def _on_dask(
    client: Client,
    matrix: Matrix,
    spans: Sequence[Span],
    codes: NDArray[np.int32],
    genes: tuple[int, int],
    block: int,
    advance: Callable[[str], object],
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float64], BadValue | None]]:
    """Give shares of the spans to the workers and take sums as they come."""
    from distributed import as_completed

    workers = max(len(client.scheduler_info(n_workers=-1)["workers"]), 1)
    size = max(-(-len(spans) // (workers * _SHARES)), 1)
    shares = [spans[at : at + size] for at in range(0, len(spans), size)]
    everywhere = client.scatter(codes, broadcast=True)
    tasks = [
        client.submit(sum_spans, matrix, share, everywhere, genes, block, pure=False)
        for share in shares
    ]
    try:
        for task in as_completed(tasks):
            yield task.result()
            task.release()
            for _ in range(size):
                advance("")
    finally:
        client.cancel(tasks)


def aggregate(
    matrix: Matrix,
    codes: NDArray[np.int32],
    n_groups: int,
    *,
    scratch: Path,
    client: Client | None = None,
    block: int = BLOCK,
    budget: int = SUMS,
) -> Sums:
    """Sum counts per group of cells, with memory bounded whatever the size of the file.

    In memory at a time: ``block`` stored values and what is made of them, ``budget`` sums,
    and eight bytes for each cell and gene. Where groups × genes are more than the budget, the file
    is read once for each band of genes and the sums go to an HDF5 file in ``scratch``.

    Parameters
    ----------
    matrix : Matrix
        Counts on disk.
    codes : ndarray of shape (n_cells,)
        Group of each cell, from 0; -1 for a cell that counts in none.
    n_groups : int
        Number of groups.
    scratch : Path
        Folder for sums that do not fit into memory.
    client : distributed.Client, optional
        A Dask cluster whose workers see the same file; each needs this much memory too.
    block, budget : int
        Values and sums in memory at a time.

    Returns
    -------
    ndarray or h5py.Dataset of shape (n_groups, n_genes)
        float64 sums, exact.

    Raises
    ------
    InputError
        If a value is no count, or the file cannot be read to its end.
    """
    n_genes = matrix.shape[1]
    width = max(min(n_genes, budget // max(n_groups, 1)), 1)
    in_memory = width >= n_genes
    sums: Sums = np.zeros((n_groups, n_genes)) if in_memory else None
    if not in_memory:
        file = h5py.File(scratch / "sums.h5", "w")
        sums = file.create_dataset("sums", (n_groups, n_genes), "f8", chunks=(1, width))
    for low in range(0, n_genes, width):
        genes = (low, min(low + width, n_genes))
        spans = matrix.spans(genes, block)
        band = sums[:, slice(*genes)] if in_memory else np.zeros((n_groups, genes[1] - low))
        with progress_bar("summing cells", total=len(spans)) as advance:
            parts = (
                _on_dask(client, matrix, spans, codes, genes, block, advance)
                if client is not None and matrix.divisible
                else iter([sum_spans(matrix, spans, codes, genes, block, advance)])
            )
            for present, part, bad in parts:
                if bad is not None:
                    raise _no_count(matrix, bad)
                for row, group in enumerate(present):
                    band[group] += part[row]
        if not in_memory:
            sums[:, slice(*genes)] = band
    return sums


def _no_count(matrix: Matrix, bad: BadValue) -> InputError:
    what = "negative" if bad.value < 0 else "not a whole number"
    if not np.isfinite(bad.value):
        what = "not finite"
    elif bad.value > LARGEST:
        what = "more than any cell holds"
    return InputError(
        f"{matrix.path}: {bad.value:g} for gene number {bad.gene + 1} in cell number "
        f"{bad.cell + 1} is {what}",
        expected="raw counts: whole numbers from 0, before any normalisation or scaling",
        do="name the raw counts with --layer, such as --layer counts or --layer raw",
    )
