"""Read claims from TOML, and check every name in them."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ifn_severity.cohorts import list_analytes, list_cell_types
from ifn_severity.cohorts.analytes import analyte_families, printed_analytes
from ifn_severity.cohorts.card import cohort_names
from ifn_severity.cohorts.card_parse import Table
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
from ifn_severity.genes import gene_table, harmonise

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

    def known(
        self,
        what: str,
        names: Iterable[str],
        options: Iterable[str],
        also: Mapping[str, str] | None = None,
    ) -> None:
        """Refuse a name that does not exist, offering the nearest ones."""
        options = list(options)
        for name in names:
            if name not in options:
                raise self.wrong(
                    f"unknown {what} {name!r}", f"an existing {what}", nearest(name, options, also)
                )

    def tables(self, key: str) -> list[dict[str, Any]]:
        """Take a list of tables that is not empty."""
        values: list[Any] = self.take(key, list, [])
        if not values or not all(isinstance(value, dict) for value in values):
            raise self.wrong(f"no tables [[{key}]]", f"at least one table [[{key}]]")
        return values


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


def read_shared(document: Mapping[str, Any], where: str, base: Shared | None) -> Shared:
    """Read contrasts and cell types, on top of those that are there."""
    contrasts = dict(base.contrasts) if base else {}
    types: dict[str, Mapping[str, tuple[str, ...]]] = dict(base.cell_types) if base else {}
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
        chosen = {cohort: table.texts(cohort) for cohort in tuple(values)}
        for cohort, names in chosen.items():
            table.known(f"cell type of {cohort}", names, list_cell_types(cohort))
        types[name] = chosen
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
        symbols = zip(names, harmonise(list(names)).symbols, strict=True)
        earlier = {name: symbol for name, symbol in symbols if symbol is not None}
        table.known("gene", names, gene_table().current, earlier)
    elif key == "analytes":
        table.known("analyte", names, analyte_families(), printed_analytes())
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
    for one in (measure, second):
        if one is not None:
            _check_measured(table, one, cohorts, [*types, *one.of], shared)
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
            if cohort not in list_analytes():
                raise table.wrong(
                    f"{cohort} measured no plasma proteins",
                    f"cohorts of plasma proteins: {', '.join(list_analytes())}",
                )
            panel = {analyte.name: analyte.symbol for analyte in list_analytes()[cohort]}
            table.known(f"analyte of {cohort}", measure.names, panel.values(), panel)
        elif cohort in list_analytes() and measure.kind != "column":
            raise table.wrong(
                f"{cohort} measured plasma proteins, no transcripts", "a measure of analytes"
            )
        wanted = [*types, *(measure.names if measure.kind == "fraction" else ())]
        for name in wanted:
            if cohort not in shared.cell_types[name]:
                there = ", ".join(shared.cell_types[name]) or "none"
                raise table.wrong(f"{cohort} has no {name}", f"cohorts that have them: {there}")


def parse_toml(text: str, where: str) -> dict[str, Any]:
    """Parse TOML, and say where it is broken."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ClaimError(
            f"{where} is no TOML: {error}",
            expected="a file such as those of ifn_severity/evidence/claims",
            do="correct the line that is named",
        ) from error


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
    document = ClaimTable(parse_toml(text, where), where)
    here = read_shared(document.values, where, shared)
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
