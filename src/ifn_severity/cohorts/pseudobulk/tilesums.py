"""What one tile adds to the sums: products of an indicator matrix with the counts.

With the indicator matrix G (groups × cells, one 1 in the column of each cell that counts), the
pseudobulk of the counts X is G·X. Sums over cells can be taken in any order and any portions, so
each tile adds G[:, cells]·X[cells, genes] to the sums; float64 keeps whole numbers exact up to
2**53, which no sum of reads comes near.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ifn_severity.cohorts.pseudobulk.stream import BLOCK, Matrix, Span, Tile

LARGEST = 2**31
"""More than any cell holds; a larger value is no count."""


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
    if isinstance(tile.values, np.ndarray) or len(present) * sums.shape[1] > 4 * tile.values.nnz:
        _add_product(sums, present, local, counted, tile.values)
        return
    # few groups: with the cells in the order of their groups, each group is one run of entries
    order = np.flatnonzero(counted)[np.argsort(local, kind="stable")]
    values = tile.values[order]
    ends = values.indptr[np.concatenate([[0], np.cumsum(np.bincount(local))])]
    for group, start, stop in zip(present, ends[:-1], ends[1:], strict=True):
        entries, weights = values.indices[start:stop], values.data[start:stop]
        sums[group] += np.bincount(entries, weights=weights, minlength=sums.shape[1])


def _add_product(
    sums: NDArray[np.float64],
    present: NDArray[Any],
    local: NDArray[Any],
    counted: NDArray[np.bool_],
    values: Any,
) -> None:
    """Add the product of the indicator matrix of the cells with their counts."""
    ends = np.concatenate([[0], np.cumsum(counted)])
    shape = (len(present), len(counted))
    indicator = sparse.csc_array((np.ones(len(local)), local, ends), shape=shape).tocsr()
    product = indicator @ values
    for row, group in enumerate(present):
        if isinstance(product, np.ndarray):
            sums[group] += product[row]
            continue
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
