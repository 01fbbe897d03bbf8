"""Which interferon genes lead, and how surely: attribution, rank, top ten and sign."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, NullLocator

from ifn_severity.errors import InputError
from ifn_severity.explain.result import Explained
from ifn_severity.explain.summaries import MIXED
from ifn_severity.report.explanation_samples import exchange_letters, leading_genes
from ifn_severity.report.style import (
    BLUE,
    GREY,
    INK,
    PALE,
    VERMILLION,
    figure_style,
    finish,
    new_figure,
)

TOP_GENES = 20
_ROW = 0.235  # inches a gene
#: Which way a gene pushes: marker, colour, words.
SIGNS: dict[int, tuple[str, str, str]] = {
    1: ("^", VERMILLION, "more expression, higher risk"),
    -1: ("v", BLUE, "more expression, lower risk"),
    0: ("o", GREY, "no single direction"),
}


def ranking_figure(explained: Explained, *, top: int = TOP_GENES) -> Figure:
    """Draw the leading interferon genes with the intervals of their attribution and rank.

    Parameters
    ----------
    explained : Explained
        What was found.
    top : int
        How many genes.

    Returns
    -------
    matplotlib.figure.Figure
        Attribution; and, where refits were run, rank, share of draws in the top ten and share of
        draws with the same sign. Markers carry the gids ``gene-<name>`` and ``rank-<name>``.
        Genes that follow another without an effect of their own are hollow.

    Raises
    ------
    InputError
        If no interferon gene has any attribution.
    """
    genes = leading_genes(explained, top)
    if not genes:
        raise InputError(
            f"model {explained.gene_level.model} gives every interferon gene an attribution of 0",
            expected="at least one interferon gene that the model uses",
            do="train another model, or leave the ranking out",
        )
    table = explained.interferon.loc[genes]
    refits = bool(table["rank_low"].notna().any())
    letters = exchange_letters(explained, genes)
    with figure_style():
        figure = new_figure(_ROW * len(genes) + 1.35)
        ratios = (3.1, 2.2, 1.0, 1.0) if refits else (1,)
        panels = figure.subplots(1, len(ratios), sharey=True, width_ratios=ratios, squeeze=False)[0]
        _attribution(panels[0], table)
        if refits:
            _ranks(panels[1], table)
            _shares(panels[2], table["p_top10"], "In the\ntop ten")
            _shares(panels[3], table["sign_stability"], "Same\nsign")
        names = [f"{gene} ({letters[gene]})" if gene in letters else gene for gene in genes]
        panels[0].set_yticks(range(len(genes)), names)
        panels[0].set_ylim(len(genes) - 0.4, -0.6)
        for axes in panels:
            axes.tick_params(axis="y", length=0)
            for row in range(0, len(genes), 2):
                axes.axhspan(row - 0.5, row + 0.5, color="#F5F5F5", linewidth=0, zorder=-5)
        _explain(figure, table)
        finish(figure, simulated=explained.gene_level.simulated)
    return figure


def _attribution(axes: Axes, table: pd.DataFrame) -> None:
    for row, (gene, about) in enumerate(table.iterrows()):
        marker, colour, _ = sign_look(about)
        axes.plot([about["low"], about["high"]], [row, row], color=colour, linewidth=1.6)
        axes.plot(
            about["mean_abs_shap"],
            row,
            marker=marker,
            color=colour,
            markerfacecolor="white" if about["stand_in"] else colour,
            markersize=6,
            gid=f"gene-{gene}",
        )
    axes.set_xlim(left=0)
    axes.grid(visible=True, axis="x")
    axes.set_xlabel("Mean |attribution|, log-odds")
    axes.set_title("How much")


def sign_look(about: pd.Series) -> tuple[str, str, str]:
    """Return marker, colour and words of a gene's direction; of none where it is not sure.

    Parameters
    ----------
    about : Series
        A gene's row of ``Explained.interferon``.
    """
    sure = about["direction"] != MIXED and np.isfinite(about["sign"])
    return SIGNS[int(np.sign(about["sign"])) if sure else 0]


def _ranks(axes: Axes, table: pd.DataFrame) -> None:
    axes.axvspan(0.8, 10.5, color=PALE, alpha=0.45, linewidth=0, zorder=-4)
    for row, (gene, about) in enumerate(table.iterrows()):
        axes.plot([about["rank_low"], about["rank_high"]], [row, row], color=INK, linewidth=1.4)
        axes.plot(about["rank"], row, marker="o", color=INK, markersize=4.5, gid=f"rank-{gene}")
    most = float(np.nanmax([table["rank_high"].max(), table["rank"].max(), 20]))
    axes.set_xscale("log")
    axes.set_xlim(0.8, 1.25 * most)
    ticks = [tick for tick in (1, 3, 10, 30, 100, 300, 1000) if tick <= 1.25 * most]
    axes.xaxis.set_major_locator(FixedLocator(ticks))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xticks(ticks, [str(tick) for tick in ticks])
    axes.grid(visible=True, axis="x")
    axes.set_xlabel("Among interferon genes")
    axes.set_title("Rank, 95 % interval")


def _shares(axes: Axes, shares: pd.Series, title: str) -> None:
    percent = 100 * shares.to_numpy(dtype=float)
    known = np.isfinite(percent)
    rows = np.arange(percent.size)
    axes.barh(rows[known], percent[known], height=0.62, color="#BBD3E6", linewidth=0)
    for row in rows[known]:
        axes.text(4, row, f"{percent[row]:.0f} %", va="center", fontsize=7.5)
    axes.set_xlim(0, 100)
    axes.set_xticks([0, 50, 100])
    axes.set_xlabel("% of draws")
    axes.set_title(title, fontsize=9)


def _explain(figure: Figure, table: pd.DataFrame) -> None:
    present = {sign_look(row) for _, row in table.iterrows()}
    handles = [
        Line2D([], [], color=colour, marker=marker, label=words)
        for marker, colour, words in SIGNS.values()
        if (marker, colour, words) in present
    ]
    if (table["stand_in"] != "").any():
        handles.append(Line2D([], [], linestyle="", color=INK, marker="o", markerfacecolor="white"))
        handles[-1].set_label("no effect of its own")
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles))
