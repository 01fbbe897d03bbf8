"""The command evidence: bad input is one block, missing cohorts stop it or are told."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

Cli = Callable[..., tuple[int, str, str]]


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")


@pytest.fixture
def partial_mirror(mirror: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A mirror that holds one cohort alone."""
    folder = tmp_path / "mirror"
    folder.mkdir()
    (folder / "GSE155454").symlink_to(mirror / "GSE155454")
    monkeypatch.setenv("IFN_SEVERITY_MIRROR", str(folder))
    return folder


def test_an_unknown_claim_is_one_block(cli: Cli, home: Path) -> None:
    code, _, shown = cli("evidence", "2d")
    assert code == 2
    assert "no claim is called '2d'" in shown
    assert "2a" in shown
    assert "Traceback" not in shown
    assert not (home / "reports").exists()


def test_a_wrong_claim_file_is_one_block(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text("[study]\nname = 'x'\ncitation = 'x'\ndoi = 'x'\n")
    code, _, shown = cli("evidence", "--claims", str(path))
    assert code == 2
    assert "no tables [[claim]]" in shown


def test_a_column_that_is_not_there_is_one_block(
    cli: Cli, partial_mirror: Path, home: Path, tmp_path: Path
) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(
        """
        study = { name = "Me 2026", citation = "Me.", doi = "10.1000/xyz" }
        [[claim]]
        id = "mine"
        title = "A column"
        sentence = "A column is higher in severe disease."
        needed = "the column"
        [[claim.part]]
        id = "column"
        test = "difference"
        label = "a column"
        measure = { column = "source_nope" }
        contrast = "severe against milder"
        expected = "higher"
        cohorts = ["GSE155454"]
        """
    )
    code, _, shown = cli("evidence", "mine", "--claims", str(path))
    assert code == 2
    assert "no column 'source_nope' in GSE155454" in shown
    assert "source_group" in shown
    assert not (home / "reports").exists()


def test_missing_cohorts_stop_it_with_one_block(cli: Cli, partial_mirror: Path, home: Path) -> None:
    code, _, shown = cli("evidence", "2a")
    assert code == 2
    assert "GSE157103" in shown
    assert "--skip-missing" in shown
    assert "Traceback" not in shown
    assert not (home / "reports").exists()


def test_skip_missing_goes_on_and_says_so(cli: Cli, partial_mirror: Path, home: Path) -> None:
    code, shown, _ = cli("evidence", "2a", "5a", "--skip-missing", "-o", str(home / "out"))
    assert code == 0
    assert "without GSE157103" in shown
    assert "not testable" in shown
    found = json.loads((home / "out" / "evidence.json").read_text("utf-8"))
    verdicts = {claim["id"]: claim["verdict"] for claim in found["claims"]}
    assert verdicts["5a"] == "not testable"
    assert verdicts["2a"] != "not testable"
    claim = next(claim for claim in found["claims"] if claim["id"] == "5a")
    assert "its files cannot be had" in claim["reason"]
    assert claim["needed"]
    assert found["cohorts"]["GSE157103"]["loaded"] is False
    assert (home / "out" / "report.html").is_file()
