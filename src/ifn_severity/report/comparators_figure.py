"""Every published score beside ours, one panel a cohort."""

from __future__ import annotations

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from ifn_severity.errors import InputError
from ifn_severity.report.panels import (
    chance_line,
    head_panel,
    legend_above,
    panel_grid,
    under_title,
)
from ifn_severity.report.style import BLUE, GREY, INK, VERMILLION, figure_style, finish
from ifn_severity.report.validation import ValidationReport
from ifn_severity.report.validation_rows import (
    comparator_estimates,
    comparator_means,
    counted_cohorts,
    estimate_of,
    nested_estimates,
    ordered_cohorts,
    value_of,
)
from ifn_severity.report.wording import Interval

_OURS = "ours, nested"


def comparators_figure(report: ValidationReport) -> Figure:
    """Draw ours and every published score on the same patients, cohort by cohort.

    Scores stand in the order of their mean AUROC. The last panel holds the means over the
    counted cohorts, with our pooled figure and its prediction interval.

    Parameters
    ----------
    report : ValidationReport
        What was found.

    Returns
    -------
    matplotlib.figure.Figure
        A marker of score ``row`` in panel ``p`` has the gid ``score-<p>-<row>``.

    Raises
    ------
    InputError
        If there is no comparator.
    """
    cohorts, nested = ordered_cohorts(report), nested_estimates(report)
    estimates = comparator_estimates(report)
    if report.comparators.empty:
        raise InputError(
            "no published score to compare with",
            expected="a comparator for at least one cohort",
            do="leave this figure out where there is none",
        )
    others = dict.fromkeys([*comparator_means(report), *report.comparators["label"].astype(str)])
    labels = [_OURS, *others]
    with figure_style():
        height = 0.17 * len(labels) + 0.87
        figure, panels = panel_grid(
            len(cohorts) + 1, panel_height=height, extra=0.45, sharex=True, sharey=True
        )
        for place, cohort in enumerate(cohorts):
            rows = {_OURS: nested[cohort], **estimates.get(cohort, {})}
            _draw(panels[place], labels, rows, place)
            head_panel(panels[place], report, cohort, narrow=True)
        _draw_means(panels[-1], labels, report, len(cohorts))
        panels[0].set_xlim(_left(report), 1.02)
        panels[0].set_ylim(len(labels) - 0.4, -0.6)
        figure.supxlabel("AUROC, 95 % interval", fontsize=9)
        legend_above(
            figure,
            [
                Line2D([], [], color=BLUE, marker="o", label=_OURS),
                Line2D([], [], color=VERMILLION, marker="D", label="published score"),
                Line2D([], [], color=INK, marker="x", linestyle="", label="left out here"),
            ],
        )
        finish(figure, simulated=report.simulated)
    return figure


def _left(report: ValidationReport) -> float:
    lows = report.comparators["auroc_low"].dropna().to_numpy(dtype=float)
    return min(0.4, float(np.min(lows, initial=0.4)) - 0.03)


def _draw(axes: Axes, labels: list[str], rows: dict[str, Interval], place: int) -> None:
    ours = rows[_OURS][0]
    axes.axvline(ours, color=BLUE, linewidth=0.8, linestyle=(0, (1, 2)), zorder=1)
    chance_line(axes)
    for row, label in enumerate(labels):
        value, low, high = rows.get(label, (math.nan, math.nan, math.nan))
        colour, marker = (BLUE, "o") if label == _OURS else (VERMILLION, "D")
        if math.isnan(value):
            at = axes.get_yaxis_transform()
            axes.plot(0.97, row, "x", color=GREY, markersize=4.5, transform=at, clip_on=False)
            continue
        axes.plot([low, high], [row, row], color=colour, linewidth=1.3)
        gid = f"score-{place}-{row}"
        axes.plot(value, row, marker=marker, color=colour, markersize=4.8, gid=gid, clip_on=False)
    axes.set_yticks(range(len(labels)), labels, fontsize=8)
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=True, axis="x")


def _draw_means(axes: Axes, labels: list[str], report: ValidationReport, place: int) -> None:
    head, nan = report.headline, math.nan
    means = comparator_means(report)
    rows = {_OURS: estimate_of(head, "mean_auroc", "mean")}
    rows |= {label: (mean.mean, nan, nan) for label, mean in means.items()}
    _draw(axes, labels, rows, place)
    n = len(counted_cohorts(report))
    axes.set_title(f"Mean of {n} cohorts", fontsize=9, pad=25)
    for label, mean in means.items():
        if mean.n_cohorts < n:
            axes.annotate(
                f"of {mean.n_cohorts}",
                (mean.mean, labels.index(label)),
                xytext=(6, 0),
                textcoords="offset points",
                va="center",
                fontsize=7.5,
            )
    low, high = value_of(head, "prediction_low"), value_of(head, "prediction_high")
    pooled = value_of(head, "pooled")
    if not math.isnan(low):
        axes.axvspan(low, high, color=BLUE, alpha=0.08, linewidth=0, zorder=0)
        under_title(axes, f"pooled {pooled:.2f}")
