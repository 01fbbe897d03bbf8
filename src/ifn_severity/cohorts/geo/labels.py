"""From the characteristics of a GEO series to labels: severity, and what else is known."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from ifn_severity.cohorts.card_fields import GeoRule
from ifn_severity.cohorts.geo.rules import check_rules, fold, grades_of, need_column
from ifn_severity.cohorts.geo.series import Series, find_column, known
from ifn_severity.cohorts.schema import SEVERITIES, SOURCE
from ifn_severity.errors import LabelError, listed

OWN = "sample"
"""As ``--patient-from``: each sample is of another person."""
_SEX = {
    **dict.fromkeys(("f", "female", "w", "woman"), "female"),
    **dict.fromkeys(("m", "male", "man"), "male"),
}
_NUMBER = re.compile(r"(?:days?|d)?\s*(-?\d+(?:\.\d+)?)\s*(?:days?|d|years?|yrs?|y)?", re.I)
_RANGES = {"age": (0.0, 120.0), "days_since_onset": (-30.0, 1000.0)}
_PERSON = re.compile(r"\b(patient|subject|donor|individual|participant)\b", re.I)


def _numbers(cells: pd.Series, meaning: str, where: str) -> tuple[pd.Series, list[str]]:
    """Read numbers; words of not knowing are unknown, and so is ``>89``, with a note."""
    low, high = _RANGES[meaning]
    out, odd = [], []
    for cell in cells:
        found = _NUMBER.fullmatch(cell.strip())
        value = float(found[1]) if found else np.nan
        if not np.isnan(value) and not low <= value <= high:
            raise LabelError(
                f"{where}: {cell!r} in {cells.name!r}, which was taken for {meaning}",
                expected=f"numbers from {low:g} to {high:g}",
                do="choose another column, or leave the option out",
            )
        if found is None and known(cell):
            odd.append(cell)
        out.append(value)
    values = pd.Series(out, index=cells.index, dtype="float64")
    if values.isna().all():
        raise LabelError(
            f"{where}: {cells.name!r}, taken for {meaning}, holds no numbers but "
            f"{listed(sorted(set(cells)))}",
            expected="numbers",
            do="choose another column, or leave the option out (it is kept as a source column)",
        )
    notes = [f"Not read as {meaning}: {listed(sorted(set(odd)))} in {cells.name!r}."] if odd else []
    return values, notes


def find_age(series: Series) -> str:
    """Return the column called age, if it holds ages; else an empty text."""
    column = find_column(series, "age")
    if column is None:
        return ""
    try:
        _numbers(series.samples[column], "age", series.accession)
    except LabelError:
        return ""
    return column


def find_sex(series: Series) -> str:
    """Return the column called sex or gender, if it says it; else an empty text."""
    for name in ("sex", "gender"):
        column = find_column(series, name)
        if column and any(fold(cell) in _SEX for cell in series.samples[column]):
            return column
    return ""


def person_columns(samples: pd.DataFrame) -> list[str]:
    """Return the columns that seem to name people who gave more than one sample."""
    found = []
    for column in samples.columns:
        named = samples[column][samples[column].map(known)]
        name = str(column).replace("_", " ").replace("id", " ")
        if _PERSON.search(name) and 1 < named.nunique() < len(named):
            found.append(str(column))
    return found


def label_samples(
    series: Series, geo: GeoRule, *, where: str
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Make the table of samples of a cohort, without those that a rule drops.

    Parameters
    ----------
    series : Series
        The series.
    geo : GeoRule
        How it is read.
    where : str
        Name of the cohort, for messages.

    Returns
    -------
    obs : DataFrame of shape (n_samples, n_columns)
        By GSM accession: ``severity`` and what else the rule names, and every characteristic
        with the prefix ``source_``.
    notes : tuple of str
        What was assumed, in sentences.

    Raises
    ------
    LabelError
        If a column or value that a rule names does not occur, or a value makes no sense.
    """
    check_rules(series, geo.rules, where=where)
    grades = grades_of(series.samples, geo.rules)
    samples = series.samples[grades != "drop"]
    grades = grades[samples.index]
    notes: list[str] = []
    if dropped := len(series.samples) - len(samples):
        notes.append(f"{dropped} of {len(series.samples)} samples were left out, as mapped.")
    severity = grades.where(grades.isin(SEVERITIES), None)
    obs = pd.DataFrame({"severity": severity}, index=samples.index)
    if ungraded := int(severity.isna().sum()):
        notes.append(f"{ungraded} samples are kept without a grade.")
    if geo.patient_from and geo.patient_from != OWN:
        cells = samples[need_column(series, geo.patient_from, "--patient-from")]
        nameless = [str(name) for name, cell in cells.items() if not known(cell)]
        if nameless:
            raise LabelError(
                f"{where}: {cells.name!r} names nobody for {listed(nameless)}",
                expected="a patient for every sample",
                do="choose another column with --patient-from, or map these samples to drop",
            )
        obs["patient"] = cells
    else:
        notes.append("Each sample was taken for another person.")
    for meaning, name in (("age", geo.age_from), ("days_since_onset", geo.day_from)):
        if name:
            cells = samples[need_column(series, name, f"the column for {meaning}")]
            obs[meaning], said = _numbers(cells, meaning, where)
            notes += said
    if geo.sex_from:
        cells = samples[need_column(series, geo.sex_from, "--sex-from")]
        obs["sex"] = cells.map(lambda cell: _SEX.get(fold(cell)))
        if obs["sex"].isna().all():
            raise LabelError(
                f"{where}: {cells.name!r} does not say the sex: {listed(sorted(set(cells)))}",
                expected="female and male, or f and m",
                do="choose another column with --sex-from",
            )
    for column in series.characteristics:
        plain = SOURCE + re.sub(r"[^a-z0-9]+", "_", column.casefold()).strip("_")
        while plain in obs:
            plain += "_"
        obs[plain] = samples[column].where(samples[column].map(known), None)
    return obs, tuple(notes)
