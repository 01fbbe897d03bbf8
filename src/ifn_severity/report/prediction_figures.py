"""Two figures of a batch of predictions: its scores with their intervals, and its drift."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from ifn_severity.report.style import (
    BLUE,
    GREY,
    INK,
    ORANGE,
    VERMILLION,
    figure_style,
    finish,
    new_figure,
)

COLOURS = {"severe": VERMILLION, "not severe": BLUE, "abstain": GREY}
_MARKERS = {"severe": "^", "not severe": "o", "abstain": "x"}
_SINGLE = 60
_DRIFT = 15


def scores_figure(predictions: pd.DataFrame, *, threshold: float, simulated: bool) -> Figure:
    """Draw probabilities: a line a sample with its interval, or a histogram where there are many.

    Parameters
    ----------
    predictions : DataFrame
        ``sample``, ``probability_severe``, ``call``, ``probability_low``, ``probability_high``.
    threshold : float
    simulated : bool
    """
    shown = predictions.dropna(subset="probability_severe").sort_values(
        "probability_severe", kind="stable"
    )
    with figure_style():
        if len(shown) <= _SINGLE:
            figure = new_figure(1.4 + 0.17 * max(len(shown), 4))
            _one_line_each(figure, shown)
        else:
            figure = new_figure(3.2)
            _histogram(figure, shown)
        axes = figure.axes[0]
        axes.axvline(threshold, color=ORANGE, linestyle=(0, (5, 2)), zorder=1)
        axes.set(xlim=(-0.02, 1.02), xlabel="Probability of severe disease")
        axes.set_title(f"Predicted probability; dashed: called severe from {threshold:.2f}")
        axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
        finish(figure, simulated=simulated)
    return figure


def _one_line_each(figure: Figure, shown: pd.DataFrame) -> None:
    axes = figure.subplots()
    rows = np.arange(len(shown))
    ends = shown[["probability_low", "probability_high"]].to_numpy(dtype=float)
    axes.hlines(rows, ends[:, 0], ends[:, 1], color="#C8C8C8", linewidth=2.2, zorder=2)
    for call, colour in COLOURS.items():
        mine = (shown["call"] == call).to_numpy()
        if mine.any():
            axes.scatter(
                shown["probability_severe"].to_numpy()[mine],
                rows[mine],
                s=22,
                marker=_MARKERS[call],
                color=colour,
                label=call,
                zorder=3,
            )
    axes.set_yticks(rows, [str(name)[:24] for name in shown["sample"]], fontsize=7)
    axes.set_ylim(-0.8, max(len(shown), 1) - 0.2)


def _histogram(figure: Figure, shown: pd.DataFrame) -> None:
    axes = figure.subplots()
    calls = [call for call in COLOURS if (shown["call"] == call).any()]
    axes.hist(
        [shown.loc[shown["call"] == call, "probability_severe"] for call in calls],
        bins=np.linspace(0, 1, 31).tolist(),
        stacked=True,
        color=[COLOURS[call] for call in calls],
        label=calls,
    )
    axes.set_ylabel("Samples")


def drift_figure(drift: pd.Series, *, simulated: bool) -> Figure:
    """Draw the features whose batch mean is furthest from that of training.

    Parameters
    ----------
    drift : Series indexed by feature
        In training standard deviations, furthest first.
    simulated : bool
    """
    shown = drift.head(_DRIFT)[::-1]
    with figure_style():
        figure = new_figure(1.1 + 0.2 * max(len(shown), 3))
        axes = figure.subplots()
        rows = np.arange(len(shown))
        values = shown.to_numpy(dtype=float)
        axes.hlines(rows, 0, values, color=GREY, linewidth=1.5)
        axes.scatter(values, rows, s=26, color=[VERMILLION if v > 0 else BLUE for v in values])
        axes.set_yticks(rows, [str(name) for name in shown.index], fontsize=7.5)
        axes.axvline(0, color=INK, linewidth=0.8)
        axes.set_xlabel("Mean of the batch less that of training, in standard deviations")
        axes.set_title(f"The {len(shown)} features that drifted most")
        axes.grid(visible=True, axis="x")
        finish(figure, simulated=simulated)
    return figure
