"""Which way the leading genes push, by expression, day, cohort and stage, as a section."""

from __future__ import annotations

import math

from ifn_severity.report.blocks import Details, Note, Part, ReportFigure, ReportTable, Section
from ifn_severity.report.explanation import ExplanationReport
from ifn_severity.report.explanation_direction import direction_figure, knows_days, time_figure
from ifn_severity.report.explanation_effects import effects_figure, stage_rows
from ifn_severity.report.explanation_samples import leading_genes
from ifn_severity.report.explanation_words import (
    apart_words,
    cautions,
    direction_sentences,
    effect_words,
    share_words,
    sign_note,
)
from ifn_severity.report.wording import listed, number, signed, unbroken


def direction_section(report: ExplanationReport) -> Section | None:
    """Return which way the leading genes push: by expression, by day, by cohort and stage."""
    explained = report.explained
    genes = leading_genes(explained)
    if not genes:
        return None
    sentences = direction_sentences(explained)
    warning, warn = sign_note(explained)
    differs = tuple(text for text in cautions(explained).values() if text)
    parts = [
        Part(
            "Against expression, by cohort",
            figures=(
                ReportFigure(
                    "direction",
                    direction_figure(explained),
                    alt="Expression against attribution for each leading interferon gene, one "
                    f"colour a cohort. {' '.join(sentences)}",
                    caption="One point a sample, in held-out log-odds. A line is the running "
                    "median of a cohort with at least 20 samples. Filled points were sampled up "
                    "to day 10, hollow ones later, pale ones on an unknown day. All panels share "
                    "one scale, so that a small effect looks small.",
                ),
            ),
        )
    ]
    if knows_days(explained):
        parts.append(
            Part(
                "Against the day since onset",
                figures=(
                    ReportFigure(
                        "time",
                        time_figure(explained),
                        alt="Attribution of each leading interferon gene against the day since "
                        f"onset, severe patients apart from the others: {listed(genes)}.",
                        caption="Samples of cohorts that recorded the day, each less the mean of "
                        "its cohort, so that how a cohort was measured does not pass for time. "
                        "Lines are running medians; the dashed line ends the early days.",
                    ),
                ),
            )
        )
    else:
        parts.append(
            Part(
                "Against the day since onset",
                (
                    "None of these cohorts recorded the day since onset, so early and late samples "
                    "cannot be told apart.",
                ),
            )
        )
    parts.append(
        Part(
            "By cohort and stage",
            differs,
            figures=(
                ReportFigure(
                    "effects",
                    effects_figure(explained),
                    alt="Slope of attribution on expression, and log2 fold change between severe "
                    "and other patients, by cohort and stage, for "
                    f"{listed(genes)}. {warning}",
                    caption="Above: what one log2 unit more of the gene does to the log-odds in "
                    "the model. Below: how the gene itself differs, with its 95 % interval; an "
                    "arrowhead says that one goes on. Where a marker changes sides of the line, "
                    "the sign changes.",
                ),
            ),
            details=(_effects(report, genes),),
        )
    )
    return Section(
        "direction",
        "Direction and time",
        notes=(Note(warning, warn=warn),),
        parts=tuple(parts),
        tables=(_directions(report, genes),),
    )


def _differs(report: ExplanationReport, gene: str) -> str:
    """Say what differs for sure or speaks against the gene, else what points apart."""
    sure = str(report.explained.interferon.loc[gene, "caution"])
    apart = apart_words(report.explained, gene)
    return sure or (f"Not sure: {apart}." if apart else "nothing")


def _directions(report: ExplanationReport, genes: list[str]) -> ReportTable:
    table = report.explained.interferon.loc[genes]
    return ReportTable(
        caption="Direction of the leading interferon genes in the model",
        columns=("Gene", "Direction", "Cohorts", "Same in refits", "What differs in the data"),
        rows=tuple(
            (
                str(gene),
                str(about["direction"]),
                unbroken(str(about["cohorts_agree"]) or "–"),
                share_words(float(about["sign_stability"])),
                _differs(report, str(gene)),
            )
            for gene, about in table.iterrows()
        ),
    )


def _effects(report: ExplanationReport, genes: list[str]) -> Details:
    rows = stage_rows(report.explained)
    order = {gene: place for place, gene in enumerate(genes)}
    rows = rows[rows["gene"].isin(genes)].sort_values("gene", key=lambda g: g.map(order))
    table = ReportTable(
        caption="Effects of the leading interferon genes by cohort and stage",
        columns=(
            "Gene",
            "Cohort",
            "Stage",
            "Mild",
            "Severe",
            "Slope",
            "log2 fold change (95 % CI)",
            "Own AUROC (95 % CI)",
        ),
        rows=tuple(
            (
                str(row["gene"]),
                str(row["cohort"]),
                str(row["stage"]),
                number(row["n_mild"], 0),
                number(row["n_severe"], 0),
                signed(row["slope"]) if not math.isnan(row["slope"]) else "–",
                effect_words(row, "log2_fold_change", "fold_low", "fold_high"),
                effect_words(row, "auroc", "auroc_low", "auroc_high"),
            )
            for _, row in rows.iterrows()
        ),
        numeric=frozenset({3, 4, 5, 6, 7}),
    )
    return Details("The numbers by gene, cohort and stage", tables=(table,))
