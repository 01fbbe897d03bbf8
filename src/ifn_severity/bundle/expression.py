"""What a caller hands to a model, brought to the panel's genes: samples × genes, log2(x+1)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ifn_severity.errors import InputError
from ifn_severity.features.definition import locate

if TYPE_CHECKING:
    from anndata import AnnData

MIN_COVERAGE = 0.5
# log2 of the largest intensity or count that any platform gives is far below
_MAX_LOG2 = 40.0


@dataclass(frozen=True, eq=False)
class PanelMatrix:
    """The panel's genes in a matrix that is read a block of samples at a time.

    Attributes
    ----------
    values : DataFrame or AnnData
        What the caller gave.
    columns : list of str
        Names of all its columns.
    samples : list of str
    genes : list of str
        Columns that belong to the panel, in its order.
    positions : ndarray of int
        Where they stand.
    """

    values: Any
    columns: list[str]
    samples: list[str]
    genes: list[str]
    positions: np.ndarray

    def read(self, rows: slice, also: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Read some samples.

        Parameters
        ----------
        rows : slice
        also : ndarray of int, optional
            Further columns, whose values are not checked.

        Returns
        -------
        values : ndarray of shape (n_rows, n_genes)
            float64, checked.
        others : ndarray of shape (n_rows, len(also))
            float64; what is no plausible number is NaN.

        Raises
        ------
        InputError
            If values of the panel make no sense.
        """
        more = np.empty(0, dtype=np.intp) if also is None else also
        block = _numbers(self.values, rows, self.positions)
        self._check(block, rows.start or 0)
        if not len(more):
            return block, np.empty((len(block), 0))
        others = _numbers(self.values, rows, more, strict=False)
        bad = ~(np.isfinite(others) & (others >= 0) & (others <= _MAX_LOG2))
        return block, np.where(bad, np.nan, others)

    def _check(self, values: np.ndarray, first: int) -> None:
        # NaN passes through min, so two reductions find all that is wrong
        if not values.size or (values.min() >= 0 and values.max() <= _MAX_LOG2):
            return
        for wrong, what, do in (
            (
                ~np.isfinite(values),
                "missing or infinite",
                "fill them where you know how, or remove the gene",
            ),
            (values < 0, "negative", "give log2(x+1) before any centring or z-scoring"),
            (
                values > _MAX_LOG2,
                f"above {_MAX_LOG2:g}",
                "these are no logarithms: take log2(x + 1) first",
            ),
        ):
            if wrong.any():
                row, column = (int(i) for i in np.argwhere(wrong)[0])
                raise InputError(
                    f"{int(wrong.sum())} values are {what}, the first {values[row, column]:g} for "
                    f"{self.genes[column]} in {self.samples[first + row]}",
                    expected=f"log2(x+1), from 0 to {_MAX_LOG2:g}",
                    do=do,
                )


def open_panel(
    values: pd.DataFrame | AnnData, genes: Sequence[str], aliases: Sequence[str] = ()
) -> PanelMatrix:
    """Find the panel's genes in a matrix.

    Parameters
    ----------
    values : DataFrame or AnnData of shape (n_samples, n_genes)
        log2(x+1), columns named by current symbols or as printed in a publication.
    genes : sequence of str
        The panel.
    aliases : sequence of str
        Printed symbols that are accepted too, for the message.

    Returns
    -------
    PanelMatrix

    Raises
    ------
    InputError
        If too few of the genes are there, or names make no sense.
    """
    columns, samples = _names(values)
    if not samples:
        raise InputError("no samples", expected="one row a sample", do="give at least one sample")
    twice = [name for name, count in Counter(samples).items() if count > 1]
    if twice:
        raise InputError(
            f"{len(twice)} sample names occur more than once: {', '.join(twice[:5])}",
            expected="a name of its own for every sample",
            do="make the index unique",
        )
    positions = locate(columns, genes)
    positions = positions[positions >= 0]
    if len(positions) < MIN_COVERAGE * len(genes):
        swapped = sum(locate(samples, genes) >= 0) > len(positions)
        raise InputError(
            f"{len(positions)} of the {len(genes)} genes of the model are among the columns, which "
            f"look like {', '.join(columns[:4])}",
            expected=f"samples in rows and at least {MIN_COVERAGE:.0%} of the genes, as HGNC "
            f"symbols such as {', '.join(list(genes)[:4])}",
            do="transpose the matrix: its rows are genes"
            if swapped
            else "give the whole matrix, not chosen genes; ifn-severity predict reads files in any "
            "orientation and with other identifiers, the Python API current HGNC symbols only",
        )
    known = {*genes, *aliases}
    repeated = [name for name, count in Counter(columns).items() if count > 1 and name in known]
    if repeated:
        raise InputError(
            f"{len(repeated)} genes occur more than once: {', '.join(repeated[:5])}",
            expected="every gene once",
            do="merge these columns",
        )
    return PanelMatrix(values, columns, samples, [columns[i] for i in positions], positions)


def panel_expression(
    values: pd.DataFrame | AnnData, genes: Sequence[str], aliases: Sequence[str] = ()
) -> pd.DataFrame:
    """Take the panel's genes out of a matrix and check their values.

    Parameters
    ----------
    values, genes, aliases
        As for :func:`open_panel`.

    Returns
    -------
    DataFrame of shape (n_samples, n_genes_found)
        float64, index of str.

    Raises
    ------
    InputError
        If too few of the genes are there, or values or names make no sense.
    """
    panel = open_panel(values, genes, aliases)
    block, _ = panel.read(slice(0, len(panel.samples)))
    return pd.DataFrame(block, index=panel.samples, columns=panel.genes)


def _names(values: Any) -> tuple[list[str], list[str]]:
    if isinstance(values, pd.DataFrame):
        return [str(c) for c in values.columns], [str(i) for i in values.index]
    if hasattr(values, "var_names") and hasattr(values, "obs_names"):
        return [str(c) for c in values.var_names], [str(i) for i in values.obs_names]
    raise InputError(
        f"a {type(values).__name__}",
        expected="a DataFrame or AnnData, samples × genes, of log2(x+1)",
        do="name rows and columns: pandas.DataFrame(values, index=samples, columns=genes)",
    )


def _numbers(values: Any, rows: slice, positions: np.ndarray, *, strict: bool = True) -> np.ndarray:
    if not isinstance(values, pd.DataFrame):
        # only the panel is made dense
        chosen = values[rows, positions].X
        dense = chosen.toarray() if hasattr(chosen, "toarray") else chosen
        return np.asarray(dense, dtype=np.float64)
    chosen = values.iloc[rows].take(positions, axis=1)
    if not strict:
        text = [not pd.api.types.is_numeric_dtype(kind) for kind in chosen.dtypes]
        if any(text):
            chosen = chosen.apply(pd.to_numeric, errors="coerce")
    try:
        return np.asarray(chosen.to_numpy(dtype=np.float64, na_value=np.nan))
    except (ValueError, TypeError) as error:
        raise InputError(
            f"values that are no numbers: {error}",
            expected="a number in every cell",
            do="remove text columns and cells",
        ) from error
