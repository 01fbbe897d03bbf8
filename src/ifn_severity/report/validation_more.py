"""The later sections of the validation report: transfer, controls, candidates, subgroups."""

from __future__ import annotations

import math

from ifn_severity.report.blocks import ReportFigure, ReportTable, Section
from ifn_severity.report.comparison_figure import comparison_figure
from ifn_severity.report.control_figures import controls_figure, finite, learning_figure
from ifn_severity.report.matrix_figure import matrix_candidates, matrix_figure
from ifn_severity.report.validation import ValidationReport
from ifn_severity.report.validation_biology import biology_sentence
from ifn_severity.report.validation_words import choice_sentence
from ifn_severity.report.wording import listed, number

_TOP = 24  # candidates drawn; the rest are in the table


def transfer_section(report: ValidationReport) -> Section | None:
    """Return the matrix of training and test cohorts, or None where it was not run."""
    if report.matrix.empty:
        return None
    drawn = matrix_candidates(report)
    means = []
    for feature_set, model in drawn:
        is_it = (report.matrix["feature_set"] == feature_set) & (report.matrix["model"] == model)
        value = report.matrix.loc[is_it, "auroc"].astype(float).mean()
        means.append(f"{feature_set}, {model}: {number(value)}")
    figure = ReportFigure(
        "matrix",
        matrix_figure(report),
        alt=f"Heat maps of AUROC, trained on the row's cohort and tested on the column's. Mean "
        f"over pairs of different cohorts: {listed(means)}.",
        caption="Framed and in italics: nested cross-validation inside one cohort, the figure "
        "that a study of that cohort alone would report. A gap between it and the rest of its "
        "column is what such a study hides.",
    )
    heading = "Trained on one cohort, tested on another"
    return Section("matrix", heading, figures=(figure,))


def controls_section(report: ValidationReport) -> Section:
    """Return what random panels and shuffled labels give."""
    heading = "Controls: random genes and shuffled labels"
    paragraphs = [biology_sentence(report)]
    if not finite(report.shuffled).size:
        paragraphs.append("Labels were not shuffled in this run.")
    figures: tuple[ReportFigure, ...] = ()
    if finite(report.random_panels).size or finite(report.shuffled).size:
        figures = (
            ReportFigure(
                "controls",
                controls_figure(report),
                alt="Histograms of mean AUROC under controls against the headline. "
                + " ".join(paragraphs),
                caption="A panel of interferon and cytokine genes that is no better than genes "
                "drawn by lot says nothing about interferon. With shuffled labels the AUROC must "
                "lie around 0.5.",
            ),
        )
    return Section("controls", heading, tuple(paragraphs), figures=figures)


def candidates_section(report: ValidationReport) -> Section | None:
    """Return the candidates and what was chosen among them, or None where there are none."""
    if report.candidates.empty:
        return None
    table = report.candidates.head(_TOP).rename(
        columns={"mean_auroc": "auroc", "mean_low": "auroc_low", "mean_high": "auroc_high"}
    )
    more = len(report.candidates) - len(table)
    figure = ReportFigure(
        "candidates",
        comparison_figure(
            table.reset_index(drop=True),
            subtitle="Mean AUROC over held-out cohorts, 95 % interval",
            simulated=report.simulated,
        ),
        alt=f"Forest plot of {len(table)} rows, the nested choice first; the best candidate with "
        f"hindsight is {report.headline.get('best_candidate')} with "
        f"{number(report.headline.get('best_of_many', math.nan))}.",
        caption="The best of many is flattered by the choice. The headline of this report is the "
        "nested figure, not the top of this list."
        + (f" {more} more candidates are in candidates.csv." if more else ""),
    )
    chosen = report.headline.get("chosen", {})
    facts = tuple(
        (str(cohort), (names if isinstance(names, str) else listed([*map(str, names)]),))
        for cohort, names in chosen.items()
    )
    paragraphs = [choice_sentence(report)]
    if facts:
        fixed = "Fixed before any cohort was predicted:"
        chosen_how = "Chosen without the cohort that it then predicted:"
        paragraphs.append(fixed if report.headline.get("fixed") else chosen_how)
    return Section(
        "candidates",
        "What was tried and how the choice was made",
        tuple(paragraphs),
        facts=facts,
        figures=(figure,),
    )


def subgroups_section(report: ValidationReport) -> Section | None:
    """Return results by sex and age group, or None where there are none."""
    if report.subgroups.empty:
        return None
    rows, unknown = [], dict[str, list[str]]()
    for row in report.subgroups.to_dict("records"):
        if not float(row["n_mild"]) + float(row["n_severe"]) > 0:
            unknown.setdefault(str(row["cohort"]), []).append(str(row["subgroup"]))
            continue
        known = row["auroc"] == row["auroc"] and row["auroc"] is not None
        interval = f" ({number(row['auroc_low'])}–{number(row['auroc_high'])})" if known else ""
        rows.append(
            (
                str(row["cohort"]),
                str(row["subgroup"]),
                number(row["n_mild"], 0),
                number(row["n_severe"], 0),
                number(row["auroc"]) + interval,
            )
        )
    table = ReportTable(
        caption="Held-out AUROC by sex and age group",
        columns=("Cohort", "Subgroup", "Mild", "Severe", "AUROC (95 % CI)"),
        rows=tuple(rows),
        numeric=frozenset({2, 3, 4}),
    )
    note = (
        "A dash stands where a class has fewer than five patients. Intervals of small subgroups "
        "are wide: a difference between two of them proves little."
    )
    nobody = [f"{cohort} ({listed(groups)})" for cohort, groups in unknown.items()]
    notes = (note, f"Nobody is known to belong to these: {listed(nobody)}.") if nobody else (note,)
    return Section("subgroups", "By sex and age", notes, tables=(table,) if rows else ())


def learning_section(report: ValidationReport) -> Section | None:
    """Return the learning curve, or None where it was not run."""
    if report.learning.empty:
        return None
    rows = report.learning.sort_values("n_patients", kind="stable")
    words = [
        f"{number(n, 0)} patients {number(value)}"
        for n, value in zip(rows["n_patients"], rows["mean_auroc"], strict=True)
    ]
    figure = ReportFigure(
        "learning",
        learning_figure(report),
        alt=f"Learning curve, mean held-out AUROC: {listed(words)}.",
        caption="Trained on a part of the training patients. Where the line still rises, more "
        "patients would help; where it is flat, they would not. The band holds 95 % of repeated "
        "draws of patients; all of them can be drawn in one way only, so it closes there. It does "
        "not show how far other cohorts would differ.",
    )
    return Section("learning", "Whether more patients would help", figures=(figure,))
