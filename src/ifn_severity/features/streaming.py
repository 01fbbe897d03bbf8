"""Features of matrices of any kind and size, a chunk of samples at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from joblib import effective_n_jobs
from pandas.api.types import is_numeric_dtype
from scipy import sparse

from ifn_severity.errors import FeatureError
from ifn_severity.features.blocks import working_dtype
from ifn_severity.features.checks import (
    MIN_PANEL_COVERAGE,
    warn_of_empty_lists,
    warn_of_silent_samples,
)
from ifn_severity.features.container import open_matrix
from ifn_severity.features.lists import GeneLists, definition_of
from ifn_severity.features.reference import MIN_REFERENCE_GENES
from ifn_severity.features.scoring import Scorer

CHUNK = 4096
"""Samples that are read at a time: 330 MB of a dense float32 matrix of 20,000 genes."""


def score_chunks(
    matrix: Any,
    *,
    feature_set: str = "interferon+cytokine",
    lists: GeneLists | None = None,
    unit: str = "log2",
    genes: Sequence[str] | None = None,
    layer: str | None = None,
    chunk: int = CHUNK,
    dtype: Any = None,
    n_jobs: int | None = None,
    min_coverage: float | None = None,
    min_reference: int = MIN_REFERENCE_GENES,
) -> Iterator[np.ndarray]:
    """Yield the features of a matrix, chunk by chunk, in the order of its samples.

    Memory is bounded by the chunk: one chunk of the matrix, if it has to be read from disk, a
    few blocks of 2**18 numbers for each thread, and the features of the chunk. Columns that no
    feature needs are skipped; what they hold, negative and missing values included, changes
    nothing. A gene that stands in the matrix more than once is taken once where its values are the
    same, with a warning at the end, and refused where they differ, as the commands do with files.

    Parameters
    ----------
    matrix : AnnData, DataFrame, ndarray, sparse matrix, h5py dataset or Dask array
        Expression, samples in rows, of shape (n_samples, n_genes). An AnnData may be in memory
        or backed by its file. Of a matrix stored by columns (csc) the columns that are read are
        taken into memory first, and so is a view of a backed AnnData; the chunks of a Dask
        array are its own.
    feature_set : str
        Named feature set.
    lists : iterable of str or mapping, optional
        Lists to score in its place, as for ``list_definition``: fewer genes, so faster.
    unit : {"log2", "ln", "log10", "linear"}
        ``log2(x+1)``, ``ln(x+1)``, ``log10(x+1)`` or ``x``.
    genes : sequence of str, optional
        Names of the columns, unless the matrix brings its own.
    layer : str, optional
        Layer of an AnnData to take in place of ``X``.
    chunk : int
        Samples at a time.
    dtype : dtype, optional
        Float type of the arithmetic; by default float32 for float32 input, which agrees with
        float64 to about 1e-5, and float64 for everything else.
    n_jobs : int, optional
        Threads: one by default, -1 for all cores.
    min_coverage : float, optional
        Least fraction of the genes that must be present: those of all feature sets, or the
        reference genes and those of ``lists``. By default half for a feature set, as the
        commands ask, and none for lists, where a list that is not there concerns no other.
    min_reference : int
        Fewest reference genes that must be present, at least 1.

    Yields
    ------
    ndarray of shape (at most chunk, n_features)
        Columns as ``score_names`` names them; NaN for lists without any gene, with a warning,
        and for samples that express no reference gene, with a warning at the end.

    Raises
    ------
    FeatureError
        At once, if names are missing or too few genes are present; while iterating, if a value
        that is read is negative, NaN or infinite, or a gene occurs more than once with different
        values.

    Examples
    --------
    >>> from ifn_severity.features import panel_genes
    >>> X = np.full((5, len(panel_genes())), 5.0)
    >>> blocks = score_chunks(X, lists=["Rice2013_IFN6"], genes=panel_genes(), chunk=2)
    >>> [block.shape for block in blocks]
    [(2, 1), (2, 1), (1, 1)]
    """
    if chunk < 1:
        raise FeatureError(
            f"a chunk of {chunk} samples", expected="at least 1", do=f"try chunk={CHUNK}"
        )
    values, names, _ = open_matrix(matrix, genes, layer)
    scorer = _locate(names, feature_set, lists, unit, min_coverage, min_reference)
    warn_of_empty_lists(scorer.empty_lists)
    threads = effective_n_jobs(n_jobs)
    if _is_dask(values):
        lazy = _dask_features(values, scorer, dtype)
        return _warn_at_end((part.compute() for part in lazy.blocks), scorer)
    n_samples = values.shape[0]
    read, scorer = _reader(values, scorer)
    parts = (
        scorer.score(
            read(slice(start, min(start + chunk, n_samples))),
            dtype=dtype,
            n_jobs=threads,
            first_row=start,
        )
        for start in range(0, n_samples, chunk)
    )
    return _warn_at_end(parts, scorer)


def features_of(
    data: Any,
    *,
    feature_set: str = "interferon+cytokine",
    lists: GeneLists | None = None,
    unit: str = "log2",
    genes: Sequence[str] | None = None,
    layer: str | None = None,
    chunk: int = CHUNK,
    dtype: Any = None,
    n_jobs: int | None = None,
    min_coverage: float | None = None,
    min_reference: int = MIN_REFERENCE_GENES,
) -> Any:
    """Compute the features of a matrix of any kind, in bounded memory.

    Parameters
    ----------
    data : AnnData, DataFrame, ndarray, sparse matrix, h5py dataset or Dask array
        Expression of shape (n_samples, n_genes), as for ``score_chunks``.
    feature_set, lists, unit, genes, layer, chunk, dtype, n_jobs, min_coverage, min_reference
        As for ``score_chunks``.

    Returns
    -------
    DataFrame of shape (n_samples, n_features)
        Indexed as the samples of ``data``. For a Dask array, or an AnnData that holds one, a
        Dask array of the same shape in its place, whose columns are those of ``score_names``:
        nothing is computed before ``compute()``, on whatever scheduler or
        ``dask.distributed.Client`` is in use, and samples without reference genes are NaN, and
        genes listed twice with the same values taken once, without a warning.

    Raises
    ------
    FeatureError
        As ``score_chunks``.

    Examples
    --------
    >>> from ifn_severity.features import panel_genes
    >>> X = pd.DataFrame(5.0, index=["P1", "P2"], columns=panel_genes())
    >>> features_of(X, lists=["Rice2013_IFN6"]).round(2)
        score:Rice2013_IFN6
    P1                 6.73
    P2                 6.73
    """
    values, names, labels = open_matrix(data, genes, layer)
    if _is_dask(values):
        scorer = _locate(names, feature_set, lists, unit, min_coverage, min_reference)
        warn_of_empty_lists(scorer.empty_lists)
        return _dask_features(values, scorer, dtype)
    definition = definition_of(feature_set, lists)
    blocks = score_chunks(
        values,
        feature_set=feature_set,
        lists=lists,
        unit=unit,
        genes=names,
        chunk=chunk,
        dtype=dtype,
        n_jobs=n_jobs,
        min_coverage=min_coverage,
        min_reference=min_reference,
    )
    result, start = np.empty((0, len(definition.features))), 0
    for block in blocks:
        if start == 0:
            result = np.empty((values.shape[0], block.shape[1]), dtype=block.dtype)
        result[start : start + len(block)] = block
        start += len(block)
    return pd.DataFrame(result, index=labels, columns=list(definition.features.index))


def _locate(
    names: Sequence[str],
    feature_set: str,
    lists: GeneLists | None,
    unit: str,
    min_coverage: float | None,
    min_reference: int,
) -> Scorer:
    if min_coverage is None:
        min_coverage = MIN_PANEL_COVERAGE if lists is None else 0.0
    return Scorer.locate(
        definition_of(feature_set, lists),
        names,
        unit=unit,
        min_coverage=min_coverage,
        min_reference=min_reference,
    )


def _reader(values: Any, scorer: Scorer) -> tuple[Callable[[slice], Any], Scorer]:
    """Return how rows of a matrix are read, and the scorer for what is read."""
    columns = scorer.read
    if isinstance(values, pd.DataFrame):
        types = values.dtypes.iloc[columns]
        text = [str(name) for name, kind in types.items() if not is_numeric_dtype(kind)]
        if text:
            raise FeatureError(
                f"columns that are not numbers: {', '.join(text[:4])}",
                expected="a number for every gene and sample",
                do="convert them with pandas.to_numeric",
            )
        # "Float32" is the nullable twin of "float32"
        kind = np.float32 if (types.astype(str).str.lower() == "float32").all() else np.float64

        def read_frame(rows: slice) -> np.ndarray:
            taken = values.iloc[rows].take(columns, axis=1)
            return taken.to_numpy(dtype=kind, na_value=np.nan)

        return read_frame, scorer.on_read_columns()
    if getattr(values, "format", "csr") != "csr":
        # rows of a matrix stored otherwise cannot be had without going through all of it
        if not hasattr(values, "to_memory") and values.format != "csc":
            values = values.tocsc()
        by_row = sparse.csr_array(values[:, columns])
        return by_row.__getitem__, scorer.on_read_columns()
    return values.__getitem__, scorer


def _warn_at_end(parts: Iterator[np.ndarray], scorer: Scorer) -> Iterator[np.ndarray]:
    n_samples, n_silent, first = 0, 0, -1
    for part in parts:
        silent = np.flatnonzero(scorer.silent(part))
        if len(silent) and first < 0:
            first = n_samples + int(silent[0])
        n_samples, n_silent = n_samples + len(part), n_silent + len(silent)
        yield part
    warn_of_silent_samples(n_silent, n_samples, first)
    scorer.repeats.warn()


def _is_dask(values: Any) -> bool:
    # told by name, so that Dask is imported by those who use it only
    return type(values).__module__.partition(".")[0] == "dask" and hasattr(values, "map_blocks")


def _dask_features(values: Any, scorer: Scorer, dtype: Any) -> Any:
    kind = working_dtype(values.dtype if dtype is None else dtype)
    read = values[:, scorer.read].rechunk({1: -1})
    return read.map_blocks(
        partial(scorer.on_read_columns().score, dtype=kind),
        dtype=kind,
        chunks=(read.chunks[0], (len(scorer.names),)),
        meta=np.empty((0, 0), dtype=kind),
    )
