"""The sections of the explanation report, answer first."""

from __future__ import annotations

import pandas as pd

from ifn_severity.explain.summaries import feature_ranking
from ifn_severity.report.blocks import Part, ReportFigure, ReportTable, Section
from ifn_severity.report.dependence import dependence_figure, dependence_in_words
from ifn_severity.report.explanation import ExplanationReport
from ifn_severity.report.group_figure import group_share_figure
from ifn_severity.report.shap_figures import (
    beeswarm_figure,
    leading_interferon,
    ranked_bar_figure,
)
from ifn_severity.report.tables import TABLES
from ifn_severity.report.waterfall import waterfall_figure
from ifn_severity.report.wording import estimate, listed, number, patient_sentence

TOP_FEATURES = 20
TOP_GENES = 20
MAX_PATIENTS = 4

HELD_OUT = (
    "Every patient here was explained by a model that had not seen that patient: these are "
    "held-out (out-of-fold) attributions."
)
TRAINING = (
    "These are training rows: the model has seen these patients, so what leads here may lead less "
    "in new patients. Do not read the rankings as evidence from held-out data."
)
_LIMITS = (
    "An attribution says what the model used, not what causes severe disease.",
    "Genes that rise and fall together share their credit; which of them leads can change with the "
    "cohort or with a refit.",
    "Values are log-odds of the calibrated model: +0.69 doubles the odds, −0.69 halves them.",
)


def explanation_sections(report: ExplanationReport) -> list[Section]:
    """Return the sections of a report, figures drawn.

    Raises
    ------
    InputError
        If the model gives every feature an attribution of 0, or a chosen patient is unknown.
    """
    leading = feature_ranking(report.attributions)
    sections = [
        _facts(report),
        _groups(report),
        _ranking(report, leading),
        _beeswarm(report, leading),
        _genes(report),
        _dependence(report),
        _patients(report),
        *report.sections,
        _methods(report),
        _tables(report),
    ]
    return [section for section in sections if section is not None]


def _facts(report: ExplanationReport) -> Section:
    attributions = report.attributions
    n, m = attributions.values.shape
    facts: list[tuple[str, tuple[str, ...]]] = [
        ("Model", (attributions.model,)),
        ("Explained cohort", (f"{attributions.cohort}: {n} samples, {m} features",)),
    ]
    facts += [
        (str(term), (value,) if isinstance(value, str) else tuple(value))
        for term, value in report.facts.items()
    ]
    facts += [
        ("Rows", ("held out (out of fold)" if attributions.held_out else "training rows",)),
        ("Called severe from", (f"probability {number(report.threshold)}",)),
    ]
    metrics = ReportTable(
        caption="Held-out performance of the model",
        columns=("Metric", "Value"),
        rows=tuple((name, estimate(value)) for name, value in report.metrics.items()),
    )
    return Section(
        "model",
        "Model and patients",
        facts=tuple(facts),
        tables=(metrics,) if report.metrics else (),
    )


def _groups(report: ExplanationReport) -> Section:
    shares = report.group_shares
    words = [f"{group} {100 * share:.0f} %" for group, share in shares["share"].items()]
    net = [f"{group} {100 * share:.0f} %" for group, share in shares["net_share"].items()]
    figure = ReportFigure(
        "group_shares",
        group_share_figure(shares, simulated=report.attributions.simulated),
        alt=f"Bars: share of the attribution by group of features. Counting every feature: "
        f"{listed(words)}. Net within a patient: {listed(net)}.",
        caption="Solid bars count every feature: the group's part of all absolute attributions. "
        "Hatched bars first add up a group within each patient, so features that cancel each other "
        "count less. Right, where shown: the group's mean net push in patients who were severe "
        "and in those who were not.",
    )
    return Section("groups", "How much each group of features carries", figures=(figure,))


def _ranking(report: ExplanationReport, leading: pd.DataFrame) -> Section:
    top = leading.head(TOP_FEATURES)
    named = [
        f"{label} ({group}) {number(size)}"
        for label, group, size in zip(
            top["label"].head(5), top["group"].head(5), top["mean_abs_shap"].head(5), strict=True
        )
    ]
    figure = ReportFigure(
        "ranked_features",
        ranked_bar_figure(report.attributions, top=TOP_FEATURES),
        alt=f"Bars: mean absolute attribution of the leading features. First: {listed(named)}.",
        caption="Mean absolute attribution over all patients, in log-odds. Colours show the group. "
        "A score is the mean of a published gene list; the same gene can also stand on its own.",
    )
    return Section("ranking", "Features that move predictions most", figures=(figure,))


