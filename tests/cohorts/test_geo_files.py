"""Files of a series: a GEO that misbehaves, several platforms, several matrices, none."""

from __future__ import annotations

import gzip
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from ifn_severity.cohorts.geo.choose import choose_matrix, choose_series_matrix
from ifn_severity.cohorts.geo.files import address, find_series_matrices, take
from ifn_severity.cohorts.geo.series import Series, read_series
from ifn_severity.errors import FetchError, InputError

Write = Callable[..., bytes]
Request = BaseHTTPRequestHandler
BODY = gzip.compress(bytes(range(256)) * 400, mtime=0)
ROWS = [["severity: mild", "severity: severe"]]


def send(request: Request, body: bytes, length: int | None) -> None:
    request.send_response(200)
    if length is not None:
        request.send_header("Content-Length", str(length))
    request.end_headers()
    request.wfile.write(body)


def truncated(request: Request) -> None:
    send(request, BODY[:300], len(BODY))


def cut_without_a_length(request: Request) -> None:
    send(request, BODY[:300], None)


def lying(request: Request) -> None:
    """A length smaller than the file: the client stops there, in good faith."""
    send(request, BODY, 300)


def lying_more(request: Request) -> None:
    send(request, BODY, len(BODY) + 1000)


def stalling(request: Request) -> None:
    request.send_response(200)
    request.send_header("Content-Length", str(len(BODY)))
    request.end_headers()
    request.wfile.write(BODY[:300])
    request.wfile.flush()
    time.sleep(0.7)


def page(request: Request) -> None:
    send(request, b"<html>maintenance</html>", None)


def redirecting(request: Request) -> None:
    request.send_response(302)
    request.send_header("Location", request.path.replace("GSE900001", "moved"))
    request.send_header("Content-Length", "0")
    request.end_headers()


def circling(request: Request) -> None:
    request.send_response(302)
    request.send_header("Location", request.path)
    request.send_header("Content-Length", "0")
    request.end_headers()


def matrix(geo: Any, answer: Any) -> Any:
    """Let the series matrix answer so, and return it as found."""
    geo.put_series("GSE900001", answer)
    return find_series_matrices("GSE900001")[0]


def test_whole(geo: Any, tmp_path: Path) -> None:
    remote = matrix(geo, b"x")
    assert remote.url == f"{geo.base}/GSE900nnn/GSE900001/matrix/{remote.name}"
    assert gzip.decompress(take(remote, tmp_path, "GSE900001").read_bytes()) == b"x"


def test_redirected(geo: Any, tmp_path: Path) -> None:
    remote = matrix(geo, redirecting)
    moved = f"/geo/series/GSE900nnn/moved/matrix/{remote.name}".replace("GSE900001", "moved")
    geo.files[moved] = BODY
    assert take(remote, tmp_path, "GSE900001").read_bytes() == BODY


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (truncated, "broke off"),
        (cut_without_a_length, "did not come whole"),
        (lying, "did not come whole"),
        (lying_more, "broke off"),
        (stalling, "did not answer in time"),
        (page, "did not come whole"),
        (circling, "redirects"),
    ],
)
def test_misbehaving(answer: Any, words: str, geo: Any, tmp_path: Path) -> None:
    remote = matrix(geo, answer)
    with pytest.raises(FetchError) as caught:
        take(remote, tmp_path, "GSE900001")
    assert words in str(caught.value)
    assert remote.name in str(caught.value)
    assert caught.value.do


def test_a_second_attempt(geo: Any, tmp_path: Path) -> None:
    answers = [stalling, truncated, lambda request: send(request, BODY, len(BODY))]
    remote = matrix(geo, lambda request: answers.pop(0)(request))
    assert take(remote, tmp_path, "GSE900001").read_bytes() == BODY
    assert answers == []


def test_no_such_series(geo: Any) -> None:
    with pytest.raises(FetchError) as caught:
        find_series_matrices("GSE999999")
    assert "GEO has no series GSE999999" in str(caught.value)
    assert "acc=GSE999999" in caught.value.do


