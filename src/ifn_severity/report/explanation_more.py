"""Families, interactions, and the evidence beside SHAP, as sections of the report."""

from __future__ import annotations

import math
from collections.abc import Mapping

import pandas as pd

from ifn_severity.explain.evidence import OWN_COEFFICIENT
from ifn_severity.report.blocks import Badge, Details, ReportFigure, ReportTable, Section
from ifn_severity.report.explanation import ExplanationReport
from ifn_severity.report.explanation_evidence import evidence_figure
from ifn_severity.report.explanation_families import families_figure
from ifn_severity.report.explanation_interactions import interactions_figure, product_terms
from ifn_severity.report.explanation_words import (
    agreement_sentence,
    effect_words,
    named_shares,
    share_words,
    triple,
)
from ifn_severity.report.wording import listed, number, signed, unbroken


def families_section(report: ExplanationReport) -> Section | None:
    """Return what each family of genes carries, over all and by cohort."""
    table = report.explained.families
    if table.empty:
        return None
    net = table.sort_values("net_share", ascending=False, kind="stable")
    figure = ReportFigure(
        "families",
        families_figure(report.explained),
        alt="Share of the decision by family of genes, with 95 % intervals, the mean push in "
        f"severe and other patients, and the share in each cohort. "
        f"Grouped Shapley shares: {named_shares(net['net_share'], len(net))}.",
        caption="Filled dots: grouped Shapley value of a family, in which genes that cancel each "
        "other within a patient count less; hollow dots: every gene counted. Bars are 95 % "
        "intervals. Bold families are interferon; the number of genes stands in brackets. Middle: "
        "which way a family pushes severe patients and the others. Where there are several "
        "cohorts, the filled dots stand at the right, cohort by cohort.",
    )
    shown = ReportTable(
        caption="Families of genes",
        columns=(
            "Family",
            "Group",
            "Genes",
            "Share, family as one",
            "Share, every gene",
            "Push in severe",
            "Push in others",
        ),
        rows=tuple(
            (
                str(name),
                str(about["group"]),
                number(about["n_genes"], 0),
                unbroken(
                    share_words(*triple(about, "net_share", "net_share_low", "net_share_high"))
                ),
                unbroken(share_words(*triple(about, "share", "share_low", "share_high"))),
                signed(about["net_severe"]),
                signed(about["net_mild"]),
            )
            for name, about in net.iterrows()
        ),
        numeric=frozenset({2, 3, 4, 5, 6}),
    )
    interferon = net[net["interferon"].astype(bool)]
    answer = report.explained.answer
    words = (
        "A family is attributed as one player (grouped Shapley value), so that genes which cancel "
        "each other within a patient count less. By this measure, of the interferon families "
        f"these carry most: {named_shares(interferon['net_share'])}. All interferon families carry "
        f"{share_words(answer.net_share, answer.net_share_low, answer.net_share_high)} by it; the "
        f"{share_words(answer.share)} of the answer counts every gene by itself, and the two "
        "measures are not parts of each other.",
    )
    return Section(
        "families",
        "Families of genes",
        words if len(interferon) else (),
        figures=(figure,),
        details=(Details("The numbers by family", tables=(shown,)),),
    )


def interactions_section(report: ExplanationReport) -> Section | None:
    """Return whether interferon acts otherwise beside inflammation, or on another day."""
    explained = report.explained
    table = explained.interactions
    if table.empty:
        return None
    words = _overall_words(table)
    if words and not product_terms(explained).empty:
        words += ("These intervals are not corrected for the number of comparisons.",)
    figures: tuple[ReportFigure, ...] = ()
    if not product_terms(explained).empty:
        figures = (
            ReportFigure(
                "interactions",
                interactions_figure(explained),
                alt="What a product term adds to held-out AUROC and its coefficient, by cohort. "
                + (" ".join(words) or "Numbers are in the table below."),
                caption="A small linear model with and without the term, held out; bars are "
                "paired 95 % intervals. With a coefficient above 0, more of the second raises what "
                "interferon adds to the risk; below 0 it lowers it.",
            ),
        )
    shown = ReportTable(
        caption="Interactions of interferon",
        columns=(
            "Interaction",
            "Kind",
            "Cohort",
            "Difference in AUROC (95 % CI)",
            "Coefficient",
            "Mean |SHAP|",
            "Share",
        ),
        rows=tuple(
            (
                str(row["interaction"]),
                str(row["kind"]),
                str(row["cohort"]),
                "–"
                if math.isnan(row["difference"])
                else f"{signed(row['difference'], 3)} "
                f"({signed(row['low'], 3)} to {signed(row['high'], 3)})",
                number(row["coefficient"]),
                number(row["mean_abs"], 3),
                "–" if math.isnan(row["share"]) else share_words(row["share"]),
            )
            for _, row in table.iterrows()
        ),
        numeric=frozenset({3, 4, 5, 6}),
    )
    return Section(
        "interactions",
        "Interferon with inflammation, and with the day",
        words,
        figures=figures,
        details=(Details("The numbers by interaction and cohort", tables=(shown,)),),
    )


