"""How much of the attribution each group of features carries."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from ifn_severity.errors import InputError
from ifn_severity.report.style import (
    GREY,
    INK,
    figure_style,
    finish,
    group_colour,
    new_figure,
)


def group_share_figure(shares: pd.DataFrame, *, simulated: bool, title: str = "") -> Figure:
    """Draw the share of each group, counted by feature and net within patients.

    Parameters
    ----------
    shares : DataFrame indexed by group
        Columns ``share`` and ``net_share`` (0-1), ``n_features``, and where known ``net_severe``
        and ``net_not_severe`` (mean net log-odds), as
        :func:`ifn_severity.explain.summaries.group_shares` returns them.
    simulated : bool
        Write SIMULATED DATA across the figure.
    title : str
        Heading.

    Raises
    ------
    InputError
        If a column is missing or there is no group.
    """
    missing = [name for name in ("share", "net_share", "n_features") if name not in shares.columns]
    if missing or shares.empty:
        raise InputError(
            f"group shares without {', '.join(missing)}" if missing else "no group of features",
            expected="one row a group with share, net_share and n_features",
            do="use ifn_severity.explain.summaries.group_shares",
        )
    names = [str(name) for name in shares.index]
    rows = np.arange(len(names))
    colours = [group_colour(name) for name in names]
    net = {"net_severe", "net_not_severe"} <= set(shares.columns)
    net = net and bool(shares[["net_severe", "net_not_severe"]].notna().any(axis=None))
    with figure_style():
        figure = new_figure(0.5 * len(names) + 1.35)
        ratios = (3, 2) if net else (1,)
        panels = figure.subplots(1, len(ratios), sharey=True, width_ratios=ratios, squeeze=False)[0]
        axes = panels[0]
        gross = axes.barh(rows - 0.19, 100 * shares["share"], height=0.36, color=colours)
        inner = axes.barh(
            rows + 0.19,
            100 * shares["net_share"],
            height=0.36,
            facecolor="white",
            edgecolor=colours,
            linewidth=1.4,
            hatch="////",
        )
        axes.bar_label(gross, fmt="%.0f %%", padding=4)
        axes.bar_label(inner, fmt="%.0f %%", padding=4)
        counts = shares["n_features"].astype(int)
        axes.set_yticks(
            rows,
            [
                f"{name}\n{count} feature{'' if count == 1 else 's'}"
                for name, count in zip(names, counts, strict=True)
            ],
        )
        axes.tick_params(axis="y", length=0)
        axes.set_ylim(len(names) - 0.5, -0.5)
        axes.margins(x=0.14)
        axes.grid(visible=True, axis="x")
        axes.set_xlabel("Share of the attribution, %")
        axes.set_title(title or "Share of each group")
        key = [
            axes.barh(0, 0, color=GREY, label="every feature counted"),
            axes.barh(
                0, 0, facecolor="white", edgecolor=GREY, hatch="////", label="net within a patient"
            ),
        ]
        figure.legend(handles=key, loc="outside lower left", ncols=2)
        if net:
            _draw_net(figure, panels[1], shares, rows)
        finish(figure, simulated=simulated)
    return figure


def _draw_net(
    figure: Figure, axes: Axes, shares: pd.DataFrame, rows: npt.NDArray[np.int64]
) -> None:
    severe, mild = shares["net_severe"].to_numpy(), shares["net_not_severe"].to_numpy()
    axes.tick_params(axis="y", length=0)
    axes.axvline(0, color=INK, linewidth=0.8)
    axes.hlines(rows, mild, severe, color=GREY, linewidth=1.6)
    for row, name in enumerate(shares.index):
        colour = group_colour(name)
        axes.plot(mild[row], row, "s", color=colour, markerfacecolor="white", markersize=6.5)
        axes.plot(severe[row], row, "^", color=colour, markersize=7.5)
    dots = [
        Line2D([], [], linestyle="", marker="s", color=INK, markerfacecolor="white"),
        Line2D([], [], linestyle="", marker="^", color=INK),
    ]
    axes.grid(visible=True, axis="x")
    axes.margins(x=0.1)
    axes.set_xlabel("Mean net attribution, log-odds")
    axes.set_title("Which way it pushes")
    figure.legend(dots, ["not severe", "severe"], loc="outside lower right", ncols=2)
