"""What a series says of its samples, for a person who has to say which of it is severity."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence

from ifn_severity.cohorts.card_fields import GRADES
from ifn_severity.cohorts.geo.labels import person_columns
from ifn_severity.cohorts.geo.series import Series, known
from ifn_severity.errors import LabelError

_LIKELY = (
    re.compile(r"sever|grade|\bwho\b|ordinal", re.I),
    re.compile(r"\bicu\b|intensive|hospital|ventilat|outcome", re.I),
    re.compile(r"status|group|disease|condition|diagnos|cohort|phenotype", re.I),
)
_DAY = re.compile(r"\bdays?\b.*(onset|symptom)|(onset|symptom).*\bdays?\b|\bdso\b", re.I)
_MOST = 12
PLACEHOLDER = "GRADE"


def summary(series: Series) -> list[tuple[str, str]]:
    """Describe each column: its values with their counts, or their range.

    Parameters
    ----------
    series : Series
        The series.

    Returns
    -------
    list of (str, str)
        Column and description; columns that can be mapped come first.
    """
    usable = usable_columns(series)
    rest = [str(column) for column in series.samples.columns if column not in usable]
    rows = []
    for column in [*usable, *rest]:
        counts = series.samples[column].value_counts()
        if len(counts) <= _MOST:
            text = ", ".join(f"{value or '(empty)'} ({n})" for value, n in counts.items())
        else:
            text = f"{len(counts)} values, such as {', '.join(str(v) for v in counts.index[:4])}"
        rows.append((column, text))
    return rows


def usable_columns(series: Series) -> list[str]:
    """Return the columns that sort samples into groups: two to a dozen values, not all alone.

    Parameters
    ----------
    series : Series
        The series.

    Returns
    -------
    list of str
        Columns, those that by their name are about severity first.
    """
    found = []
    for column in series.samples.columns:
        cells = series.samples[column]
        values = cells[cells.map(known)].nunique()
        if 2 <= cells.nunique() <= _MOST and values >= 1 and cells.nunique() < len(cells):
            found.append(str(column))

    def rank(column: str) -> int:
        name = column.replace("_", " ")
        fits = [at for at, form in enumerate(_LIKELY) if form.search(name)]
        return fits[0] if fits else len(_LIKELY)

    return sorted(found, key=rank)


def _guess(value: str) -> str:
    """Return a grade only where the value itself is the word."""
    words = re.findall(r"[a-z]+", value.casefold())
    fitting = [grade for grade in GRADES[:5] if grade in words]
    negated = {"non", "not", "no"} & set(words)
    return fitting[0] if len(fitting) == 1 and not negated else PLACEHOLDER


def next_command(series: Series, column: str, matrices: Sequence[str], options: str = "") -> str:
    """Return the command that adds the series, with what is left to say as GRADE.

    Parameters
    ----------
    series : Series
        The series.
    column : str
        Column to map; empty for the likeliest.
    matrices : sequence of str
        Names of the files that may hold expression, the likeliest first; empty where none
        need be named.
    options : str, optional
        What was already said and must be said again.

    Returns
    -------
    str
        A command.

    Raises
    ------
    LabelError
        If no column sorts samples into groups.
    """
    usable = usable_columns(series)
    if not usable:
        raise LabelError(
            f"{series.accession} has no usable characteristic: none of "
            f"{', '.join(map(str, series.samples.columns))} sorts its "
            f"{len(series.samples)} samples into groups",
            expected="a characteristic such as severity or icu, with a value for groups of samples",
            do="take the labels from the paper: download the matrix, write a table with sample and "
            "severity, then ifn-severity cohorts add FILE --labels LABELS",
        )
    column = column or usable[0]
    values = sorted({str(value) for value in series.samples[column]})
    parts = ["ifn-severity cohorts add", series.accession, f"--severity-from {shlex.quote(column)}"]
    parts += [f"--map {shlex.quote(f'{value}={_guess(value)}')}" for value in values]
    if people := person_columns(series.samples):
        parts.append(f"--patient-from {shlex.quote(people[0])}")
    if day := next((c for c in series.characteristics if _DAY.search(c.replace("_", " "))), ""):
        parts.append(f"--day-from {shlex.quote(day)}")
    if len(matrices) > 1:
        parts.append(f"--matrix {shlex.quote(matrices[0])}")
    return " ".join([*parts, *([options] if options else [])])