def _overall_words(table: pd.DataFrame) -> tuple[str, ...]:
    """Return what is said of each interaction over all cohorts, else of each cohort."""
    said = []
    for _, rows in table.groupby(["interaction", "kind"], sort=False):
        overall = rows[rows["cohort"].astype(str) == "mean"]
        said += [str(text) for text in (rows if overall.empty else overall)["words"] if text]
    return tuple(text[:1].upper() + text[1:] for text in dict.fromkeys(said))


def _review_table(cited: Mapping[str, str]) -> ReportTable:
    """Return what ``ifn-severity evidence`` finds of each gene, all patients together."""
    return ReportTable(
        caption="The review's question put to each gene: severe against milder patients in the "
        "blood cohorts on disk",
        columns=("Gene", "Evidence"),
        rows=tuple(cited.items()),
    )


def evidence_section(report: ExplanationReport) -> Section | None:
    """Return SHAP beside the gene's own effect, permutation importance and a coefficient."""
    explained = report.explained
    table = explained.evidence
    if table.empty:
        return None
    sentence = agreement_sentence(explained)
    models = listed([name for name in dict.fromkeys(table["coefficient_of"].astype(str)) if name])
    own = ", which decides no agreement" if OWN_COEFFICIENT in models else ""
    figure = ReportFigure(
        "evidence",
        evidence_figure(explained),
        alt="Mean absolute SHAP, own AUROC and log2 fold change by cohort, permutation importance "
        f"and linear coefficient of {len(table)} leading interferon genes. {sentence}",
        caption="Orange: more expression goes with severe disease, or raises the predicted risk; "
        "blue: the opposite. Own AUROC and fold change use the gene alone. Permutation: the loss "
        "of held-out AUROC when the gene is shuffled within cohorts, with its 95 % interval. "
        f"Coefficient: {models or 'linear model'}{own}. A cross marks genes whose "
        "evidence disagrees.",
    )
    cited = {str(gene): str(words) for gene, words in table["review"].items() if str(words)}
    shown = ReportTable(
        caption="The leading interferon genes beside independent evidence",
        columns=(
            "Gene",
            "Mean |SHAP|",
            "Own AUROC",
            "log2 fold change",
            "Permutation",
            "Coefficient",
            "Agreement",
        ),
        rows=tuple(
            (
                str(gene),
                number(about["mean_abs_shap"], 3),
                effect_words(about, "auroc", "auroc_low", "auroc_high"),
                effect_words(about, "log2_fold_change", "fold_low", "fold_high"),
                number(about["permutation_importance"], 4),
                "–" if math.isnan(about["coefficient"]) else signed(about["coefficient"], 3),
                Badge("agrees", "good") if about["agrees"] else Badge("does not", "bad"),
            )
            for gene, about in table.iterrows()
        ),
        numeric=frozenset({1, 2, 3, 4, 5}),
    )
    said = ReportTable(
        caption="What the evidence says of each gene",
        columns=("Gene", "Agreement"),
        rows=tuple((str(gene), str(words)) for gene, words in table["agreement"].items()),
    )
    return Section(
        "evidence",
        "Against independent evidence",
        (sentence,),
        figures=(figure,),
        tables=(shown, *((_review_table(cited),) if cited else ())),
        details=(Details("The agreement, gene by gene, in words", tables=(said,)),),
    )
