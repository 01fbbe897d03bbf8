"""Fetching: from a mirror and from servers that do everything wrong, whole or not at all."""

from __future__ import annotations

import errno
import hashlib
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from ifn_severity.cohorts import download, fetch
from ifn_severity.cohorts.card import CohortCard, CohortFile, get_card
from ifn_severity.cohorts.fetch import fetch_cohort
from ifn_severity.errors import CohortError, FetchError, StoreError

BODY = bytes(range(256)) * 1024
SHA256 = hashlib.sha256(BODY).hexdigest()
NAME = "a file+1.bin"

Answer = Callable[[BaseHTTPRequestHandler], None]


def whole(request: BaseHTTPRequestHandler, body: bytes = BODY, length: object = None) -> None:
    request.send_response(200)
    request.send_header("Content-Length", str(len(body) if length is None else length))
    request.end_headers()
    request.wfile.write(body)


def truncated(request: BaseHTTPRequestHandler) -> None:
    whole(request, BODY[:5000], length=len(BODY))


def short(request: BaseHTTPRequestHandler) -> None:
    """A length that fits what is sent, which is not the file."""
    whole(request, BODY[:5000])


def endless(request: BaseHTTPRequestHandler) -> None:
    whole(request, BODY * 4)


def lying(request: BaseHTTPRequestHandler) -> None:
    whole(request, BODY, length=100)


def nonsense(request: BaseHTTPRequestHandler) -> None:
    whole(request, BODY, length="many")


def other(request: BaseHTTPRequestHandler) -> None:
    whole(request, BODY[::-1])


def stalling(request: BaseHTTPRequestHandler) -> None:
    request.send_response(200)
    request.send_header("Content-Length", str(len(BODY)))
    request.end_headers()
    request.wfile.write(BODY[:5000])
    request.wfile.flush()
    time.sleep(0.6)


def redirecting(request: BaseHTTPRequestHandler) -> None:
    if request.path.startswith("/moved"):
        whole(request)
        return
    request.send_response(302)
    request.send_header("Location", "/moved" + request.path)
    request.send_header("Content-Length", "0")
    request.end_headers()


def circling(request: BaseHTTPRequestHandler) -> None:
    request.send_response(302)
    request.send_header("Location", request.path)
    request.send_header("Content-Length", "0")
    request.end_headers()


def failing(status: int) -> Answer:
    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(status)
        request.send_header("Content-Length", "0")
        request.end_headers()

    return answer


class Server:
    """A local server that gives one answer after another, the last one for ever."""

    def __init__(self) -> None:
        self.answers: list[Answer] = [whole]
        self.asked = 0
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                answer = outer.answers[min(outer.asked, len(outer.answers) - 1)]
                outer.asked += 1
                with suppress(OSError):  # the client hangs up, as it should, on some of these
                    answer(self)

            def log_message(self, *_args: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.http.serve_forever, args=(0.01,))
        self.thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.http.server_address[1]}/a%20file%2B1.bin"

    def close(self) -> None:
        self.http.shutdown()
        self.thread.join()
        self.http.server_close()


@pytest.fixture
def server() -> Iterator[Server]:
    running = Server()
    yield running
    running.close()


@pytest.fixture
def card(server: Server, home: Path, monkeypatch: pytest.MonkeyPatch) -> CohortCard:
    """A card with one file on the local server, no mirror, and no patience."""
    file = CohortFile(NAME, server.url, SHA256, len(BODY), "none")
    made = replace(get_card("GSE157103"), name="tiny", files=(file,))
    monkeypatch.setattr(fetch, "get_card", lambda _name: made)
    monkeypatch.setattr(download, "WAITS", (0.0, 0.0))
    monkeypatch.setattr(download, "TIMEOUT", (2.0, 0.3))
    monkeypatch.delenv("IFN_SEVERITY_MIRROR", raising=False)
    return made


@pytest.fixture
def raw(home: Path) -> Path:
    return home / "data" / "raw" / "tiny"


def assert_nothing_left(raw: Path) -> None:
    assert not raw.exists() or list(raw.iterdir()) == []


def test_download_once(card: CohortCard, server: Server, raw: Path) -> None:
    assert fetch_cohort("tiny") == {NAME: raw / NAME}
    assert (raw / NAME).read_bytes() == BODY
    fetch_cohort("tiny")
    assert server.asked == 1
    assert list(raw.iterdir()) == [raw / NAME]


@pytest.mark.parametrize(
    "bad", [truncated, short, stalling, nonsense, lying, failing(500), failing(404)]
)
def test_retry(bad: Answer, card: CohortCard, server: Server, raw: Path) -> None:
    server.answers = [bad, whole]
    fetch_cohort("tiny")
    assert (raw / NAME).read_bytes() == BODY
    assert server.asked == 2


def test_redirect(card: CohortCard, server: Server, raw: Path) -> None:
    server.answers = [redirecting]
    fetch_cohort("tiny")
    assert (raw / NAME).read_bytes() == BODY


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (truncated, "broke off"),
        (short, "only 5,000 of 262,144 bytes"),
        (endless, "more than the 262,144 bytes"),
        (lying, "only 100 of"),
        (nonsense, "many"),
        (stalling, "did not answer in time"),
        (circling, "redirects"),
        (failing(404), "404"),
        (failing(503), "503"),
    ],
)
def test_gives_up_with_the_way_out(
    bad: Answer, reason: str, card: CohortCard, server: Server, raw: Path
) -> None:
    server.answers = [bad]
    with pytest.raises(FetchError) as caught:
        fetch_cohort("tiny")
    message = str(caught.value)
    assert reason in message
    assert "3 attempts" in message
    assert "IFN_SEVERITY_MIRROR" in message
    assert str(Path("tiny") / NAME) in message
    assert str(raw / NAME) in message
    assert_nothing_left(raw)


