"""Figures of a training run: ROC, precision-recall, calibration and score by severity class."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ifn_severity.report.class_figure import score_by_class_figure
from ifn_severity.report.comparison_figure import comparison_figure
from ifn_severity.report.curves import (
    Curve,
    calibration_bins,
    checked,
    mean_roc,
    mean_steps,
    precision_recall_curves,
    roc_curves,
)
from ifn_severity.report.style import (
    BLUE,
    GREY,
    INK,
    VERMILLION,
    figure_style,
    finish,
    new_figure,
)

__all__ = [
    "calibration_figure",
    "comparison_figure",
    "precision_recall_figure",
    "roc_figure",
    "score_by_class_figure",
]

_SQUARE = 4.6  # inches a side, for curves on the unit square


def _unit_square(axes: Axes, x_label: str, y_label: str) -> None:
    axes.set(xlim=(-0.01, 1.01), ylim=(-0.01, 1.01), xlabel=x_label, ylabel=y_label)
    axes.set_aspect("equal")
    axes.grid(visible=True)


def _draw_repeats(axes: Axes, curves: Sequence[Curve], mean: Curve, *, steps: bool) -> None:
    style = "steps-pre" if steps else "default"
    many = len(curves) > 1
    for number, (x, y) in enumerate(curves):
        axes.plot(
            x,
            y,
            color=GREY if many else BLUE,
            linewidth=0.9 if many else 2.0,
            alpha=0.75 if many else 1.0,
            drawstyle=style,
            gid=f"repeat-{number + 1}",
            label=("each repeat" if many else "out of fold") if number == 0 else None,
        )
    if many:
        label = f"mean of {len(curves)} repeats"
        axes.plot(*mean, color=BLUE, linewidth=2.2, drawstyle=style, gid="mean", label=label)


def _note(axes: Axes, text: str, *, x: float = 0.98, y: float = 0.03) -> None:
    if text:
        axes.text(
            x,
            y,
            text,
            transform=axes.transAxes,
            ha="right" if x > 0.5 else "left",
            va="bottom" if y < 0.5 else "top",
            fontsize=9.5,
            fontweight="bold",
            bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 2},
        )


def roc_figure(
    y: npt.ArrayLike,
    probability: npt.ArrayLike,
    *,
    title: str,
    auroc_text: str,
    simulated: bool,
) -> Figure:
    """Draw the ROC curve of every repeat and their vertical mean.

    Parameters
    ----------
    y : array-like of shape (n_samples,)
        1 for severe, 0 for not severe.
    probability : array-like of shape (n_repeats, n_samples) or (n_samples,)
        Out-of-fold probabilities; NaN where a repeat has none.
    title, auroc_text : str
        Heading, and the AUROC with its interval as computed elsewhere.
    simulated : bool
        Write SIMULATED DATA across the figure.

    Returns
    -------
    matplotlib.figure.Figure
        Lines carry the gids ``repeat-1`` ... and, with several repeats, ``mean``.

    Examples
    --------
    >>> figure = roc_figure(
    ...     [0, 0, 1, 1], [0.1, 0.4, 0.3, 0.9], title="demo", auroc_text="AUROC 0.75",
    ...     simulated=True,
    ... )
    >>> figure.axes[0].get_xlabel()
    '1 − specificity'
    """
    labels, repeats = checked(y, probability)
    with figure_style():
        figure = new_figure(_SQUARE, width=_SQUARE)
        axes = figure.subplots()
        axes.plot([0, 1], [0, 1], color=INK, linewidth=0.9, linestyle=(0, (4, 3)), label="chance")
        curves = roc_curves(labels, repeats)
        _draw_repeats(axes, curves, mean_roc(curves), steps=False)
        _unit_square(axes, "1 − specificity", "Sensitivity")
        axes.set_title(title, wrap=True)
        axes.legend(loc="lower right", bbox_to_anchor=(1.0, 0.09))
        _note(axes, auroc_text)
        finish(figure, simulated=simulated)
    return figure


def precision_recall_figure(
    y: npt.ArrayLike,
    probability: npt.ArrayLike,
    *,
    title: str,
    ap_text: str = "",
    simulated: bool,
) -> Figure:
    """Draw the precision-recall steps of every repeat, their mean and the prevalence.

    Parameters
    ----------
    y, probability, title, simulated
        As in :func:`roc_figure`.
    ap_text : str
        Average precision as computed elsewhere.
    """
    labels, repeats = checked(y, probability)
    with figure_style():
        figure = new_figure(_SQUARE, width=_SQUARE)
        axes = figure.subplots()
        prevalence = float(labels.mean())
        axes.axhline(
            prevalence,
            color=INK,
            linewidth=0.9,
            linestyle=(0, (4, 3)),
            label=f"prevalence {prevalence:.2f}",
        )
        curves = precision_recall_curves(labels, repeats)
        _draw_repeats(axes, curves, mean_steps(curves), steps=True)
        _unit_square(axes, "Recall (sensitivity)", "Precision (positive predictive value)")
        axes.set_title(title, wrap=True)
        axes.legend(loc="lower left", bbox_to_anchor=(0.0, 0.09))
        _note(axes, ap_text, x=0.03)
        finish(figure, simulated=simulated)
    return figure


def calibration_figure(
    y: npt.ArrayLike,
    probability: npt.ArrayLike,
    *,
    title: str,
    calibration_text: str = "",
    simulated: bool,
    n_bins: int | None = None,
) -> Figure:
    """Draw observed against predicted risk, with the predictions' histogram below.

    Repeats are averaged for each patient first, so the intervals count a patient once.

    Parameters
    ----------
    y, probability, title, simulated
        As in :func:`roc_figure`.
    calibration_text : str
        Slope and intercept as computed elsewhere.
    n_bins : int, optional
        Quantile bins; about 20 patients each when not given.
    """
    labels, repeats = checked(y, probability)
    seen = ~np.isnan(repeats).all(axis=0)
    labels, mean = labels[seen], np.nanmean(repeats[:, seen], axis=0)
    bins = calibration_bins(labels, mean, n_bins=n_bins)
    with figure_style():
        figure = new_figure(_SQUARE + 1.0, width=_SQUARE)
        axes, below = figure.subplots(2, 1, sharex=True, height_ratios=(4.2, 1))
        axes.plot([0, 1], [0, 1], color=INK, linewidth=0.9, linestyle=(0, (4, 3)), label="ideal")
        axes.errorbar(
            bins.predicted,
            bins.observed,
            yerr=np.clip([bins.observed - bins.low, bins.high - bins.observed], 0, None),
            fmt="o-",
            color=BLUE,
            ecolor=BLUE,
            elinewidth=1.0,
            capsize=3,
            markersize=5,
            label="quantile bins, 95 % CI (Wilson)",
        )
        axes.set(xlim=(-0.01, 1.01), ylim=(-0.03, 1.03), ylabel="Observed share of severe")
        axes.grid(visible=True)
        axes.set_title(title, wrap=True)
        axes.legend(loc="upper left")
        _note(axes, calibration_text)
        below.hist(
            [mean[labels == 0], mean[labels == 1]],
            bins=list(np.linspace(0, 1, 21)),
            stacked=True,
            color=[BLUE, VERMILLION],
            label=["not severe", "severe"],
            edgecolor="white",
            linewidth=0.4,
        )
        below.set(xlabel="Predicted probability of severe disease", ylabel="Patients")
        below.legend(loc="upper center", ncols=2, bbox_to_anchor=(0.5, 1.32))
        finish(figure, simulated=simulated)
    return figure
