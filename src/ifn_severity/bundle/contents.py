"""The files of a saved model: read once, whole, and only if they are what the manifest says.

A model may come from anyone, so nothing in its folder is believed: names come from a fixed
list, sizes are bounded before anything is read, links are not followed, and the bytes that are
hashed are the bytes that are used.
"""

from __future__ import annotations

import hashlib
import io
import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path

from ifn_severity.errors import ModelError

MANIFEST = "manifest.json"
MANIFEST_SUM = "manifest.sha256"
MAX_MANIFEST = 4_000_000
MAX_FILE = 64_000_000
MAX_TOTAL = 128_000_000
# written into the folder by file managers and by MLflow's registry; never read
_BYSTANDERS = frozenset({".DS_Store", "Thumbs.db", "desktop.ini", "registered_model_meta"})


# what a library may raise on a file that was made to break it
BROKEN = (
    ArithmeticError,
    AttributeError,
    EOFError,
    ImportError,
    LookupError,
    MemoryError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
)


def printable(text: str) -> str:
    """Return a text that any screen takes: a file's name may have bytes that are no letters."""
    return text.encode("utf-8", "backslashreplace").decode()


def damaged(folder: Path, what: str) -> ModelError:
    """Return the refusal of a model that is not as it was saved.

    Parameters
    ----------
    folder : Path
        The model's folder.
    what : str
        What is wrong with it; it may quote the model, and is made one line that can be printed.
    """
    said = " ".join(printable(what).split())
    return ModelError(
        f"{folder}: {said}",
        expected="a model as ifn-severity saved it, not one byte changed",
        do="get the model again from where it came from, or train it again; it was not loaded",
    )


def list_folder(folder: Path) -> set[str]:
    """Return the names in a model's folder; links, folders and devices are refused.

    Parameters
    ----------
    folder : Path

    Raises
    ------
    ModelError
        If anything but plain files is there, or the folder cannot be read.
    """
    names = set()
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name in _BYSTANDERS:
                    continue
                if entry.is_symlink():
                    raise damaged(folder, f"{entry.name} is a link; a model has none")
                if not entry.is_file(follow_symlinks=False):
                    raise damaged(folder, f"{entry.name} is not a plain file")
                names.add(entry.name)
    except OSError as error:
        raise _unreadable(folder, error) from error
    return names


def read_file(folder: Path, name: str, *, limit: int) -> bytes:
    """Read one plain file of at most ``limit`` bytes, without following a link.

    Parameters
    ----------
    folder : Path
    name : str
        A name without any folder.
    limit : int
        Most bytes to accept.

    Raises
    ------
    ModelError
        If the file is missing, a link, no plain file, larger, or cannot be read.
    """
    flags = os.O_RDONLY
    for extra in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY"):
        flags |= getattr(os, extra, 0)
    try:
        descriptor = os.open(folder / name, flags)
    except FileNotFoundError as error:
        raise damaged(folder, f"{name} is missing") from error
    except OSError as error:
        raise _unreadable(folder / name, error) from error
    with os.fdopen(descriptor, "rb") as file:
        facts = os.fstat(file.fileno())
        if not stat.S_ISREG(facts.st_mode):
            raise damaged(folder, f"{name} is not a plain file")
        if facts.st_size > limit:
            raise damaged(folder, f"{name} has {facts.st_size:,} bytes; at most {limit:,} are read")
        try:
            content = file.read(limit + 1)
        except OSError as error:
            raise _unreadable(folder / name, error) from error
    if len(content) > limit:
        raise damaged(folder, f"{name} grew while it was read")
    return content


def read_checked(folder: Path, files: Mapping[str, tuple[str, int]]) -> dict[str, bytes]:
    """Read every file that the manifest lists and compare its size and checksum.

    Parameters
    ----------
    folder : Path
    files : mapping of str to (str, int)
        Name, and its sha256 and size in bytes.

    Returns
    -------
    dict of str to bytes

    Raises
    ------
    ModelError
        If a file is missing or differs, or one is there that is not listed.
    """
    there = list_folder(folder)
    strange = sorted(there - set(files) - {MANIFEST, MANIFEST_SUM})
    if strange:
        raise damaged(folder, f"files that its manifest does not list: {', '.join(strange[:5])}")
    total = sum(size for _, size in files.values())
    if total > MAX_TOTAL:
        raise damaged(
            folder, f"its manifest announces {total:,} bytes, over the {MAX_TOTAL:,} allowed"
        )
    contents = {}
    for name, (sha256, size) in files.items():
        content = read_file(folder, name, limit=MAX_FILE)
        found = hashlib.sha256(content).hexdigest()
        if len(content) != size:
            raise damaged(folder, f"{name} has {len(content):,} bytes, its manifest says {size:,}")
        if found != sha256:
            raise damaged(folder, f"{name} has sha256 {found}, its manifest says {sha256}")
        contents[name] = content
    return contents


def unzip(content: bytes) -> dict[str, bytes]:
    """Unpack a zip archive in memory, unless it would unpack to more than a file may hold.

    Parameters
    ----------
    content : bytes

    Returns
    -------
    dict of str to bytes
        Entries by name.

    Raises
    ------
    ValueError
        If this is no zip archive, or its entries are too many, too large, oddly named or not of
        the size that is announced.
    """
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except BROKEN as error:
        raise ValueError(f"it is no zip archive: {error}") from error
    entries = archive.infolist()
    names = [entry.filename for entry in entries]
    if len(entries) > 1_000 or sum(entry.file_size for entry in entries) > MAX_FILE:
        raise ValueError("it unpacks to more than a model can need")
    if len(set(names)) < len(names) or any("/" in n or "\\" in n or ".." in n for n in names):
        raise ValueError("its entries have impossible names")
    if any(e.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for e in entries):
        raise ValueError("it is packed in an unknown way")
    try:
        return {entry.filename: _inflate(archive, entry, content) for entry in entries}
    except BROKEN as error:
        raise ValueError(f"it cannot be unpacked: {error}") from error


def _inflate(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, content: bytes) -> bytes:
    """Unpack one entry, and never more of it than it announces.

    ``ZipFile.read`` unpacks up to 2 GB before it cuts to the announced size.
    """
    # compares the two headers of the entry, and refuses a password
    archive.open(entry).close()
    name_and_extra = struct.unpack_from("<HH", content, entry.header_offset + 26)
    start = entry.header_offset + 30 + sum(name_and_extra)
    data = content[start : start + entry.compress_size]
    whole = len(data) == entry.compress_size
    if entry.compress_type == zipfile.ZIP_DEFLATED:
        unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
        data = unpacker.decompress(data, entry.file_size + 1)
        whole = whole and unpacker.eof and not unpacker.unused_data
    if not whole or len(data) != entry.file_size:
        raise ValueError(f"{entry.filename} does not have the {entry.file_size:,} bytes announced")
    if zlib.crc32(data) != entry.CRC:
        raise ValueError(f"{entry.filename} differs from its checksum")
    return data


def _unreadable(path: Path, error: OSError) -> ModelError:
    return ModelError(
        f"cannot read {path}: {error.strerror}",
        expected="a model folder that you may read, without links in it",
        do="check the folder's permissions and that it was copied whole",
    )
