"""A card as text: read field by field with errors that name the place, and written back."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from ifn_severity.cohorts.card_fields import (
    GRADES,
    KINDS,
    UNITS,
    USES,
    CohortCard,
    CohortFile,
    Expected,
    GeoRule,
    LabelRule,
    SeverityRule,
)
from ifn_severity.errors import CohortError

GEO_READER = "geo"
PROTEINS = "plasma proteins"
"""Kind of a cohort that measured plasma proteins, and no transcripts."""

# both become parts of paths, so neither may leave its folder
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_FILE_NAME = re.compile(r"[^/\\\x00]+")
_UNITS_OF_KINDS = "log2 or log10 for plasma proteins"
_SHA256 = re.compile(r"[0-9a-f]{64}")


class Table:
    """One TOML table, read field by field with errors that name the card and the field."""

    def __init__(self, values: Mapping[str, Any], where: str) -> None:
        self.values = dict(values)
        self.where = where

    def wrong(self, got: str, expected: str) -> CohortError:
        """Return the error that names this place."""
        return CohortError(
            f"{self.where}: {got}",
            expected=expected,
            do="correct the card, or delete it if it is one you added and no longer need",
        )

    def take(self, key: str, kind: type, default: Any = None) -> Any:
        """Take a value of a type."""
        value = self.values.pop(key, default)
        if value is None:
            raise self.wrong(f"no field {key!r}", f"a field {key!r} of type {kind.__name__}")
        # bool is an int in Python, and `n_samples = true` is a slip of the pen
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise self.wrong(f"{key} = {value!r}", f"a value of type {kind.__name__}")
        return value

    def text(self, key: str, *, pattern: re.Pattern[str] | None = None, default: Any = None) -> str:
        """Take text, of a form if one is given."""
        value: str = self.take(key, str, default)
        if pattern is not None and not pattern.fullmatch(value):
            raise self.wrong(f"{key} = {value!r}", f"text of the form {pattern.pattern}")
        return value

    def choice(self, key: str, options: tuple[str, ...]) -> str:
        """Take one of a few words."""
        value = self.text(key)
        if value not in options:
            raise self.wrong(f"{key} = {value!r}", "one of " + ", ".join(options))
        return value

    def count(self, key: str) -> int:
        """Take a whole number that is not negative."""
        value: int = self.take(key, int)
        if value < 0:
            raise self.wrong(f"{key} = {value}", "a number that is not negative")
        return value

    def texts(self, key: str, options: tuple[str, ...] | None = None) -> tuple[str, ...]:
        """Take a list of texts."""
        values = self.take(key, list, [])
        for value in values:
            if not isinstance(value, str) or (options and value not in options):
                allowed = " or ".join(options or ("text",))
                raise self.wrong(f"{key} holds {value!r}", f"only {allowed}")
        return tuple(values)

    def done(self) -> None:
        """Refuse what was not taken."""
        if self.values:
            unknown = ", ".join(sorted(self.values)[:5])
            raise self.wrong(f"unknown field {unknown}", "only the fields that cards have")


def _file(values: Any, where: str, *, pinned: bool) -> CohortFile:
    if not isinstance(values, dict):
        raise Table({}, where).wrong("files is not a list of tables", "tables [[files]]")
    table = Table(values, where)
    file = CohortFile(
        name=table.text("name", pattern=_FILE_NAME),
        url=table.text("url", default=""),
        sha256=table.text("sha256", pattern=_SHA256) if pinned else "",
        bytes=table.count("bytes") if pinned else 0,
        licence=table.text("licence"),
    )
    if file.name in (".", ".."):
        raise table.wrong(f"name = {file.name!r}", "a file name")
    table.done()
    return file


def _geo(values: dict[str, Any], where: str) -> GeoRule:
    """Read how a GEO series is read."""
    table = Table(values, where)
    rules = []
    for entry in table.take("rules", list, []):
        if not isinstance(entry, dict):
            raise table.wrong("rules is not a list of tables", "tables [[geo.rules]]")
        rule = Table(entry, f"{where} [[geo.rules]]")
        rules.append(
            LabelRule(rule.text("column"), rule.text("value"), rule.choice("grade", GRADES))
        )
        rule.done()
    optional = ("matrix", "probes", "sample_from", "patient_from", "day_from", "age_from")
    geo = GeoRule(
        series=table.text("series", pattern=_FILE_NAME),
        platform=table.text("platform"),
        unit=table.choice("unit", ("auto", *UNITS)),
        sex_from=table.text("sex_from", default=""),
        rules=tuple(rules),
        **{key: table.text(key, default="") for key in optional},
    )
    table.done()
    return geo


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
        raise Table({}, where).wrong(f"not TOML: {error}", "a card in TOML") from error
    table = Table(values, where)
    severity = Table(table.take("severity", dict), f"{where} [severity]")
    expected = Table(table.take("expected", dict), f"{where} [expected]")
    geo = table.take("geo", dict, {})
    exercised: bool = table.take("exercised", bool, True)
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
        files=tuple(
            _file(entry, f"{where} [[files]]", pinned=exercised)
            for entry in table.take("files", list, [])
        ),
        caveats=table.texts("caveats"),
        sha256=hashlib.sha256(text.encode()).hexdigest(),
        exercised=exercised,
        geo=_geo(geo, f"{where} [geo]") if geo else None,
    )
    for part in (severity, expected, table):
        part.done()
    names = [file.name for file in card.files]
    if len(set(names)) < len(names):
        raise table.wrong("two files have the same name", "one entry a file")
    if (card.reader == GEO_READER) != (card.geo is not None):
        raise table.wrong(f"reader = {card.reader!r}", "the reader 'geo' with a table [geo]")
    if card.kind == PROTEINS and card.unit not in ("log2", "log10"):
        raise table.wrong(f"unit = {card.unit!r} with kind = {card.kind!r}", _UNITS_OF_KINDS)
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
    if card.geo is None:
        del values["geo"]
    if not card.exercised:
        for file in values["files"]:
            del file["sha256"], file["bytes"]
    return tomli_w.dumps(values, multiline_strings=True)