def test_wrong_checksum_shows_both_and_is_not_retried(
    card: CohortCard, server: Server, raw: Path
) -> None:
    server.answers = [other, whole]
    with pytest.raises(FetchError) as caught:
        fetch_cohort("tiny")
    assert SHA256 in str(caught.value)
    assert hashlib.sha256(BODY[::-1]).hexdigest() in str(caught.value)
    assert server.asked == 1
    assert_nothing_left(raw)


def test_no_network(card: CohortCard, server: Server, raw: Path) -> None:
    server.close()
    with pytest.raises(FetchError, match=r"no connection to 127\.0\.0\.1") as caught:
        fetch_cohort("tiny")
    assert "IFN_SEVERITY_MIRROR=DIR" in str(caught.value)
    assert str(Path("DIR") / "tiny" / NAME) in str(caught.value)
    assert_nothing_left(raw)
    server.http = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    server.thread = threading.Thread(target=server.http.serve_forever)
    server.thread.start()


@pytest.mark.parametrize("stop", [KeyboardInterrupt, RuntimeError])
def test_interrupted(
    stop: type[BaseException], card: CohortCard, raw: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def flush(_self: object) -> None:
        raise stop

    monkeypatch.setattr(download.Part, "flush", flush)
    with pytest.raises(stop):
        fetch_cohort("tiny")
    assert_nothing_left(raw)


def test_damaged_file_is_fetched_again(card: CohortCard, server: Server, raw: Path) -> None:
    fetch_cohort("tiny")
    for damage in (BODY[:-1], b"x" + BODY[1:], b""):
        (raw / NAME).write_bytes(damage)
        fetch_cohort("tiny")
        assert (raw / NAME).read_bytes() == BODY
    assert server.asked == 4


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.EACCES, "cannot write"),
        (errno.EROFS, "cannot write"),
        (errno.ENOSPC, "no space left"),
    ],
)
def test_disk_refuses(
    number: int, words: str, card: CohortCard, raw: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write(_self: object, _chunk: bytes) -> int:
        raise OSError(number, "refused")

    monkeypatch.setattr(download.Part, "write", write)
    with pytest.raises(StoreError, match=words):
        fetch_cohort("tiny")
    assert_nothing_left(raw)


def test_a_file_where_the_folder_should_be(card: CohortCard, home: Path) -> None:
    (home / "data").write_text("not a folder", encoding="utf-8")
    with pytest.raises(StoreError):
        fetch_cohort("tiny")


@pytest.fixture
def tiny_mirror(card: CohortCard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "mirror" / "tiny"
    folder.mkdir(parents=True)
    (folder / NAME).write_bytes(BODY)
    monkeypatch.setenv("IFN_SEVERITY_MIRROR", str(tmp_path / "mirror"))
    return folder


def test_mirror_instead_of_the_network(
    tiny_mirror: Path, server: Server, raw: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetch_cohort("tiny")
    assert server.asked == 0
    monkeypatch.delenv("IFN_SEVERITY_MIRROR")
    assert fetch_cohort("tiny")[NAME].read_bytes() == BODY
    assert server.asked == 0
    assert not (raw / NAME).samefile(tiny_mirror / NAME)


@pytest.mark.parametrize("wrong", [BODY[::-1], BODY[:-1], BODY + b"x", b"<html>"])
def test_mirror_is_verified(wrong: bytes, tiny_mirror: Path, server: Server, raw: Path) -> None:
    (tiny_mirror / NAME).write_bytes(wrong)
    with pytest.raises(FetchError) as caught:
        fetch_cohort("tiny")
    message = str(caught.value)
    for part in (SHA256, hashlib.sha256(wrong).hexdigest(), str(tiny_mirror / NAME)):
        assert part in message
    assert server.asked == 0
    assert_nothing_left(raw)


def test_mirror_without_the_file(tiny_mirror: Path, server: Server, raw: Path) -> None:
    (tiny_mirror / NAME).unlink()
    with pytest.raises(FetchError) as caught:
        fetch_cohort("tiny")
    assert str(tiny_mirror / NAME) in str(caught.value)
    assert "IFN_SEVERITY_MIRROR" in str(caught.value)
    assert server.asked == 0
    assert_nothing_left(raw)


def test_users_own_cohort_is_only_checked(
    card: CohortCard, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = replace(card, name="mine", kind="user", reader="user")
    monkeypatch.setattr(fetch, "get_card", lambda _name: own)
    place = home / "data" / "cohorts" / "mine" / NAME
    place.parent.mkdir(parents=True)
    place.write_bytes(BODY)
    assert fetch_cohort("mine") == {NAME: place}
    place.write_bytes(BODY[1:])
    with pytest.raises(CohortError, match="changed since the cohort was added"):
        fetch_cohort("mine")


def test_progress_bar(
    card: CohortCard, server: Server, raw: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    server.answers = [truncated, whole]
    fetch_cohort("tiny", progress=True)
    assert (raw / NAME).is_file()


def test_command(
    card: CohortCard, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from ifn_severity.commands.fetch import fetch as command

    monkeypatch.setattr("ifn_severity.cohorts.card.get_card", lambda _name: card)
    command(["tiny"])
    assert "tiny: 1 files, 0.3 MB, verified in" in capsys.readouterr().out
    with pytest.raises(CohortError, match="no cohort was named"):
        command([])


def test_real_cohort_from_the_mirror(mirror: Path, home: Path) -> None:
    places = fetch_cohort("GSE157103")
    assert list(places) == [file.name for file in get_card("GSE157103").files]
    assert all(path.is_relative_to(home) and path.is_file() for path in places.values())
