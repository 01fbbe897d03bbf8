"""Curves of held-out predictions, one panel a cohort: ROC and decision curves."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from scipy.special import expit

from ifn_severity.evaluate.decision import decision_curve
from ifn_severity.report.curves import roc_curves
from ifn_severity.report.panels import (
    head_panel,
    legend_above,
    note_in_panel,
    panel_grid,
    say_in_panel,
)
from ifn_severity.report.style import (
    BLUE,
    GREY,
    INK,
    ORANGE,
    SKY,
    VERMILLION,
    figure_style,
    finish,
)
from ifn_severity.report.validation import ValidationReport
from ifn_severity.report.validation_rows import (
    both_classes,
    nested_rows,
    of_cohort,
    ordered_cohorts,
)
from ifn_severity.report.wording import number

_NO_CURVE = "one class only:\nno curve"


def held_out_roc_figure(report: ValidationReport) -> Figure:
    """Draw the ROC curve of every held-out cohort, with the point where patients are called.

    Parameters
    ----------
    report : ValidationReport
        What was found.

    Returns
    -------
    matplotlib.figure.Figure
        Curves carry the gids ``roc-<cohort>``, points of operation ``called-<cohort>``.

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
            axes.plot([0, 1], [0, 1], color=INK, linewidth=0.9, linestyle=(0, (4, 3)))
            if both_classes(report, cohort):
                _draw_roc(axes, report, cohort)
                value, low, high = nested.loc[cohort, ["auroc", "auroc_low", "auroc_high"]]
                words = f"AUROC {number(value)}\n({number(low)}–{number(high)})"
                note_in_panel(axes, words, corner="lower right")
            else:
                say_in_panel(axes, _NO_CURVE)
            axes.grid(visible=True)
            axes.set_aspect("equal")
        panels[0].set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
        figure.supxlabel("1 − specificity", fontsize=9)
        figure.supylabel("Sensitivity", fontsize=9)
        legend_above(
            figure,
            [
                Line2D([], [], color=BLUE, label="ours, nested"),
                Line2D([], [], color=VERMILLION, marker="D", linestyle="", label="called severe"),
                Line2D([], [], color=INK, linestyle=(0, (4, 3)), label="chance"),
            ],
        )
        finish(figure, simulated=report.simulated)
    return figure


def _draw_roc(axes: Axes, report: ValidationReport, cohort: str) -> None:
    labels, log_odds = of_cohort(report, cohort)
    ((fpr, tpr),) = roc_curves(labels, log_odds[None, :])
    axes.plot(fpr, tpr, color=BLUE, linewidth=1.8, gid=f"roc-{cohort}")
    _, called = of_cohort(report, cohort, "called")
    point = (called[labels == 0].mean(), called[labels == 1].mean())
    axes.plot(
        *point,
        "D",
        color=VERMILLION,
        markersize=5.5,
        gid=f"called-{cohort}",
        zorder=5,
        clip_on=False,
    )


def decision_figure(report: ValidationReport, *, n_draws: int = 1000, seed: int = 0) -> Figure:
    """Draw net benefit over thresholds for every held-out cohort.

    Published scores give no probability, so ours stands beside treating everyone and no one
    only.

    Parameters
    ----------
    report : ValidationReport
        What was found.
    n_draws, seed : int
        Of the patient bootstrap behind the band.

    Returns
    -------
    matplotlib.figure.Figure
        Curves carry the gids ``benefit-<cohort>``.

    Raises
    ------
    InputError
        If no cohort has predictions.
    """
    cohorts = ordered_cohorts(report)
    with figure_style():
        figure, panels = panel_grid(len(cohorts), panel_height=2.3, sharex=True)
        for axes, cohort in zip(panels, cohorts, strict=True):
            head_panel(axes, report, cohort)
            if both_classes(report, cohort):
                _draw_benefit(axes, report, cohort, n_draws=n_draws, seed=seed)
            else:
                say_in_panel(axes, _NO_CURVE)
            axes.grid(visible=True)
        panels[0].set_xlim(0, 1)
        figure.supxlabel("Threshold probability at which one would act", fontsize=9)
        figure.supylabel("Net benefit, true positives a sample", fontsize=9)
        legend_above(
            figure,
            [
                Line2D([], [], color=BLUE, linewidth=1.8, label="ours, nested"),
                Patch(color=SKY, alpha=0.35, label="95 % interval"),
                Line2D([], [], color=ORANGE, linestyle=(0, (5, 2)), label="treat all"),
                Line2D([], [], color=GREY, linestyle=(0, (1, 1.5)), label="treat none"),
            ],
        )
        finish(figure, simulated=report.simulated)
    return figure


def _draw_benefit(
    axes: Axes, report: ValidationReport, cohort: str, *, n_draws: int, seed: int
) -> None:
    labels, log_odds = of_cohort(report, cohort)
    rows = report.predictions["cohort"].astype(str) == cohort
    patients = report.predictions.loc[rows, "patient"].astype(str).to_numpy()
    curve = decision_curve(labels, expit(log_odds), patients, n_draws=n_draws, seed=seed)
    at = curve["threshold"]
    axes.fill_between(at, curve["low"], curve["high"], color=SKY, alpha=0.35, linewidth=0)
    axes.plot(at, curve["treat_all"], color=ORANGE, linestyle=(0, (5, 2)))
    axes.plot(at, curve["treat_none"], color=GREY, linestyle=(0, (1, 1.5)), linewidth=1.8)
    axes.plot(at, curve["model"], color=BLUE, linewidth=1.8, gid=f"benefit-{cohort}")
    # treating all falls without end, which would squeeze everything else flat
    top = float(np.max(np.r_[labels.mean(), curve["high"]]))
    axes.set_ylim(-0.35 * top, 1.08 * top)
