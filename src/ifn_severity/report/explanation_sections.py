"""The sections of the explanation report, answer first: where interferon matters, and the genes."""

from __future__ import annotations

import math

import pandas as pd

from ifn_severity.explain.stability_words import stability_words
from ifn_severity.report.blocks import (
    Details,
    Note,
    ReportFigure,
    ReportTable,
    Section,
)
from ifn_severity.report.explanation import ExplanationReport
from ifn_severity.report.explanation_genes import all_genes, gene_table, rank_words
from ifn_severity.report.explanation_methods import methods_section, model_section, tables_section
from ifn_severity.report.explanation_more import (
    evidence_section,
    families_section,
    interactions_section,
)
from ifn_severity.report.explanation_people import patients_section
from ifn_severity.report.explanation_plane import plane_figure
from ifn_severity.report.explanation_random import random_figure
from ifn_severity.report.explanation_ranking import TOP_GENES, ranking_figure
from ifn_severity.report.explanation_samples import exchange_letters, leading_genes
from ifn_severity.report.explanation_swarm import beeswarm_figure
from ifn_severity.report.explanation_time import direction_section
from ifn_severity.report.explanation_where import where_figure
from ifn_severity.report.explanation_words import (
    effect_words,
    exchange_sentence,
    first_place_sentence,
    random_sentence,
    share_words,
    where_sentences,
)
from ifn_severity.report.wording import listed, number


def explanation_sections(report: ExplanationReport) -> list[Section]:
    """Return the sections of a report, figures drawn."""
    sections = [
        where_section(report),
        genes_section(report),
        families_section(report),
        direction_section(report),
        interactions_section(report),
        evidence_section(report),
        patients_section(report),
        model_section(report),
        methods_section(report),
        tables_section(report),
    ]
    return [section for section in sections if section is not None]


def where_section(report: ExplanationReport) -> Section:
    """Return where interferon matters: cohorts, stages, patients, beside random genes."""
    explained = report.explained
    sentences = where_sentences(explained)
    figures = []
    table = explained.where
    if table[["difference", "alone", "share"]].notna().any(axis=None):
        figures.append(
            ReportFigure(
                "where",
                where_figure(explained),
                alt="What interferon adds to held-out AUROC, the interferon score alone and its "
                f"part of the decision, by cohort and stage. {' '.join(sentences)}",
                caption="Left: held-out AUROC with interferon genes less without them; bars are "
                "paired 95 % bootstrap intervals. Middle: the six-gene interferon score (Rice "
                "2013) by itself; below 0.5 a low score goes with severe disease. Right: the part "
                "of all absolute attribution that interferon genes carry there; the mean is that "
                "of all explained cohorts, each counting once.",
            )
        )
    counts = explained.plane["quadrant"].value_counts()
    named = listed([f"{name} {count}" for name, count in counts.items()])
    figures.append(
        ReportFigure(
            "plane",
            plane_figure(explained),
            alt="Every sample by inflammation score and interferon score, one panel a cohort, "
            f"coloured by the net push of its interferon genes. Samples in the quadrants: {named}.",
            caption="One point a sample; its shape is the recorded severity, its colour how far "
            "the interferon genes together move its log-odds: orange towards severe, blue away "
            "from it. A cohort of one colour is shifted as a whole, by how it was measured or by "
            f"whom it took in. Dashed lines part low from high: {_basis(explained.cutpoints)}.",
        )
    )
    if len(explained.random_aurocs):
        figures.append(
            ReportFigure(
                "random",
                random_figure(explained),
                alt=f"Held-out AUROC of panels of random genes. {random_sentence(explained)}",
                caption=f"{random_sentence(explained)} One grey dot is one panel of random genes, "
                "fitted and held out the same way.",
            )
        )
    details = (Details("The numbers by cohort and stage", tables=(_where_table(table),)),)
    return Section(
        "where",
        "Where interferon matters",
        tuple(sentences),
        figures=tuple(figures),
        details=details if len(table) else (),
    )


def _basis(cutpoints: pd.DataFrame) -> str:
    bases = list(dict.fromkeys(cutpoints["basis"].astype(str)))
    if len(bases) == 1:
        return bases[0]
    return "; ".join(f"{name}: {basis}" for name, basis in cutpoints["basis"].items())


def _where_table(table: pd.DataFrame) -> ReportTable:
    return ReportTable(
        caption="Held-out AUROC with and without interferon genes",
        columns=(
            "Cohort",
            "Stage",
            "Mild",
            "Severe",
            "With",
            "Without",
            "Difference (95 % CI)",
            "Score alone",
            "Share",
        ),
        rows=tuple(
            (
                str(row["cohort"]),
                str(row["stage"]),
                number(row["n_mild"], 0),
                number(row["n_severe"], 0),
                number(row["with_"], 3),
                number(row["without"], 3),
                effect_words(row, "difference", "low", "high"),
                number(row["alone"]),
                share_words(float(row["share"])),
            )
            for _, row in table.iterrows()
        ),
        numeric=frozenset(range(2, 9)),
    )


def genes_section(report: ExplanationReport) -> Section:
    """Return the leading interferon genes: how much, how surely, in whom."""
    explained = report.explained
    genes = leading_genes(explained, TOP_GENES)
    heading = "Leading interferon genes"
    if not genes:
        words = "The model gives every interferon gene an attribution of 0."
        return Section("genes", heading, (words,))
    table = explained.interferon
    top = table.loc[genes]
    stability = explained.stability
    stable = stability_words(stability, len(table))
    letters = exchange_letters(explained, genes)
    lettered = " Genes with the same letter stand in for each other." if letters else ""
    if ((top["mean_abs_shap"] < top["low"]) | (top["mean_abs_shap"] > top["high"])).any():
        lettered += " A marker outside its bar leads in this fit and seldom in others."
    if (top["stand_in"] != "").any():
        lettered += " Hollow markers have no effect of their own beside the gene they follow."
    named = [
        f"{gene} {number(about['mean_abs_shap'], 3)}"
        + ("" if math.isnan(about["rank_low"]) else f" (rank {rank_words(about)})")
        for gene, about in top.head(5).iterrows()
    ]
    ranking = ReportFigure(
        "ranking",
        ranking_figure(explained),
        alt="Leading interferon genes by mean absolute attribution in log-odds, with intervals of "
        f"attribution and rank. First: {listed(named)}. {stable}",
        caption="Held-out attribution, averaged so that cohorts count alike. Bars are 95 % "
        "intervals over refits on resampled patients; the shaded ranks are the top ten." + lettered,
    )
    swarm = ReportFigure(
        "beeswarm",
        beeswarm_figure(explained),
        alt="One dot a sample for each leading interferon gene, placed at its held-out "
        "attribution and coloured by expression. "
        + "; ".join(f"{gene}: {about['direction']}" for gene, about in top.head(5).iterrows())
        + ".",
        caption="One dot a sample. To the right the gene raises that sample's predicted risk, to "
        "the left it lowers it. Colour is the gene's expression within its cohort, so that the "
        "platform of a cohort does not pass for biology.",
    )
    note = Note(stable, warn=stability.stable is not True)
    return Section(
        "genes",
        heading,
        (first_place_sentence(explained), exchange_sentence(explained)),
        notes=(note,),
        figures=(ranking, swarm),
        tables=(gene_table(report.explained, genes),),
        details=(all_genes(report.explained),),
    )
