"""What a file really is: its bytes unpacked, its format told by content rather than by name."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import re
import shutil
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import islice
from pathlib import Path

from ifn_severity.errors import InputError

READABLE = "csv, tsv, txt, xlsx, parquet or h5ad, if need be packed as gz, xz, bz2 or zip"
MAX_BYTES = 4 * 1024**3
"""Bytes of a file once unpacked; far beyond any cohort that is read whole."""
MAX_RATIO, SMALL = 250, 100_000_000
"""A file may unpack to so many times its size, or to so many bytes if that is more: tables of
expression pack 3 to 30 times, those that are nearly all zeros 100 times, bombs 1,000 times."""
MAX_ROWS, MAX_COLUMNS = 1_000_000, 500_000
"""Of a text file that is read whole. Annotations of the genome have 0.4 million transcripts."""
_PART = 4096

_R_EXPORT = 'export it in R: write.csv(as.matrix(x), "matrix.csv"), then give matrix.csv'
_PY_EXPORT = "export it where you trust it: pandas.DataFrame(x).to_csv('matrix.csv')"
_REFUSED_SUFFIXES = {
    **dict.fromkeys((".pkl", ".pickle", ".joblib"), ("a pickle, which can run code", _PY_EXPORT)),
    **dict.fromkeys((".npy", ".npz"), ("a NumPy file, which names no genes", _PY_EXPORT)),
    **dict.fromkeys((".rds", ".rda", ".rdata"), ("an R data file", _R_EXPORT)),
    ".mtx": ("a Matrix Market file, which names no genes", "save it with its genes as h5ad or csv"),
    ".loom": ("a loom file", "save it as h5ad: anndata.io.read_loom(f).write_h5ad('matrix.h5ad')"),
    ".xls": ("an old Excel file", "open it in a spreadsheet and save it as xlsx or csv"),
    ".pdf": ("a PDF", "find the table as csv or xlsx, e.g. in the supplement"),
}
_REFUSED_STARTS = (
    (re.compile(rb"\x80[\x02-\x05]"), ".pkl"),
    (re.compile(rb"(RD[AX][23]\n|[XA]\n(\x00\x00\x00[\x02\x03]|[23]\n))"), ".rds"),
    (re.compile(rb"\x93NUMPY"), ".npy"),
    (re.compile(rb"\xd0\xcf\x11\xe0"), ".xls"),
    (re.compile(rb"%PDF"), ".pdf"),
    (re.compile(rb"%%MatrixMarket"), ".mtx"),
)
_RCC, _CODES = b"<Header>", b"<Code_Summary>"
_MARKUP = re.compile(rb"\s*<(!doctype|html|head|body|\?xml|script|meta)", re.I)


@dataclass(frozen=True)
class Container:
    """An unpacked file.

    Attributes
    ----------
    path : Path
        The file as the user named it.
    name : str
        Name without the endings of compression.
    format : {"text", "xlsx", "parquet", "h5ad"}
        What the content is.
    data : bytes
        The content; text is UTF-8 without byte order mark.
    """

    path: Path
    name: str
    format: str
    data: bytes


@contextmanager
def reading(path: Path, what: str) -> Iterator[None]:
    """Explain a file that starts as it should and cannot be read to its end.

    Put nothing but the call of a foreign parser inside. Every exception is caught: with
    damaged bytes zlib, zipfile, openpyxl, pyarrow, h5py and anndata raise a dozen kinds, some
    of them private.

    Parameters
    ----------
    path : Path
        The file, for the message.
    what : str
        What it should be.

    Raises
    ------
    InputError
        If the block fails.
    """
    try:
        yield
    except Exception as error:
        raise InputError(
            f"{path} is damaged or incomplete: not a whole {what} "
            f"({type(error).__name__}: {str(error)[:200]})",
            expected=READABLE,
            do="download or copy the file again, and compare its size with the original",
        ) from error


def _read(path: Path) -> bytes:
    if path.is_dir():
        files = sorted(entry.name for entry in path.iterdir() if entry.is_file())[:5]
        raise InputError(
            f"{path} is a folder" + (f" with {', '.join(files)}" if files else ""),
            expected="one file",
            do="give the path of the file itself",
        )
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError) as error:
        folder = path.parent
        there = [entry.name for entry in folder.iterdir()] if folder.is_dir() else []
        close = get_close_matches(path.name, there, n=3, cutoff=0.5)
        raise InputError(
            f"no file {path}" if folder.is_dir() else f"no folder {folder}",
            expected=READABLE,
            do=f"did you mean {folder / close[0]}?" if close else "check the path",
        ) from error
    except OSError as error:
        raise InputError(
            f"cannot read {path}: {error.strerror}",
            expected="a file that you may read",
            do="check its permissions, or copy it to a folder of yours",
        ) from error


def _refuse(path: Path, suffix: str) -> InputError:
    what, instead = _REFUSED_SUFFIXES[suffix]
    return InputError(f"{path} is {what}", expected=READABLE, do=instead)


def _unpack(data: bytes, path: Path, limit: int) -> tuple[bytes, str]:
    """Undo one layer of compression; return the bytes and what the layer was."""
    openers = ((b"\x1f\x8b", gzip.open, "gz"), (b"\xfd7zXZ\x00", lzma.open, "xz"))
    for magic, opener, kind in (*openers, (b"BZh", bz2.open, "bz2")):
        if data.startswith(magic):
            with reading(path, f"{kind} file"), opener(io.BytesIO(data)) as file:
                out: bytes = file.read(limit + 1)
            if len(out) > limit:
                raise _too_large(path, limit)
            return out, kind
    return data, ""


def _limit(packed: int) -> int:
    """Return how many bytes a file of so many may hold once unpacked."""
    return min(MAX_BYTES, max(SMALL, MAX_RATIO * packed))


def _too_large(path: Path, limit: int) -> InputError:
    if limit < MAX_BYTES:
        return InputError(
            f"{path} unpacks to more than {limit // 10**6:,} MB, over {MAX_RATIO} times its size",
            expected="a table of numbers, which packs 3 to 30 times",
            do="check where the file is from; if it is right, unpack it and give that file",
        )
    return InputError(
        f"{path} holds more than {MAX_BYTES // 1024**3} GB once unpacked",
        expected="expression of patients, at most a few thousand samples a file",
        do="split it into several files, or sum single cells per patient first",
    )


def _check_shape(data: bytes, path: Path) -> None:
    """Refuse a text with more rows or columns than any table of genes, before it is parsed."""
    rows = max(data.count(b"\n"), data.count(b"\r"))
    if rows > MAX_ROWS:
        raise _no_gene_table(path, f"{rows:,} lines", MAX_ROWS)
    for line in islice(io.BytesIO(data), 10):
        columns = 1 + max(line.count(mark) for mark in (b"\t", b";", b",", b"|", b" "))
        if columns > MAX_COLUMNS:
            raise _no_gene_table(path, f"a line of {columns:,} cells", MAX_COLUMNS)


def _no_gene_table(path: Path, what: str, limit: int) -> InputError:
    return InputError(
        f"{path} has {what}",
        expected=f"at most {limit:,}: one row a gene or one row a sample",
        do="give a table of genes and samples, not reads, cells or coordinates; sum single cells "
        "per patient first",
    )


def _unzip(data: bytes, path: Path, limit: int) -> tuple[bytes, str]:
    """Return a workbook as it is, or the one file inside a zip and its name."""
    with reading(path, "zip or xlsx file"):
        archive = zipfile.ZipFile(io.BytesIO(data))
        entries = [entry for entry in archive.infolist() if not entry.is_dir()]
    names = [entry.filename for entry in entries]
    if sum(entry.file_size for entry in entries) > limit:
        raise _too_large(path, limit)
    if any(name.startswith("xl/") for name in names):
        return data, ""
    if names and all(name.endswith(".npy") for name in names):
        raise _refuse(path, ".npz")
    # what macOS adds
    entries = [entry for entry in entries if not entry.filename.startswith(("__MACOSX/", "."))]
    if len(entries) != 1:
        got = f"holds {len(entries)} files: {', '.join(entry.filename for entry in entries[:5])}"
        if not entries:
            got = "holds no file"
            if names:
                got += f" but what begins with a dot or __MACOSX: {', '.join(names[:5])}"
        raise InputError(
            f"{path} {got}",
            expected="a zip with one file, the expression matrix",
            do="unzip it and give the file that you mean",
        )
    out = io.BytesIO()
    with reading(path, "zip file"), archive.open(entries[0]) as part:
        # in small parts: asked for all at once, it unpacks far more than the size announced
        shutil.copyfileobj(part, out, _PART)
    return out.getvalue(), entries[0].filename


def _as_text(data: bytes, path: Path) -> bytes:
    """Return text as UTF-8, or say why it is none."""
    if data[:200].lstrip().startswith(_RCC) and _CODES in data:
        # one NanoString cartridge lane: its table of codes is a csv inside
        inside = data.split(_CODES, 1)[1].split(b"</Code_Summary>", 1)[0]
        data = inside.strip().replace(b"Count", path.name.split(".")[0].encode(), 1)
    if _MARKUP.match(data[:1024]):
        raise InputError(
            f"{path} is a web page (HTML or XML), not a table",
            expected=READABLE,
            do="download the file itself: a page with a login or an error was saved in its place",
        )
    for mark, encoding in ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"), (b"", "utf-8-sig")):
        if data.startswith(mark):
            try:
                text = data.decode(encoding)
            except UnicodeDecodeError:
                text = data.decode("latin-1")
            break
    head = text[:100_000]
    strange = sum(1 for letter in head if letter < " " and letter not in "\t\n\r\f")
    strange += head.count("\x7f") + sum(1 for letter in head if "\x80" <= letter <= "\x9f")
    if strange > 0.001 * len(head):
        raise InputError(
            f"{path} is neither text nor a format that is known here (starts with {data[:8]!r})",
            expected=READABLE,
            do="export the matrix as csv, or check that the download is complete",
        )
    return text.replace("\r\n", "\n").replace("\r", "\n").encode("utf-8")


def open_container(path: Path) -> Container:
    """Read a file, unpack it and tell its format from its content.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    Container
        Content and format.

    Raises
    ------
    InputError
        If there is no such file, or it is empty, damaged, a folder, a web page, binary junk,
        too large, a pickle or R's own format.
    """
    data = _read(path)
    name, limit = path.name, _limit(len(data))
    for _ in range(3):
        data, kind = _unpack(data, path, limit)
        if kind:
            name = re.sub(r"\.(gz|bgz|xz|bz2)$", "", name, flags=re.I)
        elif data.startswith(b"PK\x03\x04"):
            data, inner = _unzip(data, path, limit)
            if not inner:
                return Container(path, name, "xlsx", data)
            name = Path(inner).name
        else:
            break
    for start, suffix in _REFUSED_STARTS:
        if start.match(data):
            raise _refuse(path, suffix)
    if (suffix := Path(name).suffix.lower()) in _REFUSED_SUFFIXES:
        raise _refuse(path, suffix)
    if not data.strip():
        raise InputError(
            f"{path} is empty",
            expected=READABLE,
            do="check that the download or export is complete",
        )
    if data.startswith(b"PAR1"):
        return Container(path, name, "parquet", data)
    if data.startswith(b"\x89HDF\r\n\x1a\n"):
        return Container(path, name, "h5ad", data)
    _check_shape(data, path)
    return Container(path, name, "text", _as_text(data, path))
