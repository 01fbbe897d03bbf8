"""The arithmetic of every feature, for one block of samples at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ifn_severity.cohorts.unit import NATURAL
from ifn_severity.errors import FeatureError
from ifn_severity.features.blocks import gather, working_dtype
from ifn_severity.features.checks import (
    MIN_PANEL_COVERAGE,
    check_coverage,
    check_unit,
    refuse_values,
)
from ifn_severity.features.definition import FEATURE_SETS, FeatureDefinition, locate
from ifn_severity.features.proteins import PROTEIN_SET
from ifn_severity.features.reference import (
    MIN_REFERENCE_GENES,
    OFFSET,
    reference_genes,
    reference_profile,
    size_factors,
)
from ifn_severity.features.repeats import Repeats
from ifn_severity.features.threads import ONE_BLAS_THREAD

# Elements of a working block: with its few temporaries it stays in a core's second-level cache.
_BLOCK_ELEMENTS = 2**18


@dataclass(frozen=True, eq=False)
class Scorer:
    """Where the genes of some features stand in a matrix, and how features are made of them.

    It is small, holds no data, and can be pickled, so that it can go to other processes.

    Attributes
    ----------
    names : tuple of str
        The features.
    unit : {"log2", "ln", "log10", "linear"}
        Unit of the matrix.
    coverage : float
        Fraction of the panel's genes that the matrix holds.
    columns : ndarray of int, shape (n_used,)
        Columns that are read, ascending: those of the reference genes and of the genes that
        enter any feature. No other column is looked at.
    reference : ndarray of int
        Where the reference genes that are present stand among ``columns``.
    usual : ndarray of float
        Their usual abundance, CPM.
    single, single_at : ndarray of int
        Features that are one gene as it is, and where it stands among ``columns``.
    dense : ndarray of int
        The other features that can be computed.
    weights : ndarray of shape (n_used, n_dense)
        Their coefficients.
    absent : ndarray of bool, shape (n_features,)
        Features without any gene; they are NaN.
    empty_lists : tuple of str
        Those of them that are scores.
    repeats : Repeats
        Further columns with the name of one of ``columns``, which must agree with it.
    """

    names: tuple[str, ...]
    unit: str
    coverage: float
    columns: np.ndarray
    reference: np.ndarray
    usual: np.ndarray
    single: np.ndarray
    single_at: np.ndarray
    dense: np.ndarray
    weights: np.ndarray
    absent: np.ndarray
    empty_lists: tuple[str, ...]
    repeats: Repeats

    @classmethod
    def locate(
        cls,
        definition: FeatureDefinition,
        names: Sequence[str],
        *,
        unit: str,
        min_coverage: float = MIN_PANEL_COVERAGE,
        min_reference: int = MIN_REFERENCE_GENES,
    ) -> Scorer:
        """Find the genes of a definition among the columns of a matrix.

        Parameters
        ----------
        definition : FeatureDefinition
            Its panel begins with the reference genes.
        names : sequence of str
            Names of the matrix's columns.
        unit : {"log2", "ln", "log10", "linear"}
        min_coverage : float
            Least fraction of the panel's genes that must be present.
        min_reference : int
            Fewest reference genes that must be present, at least 1.

        Raises
        ------
        FeatureError
            If the unit is unknown, or too few genes of the panel are present.
        """
        check_unit(unit)
        if definition.name == PROTEIN_SET:
            raise FeatureError(
                f"the feature set {PROTEIN_SET!r} for a matrix of transcripts",
                expected=f"one of {', '.join(FEATURE_SETS)}",
                do="name one of these; plasma proteins are features by themselves",
            )
        found = locate(names, definition.panel)
        check_coverage(found, definition, names, min_coverage, min_reference)
        present = found >= 0
        coefficients = definition.coefficients(present)
        absent = np.isnan(coefficients).any(axis=0)
        coefficients = np.where(absent, 0.0, coefficients)
        # the reference genes are the first of the panel
        reference = np.flatnonzero(present[: len(reference_genes())])
        usual = np.array(list(reference_profile().values()))[reference]
        used = present & (coefficients != 0).any(axis=1)
        used[reference] = True
        rows = np.flatnonzero(used)
        rows = rows[np.argsort(found[rows], kind="stable")]
        at = np.full(len(present), -1, dtype=np.intp)
        at[rows] = np.arange(len(rows))

        scores = (definition.features["kind"] == "score").to_numpy()
        one = (np.count_nonzero(coefficients, axis=0) == 1) & (coefficients.max(axis=0) == 1.0)
        single = np.flatnonzero(one)
        dense = np.flatnonzero(~one & ~absent)
        return cls(
            names=tuple(str(name) for name in definition.features.index),
            unit=unit,
            coverage=float(present.mean()),
            columns=found[rows],
            reference=at[reference],
            usual=usual,
            single=single,
            single_at=at[coefficients[:, single].argmax(axis=0)],
            dense=dense,
            weights=np.ascontiguousarray(coefficients[np.ix_(rows, dense)]),
            absent=absent,
            empty_lists=tuple(definition.features.index[absent & scores]),
            repeats=Repeats.find(names, found[rows]).within(found[rows]),
        )

    @property
    def read(self) -> np.ndarray:
        """All columns that are looked at: ``columns``, then those that repeat one of them."""
        return np.concatenate([self.columns, self.repeats.again])

    def on_read_columns(self) -> Scorer:
        """Return the same for a matrix that holds the read columns only, in their order."""
        n = len(self.columns)
        again = np.arange(n, n + len(self.repeats.again))
        return replace(self, columns=np.arange(n), repeats=replace(self.repeats, again=again))

    def silent(self, features: np.ndarray) -> np.ndarray:
        """Return which samples express no reference gene, seen from their features.

        Parameters
        ----------
        features : ndarray of shape (n_samples, n_features)
            What ``score`` returned.

        Returns
        -------
        ndarray of bool, shape (n_samples,)
        """
        some = np.flatnonzero(~self.absent)[:1]
        return np.asarray(np.isnan(features[:, some]).any(axis=1))

    def check_values(self, matrix: Any, *, first_row: int = 0) -> None:
        """Refuse values that no measurement can have, in the columns that are read.

        Parameters
        ----------
        matrix : ndarray or sparse matrix of shape (n_samples, n_genes)
        first_row : int
            Number of the first row, for the message.

        Raises
        ------
        FeatureError
            If a value is negative, NaN or infinite, or a gene has several values.
        """
        for rows in self._blocks(matrix.shape[0]):
            self._checked(gather(matrix[rows], self.read), first_row + rows.start)

    def _checked(self, values: np.ndarray, first_row: int) -> np.ndarray:
        """Check a block of the columns that are looked at; return it without repeats."""
        refuse_values(values, first_row)
        if not self.repeats.names:
            return values
        once = np.ascontiguousarray(values[:, : len(self.columns)])
        again = values[:, len(self.columns) :]
        self.repeats.check(once[:, self.repeats.first], again, first_row=first_row)
        return once

    def score(
        self, matrix: Any, *, dtype: Any = None, n_jobs: int = 1, first_row: int = 0
    ) -> np.ndarray:
        """Compute the features of the samples of a matrix.

        Parameters
        ----------
        matrix : ndarray or sparse matrix of shape (n_samples, n_genes)
            The columns that ``locate`` was told.
        dtype : dtype, optional
            Float type of the arithmetic and of the result; by default float32 for float32
            and float16, else float64.
        n_jobs : int
            Number of threads, each with its own share of the samples.
        first_row : int
            Number of the first row, for messages.

        Returns
        -------
        ndarray of shape (n_samples, n_features)
            NaN for features without any gene and for samples that express no reference gene.

        Raises
        ------
        FeatureError
            If a value in a column that is read is negative, NaN, infinite or too large to have
            the logarithm undone, or a gene has several values.

        Notes
        -----
        With x the abundance, s the size factor of the sample and c the offset, a feature is
        the sum of ``w * log2(x / s + c)``, computed as ``w * log2(x + c s) - w * log2(s)``: one
        logarithm a gene, and no division. Working memory is a few blocks of 2**18 numbers for
        each thread, whatever the size of the matrix.
        """
        kind = working_dtype(matrix.dtype if dtype is None else dtype)
        out = np.empty((matrix.shape[0], len(self.names)), dtype=kind)
        out[:, self.absent] = np.nan
        weights = self.weights.astype(kind, copy=False)
        blocks = list(self._blocks(len(out)))

        def work(mine: list[slice]) -> None:
            for rows in mine:
                self._block(matrix[rows], out[rows], weights, first_row + rows.start)

        threads = max(1, min(n_jobs, len(blocks)))
        share = -(-len(blocks) // threads)
        parts = [blocks[i * share : (i + 1) * share] for i in range(threads)]
        with ONE_BLAS_THREAD:
            if threads == 1:
                work(blocks)
                return out
            with ThreadPoolExecutor(threads) as pool:
                for done in [pool.submit(work, part) for part in parts]:
                    done.result()
        return out

    def _blocks(self, n_samples: int) -> Iterator[slice]:
        size = max(16, _BLOCK_ELEMENTS // len(self.columns))
        for start in range(0, n_samples, size):
            yield slice(start, min(start + size, n_samples))

    def _block(self, block: Any, out: np.ndarray, weights: np.ndarray, first_row: int) -> None:
        """Score one block into ``out``, changing no input."""
        values = self._checked(gather(block, self.read, dtype=out.dtype), first_row)
        with np.errstate(over="ignore"):
            if self.unit in NATURAL:
                values *= out.dtype.type(NATURAL[self.unit])
                # exact for abundances far below 1 too, which 2**x - 1 is not in float32
                np.expm1(values, out=values)
        if not np.isfinite(values.max(initial=0)):
            raise FeatureError(
                f"values too large to be {self.unit} (samples from row {first_row} on)",
                expected="log(x+1) of counts, CPM or TPM, as unit= says",
                do='give unit="linear" if the logarithm was not taken',
            )
        size = size_factors(values[:, self.reference].astype(np.float64), self.usual)
        values += (OFFSET * size).astype(out.dtype)[:, None]
        np.log2(values, out=values)
        values -= np.log2(size).astype(out.dtype)[:, None]
        out[:, self.single] = values[:, self.single_at]
        out[:, self.dense] = values @ weights
