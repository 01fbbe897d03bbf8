"""Sums per group of cells over a whole file, in this process or on Dask workers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np
from numpy.typing import NDArray

from ifn_severity.cohorts.pseudobulk.stream import BLOCK, Matrix, Span
from ifn_severity.cohorts.pseudobulk.tilesums import LARGEST, BadValue, sum_spans
from ifn_severity.errors import InputError
from ifn_severity.progress import progress_bar

if TYPE_CHECKING:
    from distributed import Client

SUMS = 32_000_000
"""Sums in memory at a time: 256 MB, and as much again while shares are added up."""
_SHARES = 4
"""Shares of the work a Dask worker gets, so that a slow one does not hold up the rest."""

Part = tuple[NDArray[np.int64], NDArray[np.float64], BadValue | None]
"""What :func:`sum_spans` returns."""
Sums = Any
"""Sums of shape (n_groups, n_genes): an ndarray, or an HDF5 dataset where memory is too small."""


def _share(*arguments: Any) -> Part | dict[str, str]:
    """Sum a share on a worker; an error comes back in its parts, as it cannot be pickled."""
    try:
        return sum_spans(*arguments)
    except InputError as error:
        return {"got": error.got, "expected": error.expected, "do": error.do}


def _on_dask(
    client: Client,
    matrix: Matrix,
    spans: Sequence[Span],
    codes: NDArray[np.int32],
    genes: tuple[int, int],
    block: int,
    advance: Callable[[str], object],
) -> Iterator[Part]:
    """Give shares of the spans to the workers and take sums as they come."""
    from distributed import as_completed
    from distributed.client import FutureCancelledError
    from distributed.scheduler import KilledWorker

    workers = max(len(client.scheduler_info(n_workers=-1)["workers"]), 1)
    size = max(-(-len(spans) // (workers * _SHARES)), 1)
    shares = [spans[at : at + size] for at in range(0, len(spans), size)]
    # without a hash: the codes of the band before, alike, may be on their way out
    everywhere = client.scatter(codes, broadcast=True, hash=False)
    tasks = [
        client.submit(_share, matrix, share, everywhere, genes, block, pure=False)
        for share in shares
    ]
    try:
        for task in as_completed(tasks):
            part = task.result()
            if isinstance(part, dict):
                raise InputError(part["got"], expected=part["expected"], do=part["do"])
            yield part
            task.release()
            for _ in range(size):
                advance("")
    except (KilledWorker, FutureCancelledError) as error:
        raise InputError(
            f"a Dask worker stopped while it summed {matrix.path}: {error}",
            expected="workers that see the file and have 1 GB of memory each",
            do="use fewer workers, or leave --workers out: one process needs under 1 GB",
        ) from error
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
