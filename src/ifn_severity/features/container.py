"""What holds a matrix: its values, the names of its genes and of its samples."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import pandas as pd

from ifn_severity.errors import FeatureError


def open_matrix(
    data: Any, genes: Sequence[str] | None, layer: str | None
) -> tuple[Any, list[str], pd.Index | None]:
    """Take a matrix and the names of its columns out of what holds them.

    Parameters
    ----------
    data : AnnData, DataFrame, ndarray, sparse matrix, h5py dataset or Dask array
        Samples in rows.
    genes : sequence of str or None
        Names of the columns, unless ``data`` brings its own.
    layer : str or None
        Layer of an AnnData to take in place of ``X``.

    Returns
    -------
    values : array of any kind, or DataFrame
    names : list of str
        Of its columns.
    samples : Index or None
        Names of its rows, where there are any.

    Raises
    ------
    FeatureError
        If there is no such layer, no table, or not one name a column.

    Examples
    --------
    >>> open_matrix(pd.DataFrame({"IFI27": [5.0]}, index=["P1"]), None, None)[1:]
    (['IFI27'], Index(['P1'], dtype='object'))
    """
    own: Any = None
    labels: pd.Index | None = None
    values = data
    # who has an AnnData has imported the package, which takes seconds
    anndata = sys.modules.get("anndata")
    if anndata is not None and isinstance(data, anndata.AnnData):
        if layer is not None and layer not in data.layers:
            raise FeatureError(
                f"no layer is called {layer!r}",
                expected=f"one of {', '.join(data.layers) or 'none: there are no layers'}",
                do="leave out layer= to take X",
            )
        values = data.X if layer is None else data.layers[layer]
        own, labels = data.var_names, data.obs_names
    elif isinstance(data, pd.DataFrame):
        own, labels = data.columns, data.index
    if genes is None and own is None:
        raise FeatureError(
            f"a {type(data).__name__} without gene names",
            expected="the names of its columns",
            do="give genes=, or pass a DataFrame or an AnnData",
        )
    if len(getattr(values, "shape", ())) != 2:
        raise FeatureError(
            f"a {type(values).__name__} that is no table",
            expected="samples in rows and genes in columns",
            do="give a matrix with two dimensions, X[None, :] for a single sample",
        )
    names = [str(name) for name in (own if genes is None else genes)]
    if len(names) != values.shape[1]:
        raise FeatureError(
            f"{len(names)} gene names for {values.shape[1]} columns",
            expected="one name a column",
            do="give genes= the names of the columns",
        )
    return values, names, labels
