"""The training distribution of each feature, and which samples lie outside it.

Only summaries are kept, never a patient's row.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

import numpy as np
import pandas as pd

QUANTILES = (0.005, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 0.995)
_NAMES = tuple(f"q{100 * q:g}" for q in QUANTILES)
COLUMNS = (*_NAMES, "mean", "sd", "missing")
LOWEST_LIMIT, HIGHEST_LIMIT = 0.10, 0.50
# the largest released model has 14,000 cells in 90 kB, and 12 columns
MAX_TABLE, MAX_CELLS, MAX_COLUMNS = 16_000_000, 500_000, 100
LIMIT_MEANING = (
    "largest share of features that may lie outside the training data's 0.5 to 99.5 % range: "
    "99 of 100 training samples stay below it (of cohorts held out one by one, where there are "
    "several), and it is between 0.1 and 0.5"
)


def summarise(features: pd.DataFrame) -> pd.DataFrame:
    """Summarise the training features.

    Parameters
    ----------
    features : DataFrame of shape (n_samples, n_features)

    Returns
    -------
    DataFrame indexed by feature
        Quantiles ``q0.5`` to ``q99.5``, ``mean``, ``sd`` and the share ``missing``; NaN where a
        feature was never measured.
    """
    values = features.to_numpy(dtype=np.float64)
    table = pd.DataFrame(
        np.nan, index=pd.Index(features.columns.astype(str), name="feature"), columns=list(COLUMNS)
    )
    known = np.isfinite(values)
    some = known.any(axis=0)
    if some.any():
        measured = np.where(known, values, np.nan)[:, some]
        table.loc[some, list(_NAMES)] = np.nanquantile(measured, QUANTILES, axis=0).T
        table.loc[some, "mean"] = np.nanmean(measured, axis=0)
        table.loc[some, "sd"] = np.nanstd(measured, axis=0)
    table["missing"] = 1.0 - known.mean(axis=0)
    return table


def share_outside(features: pd.DataFrame, reference: pd.DataFrame) -> np.ndarray:
    """Return the share of each sample's features that lies outside the training range.

    Parameters
    ----------
    features : DataFrame of shape (n_samples, n_features)
    reference : DataFrame indexed by feature
        What :func:`summarise` returned, in the same order.

    Returns
    -------
    ndarray of shape (n_samples,)
        NaN where a sample has no feature that was measured in training.
    """
    values = features.to_numpy(dtype=np.float64)
    low, high = reference["q0.5"].to_numpy(), reference["q99.5"].to_numpy()
    # a feature that training saw at one value only says nothing by a rounding error
    room = 1e-6 + 1e-6 * np.abs(np.where(np.isfinite(low), low, 0.0))
    comparable = np.isfinite(values) & np.isfinite(low) & np.isfinite(high)
    outside = comparable & ((values < low - room) | (values > high + room))
    number = comparable.sum(axis=1)
    return np.where(number > 0, outside.sum(axis=1) / np.maximum(number, 1), np.nan)


def outside_limit(
    features: pd.DataFrame, reference: pd.DataFrame, cohorts: np.ndarray | None = None
) -> float:
    """Choose the limit for :func:`share_outside` such that nearly all training samples pass.

    Parameters
    ----------
    features : DataFrame of shape (n_samples, n_features)
        The training features.
    reference : DataFrame indexed by feature
    cohorts : ndarray of shape (n_samples,), optional
        With two or more, each is held out in turn: samples of a cohort that was not trained on
        are to pass too.
    """
    names = [] if cohorts is None else list(np.unique(cohorts))
    if cohorts is not None and len(names) > 1:
        parts = []
        for name in names:
            mine = cohorts == name
            parts.append(share_outside(features[mine], summarise(features[~mine])))
        kept = [part[np.isfinite(part)] for part in parts]
        # cohorts count alike
        limit = float(np.mean([np.quantile(part, 0.99) for part in kept if len(part)] or [0.0]))
    else:
        shares = share_outside(features, reference)
        shares = shares[np.isfinite(shares)]
        limit = float(np.quantile(shares, 0.99)) if len(shares) else 0.0
    return round(min(max(limit, LOWEST_LIMIT), HIGHEST_LIMIT), 4)


def write_reference(reference: pd.DataFrame) -> bytes:
    """Return the table as csv, six significant digits."""
    text: str = reference.to_csv(float_format="%.6g", lineterminator="\n")
    return text.encode()


def read_reference(content: bytes, columns: Sequence[str]) -> pd.DataFrame:
    """Read the table.

    Parameters
    ----------
    content : bytes
    columns : sequence of str
        The model's features, which its rows must be.

    Raises
    ------
    ValueError
        If it is not that table.
    """
    table = read_numbers(content, "feature")
    if list(table.index) != list(columns) or list(table.columns) != list(COLUMNS):
        raise ValueError("reference.csv does not list the model's features")
    return table


def read_numbers(content: bytes, label: str) -> pd.DataFrame:
    """Read a csv of numbers with one leading column of names, every digit kept.

    Parameters
    ----------
    content : bytes
    label : str
        Name of the leading column.

    Raises
    ------
    ValueError
        If it is anything else, or larger than a model can need.
    """
    # a cell of one comma takes a hundred times its size once it is read
    if len(content) > MAX_TABLE or content.count(b",") + content.count(b"\n") > MAX_CELLS:
        raise ValueError(f"the table by {label} is larger than a model can need")
    try:
        rows = list(csv.reader(io.StringIO(content.decode("utf-8")), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise ValueError(f"no table of numbers by {label}: {error}") from error
    if not rows or rows[0][:1] != [label] or any(len(row) != len(rows[0]) for row in rows):
        raise ValueError(f"no table of numbers by {label}")
    if len(rows[0]) > MAX_COLUMNS:
        raise ValueError(f"the table by {label} has {len(rows[0]):,} columns")
    numbers = [[float(cell) if cell else np.nan for cell in row[1:]] for row in rows[1:]]
    index = pd.Index([row[0] for row in rows[1:]], name=label)
    return pd.DataFrame(numbers, index=index, columns=rows[0][1:], dtype=np.float64)
