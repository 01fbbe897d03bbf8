"""Bring a cohort's source files into ``data/raw``, verified byte for byte.

A file comes from the mirror when ``IFN_SEVERITY_MIRROR`` names one, else from its public
address. Either way its SHA-256 must be the one in the card, and it appears in ``data/raw``
whole or not at all. A card that was not exercised knows no checksums: what the first download
brings is recorded beside the files, and from then on it must stay so.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from ifn_severity import paths
from ifn_severity.cohorts.card import USER_READER, CohortCard, CohortFile, get_card
from ifn_severity.cohorts.download import (
    CHUNK,
    MOST,
    Advance,
    DownloadError,
    Part,
    TooLongError,
    download,
)
from ifn_severity.errors import CohortError, FetchError

MIRROR = "IFN_SEVERITY_MIRROR"
RECORD = "received.sha256"
"""In ``data/raw/COHORT``: checksum, size and name of files whose card knows none."""


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file, 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def is_intact(path: Path, file: CohortFile) -> bool:
    """Tell whether ``path`` holds exactly the bytes that the card pins.

    Parameters
    ----------
    path : Path
        Where the file should be.
    file : CohortFile
        What it should be.

    Returns
    -------
    bool
        False also when there is no such file.
    """
    # the size first: it is free, and finds a truncated file without reading it
    return path.is_file() and path.stat().st_size == file.bytes and sha256_of(path) == file.sha256


def file_paths(card: CohortCard) -> dict[str, Path]:
    """Return where each file of a cohort lies once fetched; nothing is read or written.

    Parameters
    ----------
    card : CohortCard
        The cohort.

    Returns
    -------
    dict of str to Path
        Path by file name.
    """
    own = card.reader == USER_READER
    folder = paths.user_cohorts_dir() / card.name if own else paths.raw_dir(card.name)
    return {file.name: folder / file.name for file in card.files}


def pinned(card: CohortCard) -> CohortCard:
    """Complete a card that knows no checksums with those recorded at the first download.

    Parameters
    ----------
    card : CohortCard
        Any card.

    Returns
    -------
    CohortCard
        The same card where every file has its checksum; else with those that are recorded.
        Files that were never received stay without.
    """
    record = paths.raw_dir(card.name) / RECORD
    if card.exercised or not record.is_file():
        return card
    lines = [line.split("  ", 2) for line in record.read_text("utf-8").splitlines()]
    known = {
        name: (digest, int(size))
        for digest, size, name in (line for line in lines if len(line) == 3)
        if size.isdecimal()
    }
    files = []
    for file in card.files:
        digest, size = known.get(file.name, ("", 0))
        files.append(replace(file, sha256=digest, bytes=size))
    return replace(card, files=tuple(files))


def _record(card: CohortCard, places: dict[str, Path]) -> None:
    """Write down what the files of a card without checksums are."""
    with paths.atomic_file(paths.raw_dir(card.name) / RECORD) as part:
        part.write_text(
            "".join(f"{sha256_of(p)}  {p.stat().st_size}  {n}\n" for n, p in places.items()),
            "utf-8",
        )


def _wrong_checksum(card: CohortCard, file: CohortFile, where: str, found: str) -> FetchError:
    if not card.exercised:
        record = paths.raw_dir(card.name) / RECORD
        return FetchError(
            f"{file.name} of {card.name} from {where} is not the file that was received first: "
            f"its sha256 is {found}",
            expected=f"sha256 {file.sha256}, recorded in {record}; the file was not kept",
            do=f"fetch it again; if GEO has replaced it, delete {record} to accept the new one",
        )
    return FetchError(
        f"{file.name} of {card.name} from {where} is not the published file: its sha256 is {found}",
        expected=f"sha256 {file.sha256} ({file.bytes:,} bytes); the file was not kept",
        do=f"fetch it again; if it stays so, put a good copy into a folder and set {MIRROR} to it",
    )


def _from_mirror(
    card: CohortCard, file: CohortFile, mirror: Path, part: Path, advance: Advance
) -> None:
    source = mirror / card.name / file.name
    if card.accession and not source.is_file():
        # the same series under a name of the user's own
        other = mirror / card.accession / file.name
        source = other if other.is_file() else source
    do = f"put it there, correct {MIRROR}, or unset it to download from {file.url}"
    try:
        opened = source.open("rb")
    except OSError as error:
        raise FetchError(
            f"{source} cannot be read: {error.strerror}",
            expected=f"{file.name} of {card.name}, as {MIRROR}={mirror} is set",
            do=do,
        ) from error
    with opened, part.open("wb") as target:
        writer = Part(target, file.bytes if file.pinned else MOST, advance)
        try:
            while chunk := opened.read(CHUNK):
                writer.write(chunk)
        except TooLongError:
            raise _wrong_checksum(card, file, str(source), sha256_of(source)) from None
    if file.pinned and writer.digest.hexdigest() != file.sha256:
        raise _wrong_checksum(card, file, str(source), writer.digest.hexdigest())


def _from_network(card: CohortCard, file: CohortFile, part: Path, advance: Advance) -> None:
    mirror = Path("DIR") / card.name / file.name
    size = f" ({file.bytes:,} bytes, sha256 {file.sha256})" if file.pinned else ""
    if not file.url:
        raise FetchError(
            f"{file.name} of {card.name} has no public address: it was taken from a mirror",
            expected=f"{file.name}{size} at {mirror} with {MIRROR}=DIR",
            do=f"set {MIRROR} to the mirror it came from, or add the cohort again",
        )
    try:
        digest = download(file.url, part, file.bytes if file.pinned else None, advance)
    except DownloadError as error:
        raise FetchError(
            f"cannot download {file.name} of {card.name} from {file.url} "
            f"({error.attempts} attempts): {error.reason}",
            expected=f"a connection, or {file.name}{size} at {mirror} with {MIRROR}=DIR",
            do=f"try again later; or download it elsewhere, save it as {mirror} "
            f"and set {MIRROR}=DIR (it then goes to {file_paths(card)[file.name]})",
        ) from error
    if file.pinned and digest != file.sha256:
        raise _wrong_checksum(card, file, file.url, digest)


@contextmanager
def _bytes_bar(title: str, total: int, *, shown: bool) -> Iterator[Callable[[str], Advance]]:
    """Show bytes done on standard error; call what it gives with a file's name."""
    if not shown:
        yield lambda _name: lambda _size: None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    console = Console(stderr=True)
    columns = (
        TextColumn("[bold]{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[doing]}"),
    )
    hidden = not console.is_terminal
    with Progress(*columns, console=console, transient=True, disable=hidden) as bar:
        task = bar.add_task(title, total=total, doing="")

        def start(name: str) -> Advance:
            bar.update(task, doing=name)
            return lambda size: bar.update(task, advance=size)

        yield start


