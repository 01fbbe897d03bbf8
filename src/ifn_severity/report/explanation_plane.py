"""The interferon × inflammation plane: who has which, and whom interferon moves."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from ifn_severity.explain.result import Explained, Patient
from ifn_severity.report.explanation_samples import cohorts_in, row_of
from ifn_severity.report.panels import grid_columns, legend_above, panel_grid
from ifn_severity.report.style import (
    GREY,
    INK,
    ORANGE,
    SEVERITY_MARKERS,
    SIGNED_COLOURS,
    SKY,
    figure_style,
    finish,
)

#: Where each quadrant's name stands: horizontal and vertical side, words.
_CORNERS = (
    ("left", "bottom", "low, low"),
    ("right", "bottom", "inflammation only"),
    ("left", "top", "interferon only"),
    ("right", "top", "both"),
)
#: Of samples that were not severe (0) and severe (1): colour, marker, words.
OUTCOMES = {0.0: (SKY, "o", "not severe"), 1.0: (ORANGE, "^", "severe")}


def plane_figure(explained: Explained) -> Figure:
    """Draw every patient's place on the plane, one panel a cohort, coloured by interferon's push.

    Parameters
    ----------
    explained : Explained
        What was found.

    Returns
    -------
    matplotlib.figure.Figure
        Shapes are the recorded severity; colour is the net attribution of all interferon genes.
    """
    plane = explained.plane
    cohorts = [name for name in cohorts_in(explained) if (plane["cohort"] == name).any()]
    push = plane["interferon_net"].to_numpy(dtype=float)
    most = float(np.nanquantile(np.abs(push), 0.98)) or 1.0
    scale = Normalize(-most, most, clip=True)
    with figure_style():
        figure, panels = panel_grid(len(cohorts), panel_height=2.35, extra=0.75)
        present: list[str] = []
        narrow = grid_columns(len(cohorts)) > 2
        for axes, cohort in zip(panels, cohorts, strict=True):
            here = plane[plane["cohort"] == cohort]
            _quadrants(axes, here, row_of(explained.cutpoints, cohort), narrow=narrow)
            classes = here["severity"].astype("object").fillna("unknown").astype(str)
            for kind in SEVERITY_MARKERS:
                rows = here[(classes == kind).to_numpy()]
                if rows.empty:
                    continue
                present.append(kind)
                axes.scatter(
                    rows["inflammation"],
                    rows["interferon"],
                    c=SIGNED_COLOURS(scale(rows["interferon_net"].to_numpy(dtype=float))),
                    marker=SEVERITY_MARKERS[kind],
                    s=20,
                    edgecolor=INK,
                    linewidth=0.35,
                    rasterized=len(here) > 150,
                    gid=f"plane-{cohort}-{kind}",
                )
            axes.set_title(cohort, fontsize=9)
        figure.supxlabel("Inflammation score, log2 relative expression", fontsize=9)
        figure.supylabel("Interferon score", fontsize=9)
        bar = figure.colorbar(
            ScalarMappable(scale, SIGNED_COLOURS), ax=panels, aspect=40, pad=0.02, shrink=0.85
        )
        bar.set_label("interferon genes' net push, log-odds")
        bar.outline.set_visible(False)
        legend_above(
            figure,
            [
                Line2D([], [], linestyle="", color=GREY, marker=SEVERITY_MARKERS[kind], label=kind)
                for kind in SEVERITY_MARKERS
                if kind in present
            ],
            ncols=6,
        )
        finish(figure, simulated=explained.gene_level.simulated)
    return figure


def _quadrants(axes: Axes, plane: pd.DataFrame, cut: pd.Series, *, narrow: bool = False) -> None:
    """Draw the lines between low and high, and name the four fields."""
    axes.margins(x=0.1, y=0.24 if narrow else 0.16)
    axes.axvline(float(cut["inflammation"]), color=GREY, linewidth=0.9, linestyle=(0, (3, 2)))
    axes.axhline(float(cut["interferon"]), color=GREY, linewidth=0.9, linestyle=(0, (3, 2)))
    counts = plane["quadrant"].value_counts()
    for across, up, words in _CORNERS:
        full = "low interferon, low inflammation" if words == "low, low" else words
        axes.text(
            0.015 if across == "left" else 0.985,
            0.015 if up == "bottom" else 0.985,
            f"{words.replace(' only', chr(10) + 'only') if narrow else words}: "
            f"{int(counts.get(full, 0))}",
            transform=axes.transAxes,
            ha=across,
            va=up,
            fontsize=7,
            color=INK,
            zorder=6,
            bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.75, "pad": 0.8},
        )


def draw_place(axes: Axes, patient: Patient, plane: pd.DataFrame, cut: pd.Series) -> None:
    """Draw one patient on the plane of the own cohort, whose other patients are the background.

    Parameters
    ----------
    axes : Axes
        Where.
    patient : Patient
        Who.
    plane : DataFrame indexed by sample
        Patients of the same cohort, as in ``Explained.plane``.
    cut : Series
        The cohort's row of ``Explained.cutpoints``.
    """
    _quadrants(axes, plane, cut, narrow=True)
    others = plane.drop(index=[patient.sample], errors="ignore")
    severe = others["severe"].to_numpy(dtype=float)
    for outcome, (colour, marker, _) in OUTCOMES.items():
        here = severe == outcome
        axes.scatter(
            others["inflammation"][here],
            others["interferon"][here],
            s=11,
            marker=marker,
            color=colour,
            alpha=0.75,
            linewidth=0,
            rasterized=len(others) > 150,
        )
    axes.scatter(
        [patient.inflammation],
        [patient.interferon],
        marker="*",
        s=150,
        color="white",
        edgecolor="black",
        linewidth=1.3,
        zorder=7,
        gid="this-patient",
    )
    axes.set_xlabel("Inflammation score")
    axes.set_ylabel("Interferon score", labelpad=1)


def place_handles() -> list[Line2D]:
    """Return legend entries for one patient among others."""
    handles = [
        Line2D([], [], linestyle="", color=colour, marker=marker, label=words)
        for colour, marker, words in OUTCOMES.values()
    ]
    star = Line2D([], [], linestyle="", color="white", marker="*", markersize=11)
    star.set(markeredgecolor="black", label="this patient")
    return [*handles, star]
