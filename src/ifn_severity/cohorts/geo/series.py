"""The series matrix of GEO: what it says of the series, a table of samples, and often the values.

The format is described at https://www.ncbi.nlm.nih.gov/geo/info/soft.html: lines that start
with ``!Series_`` hold one value, lines that start with ``!Sample_`` one value a sample, and a
characteristic is written ``key: value``, not always in the same line for every sample.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from ifn_severity.cohorts.container import open_container
from ifn_severity.errors import InputError

_TABLE_BEGIN = "!series_matrix_table_begin"
_TABLE_END = "!series_matrix_table_end"
_DESCRIBING = ("title", "source_name_ch1", "description")
_UNKNOWN = (
    *("", "na", "n/a", "nan", "none", "null", "unknown", "missing", "nd", "-", "--", ".", ":"),
    *("not available", "not applicable", "not collected", "not determined"),
)
"""Words that GEO's submitters write where they know nothing."""


@dataclass(frozen=True)
class Series:
    """A series matrix, understood.

    Attributes
    ----------
    accession, title, summary : str
        Of the series.
    pubmed : str
        PubMed id of its paper; empty when there is none.
    platforms : tuple of str
        GEO platforms of the samples, ``GPL…``.
    organisms : tuple of str
        Organisms of the samples.
    samples : DataFrame of shape (n_samples, n_columns)
        Text, by GSM accession: every characteristic, then ``title``, ``source_name_ch1`` and
        ``description``. Empty where a sample has no such characteristic.
    characteristics : tuple of str
        Which of the columns are characteristics.
    supplement : tuple of str
        Addresses of the supplementary files of the series.
    table : DataFrame of shape (n_rows, n_samples) or None
        Values by ``ID_REF`` and GSM accession; None when the series matrix holds none, as
        with RNA sequencing.
    """

    accession: str
    title: str
    summary: str
    pubmed: str
    platforms: tuple[str, ...]
    organisms: tuple[str, ...]
    samples: pd.DataFrame
    characteristics: tuple[str, ...]
    supplement: tuple[str, ...]
    table: pd.DataFrame | None


def known(cell: str) -> bool:
    """Tell whether a cell says anything.

    Examples
    --------
    >>> known("severe"), known("N/A")
    (True, False)
    """
    return cell.strip().casefold() not in _UNKNOWN


def _cells(line: str) -> list[str]:
    """Split a line; quotes stand around a cell, and may stand within."""
    cells = line.split("\t")[1:]
    return [c[1:-1].strip() if len(c) > 1 and c[0] == c[-1] == '"' else c.strip() for c in cells]


def _free(name: str, taken: dict[str, list[str]]) -> str:
    """Return a name that no column has yet."""
    number = 2
    while name in taken:
        name = f"{name.removesuffix(f' ({number - 1})')} ({number})"
        number += 1
    return name


def _characteristics(rows: list[list[str]], n_samples: int) -> dict[str, list[str]]:
    """Sort ``key: value`` cells into columns, whichever line they stand in."""
    columns: dict[str, list[str]] = {}
    spelled: dict[str, str] = {}
    for row in rows:
        for at, cell in enumerate(row):
            if not cell:
                continue
            key, colon, value = cell.partition(":")
            key, value = (key.strip(), value.strip()) if colon else ("characteristic", cell)
            # "Sex: male" and "sex: female" are one characteristic
            key = spelled.setdefault(key.casefold(), key)
            column = columns.setdefault(key, [""] * n_samples)
            column[at] = f"{column[at]}; {value}" if column[at] else value
    return columns


def _read_table(text: str, accessions: list[str], path: Path) -> pd.DataFrame | None:
    """Read the values below the description; None if there are none."""
    if text.count("\n") < 2:
        return None
    table = pd.read_csv(
        io.StringIO(text), sep="\t", index_col=0, dtype=str, keep_default_na=False, quotechar='"'
    )
    if list(table.columns) != accessions:
        raise InputError(
            f"{path}: the table has {table.shape[1]} columns, other than its samples",
            expected=f"one column for each of the {len(accessions)} samples, in their order",
            do="download the series matrix again",
        )
    table.index = pd.Index([str(name).strip() for name in table.index], name="ID_REF")
    return table


