"""Predicted probability by severity class: whether the score rises with the disease."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.figure import Figure

from ifn_severity.errors import InputError
from ifn_severity.report.style import (
    GREY,
    INK,
    ORANGE,
    SEVERITY_COLOURS,
    SEVERITY_MARKERS,
    figure_style,
    finish,
    new_figure,
)
from ifn_severity.report.swarm import swarm_offsets


def score_by_class_figure(
    probability: npt.ArrayLike,
    severity: Sequence[object] | pd.Series,
    *,
    threshold: float,
    title: str,
    simulated: bool,
) -> Figure:
    """Draw each patient's mean out-of-fold probability by severity class.

    Parameters
    ----------
    probability : array-like of shape (n_repeats, n_samples) or (n_samples,)
        Out-of-fold probabilities; NaN where a repeat has none.
    severity : sequence of shape (n_samples,)
        Severity class of each sample; missing ones are shown as "unknown".
    threshold : float
        Probability from which a patient is called severe.
    title, simulated
        As in :func:`ifn_severity.report.training_figures.roc_figure`.

    Raises
    ------
    InputError
        If there is not one probability for each sample.
    """
    repeats = np.atleast_2d(np.asarray(probability, dtype=float))
    if repeats.shape[1] != len(severity):
        raise InputError(
            f"{repeats.shape[1]} probabilities for {len(severity)} severity classes",
            expected="one probability a sample, in the same order",
            do="align both on the sample names first",
        )
    seen = ~np.isnan(repeats).all(axis=0)
    mean = np.nanmean(repeats[:, seen], axis=0)
    known = pd.Series(severity).astype("object")
    classes = known.where(known.notna(), "unknown").astype(str).to_numpy()[seen]
    order = [name for name in SEVERITY_COLOURS if (classes == name).any()]
    order += sorted(set(classes) - set(order))
    with figure_style():
        figure = new_figure(3.9, width=max(4.6, 1.15 * len(order) + 1.2))
        axes = figure.subplots()
        for position, name in enumerate(order):
            here = mean[classes == name]
            axes.boxplot(
                here,
                positions=[position],
                widths=0.62,
                showfliers=False,
                medianprops={"color": INK, "linewidth": 1.8},
                boxprops={"color": GREY},
                whiskerprops={"color": GREY},
                capprops={"color": GREY},
            )
            axes.scatter(
                position + swarm_offsets(here, width=0.28, step=0.07, bins=40),
                here,
                s=16,
                marker=SEVERITY_MARKERS.get(name, "o"),
                color=SEVERITY_COLOURS.get(name, GREY),
                edgecolor=INK,
                linewidth=0.35,
                alpha=0.9,
                zorder=3,
                rasterized=here.size > 300,
                gid=f"class-{name}",
            )
        axes.axhline(threshold, color=ORANGE, linewidth=1.4, linestyle=(0, (5, 2)), zorder=2)
        axes.annotate(
            f"called severe\nfrom {threshold:.2f}",
            (1.01, threshold),
            xycoords=("axes fraction", "data"),
            va="center",
            fontsize=8,
        )
        axes.set_xticks(range(len(order)))
        axes.set_xticklabels([f"{name}\nn = {(classes == name).sum()}" for name in order])
        axes.set(xlim=(-0.55, len(order) - 0.45), ylim=(-0.03, 1.03))
        axes.set_ylabel("Out-of-fold probability of severe disease")
        axes.grid(visible=True, axis="y")
        axes.set_title(title, wrap=True)
        finish(figure, simulated=simulated)
    return figure
