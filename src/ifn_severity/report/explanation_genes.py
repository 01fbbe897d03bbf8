"""Tables of genes: one line a gene or exchangeable group, and the whole panel's leaders."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from ifn_severity.explain.result import Explained
from ifn_severity.explain.summaries import MIXED
from ifn_severity.report.blocks import Details, Opened, ReportTable
from ifn_severity.report.explanation_ranking import TOP_GENES
from ifn_severity.report.explanation_samples import row_of
from ifn_severity.report.explanation_words import share_words
from ifn_severity.report.wording import number, unbroken


def rank_words(about: pd.Series) -> str:
    """Write the interval of a gene's rank, a dash where there is none."""
    if not np.isfinite(about["rank_low"]):
        return "–"
    return f"{about['rank_low']:.0f}–{about['rank_high']:.0f}"


_COLUMNS = (
    "Gene",
    "Family",
    unbroken("Rank (95 %)"),
    unbroken("Mean |SHAP| (95 % CI)"),
    "Top ten",
    "Same sign",
    "Risk",
)


def _line(explained: Explained, gene: str, about: pd.Series, label: str = "") -> tuple[str, ...]:
    ranks = rank_words(about)
    way = _way(about)
    if gene in explained.stand_ins.index:
        leader = explained.stand_ins.loc[gene, "stands_in_for"]
        way = f"{way}; no effect of its own once {leader!s} is known"
    return (
        label or gene,
        str(about["family"]),
        unbroken(f"{about['rank']:.0f}" + ("" if ranks == "–" else f" ({ranks})")),
        _size(about),
        unbroken(share_words(float(about["p_top10"]))),
        unbroken(share_words(float(about["sign_stability"]))),
        way,
    )


def _way(about: pd.Series) -> str:
    """Say in a word or two which way a gene pushes, and in how many cohorts."""
    word = "raises"
    if about["direction"] == MIXED:
        word = MIXED
    elif about["sign"] < 0:
        word = "lowers"
    agree = str(about["cohorts_agree"])
    return unbroken(f"{word} ({agree})" if agree and word != MIXED else word)


def _size(about: pd.Series) -> str:
    size = number(about["mean_abs_shap"], 3)
    if math.isnan(about["low"]):
        return size
    return unbroken(f"{size} ({number(about['low'], 3)}–{number(about['high'], 3)})")


def gene_table(explained: Explained, genes: list[str]) -> ReportTable:
    """Return one line a gene, or a group of genes that stand in for each other."""
    table = explained.interferon
    groups = explained.exchangeable.set_index("group")
    rows: list[tuple[str, ...]] = []
    opened: dict[int, Opened] = {}
    told: set[str] = set()
    for gene in genes:
        group = str(table.loc[gene, "exchangeable"])
        if not group or group not in groups.index:
            rows.append(_line(explained, gene, row_of(table, gene)))
            continue
        if group in told:
            continue
        told.add(group)
        about = row_of(groups, group)
        own = table[table.index.isin(list(about["members"]))].sort_values("rank", kind="stable")
        others = int(about["n"]) - 1
        label = f"{gene} and {others} that go{'es' if others == 1 else ''} with it"
        opened[len(rows)] = Opened(
            _group_words(about),
            tuple(_line(explained, str(name), row) for name, row in own.iterrows()),
        )
        rows.append(_line(explained, gene, row_of(table, gene), label))
    left = len(table) - len(genes)
    return ReportTable(
        caption="Interferon genes, one line a gene or group of genes that stand in for each other"
        + (f"; the other {left} are in gene_ranking.csv" if left > 0 else ""),
        columns=_COLUMNS,
        rows=tuple(rows),
        numeric=frozenset({2, 3, 4, 5}),
        opened=opened,
    )


def _group_words(group: pd.Series) -> str:
    left = int(group["n"]) - len(set(group["members"]))
    return str(group["words"]) + (f" {left} more are not named." if left > 0 else "")


def all_genes(explained: Explained) -> Details:
    """Return the leading genes of the whole panel, to be opened."""
    top = explained.genes.sort_values("rank").head(TOP_GENES)
    table = ReportTable(
        caption="Leading genes of the whole panel, interferon or not",
        columns=("Gene", "Rank", "Group", "Family", "Mean |SHAP| (95 % CI)", "Direction"),
        rows=tuple(
            (
                str(gene),
                f"{about['rank']:.0f}",
                str(about["group"]),
                str(about["family"]),
                _size(about),
                str(about["direction"]),
            )
            for gene, about in top.iterrows()
        ),
        numeric=frozenset({1, 4}),
    )
    return Details(f"The {len(top)} leading genes of the whole panel", tables=(table,))
