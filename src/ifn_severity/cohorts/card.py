"""Cohort cards: what a cohort is, where its files are and what "severe" means in it.

A card is one TOML file: built-in ones are package data in ``cohorts/cards``, a user's own
lie in ``data/cohorts/NAME/card.toml``. This module reads them and needs nothing but the
standard library, so that listing cohorts stays quick.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import asdict
from functools import cache
from importlib.resources import files as package_files
from pathlib import Path
from typing import Any

from ifn_severity import paths
from ifn_severity.cohorts.card_fields import (
    KINDS,
    UNITS,
    USES,
    CohortCard,
    CohortFile,
    Expected,
    SeverityRule,
)
from ifn_severity.errors import CohortError, nearest

__all__ = [
    "CohortCard",
    "CohortFile",
    "Expected",
    "SeverityRule",
    "card_text",
    "cohort_names",
    "get_card",
    "list_cohorts",
    "parse_card",
]

CARD_FILE = "card.toml"
USER_MATRIX = "cohort.h5ad"
USER_READER = "user"
SIMULATED_READER = "simulated"

# both become parts of paths, so neither may leave its folder
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_FILE_NAME = re.compile(r"[^/\\\x00]+")
_SHA256 = re.compile(r"[0-9a-f]{64}")


class _Table:
    """One TOML table, read field by field with errors that name the card and the field."""

    def __init__(self, values: Mapping[str, Any], where: str) -> None:
        self.values = dict(values)
        self.where = where

    def wrong(self, got: str, expected: str) -> CohortError:
        return CohortError(
            f"{self.where}: {got}",
            expected=expected,
            do="correct the card, or delete it if it is one you added and no longer need",
        )

    def take(self, key: str, kind: type, default: Any = None) -> Any:
        value = self.values.pop(key, default)
        if value is None:
            raise self.wrong(f"no field {key!r}", f"a field {key!r} of type {kind.__name__}")
        # bool is an int in Python, and `n_samples = true` is a slip of the pen
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise self.wrong(f"{key} = {value!r}", f"a value of type {kind.__name__}")
        return value

    def text(self, key: str, *, pattern: re.Pattern[str] | None = None, default: Any = None) -> str:
        value: str = self.take(key, str, default)
        if pattern is not None and not pattern.fullmatch(value):
            raise self.wrong(f"{key} = {value!r}", f"text of the form {pattern.pattern}")
        return value

    def choice(self, key: str, options: tuple[str, ...]) -> str:
        value = self.text(key)
        if value not in options:
            raise self.wrong(f"{key} = {value!r}", "one of " + ", ".join(options))
        return value

    def count(self, key: str) -> int:
        value: int = self.take(key, int)
        if value < 0:
            raise self.wrong(f"{key} = {value}", "a number that is not negative")
        return value

    def texts(self, key: str, options: tuple[str, ...] | None = None) -> tuple[str, ...]:
        values = self.take(key, list, [])
        for value in values:
            if not isinstance(value, str) or (options and value not in options):
                allowed = " or ".join(options or ("text",))
                raise self.wrong(f"{key} holds {value!r}", f"only {allowed}")
        return tuple(values)

    def done(self) -> None:
        if self.values:
            unknown = ", ".join(sorted(self.values)[:5])
            raise self.wrong(f"unknown field {unknown}", "only the fields that cards have")


def _file(values: Any, where: str) -> CohortFile:
    if not isinstance(values, dict):
        raise _Table({}, where).wrong("files is not a list of tables", "tables [[files]]")
    table = _Table(values, where)
    file = CohortFile(
        name=table.text("name", pattern=_FILE_NAME),
        url=table.text("url", default=""),
        sha256=table.text("sha256", pattern=_SHA256),
        bytes=table.count("bytes"),
        licence=table.text("licence"),
    )
    if file.name in (".", ".."):
        raise table.wrong(f"name = {file.name!r}", "a file name")
    table.done()
    return file


def parse_card(text: str, where: str) -> CohortCard:
    """Read a card from TOML text.

    Parameters
    ----------
    text : str
        The card.
    where : str
        Path of the card, for messages.

    Returns
    -------
    CohortCard
        The validated card.

    Raises
    ------
    CohortError
        If the text is not TOML, or a field is missing, unknown or of the wrong form.
    """
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _Table({}, where).wrong(f"not TOML: {error}", "a card in TOML") from error
    table = _Table(values, where)
    severity = _Table(table.take("severity", dict), f"{where} [severity]")
    expected = _Table(table.take("expected", dict), f"{where} [expected]")
    card = CohortCard(
        name=table.text("name", pattern=_NAME),
        title=table.text("title"),
        kind=table.choice("kind", KINDS),
        accession=table.text("accession", default=""),
        citation=table.text("citation", default=""),
        doi=table.text("doi", default=""),
        tissue=table.text("tissue"),
        platform=table.text("platform"),
        unit=table.choice("unit", UNITS),
        unit_in_source=table.text("unit_in_source"),
        reader=table.text("reader"),
        uses=table.texts("uses", USES),
        severity=SeverityRule(
            rule=severity.text("rule"),
            column=severity.text("column"),
            quotation=severity.text("quotation", default=""),
            quotation_source=severity.text("quotation_source", default=""),
            mild_means=severity.text("mild_means"),
            severe_means=severity.text("severe_means"),
        ),
        expected=Expected(
            n_samples=expected.count("n_samples"),
            n_patients=expected.count("n_patients"),
            n_mild=expected.count("n_mild"),
            n_severe=expected.count("n_severe"),
            days_since_onset=expected.take("days_since_onset", bool),
        ),
        files=tuple(_file(entry, f"{where} [[files]]") for entry in table.take("files", list, [])),
        caveats=table.texts("caveats"),
        sha256=hashlib.sha256(text.encode()).hexdigest(),
    )
    for part in (severity, expected, table):
        part.done()
    names = [file.name for file in card.files]
    if len(set(names)) < len(names):
        raise table.wrong("two files have the same name", "one entry a file")
    return card


def card_text(card: CohortCard) -> str:
    """Write a card as TOML text that :func:`parse_card` reads back.

    Parameters
    ----------
    card : CohortCard
        The card; its ``sha256`` is not written, as it is that of the text.

    Returns
    -------
    str
        TOML.
    """
    import tomli_w

    values = asdict(card)
    del values["sha256"]
    return tomli_w.dumps(values, multiline_strings=True)


@cache
def _built_in() -> dict[str, str]:
    folder = package_files("ifn_severity.cohorts").joinpath("cards")
    entries = sorted(folder.iterdir(), key=lambda entry: entry.name.casefold())
    return {
        entry.name.removesuffix(".toml"): entry.read_text("utf-8")
        for entry in entries
        if entry.name.endswith(".toml")
    }


def _users() -> dict[str, Path]:
    folder = paths.user_cohorts_dir()
    return {path.parent.name: path for path in sorted(folder.glob(f"[!.]*/{CARD_FILE}"))}


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
    if name in built_in:
        where, text = f"cohorts/cards/{name}.toml", built_in[name]
    elif (path := _users().get(name)) is not None:
        where = str(path)
        try:
            text = path.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise _Table({}, where).wrong(f"cannot be read: {error}", "a card in TOML") from error
    else:
        raise CohortError(
            f"no cohort is called {name!r}",
            expected="the name of a cohort",
            do=f"{nearest(name, cohort_names())} (ifn-severity cohorts lists them all)",
        )
    card = parse_card(text, where)
    if card.name != name:
        raise _Table({}, where).wrong(f"name = {card.name!r}", f"the name of its place, {name!r}")
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
