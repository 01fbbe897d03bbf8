"""Add a series of GEO as a cohort: look at it, map its characteristics once, keep the card."""

from __future__ import annotations

import dataclasses
import shlex
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ifn_severity.cohorts.add import AddedCohort, choose_name
from ifn_severity.cohorts.card import (
    CARD_FILE,
    GEO_READER,
    CohortCard,
    CohortFile,
    Expected,
    GeoRule,
    LabelRule,
    SeverityRule,
    card_text,
    parse_card,
)
from ifn_severity.cohorts.copies import check_own_copies
from ifn_severity.cohorts.fetch import sha256_of
from ifn_severity.cohorts.geo.choose import choose_matrix, choose_series_matrix
from ifn_severity.cohorts.geo.files import Remote, find_family, find_series_matrices, take
from ifn_severity.cohorts.geo.labels import (
    OWN,
    find_age,
    find_sex,
    label_samples,
    person_columns,
)
from ifn_severity.cohorts.geo.look import GeoOptions, need_human
from ifn_severity.cohorts.geo.probes import are_genes
from ifn_severity.cohorts.geo.read import GeoCohort, build_geo
from ifn_severity.cohorts.geo.rules import need_column, parse_map
from ifn_severity.cohorts.geo.series import Series, read_series
from ifn_severity.cohorts.schema import build_cohort, count_cohort
from ifn_severity.cohorts.unit import NAMES, check_unit
from ifn_severity.errors import LabelError
from ifn_severity.paths import atomic_dir, raw_dir, user_cohorts_dir

LICENCE = "GEO public record"


@dataclass(frozen=True)
class _Said:
    title: str
    tissue: str


def _words(rules: Sequence[LabelRule], grades: Sequence[str]) -> str:
    return "; ".join(f"{rule.column}: {rule.value}" for rule in rules if rule.grade in grades)


def _severity(series: Series, rules: Sequence[LabelRule]) -> SeverityRule:
    """Put the rules into words."""
    means = {"none": "no grade", "drop": "left out"}
    columns = list(dict.fromkeys(rule.column for rule in rules))
    counts = {column: series.samples[column].value_counts() for column in columns}
    return SeverityRule(
        rule="A drop counts before other columns, else the first that fits. "
        + "; ".join(f"{r.column} = {r.value}: {means.get(r.grade, r.grade)}" for r in rules)
        + ". Samples that no rule fits have no grade.",
        column=", ".join(columns),
        quotation="; ".join(
            f"{column}: {value} ({n})" for column in columns for value, n in counts[column].items()
        ),
        quotation_source=f"Sample_characteristics_ch1 in the series matrix of {series.accession}",
        mild_means=_words(rules, ("mild", "moderate")),
        severe_means=_words(rules, ("severe", "critical")),
    )


def _both_classes(severity: Sequence[object], accession: str, why: str) -> None:
    severe = sum(grade in ("severe", "critical") for grade in severity)
    mild = sum(grade in ("mild", "moderate") for grade in severity)
    if not severe or not mild:
        raise LabelError(
            f"{accession}: {severe} severe and {mild} not severe samples {why}",
            expected="both classes: severe or critical, and mild or moderate (healthy is neither)",
            do="map further values with --map, or choose another series",
        )


def _rule(series: Series, options: GeoOptions, unit: str) -> GeoRule:
    """Turn what the user said into how the series is read, and check it on the labels alone."""
    people = person_columns(series.samples)
    if people and not options.patient_from:
        raise LabelError(
            f"{series.accession}: {people[0]!r} says that some people gave several samples",
            expected="to know who is who: samples of one person must not be split between "
            "training and test",
            do=f"add --patient-from {shlex.quote(people[0])}, or --patient-from {OWN} if each "
            "sample is of another person after all",
        )
    patient = options.patient_from
    return GeoRule(
        series="",
        matrix="",
        probes="",
        platform=next(iter(series.platforms), ""),
        unit=unit,
        sample_from=need_column(series, options.sample_from, "--sample-from"),
        patient_from=patient if patient == OWN else need_column(series, patient, "--patient-from"),
        day_from=need_column(series, options.day_from, "--day-from"),
        age_from=need_column(series, options.age_from, "--age-from") or find_age(series),
        sex_from=need_column(series, options.sex_from, "--sex-from") or find_sex(series),
        rules=parse_map(series, options.map, options.severity_from),
    )


def _expression_files(series: Series, options: GeoOptions) -> tuple[Remote | None, Remote | None]:
    """Choose the files with the expression: a supplementary matrix, or the array's genes."""
    matrix = choose_matrix(series, options.matrix)
    if matrix is not None or series.table is None:
        return matrix, None
    if are_genes([str(name) for name in series.table.index]):
        return None, None
    return None, find_family(series.accession)


