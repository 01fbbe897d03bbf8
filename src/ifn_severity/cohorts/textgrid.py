"""A delimited text file as a grid: which character delimits, where the header is, what follows."""

from __future__ import annotations

import csv
import io

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ifn_severity.cohorts.grid import GENE_CORNERS, SAMPLE_CORNERS, Grid, clean
from ifn_severity.errors import InputError

_DELIMITERS = {"\t": "tabs", ";": "semicolons", ",": "commas", "|": "bars", " ": "spaces"}
_WIDE = 1_000
_SERIES_START = b"!series_matrix_table_begin"
_SERIES_END = b"!series_matrix_table_end"


def _skip(data: bytes) -> tuple[bytes, int]:
    """Drop comments and preambles; return the rest and how many lines went."""
    start = data.find(_SERIES_START)
    if start >= 0:
        start = data.find(b"\n", start) + 1
        end = data.find(_SERIES_END, start)
        return data[start : end if end >= 0 else None], data.count(b"\n", 0, start)
    position = lines = 0
    gct = data.startswith(b"#1.2\n")
    while position < len(data):
        end = data.find(b"\n", position)
        end = len(data) if end < 0 else end
        line = data[position:end].strip()
        # the second line of a GCT file gives its size
        if line and not line.startswith((b"#", b"!")) and not (gct and lines == 1):
            break
        position, lines = end + 1, lines + 1
    return data[position:], lines


def _fields(lines: list[str], delimiter: str) -> list[list[str]]:
    try:
        return list(csv.reader(lines, delimiter=delimiter, skipinitialspace=delimiter == " "))
    except csv.Error:
        # a field beyond the reader's limit: a long line that this character does not split
        return [[line] for line in lines]


def _first_lines(data: bytes, count: int = 5) -> list[str]:
    out = []
    for line in io.BytesIO(data):
        if line.strip():
            out.append(line.decode("utf-8").rstrip("\n"))
        if len(out) == count:
            break
    return out


def _delimiter(lines: list[str]) -> str:
    """Choose the character that splits every line into the same number of fields."""
    widths = {one: [len(row) for row in _fields(lines, one)] for one in _DELIMITERS}
    for delimiter, (header, *rest) in widths.items():
        # R leaves out the header of the row names
        if rest and len(set(rest)) == 1 and rest[0] > 1 and rest[0] - header in (0, 1):
            return delimiter
    return max(widths, key=lambda one: widths[one][0])


def _read_wide(data: bytes, delimiter: str, width: int) -> tuple[pd.DataFrame, list[str]] | None:
    """Read lines of thousands of numbers row by row, for which pandas takes seconds.

    Returns None if a cell is empty or text, or a line has another length: pandas and the
    checks that follow find out what is wrong.
    """
    ids: list[str] = []
    rows: list[NDArray[np.float64]] = []
    try:
        reader = csv.reader(io.TextIOWrapper(io.BytesIO(data), "utf-8"), delimiter=delimiter)
        next(reader)
        for row in reader:
            if not row:
                continue
            if len(row) != width or not row[0].strip():
                return None
            ids.append(row[0].strip())
            rows.append(np.array(row[1:], dtype=np.float64))
    except (csv.Error, ValueError):
        return None
    frame = pd.DataFrame(np.array(rows), columns=pd.RangeIndex(1, width))
    frame.insert(0, 0, ids)
    return frame, ids


def read_text(data: bytes, path: str, *, as_text: bool = False) -> Grid:
    """Read a delimited text file.

    Parameters
    ----------
    data : bytes
        UTF-8 text.
    path : str
        The file, for messages.
    as_text : bool, default=False
        Leave every cell as it is written, so that a sample ``007`` keeps its name.

    Returns
    -------
    Grid
        Header and body.

    Raises
    ------
    InputError
        If there is no delimiter, no row below the header, or rows of different length.
    """
    body, skipped = _skip(data)
    lines = _first_lines(body)
    expected = "a header line and then one line a gene or one line a sample"
    if not lines:
        raise InputError(f"{path} holds comments only", expected=expected, do="export it again")
    if len(lines) < 2:
        raise InputError(
            f"{path} has one line only: {lines[0][:80]!r}",
            expected=expected,
            do="check that the export or download is complete",
        )
    delimiter = _delimiter(lines)
    first = _fields(lines, delimiter)
    if len(first) < 2:
        raise InputError(
            f"{path}: a quotation mark in the first lines is never closed: {lines[0][:80]!r}",
            expected=expected,
            do="export it again, or remove the quotation mark",
        )
    header = [name.strip() for name in first[0]]
    if max(len(row) for row in first) < 2:
        raise InputError(
            f"{path} has one column only; its first line is {lines[0][:80]!r}",
            expected="columns separated by commas, tabs or semicolons",
            do="export the matrix again as csv or tsv",
        )
    corner = GENE_CORNERS.fullmatch(header[0]) or SAMPLE_CORNERS.fullmatch(header[0])
    # R leaves out the header of the row names; a header that names them is complete
    if len(header) == len(first[1]) - 1 and header[0] and not corner:
        header = ["", *header]
    if len(header) > _WIDE and not as_text:
        fast = _read_wide(body, delimiter, len(header))
        if fast is not None:
            frame, ids = fast
            return Grid(frame, header, ids, path, first_row=skipped + 2)
    # the header is taken off by hand: pandas would rename repeated names instead of reporting them
    try:
        frame = pd.read_csv(
            io.BytesIO(body),
            sep=delimiter,
            header=None,
            skiprows=1,
            dtype=str if as_text else {0: str},
            low_memory=False,
            skipinitialspace=True,
        )
    except pd.errors.ParserError as error:
        raise _ragged(path, delimiter, f"lines of different length ({error})".strip()) from error
    if frame.shape[1] != len(header):
        got = f"{len(header)} names in the header but {frame.shape[1]} values in the lines below"
        raise _ragged(path, delimiter, got)
    ids = [clean(name) for name in frame[0]]
    return Grid(frame, header, ids, path, first_row=skipped + 2)


def _ragged(path: str, delimiter: str, got: str) -> InputError:
    return InputError(
        f"{path}, split at {_DELIMITERS[delimiter]}: {got}",
        expected="the same number of values in every line",
        do="export it again with a decimal point (0.5, not 0,5) and with names in quotation marks",
    )
