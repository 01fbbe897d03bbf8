"""The columns that claims name, held against the tables of the cohorts once they are loaded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from ifn_severity.cohorts.schema import SOURCE
from ifn_severity.errors import ClaimError, nearest
from ifn_severity.evidence.claim import Claim, Conditions, Part
from ifn_severity.evidence.cohort import EvidenceCohort


def check_columns(claims: Sequence[Claim], cohorts: Mapping[str, EvidenceCohort]) -> None:
    """Refuse a column that no cohort of its part has, and words where numbers are asked for.

    Cards do not say which columns a source has, so nothing is known before the cohorts are
    loaded. A part of which a cohort could not be loaded is let pass.

    Parameters
    ----------
    claims : sequence of Claim
    cohorts : mapping of str to EvidenceCohort
        What was loaded.

    Raises
    ------
    ClaimError
        With the nearest columns that there are.
    """
    for claim in claims:
        for part in claim.parts:
            if all(name in cohorts for name in part.cohorts):
                tables = {name: _columns(cohorts[name]) for name in part.cohorts}
                _check_part(part, tables, f"claim {claim.id}, part {part.id}")


def _columns(cohort: EvidenceCohort) -> pd.DataFrame:
    """Return the columns of a cohort, those of its cell types among them."""
    tables = [block.obs for block in cohort.blocks.values()]
    joined = pd.concat(tables, axis=1)
    return joined.loc[:, ~joined.columns.duplicated()]


def _check_part(part: Part, tables: Mapping[str, pd.DataFrame], where: str) -> None:
    for measure in (part.measure, part.second):
        if measure is not None and measure.kind == "column":
            name = measure.names[0]
            _check_there(name, tables, where)
            for cohort, table in tables.items():
                if name in table and not _numbers(table[name]):
                    raise ClaimError(
                        f"{where}: column {name!r} of {cohort} holds words, no numbers",
                        expected="a measure that is a number in every sample",
                        do="compare its groups by a [contrast.NAME], or name another column",
                    )
    if part.within:
        _check_there(part.within, tables, where)
    groups = {part.contrast.case: part.contrast.case_is}
    groups[part.contrast.reference] = part.contrast.reference_is
    for group, conditions in groups.items():
        _check_group(conditions, tables, f"{where}, group {group!r}")


def _check_group(conditions: Conditions, tables: Mapping[str, pd.DataFrame], where: str) -> None:
    """Refuse a group of which no alternative can hold in any cohort."""
    for alternative in conditions:
        if any(set(alternative) <= set(table.columns) for table in tables.values()):
            break
    else:
        for name in [name for one in conditions for name in one]:
            _check_there(name, tables, where)
    for alternative in conditions:
        for column, allowed in alternative.items():
            for cohort, table in tables.items():
                numeric = column in table and pd.api.types.is_numeric_dtype(table[column])
                words = [value for value in allowed if not _number(value)]
                if numeric and words:
                    raise ClaimError(
                        f"{where}: {column} = {words[0]!r}, and {cohort} has numbers there",
                        expected='numbers in quotation marks, such as severe = ["1"]',
                        do="correct the contrast",
                    )


def _check_there(name: str, tables: Mapping[str, pd.DataFrame], where: str) -> None:
    """Refuse a column that no table has."""
    if any(name in table for table in tables.values()):
        return
    there = [str(column) for table in tables.values() for column in table.columns]
    bare = {column.removeprefix(SOURCE): column for column in there}
    who = " or ".join(tables) if len(tables) <= 3 else f"none of the {len(tables)} cohorts"
    raise ClaimError(
        f"{where}: no column {name!r} in {who}",
        expected=f"a column of obs; those taken over from the source begin with {SOURCE}",
        do=nearest(name.removeprefix(SOURCE), set(there), bare),
    )


def _numbers(values: pd.Series) -> bool:
    try:
        values.astype(float)
    except (ValueError, TypeError):
        return False
    return True


def _number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
