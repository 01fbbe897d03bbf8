"""Counts of single cells on disk, read tile by tile so that memory never grows with the file.

A *tile* is a rectangle of the matrix: some cells × some genes. A source says into which spans it
can be cut so that none holds more than a given number of stored values, and reads them one by
one. Sources are plain data (a path and a place in it), so that they can be sent to other
processes, each of which opens the file for itself.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import h5py
import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ifn_severity.errors import InputError

READABLE = "an h5ad file, a 10x folder (matrix.mtx.gz with its tables) or a 10x h5 file"
BLOCK = 8_000_000
"""Stored values that are in memory at a time: about 300 MB with all that is made of them."""
_DAMAGE = (OSError, KeyError, IndexError, RuntimeError, ValueError, TypeError, EOFError)


@dataclass(frozen=True)
class Span:
    """Which cells and genes one tile is of: half-open ranges."""

    cells: tuple[int, int]
    genes: tuple[int, int]


@dataclass(frozen=True, eq=False)
class Tile:
    """A rectangle of the matrix.

    Attributes
    ----------
    span : Span
        Which cells and genes.
    values : csr_array, csc_array or ndarray of shape (n_cells, n_genes)
        Their counts.
    """

    span: Span
    values: Any


class Matrix(Protocol):
    """Counts on disk, cells × genes."""

    @property
    def path(self) -> Path:
        """The file."""

    @property
    def shape(self) -> tuple[int, int]:
        """Cells, genes."""

    @property
    def divisible(self) -> bool:
        """Whether several processes can each read a part of it."""

    def spans(self, genes: tuple[int, int], block: int) -> list[Span]:
        """Cut the columns ``genes`` into spans of at most ``block`` stored values each."""

    def tiles(self, spans: Sequence[Span], block: int) -> Iterator[Tile]:
        """Read spans one by one."""


@contextmanager
def reading_cells(path: Path) -> Iterator[None]:
    """Explain a file that starts as it should and cannot be read to its end.

    Parameters
    ----------
    path : Path
        The file.

    Raises
    ------
    InputError
        If what is inside fails as parsers do on damaged or foreign files.
    """
    try:
        yield
    except (*_DAMAGE, zlib.error) as error:
        raise damaged(path, f"{type(error).__name__}: {str(error)[:200]}") from error


def damaged(path: Path, why: str) -> InputError:
    """Return the error for a file whose parts do not fit together."""
    return InputError(
        f"{path} is damaged or incomplete: {why}",
        expected=READABLE,
        do="download or copy the file again, and compare its size with the original",
    )


def cut(weights: NDArray[np.int64], limit: int) -> list[tuple[int, int]]:
    """Cut a sequence into ranges whose weights add up to at most a limit, one item at least.

    Parameters
    ----------
    weights : ndarray of shape (n + 1,)
        Running totals, such as the ``indptr`` of a sparse matrix.
    limit : int
        Greatest sum of a range.

    Returns
    -------
    list of tuple of int
        Half-open ranges that cover 0 to n.

    Examples
    --------
    >>> cut(np.array([0, 2, 4, 9, 9, 10]), 4)
    [(0, 2), (2, 3), (3, 5)]
    """
    ranges = []
    start, last = 0, len(weights) - 1
    while start < last:
        stop = int(np.searchsorted(weights, weights[start] + limit, side="right")) - 1
        stop = min(max(stop, start + 1), last)
        ranges.append((start, stop))
        start = stop
    return ranges


@dataclass(frozen=True)
class SparseMatrix:
    """A compressed sparse matrix in an HDF5 file, by cells (csr) or by genes (csc).

    Attributes
    ----------
    path : Path
        The file.
    group : str
        The group with ``data``, ``indices`` and ``indptr``.
    shape : tuple of int
        Cells, genes.
    by_cell : bool
        Whether the values of one cell stand together (csr of cells × genes).
    """

    path: Path
    group: str
    shape: tuple[int, int]
    by_cell: bool
    divisible: bool = True

    def _indptr(self, group: h5py.Group) -> NDArray[np.int64]:
        """Return where each cell (or gene) starts, checked: 8 bytes a cell or gene."""
        indptr: NDArray[np.int64] = group["indptr"][:].astype(np.int64)
        stored = group["data"].shape[0]
        whole = len(indptr) == self.shape[0 if self.by_cell else 1] + 1
        if not whole or indptr[0] != 0 or indptr[-1] != stored or (np.diff(indptr) < 0).any():
            raise damaged(self.path, f"indptr of {self.group} does not fit its data")
        if group["indices"].shape[0] != stored:
            raise damaged(self.path, f"indices and data of {self.group} differ in length")
        return indptr

    def spans(self, genes: tuple[int, int], block: int) -> list[Span]:
        """Cut the columns ``genes`` into spans of at most ``block`` stored values each."""
        with reading_cells(self.path), h5py.File(self.path, "r") as file:
            indptr = self._indptr(file[self.group])
        if self.by_cell:
            return [Span(cells, genes) for cells in cut(indptr, block)]
        low, high = genes
        ranges = cut(indptr[low : high + 1], block)
        return [Span((0, self.shape[0]), (low + a, low + b)) for a, b in ranges]

    def tiles(self, spans: Sequence[Span], block: int) -> Iterator[Tile]:
        """Read spans one by one: each is one contiguous piece of ``data`` and ``indices``."""
        with reading_cells(self.path), h5py.File(self.path, "r") as file:
            group = file[self.group]
            indptr = self._indptr(group)
            other = self.shape[1 if self.by_cell else 0]
            for span in spans:
                first, last = span.cells if self.by_cell else span.genes
                begin, end = int(indptr[first]), int(indptr[last])
                data, indices = group["data"][begin:end], group["indices"][begin:end]
                # the product below does not look: an index out of range would crash it
                if len(indices) and (indices.min() < 0 or indices.max() >= other):
                    raise damaged(self.path, f"indices of {self.group} point outside the matrix")
                starts = indptr[first : last + 1] - begin
                parts = (data, indices.astype(np.int32, copy=False), starts.astype(np.int32))
                if not self.by_cell:
                    yield Tile(span, sparse.csc_array(parts, shape=(other, last - first)))
                    continue
                values = sparse.csr_array(parts, shape=(last - first, other))
                low, high = span.genes
                yield Tile(span, values if high - low == other else values[:, low:high])


@dataclass(frozen=True)
class DenseMatrix:
    """A dense matrix in an HDF5 file.

    Attributes
    ----------
    path : Path
        The file.
    group : str
        The dataset, cells × genes.
    shape : tuple of int
        Cells, genes.
    """

    path: Path
    group: str
    shape: tuple[int, int]
    divisible: bool = True

    def spans(self, genes: tuple[int, int], block: int) -> list[Span]:
        """Cut the columns ``genes`` into rectangles that follow the chunks of the file."""
        with reading_cells(self.path), h5py.File(self.path, "r") as file:
            rows, columns = file[self.group].chunks or (1, self.shape[1])
        low, high = genes
        # whole chunks where they fit: a chunk is unpacked anew for every tile that touches it
        columns = max(min(high - low, block // max(min(rows, block), 1)), 1)
        rows = max(block // columns // rows * rows, min(rows, block // columns), 1)
        n_cells = self.shape[0]
        return [
            Span((top, min(top + rows, n_cells)), (left, min(left + columns, high)))
            for top in range(0, n_cells, rows)
            for left in range(low, high, columns)
        ]

    def tiles(self, spans: Sequence[Span], block: int) -> Iterator[Tile]:
        """Read spans one by one."""
        with reading_cells(self.path), h5py.File(self.path, "r") as file:
            stored = file[self.group]
            for span in spans:
                yield Tile(span, stored[slice(*span.cells), slice(*span.genes)])
