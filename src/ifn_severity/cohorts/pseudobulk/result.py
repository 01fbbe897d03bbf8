"""Pseudobulk of a file: the sums, how many cells stand behind each, and which are too few."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import h5py
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ifn_severity.cohorts.pseudobulk.aggregate import SUMS, Sums, aggregate
from ifn_severity.cohorts.pseudobulk.groups import CellColumns, group_cells
from ifn_severity.cohorts.pseudobulk.source import open_cells
from ifn_severity.cohorts.pseudobulk.stream import BLOCK
from ifn_severity.errors import InputError

if TYPE_CHECKING:
    from distributed import Client

MIN_CELLS = 10
"""Fewer cells than this are dropped: so few are ruled by chance. decoupler's limit as well."""


@dataclass(frozen=True, eq=False)
class Pseudobulk:
    """Sums of counts per sample and cell type.

    Attributes
    ----------
    path : Path
        The file of single cells, or the folder.
    matrix_path : Path
        The file in it that holds the counts.
    layer : str
        Which of its matrices was summed.
    n_cells : int
        Cells of the file, whether counted or not.
    genes : DataFrame of shape (n_genes, 2)
        Index: the file's identifiers; ``name``: what is harmonised; ``expression``: whether the
        feature is a gene.
    groups : DataFrame of shape (n_groups, 7)
        ``sample``, ``patient``, ``cell_type``, ``cells``, ``counts``, ``kept`` and ``why``.
    samples : DataFrame indexed by sample
        ``cells``, ``counts``, ``kept`` and ``why``, over all cell types.
    obs : DataFrame indexed by sample
        What is known of each sample, in the columns of every cohort.
    sums : ndarray or h5py.Dataset of shape (n_groups, n_genes)
        float64, exact whole numbers.
    min_cells : int
        The limit below which ``kept`` is False.
    notes : tuple of str
        What was assumed or left out, in sentences.
    """

    path: Path
    matrix_path: Path
    layer: str
    n_cells: int
    genes: pd.DataFrame
    groups: pd.DataFrame
    samples: pd.DataFrame
    obs: pd.DataFrame
    sums: Sums
    min_cells: int
    notes: tuple[str, ...]

    @property
    def cell_types(self) -> list[str]:
        """Cell types of which at least one sample has enough cells."""
        return sorted(self.groups.loc[self.groups["kept"], "cell_type"].unique())

    def _frame(self, values: NDArray[np.float64], samples: list[str]) -> pd.DataFrame:
        genes = self.genes["expression"].to_numpy(dtype=bool)
        kept = values if genes.all() else values[:, genes]
        names = self.genes.loc[genes, "name"].to_numpy()
        return pd.DataFrame(kept, index=pd.Index(samples), columns=pd.Index(names))

    def of_type(self, cell_type: str) -> pd.DataFrame:
        """Return the counts of one cell type, of samples that have enough of its cells.

        Parameters
        ----------
        cell_type : str
            One of :attr:`cell_types`.

        Returns
        -------
        DataFrame of shape (n_samples, n_genes)
            Whole numbers as float64.
        """
        rows = np.flatnonzero(self.groups["kept"] & (self.groups["cell_type"] == cell_type))
        return self._frame(self.sums[rows], self.groups["sample"].iloc[rows].tolist())

    def over_types(self) -> pd.DataFrame:
        """Return the counts of each sample, summed over all its cell types, small ones too.

        Returns
        -------
        DataFrame of shape (n_samples, n_genes)
            Whole numbers as float64, of samples with enough cells.
        """
        names = self.samples.index[self.samples["kept"]].tolist()
        values = np.zeros((len(names), self.sums.shape[1]))
        place = {name: at for at, name in enumerate(names)}
        for row, sample in enumerate(self.groups["sample"]):
            if sample in place:
                values[place[sample]] += self.sums[row]
        return self._frame(values, names)

    def close(self) -> None:
        """Close the file that holds the sums, where memory was too small for them."""
        if isinstance(self.sums, h5py.Dataset):
            self.sums.file.close()


