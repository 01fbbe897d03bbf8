"""Read claims from TOML, and check every name in them."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from ifn_severity.cohorts.analytes import analytes
from ifn_severity.cohorts.card import cohort_names
from ifn_severity.cohorts.card_parse import Table
from ifn_severity.cohorts.cell_types import cell_types
from ifn_severity.errors import ClaimError, nearest
from ifn_severity.evidence.claim import (
    DIRECTIONS,
    STRATA,
    TESTS,
    Claim,
    Conditions,
    Contrast,
    Measure,
    Part,
)
from ifn_severity.features import load_catalogue
from ifn_severity.genes import gene_table

SHARED = "shared.toml"
_KEYS = {
    "score": "score",
    "genes": "genes",
    "analytes": "analytes",
    "cells": "fraction",
    "column": "column",
}
_SINGLE = ("score", "column")
_TWO = ("coexistence", "correlation")


class ClaimTable(Table):
    """A TOML table of claims: as those of cards, with errors of its own."""

    def wrong(self, got: str, expected: str, do: str = "correct the claim") -> ClaimError:  # type: ignore[override]
        """Return the error that names this place."""
        return ClaimError(f"{self.where}: {got}", expected=expected, do=do)

    def done(self) -> None:
        """Refuse what was not taken."""
        if self.values:
            unknown = ", ".join(sorted(self.values)[:5])
            raise self.wrong(f"unknown field {unknown}", "only the fields of docs/evidence.md")

    def known(self, what: str, names: Iterable[str], options: Iterable[str]) -> None:
        """Refuse a name that does not exist, offering the nearest ones."""
        options = list(options)
        for name in names:
            if name not in options:
                raise self.wrong(
                    f"unknown {what} {name!r}", f"an existing {what}", _offer(name, options)
                )

    def tables(self, key: str) -> list[dict[str, Any]]:
        """Take a list of tables that is not empty."""
        values: list[Any] = self.take(key, list, [])
        if not values or not all(isinstance(value, dict) for value in values):
            raise self.wrong(f"no tables [[{key}]]", f"at least one table [[{key}]]")
        return values


def _offer(name: str, options: list[str]) -> str:
    found = nearest(name, options)
    # twenty thousand genes are no help
    return found if len(options) <= 40 or found.startswith("did you") else "correct the name"


@dataclass(frozen=True)
class Shared:
    """What claims name.

    Attributes
    ----------
    contrasts : dict of str to Contrast
    cell_types : dict of str to dict of str to tuple of str
        Cell type, cohort, and the cohort's own names whose counts are summed.
    """

    contrasts: Mapping[str, Contrast]
    cell_types: Mapping[str, Mapping[str, tuple[str, ...]]]


def _conditions(table: ClaimTable, key: str) -> Conditions:
    alternatives = []
    for entry in table.tables(key):
        one = ClaimTable(entry, f"{table.where}, {key}")
        alternatives.append({column: one.texts(column) for column in tuple(entry)})
    return tuple(alternatives)


def _shared(document: Mapping[str, Any], where: str, base: Shared | None) -> Shared:
    """Read contrasts and cell types, on top of those that are there."""
    contrasts = dict(base.contrasts) if base else {}
    types = dict(base.cell_types) if base else {}
    for name, values in document.get("contrast", {}).items():
        table = ClaimTable(values, f"{where} [contrast.{name!r}]")
        contrasts[name] = Contrast(
            case=table.text("case"),
            reference=table.text("reference"),
            case_is=_conditions(table, "case_is"),
            reference_is=_conditions(table, "reference_is"),
        )
        table.done()
    for name, values in document.get("cell_type", {}).items():
        table = ClaimTable(values, f"{where} [cell_type.{name!r}]")
        table.known("cohort", values, cohort_names())
        types[name] = {}
        for cohort in tuple(values):
            chosen = table.texts(cohort)
            table.known(f"cell type of {cohort}", chosen, cell_types(cohort))
            types[name][cohort] = chosen
    return Shared(contrasts, types)


def _measure(values: dict[str, Any], where: str, shared: Shared) -> Measure:
    table = ClaimTable(values, where)
    given = [key for key in _KEYS if key in values]
    if len(given) != 1:
        raise table.wrong(f"{len(given)} of {', '.join(_KEYS)}", "exactly one of them")
    key = given[0]
    names = (table.text(key),) if key in _SINGLE else table.texts(key)
    if not names:
        raise table.wrong(f"{key} is empty", "at least one name")
    if key == "score":
        table.known("list", names, load_catalogue())
    elif key == "genes":
        table.known("gene", names, gene_table().current)
    elif key == "analytes":
        table.known("analyte", names, {a.symbol for known in analytes().values() for a in known})
    elif key == "cells":
        table.known("cell type", names, shared.cell_types)
    of = table.texts("of")
    table.known("cell type", of, shared.cell_types)
    label = table.text("label", default=", ".join(names))
    table.done()
    unit = {"cells": "share", "column": ""}.get(key, "log2")
    return Measure(_KEYS[key], names, label, unit, of)


def _part(values: dict[str, Any], where: str, shared: Shared) -> Part:
    table = ClaimTable(values, where)
    identifier = table.text("id")
    table.where = f"{where}, part {identifier}"
    test = table.choice("test", TESTS)
    measure = _measure(table.take("measure", dict), f"{table.where}, measure", shared)
    second = None
    if test in _TWO:
        second = _measure(table.take("second", dict), f"{table.where}, second", shared)
    contrast = table.text("contrast")
    table.known("contrast", [contrast], shared.contrasts)
    cohorts = table.texts("cohorts")
    if not cohorts:
        raise table.wrong("no cohorts", "at least one cohort that it may be tested on")
    table.known("cohort", cohorts, cohort_names())
    types = table.texts("cell_types")
    table.known("cell type", types, shared.cell_types)
    _check_measured(table, measure, cohorts, [*types, *measure.of], shared)
    expected = table.choice("expected", DIRECTIONS)
    if (expected == "none") != (test == "no difference"):
        raise table.wrong(
            f"test = {test!r} with expected = {expected!r}",
            "expected = 'none' with the test 'no difference', and with it alone",
        )
    limit = float(table.take("limit", float, float("nan")))
    if (test == "level") != (limit == limit):
        raise table.wrong(f"test = {test!r}, limit = {limit}", "a limit with the test 'level'")
    part = Part(
        id=identifier,
        test=test,
        label=table.text("label"),
        measure=measure,
        contrast=shared.contrasts[contrast],
        expected=expected,
        cohorts=cohorts,
        second=second,
        cell_types=types,
        strata=table.texts("strata", STRATA) or ("all",),
        decides=table.take("decides", bool, True),
        limit=limit,
        within=table.text("within", default=""),
    )
    table.done()
    return part


def _check_measured(
    table: ClaimTable,
    measure: Measure,
    cohorts: Sequence[str],
    types: Sequence[str],
    shared: Shared,
) -> None:
    """Refuse a measure that no named cohort can have, whatever is on disk."""
    for cohort in cohorts:
        if measure.kind == "analytes":
            if cohort not in analytes():
                raise table.wrong(
                    f"{cohort} measured no plasma proteins",
                    f"cohorts of plasma proteins: {', '.join(analytes())}",
                )
            panel = [analyte.symbol for analyte in analytes()[cohort]]
            table.known(f"analyte of {cohort}", measure.names, panel)
        elif cohort in analytes() and measure.kind != "column":
            raise table.wrong(
                f"{cohort} measured plasma proteins, no transcripts", "a measure of analytes"
            )
        wanted = [*types, *(measure.names if measure.kind == "fraction" else ())]
        for name in wanted:
            if cohort not in shared.cell_types[name]:
                there = ", ".join(shared.cell_types[name]) or "none"
                raise table.wrong(f"{cohort} has no {name}", f"cohorts that have them: {there}")


def _documents(texts: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    found = {}
    for where, text in texts.items():
        try:
            found[where] = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise ClaimError(
                f"{where} is no TOML: {error}",
                expected="a file such as those of ifn_severity/evidence/claims",
                do="correct the line that is named",
            ) from error
    return found


def parse_claims(text: str, where: str, shared: Shared) -> tuple[Claim, ...]:
    """Read the claims of one file.

    Parameters
    ----------
    text : str
        TOML: a table ``[study]``, tables ``[[claim]]`` with ``[[claim.part]]``, and if need be
        ``[contrast.NAME]`` and ``[cell_type.NAME]`` of its own.
    where : str
        The file, for messages.
    shared : Shared

    Returns
    -------
    tuple of Claim

    Raises
    ------
    ClaimError
        If a field is missing or unknown, or a cohort, gene, list, analyte, cell type or contrast
        does not exist; the nearest names are offered.
    """
    document = ClaimTable(_documents({where: text})[where], where)
    here = _shared(document.values, where, shared)
    for key in ("contrast", "cell_type"):
        document.values.pop(key, None)
    study = ClaimTable(document.take("study", dict), f"{where} [study]")
    source = {key: study.text(key) for key in ("name", "citation", "doi")}
    study.done()
    claims = []
    for entry in document.tables("claim"):
        table = ClaimTable(entry, where)
        identifier = table.text("id")
        table.where = f"{where}, claim {identifier}"
        parts = tuple(_part(values, table.where, here) for values in table.tables("part"))
        twice = [part.id for i, part in enumerate(parts) if part.id in {p.id for p in parts[:i]}]
        if twice:
            raise table.wrong(f"two parts are called {twice[0]!r}", "a name for each part")
        if not any(part.decides for part in parts):
            raise table.wrong("no part decides", "at least one part without decides = false")
        claims.append(
            Claim(
                id=identifier,
                title=table.text("title"),
                sentence=table.text("sentence"),
                study=source["name"],
                citation=source["citation"],
                doi=source["doi"],
                parts=parts,
                needed=table.text("needed"),
                note=table.text("note", default=""),
            )
        )
        table.done()
    document.done()
    return tuple(claims)


@cache
def built_in() -> tuple[Shared, tuple[Claim, ...]]:
    """Return what the package declares: shared names, and its claims in the article's order."""
    folder = files("ifn_severity.evidence").joinpath("claims")
    texts = {
        entry.name: entry.read_text("utf-8")
        for entry in sorted(folder.iterdir(), key=lambda entry: entry.name)
        if entry.name.endswith(".toml")
    }
    shared = _shared(_documents({SHARED: texts.pop(SHARED)})[SHARED], SHARED, None)
    claims = [claim for where, text in texts.items() for claim in parse_claims(text, where, shared)]
    return shared, _distinct(claims)