def fetch_cohort(name: str, *, progress: bool = False) -> dict[str, Path]:
    """Make sure that all files of a cohort are in ``data/raw``, and intact.

    Files already there are verified by their SHA-256; missing and damaged ones are taken
    from ``IFN_SEVERITY_MIRROR/COHORT/FILE`` when that is set, else downloaded. Each file is
    written beside its place and moved there only when its checksum is right, also when the
    work is interrupted.

    Parameters
    ----------
    name : str
        The cohort's name.
    progress : bool, default=False
        Show a progress bar on standard error, if that is a terminal.

    Returns
    -------
    dict of str to Path
        Path by file name, in the order of the card.

    Raises
    ------
    CohortError
        If the cohort is unknown, or a user's own cohort was changed since it was added.
    FetchError
        If a file cannot be had, or is not the published one; both checksums are named.
    StoreError
        If ``data/raw`` cannot be written: read-only folder, full disk.
    """
    card = pinned(get_card(name))
    places = file_paths(card)
    missing = [file for file in card.files if not is_intact(places[file.name], file)]
    if card.reader == USER_READER:
        for file in missing:
            raise CohortError(
                f"{places[file.name]} is missing or was changed since the cohort was added",
                expected=f"sha256 {file.sha256}",
                do=f"delete {places[file.name].parent} and add the cohort again",
            )
    mirror = os.environ.get(MIRROR, "")
    size = sum(file.bytes for file in missing)
    with _bytes_bar(card.name, size, shown=progress) as start:
        for file in missing:
            with paths.atomic_file(places[file.name]) as part:
                advance = start(file.name)
                if mirror:
                    _from_mirror(card, file, Path(mirror).expanduser().resolve(), part, advance)
                else:
                    _from_network(card, file, part, advance)
    if not all(file.pinned for file in card.files):
        _record(card, places)
    return places
