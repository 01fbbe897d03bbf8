"""Whether interferon acts otherwise beside inflammation, or on another day."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ifn_severity.errors import InputError
from ifn_severity.explain.result import Explained
from ifn_severity.report.explanation_samples import cohort_of, cohorts_in, row_of
from ifn_severity.report.forest import draw_estimate
from ifn_severity.report.style import BLUE, INK, PURPLE, figure_style, finish, new_figure


def product_terms(explained: Explained) -> pd.DataFrame:
    """Return the rows of the interactions that are explicit terms of a small model."""
    return explained.interactions[explained.interactions["kind"] == "product term"]


def interactions_figure(explained: Explained) -> Figure:
    """Draw what each product term adds to held-out AUROC, and its coefficient.

    Parameters
    ----------
    explained : Explained
        What was found.

    Returns
    -------
    matplotlib.figure.Figure
        Two panels for each interaction; markers carry the gids ``gain-<interaction>-<cohort>``
        and ``coefficient-<interaction>-<cohort>``.

    Raises
    ------
    InputError
        If no product term was tried.
    """
    table = product_terms(explained)
    if table.empty:
        raise InputError(
            "no interaction that was tried as a term of a model",
            expected="at least one interaction with a held-out AUROC with and without it",
            do="leave this figure out where there is none",
        )
    titles = list(dict.fromkeys(table["interaction"].astype(str)))
    present = set(table["cohort"].astype(str))
    cohorts = [name for name in ("mean", *cohorts_in(explained)) if name in present]
    cohorts += sorted(present - set(cohorts))
    with figure_style():
        figure = new_figure((0.3 * len(cohorts) + 0.75) * len(titles) + 0.55)
        grid = figure.subplots(len(titles), 2, sharey=True, sharex="col", squeeze=False)
        for (gain, coefficient), title in zip(grid, titles, strict=True):
            rows = table[table["interaction"].astype(str) == title].set_index("cohort")
            dated = _dated(explained) if "day" in title else set(cohorts)
            _draw(gain, coefficient, rows, cohorts, title, dated | {"mean"})
            gain.set_title(title, fontsize=9)
        for axes in grid[-1]:
            axes.locator_params(axis="x", nbins=4)
        grid[-1, 0].set_xlabel("AUROC with the term − without it, held out")
        grid[-1, 1].set_xlabel("Coefficient, log-odds per product of SDs")
        finish(figure, simulated=explained.gene_level.simulated)
    return figure


def _dated(explained: Explained) -> set[str]:
    """Return the cohorts that recorded a day since onset."""
    obs = explained.gene_level.obs
    if "days_since_onset" not in obs:
        return set()
    known = obs.index[obs["days_since_onset"].notna()]
    return set(cohort_of(known).tolist())


def _say_why(axes: Axes, y: int, words: str) -> None:
    axes.text(
        0.5,
        y,
        words,
        transform=axes.get_yaxis_transform(),
        ha="center",
        va="center",
        fontsize=8,
        color=INK,
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.0},
    )


def _draw(
    gain: Axes,
    coefficient: Axes,
    rows: pd.DataFrame,
    cohorts: list[str],
    title: str,
    dated: set[str],
) -> None:
    for y, cohort in enumerate(cohorts):
        about = row_of(rows, cohort) if cohort in rows.index else None
        if about is None or np.isnan(about["difference"]):
            for axes in (gain, coefficient):
                _say_why(axes, y, "not tested" if cohort in dated else "day not recorded")
            continue
        colour = INK if cohort == "mean" else BLUE
        marker = "D" if cohort == "mean" else "o"
        draw_estimate(
            gain,
            (float(about["difference"]), float(about["low"]), float(about["high"])),
            y,
            colour=colour,
            marker=marker,
            gid=f"gain-{title}-{cohort}",
        )
        coefficient.plot(
            about["coefficient"],
            y,
            marker=marker,
            linestyle="",
            color=INK if cohort == "mean" else PURPLE,
            markersize=6.5,
            gid=f"coefficient-{title}-{cohort}",
        )
    for axes in (gain, coefficient):
        axes.axvline(0, color=INK, linewidth=0.8)
        axes.grid(visible=True, axis="x")
        axes.tick_params(axis="y", length=0)
        axes.margins(x=0.1)
    gain.set_yticks(range(len(cohorts)), ["mean" if name == "mean" else name for name in cohorts])
    gain.set_ylim(len(cohorts) - 0.4, -0.6)
