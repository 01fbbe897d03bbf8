"""Download one file over HTTP, with patience and without trust: whole, or an error that says why.

pooch does the talking. What is counted, hashed and bounded here is what arrived, as servers
truncate, stall and lie about lengths.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

TIMEOUT = (10.0, 30.0)
"""Seconds to wait for a connection, and for the next bytes."""
WAITS = (1.0, 4.0)
"""Seconds to wait before the second and the third attempt."""
CHUNK = 1 << 16
MOST = 4 * 1024**3
"""Bytes taken at most of a file whose size is unknown."""

Advance = Callable[[int], None]


class DownloadError(Exception):
    """A file did not come in any attempt.

    Parameters
    ----------
    reason : str
        Why, in plain words.
    attempts : int
        How often it was tried.
    status : int or None
        What the server answered last, if it answered with an error.
    """

    def __init__(self, reason: str, attempts: int, status: int | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.attempts = attempts
        self.status = status


class TooLongError(Exception):
    """The server sends more bytes than the file has."""


class Part:
    """A file being written: it counts, hashes and refuses to grow beyond its size.

    pooch writes to anything with ``write``. Counting here, and not through pooch's progress
    bar, gives true byte numbers and stops a server that never stops sending.

    Parameters
    ----------
    file : binary file
        Where to write.
    size : int
        Bytes it may take.
    advance : callable
        Called with the number of bytes of each chunk.
    """

    def __init__(self, file: BinaryIO, size: int, advance: Advance) -> None:
        self.file = file
        self.room = size
        self.advance = advance
        self.digest = hashlib.sha256()

    def write(self, chunk: bytes) -> int:
        """Write a chunk; raise TooLongError instead when there is no room for it."""
        self.room -= len(chunk)
        if self.room < 0:
            raise TooLongError
        self.digest.update(chunk)
        self.advance(len(chunk))
        return self.file.write(chunk)

    def flush(self) -> None:
        """Do nothing: a flush for every chunk, as pooch asks for, only costs time."""


def _attempt(url: str, part: Path, size: int | None, advance: Advance) -> str:
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
    most = MOST if size is None else size
    with part.open("wb") as target:
        writer = Part(target, most, advance)
        try:
            download(url=url, output_file=writer, pooch=None)
            if size is not None and writer.room > 0:
                raise EOFError(f"only {most - writer.room:,} of {most:,} bytes came")
        except (RequestException, EOFError, ValueError, TooLongError):
            advance(writer.room - most)  # the bar goes back: these bytes come again
            raise
        finally:
            for response in opened:
                response.close()
    return writer.digest.hexdigest()


def _reason(error: Exception, url: str, size: int | None) -> str:
    """Say in plain words why a download failed."""
    import requests

    host = url.split("/")[2] if url.count("/") > 2 else url
    if isinstance(error, TooLongError):
        return (
            f"more than {'the ' if size is not None else ''}{size or MOST:,} bytes of the file came"
        )
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


def download(url: str, part: Path, size: int | None, advance: Advance = lambda _size: None) -> str:
    """Download a file, in up to three attempts.

    Parameters
    ----------
    url : str
        Its address.
    part : Path
        Where to write it; the caller moves it to its place when it is right.
    size : int or None
        Bytes it must have; None when that is unknown.
    advance : callable, optional
        Called with numbers of bytes as they come, negative when an attempt starts anew.

    Returns
    -------
    str
        SHA-256 of what came, 64 hexadecimal digits.

    Raises
    ------
    DownloadError
        If it does not come; the reason is in plain words.
    """
    from requests import HTTPError, RequestException

    for attempt, wait in enumerate((*WAITS, None), start=1):
        try:
            return _attempt(url, part, size, advance)
        except (RequestException, EOFError, ValueError, TooLongError) as error:
            # ValueError: pooch reads Content-Length as a number, and servers may lie
            if wait is None:
                answer = error.response if isinstance(error, HTTPError) else None
                status = None if answer is None else answer.status_code
                raise DownloadError(_reason(error, url, size), attempt, status) from error
            time.sleep(wait)
    raise DownloadError("no attempt was made", 0)
