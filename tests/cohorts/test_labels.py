"""Labels are understood in many spellings, and refused where they cannot be right."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ifn_severity.cohorts.labels import read_labels
from ifn_severity.cohorts.schema import SEVERITIES, typed_obs
from ifn_severity.errors import IfnSeverityError, InputError, LabelError

SAMPLES = ["P1", "P2", "P3"]


def table(folder: Path, *rows: str) -> Path:
    path = folder / "labels.csv"
    path.write_text("\n".join(rows) + "\n")
    return path


def test_everything(tmp_path: Path) -> None:
    path = table(
        tmp_path,
        "Sample ID,Patient,Severity,Age,Gender,Days since symptom onset,WHO scale,Steroids (mg)",
        "P3,b,Critical,63,F,9,7,6",
        "P1,a,mild,40.5,male,,2,",
        "P2,a,healthy control,,,3,,0",
    )
    labels = read_labels(path, SAMPLES)
    obs = labels.obs
    assert obs.index.tolist() == SAMPLES
    assert obs["patient"].tolist() == ["a", "a", "b"]
    assert obs["severity"].tolist() == ["mild", "healthy", "critical"]
    assert tuple(obs["severity"].cat.categories) == SEVERITIES
    np.testing.assert_array_equal(obs["severe"], [0.0, np.nan, 1.0])
    np.testing.assert_array_equal(obs["age"], [40.5, np.nan, 63])
    assert obs["sex"].tolist() == ["male", np.nan, "female"]
    np.testing.assert_array_equal(obs["days_since_onset"], [np.nan, 3, 9])
    np.testing.assert_array_equal(obs["who_scale"], [2, np.nan, 7])
    assert obs["source_steroids_mg"].tolist() == [None, "0", "6"]
    assert labels.column == "Severity"
    assert any("'Gender' was taken for sex" in note for note in labels.notes)
    typed = typed_obs(obs, tissue="blood", cohort="x")
    assert typed["severe"].dtype == np.float64


def test_grades_that_do_not_fit_the_who_scale(tmp_path: Path) -> None:
    rows = [
        "P1,mild,5",
        "P2,severe,6",
        "P3,moderate,6",
        "P4,critical,5",
        "P5,healthy,9",
        "P6,mild,",
    ]
    path = table(tmp_path, "sample,severity,who_scale", *rows)
    labels = read_labels(path, [f"P{i}" for i in range(1, 7)])
    said = [note for note in labels.notes if "who_scale" in note]
    assert len(said) == 1
    assert "2 grades do not fit who_scale" in said[0]
    assert "P3 (mild or moderate, 6), P4 (severe, 5)" in said[0]
    assert labels.obs["severe"].tolist()[2:4] == [0, 1]
    path = table(tmp_path, "sample,severity,who_scale", *rows[:2], *rows[4:])
    fitting = read_labels(path, ["P1", "P2", "P5", "P6"])
    assert not any("who_scale" in note for note in fitting.notes)


@pytest.mark.parametrize(
    "words", [("yes", "no"), ("1", "0"), ("TRUE", "FALSE"), ("ICU", "non-ICU"), ("1.0", "0.0")]
)
def test_severe_or_not(words: tuple[str, str], tmp_path: Path) -> None:
    path = table(tmp_path, "sample,ICU", f"P1,{words[0]}", f"P2,{words[1]}", "P3,")
    labels = read_labels(path, SAMPLES)
    np.testing.assert_array_equal(labels.obs["severe"], [1, 0, np.nan])
    assert "severity" not in labels.obs
    assert "each sample was taken for another person" in " ".join(labels.notes)


def test_names_in_front_need_no_header(tmp_path: Path) -> None:
    path = table(tmp_path, ",severe", "P1,1", "P2,0", "P3,0")
    assert read_labels(path, SAMPLES).obs["severe"].tolist() == [1, 0, 0]
    path = table(tmp_path, "patient,severe", "P1,1", "P2,0", "P3,0")
    assert read_labels(path, SAMPLES).obs["severe"].tolist() == [1, 0, 0]


def test_names_keep_their_zeros(tmp_path: Path) -> None:
    path = table(tmp_path, "severe,sample", "1,001", "0,002")
    assert read_labels(path, ["001", "002"]).obs["severe"].tolist() == [1, 0]


def test_workbook(tmp_path: Path) -> None:
    frame = pd.DataFrame({"sample": SAMPLES, "severe": [True, False, False], "age": [1, 2, None]})
    frame.to_excel(tmp_path / "l.xlsx", index=False)
    obs = read_labels(tmp_path / "l.xlsx", SAMPLES).obs
    assert obs["severe"].tolist() == [1, 0, 0]
    assert obs["age"].tolist()[:2] == [1, 2]


@pytest.mark.parametrize(
    ("rows", "message", "do"),
    [
        (["sample,severe", "P1,1", "P2,1", "P3,"], "2 severe and 0 not severe", "other class"),
        (["sample,severity", "P1,mild", "P2,healthy", "P3,mild"], "0 severe and 2", "other class"),
        (["sample,severity", "P1,mlid", "P2,severe", "P3,mild"], "'mlid' for sample P1", "mild?"),
        (["sample,severe", "P1,maybe", "P2,1", "P3,0"], "'maybe' for sample P1", "choose one"),
        (["sample,age", "P1,4", "P2,5", "P3,6"], "no column severity", "add a column"),
        (["x,severe", "a,1", "b,1", "c,0"], "no column sample", "add a column"),
        (["sample,severe,ICU", "P1,1,1", "P2,0,0", "P3,0,0"], "both give severe", "remove"),
        (["sample,severe", "P1,1", "P1,0", "P2,1", "P3,0"], "labelled more than once: P1", "one"),
        (["sample,severe", "P1,1", "P2,0"], "1 samples have no label: P3", "names"),
        (
            ["sample,severe", "P1,1", "P2,0", "P3,0", "P9,0"],
            "1 labelled samples are not in the matrix: P9",
            "names",
        ),
        (["sample,severe", "p1,1", "p-2,0", "P3,0"], "have no label: P1, P2", "punctuation"),
        (["sample,severe", "P1,1", ",0", "P3,0"], "row 3 names no sample", "remove"),
        (["sample,severe,patient", "P1,1,a", "P2,0,", "P3,0,b"], "empty for P2", "fill it in"),
        (["sample,severe,age", "P1,1,old", "P2,0,1", "P3,0,2"], "'old' for sample P1", "correct"),
        (["sample,severe,age", "P1,1,200", "P2,0,1", "P3,0,2"], "'200' for sample P1", "correct"),
        (["sample,severe,sex", "P1,1,?!x", "P2,0,f", "P3,0,m"], "'?!x' for sample P1", "choose"),
        (
            ["sample,severity,severe", "P1,mild,1", "P2,severe,1", "P3,mild,0"],
            "disagree for P1",
            "correct them",
        ),
    ],
)
def test_refused(rows: list[str], message: str, do: str, tmp_path: Path) -> None:
    path = table(tmp_path, *rows)
    with pytest.raises(LabelError) as error:
        read_labels(path, SAMPLES)
    assert message in error.value.got
    assert do in error.value.do
    assert error.value.expected


@pytest.mark.parametrize("content", ["", "sample,severe\n", "<html></html>", "\x80\x04\x95"])
def test_no_table(content: str, tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    path.write_bytes(content.encode("latin-1"))
    with pytest.raises(InputError) as error:
        read_labels(path, SAMPLES)
    assert isinstance(error.value, IfnSeverityError)