def _card(name: str, series: Series, geo: GeoRule, cohort: GeoCohort, options: _Said) -> CohortCard:
    tissue = options.tissue or str(series.samples["source_name_ch1"].mode().iloc[0])
    pubmed = f" PubMed {series.pubmed}." if series.pubmed else ""
    expression = cohort.expression
    return CohortCard(
        name=name,
        title=options.title or series.title,
        kind="user",
        accession=series.accession,
        citation=f"{series.title}. GEO {series.accession}.{pubmed}",
        doi="",
        tissue=tissue,
        platform=", ".join(series.platforms),
        unit="log2",
        unit_in_source=f"{NAMES[expression.unit]}, {expression.identifiers}",
        reader=GEO_READER,
        uses=("train", "validate"),
        severity=_severity(series, geo.rules),
        expected=Expected(0, 0, 0, 0, days_since_onset=False),
        files=(),
        caveats=(
            "Severity was mapped by whoever added the cohort, not by the study's authors.",
            *cohort.notes,
        ),
        sha256="",
        geo=dataclasses.replace(geo, unit=expression.unit),
    )


def add_series(
    accession: str,
    options: GeoOptions,
    *,
    name: str | None = None,
    title: str = "",
    tissue: str = "",
    unit: str = "auto",
    replace: bool = False,
) -> AddedCohort:
    """Download a series, map its labels and keep its files and card, whole or not at all.

    The labels are checked before the expression, which is much larger, is downloaded.

    Parameters
    ----------
    accession : str
        ``GSE…``.
    options : GeoOptions
        What its characteristics mean.
    name : str, optional
        Name of the cohort; the accession by default.
    title, tissue : str, optional
        One line on the cohort, and what was measured; from GEO by default.
    unit : {"auto", "counts", "linear", "log2", "ln", "log10"}
        Unit of the matrix.
    replace : bool, default=False
        Replace a cohort of this name that was added before.

    Returns
    -------
    AddedCohort
        What was understood.

    Raises
    ------
    CohortError
        If the name is invalid or taken, or one measurement stands under two patients.
    FetchError
        If a file cannot be had, or did not come whole.
    InputError
        If there are several platforms or matrices to choose from, or a file makes no sense.
    LabelError
        If the mapping does not fit the series, or gives one class only.
    StoreError
        If the cohort cannot be written.
    """
    accession = accession.upper()
    unit = check_unit(unit)
    name = choose_name(name or accession, Path(accession), may_replace=replace)
    matrix_of = choose_series_matrix(find_series_matrices(accession), options.platform, accession)
    target = user_cohorts_dir() / name
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        first = take(matrix_of, folder, accession)
        series = read_series(first)
        need_human(series)
        geo = dataclasses.replace(_rule(series, options, unit), series=first.name)
        obs, _ = label_samples(series, geo, where=name)
        _both_classes(list(obs["severity"]), accession, "as mapped")
        matrix, family = _expression_files(series, options)
        geo = dataclasses.replace(
            geo, matrix=matrix.name if matrix else "", probes=family.name if family else ""
        )
        remotes = [matrix_of, *(remote for remote in (matrix, family) if remote)]
        files = {first.name: first}
        files |= {r.name: take(r, folder, accession) for r in remotes[1:]}
        cohort = build_geo(geo, files, where=name)
        _both_classes(list(cohort.obs["severity"]), accession, "have expression")
        card = _card(name, series, geo, cohort, _Said(title, tissue))
        entries = tuple(
            CohortFile(r.name, r.url, sha256_of(path), path.stat().st_size, LICENCE)
            for r, path in zip(remotes, files.values(), strict=True)
        )
        # nothing is expected yet of what is counted here for the first time
        untold = dataclasses.replace(card, exercised=False)
        counts = count_cohort(adata := build_cohort(untold, cohort.values, cohort.obs))
        repeats = check_own_copies(adata, name)
        days = bool(adata.obs["days_since_onset"].notna().any())
        card = dataclasses.replace(
            card,
            files=entries,
            expected=Expected(**counts, days_since_onset=days),
            caveats=(*card.caveats, *repeats),
        )
        text = card_text(card)
        card = parse_card(text, str(target / CARD_FILE))
        with atomic_dir(target) as new, atomic_dir(raw_dir(name)) as raw:
            (new / CARD_FILE).write_text(text, "utf-8")
            for path in files.values():
                (raw / path.name).write_bytes(path.read_bytes())
    sizes = card.expected
    return AddedCohort(
        name=name,
        folder=target,
        card=card,
        unit=cohort.expression.unit,
        orientation=cohort.expression.orientation,
        identifiers=cohort.expression.identifiers,
        n_samples=sizes.n_samples,
        n_genes=adata.n_vars,
        n_patients=sizes.n_patients,
        n_severe=sizes.n_severe,
        n_mild=sizes.n_mild,
        n_other=sizes.n_samples - sizes.n_severe - sizes.n_mild,
        renamed=cohort.expression.renamed,
        notes=card.caveats,
    )
