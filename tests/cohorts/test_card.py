"""Cards: every built-in one is sound, and a damaged one is refused with its place."""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path

import pytest

from ifn_severity.cohorts.card import (
    CohortCard,
    card_text,
    get_card,
    list_cohorts,
    parse_card,
)
from ifn_severity.cohorts.readers import READERS
from ifn_severity.errors import CohortError

CARD = """
name = "mine"
title = "A cohort of mine"
kind = "user"
tissue = "whole blood"
platform = "RNA-seq"
unit = "counts"
unit_in_source = "read counts"
reader = "user"
uses = ["validate"]

[severity]
rule = "as labelled"
column = "grade"
mild_means = "at home"
severe_means = "in intensive care"

[expected]
n_samples = 3
n_patients = 2
n_mild = 1
n_severe = 2
days_since_onset = false

[[files]]
name = "cohort.h5ad"
sha256 = "%s"
bytes = 10
licence = "mine"
""" % ("0" * 64)


def test_built_in_cohorts() -> None:
    names = [card.name for card in list_cohorts()]
    assert {"GSE157103", "schulte-cohort1", "schulte-cohort2", "simulated"} <= set(names)
    assert names == sorted(names, key=str.casefold)


@pytest.mark.parametrize("card", list_cohorts(), ids=lambda card: card.name)
def test_card_is_complete(card: CohortCard) -> None:
    numbers = card.expected
    assert numbers.n_patients <= numbers.n_samples
    assert numbers.n_mild + numbers.n_severe <= numbers.n_samples
    assert card.caveats
    assert card.uses
    if card.simulated:
        assert not card.files
        assert "SIMULATED" in card.title
        return
    assert card.reader in READERS or card.geo is not None
    assert card.doi.startswith("10.")
    assert card.severity.rule
    assert card.severity.column
    for file in card.files:
        assert file.url.startswith("https://")
        assert file.licence
        assert file.pinned == card.exercised
    if not card.exercised:
        assert "not exercised offline" in card.caveats[0]


def test_files_are_those_of_the_published_list(mirror: Path) -> None:
    with (mirror / "SOURCES.tsv").open(encoding="utf-8", newline="") as text:
        rows = list(csv.DictReader(text, delimiter="\t"))
    for card in list_cohorts():
        if not card.exercised:
            continue  # not in the mirror, which is why it was not exercised
        listed = {
            (r["file"], r["url"], r["sha256"], int(r["bytes"]), r["licence"])
            for r in rows
            if r["cohort"] == card.name
        }
        assert listed == {(f.name, f.url, f.sha256, f.bytes, f.licence) for f in card.files}


def test_unknown_cohort_offers_the_nearest() -> None:
    with pytest.raises(CohortError, match="did you mean GSE157103") as caught:
        get_card("gse157130")
    assert "gse157130" in caught.value.got
    with pytest.raises(CohortError, match="choose one of"):
        get_card("../../etc/passwd")


def test_text_round_trip() -> None:
    for card in [*list_cohorts(), parse_card(CARD, "card.toml")]:
        again = parse_card(card_text(card), "again")
        assert {k: getattr(again, k) for k in card.__slots__ if k != "sha256"} == {
            k: getattr(card, k) for k in card.__slots__ if k != "sha256"
        }


def test_user_card(home: Path) -> None:
    place = home / "data" / "cohorts" / "mine" / "card.toml"
    place.parent.mkdir(parents=True)
    place.write_text(CARD, encoding="utf-8")
    assert get_card("mine").expected.n_severe == 2
    assert list_cohorts()[-1].name == "mine"
    place.write_text(CARD.replace('name = "mine"', 'name = "yours"'), encoding="utf-8")
    with pytest.raises(CohortError, match="name of its place, 'mine'"):
        get_card("mine")
    place.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(CohortError, match=r"card\.toml: cannot be read"):
        get_card("mine")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('kind = "user"', 'kind = "usr"', "kind = 'usr'"),
        ('name = "mine"', 'name = "../mine"', "name = '../mine'"),
        ('name = "cohort.h5ad"', 'name = "../x"', "name = '../x'"),
        ('name = "cohort.h5ad"', 'name = ".."', "a file name"),
        ("n_mild = 1", "n_mild = -1", "not negative"),
        ("n_mild = 1", "n_mild = true", "n_mild = True"),
        ("n_mild = 1", "", "no field 'n_mild'"),
        ('rule = "as labelled"', 'rule = "x"\ncolour = "red"', "unknown field colour"),
        ('uses = ["validate"]', 'uses = ["fun"]', "uses holds 'fun'"),
        ("0" * 64, "0" * 63, "sha256"),
        ("[severity]", "[severity", "not TOML"),
        ('unit = "counts"', "unit = 7", "unit = 7"),
    ],
)
def test_damaged_card(old: str, new: str, message: str) -> None:
    with pytest.raises(CohortError, match=r"card\.toml") as caught:
        parse_card(CARD.replace(old, new, 1), "card.toml")
    assert message in str(caught.value)


def test_two_files_of_one_name() -> None:
    twice = CARD + CARD[CARD.index("[[files]]") :]
    with pytest.raises(CohortError, match="same name"):
        parse_card(twice, "card.toml")


def test_cards_need_neither_pandas_nor_anndata() -> None:
    code = (
        "import sys; import ifn_severity.cohorts.card as c; c.list_cohorts();"
        "print(sorted({'pandas', 'numpy', 'anndata', 'pooch'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_table_and_card_are_shown(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from ifn_severity.commands.cohorts import show_cohorts

    show_cohorts()
    table = capsys.readouterr().out
    assert "GSE157103" in table
    assert "50 / 50" in table
    show_cohorts("GSE157103")
    shown = capsys.readouterr().out
    for words in ("10.1016/j.cels.2020.10.003", "RPS4Y1", "MIT", "ICU_1"):
        assert words in shown