def test_no_connection(geo: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IFN_SEVERITY_GEO", "http://127.0.0.1:9/geo")
    with pytest.raises(FetchError, match=r"no connection to 127\.0\.0\.1") as caught:
        find_series_matrices("GSE900001")
    assert "IFN_SEVERITY_MIRROR=DIR" in caught.value.do


def test_a_folder_without_a_series_matrix(geo: Any) -> None:
    geo.put("GSE900001", "matrix", "README.txt", b"x")
    with pytest.raises(FetchError, match="no series matrix of GSE900001"):
        find_series_matrices("GSE900001")


def test_several_platforms(geo: Any) -> None:
    for platform in ("GPL570", "GPL24676"):
        geo.put_series("GSE900001", b"x", platform)
    found = find_series_matrices("GSE900001")
    with pytest.raises(InputError, match="2 platforms: GPL24676, GPL570") as caught:
        choose_series_matrix(found, "", "GSE900001")
    assert "--platform GPL24676" in caught.value.do
    assert "GPL570" in choose_series_matrix(found, "GPL570", "GSE900001").name
    with pytest.raises(InputError, match="GPL1 is none of them"):
        choose_series_matrix(found, "GPL1", "GSE900001")


def test_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("IFN_SEVERITY_GEO", raising=False)
    start = "https://ftp.ncbi.nlm.nih.gov/geo/series"
    assert address("GSE161731", "matrix") == f"{start}/GSE161nnn/GSE161731/matrix/"
    assert address("GSE12", "soft", "a b.gz") == f"{start}/GSEnnn/GSE12/soft/a%20b.gz"
    assert address("GSE1234", "suppl") == f"{start}/GSE1nnn/GSE1234/suppl/"


@pytest.fixture
def with_files(tmp_path: Path, write_series: Write, geo: Any) -> Callable[..., Series]:
    def make(*names: str, table: Any = None) -> Series:
        urls = [
            f"ftp://ftp.ncbi.nlm.nih.gov/geo/series/GSE900nnn/GSE900001/suppl/{n}" for n in names
        ]
        path = tmp_path / "s.txt"
        path.write_bytes(write_series("GSE900001", ROWS, supplement=urls, table=table))
        return read_series(path)

    return make


def test_the_only_matrix(with_files: Callable[..., Series], geo: Any) -> None:
    series = with_files(
        "GSE900001_counts.csv.gz", "GSE900001_counts_key.csv.gz", "GSE900001_RAW.tar"
    )
    chosen = choose_matrix(series, "")
    assert chosen is not None
    assert chosen.url == f"{geo.base}/GSE900nnn/GSE900001/suppl/GSE900001_counts.csv.gz"
    # whoever names a file gets it
    named = choose_matrix(series, "GSE900001_counts_key.csv.gz")
    assert named is not None
    assert named.name == "GSE900001_counts_key.csv.gz"


def test_several_matrices(with_files: Callable[..., Series]) -> None:
    series = with_files("GSE900001_xpr_tpm.txt.gz", "GSE900001_a.tsv.gz", "GSE900001_counts.csv.gz")
    with pytest.raises(InputError, match="3 files that may hold expression") as caught:
        choose_matrix(series, "")
    assert caught.value.do.endswith("--matrix GSE900001_counts.csv.gz")
    with pytest.raises(InputError, match="no supplementary file") as caught:
        choose_matrix(series, "GSE900001_count.csv.gz")
    assert "did you mean GSE900001_counts.csv.gz" in caught.value.do


@pytest.mark.parametrize("names", [(), ("GSE900001_RAW.tar",), ("NONE",)])
def test_no_matrix(names: tuple[str, ...], with_files: Callable[..., Series]) -> None:
    with pytest.raises(InputError, match="no supplementary matrix") as caught:
        choose_matrix(with_files(*names), "")
    assert "--labels" in caught.value.do


def test_a_table_of_its_own_goes_before_files(with_files: Callable[..., Series]) -> None:
    series = with_files("GSE900001_counts.csv.gz", table={"ISG15": [1, 2]})
    assert choose_matrix(series, "") is None
    assert choose_matrix(series, "GSE900001_counts.csv.gz") is not None


def test_a_name_that_leads_out_of_the_folder(with_files: Callable[..., Series]) -> None:
    with pytest.raises(InputError, match="no supplementary matrix"):
        choose_matrix(with_files("..%2F..%2Fx.csv"), "")


@pytest.mark.mirror
def test_from_the_mirror(mirror: Path, tmp_path: Path) -> None:
    remote = choose_series_matrix(find_series_matrices("GSE157103"), "", "GSE157103")
    # GEO has it packed: this copy is another file, and has no address there
    assert (remote.name, remote.url) == ("GSE157103_series_matrix.txt", "")
    series = read_series(take(remote, tmp_path, "GSE157103"))
    matrix = choose_matrix(series, "")
    assert matrix is not None
    assert matrix.name == "GSE157103_icu_tpm.csv.xz"
    with pytest.raises(FetchError, match="is no folder") as caught:
        find_series_matrices("GSE999999")
    assert "unset IFN_SEVERITY_MIRROR" in caught.value.do