def _distinct(claims: Sequence[Claim]) -> tuple[Claim, ...]:
    seen: set[str] = set()
    for claim in claims:
        if claim.id in seen:
            raise ClaimError(
                f"two claims are called {claim.id!r}",
                expected="an id for each claim",
                do="rename one of them",
            )
        seen.add(claim.id)
    return tuple(claims)


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ClaimError(
            f"{path} cannot be read: {error}",
            expected="a TOML file of claims",
            do="give the path of a file such as those of ifn_severity/evidence/claims",
        ) from error


def shared_of(extra: Sequence[Path] = ()) -> Shared:
    """Return the package's contrasts and cell types, and those of further files.

    Parameters
    ----------
    extra : sequence of Path
        TOML files of one's own.

    Returns
    -------
    Shared

    Raises
    ------
    ClaimError
        As ``load_claims``.
    """
    shared = built_in()[0]
    for path in extra:
        shared = _shared(_documents({str(path): _read(path)})[str(path)], str(path), shared)
    return shared


def load_claims(extra: Sequence[Path] = ()) -> tuple[Claim, ...]:
    """Return the package's claims, and those of further files after them.

    Parameters
    ----------
    extra : sequence of Path
        TOML files of one's own.

    Returns
    -------
    tuple of Claim

    Raises
    ------
    ClaimError
        If a file cannot be read or declares something wrong.

    Examples
    --------
    >>> [claim.id for claim in load_claims()][:5]
    ['1', '2a', '2b', '2c', '3']
    """
    shared, claims = built_in()
    more = [claim for path in extra for claim in parse_claims(_read(path), str(path), shared)]
    return _distinct([*claims, *more])
