"""Bring a cohort's source files into ``data/raw``, verified byte for byte.

A file comes from the mirror when ``IFN_SEVERITY_MIRROR`` names one, else from its public
address. Either way its SHA-256 must be the one in the card, and it appears in ``data/raw``
whole or not at all.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from ifn_severity import paths
from ifn_severity.cohorts.card import USER_READER, CohortCard, CohortFile, get_card
from ifn_severity.errors import CohortError, FetchError

MIRROR = "IFN_SEVERITY_MIRROR"
TIMEOUT = (10.0, 30.0)
"""Seconds to wait for a connection, and for the next bytes."""
WAITS = (1.0, 4.0)
"""Seconds to wait before the second and the third attempt."""
CHUNK = 1 << 16

Advance = Callable[[int], None]


class _TooLongError(Exception):
    """The server sends more bytes than the file has."""


class _Part:
    """A file being written: it counts, hashes and refuses to grow beyond its size.

    pooch writes to anything with ``write``. Counting here, and not through pooch's progress
    bar, gives true byte numbers and stops a server that never stops sending.
    """

    def __init__(self, file: BinaryIO, size: int, advance: Advance) -> None:
        self.file = file
        self.room = size
        self.advance = advance
        self.digest = hashlib.sha256()

    def write(self, chunk: bytes) -> int:
        self.room -= len(chunk)
        if self.room < 0:
            raise _TooLongError
        self.digest.update(chunk)
        self.advance(len(chunk))
        return self.file.write(chunk)

    def flush(self) -> None:
        """Do nothing: a flush for every chunk, as pooch asks for, only costs time."""


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


def _wrong_checksum(card: CohortCard, file: CohortFile, where: str, found: str) -> FetchError:
    return FetchError(
        f"{file.name} of {card.name} from {where} is not the published file: its sha256 is {found}",
        expected=f"sha256 {file.sha256} ({file.bytes:,} bytes); the file was not kept",
        do=f"fetch it again; if it stays so, put a good copy into a folder and set {MIRROR} to it",
    )


def _from_mirror(
    card: CohortCard, file: CohortFile, mirror: Path, part: Path, advance: Advance
) -> None:
    source = mirror / card.name / file.name
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
        writer = _Part(target, file.bytes, advance)
        try:
            while chunk := opened.read(CHUNK):
                writer.write(chunk)
        except _TooLongError:
            raise _wrong_checksum(card, file, str(source), sha256_of(source)) from None
    if writer.digest.hexdigest() != file.sha256:
        raise _wrong_checksum(card, file, str(source), writer.digest.hexdigest())


def _attempt(file: CohortFile, part: Path, advance: Advance) -> str:
    """Download once and return the SHA-256 of what came."""
    from pooch import HTTPDownloader
    from requests import RequestException, Response

    opened: list[Response] = []

    def remember(response: Response, **_options: object) -> None:
        opened.append(response)

    download = HTTPDownloader(
        chunk_size=CHUNK,
        timeout=TIMEOUT,
        # the bytes as they are stored: a server that compresses on the way hides their number
        headers={"Accept-Encoding": "identity"},
        # pooch leaves the connection open when a download fails
        hooks={"response": remember},
    )
    with part.open("wb") as target:
        writer = _Part(target, file.bytes, advance)
        try:
            download(url=file.url, output_file=writer, pooch=None)
            if writer.room > 0:
                raise EOFError(f"only {file.bytes - writer.room:,} of {file.bytes:,} bytes came")
        except (RequestException, EOFError, ValueError, _TooLongError):
            advance(writer.room - file.bytes)  # the bar goes back: these bytes come again
            raise
        finally:
            for response in opened:
                response.close()
    return writer.digest.hexdigest()


def _reason(error: Exception, file: CohortFile) -> str:
    """Say in plain words why a download failed."""
    import requests

    host = file.url.split("/")[2] if file.url.count("/") > 2 else file.url
    if isinstance(error, _TooLongError):
        return f"more than the {file.bytes:,} bytes of the file came"
    if isinstance(error, requests.HTTPError) and error.response is not None:
        return f"the server answered {error.response.status_code} {error.response.reason}"
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return "the connection broke off"
    # requests reports a stall in the middle of a file as a lost connection
    if isinstance(error, requests.Timeout) or "timed out" in str(error):
        return f"{host} did not answer in time"
    if isinstance(error, requests.ConnectionError):
        return f"no connection to {host}"
    return str(error)


def _from_network(card: CohortCard, file: CohortFile, part: Path, advance: Advance) -> None:
    from requests import RequestException

    waits = (*WAITS, None)
    for attempt, wait in enumerate(waits, start=1):
        try:
            digest = _attempt(file, part, advance)
        except (RequestException, EOFError, ValueError, _TooLongError) as error:
            # ValueError: pooch reads Content-Length as a number, and servers may lie
            if wait is None:
                mirror = Path("DIR") / card.name / file.name
                raise FetchError(
                    f"cannot download {file.name} of {card.name} from {file.url} "
                    f"({attempt} attempts): {_reason(error, file)}",
                    expected=f"a connection, or {file.name} ({file.bytes:,} bytes, "
                    f"sha256 {file.sha256}) at {mirror} with {MIRROR}=DIR",
                    do=f"try again later; or download it elsewhere, save it as {mirror} "
                    f"and set {MIRROR}=DIR (it then goes to {file_paths(card)[file.name]})",
                ) from error
            time.sleep(wait)
            continue
        if digest != file.sha256:
            raise _wrong_checksum(card, file, file.url, digest)
        return


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
    card = get_card(name)
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
    return places
