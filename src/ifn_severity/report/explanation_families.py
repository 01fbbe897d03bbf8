"""How much of the decision each family of genes carries, over all and cohort by cohort."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from ifn_severity.errors import InputError
from ifn_severity.explain.result import Explained
from ifn_severity.report.explanation_samples import cohorts_in
from ifn_severity.report.heat import LEVELS, draw_heat
from ifn_severity.report.style import (
    GREY,
    INK,
    figure_style,
    finish,
    group_colour,
    new_figure,
    ordered_groups,
)


def families_figure(explained: Explained) -> Figure:
    """Draw each family's share with its interval, its push, and its share in every cohort.

    Parameters
    ----------
    explained : Explained
        What was found.

    Returns
    -------
    matplotlib.figure.Figure
        Filled dots are grouped Shapley shares, gids ``net-<family>``; hollow ones count every
        gene by itself, gids ``share-<family>``. Interferon families have bold names.

    Raises
    ------
    InputError
        If there is no family.
    """
    table = explained.families
    if table.empty:
        raise InputError(
            "no family of genes",
            expected="at least one family with a share",
            do="explain a model that has features",
        )
    table = table.sort_values("net_share", ascending=False, kind="stable")
    names = [str(name) for name in table.index]
    matrix = _by_cohort(explained, names)
    shown = matrix.shape[1] > 1  # of a single cohort the first panel says it all
    ratios = (2.5, 1.7, 0.62 * matrix.shape[1])[: 3 if shown else 2]
    with figure_style():
        figure = new_figure(0.31 * len(names) + 1.75)
        panels = figure.subplots(1, len(ratios), sharey=True, width_ratios=ratios)
        _shares(panels[0], table)
        _push(panels[1], table)
        if shown:
            draw_heat(panels[2], 100 * matrix, form="{:.0f}", colours=LEVELS)
            names_below = [str(name) for name in matrix.columns]
            panels[2].set_xticks(range(len(names_below)), names_below, rotation=40, ha="right")
            panels[2].set_title("Share by cohort, %", fontsize=9)
        _name(panels[0], table)
        for axes in panels:
            axes.tick_params(axis="y", length=0)
        figure.legend(handles=_handles(table), loc="outside lower center", ncols=4)
        finish(figure, simulated=explained.gene_level.simulated)
    return figure


def _handles(table: pd.DataFrame) -> list[Line2D | Patch]:
    hollow: dict[str, Any] = {"linestyle": "", "color": INK, "markerfacecolor": "white"}
    groups = ordered_groups(table["group"])
    return [
        Line2D([], [], color=INK, marker="o", label="family as one (Shapley)"),
        Line2D([], [], marker="o", label="every gene counted", **hollow),
        Line2D([], [], marker="s", label="mean of not severe", **hollow),
        Line2D([], [], linestyle="", color=INK, marker="^", label="mean of severe"),
        *(Patch(color=group_colour(group), label=group) for group in groups),
    ]


def _by_cohort(explained: Explained, names: list[str]) -> pd.DataFrame:
    long = explained.families_by_cohort
    matrix = long.pivot_table(index="family", columns="cohort", values="net_share", observed=True)
    present = [name for name in cohorts_in(explained) if name in matrix.columns]
    return matrix.reindex(index=names, columns=present)


def _name(axes: Axes, table: pd.DataFrame) -> None:
    rows = range(len(table))
    words = [
        f"{name} ({int(count)})" for name, count in zip(table.index, table["n_genes"], strict=True)
    ]
    axes.set_yticks(rows, words)
    axes.set_ylim(len(table) - 0.5, -0.5)
    for label, interferon in zip(axes.get_yticklabels(), table["interferon"], strict=True):
        label.set_fontweight("bold" if interferon else "normal")


def _shares(axes: Axes, table: pd.DataFrame) -> None:
    for row, (name, about) in enumerate(table.iterrows()):
        colour = group_colour(about["group"])
        net, gross = 100 * about["net_share"], 100 * about["share"]
        ends = [100 * about["net_share_low"], 100 * about["net_share_high"]]
        axes.plot(ends, [row, row], color=colour, linewidth=2)
        axes.plot(
            gross,
            row,
            marker="o",
            color=colour,
            markerfacecolor="white",
            markersize=5,
            gid=f"share-{name}",
        )
        axes.plot(net, row, marker="o", color=colour, markersize=7, gid=f"net-{name}")
    axes.set_xlim(left=0)
    axes.grid(visible=True, axis="x")
    axes.set_xlabel("Share, %")
    axes.set_title("How much", fontsize=9)


def _push(axes: Axes, table: pd.DataFrame) -> None:
    rows = np.arange(len(table))
    mild, severe = table["net_mild"].to_numpy(float), table["net_severe"].to_numpy(float)
    axes.axvline(0, color=INK, linewidth=0.8)
    axes.hlines(rows, mild, severe, color=GREY, linewidth=1.6)
    for row, group in enumerate(table["group"]):
        colour = group_colour(group)
        axes.plot(mild[row], row, "s", color=colour, markerfacecolor="white", markersize=5.5)
        axes.plot(severe[row], row, "^", color=colour, markersize=6.5)
    axes.grid(visible=True, axis="x")
    axes.margins(x=0.12)
    axes.set_xlabel("Push, log-odds")
    axes.set_title("Which way", fontsize=9)
    axes.xaxis.set_major_locator(MaxNLocator(3))