def _judge(table: pd.DataFrame, min_cells: int) -> pd.DataFrame:
    """Say of each row whether its cells are enough, and if not why."""
    few, empty = table["cells"] < min_cells, table["counts"] == 0
    why = np.where(few, [f"{n} cells, fewer than {min_cells}" for n in table["cells"]], "")
    why = np.where(empty & ~few, "no counts", why)
    return table.assign(kept=~(few | empty), why=why)


def sum_cells(
    path: str | Path,
    columns: CellColumns,
    *,
    scratch: Path,
    layer: str | None = None,
    obs: Path | None = None,
    min_cells: int = MIN_CELLS,
    client: Client | None = None,
    block: int = BLOCK,
    budget: int = SUMS,
) -> Pseudobulk:
    """Sum the counts of single cells per sample and cell type, streamed from disk.

    Parameters
    ----------
    path : str or Path
        h5ad, 10x h5, a 10x folder, or the ``matrix.mtx.gz`` in one.
    columns : CellColumns
        Which columns say patient, cell type, grade and sample.
    scratch : Path
        Folder for sums that do not fit into ``budget``; call :meth:`Pseudobulk.close` before
        it goes.
    layer : str, optional
        Layer of an h5ad file, or ``raw``.
    obs : Path, optional
        Table of cells.
    min_cells : int, default=10
        Fewer cells of a sample and type are not kept; they still count in the sum over types.
    client : distributed.Client, optional
        Dask cluster to sum on.
    block, budget : int
        Stored values, and sums, in memory at a time.

    Returns
    -------
    Pseudobulk
        Sums and how many cells stand behind them.

    Raises
    ------
    InputError
        If the file cannot be read, a value is no count, every count is 0, a column is missing, or
        fewer than two patients have enough cells.
    LabelError
        If grades are not on the scale, or a sample has two.
    """
    cells = open_cells(Path(path), layer=layer, obs=obs)
    groups = group_cells(cells.cells, columns)
    notes = [*cells.notes, *groups.notes]
    if client is not None and not cells.matrix.divisible:
        notes.append("Matrix Market text cannot be divided: it was read by one process.")
    sums = aggregate(
        cells.matrix,
        groups.codes,
        len(groups.table),
        scratch=scratch,
        client=client,
        block=block,
        budget=budget,
    )
    genes = cells.genes["expression"].to_numpy(dtype=bool)
    table = groups.table.assign(counts=[float(sums[at][genes].sum()) for at in range(len(sums))])
    per_sample = table.groupby("sample")[["cells", "counts"]].sum().loc[groups.obs.index]
    table, samples = _judge(table, min_cells), _judge(per_sample, min_cells)
    patients = groups.obs.loc[samples["kept"].to_numpy(), "patient"].nunique()
    if not samples["counts"].any():
        raise InputError(
            f"{cells.path}: every count of a gene in {cells.layer} is 0, over "
            f"{int(samples['cells'].sum()):,} cells of {groups.obs['patient'].nunique()} patients",
            expected="raw counts, some of them above 0",
            do="name the layer that holds the counts with --layer, or write the file again",
        )
    if patients < 2:
        raise InputError(
            f"{cells.path}: {patients} of {groups.obs['patient'].nunique()} patients have at least "
            f"{min_cells} cells and any counts",
            expected="enough cells of at least two patients",
            do="lower the limit with --min-cells, or see whether cells were lost before",
        )
    return Pseudobulk(
        path=cells.path,
        matrix_path=cells.matrix.path,
        layer=cells.layer,
        n_cells=cells.matrix.shape[0],
        genes=cells.genes,
        groups=table,
        samples=samples,
        obs=groups.obs,
        sums=sums,
        min_cells=min_cells,
        notes=tuple(notes),
    )
