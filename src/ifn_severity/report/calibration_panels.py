"""Calibration of held-out predictions before and after recalibration, one panel a cohort."""

from __future__ import annotations

from typing import Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from scipy.special import expit

from ifn_severity.report.curves import calibration_bins
from ifn_severity.report.panels import (
    head_panel,
    legend_above,
    note_in_panel,
    panel_grid,
    say_in_panel,
)
from ifn_severity.report.style import BLUE, INK, ORANGE, figure_style, finish
from ifn_severity.report.validation import ValidationReport
from ifn_severity.report.validation_rows import (
    both_classes,
    nested_rows,
    of_cohort,
    ordered_cohorts,
)
from ifn_severity.report.wording import number

#: Column of the predictions, colour, marker, face, line and shift of the error bars.
_KINDS = (
    ("raw_log_odds", ORANGE, "s", "white", (0, (4, 2)), "before recalibration"),
    ("log_odds", BLUE, "o", BLUE, "-", "after, on the training cohorts"),
)


def calibration_panels_figure(report: ValidationReport) -> Figure:
    """Draw observed against predicted risk for every cohort, before and after recalibration.

    Samples are put into quantile bins, 3 to 10 of about 20 samples; error bars are Wilson's
    intervals, which take samples for independent.

    Parameters
    ----------
    report : ValidationReport
        What was found.

    Returns
    -------
    matplotlib.figure.Figure
        Lines carry the gids ``log_odds-<cohort>`` and ``raw_log_odds-<cohort>``.

    Raises
    ------
    InputError
        If no cohort has predictions, or the nested headline is missing for one.
    """
    cohorts, nested = ordered_cohorts(report), nested_rows(report)
    with figure_style():
        figure, panels = panel_grid(len(cohorts), panel_height=2.5, sharex=True, sharey=True)
        for axes, cohort in zip(panels, cohorts, strict=True):
            head_panel(axes, report, cohort)
            axes.plot([0, 1], [0, 1], color=INK, linewidth=0.9, linestyle=(0, (1, 2)))
            if both_classes(report, cohort):
                _draw(axes, report, cohort)
                row = nested.loc[cohort]
                words = f"slope {number(row['raw_slope'])} → {number(row['calibration_slope'])}"
                words += f"\nECE {number(row['raw_ece'])} → {number(row['ece'])}"
                note_in_panel(axes, words, corner=_free_corner(report, cohort))
            else:
                say_in_panel(axes, "one class only:\nno calibration")
            axes.grid(visible=True)
            axes.set_aspect("equal")
        panels[0].set(xlim=(-0.03, 1.03), ylim=(-0.03, 1.03))
        figure.supxlabel("Predicted probability of severe disease", fontsize=9)
        figure.supylabel("Observed share of severe", fontsize=9)
        handles = [
            Line2D(
                [],
                [],
                color=colour,
                marker=marker,
                markerfacecolor=face,
                linestyle=line,
                label=words,
            )
            for _, colour, marker, face, line, words in _KINDS
        ]
        handles.append(Line2D([], [], color=INK, linestyle=(0, (1, 2)), label="ideal"))
        legend_above(figure, handles)
        finish(figure, simulated=report.simulated)
    return figure


def _free_corner(report: ValidationReport, cohort: str) -> Literal["lower right", "upper left"]:
    """Return the corner that fewer points of the curves are in."""
    points = []
    for column, *_ in _KINDS:
        labels, log_odds = of_cohort(report, cohort, column)
        bins = calibration_bins(labels, expit(log_odds))
        points += list(zip(bins.predicted, bins.observed, strict=True))
    below = sum(x > 0.4 and y < 0.35 for x, y in points)
    above = sum(x < 0.6 and y > 0.65 for x, y in points)
    return "lower right" if below <= above else "upper left"


def _draw(axes: Axes, report: ValidationReport, cohort: str) -> None:
    for column, colour, marker, face, line, _ in _KINDS:
        labels, log_odds = of_cohort(report, cohort, column)
        bins = calibration_bins(labels, expit(log_odds))
        reach = np.clip([bins.observed - bins.low, bins.high - bins.observed], 0, None)
        axes.errorbar(
            bins.predicted,
            bins.observed,
            yerr=reach,
            fmt="none",
            ecolor=colour,
            elinewidth=0.9,
            alpha=0.7,
        )
        axes.plot(
            bins.predicted,
            bins.observed,
            color=colour,
            marker=marker,
            markerfacecolor=face,
            markersize=5,
            linestyle=line,
            gid=f"{column}-{cohort}",
        )