def read_series(path: Path) -> Series:
    """Read a series matrix, packed or not.

    Parameters
    ----------
    path : Path
        ``GSE…_series_matrix.txt`` or ``….txt.gz``.

    Returns
    -------
    Series
        What it says.

    Raises
    ------
    InputError
        If it is no series matrix, damaged or cut short.
    """
    text = open_container(path).data.decode("utf-8")
    # a table of its own is left for pandas
    described, begun, rest = text.partition(_TABLE_BEGIN)
    series: dict[str, list[str]] = {}
    samples: dict[str, list[list[str]]] = {}
    for line in described.splitlines():
        name = line.split("\t", 1)[0]
        if name.startswith("!Series_"):
            series.setdefault(name.removeprefix("!Series_"), []).extend(_cells(line))
        elif name.startswith("!Sample_"):
            samples.setdefault(name.removeprefix("!Sample_"), []).append(_cells(line))
    if "geo_accession" not in samples or "geo_accession" not in series:
        raise InputError(
            f"{path} is no series matrix of GEO: it names no series or no sample",
            expected="lines that start with !Series_geo_accession and !Sample_geo_accession",
            do="give the file GSE…_series_matrix.txt.gz from the folder matrix/ of the series",
        )
    body, ended, _ = rest.partition(_TABLE_END)
    accessions = samples["geo_accession"][0]
    ragged = [
        name for name, rows in samples.items() if any(len(r) != len(accessions) for r in rows)
    ]
    if not begun or not ended or ragged:
        what = (
            f"!Sample_{ragged[0]} is not as long as" if ragged else "the table does not end after"
        )
        raise InputError(
            f"{path} is cut short or damaged: {what} its {len(accessions)} samples",
            expected=f"a whole series matrix, up to {_TABLE_END}",
            do="download it again",
        )
    columns = _characteristics(samples.get("characteristics_ch1", []), len(accessions))
    characteristics = tuple(columns)
    for name in _DESCRIBING:
        for row in samples.get(name, []):
            columns[_free(name, columns)] = row
    table = pd.DataFrame(columns, index=pd.Index(accessions), dtype=str)

    def first(name: str) -> str:
        return next(iter(series.get(name, [])), "")

    def all_of(name: str) -> tuple[str, ...]:
        return tuple(sorted({cell for row in samples.get(name, []) for cell in row if cell}))

    supplement = (*series.get("supplementary_file", []), *series.get("supplementary_data", []))
    return Series(
        accession=first("geo_accession"),
        title=first("title"),
        summary=" ".join(series.get("summary", [])),
        pubmed=first("pubmed_id"),
        platforms=all_of("platform_id"),
        organisms=all_of("organism_ch1"),
        samples=table,
        characteristics=characteristics,
        supplement=tuple(url for url in supplement if known(url)),
        table=_read_table(body.lstrip("\r\n"), accessions, path),
    )


def find_column(series: Series, name: str) -> str | None:
    """Return the column of a series that a user means, or None.

    Capitals and punctuation do not matter, and a unit in brackets may be left out.

    Parameters
    ----------
    series : Series
        The series.
    name : str
        What was typed.

    Returns
    -------
    str or None
        Name of the column.
    """

    def plain(text: str) -> str:
        return re.sub(r"[^a-z0-9]+", " ", text.casefold()).strip()

    columns = [str(column) for column in series.samples.columns]
    if name in columns:
        return name
    for shortened in (plain, lambda text: plain(re.sub(r"\(.*?\)", "", text))):
        alike = [column for column in columns if shortened(column) == plain(name)]
        if len(alike) == 1:
            return alike[0]
    return None
