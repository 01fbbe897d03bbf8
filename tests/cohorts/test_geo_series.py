"""The series matrix: the real one of GSE157103, and what submitters do to the format."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ifn_severity.cohorts.geo.series import find_column, known, read_series
from ifn_severity.errors import InputError

Write = Callable[..., bytes]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "GSE900001_series_matrix.txt"


@pytest.mark.mirror
def test_the_real_one(mirror: Path) -> None:
    series = read_series(mirror / "GSE157103" / "GSE157103_series_matrix.txt")
    assert series.accession == "GSE157103"
    assert series.pubmed == "33096026"
    assert series.platforms == ("GPL24676",)
    assert series.organisms == ("Homo sapiens",)
    assert series.table is None
    samples = series.samples
    assert len(samples) == 126
    assert samples["disease state"].value_counts().to_dict() == {
        "COVID-19": 100,
        "non-COVID-19": 26,
    }
    assert len(series.characteristics) == 21
    assert samples.loc["GSM4753021", "age (years)"] == "39"
    # over 89 years is written so, and the colon is no separator
    assert samples.loc["GSM4753026", "age (years)"] == ":"
    assert samples.loc["GSM4753021", "hospital-free days post 45 day followup (days)"] == "0"
    assert list(samples["description"].iloc[:2]) == ["C1", "C2"]
    assert [url.rsplit("/", 1)[-1] for url in series.supplement] == [
        "GSE157103_genes.ec.tsv.gz",
        "GSE157103_genes.tpm.tsv.gz",
    ]
    assert find_column(series, "Age") == "age (years)"
    assert find_column(series, "ICU") == "icu"
    assert find_column(series, "severity") is None


@pytest.mark.mirror
def test_packed_as_geo_has_it(mirror: Path, tmp_path: Path) -> None:
    plain = mirror / "GSE157103" / "GSE157103_series_matrix.txt"
    packed = tmp_path / "GSE157103_series_matrix.txt.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    assert read_series(packed).samples.equals(read_series(plain).samples)


def test_characteristics_in_other_lines(path: Path, write_series: Write) -> None:
    """A sample without one characteristic has the next one in its line."""
    path.write_bytes(
        write_series(
            "GSE900001",
            [
                ["severity: mild", "severity: severe", "Sex: male"],
                ["sex: female", "", "severity: healthy"],
                ["no colon here", "note: a: b", "note: x"],
                ["", "note: twice", ""],
            ],
        )
    )
    samples = read_series(path).samples
    assert list(samples["severity"]) == ["mild", "severe", "healthy"]
    assert list(samples["Sex"]) == ["female", "", "male"]
    assert list(samples["note"]) == ["", "a: b; twice", "x"]
    assert list(samples["characteristic"]) == ["no colon here", "", ""]


def test_quotes_and_line_ends(path: Path, write_series: Write) -> None:
    text = write_series("GSE900001", [['group: 5" cut "x"', "group: b"]])
    path.write_bytes(text.replace(b"\n", b"\r\n"))
    assert list(read_series(path).samples["group"]) == ['5" cut "x"', "b"]


def test_a_table_of_its_own(path: Path, write_series: Write) -> None:
    table = {"ISG15": [1.5, 2.5], "IFIT1": [3, 4]}
    path.write_bytes(write_series("GSE900001", [["g: a", "g: b"]], table=table))
    read = read_series(path).table
    assert read is not None
    assert read.astype(float).to_numpy().tolist() == [[1.5, 2.5], [3.0, 4.0]]
    assert list(read.columns) == ["GSM900001", "GSM900002"]
    assert read.index.name == "ID_REF"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (b"!series_matrix_table_end", b"", "cut short"),
        (b"!series_matrix_table_begin", b"!series_matrix_table", "cut short"),
        (b'\t"g: b"', b"", "cut short or damaged: !Sample_characteristics_ch1"),
        (b"!Sample_geo_accession", b"!Sample_gsm", "no series matrix"),
        (b"!Series_geo_accession", b"!Series_gse", "no series matrix"),
        (b'"GSM900002"\n"ISG15', b'"GSM900009"\n"ISG15', "other than its samples"),
    ],
)
def test_damaged(old: bytes, new: bytes, words: str, path: Path, write_series: Write) -> None:
    text = write_series("GSE900001", [["g: a", "g: b"]], table={"ISG15": [1, 2]})
    assert old in text
    path.write_bytes(text.replace(old, new, 1))
    with pytest.raises(InputError) as caught:
        read_series(path)
    assert words in str(caught.value)
    assert caught.value.do


def test_a_web_page(path: Path) -> None:
    path.write_text("<!DOCTYPE html><html>busy</html>")
    with pytest.raises(InputError, match="web page"):
        read_series(path)


@pytest.mark.parametrize("word", ["", "NA", " n/a ", "Unknown", "not available", "--", ":"])
def test_words_of_not_knowing(word: str) -> None:
    assert not known(word)


_KEYS = st.text("abcdefgh ()_/", min_size=1, max_size=8).map(str.strip).filter(bool)
_VALUES = st.text("abcXYZ0123 .:;-", max_size=8).map(str.strip)


@settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_no_value_is_lost(data: st.DataObject, path: Path, write_series: Write) -> None:
    """Whichever lines characteristics stand in, each comes back under its key."""
    keys = data.draw(st.lists(_KEYS, min_size=1, max_size=4, unique=True))
    n = data.draw(st.integers(1, 5))
    values = [{key: data.draw(_VALUES) for key in keys} for _ in range(n)]
    orders = [data.draw(st.permutations(keys)) for _ in range(n)]
    lines = [
        [f"{orders[i][at]}: {values[i][orders[i][at]]}" for i in range(n)]
        for at in range(len(keys))
    ]
    path.write_bytes(write_series("GSE900001", lines))
    samples = read_series(path).samples
    for i in range(n):
        for key in keys:
            assert samples[key].iloc[i] == values[i][key]
