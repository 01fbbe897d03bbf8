"""Cohort cards: what a cohort is, where its files are and what "severe" means in it.

A card is one TOML file: built-in ones are package data in ``cohorts/cards``, a user's own
lie in ``data/cohorts/NAME/card.toml``. This module reads them and needs nothing but the
standard library, so that listing cohorts stays quick.
"""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files as package_files
from pathlib import Path

from ifn_severity import paths
from ifn_severity.cohorts.card_fields import (
    CohortCard,
    CohortFile,
    Expected,
    GeoRule,
    LabelRule,
    SeverityRule,
)
from ifn_severity.cohorts.card_parse import GEO_READER, PROTEINS, Table, card_text, parse_card
from ifn_severity.errors import CohortError, nearest

__all__ = [
    "GEO_READER",
    "PROTEINS",
    "CohortCard",
    "CohortFile",
    "Expected",
    "GeoRule",
    "LabelRule",
    "SeverityRule",
    "card_text",
    "cohort_names",
    "get_card",
    "list_cohorts",
    "parse_card",
    "unexercised",
]

CARD_FILE = "card.toml"
USER_MATRIX = "cohort.h5ad"
USER_READER = "user"
SIMULATED_READER = "simulated"


@cache
def _built_in() -> dict[str, str]:
    folder = package_files("ifn_severity.cohorts").joinpath("cards")
    entries = sorted(
        folder.iterdir(), key=lambda entry: entry.name.removesuffix(".toml").casefold()
    )
    return {
        entry.name.removesuffix(".toml"): entry.read_text("utf-8")
        for entry in entries
        if entry.name.endswith(".toml")
    }


def _users() -> dict[str, Path]:
    folder = paths.user_cohorts_dir()
    return {path.parent.name: path for path in sorted(folder.glob(f"[!.]*/{CARD_FILE}"))}


@cache
def unexercised() -> frozenset[str]:
    """Name the built-in cards that never met their files; a user's own card replaces them."""
    return frozenset(
        name
        for name, text in _built_in().items()
        if tomllib.loads(text).get("exercised", True) is False
    )


def cohort_names() -> list[str]:
    """Name every cohort: the built-in ones, then the user's own."""
    built_in = _built_in()
    return [*built_in, *(name for name in _users() if name not in built_in)]


def get_card(name: str) -> CohortCard:
    """Return the card of a cohort.

    Parameters
    ----------
    name : str
        The cohort's name, as ``ifn-severity cohorts`` lists it.

    Returns
    -------
    CohortCard
        The card.

    Raises
    ------
    CohortError
        If there is no such cohort (the nearest names are offered), or its card is damaged.

    Examples
    --------
    >>> get_card("GSE157103").tissue
    'leukocytes from whole blood'
    """
    built_in = _built_in()
    if name in built_in and not (name in _users() and name in unexercised()):
        where, text = f"cohorts/cards/{name}.toml", built_in[name]
    elif (path := _users().get(name)) is not None:
        where = str(path)
        try:
            text = path.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise Table({}, where).wrong(f"cannot be read: {error}", "a card in TOML") from error
    else:
        raise CohortError(
            f"no cohort is called {name!r}",
            expected="the name of a cohort",
            do=f"{nearest(name, cohort_names())} (ifn-severity cohorts lists them all)",
        )
    card = parse_card(text, where)
    if card.name != name:
        raise Table({}, where).wrong(f"name = {card.name!r}", f"the name of its place, {name!r}")
    return card


def list_cohorts() -> list[CohortCard]:
    """Return the cards of all cohorts: the built-in ones, then the user's own.

    Returns
    -------
    list of CohortCard
        In a fixed order.

    Raises
    ------
    CohortError
        If a card is damaged; the message names its file.
    """
    return [get_card(name) for name in cohort_names()]
