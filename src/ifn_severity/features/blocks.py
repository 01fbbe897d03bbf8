"""Blocks of samples: some columns of a matrix of any kind, as a dense array."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse


def working_dtype(dtype: Any) -> np.dtype[Any]:
    """Return the float type in which values of a type are scored: float32 or float64.

    Examples
    --------
    >>> working_dtype("float32"), working_dtype("int32")
    (dtype('float32'), dtype('float64'))
    """
    narrow = np.dtype(dtype) in (np.dtype(np.float32), np.dtype(np.float16))
    return np.dtype(np.float32 if narrow else np.float64)


def gather(block: Any, columns: np.ndarray, *, dtype: Any = None) -> np.ndarray:
    """Copy some columns of a block of samples into a new dense array.

    Parameters
    ----------
    block : ndarray or sparse matrix of shape (n_samples, n_genes)
    columns : ndarray of int, shape (n_columns,)
    dtype : dtype, optional
        Type of the copy.

    Returns
    -------
    ndarray of shape (n_samples, n_columns), C-contiguous

    Examples
    --------
    >>> gather(np.array([[1.0, 2.0, 3.0]]), np.array([0, 2]))
    array([[1., 3.]])
    """
    kind = np.dtype(block.dtype if dtype is None else dtype)
    if sparse.issparse(block):
        return np.asarray(sparse.csr_array(block)[:, columns].toarray(), dtype=kind, order="C")
    if block.flags.c_contiguous and block.dtype == kind:
        return np.take(block, columns, axis=1)
    return np.ascontiguousarray(block[:, columns], dtype=kind)
