"""Where to put the dots of a swarm: beside each other, not on each other, always the same way."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def swarm_offsets(
    values: npt.ArrayLike, *, width: float = 0.4, step: float = 0.08, bins: int = 90
) -> npt.NDArray[np.float64]:
    """Return sideways offsets that show how dense the values are.

    Parameters
    ----------
    values : array-like of shape (n,)
        Positions along the axis of measurement.
    width : float
        Largest offset to either side.
    step : float
        Distance between neighbours while there is room.
    bins : int
        Values in the same of so many bins share a row.

    Returns
    -------
    ndarray of shape (n,)
        Offsets within ``[-width, width]``, without randomness.

    Examples
    --------
    >>> swarm_offsets([0.0, 0.0, 0.0, 1.0], step=0.1).tolist()
    [0.0, 0.1, -0.1, 0.0]
    """
    array = np.asarray(values, dtype=float)
    if array.size == 0:
        return np.zeros(0)
    low, high = np.nanmin(array), np.nanmax(array)
    span = (high - low) or 1.0
    cell = np.floor((array - low) / span * (bins - 1e-9)).astype(np.int64)
    order = np.argsort(cell, kind="stable")
    first = np.r_[True, np.diff(cell[order]) != 0]
    start = np.maximum.accumulate(np.where(first, np.arange(array.size), 0))
    place = np.empty(array.size, dtype=np.int64)
    place[order] = np.arange(array.size) - start
    layer = (place + 1) // 2 * np.where(place % 2 == 1, 1, -1)
    widest = int(np.abs(layer).max())
    return np.asarray(layer * min(step, width / widest if widest else step) + 0.0, dtype=float)
