"""numpy's array files, by their header alone: nothing is evaluated and no shape is believed."""

from __future__ import annotations

import re
from math import prod

import numpy as np

_HEADER = re.compile(
    rb"\{'descr': '(?P<kind>[<|][biuf][1248])', 'fortran_order': (?:False|True), "
    rb"'shape': \((?P<shape>[0-9, ]{0,40})\), \} *\n"
)


def read_npy(content: bytes) -> np.ndarray:
    """Read an array of plain numbers, as ``numpy.save`` writes it.

    Parameters
    ----------
    content : bytes

    Returns
    -------
    ndarray
        Read-only, in C order.

    Raises
    ------
    ValueError
        If the header is not in the form that numpy writes, or announces other than what follows.
    """
    length = int.from_bytes(content[8:10], "little")
    header = content[10 : 10 + length]
    found = _HEADER.fullmatch(header)
    if content[:8] != b"\x93NUMPY\x01\x00" or len(header) != length or not found:
        raise ValueError("an array in it has an unknown header")
    kind = np.dtype(found["kind"].decode())
    shape = tuple(int(part) for part in found["shape"].split(b",") if part.strip())
    body = content[10 + length :]
    if len(shape) > 3 or prod(shape) * kind.itemsize != len(body):
        raise ValueError("an array in it does not have the shape it announces")
    return np.frombuffer(body, dtype=kind).reshape(shape)
