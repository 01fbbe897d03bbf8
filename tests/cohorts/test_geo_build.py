"""From an accession to a cohort like any other, whole or not at all."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ifn_severity.cohorts import fetch, get_card, load_cohort
from ifn_severity.cohorts.card import card_text, parse_card
from ifn_severity.cohorts.fetch import fetch_cohort
from ifn_severity.cohorts.geo.build import add_series
from ifn_severity.cohorts.geo.look import GeoOptions, look_at_series
from ifn_severity.errors import CohortError, FetchError, InputError, LabelError, StoreError
from ifn_severity.genes import gene_table

Write = Callable[..., bytes]
N = 8
GENES = [gene for gene in sorted(gene_table().current) if gene.isalpha()][:300]
NAMES = [f"P-{i + 1}.a" for i in range(N)]
GRADES = ["mild", "moderate", "severe", "critical"] * 2
ROWS = [
    [f"severity: {grade}" for grade in GRADES],
    [f"subject: {i // 2}" for i in range(N)],
    [f"age: {30 + i}" for i in range(N)],
]
SAID = GeoOptions(
    severity_from="severity",
    map=("mild=mild", "moderate=moderate", "severe=severe", "critical=critical"),
    patient_from="subject",
)
COUNTS = "GSE900001_counts.csv.gz"


def counts(names: Sequence[str] = NAMES, genes: Sequence[str] = GENES) -> bytes:
    values = np.random.default_rng(7).integers(0, 900, (len(genes), len(names)))
    rows = [",".join([gene, *map(str, row)]) for gene, row in zip(genes, values, strict=True)]
    return "\n".join([",".join(["gene", *names]), *rows, ""]).encode()


@pytest.fixture
def put(geo: Any, write_series: Write) -> Callable[..., None]:
    """Put a series of sequencing on the local GEO."""

    def put(matrix: bytes | None = None, name: str = COUNTS, **more: Any) -> None:
        told = {"supplement": [f"ftp://x/{name}"], "titles": [f"Blood of {n}" for n in NAMES]}
        geo.put_series("GSE900001", write_series("GSE900001", ROWS, **{**told, **more}))
        geo.put("GSE900001", "suppl", name, counts() if matrix is None else matrix)

    return put


def kept(home: Path) -> list[str]:
    return sorted(str(path.relative_to(home)) for path in home.rglob("*") if path.is_file())


def test_a_cohort_like_any_other(put: Callable[..., None], geo: Any, home: Path) -> None:
    put()
    added = add_series("gse900001", SAID)
    assert (added.name, added.unit) == ("GSE900001", "counts")
    assert (added.n_samples, added.n_patients, added.n_mild, added.n_severe) == (8, 4, 4, 4)
    card = get_card("GSE900001")
    assert card == added.card
    assert (card.kind, card.reader, card.exercised) == ("user", "geo", True)
    assert [file.name for file in card.files] == ["GSE900001_series_matrix.txt.gz", COUNTS]
    for file in card.files:
        assert file.url.startswith(geo.base)
        assert file.pinned
    assert card.geo is not None
    assert card.geo.unit == "counts"
    assert card.severity.mild_means == "severity: mild; severity: moderate"
    assert parse_card(card_text(card), "again") == card

    adata = load_cohort("GSE900001")
    assert list(adata.obs_names) == [f"GSM{900001 + i}" for i in range(N)]
    assert list(adata.obs["severity"]) == GRADES
    assert list(adata.obs["age"]) == [30 + i for i in range(N)]
    values = np.loadtxt(counts().decode().splitlines(), delimiter=",", skiprows=1, dtype=str)
    plain = values[:, 1:].astype(float).T
    expected = np.log2(plain / plain.sum(axis=1, keepdims=True) * 1e6 + 1)
    np.testing.assert_allclose(adata[:, list(values[:, 0])].X, expected, rtol=1e-5)
    # verified files are not asked for again; a lost one comes back and is verified
    asked = len(geo.asked)
    fetch_cohort("GSE900001")
    assert len(geo.asked) == asked
    (home / "data" / "raw" / "GSE900001" / COUNTS).unlink()
    fetch_cohort("GSE900001")
    assert len(geo.asked) == asked + 1
    geo.put("GSE900001", "suppl", COUNTS, counts(genes=GENES[:-1]))
    (home / "data" / "raw" / "GSE900001" / COUNTS).unlink()
    with pytest.raises(FetchError):
        fetch_cohort("GSE900001")


def test_looking_writes_nothing(put: Callable[..., None], home: Path) -> None:
    put()
    look = look_at_series("GSE900001", GeoOptions())
    assert look.n_samples == N
    assert look.columns[0][0] == "severity"
    assert "mild (2)" in look.columns[0][1]
    assert look.command.startswith("ifn-severity cohorts add GSE900001 --severity-from severity")
    assert "--patient-from subject" in look.command
    assert kept(home) == []
    # the command is as good as its grades
    words = look.command.replace("GRADE", "none")
    assert "--map critical=critical" in words


@pytest.mark.parametrize(
    ("change", "more", "error", "words"),
    [
        ({"map": ("mild=mild", "gentle=mild")}, {}, LabelError, "'gentle' does not occur"),
        ({"map": ("mild=mild", "moderate=mild")}, {}, LabelError, "0 severe and 4 not severe"),
        ({"patient_from": ""}, {}, LabelError, "--patient-from subject"),
        ({"sample_from": "subject"}, {}, LabelError, "'subject' of GSE900001 holds these names"),
        ({}, {"matrix": counts([f"unknown{i}" for i in range(N)])}, LabelError, "--sample-from"),
        ({}, {"matrix": counts(genes=["ENSMUSG1", "Isg15"])}, InputError, "gene"),
        ({}, {"matrix": b"<html>gone</html>"}, InputError, "web page"),
        ({}, {"name": "GSE900001_RAW.tar"}, InputError, "no supplementary matrix"),
        ({}, {"organism": "Mus musculus"}, InputError, "Mus musculus"),
        ({"matrix": "x.csv"}, {}, InputError, "no supplementary file 'x.csv'"),
    ],
)
def test_nothing_is_left_of_bad_input(
    change: dict[str, Any],
    more: dict[str, Any],
    error: type[Exception],
    words: str,
    put: Callable[..., None],
    home: Path,
) -> None:
    put(**more)
    with pytest.raises(error) as caught:
        add_series("GSE900001", replace(SAID, **change))
    assert words in str(caught.value)
    assert kept(home) == []


def test_labels_are_checked_before_the_matrix_is_downloaded(
    put: Callable[..., None], geo: Any
) -> None:
    put()
    with pytest.raises(LabelError):
        add_series("GSE900001", replace(SAID, map=("mild=mild",)))
    assert not any(COUNTS in path for path in geo.asked)


def test_cut_short_on_the_way(put: Callable[..., None], geo: Any, home: Path) -> None:
    put()
    body = gzip.compress(counts())
    geo.put("GSE900001", "suppl", COUNTS, lambda request: request.reply(body[:-20]))
    with pytest.raises(FetchError, match="did not come whole"):
        add_series("GSE900001", SAID)
    assert kept(home) == []


def test_a_full_disk(put: Callable[..., None], home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put()

    def full(_self: Path, _data: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(StoreError, match="no space left"):
        add_series("GSE900001", SAID)
    assert kept(home) == []


def test_names_taken(put: Callable[..., None]) -> None:
    put()
    add_series("GSE900001", SAID)
    with pytest.raises(CohortError, match="--replace"):
        add_series("GSE900001", SAID)
    add_series("GSE900001", SAID, replace=True, title="Newer")
    assert get_card("GSE900001").title == "Newer"
    with pytest.raises(CohortError, match="there is a cohort GSE157103 already"):
        add_series("GSE157103", SAID)


def test_a_card_that_was_never_exercised_gives_way(geo: Any, write_series: Write) -> None:
    """GSE161731 has a built-in card, and may be added with a mapping of one's own."""
    series = write_series(
        "GSE161731", ROWS, titles=NAMES, supplement=["ftp://x/GSE161731_counts.csv.gz"]
    )
    geo.put_series("GSE161731", series)
    geo.put("GSE161731", "suppl", "GSE161731_counts.csv.gz", counts())
    assert not get_card("GSE161731").exercised
    add_series("GSE161731", SAID)
    assert get_card("GSE161731").kind == "user"
    assert load_cohort("GSE161731").n_obs == N


