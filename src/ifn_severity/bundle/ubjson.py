"""A strict reader of the UBJSON that XGBoost writes.

XGBoost's own reader trusts its input: a file that was cut short crashes the process, which no
``except`` can catch. So a file is read here first, and only what is whole goes on.
"""

from __future__ import annotations

import struct
from typing import Any

import numpy as np

_SCALARS = {b"i": ">b", b"U": ">B", b"I": ">h", b"l": ">i", b"L": ">q", b"d": ">f", b"D": ">d"}
_MAX_DEPTH = 12


def read_ubjson(content: bytes) -> dict[str, Any]:
    r"""Read an object; typed arrays become numpy arrays of their type.

    Parameters
    ----------
    content : bytes

    Returns
    -------
    dict

    Raises
    ------
    ValueError
        If the content is cut short, goes on after its end, or holds what XGBoost never writes.

    Examples
    --------
    >>> read_ubjson(b"{L" + bytes(7) + b"\x01a[$U#L" + bytes(7) + b"\x02\x05\x06}")
    {'a': array([5, 6], dtype=uint8)}
    """
    reader = _Reader(content)
    value = reader.value(0)
    if reader.at != len(content):
        raise ValueError(f"{len(content) - reader.at} bytes follow its end")
    if not isinstance(value, dict):
        raise ValueError("it does not hold an object")
    return value


class _Reader:
    def __init__(self, content: bytes) -> None:
        self.content = content
        self.at = 0

    def take(self, size: int) -> bytes:
        if size < 0 or size > len(self.content) - self.at:
            raise ValueError(f"it ends at byte {len(self.content)}, in the middle of a value")
        self.at += size
        return self.content[self.at - size : self.at]

    def expect(self, marker: bytes) -> None:
        found = self.take(len(marker))
        if found != marker:
            raise ValueError(
                f"{found!r} where {marker!r} should be, at byte {self.at - len(found)}"
            )

    def scalar(self, marker: bytes) -> Any:
        form = _SCALARS[marker]
        return struct.unpack(form, self.take(struct.calcsize(form)))[0]

    def size(self) -> int:
        self.expect(b"L")
        return int(self.scalar(b"L"))

    def text(self) -> str:
        return self.take(self.size()).decode("utf-8")

    def value(self, depth: int) -> Any:
        if depth > _MAX_DEPTH:
            raise ValueError("it is nested too deeply")
        marker = self.take(1)
        if marker == b"{":
            return self.object(depth)
        if marker == b"[":
            return self.array(depth)
        if marker == b"S":
            return self.text()
        if marker in _SCALARS:
            return self.scalar(marker)
        raise ValueError(f"{marker!r} at byte {self.at - 1} begins no value")

    def object(self, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while self.content[self.at : self.at + 1] != b"}":
            key = self.text()
            if key in found:
                raise ValueError(f"{key!r} is there twice")
            found[key] = self.value(depth + 1)
        self.expect(b"}")
        return found

    def array(self, depth: int) -> Any:
        marker = self.take(1)
        if marker == b"#":
            size = self.size()
            if size > len(self.content):
                raise ValueError(f"a list of {size} values does not fit in it")
            return [self.value(depth + 1) for _ in range(size)]
        if marker != b"$":
            raise ValueError(f"{marker!r} at byte {self.at - 1} begins no array")
        kind = self.take(1)
        if kind not in _SCALARS:
            raise ValueError(f"no array is of type {kind!r}")
        self.expect(b"#")
        form = np.dtype(_SCALARS[kind])
        size = self.size()
        if size > len(self.content):
            raise ValueError(f"an array of {size} values does not fit in it")
        values = np.frombuffer(self.take(size * form.itemsize), dtype=form)
        return values.astype(form.newbyteorder("="))
