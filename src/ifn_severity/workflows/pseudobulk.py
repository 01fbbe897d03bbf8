"""Pseudobulk: from a file of single cells to cohorts on disk, whole or not at all."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from ifn_severity.cluster import dask_client
from ifn_severity.cohorts.fetch import sha256_of
from ifn_severity.cohorts.pseudobulk import CellColumns, sum_cells
from ifn_severity.cohorts.pseudobulk.result import MIN_CELLS
from ifn_severity.cohorts.pseudobulk.write import (
    COHORT,
    LABELS,
    SUMMARY,
    make_cohort,
    write_cohort,
    write_folder,
)
from ifn_severity.errors import InputError, StoreError
from ifn_severity.paths import atomic_dir, atomic_file


@dataclass(frozen=True, eq=False)
class PseudobulkResult:
    """What was made of a file of single cells.

    Attributes
    ----------
    output : Path
        The folder, or the one file, that was written.
    cohort, labels : Path or None
        The cohort over all cell types, and its labels where a folder was written.
    groups, samples : DataFrame
        Cells, counts and whether there were enough; see
        :class:`ifn_severity.cohorts.pseudobulk.result.Pseudobulk`.
    n_cells, n_samples, n_patients, n_genes, n_mild, n_severe : int
        Cells of the file; samples, patients, genes and classes of the cohort.
    min_cells : int
        The limit.
    notes : tuple of str
        What was assumed or left out.
    """

    output: Path
    cohort: Path
    labels: Path | None
    groups: pd.DataFrame
    samples: pd.DataFrame
    n_cells: int
    n_samples: int
    n_patients: int
    n_genes: int
    n_mild: int
    n_severe: int
    min_cells: int
    notes: tuple[str, ...]


def _check_output(output: Path, source: Path, obs: Path | None) -> bool:
    """Refuse an output that would destroy something; tell whether it is one file."""
    one_file = output.suffix.casefold() == ".h5ad"
    if not one_file and output.suffix.casefold() in (".csv", ".tsv", ".txt", ".xlsx", ".parquet"):
        raise InputError(
            f"-o {output}",
            expected="a folder, or a file that ends in .h5ad",
            do=f"-o {output.with_suffix('.h5ad')}",
        )
    target = output.resolve()
    for given in (source, obs):
        if given is not None and (given.resolve() == target or target in given.resolve().parents):
            raise StoreError(
                f"-o {output} would overwrite the input {given}",
                expected="an output apart from the input",
                do="choose another place with -o",
            )
    ours = output.is_dir() and ((output / SUMMARY).is_file() or not any(output.iterdir()))
    if output.exists() and (output.is_dir() == one_file or not (one_file or ours)):
        raise StoreError(
            f"{output} is there already, and was not written by pseudobulk",
            expected="a new folder, or one of an earlier pseudobulk to replace",
            do="choose another place with -o",
        )
    return one_file


def pseudobulk(
    source: Path,
    columns: CellColumns,
    *,
    output: Path | None = None,
    obs: Path | None = None,
    layer: str | None = None,
    min_cells: int = MIN_CELLS,
    tissue: str = "not stated",
    workers: int | None = None,
    scheduler: str | None = None,
    checksum: bool = True,
) -> PseudobulkResult:
    """Sum single cells per sample and cell type and write them as cohorts.

    Parameters
    ----------
    source : Path
        h5ad, 10x h5, a 10x folder, or the ``matrix.mtx.gz`` in one.
    columns : CellColumns
        Which columns say patient, cell type, grade and sample.
    output : Path, optional
        A folder, or a file ``.h5ad`` for the cohort over all cell types alone;
        ``NAME-pseudobulk`` in the working folder when left out.
    obs : Path, optional
        Table of cells.
    layer : str, optional
        Layer of an h5ad file, or ``raw``.
    min_cells : int
        Fewer cells of a sample and type are not kept.
    tissue : str
        What was measured.
    workers : int, optional
        Dask workers to start on this machine.
    scheduler : str, optional
        Address of a Dask scheduler.
    checksum : bool
        Whether the sha256 of the file is computed and kept with the cohort.

    Returns
    -------
    PseudobulkResult
        What was written, and how many cells stand behind it.

    Raises
    ------
    InputError, LabelError
        If the input cannot be used; see :func:`ifn_severity.cohorts.pseudobulk.sum_cells`.
    CohortError
        If no gene name is known.
    StoreError
        If the output cannot be written or would overwrite something.
    """
    target = output or Path(f"{source.resolve().name.split('.')[0]}-pseudobulk")
    one_file = _check_output(target, source, obs)
    with (
        tempfile.TemporaryDirectory(prefix="pseudobulk-") as scratch,
        dask_client(workers, scheduler) as client,
    ):
        bulk = sum_cells(
            source,
            columns,
            scratch=Path(scratch),
            layer=layer,
            obs=obs,
            min_cells=min_cells,
            client=client,
        )
        try:
            sha256 = sha256_of(bulk.matrix_path) if checksum else ""
            if one_file:
                cohort = make_cohort(bulk, columns, tissue=tissue, sha256=sha256)
                with atomic_file(target) as part:
                    write_cohort(cohort, part)
            else:
                with atomic_dir(target) as folder:
                    cohort = write_folder(bulk, columns, folder, tissue=tissue, sha256=sha256)
        finally:
            bulk.close()
    severe = cohort.obs["severe"]
    return PseudobulkResult(
        output=target,
        cohort=target if one_file else target / COHORT,
        labels=None if one_file else target / LABELS,
        groups=bulk.groups,
        samples=bulk.samples,
        n_cells=bulk.n_cells,
        n_samples=cohort.n_obs,
        n_patients=int(cohort.obs["patient"].nunique()),
        n_genes=cohort.n_vars,
        n_mild=int((severe == 0).sum()),
        n_severe=int((severe == 1).sum()),
        min_cells=min_cells,
        notes=bulk.notes,
    )
