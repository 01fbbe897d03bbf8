"""A user's matrix of any length, a chunk of samples at a time.

Text with samples in rows, parquet and h5ad are streamed once they are large; every chunk is
understood as a file of its own, by the one reader there is. Small files, spreadsheets and genes
in rows are read whole.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import shutil
import sys
import tempfile
import zipfile
from collections.abc import Collection, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

from ifn_severity.cohorts.arrange import arrange
from ifn_severity.cohorts.container import reading
from ifn_severity.cohorts.grid import Grid, clean
from ifn_severity.cohorts.matrix import Expression, expression_of, read_expression
from ifn_severity.cohorts.tablefile import annotated_grid, choose_layer
from ifn_severity.cohorts.textgrid import read_text
from ifn_severity.cohorts.unit import NAMES, detect_unit
from ifn_severity.errors import InputError

LARGE = 64_000_000
"""Bytes of text, unpacked, beyond which a file is streamed."""
CELLS = 8_000_000
"""Values of a chunk."""
STDIN = "-"
_MAGIC: tuple[tuple[bytes, Any], ...] = (
    (b"\x1f\x8b", gzip.open),
    (b"\xfd7zXZ\x00", lzma.open),
    (b"BZh", bz2.open),
)


@contextmanager
def named_input(path: str | Path) -> Iterator[Path]:
    """Give the path of an input; standard input, ``-``, is spooled to a file on disk first.

    Parameters
    ----------
    path : str or Path

    Yields
    ------
    Path
    """
    if str(path) != STDIN:
        yield Path(path)
        return
    with tempfile.TemporaryDirectory(prefix="ifn-severity-") as folder:
        # messages name the file as what it is
        spooled = Path(folder) / "standard input"
        with spooled.open("wb") as file:
            shutil.copyfileobj(sys.stdin.buffer, file)
        yield spooled


def stream_expression(
    path: Path, *, unit: str = "auto", known_genes: Collection[str] | None = None
) -> Iterator[Expression]:
    """Yield a matrix a chunk of samples at a time, in the order of the file.

    Parameters
    ----------
    path : Path
    unit, known_genes
        As for ``read_expression``.

    Yields
    ------
    Expression
        The first with all that was assumed; the unit of the first holds for all.

    Raises
    ------
    InputError
        As ``read_expression``, for the chunk in which something is wrong; if chunks are in
        different units; or if a sample's name comes twice.
    """
    chunks = _grids(Path(path), known_genes)
    if chunks is None:
        yield read_expression(path, unit=unit, known_genes=known_genes)
        return
    seen: set[str] = set()
    first: Expression | None = None
    for grid in chunks:
        said = first.unit if first else unit
        if first and unit == "auto":
            _same_unit(grid, first, known_genes)
        chunk = expression_of(grid, path, unit=said, known_genes=known_genes)
        twice = [name for name in chunk.values.index if name in seen]
        if twice:
            raise InputError(
                f"{path}: sample {twice[0]} occurs more than once",
                expected="a name of its own for every sample",
                do="rename the samples, e.g. patient1_day3 and patient1_day7",
            )
        seen.update(chunk.values.index)
        if first is None:
            first = replace(chunk, notes=("The file is large: it was read in parts.", *chunk.notes))
            yield first
        else:
            yield chunk


def _same_unit(grid: Grid, first: Expression, known: Collection[str] | None) -> None:
    """Refuse a chunk that is surely in another unit than the first."""
    copy = replace(grid, header=list(grid.header), ids=list(grid.ids), notes=[])
    matrix = arrange(copy, frozenset(known or ()))
    guess = detect_unit(matrix.values, matrix.samples)
    if guess.sure and guess.unit != first.unit:
        raise InputError(
            f"{grid.path}: {matrix.samples[0]} and those after it are {NAMES[guess.unit]}, those "
            f"before are {NAMES[first.unit]}",
            expected="one unit for the whole matrix",
            do="split the file by unit, or say which it is with --unit counts|linear|log2|ln|log10",
        )


def _grids(path: Path, known: Collection[str] | None) -> Iterator[Grid] | None:
    """Return the chunks of a large file, or None where it is read whole."""
    if not path.is_file():
        return None
    with path.open("rb") as file:
        start = file.read(8)
    if start.startswith(b"PAR1"):
        return _parquet(path)
    if start.startswith(b"\x89HDF\r\n\x1a\n"):
        return _h5ad(path)
    return _text(path, known)


def _open(path: Path, stack: ExitStack) -> IO[bytes] | None:
    """Open a file as the bytes that are packed in it; None for what is no plain text."""
    with path.open("rb") as file:
        start = file.read(8)
    if start.startswith(b"PK\x03\x04"):
        with reading(path, "zip or xlsx file"):
            archive = stack.enter_context(zipfile.ZipFile(path))
            inside = [entry.filename for entry in archive.infolist() if not entry.is_dir()]
        names = [name for name in inside if not name.startswith(("__MACOSX/", "."))]
        if len(names) != 1 or names[0].startswith("xl/"):
            return None
        return stack.enter_context(archive.open(names[0]))
    for magic, opener in _MAGIC:
        if start.startswith(magic):
            unpacked: IO[bytes] = stack.enter_context(opener(path, "rb"))
            return unpacked
    return stack.enter_context(path.open("rb"))


def _text(path: Path, known: Collection[str] | None) -> Iterator[Grid] | None:
    with ExitStack() as stack:
        file = _open(path, stack)
        if file is None:
            return None
        with reading(path, "text file"):
            head = file.read(LARGE + 1)
    marked = head.startswith((b"\xff\xfe", b"\xfe\xff", b"#", b"!"))
    plain = not marked and b"\x00" not in head[:4096]
    lines = head.split(b"\n", 400)
    if len(head) <= LARGE or not plain or len(lines) < 4:
        return None
    # the last may be cut
    sample = b"\n".join(lines[:-1]).replace(b"\r", b"")
    try:
        grid = read_text(sample.removeprefix(b"\xef\xbb\xbf"), str(path))
        matrix = arrange(grid, frozenset(known or ()))
    except InputError:
        # read whole, it says what is wrong
        return None
    if matrix.orientation != "samples in rows":
        return None
    return _text_chunks(path, max(50, CELLS // max(len(grid.header), 1)))


def _text_chunks(path: Path, n_rows: int) -> Iterator[Grid]:
    with ExitStack() as stack:
        file = _open(path, stack)
        if file is None:
            return
        with reading(path, "text file"):
            header = file.readline().removeprefix(b"\xef\xbb\xbf")
        done = 1
        while True:
            with reading(path, "text file"):
                lines = [line for _, line in zip(range(n_rows), file, strict=False)]
            if not any(line.strip() for line in lines):
                return
            body = header.rstrip(b"\r\n") + b"\n" + b"".join(lines).replace(b"\r", b"")
            with reading(path, "text file in UTF-8"):
                body.decode("utf-8")
            grid = read_text(body, str(path))
            grid.first_row = done + 1
            done += len(lines)
            yield grid


def _parquet(path: Path) -> Iterator[Grid] | None:
    import pyarrow.parquet as pq

    with reading(path, "parquet file"):
        file = pq.ParquetFile(path)
        n_rows, n_columns = file.metadata.num_rows, file.metadata.num_columns
    if n_rows * n_columns <= CELLS or n_rows < n_columns:
        return None

    def chunks() -> Iterator[Grid]:
        import pandas as pd

        with reading(path, "parquet file"):
            batches = file.iter_batches(batch_size=max(50, CELLS // n_columns))
        while True:
            with reading(path, "parquet file"):
                batch = next(batches, None)
                frame = None if batch is None else batch.to_pandas()
            if frame is None:
                return
            if not isinstance(frame.index, pd.RangeIndex):
                frame.insert(0, frame.index.name or "", frame.index, allow_duplicates=True)
            header = [clean(name) for name in frame.columns]
            frame = frame.reset_index(drop=True).set_axis(range(frame.shape[1]), axis="columns")
            yield Grid(frame, header, [clean(n) for n in frame[0]], str(path), first_row=None)

    return chunks()


def _h5ad(path: Path) -> Iterator[Grid] | None:
    import h5py

    with reading(path, "h5ad file"), h5py.File(path, "r") as content:
        if not {"obs", "var", "X"} <= set(content):
            return None
        shape = content["X"].attrs.get("shape", getattr(content["X"], "shape", (0, 0)))
    if int(shape[0]) * int(shape[1]) <= CELLS:
        return None

    def chunks() -> Iterator[Grid]:
        import anndata

        with reading(path, "h5ad file"):
            adata: Any = anndata.read_h5ad(path, backed="r")
        # the file is closed, even if what comes is not asked for to its end
        with closing(adata.file):
            with reading(path, "h5ad file"):
                # the least value of a backed X is not looked for: it would be read twice
                matrix, var, where = (
                    choose_layer(adata) if "counts" in adata.layers else (adata.X, adata.var, "X")
                )
            n_rows = max(50, CELLS // max(int(shape[1]), 1))
            for start in range(0, adata.n_obs, n_rows):
                rows = slice(start, min(start + n_rows, adata.n_obs))
                with reading(path, "h5ad file"):
                    part = matrix[rows]
                yield annotated_grid(adata[rows], part, var, where, path)

    return chunks()
