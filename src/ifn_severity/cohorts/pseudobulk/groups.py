"""Which cells belong together: sample × cell type, and what is known of each sample."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ifn_severity.cohorts.grid import clean
from ifn_severity.cohorts.labels import WORDS
from ifn_severity.cohorts.pseudobulk.cells import CellTable, check_columns
from ifn_severity.cohorts.schema import SOURCE
from ifn_severity.errors import InputError, LabelError, nearest

_ALLOWED: Mapping[str, Any] = WORDS
_NUMBERS = {"age": (0.0, 120.0), "days_since_onset": (-30.0, 1000.0), "who_scale": (0.0, 10.0)}


@dataclass(frozen=True)
class CellColumns:
    """The columns of the table of cells that say what is summed.

    Attributes
    ----------
    patient, cell_type : str
        Person and cell type of each cell.
    severity : str, optional
        Grade of each cell's sample: words of the severity scale, or severe and not severe.
    sample : str, optional
        Sample of each cell, where a person gave several; the person when left out.
    """

    patient: str
    cell_type: str
    severity: str | None = None
    sample: str | None = None

    def options(self) -> dict[str, str]:
        """Return the columns by the option that names them."""
        named = {
            "--patient": self.patient,
            "--cell-type": self.cell_type,
            "--severity": self.severity,
            "--sample": self.sample,
        }
        return {option: column for option, column in named.items() if column is not None}


@dataclass(frozen=True, eq=False)
class Groups:
    """Cells by sample and cell type.

    Attributes
    ----------
    codes : ndarray of shape (n_cells,)
        Group of each cell, -1 for a cell without patient, sample or cell type.
    table : DataFrame of shape (n_groups, 4)
        ``sample``, ``patient``, ``cell_type`` and ``cells`` of each group, sorted.
    obs : DataFrame indexed by sample
        ``patient`` and what else is known, in the columns that every cohort has.
    notes : tuple of str
        What was left out or taken over, in sentences.
    """

    codes: NDArray[np.int32]
    table: pd.DataFrame
    obs: pd.DataFrame
    notes: tuple[str, ...]


def _codes(values: pd.Series) -> tuple[NDArray[np.int64], list[str]]:
    """Give each word of a column a number, -1 where it is empty."""
    codes, levels = pd.factorize(values, sort=False)
    names = [clean(level) for level in levels]
    # names that differ in blanks only are one; an empty one is none
    order = sorted(set(names) - {""})
    place = {name: at for at, name in enumerate(order)} | {"": -1}
    translate = np.array([*(place[name] for name in names), -1], dtype=np.int64)
    return translate[codes], order


def _first_per_group(codes: NDArray[np.int64], values: NDArray[np.int64], n: int) -> NDArray[Any]:
    """Return the one value of each group, -2 where cells of a group differ."""
    low, high = np.full(n, np.iinfo(np.int64).max), np.full(n, -1)
    inside = codes >= 0
    np.minimum.at(low, codes[inside], values[inside])
    np.maximum.at(high, codes[inside], values[inside])
    return np.where(low == high, high, -2)


def _severity(words: list[str], column: str, where: str) -> tuple[str, list[Any]]:
    """Read grades: words of the scale, or else severe against not severe."""
    plain = [word.casefold().replace("_", " ").strip() for word in words]
    for kind in ("severity", "severe"):
        allowed = _ALLOWED[kind]
        if all(word in allowed or not word for word in plain):
            return kind, [allowed[word] if word else None for word in plain]
    bad = next(word for word in plain if word and word not in _ALLOWED["severity"])
    raise LabelError(
        f"{where}, column {column!r}: {bad!r}",
        expected="healthy, mild, moderate, severe or critical; or severe and not severe, 1 and 0",
        do=f"{nearest(bad, _ALLOWED['severity'])} Or leave --severity out and grade the samples "
        "afterwards in labels.csv",
    )


def _known(name: str, words: list[str]) -> list[Any] | None:
    """Read a column of the fixed set, or None where its values are not on its scale."""
    if name == "sex":
        plain = [word.casefold() for word in words]
        if all(word in _ALLOWED["sex"] or not word for word in plain):
            return [_ALLOWED["sex"][word] if word else None for word in plain]
        return None
    low, high = _NUMBERS[name]
    numbers = pd.to_numeric(pd.Series(words).replace("", None), errors="coerce")
    blank = np.array([not word for word in words])
    return None if (~(numbers.between(low, high) | blank)).any() else list(numbers)


def _describe(
    table: CellTable, columns: CellColumns, samples: NDArray[np.int64], names: list[str]
) -> tuple[pd.DataFrame, list[str]]:
    """Collect what is the same in all cells of each sample."""
    obs = pd.DataFrame(index=pd.Index(names))
    notes: list[str] = []
    for column in table.columns:
        grouping = column in (columns.cell_type, columns.patient, columns.sample)
        if grouping and column != columns.severity:
            continue
        stored = table.read(column)
        # more values than samples cannot be the same within each: spare the trouble of naming them
        if column != columns.severity and stored[samples >= 0].nunique() > len(names):
            continue
        values, levels = _codes(stored)
        one = _first_per_group(samples, values, len(names))
        if column == columns.severity:
            if (one == -2).any():
                raise LabelError(
                    f"{table.where}: sample {names[int((one == -2).argmax())]} has cells of "
                    f"different grades in column {column!r}",
                    expected="one grade a sample",
                    do="name the column that tells a patient's samples apart with --sample",
                )
        elif (one == -2).any() or (one == -1).all():
            continue
        words = [levels[code] if code >= 0 else "" for code in one]
        plain = column.casefold()
        if column == columns.severity:
            kind, grades = _severity(words, column, table.where)
            obs[kind] = grades if kind == "severity" else np.array(grades, dtype=np.float64)
        elif plain in ("sex", *_NUMBERS) and (read := _known(plain, words)) is not None:
            obs[plain] = read
            notes.append(f"Column {column!r} was taken for {plain}.")
        elif SOURCE + column not in obs:
            obs[SOURCE + column] = [word or None for word in words]
    return obs, notes


def group_cells(table: CellTable, columns: CellColumns) -> Groups:
    """Group the cells by sample and cell type.

    Columns that are the same in all cells of each sample are taken over: ``age``, ``sex``,
    ``days_since_onset`` and ``who_scale`` where they can be read as such, the others with the
    prefix ``source_``.

    Parameters
    ----------
    table : CellTable
        What is known of each cell.
    columns : CellColumns
        Which columns to group by.

    Returns
    -------
    Groups
        Codes of the cells, and tables of groups and samples.

    Raises
    ------
    InputError
        If a column is missing, a sample is of two patients, or there is one patient only.
    LabelError
        If a sample has two grades, or a grade is not on the scale.
    """
    check_columns(table, columns.options())
    patients, patient_names = _codes(table.read(columns.patient))
    types, type_names = _codes(table.read(columns.cell_type))
    samples, sample_names = patients, patient_names
    if columns.sample is not None:
        samples, sample_names = _codes(table.read(columns.sample))
    counted = (patients >= 0) & (types >= 0) & (samples >= 0)
    present = np.unique(patients[counted])
    if len(present) < 2:
        who = f"one patient only, {patient_names[present[0]]}" if len(present) else "no patient"
        raise InputError(
            f"{table.where}: {who} in column {columns.patient!r}, over {int(counted.sum()):,} "
            "cells with patient and cell type",
            expected="cells of at least two patients",
            do="name the column that tells people apart with --patient, or add other patients",
        )
    samples = np.where(counted, samples, -1)
    owner = _first_per_group(samples, patients, len(sample_names))
    if (owner == -2).any():
        sample = sample_names[int((owner == -2).argmax())]
        raise InputError(
            f"{table.where}: sample {sample} has cells of more than one patient",
            expected=f"each value of {columns.sample!r} in one value of {columns.patient!r} only",
            do="name a column whose values are unique over patients with --sample",
        )
    kept = np.flatnonzero(owner >= 0)
    place = np.full(len(sample_names) + 1, -1)
    place[kept] = np.arange(len(kept))
    samples, names = place[samples], [sample_names[at] for at in kept]
    key = np.where(counted, samples * len(type_names) + types, -1)
    found, sizes = np.unique(key[counted], return_counts=True)
    codes = np.where(counted, np.searchsorted(found, key), -1).astype(np.int32)
    sample_of, type_of = found // len(type_names), found % len(type_names)
    groups = pd.DataFrame(
        {
            "sample": [names[at] for at in sample_of],
            "patient": [patient_names[owner[kept[at]]] for at in sample_of],
            "cell_type": [type_names[at] for at in type_of],
            "cells": sizes,
        }
    )
    obs, notes = _describe(table, columns, samples, names)
    obs.insert(0, "patient", [patient_names[owner[at]] for at in kept])
    out = len(counted) - int(counted.sum())
    if out:
        notes.insert(0, f"{out:,} of {len(counted):,} cells have no patient, sample or cell type "
                     "and count nowhere.")  # fmt: skip
    return Groups(codes, groups, obs, tuple(notes))
