"""Cells as numbers, and where there is text instead."""

from __future__ import annotations

import re
from collections.abc import Collection

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ifn_severity.cohorts.grid import Grid, clean
from ifn_severity.errors import InputError

_DECIMAL_COMMA = re.compile(r"-?\d+,\d+([eE][-+]?\d+)?")


def _numbers(grid: Grid, column: int, *, expression: bool) -> NDArray[np.float64] | None:
    """Return a column as numbers, or None if it is text throughout or no gene's.

    ``expression`` says that this column holds expression for certain.
    """
    cells = grid.frame[column]
    if pd.api.types.is_numeric_dtype(cells) and not pd.api.types.is_bool_dtype(cells):
        return cells.to_numpy(dtype=np.float64, na_value=np.nan)
    blank = cells.isna().to_numpy()
    coerced = pd.to_numeric(cells.astype(object), errors="coerce")
    values: NDArray[np.float64] = coerced.to_numpy(np.float64, na_value=np.nan)
    truth = np.array([isinstance(cell, bool | np.bool_) for cell in cells])
    text = (np.isnan(values) & ~blank) | truth
    if not text.any():
        return values
    row = int(np.flatnonzero(text)[0])
    shown = clean(cells.iloc[row])
    if _DECIMAL_COMMA.fullmatch(shown):
        raise InputError(
            f"{grid.path}, {grid.place(row, column)}: {shown!r}, a number with a comma",
            expected="a decimal point: 0.5, not 0,5, and no thousands separators",
            do="export it again with a decimal point (in a spreadsheet: English number format)",
        )
    if text[~blank].all() and not expression:
        return None
    raise InputError(
        f"{grid.path}, {grid.place(row, column)}: {shown!r} ({int(text.sum())} such cells in it)",
        expected="numbers only",
        do="correct these cells, or remove the column if it holds no expression",
    )


def read_columns(
    grid: Grid, wanted: list[int], genes: Collection[int] = ()
) -> tuple[list[int], NDArray[np.float64]]:
    """Return which of the wanted columns hold numbers, and these.

    Parameters
    ----------
    grid : Grid
        The cells of a file.
    wanted : list of int
        Columns that may hold expression. One that is text throughout is left out.
    genes : collection of int
        Columns that surely hold expression, so that text in them is an error; where genes are
        columns, text in the others describes samples and leaves them out.

    Returns
    -------
    list of int
        The columns that hold numbers.
    ndarray of shape (n_rows, n_kept)
        The numbers; NaN where a cell is empty.

    Raises
    ------
    InputError
        If there is text among numbers; the message says where.
    """
    plain = np.array([pd.api.types.is_numeric_dtype(kind) for kind in grid.frame.dtypes])
    plain &= np.array([not pd.api.types.is_bool_dtype(kind) for kind in grid.frame.dtypes])
    read: dict[int, NDArray[np.float64]] = {}
    for at in wanted:
        if plain[at]:
            continue
        try:
            cells = _numbers(grid, at, expression=at in genes)
        except InputError:
            # half text, half numbers, and no gene: a description such as "age: over 89"
            if not genes or at in genes or not grid.header[at]:
                raise
            continue
        if cells is not None:
            read[at] = cells
    kept = [at for at in wanted if plain[at] or at in read]
    values = np.empty((len(grid.frame), len(kept)))
    # one assignment for all plain columns: taking them one by one costs seconds for 20,000 genes
    fast = [place for place, at in enumerate(kept) if plain[at]]
    block = grid.frame.iloc[:, [kept[place] for place in fast]]
    values[:, fast] = block.to_numpy(dtype=np.float64, na_value=np.nan)
    for place, at in enumerate(kept):
        if at in read:
            values[:, place] = read[at]
    return kept, values
