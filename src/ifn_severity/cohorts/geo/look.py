"""Look at a series of GEO before anything is mapped: its columns, and what to type next."""

from __future__ import annotations

import shlex
import tempfile
from dataclasses import dataclass
from pathlib import Path

from ifn_severity.cohorts.card import cohort_names, unexercised
from ifn_severity.cohorts.geo.choose import choose_series_matrix, find_matrices
from ifn_severity.cohorts.geo.files import find_series_matrices, take
from ifn_severity.cohorts.geo.rules import need_column
from ifn_severity.cohorts.geo.series import Series, read_series
from ifn_severity.cohorts.geo.show import next_command, summary
from ifn_severity.errors import InputError


@dataclass(frozen=True)
class GeoOptions:
    """What the user says of a series.

    Attributes
    ----------
    severity_from : str
        Column whose values ``map`` grades.
    map : tuple of str
        ``VALUE=GRADE`` or ``COLUMN:VALUE=GRADE``; the first that fits a sample counts,
        and ``drop`` before the grades of other columns.
    patient_from, day_from, age_from, sex_from, sample_from : str
        Columns; empty for none. Age and sex are found by their names where none is given.
    matrix : str
        Supplementary file with the expression.
    platform : str
        ``GPL…``, where there are several.
    """

    severity_from: str = ""
    map: tuple[str, ...] = ()
    patient_from: str = ""
    day_from: str = ""
    age_from: str = ""
    sex_from: str = ""
    sample_from: str = ""
    matrix: str = ""
    platform: str = ""


@dataclass(frozen=True)
class Look:
    """A series before anything is mapped.

    Attributes
    ----------
    accession, title : str
        Of the series.
    n_samples : int
        Samples in its series matrix.
    platforms : tuple of str
        ``GPL…``.
    columns : tuple of (str, str)
        Each column, and its values with their counts.
    matrices : tuple of str
        Files that may hold the expression; empty where the series matrix holds it itself.
    command : str
        The command that adds the series, with ``GRADE`` where a person has to decide.
    """

    accession: str
    title: str
    n_samples: int
    platforms: tuple[str, ...]
    columns: tuple[tuple[str, str], ...]
    matrices: tuple[str, ...]
    command: str


def need_human(series: Series) -> None:
    """Refuse a series without samples of people.

    Raises
    ------
    InputError
        If all samples are of another organism.
    """
    if series.organisms and "Homo sapiens" not in series.organisms:
        raise InputError(
            f"{series.accession} is of {', '.join(series.organisms)}",
            expected="samples of people",
            do="choose a human series",
        )


def look_at_series(accession: str, options: GeoOptions) -> Look:
    """Read what a series says of its samples; nothing is kept.

    Parameters
    ----------
    accession : str
        ``GSE…``.
    options : GeoOptions
        ``platform`` and ``severity_from`` matter, and are said again in the command.

    Returns
    -------
    Look
        Its columns, and the command to type next.

    Raises
    ------
    FetchError
        If GEO cannot be reached or has no such series.
    InputError
        If the series has several platforms, or its series matrix is damaged.
    LabelError
        If no characteristic sorts the samples into groups.
    """
    accession = accession.upper()
    remote = choose_series_matrix(find_series_matrices(accession), options.platform, accession)
    with tempfile.TemporaryDirectory() as folder:
        series = read_series(take(remote, Path(folder), accession))
    need_human(series)
    matrices = tuple(file.name for file in find_matrices(series)[0]) if series.table is None else ()
    column = need_column(series, options.severity_from, "--severity-from")
    said = f"--platform {shlex.quote(options.platform)}" if options.platform else ""
    if options.matrix:
        matrices, said = (options.matrix,), f"{said} --matrix {shlex.quote(options.matrix)}".strip()
    if accession in set(cohort_names()) - unexercised():
        said = f"{said} --name {accession}-geo".strip()
    return Look(
        accession=accession,
        title=series.title,
        n_samples=len(series.samples),
        platforms=series.platforms,
        columns=tuple(summary(series)),
        matrices=matrices,
        command=next_command(series, column, matrices, said),
    )
