"""Which way the leading interferon genes push: against expression, and against the day."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from ifn_severity.errors import InputError
from ifn_severity.evaluate.subgroups import EARLY_UNTIL
from ifn_severity.explain.result import Explained
from ifn_severity.report.explanation_plane import OUTCOMES
from ifn_severity.report.explanation_samples import (
    cohort_handles,
    cohort_looks,
    cohort_of,
    cohorts_in,
    leading_genes,
    running_median,
)
from ifn_severity.report.panels import legend_above, panel_grid
from ifn_severity.report.style import (
    GREY,
    INK,
    figure_style,
    finish,
)

_ENOUGH = 20  # points from which a running median is drawn


def direction_figure(explained: Explained) -> Figure:
    """Draw each leading interferon gene's attribution against its expression, by cohort.

    Parameters
    ----------
    explained : Explained
        What was found.

    Returns
    -------
    matplotlib.figure.Figure
        One panel a gene; filled dots were sampled early, hollow ones late, pale ones on an
        unknown day. Lines are running medians of a cohort.
    """
    genes = leading_genes(explained)
    given = explained.gene_level
    home = cohort_of(given.values.index)
    looks = cohort_looks(cohorts_in(explained))
    days = _days(explained)
    stages = (
        ("early", days <= EARLY_UNTIL),
        ("late", days > EARLY_UNTIL),
        ("unknown", np.isnan(days)),
    )
    with figure_style():
        figure, panels = panel_grid(len(genes), panel_height=2.05, extra=1.0, sharey=True)
        for axes, gene in zip(panels, genes, strict=True):
            x, phi = (t[gene].to_numpy(dtype=float) for t in (given.data, given.values))
            axes.axhline(0, color=INK, linewidth=0.7)
            for cohort, (colour, marker) in looks.items():
                for stage, at in stages:
                    here = (home == cohort) & at
                    axes.scatter(
                        x[here],
                        phi[here],
                        s=12,
                        marker=marker,
                        facecolor="none" if stage == "late" else colour,
                        edgecolor=colour,
                        alpha=0.45 if stage == "unknown" else 0.9,
                        linewidth=0.7,
                        rasterized=len(x) > 60,
                    )
                known = (home == cohort) & np.isfinite(x)
                if known.sum() >= _ENOUGH:
                    axes.plot(*running_median(x[known], phi[known]), color=colour, linewidth=1.6)
            axes.set_title(gene, fontsize=9)
            axes.grid(visible=True)
        figure.supxlabel("Expression, log2 relative to the reference genes", fontsize=9)
        figure.supylabel("Attribution, log-odds", fontsize=9)
        handles: list[Line2D | Patch] = [*cohort_handles(looks)]
        if np.isfinite(days).any():
            handles += [
                Line2D(
                    [],
                    [],
                    linestyle="",
                    color=INK,
                    marker="o",
                    label=f"day {EARLY_UNTIL:.0f} or before",
                ),
                Line2D(
                    [],
                    [],
                    linestyle="",
                    color=INK,
                    marker="o",
                    markerfacecolor="white",
                    label="later",
                ),
            ]
        legend_above(figure, handles)
        finish(figure, simulated=given.simulated)
    return figure


def _days(explained: Explained) -> np.ndarray:
    given = explained.gene_level.obs.reindex(explained.gene_level.values.index)
    if "days_since_onset" not in given.columns:
        return np.full(len(given), np.nan)
    return given["days_since_onset"].to_numpy(dtype=float, na_value=np.nan)


def knows_days(explained: Explained) -> bool:
    """Return whether any explained sample has a day since onset."""
    return bool(np.isfinite(_days(explained)).any())


def time_figure(explained: Explained) -> Figure:
    """Draw each leading interferon gene's attribution against the day since onset.

    Parameters
    ----------
    explained : Explained
        What was found.

    Returns
    -------
    matplotlib.figure.Figure
        One panel a gene, severe patients apart from the others; the dashed line ends "early".
        Attributions are less the mean of their cohort: what differs between platforms is no time.

    Raises
    ------
    InputError
        If no sample has a day.
    """
    if not knows_days(explained):
        raise InputError(
            "no sample with a day since onset",
            expected="at least one cohort that recorded it",
            do="leave this figure out where there is none",
        )
    genes = leading_genes(explained)
    given = explained.gene_level
    days = _days(explained)
    severe = given.obs.reindex(given.values.index)["severe"].to_numpy(dtype=float)
    phi = given.values[genes]
    centred = phi - phi.groupby(cohort_of(phi.index)).transform("mean")
    with figure_style():
        figure, panels = panel_grid(
            len(genes), panel_height=1.9, extra=0.8, sharex=True, sharey=True
        )
        for axes, gene in zip(panels, genes, strict=True):
            _over_time(axes, days, centred[gene].to_numpy(dtype=float), severe)
            axes.set_title(gene, fontsize=9)
        figure.supxlabel("Days since onset of symptoms", fontsize=9)
        figure.supylabel("Attribution less its cohort's mean", fontsize=9)
        handles = [
            Line2D([], [], color=colour, marker=marker, markeredgecolor=INK, label=words)
            for colour, marker, words in OUTCOMES.values()
        ]
        figure.legend(handles=handles, loc="outside upper center", ncols=2)
        finish(figure, simulated=given.simulated)
    return figure


def _over_time(axes: Axes, days: np.ndarray, phi: np.ndarray, severe: np.ndarray) -> None:
    axes.axhline(0, color=INK, linewidth=0.7)
    axes.axvline(EARLY_UNTIL, color=GREY, linewidth=0.9, linestyle=(0, (3, 2)))
    for outcome, (colour, marker, _) in OUTCOMES.items():
        here = np.isfinite(days) & (severe == outcome)
        axes.scatter(
            days[here],
            phi[here],
            s=14,
            marker=marker,
            color=colour,
            edgecolor=INK,
            linewidth=0.3,
            rasterized=here.sum() > 60,
        )
        if here.sum() >= _ENOUGH:
            axes.plot(*running_median(days[here], phi[here]), color=INK, linewidth=3)
            axes.plot(*running_median(days[here], phi[here]), color=colour, linewidth=1.8)
    axes.grid(visible=True)
