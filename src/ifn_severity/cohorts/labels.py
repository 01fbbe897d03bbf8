"""A user's labels: who was severely ill, and what else is known of each sample."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from ifn_severity.cohorts.grid import Grid, clean
from ifn_severity.cohorts.schema import SEVERE, SEVERITIES, SEXES, SOURCE
from ifn_severity.cohorts.tablefile import read_grid
from ifn_severity.cohorts.who_scale import who_notes
from ifn_severity.errors import LabelError, listed, nearest

_COLUMNS = {
    "sample": "sample sample_id sampleid sample_name samples id",
    "patient": "patient patient_id patientid donor donor_id subject subject_id individual",
    "severity": "severity disease_severity severity_grade grade",
    "severe": "severe is_severe severe_disease icu in_icu icu_admission icu_1",
    "age": "age age_years age_in_years",
    "sex": "sex gender",
    "days_since_onset": "days_since_onset days_since_symptom_onset days_post_symptom_onset "
    "days_after_onset days_from_symptom_onset day_of_illness dso dfso",
    "who_scale": "who_scale who who_score who_ordinal who_ordinal_scale who_grade",
}
_MEANING = {name: column for column, names in _COLUMNS.items() for name in names.split()}
_SEVERITY = {
    **{grade: grade for grade in SEVERITIES},
    **dict.fromkeys(("control", "healthy control", "healthy donor", "hc", "uninfected"), "healthy"),
}
_YES = dict.fromkeys(("1", "yes", "y", "true", "t", "severe", "critical", "icu"), 1.0)
_NO = dict.fromkeys(
    ("0", "no", "n", "false", "f", "not severe", "non severe", "nonsevere", "mild", "moderate"), 0.0
)
_NO.update(dict.fromkeys(("not icu", "non icu", "nonicu", "no icu"), 0.0))
_SEVERE = {**_YES, **_NO, **dict.fromkeys(("healthy", "control"), np.nan)}
_SEX = {
    **{sex: sex for sex in SEXES},
    **dict.fromkeys(("f", "w", "woman"), "female"),
    **dict.fromkeys(("m", "man"), "male"),
}
WORDS = {"severity": _SEVERITY, "severe": _SEVERE, "sex": _SEX}
"""What the words of a column mean, by column; also for tables of single cells."""
_RANGES = {"age": (0.0, 120.0), "days_since_onset": (-30.0, 1000.0), "who_scale": (0.0, 10.0)}
_EXPECTED = (
    "columns sample and severity (healthy, mild, moderate, severe, critical) or severe (1/0, "
    "yes/no); optional patient, age, sex, days_since_onset, who_scale"
)


@dataclass(frozen=True)
class Labels:
    """A table of labels, understood.

    Attributes
    ----------
    obs : DataFrame of shape (n_samples, n_columns)
        In the order of the matrix; columns of :data:`ifn_severity.cohorts.schema.OBS_COLUMNS`
        that the table gives, and every other column with the prefix ``source_``.
    column : str
        The column of the table that severity comes from.
    notes : tuple of str
        What was assumed, in sentences.
    """

    obs: pd.DataFrame
    column: str
    notes: tuple[str, ...]


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", text.casefold()).strip("_")


def _assign(grid: Grid, samples: set[str]) -> dict[str, int]:
    """Find which column of the table is which of ours."""
    found: dict[str, int] = {}
    for at, name in enumerate(grid.header):
        meaning = _MEANING.get(_plain(name))
        if meaning in found:
            raise LabelError(
                f"{grid.path}: columns {grid.header[found[meaning]]!r} and {name!r} both give "
                f"{meaning}",
                expected=_EXPECTED,
                do="remove or rename one of them",
            )
        if meaning:
            found[meaning] = at
    if "sample" not in found and (not grid.header[0] or samples & set(grid.ids)):
        found["sample"] = 0
        found = {key: at for key, at in found.items() if key == "sample" or at}
    for needed in ("sample", "severity"):
        if needed not in found and not (needed == "severity" and "severe" in found):
            raise LabelError(
                f"{grid.path} has no column {needed}: its columns are {listed(grid.header)}",
                expected=_EXPECTED,
                do=f"add a column {needed}, or rename the one that holds it",
            )
    return found


def _check_samples(labelled: list[str], samples: Sequence[str], path: str) -> None:
    """Check that labels and matrix are of the same samples, each once."""
    if "" in labelled:
        row = labelled.index("") + 2
        raise LabelError(
            f"{path}: row {row} names no sample", expected=_EXPECTED, do="name it or remove the row"
        )
    twice = [name for name, count in Counter(labelled).items() if count > 1]
    if twice:
        raise LabelError(
            f"{path}: labelled more than once: {listed(twice)}",
            expected="one row a sample",
            do="keep one row of each",
        )
    here, there = set(labelled), set(samples)
    unknown = [name for name in labelled if name not in there]
    unlabelled = [name for name in samples if name not in here]
    if not unknown and not unlabelled:
        return
    parts = []
    if unknown:
        parts.append(f"{len(unknown)} labelled samples are not in the matrix: {listed(unknown)}")
    if unlabelled:
        parts.append(f"{len(unlabelled)} samples have no label: {listed(unlabelled)}")
    alike = {_plain(name) for name in unknown} & {_plain(name) for name in unlabelled}
    do = "correct the names, or remove what has no partner (severity may be empty if unknown)"
    if alike:
        do = "some names differ in case or punctuation only: write them alike in both files"
    raise LabelError(
        f"{path}: {'; '.join(parts)}",
        expected=f"the {len(there)} samples of the matrix, each once",
        do=do,
    )


def _words(
    cells: list[str], allowed: dict[str, str] | dict[str, float], where: str, samples: list[str]
) -> list[object]:
    """Translate words; an empty cell means unknown."""
    out: list[object] = []
    for sample, cell in zip(samples, cells, strict=True):
        # a column of 0 and 1 with gaps is written as 0.0 and 1.0
        word = _plain(re.sub(r"^(\d+)\.0+$", r"\1", cell)).replace("_", " ")
        if word and word not in allowed:
            options = [option for option in allowed if len(option) > 1] or list(allowed)
            raise LabelError(
                f"{where}: {cell!r} for sample {sample}",
                expected="one of " + ", ".join(dict.fromkeys(allowed)) + ", or empty if unknown",
                do=nearest(word, options),
            )
        out.append(allowed[word] if word else None)
    return out


def _figures(cells: list[str], column: str, where: str, samples: list[str]) -> list[float]:
    """Read numbers; an empty cell means unknown."""
    low, high = _RANGES[column]
    out = []
    for sample, cell in zip(samples, cells, strict=True):
        try:
            value = float(cell) if cell else np.nan
        except ValueError:
            value = np.inf
        if cell and not low <= value <= high:
            raise LabelError(
                f"{where}: {cell!r} for sample {sample}",
                expected=f"a number from {low:g} to {high:g}, or empty if unknown",
                do="correct it, or leave it empty",
            )
        out.append(value)
    return out


def _severity(obs: pd.DataFrame, path: str) -> None:
    """Complete ``severe`` from ``severity``, and check that both classes are there."""
    if "severity" in obs:
        implied = obs["severity"].astype(object).map(SEVERE).astype(np.float64)
        if "severe" not in obs:
            obs["severe"] = implied
        graded = obs["severity"].notna() & obs["severe"].notna()
        against = obs.index[graded & (implied != obs["severe"])]
        if len(against):
            raise LabelError(
                f"{path}: severity and severe disagree for {listed(against)}",
                expected="severe = 1 for severe and critical, 0 for mild and moderate",
                do="correct them, or remove one of the two columns",
            )
        obs["severe"] = implied.where(obs["severity"].notna(), obs["severe"])
    counts = {kind: int((obs["severe"] == kind).sum()) for kind in (0.0, 1.0)}
    if 0 in counts.values():
        raise LabelError(
            f"{path}: {counts[1.0]} severe and {counts[0.0]} not severe samples",
            expected="both classes: severe or critical, and mild or moderate (healthy is neither)",
            do="add patients of the other class; for prediction no labels are needed",
        )


def read_labels(path: str | Path, samples: Sequence[str]) -> Labels:
    r"""Read a table of labels and match it to the samples of a matrix.

    Parameters
    ----------
    path : str or Path
        A csv, tsv, xlsx or parquet file, one row a sample. Columns: ``sample``, and ``severity``
        or ``severe`` (or ICU yes/no); optional ``patient``, ``age``, ``sex``,
        ``days_since_onset``, ``who_scale``. Common other names of these are understood.
    samples : sequence of str
        The samples of the matrix.

    Returns
    -------
    Labels
        Typed columns in the order of ``samples``, and what was assumed.

    Raises
    ------
    InputError
        If the file cannot be read.
    LabelError
        If a column is missing, a value is not on its scale, samples do not match, or all
        labelled samples are of one class.

    Examples
    --------
    >>> import tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = Path(folder.name) / "labels.csv"
    >>> _ = path.write_text("Sample ID,ICU,Gender\nP1,yes,F\nP2,no,M\n")
    >>> read_labels(path, ["P2", "P1"]).obs
        severe     sex
    P2     0.0    male
    P1     1.0  female
    >>> folder.cleanup()
    """
    grid = read_grid(Path(path), as_text=True)
    found = _assign(grid, set(samples))
    cells = {at: [clean(cell) for cell in grid.frame[at]] for at in range(len(grid.header))}
    labelled = cells[found["sample"]]
    _check_samples(labelled, samples, grid.path)
    obs = pd.DataFrame(index=pd.Index(labelled))
    notes = list(grid.notes)
    for column in _COLUMNS:
        if column not in found or column == "sample":
            continue
        at = found[column]
        where = f"{grid.path}, column {grid.header[at]!r}"
        if column == "severity":
            grades = _words(cells[at], _SEVERITY, where, labelled)
            obs[column] = pd.Categorical(grades, categories=list(SEVERITIES), ordered=True)
        elif column == "sex":
            obs[column] = pd.Categorical(
                _words(cells[at], _SEX, where, labelled), categories=list(SEXES)
            )
        elif column == "severe":
            obs[column] = np.array(_words(cells[at], _SEVERE, where, labelled), dtype=np.float64)
        elif column == "patient":
            missing = [name for name, cell in zip(labelled, cells[at], strict=True) if not cell]
            if missing:
                raise LabelError(
                    f"{where}: empty for {listed(missing)}",
                    expected="a patient for every sample, the same for samples of one person",
                    do="fill it in, or remove the column if each sample is of another person",
                )
            obs[column] = cells[at]
        else:
            obs[column] = _figures(cells[at], column, where, labelled)
        if _plain(grid.header[at]) != column:
            notes.append(f"Column {grid.header[at]!r} was taken for {column}.")
    _severity(obs, grid.path)
    notes += who_notes(obs)
    if "patient" not in obs:
        notes.append("No column names patients: each sample was taken for another person.")
    for at, name in enumerate(grid.header):
        if at not in found.values() and _plain(name):
            values = pd.Series(cells[at], index=obs.index, dtype=object).replace("", None)
            obs[SOURCE + _plain(name)] = values
    source = grid.header[found.get("severity", found.get("severe", 0))]
    return Labels(obs.loc[list(samples)], source, tuple(notes))


def read_known(path: str | Path) -> dict[str, int]:
    r"""Read the severity of a few samples, for setting a model's intercept.

    Parameters
    ----------
    path : str or Path
        A table as for :func:`read_labels`; it may hold one class only, samples that a matrix
        lacks, and samples without a grade.

    Returns
    -------
    dict of str to int
        1 for severe, 0 for mild or moderate, of the samples that have a grade.

    Raises
    ------
    InputError
        If the file cannot be read.
    LabelError
        If a column is missing, a value is not on its scale, a sample comes twice, or none has a
        grade.

    Examples
    --------
    >>> import tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = Path(folder.name) / "known.csv"
    >>> _ = path.write_text("sample,severity\nP1,critical\nP2,mild\nP3,healthy\n")
    >>> read_known(path)
    {'P1': 1, 'P2': 0}
    >>> folder.cleanup()
    """
    grid = read_grid(Path(path), as_text=True)
    found = _assign(grid, set())
    names = [clean(cell) for cell in grid.frame[found["sample"]]]
    _check_samples(names, names, grid.path)
    column = "severe" if "severe" in found else "severity"
    at = found[column]
    where = f"{grid.path}, column {grid.header[at]!r}"
    cells = [clean(cell) for cell in grid.frame[at]]
    if column == "severe":
        graded: list[object] = _words(cells, _SEVERE, where, names)
    else:
        graded = [SEVERE.get(str(word)) for word in _words(cells, _SEVERITY, where, names)]
    severe = dict(zip(names, graded, strict=True))
    known = {name: int(value == 1) for name, value in severe.items() if value in (0, 1)}
    if not known:
        raise LabelError(
            f"{grid.path}: no sample is graded mild, moderate, severe or critical",
            expected=_EXPECTED,
            do="give the severity of a few samples of the laboratory",
        )
    return known