def _beeswarm(report: ExplanationReport, leading: pd.DataFrame) -> Section:
    top = leading.head(5)
    named = [
        f"{label}: {words}" for label, words in zip(top["label"], top["direction"], strict=True)
    ]
    figure = ReportFigure(
        "beeswarm",
        beeswarm_figure(report.attributions, top=TOP_FEATURES),
        alt="Beeswarm: one dot a patient for each leading feature. " + "; ".join(named) + ".",
        caption="One dot a patient. To the right the feature raises that patient's predicted risk, "
        "to the left it lowers it; colour is the feature's value, from low to high in this cohort.",
    )
    return Section("beeswarm", "Every patient, feature by feature", figures=(figure,))


def _genes(report: ExplanationReport) -> Section:
    ranking = report.gene_ranking
    if ranking.empty:
        return Section(
            "genes",
            "Interferon genes",
            paragraphs=("No interferon gene is among the features of this model.",),
        )
    shown = ranking.head(TOP_GENES)
    auroc = "univariate_auroc" in ranking.columns
    columns = ["Gene", "Rank", "Direction", "Mean |SHAP|", "Spearman ρ"]
    if auroc:
        columns.append("Gene's own AUROC")
    blank = pd.Series(float("nan"), index=shown.index)
    rows = [
        (
            str(shown.loc[at, "gene"]),
            str(place),
            str(shown.get("direction", blank).loc[at]),
            number(shown.loc[at, "mean_abs_shap"], 3),
            number(shown.get("spearman", blank).loc[at]),
            *((number(shown.loc[at, "univariate_auroc"]),) if auroc else ()),
        )
        for place, at in enumerate(shown.index, start=1)
    ]
    more = len(ranking) - len(shown)
    table = ReportTable(
        caption="Interferon genes by mean absolute attribution, log-odds"
        + (f"; the other {more} are in gene_ranking.csv" if more > 0 else ""),
        columns=tuple(columns),
        rows=tuple(rows),
        numeric=frozenset({1, 3, 4, 5}),
    )
    note = (
        "Spearman's ρ relates a gene's expression to its attribution across patients; near +1 or "
        "−1 the direction is the same for everyone, near 0 it is not."
    )
    return Section("genes", "Interferon genes", paragraphs=(note,), tables=(table,))


def _dependence(report: ExplanationReport) -> Section | None:
    features = leading_interferon(report.attributions)
    if not features:
        return None
    words = [dependence_in_words(report.attributions, name) for name in features]
    figure = ReportFigure(
        "dependence",
        dependence_figure(report.attributions, features),
        alt="Scatter plots of value against attribution. " + "; ".join(words) + ".",
        caption="One dot a patient; shape and colour are the recorded severity. The line is the "
        "median of a quarter of the patients at a time.",
    )
    heading = "How the leading interferon features act"
    return Section("dependence", heading, figures=(figure,))


def _patients(report: ExplanationReport) -> Section | None:
    parts = []
    for place, chosen in enumerate(report.patients[:MAX_PATIENTS], start=1):
        sentence = patient_sentence(report.attributions, chosen.sample, threshold=report.threshold)
        figure = ReportFigure(
            f"patient_{place}",
            waterfall_figure(report.attributions, chosen.sample),
            alt=f"Waterfall of sample {chosen.sample}. {sentence}",
            caption="Read from the bottom, the average prediction, to the top, this patient's. "
            "Each arrow is one feature with its value; right raises the predicted risk, left "
            "lowers it.",
        )
        why = f"Shown because: {chosen.why}."
        parts.append(Part(f"Sample {chosen.sample}", (why, sentence), (figure,)))
    if not parts:
        return None
    return Section("patients", "Single patients", parts=tuple(parts))


def _methods(report: ExplanationReport) -> Section:
    attributions = report.attributions
    paragraphs = (
        "Attributions are SHAP values (Lundberg & Lee 2017, NeurIPS 30) of the calibrated model in "
        "log-odds of severe disease. For each patient they add up from the average prediction to "
        f"the model's own log-odds; the largest difference here is {attributions.error:.1e} (at "
        "most 1e-4 is accepted). " + (HELD_OUT if attributions.held_out else TRAINING),
        "Colours follow Okabe & Ito (2008), so that colour-blind readers can tell them apart.",
    )
    facts = [("Versions", tuple(f"{name} {value}" for name, value in report.versions.items()))]
    facts.append(("Citations", report.citations))
    return Section(
        "methods",
        "Methods, versions and limits",
        paragraphs=paragraphs,
        facts=tuple((term, values) for term, values in facts if values),
        items=(*_LIMITS, *report.limits),
    )


def _tables(report: ExplanationReport) -> Section | None:
    if not report.tables_folder:
        return None
    return Section(
        "tables",
        "Tables",
        paragraphs=(f"The numbers behind this report are in {report.tables_folder}:",),
        facts=tuple((name, (text,)) for name, text in TABLES.items()),
    )
