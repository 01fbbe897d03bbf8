"""The cell types that a cohort of single cells was summed over, one by one."""

from __future__ import annotations

import dataclasses
import hashlib
import re
from collections.abc import Sequence

from ifn_severity.cohorts.card import CohortCard, get_card
from ifn_severity.errors import CohortError, nearest

DGELIST = "-pseudobulk_dgelist_normalized.rds"
"""What follows the cell type in the name of one of Schulte-Schrepping's files."""
_READER = "schulte"


def cell_types(name: str) -> tuple[str, ...]:
    """Name the cell types of a cohort, as published.

    Parameters
    ----------
    name : str
        A cohort.

    Returns
    -------
    tuple of str
        Empty for a cohort that was not summed over cell types.

    Raises
    ------
    CohortError
        If there is no such cohort.

    Examples
    --------
    >>> cell_types("schulte-cohort1")[0], len(cell_types("schulte-cohort1"))
    ('0_Classical Monocytes', 18)
    >>> cell_types("GSE157103")
    ()
    """
    return _types(get_card(name))


def _types(card: CohortCard) -> tuple[str, ...]:
    if card.reader != _READER:
        return ()
    return tuple(file.name.removesuffix(DGELIST) for file in card.files)


def check_cell_types(card: CohortCard, wanted: str | Sequence[str]) -> tuple[str, ...]:
    """Return cell types of a cohort, each once, in the order of its card.

    Parameters
    ----------
    card : CohortCard
    wanted : str or sequence of str
        One or several of :func:`cell_types`.

    Returns
    -------
    tuple of str

    Raises
    ------
    CohortError
        If the cohort has no cell types, or not these.
    """
    known = _types(card)
    asked = [wanted] if isinstance(wanted, str) else list(wanted)
    if not known:
        raise CohortError(
            f"{card.name} was not summed over cell types",
            expected="a cohort of single cells, such as schulte-cohort1",
            do="leave the cell type out",
        )
    unknown = [name for name in asked if name not in known]
    if unknown or not asked:
        raise CohortError(
            f"{card.name} has no cell type {unknown[0]!r}" if unknown else "no cell type is named",
            expected=f"one of {', '.join(known)}",
            do=nearest(unknown[0] if unknown else "", known),
        )
    return tuple(name for name in known if name in asked)


def cell_type_card(card: CohortCard, chosen: Sequence[str]) -> tuple[CohortCard, str]:
    """Return the card of some cell types of a cohort, and a word for them in file names.

    The card keeps the cohort's name, and lists the files of these types alone. What it expects
    is not enforced, as the types of a sample are as many as had enough cells.
    """
    files = tuple(file for file in card.files if file.name.removesuffix(DGELIST) in chosen)
    joined = "+".join(chosen)
    word = re.sub(r"[^A-Za-z0-9+]+", "_", joined).strip("_")
    if len(word) > 60:
        word = f"{word[:48]}_{hashlib.sha256(joined.encode()).hexdigest()[:10]}"
    return dataclasses.replace(card, files=files, exercised=False), word
