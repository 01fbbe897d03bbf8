"""``cohorts add GSE…`` as a user types it: a table, the next command, and then a cohort."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

Cli = Callable[..., tuple[int, str, str]]
Block = Callable[[tuple[int, str, str]], str]
pytestmark = pytest.mark.mirror


@pytest.fixture
def cli(mirror: Path, cli: Cli) -> Cli:
    return cli


def test_from_the_accession_to_a_cohort(block: Block, cli: Cli, home: Path) -> None:
    """The way through: what the first command prints is what is typed next."""
    shown = cli("cohorts", "add", "GSE157103")
    err = block(shown)
    assert "126 samples on GPL24676" in shown[1]
    assert "yes (66), no (60)" in shown[1]
    assert "COVID-19 (100), non-COVID-19 (26)" in shown[1]
    assert not (home / "data").exists()
    typed = shlex.split(err.partition("ifn-severity ")[2].splitlines()[0])
    assert typed == [
        *("cohorts", "add", "GSE157103", "--severity-from", "icu"),
        *("--map", "no=GRADE", "--map", "yes=GRADE", "--name", "GSE157103-geo"),
    ]
    # what a person has to decide is not decided by silence
    assert "'grade' is not on the severity scale" in block(cli(*typed))
    grades = {"no=GRADE": "no=moderate", "yes=GRADE": "yes=severe"}
    decided = [grades.get(word, word) for word in typed]
    code, out, err = cli(*decided, "--map", "disease state:non-COVID-19=drop")
    assert code == 0, err
    # the first rule that fits counts: said last, "drop" changes nothing
    assert "100 samples of 100 patients: 50 mild or moderate, 50 severe or critical" in out
    assert "next: ifn-severity train GSE157103-geo" in out
    code, out, _ = cli("cohorts", "GSE157103-geo")
    assert code == 0
    for words in ("icu = yes: severe", "GSE157103_icu_tpm.csv.xz", "3,495,804"):
        assert words in out
    code, out, _ = cli("fetch", "GSE157103-geo")
    assert code == 0
    assert "verified" in out


def test_what_does_not_go_together(block: Block, cli: Cli, home: Path) -> None:
    assert "--labels x.csv" in block(cli("cohorts", "add", "GSE157103", "--labels", "x.csv"))
    assert "no labels for mine.csv" in block(cli("cohorts", "add", "mine.csv"))
    mixed = ("cohorts", "add", "mine.csv", "--labels", "x.csv", "--map", "a=mild")
    assert "for series of GEO" in block(cli(*mixed))
    unknown = block(cli("cohorts", "add", "GSE157103", "--severity-from", "icuu"))
    assert "did you mean icu?" in unknown
    taken = ("--severity-from", "icu", "--map", "yes=severe", "--map", "no=mild")
    assert "there is a cohort GSE157103 already" in block(
        cli("cohorts", "add", "GSE157103", *taken)
    )
    assert "is no folder" in block(cli("cohorts", "add", "GSE1"))
    assert not (home / "data").exists()


def test_cards_that_were_never_exercised(block: Block, cli: Cli) -> None:
    code, out, _ = cli("cohorts")
    assert code == 0
    assert "77?" in out
    code, out, _ = cli("cohorts", "GSE161731")
    assert code == 0
    for words in ("not exercised offline", "recorded at the first download", "not counted in"):
        assert words in " ".join(out.split())
    assert "GSE164805_series_matrix.txt.gz" in block(cli("fetch", "GSE164805"))
    assert "is there to control only" in block(cli("train", "GSE171110"))
