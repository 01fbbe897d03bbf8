"""Controls: random panels, shuffled labels, and fewer patients to learn from."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ifn_severity.errors import InputError
from ifn_severity.evaluate import against_random
from ifn_severity.report.panels import panel_grid
from ifn_severity.report.style import (
    BLUE,
    GREY,
    INK,
    SKY,
    VERMILLION,
    figure_style,
    finish,
    new_figure,
)
from ifn_severity.report.validation import ValidationReport
from ifn_severity.report.validation_rows import value_of
from ifn_severity.report.wording import number

_BELOW_LEGEND = 0.68  # of a panel's height


def finite(values: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Return the finite values, flat."""
    flat = np.asarray(values, dtype=float).ravel()
    return flat[np.isfinite(flat)]


def controls_figure(report: ValidationReport) -> Figure:
    """Draw our mean AUROC against random panels and shuffled labels, whichever were run.

    Parameters
    ----------
    report : ValidationReport
        What was found.

    Returns
    -------
    matplotlib.figure.Figure
        Lines carry the gids ``headline-<p>`` and ``percentile-<p>`` in panel ``p``.

    Raises
    ------
    InputError
        If neither control was run.
    """
    controls = [
        (draws, title)
        for draws, title in (
            (finite(report.random_panels), "panels of random genes"),
            (finite(report.shuffled), "runs with shuffled labels"),
        )
        if draws.size
    ]
    if not controls:
        raise InputError(
            "neither random panels nor shuffled labels",
            expected="at least one control",
            do="leave this figure out where there is none",
        )
    ours = value_of(report.headline, "mean_auroc")
    with figure_style():
        figure, panels = panel_grid(len(controls), panel_height=2.6, extra=0.3)
        for place, (axes, (draws, title)) in enumerate(zip(panels, controls, strict=True)):
            axes.hist(
                draws, bins=20, color=GREY, edgecolor="white", linewidth=0.4, label="control draws"
            )
            edge = against_random(ours, draws).p95
            axes.axvline(
                edge,
                ymax=_BELOW_LEGEND,
                color=INK,
                linestyle=(0, (4, 2)),
                gid=f"percentile-{place}",
                label=f"95th percentile, {number(edge, 3)}",
            )
            axes.axvline(
                ours,
                ymax=_BELOW_LEGEND,
                color=VERMILLION,
                linewidth=2.2,
                gid=f"headline-{place}",
                label=f"ours, held out, {number(ours, 3)}",
            )
            everything = [*draws, ours]
            span = max(everything) - min(everything)
            axes.set_xlim(min(everything) - 0.05 * span, max(everything) + 0.05 * span)
            axes.set_title(f"{draws.size} {title}")
            axes.set(xlabel="Mean AUROC over held-out cohorts", ylabel="Draws")
            _room_for_legend(axes)
        finish(figure, simulated=report.simulated)
    return figure


def _room_for_legend(axes: Axes) -> None:
    axes.set_ylim(0, axes.get_ylim()[1] * 1.6)
    axes.yaxis.set_major_locator(MaxNLocator(integer=True, nbins=6))
    axes.legend(loc="upper left", fontsize=8, frameon=True, framealpha=1.0, edgecolor="white")


def learning_figure(report: ValidationReport) -> Figure:
    """Draw the mean AUROC against the number of training patients.

    Parameters
    ----------
    report : ValidationReport
        What was found.

    Returns
    -------
    matplotlib.figure.Figure
        The line has the gid ``learning``.

    Raises
    ------
    InputError
        If there is no learning curve.
    """
    table = report.learning
    if table.empty:
        raise InputError(
            "no learning curve",
            expected="one row a fraction of the training patients",
            do="leave this figure out where there is none",
        )
    rows = table.sort_values("n_patients", kind="stable")
    with figure_style():
        figure = new_figure(3.0, width=4.8)
        axes = figure.subplots()
        x = rows["n_patients"].to_numpy(dtype=float)
        axes.fill_between(
            x,
            rows["low"].astype(float),
            rows["high"].astype(float),
            color=SKY,
            alpha=0.35,
            linewidth=0,
            label="95 % of draws of patients",
        )
        axes.plot(
            x, rows["mean_auroc"], "o-", color=BLUE, gid="learning", label="mean over cohorts"
        )
        for place, fraction in zip(x, rows["fraction"], strict=True):
            axes.annotate(
                f"{100 * float(fraction):.0f} %",
                (place, 0),
                xycoords=("data", "axes fraction"),
                xytext=(0, 4),
                textcoords="offset points",
                ha="center",
                fontsize=8,
            )
        axes.set_title("More patients to learn from")
        axes.set(xlabel="Training patients, mean over folds", ylabel="Mean held-out AUROC")
        axes.margins(x=0.08, y=0.18)
        axes.grid(visible=True)
        axes.legend(loc="lower right", bbox_to_anchor=(1, 0.08))
        finish(figure, simulated=report.simulated)
    return figure
