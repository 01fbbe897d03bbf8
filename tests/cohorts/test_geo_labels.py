"""Rules that grade, and what else a series says of its samples."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ifn_severity.cohorts.card_fields import GeoRule, LabelRule
from ifn_severity.cohorts.geo.labels import find_age, find_sex, label_samples, person_columns
from ifn_severity.cohorts.geo.rules import ANY, grades_of, parse_map
from ifn_severity.cohorts.geo.series import Series, read_series
from ifn_severity.cohorts.geo.show import next_command, usable_columns
from ifn_severity.errors import LabelError

Write = Callable[..., bytes]
PLAIN = GeoRule("s", "m", "", "GPL1", "auto", "", "", "", "", "", ())
ROWS = [
    ["cohort: COVID-19", "cohort: COVID-19", "cohort: healthy", "cohort: Influenza"],
    ["hospitalized: Yes", "hospitalized: No", "hospitalized: NA", "hospitalized: Yes"],
    ["subject_id: a", "subject_id: a", "subject_id: b", "subject_id: c"],
    ["age: 71", "age: >89", "age: 30 years", "age: unknown"],
    ["gender: F", "gender: f", "gender: Male", "gender: NA"],
    ["days since onset: day 3", "days since onset: 12 days", "days since onset: NA", ""],
]


@pytest.fixture
def series(tmp_path: Path, write_series: Write) -> Series:
    path = tmp_path / "GSE900001_series_matrix.txt"
    path.write_bytes(write_series("GSE900001", ROWS))
    return read_series(path)


def test_the_first_rule_that_fits_counts(series: Series) -> None:
    rules = parse_map(
        series,
        ["cohort:healthy=healthy", "cohort:!COVID-19=drop", "yes=severe", "no = Mild"],
        "Hospitalized",
    )
    assert rules == (
        LabelRule("cohort", "healthy", "healthy"),
        LabelRule("cohort", "!COVID-19", "drop"),
        LabelRule("hospitalized", "Yes", "severe"),
        LabelRule("hospitalized", "No", "mild"),
    )
    assert list(grades_of(series.samples, rules)) == ["severe", "mild", "healthy", "drop"]
    assert list(grades_of(series.samples, rules[2:])) == ["severe", "mild", "none", "severe"]
    # within a column the first rule has the say, drop or not
    assert list(grades_of(series.samples, [rules[1], rules[0]])) == ["none", "none", "drop", "drop"]


def test_drop_has_the_say_wherever_it_stands(series: Series) -> None:
    said = ["Yes=severe", "No=mild", "cohort:healthy=healthy", "cohort:!COVID-19=drop"]
    for order in (said, said[::-1][1:] + said[::-1][:1], said[2:] + said[:2]):
        rules = parse_map(series, order, "hospitalized")
        assert list(grades_of(series.samples, rules)) == ["severe", "mild", "healthy", "drop"]


@pytest.mark.parametrize(
    ("said", "words"),
    [
        # the influenza patient would have been graded severe
        (["Yes=severe", "cohort:Influenza=none"], "cohort:Influenza=none decides no sample"),
        (["cohort:*=mild", "cohort:Influenza=drop"], "cohort:Influenza=drop decides no sample"),
        (["cohort:Influenza=severe", "gender:NA=drop"], "gender:NA=drop (1)"),
        (["Yes=severe", "Yes=mild"], "hospitalized:Yes=severe (2)"),
    ],
)
def test_a_rule_that_decides_nothing(said: list[str], words: str, series: Series) -> None:
    with pytest.raises(LabelError) as caught:
        parse_map(series, said, "hospitalized")
    assert words in caught.value.got


def test_no_grade_for_who_is_dropped_anyway(series: Series) -> None:
    said = ["Yes=severe", "NA=none", "cohort:healthy=drop"]
    grades = grades_of(series.samples, parse_map(series, said, "hospitalized"))
    assert list(grades) == ["severe", "none", "drop", "severe"]


def test_any_text_and_any_column(series: Series) -> None:
    assert parse_map(series, ["*covid*=severe"], "cohort")[0].value == "*covid*"
    anywhere = [LabelRule(ANY, "*flu*", "drop"), LabelRule(ANY, "*COVID*", "mild")]
    assert list(grades_of(series.samples, anywhere)) == ["mild", "mild", "none", "drop"]


@pytest.mark.parametrize(
    ("entry", "column", "words"),
    [
        ("Yes=sever", "hospitalized", ("not on the severity scale", "did you mean severe?")),
        ("Yes", "hospitalized", ("not on the severity scale", "VALUE=GRADE")),
        ("Yes=GRADE", "hospitalized", ("'grade' is not on the severity scale",)),
        ("Ys=severe", "hospitalized", ("'Ys' does not occur", "Yes (2)", "did you mean Yes?")),
        ("!Ys=severe", "hospitalized", ("does not occur",)),
        ("cohort:flu=drop", "hospitalized", ("'flu' does not occur in 'cohort'",)),
        ("Yes=severe", "hospitalised", ("no such column", "did you mean hospitalized?")),
        ("Yes=severe", "", ("no column is named", "--severity-from")),
    ],
)
def test_a_mapping_that_does_not_fit(
    entry: str, column: str, words: tuple[str, ...], series: Series
) -> None:
    with pytest.raises(LabelError) as caught:
        parse_map(series, [entry], column)
    for word in words:
        assert word in str(caught.value)


def test_what_else_is_known(series: Series) -> None:
    rules = parse_map(series, ["cohort:!COVID-19=drop", "Yes=severe"], "hospitalized")
    rule = replace(
        PLAIN,
        rules=rules,
        patient_from="subject_id",
        age_from="age",
        sex_from="gender",
        day_from="days since onset",
    )
    obs, notes = label_samples(series, rule, where="x")
    assert list(obs.index) == ["GSM900001", "GSM900002"]
    assert list(obs["severity"]) == ["severe", None]
    assert list(obs["patient"]) == ["a", "a"]
    np.testing.assert_array_equal(obs["age"], [71, np.nan])
    assert list(obs["sex"]) == ["female", "female"]
    assert list(obs["days_since_onset"]) == [3, 12]
    assert list(obs["source_hospitalized"]) == ["Yes", "No"]
    told = " ".join(notes)
    assert "2 of 4 samples were left out" in told
    assert "1 samples are kept without a grade" in told
    assert ">89" in told


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"day_from": "cohort"}, "holds no numbers"),
        ({"age_from": "subject_id"}, "holds no numbers"),
        ({"sex_from": "cohort"}, "does not say the sex"),
        ({"patient_from": "days since onset"}, "names nobody for GSM900003, GSM900004"),
        ({"rules": (LabelRule("cohort", "mild", "mild"),)}, "no sample is cohort = mild"),
        ({"rules": (LabelRule("grade", "mild", "mild"),)}, "no such column"),
    ],
)
def test_columns_that_say_something_else(
    change: dict[str, object], words: str, series: Series
) -> None:
    with pytest.raises(LabelError, match=words):
        label_samples(series, replace(PLAIN, **change), where="x")  # type: ignore[arg-type]


def test_a_number_out_of_its_range(tmp_path: Path, write_series: Write) -> None:
    path = tmp_path / "s.txt"
    path.write_bytes(write_series("GSE900001", [["age: 35", "age: 1961"]]))
    series = read_series(path)
    with pytest.raises(LabelError, match="1961"):
        label_samples(series, replace(PLAIN, age_from="age"), where="x")
    assert find_age(series) == ""


def test_found_by_their_names(series: Series) -> None:
    assert find_age(series) == "age"
    assert find_sex(series) == "gender"
    assert person_columns(series.samples) == ["subject_id"]
    # each sample another person: nothing to ask for
    samples = series.samples.assign(subject_id=list("abcd"))
    assert person_columns(samples) == []


def test_the_command_to_type_next(series: Series) -> None:
    assert usable_columns(series)[0] == "hospitalized"
    command = next_command(series, "cohort", ["a.csv", "b.csv"])
    assert command == (
        "ifn-severity cohorts add GSE900001 --severity-from cohort --map COVID-19=GRADE "
        "--map Influenza=GRADE --map healthy=healthy --patient-from subject_id "
        "--day-from 'days since onset' --matrix a.csv"
    )


@pytest.mark.parametrize("cells", [["id: 1", "id: 2", "id: 3"], ["a: x", "a: x", "a: x"]])
def test_nothing_that_sorts_samples(cells: list[str], tmp_path: Path, write_series: Write) -> None:
    path = tmp_path / "s.txt"
    path.write_bytes(write_series("GSE900001", [cells]))
    with pytest.raises(LabelError, match="no usable characteristic") as caught:
        next_command(read_series(path), "", [])
    assert "--labels" in caught.value.do
