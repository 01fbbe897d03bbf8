"""The sections of the evidence report that one figure carries: day, plane, variance."""

from __future__ import annotations

from ifn_severity.evidence.result import EvidenceReport
from ifn_severity.report.blocks import ReportFigure, ReportTable, Section
from ifn_severity.report.evidence_day import SIDES, day_figure, meta_figure
from ifn_severity.report.evidence_plane import (
    SOURCES,
    plane_cells,
    plane_figure,
    variance_figure,
)
from ifn_severity.report.evidence_rows import interval_in, records, value_in
from ifn_severity.report.evidence_words import (
    day_sentence,
    effect_words,
    p_words,
    share_words,
    together_sentence,
)
from ifn_severity.report.wording import interval_words, listed, number, percent, unbroken


def day_section(report: EvidenceReport) -> Section | None:
    """Return curves by day since onset and the meta-regression, or None where no day is known."""
    figures = []
    slopes = records(report.day_slopes)
    if not report.day_points.empty or not report.day_curves.empty:
        said = [
            f"{row['cohort']}, {row['term']}: "
            f"{effect_words(interval_in(row, 'slope', 'low', 'high'))}"
            for row in slopes
        ]
        figures.append(
            ReportFigure(
                "day-curves",
                day_figure(report),
                alt="Interferon score by day since onset, milder and severe patients, one panel a "
                f"cohort. Change in SD per 10 days: {'; '.join(said) or 'not known'}.",
                caption="One point a sample; 0 is the mean of the cohort's milder patients and 1 "
                "their standard deviation. Curves are restricted cubic splines of the day in a "
                "mixed model with a random intercept a patient, with 95 % bands. The dotted line "
                "parts early from late.",
            )
        )
    if not report.meta_points.empty:
        figures.append(
            ReportFigure(
                "day-effects",
                meta_figure(report),
                alt="Severity effect on the interferon score over the mean day since onset, one "
                f"point a cohort and stage. {day_sentence(report)}",
                caption="Above 0 the score is higher in severe patients. The larger the point, the "
                "smaller the variance of its effect.",
            )
        )
    if not figures:
        return None
    tables = []
    if slopes:
        tables.append(
            ReportTable(
                caption="Change of the interferon score in standard deviations per 10 days",
                columns=("Cohort", "Patients", "Change (95 % CI)", "p", "Patients", "Samples"),
                rows=tuple(
                    (
                        str(row["cohort"]),
                        str(row["term"]),
                        unbroken(
                            interval_words(interval_in(row, "slope", "low", "high"), to=" to ")
                        ),
                        p_words(value_in(row, "p")),
                        number(value_in(row, "n_patients"), 0),
                        number(value_in(row, "n_samples"), 0),
                    )
                    for row in slopes
                ),
                numeric=frozenset({2, 3, 4, 5}),
            )
        )
    if not report.meta_regression.empty:
        tables.append(_regression_table(report))
    return Section(
        "day",
        "Interferon by day since onset",
        (day_sentence(report),),
        figures=tuple(figures),
        tables=tuple(tables),
    )


def _regression_table(report: EvidenceReport) -> ReportTable:
    words = {"intercept": "Effect at day 10", "day": "Change of the effect per 10 days"}
    return ReportTable(
        caption="Meta-regression of the severity effect on the day since onset",
        columns=("Term", "Estimate (95 % CI)", "p", "Effects", "Cohorts", "τ²", "τ² without"),
        rows=tuple(
            (
                words.get(str(row["moderator"]), str(row["moderator"])),
                unbroken(interval_words(interval_in(row, "estimate", "low", "high"), to=" to ")),
                p_words(value_in(row, "p")),
                number(value_in(row, "n_effects"), 0),
                number(value_in(row, "n_cohorts"), 0),
                number(value_in(row, "tau2")),
                number(value_in(row, "tau2_without")),
            )
            for row in records(report.meta_regression)
        ),
        numeric=frozenset(range(1, 7)),
    )


def plane_section(report: EvidenceReport) -> Section | None:
    """Return the interferon × inflammation plane, or None where no patient has both."""
    cells = plane_cells(report)
    if not cells:
        return None
    figures = tuple(
        ReportFigure(
            "plane-cells" if len(cells) == 1 else f"plane-cells-{place}",
            plane_figure(report, cell_type),
            alt=f"Interferon against inflammation score in {cell_type or 'bulk blood'}, one point "
            f"a patient. {_plane_words(report, cell_type)}",
            caption="Dashed lines are the medians of the cohort's milder patients; a patient in "
            "the upper right has both programmes above them. If the programmes were independent "
            "and no different in severe disease, a quarter would lie there.",
        )
        for place, cell_type in enumerate(cells, start=1)
    )
    rows = tuple(
        (
            f"{row['cohort']}, {row['cell_type'] or 'bulk'}",
            SIDES[int(row["severe"])][3],
            number(value_in(row, "n_patients"), 0),
            unbroken(share_words(row)),
            unbroken(
                interval_words(
                    interval_in(row, "correlation", "correlation_low", "correlation_high"),
                    to=" to ",
                )
            ),
            p_words(value_in(row, "correlation_p")),
        )
        for row in records(report.coexistence)
    )
    table = ReportTable(
        caption="Both programmes in the same cells of the same patient",
        columns=(
            "Cohort and cells",
            "Patients",
            "n",
            "Both high (95 % CI)",
            "Correlation (95 % CI)",
            "p",
        ),
        rows=rows,
        numeric=frozenset({2, 3, 4, 5}),
    )
    sentence = together_sentence(report)
    return Section(
        "plane",
        "Interferon and inflammation in the same cells",
        (sentence,) if sentence else (),
        figures=figures,
        tables=(table,) if rows else (),
    )


def _plane_words(report: EvidenceReport, cell_type: str) -> str:
    table = report.coexistence
    said = [
        f"{row['cohort']}, {SIDES[int(row['severe'])][3]} {share_words(row)}"
        for row in records(table[table["cell_type"].astype(str) == cell_type])
    ]
    return f"Both high: {'; '.join(said)}." if said else "Shares are not known."


def variance_section(report: EvidenceReport) -> Section | None:
    """Return what the variance of the score is made of, or None where it was not taken apart."""
    rows = records(report.variance)
    if not rows:
        return None
    said = [
        f"{row['cohort']} {percent(value_in(row, 'share'))}"
        for row in rows
        if row["source"] == "severity" and value_in(row, "share") == value_in(row, "share")
    ]
    figure = ReportFigure(
        "variance-shares",
        variance_figure(report),
        alt="Share of the variance of the interferon score between severity groups, between "
        f"patients and within patients. Between severity groups: {listed(said) or 'not known'}.",
        caption="What is neither between severity groups nor between patients of a group is "
        "change within patients over time, and noise.",
    )
    table = ReportTable(
        caption="Shares of the variance of the interferon score",
        columns=("Cohort", "Source", "Share (95 % CI)", "Patients", "Samples"),
        rows=tuple(
            (
                str(row["cohort"]),
                SOURCES.get(str(row["source"]), ("", str(row["source"])))[1],
                unbroken(interval_words(interval_in(row, "share", "low", "high"), to=" to ")),
                number(value_in(row, "n_patients"), 0),
                number(value_in(row, "n_samples"), 0),
            )
            for row in rows
        ),
        numeric=frozenset({2, 3, 4}),
    )
    heading = "What the spread of the score is made of"
    sentence = (
        f"Severity groups account for this share of the variance of the score: {listed(said)}."
        if said
        else "The share of severity groups is not known."
    )
    return Section("variance", heading, (sentence,), figures=(figure,), tables=(table,))
