"""A GEO of our own on this machine, which can also misbehave."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

import pytest

from ifn_severity.cohorts import download

Answer = Callable[[BaseHTTPRequestHandler], None]


def series_text(
    accession: str,
    characteristics: Sequence[Sequence[str]],
    *,
    platform: str = "GPL24676",
    titles: Sequence[str] | None = None,
    supplement: Sequence[str] = (),
    table: Mapping[str, Sequence[object]] | None = None,
    organism: str = "Homo sapiens",
) -> bytes:
    """Write a series matrix as GEO does: one line a characteristic, one cell a sample."""
    n = len(characteristics[0]) if characteristics else len(titles or ())
    samples = [f"GSM{900001 + i}" for i in range(n)]

    def row(name: str, cells: Sequence[object]) -> str:
        return "\t".join([name, *(f'"{cell}"' for cell in cells)])

    lines = [
        row("!Series_title", ["Blood of some people"]),
        row("!Series_geo_accession", [accession]),
        row("!Series_pubmed_id", ["12345678"]),
        *(row("!Series_supplementary_file", [url]) for url in supplement),
        "",
        row("!Sample_title", titles or [f"sample {i + 1}" for i in range(n)]),
        row("!Sample_geo_accession", samples),
        row("!Sample_source_name_ch1", ["whole blood"] * n),
        row("!Sample_organism_ch1", [organism] * n),
        *(row("!Sample_characteristics_ch1", cells) for cells in characteristics),
        row("!Sample_platform_id", [platform] * n),
        "!series_matrix_table_begin",
        row('"ID_REF"', samples),
        *("\t".join([f'"{name}"', *map(str, cells)]) for name, cells in (table or {}).items()),
        "!series_matrix_table_end",
        "",
    ]
    return "\n".join(lines).encode()


class FakeGeo:
    """GEO's folders on a local server; an entry may be bytes or an answer of its own."""

    def __init__(self) -> None:
        self.files: dict[str, bytes | Answer] = {}
        self.asked: list[str] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                path = unquote(self.path)
                outer.asked.append(path)
                found = outer.files.get(path, outer.listing(path))
                with suppress(OSError):  # the client hangs up, as it should, on some of these
                    if callable(found):
                        found(self)
                    else:
                        self.reply(found)

            def reply(self, body: bytes | None) -> None:
                self.send_response(404 if body is None else 200)
                self.send_header("Content-Length", str(len(body or b"")))
                self.end_headers()
                self.wfile.write(body or b"")

            def log_message(self, *_args: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.http.serve_forever, args=(0.01,))
        self.thread.start()

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.http.server_address[1]}/geo/series"

    def listing(self, folder: str) -> bytes | None:
        """Show a folder as NCBI's server does."""
        names = [path.removeprefix(folder) for path in self.files if path.startswith(folder)]
        if not folder.endswith("/") or not names:
            return None
        links = "".join(f'<a href="{name}">{name}</a>  2021-02-17 10:00  1.0K\n' for name in names)
        return f'<html><pre><a href="/geo/series/">Parent</a>\n{links}</pre></html>'.encode()

    def put(self, accession: str, folder: str, name: str, content: bytes | Answer) -> None:
        """Put a file where GEO would have it, packed if its name says so."""
        if isinstance(content, bytes) and name.endswith(".gz"):
            content = gzip.compress(content, mtime=0)
        self.files[f"/geo/series/{accession[:-3]}nnn/{accession}/{folder}/{name}"] = content

    def put_series(self, accession: str, content: bytes, platform: str = "") -> None:
        """Put a series matrix."""
        infix = f"-{platform}" if platform else ""
        self.put(accession, "matrix", f"{accession}{infix}_series_matrix.txt.gz", content)

    def close(self) -> None:
        self.http.shutdown()
        self.thread.join()
        self.http.server_close()


@pytest.fixture
def geo(home: object, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeGeo]:
    """A local GEO, no mirror, and no patience."""
    running = FakeGeo()
    monkeypatch.setenv("IFN_SEVERITY_GEO", running.base)
    monkeypatch.delenv("IFN_SEVERITY_MIRROR", raising=False)
    monkeypatch.setattr(download, "WAITS", (0.0, 0.0))
    monkeypatch.setattr(download, "TIMEOUT", (2.0, 0.3))
    yield running
    running.close()


@pytest.fixture
def write_series() -> Callable[..., bytes]:
    """Return the writer of series matrices."""
    return series_text
