"""From the characteristics of a GEO series to labels: severity by rules, and what else is known."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd

from ifn_severity.cohorts.card_fields import GRADES, GeoRule, LabelRule
from ifn_severity.cohorts.geo.series import Series, find_column, known
from ifn_severity.cohorts.grid import listed
from ifn_severity.cohorts.schema import SEVERITIES, SOURCE
from ifn_severity.errors import LabelError, nearest

OWN = "sample"
"""As ``--patient-from``: each sample is of another person."""
ANY = "*"
"""As the column of a rule in a card: any column of the series."""
_SEX = {
    **dict.fromkeys(("f", "female", "w", "woman"), "female"),
    **dict.fromkeys(("m", "male", "man"), "male"),
}
_NUMBER = re.compile(r"(?:days?|d)?\s*(-?\d+(?:\.\d+)?)\s*(?:days?|d|years?|yrs?|y)?", re.I)
_RANGES = {"age": (0.0, 120.0), "days_since_onset": (-30.0, 1000.0)}
_PERSON = re.compile(r"\b(patient|subject|donor|individual|participant)\b", re.I)
_MEANS = "healthy, mild, moderate, severe, critical; none (no grade) or drop (left out)"


def _fold(text: str) -> str:
    return " ".join(text.casefold().split())


def _counted(series: Series, column: str) -> str:
    counts = series.samples[column].value_counts()
    return listed([f"{value or '(empty)'} ({n})" for value, n in counts.items()])


def need_column(series: Series, name: str, option: str) -> str:
    """Return the column that an option names.

    Parameters
    ----------
    series : Series
        The series.
    name : str
        What was typed; empty for no column.
    option : str
        The option, for the message.

    Returns
    -------
    str
        The column's name as the series writes it; empty for no column.

    Raises
    ------
    LabelError
        If there is no such column.
    """
    column = find_column(series, name) if name else ""
    if column is None:
        columns = [str(known_) for known_ in series.samples.columns]
        raise LabelError(
            f"{option} {name!r}: {series.accession} has no such column",
            expected="one of " + ", ".join(columns),
            do=nearest(name, columns),
        )
    return column


def parse_map(series: Series, entries: Sequence[str], severity_from: str) -> tuple[LabelRule, ...]:
    """Read ``VALUE=GRADE`` and ``COLUMN:VALUE=GRADE`` as rules.

    In a value ``*`` stands for any text, and ``!VALUE`` for every other value.

    Parameters
    ----------
    series : Series
        The series whose values are mapped.
    entries : sequence of str
        What was typed, in its order.
    severity_from : str
        Column of values without one; empty if none was named.

    Returns
    -------
    tuple of LabelRule
        Rules, in the same order.

    Raises
    ------
    LabelError
        If a grade is off the scale, a column unknown, or a value does not occur.
    """
    default = need_column(series, severity_from, "--severity-from")
    rules = []
    for entry in entries:
        value, equals, grade = entry.rpartition("=")
        grade = grade.strip().casefold()
        if not equals or grade not in GRADES:
            raise LabelError(
                f"--map {entry!r}: {grade!r} is not on the severity scale",
                expected=f"VALUE=GRADE, where GRADE is {_MEANS}",
                do=nearest(grade, GRADES),
            )
        rules.append(_rule(series, default, value.strip(), grade))
    return tuple(rules)


def _rule(series: Series, default: str, value: str, grade: str) -> LabelRule:
    """Find the column and the value that are meant, as the series writes them."""
    wanted = [(default, value)] if default else []
    for colon in re.finditer(":", value):
        column = find_column(series, value[: colon.start()].strip())
        if column is not None:
            wanted.append((column, value[colon.end() :].strip()))
    for column, word in wanted:
        for present in series.samples[column].unique():
            if _fold(present) == _fold(word):
                return LabelRule(column, present, grade)
        rule = LabelRule(column, word, grade)
        # "!x" where there is no x fits everybody, and would hide a slip of the pen
        but = _fits(series.samples, LabelRule(column, word.removeprefix("!"), grade))
        if (word.startswith("!") or "*" in word) and but.any():
            return rule
    if not wanted:
        raise LabelError(
            f"--map {value}={grade}: no column is named",
            expected="--severity-from COLUMN, or --map COLUMN:VALUE=GRADE",
            do=f"name the column; ifn-severity cohorts add {series.accession} lists them",
        )
    column, word = wanted[-1]
    present = [str(text) for text in series.samples[column].unique() if text]
    raise LabelError(
        f"--map: the value {word!r} does not occur in {column!r} of {series.accession}",
        expected=f"one of its values: {_counted(series, column)}",
        do=nearest(word, present) if present else "choose another column",
    )


def _fits(samples: pd.DataFrame, rule: LabelRule) -> pd.Series:
    """Tell which samples a rule fits."""
    if rule.column == ANY:
        fits = pd.Series(False, index=samples.index)
        for column in samples.columns:
            fits |= _fits(samples, LabelRule(str(column), rule.value, rule.grade))
        return fits
    cells = samples[rule.column].map(_fold)
    wanted = _fold(rule.value)
    if (cells == wanted).any():
        return cells == wanted
    negated = wanted.startswith("!")
    pattern = re.escape(wanted.removeprefix("!").strip()).replace(r"\*", ".*")
    fits = cells.map(lambda cell: re.fullmatch(pattern, cell) is not None)
    return ~fits if negated else fits


def grades_of(samples: pd.DataFrame, rules: Sequence[LabelRule]) -> pd.Series:
    """Grade samples: the first rule that fits counts, ``none`` where none does.

    Parameters
    ----------
    samples : DataFrame of shape (n_samples, n_columns)
        Columns of a series.
    rules : sequence of LabelRule
        The rules, in order.

    Returns
    -------
    Series of shape (n_samples,)
        Words of :data:`ifn_severity.cohorts.card_fields.GRADES`.

    Examples
    --------
    >>> samples = pd.DataFrame({"icu": ["yes", "no"], "tube": ["yes", "yes"]})
    >>> rules = [LabelRule("icu", "no", "moderate"), LabelRule("tube", "yes", "critical")]
    >>> grades_of(samples, rules).tolist()
    ['critical', 'moderate']
    """
    grades = pd.Series("", index=samples.index, dtype=object)
    for rule in rules:
        fits = _fits(samples, rule)
        grades = grades.mask(fits & (grades == ""), rule.grade)
    return grades.replace("", "none")


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
        if column and any(_fold(cell) in _SEX for cell in series.samples[column]):
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
    for rule in geo.rules:
        if rule.column != ANY:
            need_column(series, rule.column, "the rule for")
        if not _fits(series.samples, rule).any():
            raise LabelError(
                f"{where}: no sample is {rule.column} = {rule.value} ({rule.grade}), as its card says",
                expected="the characteristics that the card describes",
                do=f"map them anew: ifn-severity cohorts add {series.accession} lists them",
            )
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
        obs["sex"] = cells.map(lambda cell: _SEX.get(_fold(cell)))
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