def test_some_samples_without_a_partner(put: Callable[..., None]) -> None:
    names = [NAMES[0].replace("-", "."), *NAMES[1:6], "stranger"]
    put(counts(names))
    added = add_series("GSE900001", SAID)
    assert added.n_samples == 6
    told = " ".join(added.notes)
    assert "left out: stranger" in told
    assert "No expression for 2 samples, left out: GSM900007, GSM900008" in told


def test_accessions_within_names(put: Callable[..., None]) -> None:
    put(counts([f"GSM{900001 + i}_run{i}" for i in reversed(range(N))]))
    add_series("GSE900001", SAID)
    adata = load_cohort("GSE900001")
    # columns are in another order than the series: values must follow their sample
    first = np.array([line.split(b",")[-1] for line in counts().splitlines()[1:]], dtype=float)
    expected = np.log2(first / first.sum() * 1e6 + 1)
    np.testing.assert_allclose(adata["GSM900001", GENES].X[0], expected, rtol=1e-5)


def test_rows_of_words_above_the_values(put: Callable[..., None]) -> None:
    """As in GSE171110: a sheet's numbers as header, and below it what the samples are."""
    lines = counts().decode().splitlines()
    sheet = ",".join(["Sample_sheet", *(f"s{i}" for i in range(N))])
    group = ",".join(["group", *(["patient"] * N)])
    put("\n".join([sheet, group, lines[0], *lines[1:], ""]).encode())
    added = add_series("GSE900001", SAID)
    assert added.n_samples == N
    assert any("2 rows of words" in note and "row 3 names samples" in note for note in added.notes)


