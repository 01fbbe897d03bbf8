"""The panel beside panels of random genes, with and without interferon."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from ifn_severity.errors import InputError
from ifn_severity.evaluate.random_panels import ENOUGH_PANELS
from ifn_severity.explain.result import Explained
from ifn_severity.report.panels import legend_above
from ifn_severity.report.style import BLUE, GREY, INK, VERMILLION, figure_style, finish, new_figure
from ifn_severity.report.swarm import swarm_offsets


def random_figure(explained: Explained) -> Figure:
    """Draw held-out AUROCs of random panels, and of the panel with and without interferon.

    Parameters
    ----------
    explained : Explained
        What was found.

    Returns
    -------
    matplotlib.figure.Figure
        One dot a random panel, gid ``random``; the panel's own carry ``with`` and ``without``. The
        line of the 95th percentile, ``p95``, is left out where draws are too few to know it.

    Raises
    ------
    InputError
        If no random panel was tried.
    """
    draws = np.asarray(explained.random_aurocs, dtype=float)
    answer = explained.answer
    if not draws.size:
        raise InputError(
            "no panel of random genes",
            expected="at least one held-out AUROC",
            do="leave this figure out where there is none",
        )
    with figure_style():
        figure = new_figure(1.75)
        axes = figure.subplots()
        axes.scatter(
            draws,
            swarm_offsets(draws, width=0.4, step=0.09, bins=70),
            s=14,
            color=GREY,
            alpha=0.8,
            linewidth=0,
            gid="random",
        )
        enough = answer.random.n >= ENOUGH_PANELS
        if enough:
            axes.axvline(
                answer.random.p95, color=INK, linewidth=0.9, linestyle=(0, (3, 2)), gid="p95"
            )
        own = (
            ("with", answer.auroc_with, BLUE, "D"),
            ("without", answer.auroc_without, VERMILLION, "s"),
        )
        for name, value, colour, marker in own:
            axes.axvline(value, color=colour, linewidth=1.2, zorder=1)
            axes.plot(value, 0, marker=marker, color=colour, markersize=8, gid=name)
        axes.set_ylim(-0.6, 0.6)
        axes.yaxis.set_visible(False)
        axes.spines["left"].set_visible(False)
        axes.set_xlabel("Held-out AUROC")
        axes.grid(visible=True, axis="x")
        handles: list[Line2D | Patch] = [
            Line2D([], [], color=BLUE, marker="D", label="the panel"),
            Line2D([], [], color=VERMILLION, marker="s", label="without interferon genes"),
            Line2D([], [], color=GREY, marker="o", linestyle="", label="random genes"),
        ]
        if enough:
            below = "95 % of these stay below"
            handles.append(Line2D([], [], color=INK, linestyle=(0, (3, 2)), label=below))
        legend_above(figure, handles)
        finish(figure, simulated=explained.gene_level.simulated)
    return figure