def family(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> bytes:
    other = ["^PLATFORM = GPL1", "!platform_table_begin", "ID\tGENE", "a\tACTB"]
    return "\n".join(
        [
            *("^SERIES = GSE900001", *other, "!platform_table_end", "^PLATFORM = GPL26963"),
            *("!Platform_title = lncRNA", "!platform_table_begin", "\t".join(columns)),
            *("\t".join(row) for row in rows),
            *("!platform_table_end", "^SAMPLE = GSM900001", ""),
        ]
    ).encode()


PROBES = {
    f"ASHG{i:05d}": [round(2 + (i * 7 + s) % 11 + 0.25, 2) for s in range(N)] for i in range(60)
}


def put_array(geo: Any, write_series: Write, family_file: bytes) -> None:
    series = write_series("GSE900001", ROWS, platform="GPL26963", table=PROBES)
    geo.put_series("GSE900001", series)
    geo.put("GSE900001", "soft", "GSE900001_family.soft.gz", family_file)


def test_an_array_and_the_genes_of_its_probes(geo: Any, write_series: Write) -> None:
    rows = [[probe, str(i), "chr1", GENES[i // 2]] for i, probe in enumerate(PROBES)]
    rows[5][3] = ""
    put_array(geo, write_series, family(["ID", "SEQ", "CHROM", "Anything at all"], rows))
    added = add_series("GSE900001", SAID)
    assert added.unit == "log2"
    assert [file.name for file in added.card.files][1] == "GSE900001_family.soft.gz"
    adata = load_cohort("GSE900001")
    assert adata.n_vars == 30
    # two probes a gene: the larger value in each sample, as everywhere
    pair = np.array([PROBES["ASHG00000"], PROBES["ASHG00001"]]).max(axis=0)
    np.testing.assert_allclose(adata[:, GENES[0]].X[:, 0], pair, rtol=1e-6)
    # a probe without a gene counts for none
    np.testing.assert_allclose(adata[:, GENES[2]].X[:, 0], PROBES["ASHG00004"], rtol=1e-6)


@pytest.mark.parametrize(
    "content",
    [
        family(["ID", "SEQ"], [[probe, "ACGTACGT"] for probe in PROBES]),
        b"^PLATFORM = GPL1\n!platform_table_begin\nID\tGENE\na\tACTB\n!platform_table_end\n",
    ],
)
def test_probes_that_are_no_genes(
    content: bytes, geo: Any, write_series: Write, home: Path
) -> None:
    put_array(geo, write_series, content)
    with pytest.raises(InputError, match="GPL26963") as caught:
        add_series("GSE900001", SAID)
    assert "replace the probe ids by gene symbols" in caught.value.do
    assert kept(home) == []


@pytest.mark.mirror
def test_the_real_series_agrees_with_its_own_reader(mirror: Path, home: Path) -> None:
    """GSE157103 through the series matrix, beside the reader that was written for it."""
    said = GeoOptions(
        severity_from="icu", map=("disease state:non-COVID-19=drop", "yes=severe", "no=moderate")
    )
    added = add_series("GSE157103", said, name="again")
    assert (added.n_samples, added.n_mild, added.n_severe) == (100, 50, 50)
    assert added.unit == "ln"
    ours, theirs = load_cohort("again"), load_cohort("GSE157103")
    np.testing.assert_array_equal(ours[:, theirs.var_names].X, theirs.X)
    np.testing.assert_array_equal(ours.obs["severe"], theirs.obs["severe"])
    assert list(ours.obs["sex"].astype(str)) == list(theirs.obs["sex"].astype(str))
    # GEO writes ">89" and ":" where the other source has a number
    known = ours.obs["age"].notna().to_numpy()
    assert known.sum() == 98
    np.testing.assert_array_equal(
        ours.obs["age"].to_numpy()[known], theirs.obs["age"].to_numpy()[known]
    )


class TestNeverExercised:
    """A built-in card without checksums: recorded at the first download, held to ever after."""

    NAME = "GSE161731"
    RAW = ("GSE161731_series_matrix.txt.gz", "GSE161731_counts.csv.gz")

    @pytest.fixture
    def mirrored(
        self, home: Path, tmp_path: Path, write_series: Write, monkeypatch: pytest.MonkeyPatch
    ) -> Path:
        cohort = ["COVID-19"] * 5 + ["healthy", "Influenza", "COVID-19"]
        rows = [
            [f"cohort: {word}" for word in cohort],
            [f"hospitalized: {'Yes' if i % 2 else 'No'}" for i in range(N)],
            [f"subject_id: {i // 2}" for i in range(N)],
            [f"age: {30 + i}" for i in range(N)],
            ["gender: Female"] * N,
        ]
        folder = tmp_path / "mirror" / self.NAME
        folder.mkdir(parents=True)
        series = write_series(self.NAME, rows, titles=NAMES)
        (folder / self.RAW[0]).write_bytes(gzip.compress(series))
        (folder / self.RAW[1]).write_bytes(gzip.compress(counts()))
        monkeypatch.setenv("IFN_SEVERITY_MIRROR", str(folder.parent))
        return folder

    def test_recorded_and_held_to(self, mirrored: Path, home: Path) -> None:
        card = get_card(self.NAME)
        assert not any(file.pinned for file in fetch.pinned(card).files)
        adata = load_cohort(self.NAME)
        # the influenza sample is left out; healthy has no class
        assert adata.n_obs == N - 1
        assert adata.obs["severe"].isna().sum() == 1
        assert all(file.pinned for file in fetch.pinned(card).files)
        place = home / "data" / "raw" / self.NAME / self.RAW[1]
        place.write_bytes(b"damaged")
        load_cohort(self.NAME)
        assert place.read_bytes() == (mirrored / self.RAW[1]).read_bytes()
        # another file under the same name is not taken silently
        (mirrored / self.RAW[1]).write_bytes(gzip.compress(counts(genes=GENES[5:])))
        place.unlink()
        with pytest.raises(FetchError, match="not the file that was received first") as caught:
            fetch_cohort(self.NAME)
        record = home / "data" / "raw" / self.NAME / fetch.RECORD
        assert str(record) in caught.value.do
        record.unlink()
        assert load_cohort(self.NAME).n_vars == len(GENES) - 5

    def test_files_other_than_described(self, mirrored: Path, write_series: Write) -> None:
        other = write_series(self.NAME, ROWS, titles=NAMES)
        (mirrored / self.RAW[0]).write_bytes(gzip.compress(other))
        with pytest.raises(LabelError, match="no such column"):
            load_cohort(self.NAME)
