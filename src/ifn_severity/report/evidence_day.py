"""Interferon by the day since onset: curves of patients, and effects of cohorts."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.transforms import Bbox

from ifn_severity.errors import InputError
from ifn_severity.evaluate.subgroups import EARLY_UNTIL
from ifn_severity.evidence.result import EvidenceReport
from ifn_severity.report.evidence_rows import records
from ifn_severity.report.panels import grid_columns, legend_above, panel_grid, under_title
from ifn_severity.report.stages import STAGES
from ifn_severity.report.style import (
    BLUE,
    CYCLE,
    GREY,
    INK,
    SKY,
    VERMILLION,
    figure_style,
    finish,
    new_figure,
)

#: Milder and severe patients: colour, marker, line, words.
SIDES: dict[int, tuple[str, str, str, str]] = {
    0: (BLUE, "o", "-", "milder"),
    1: (VERMILLION, "^", "--", "severe"),
}


def side_handles(*, lines: bool = True) -> list[Line2D | Patch]:
    """Return legend entries for milder and severe patients."""
    return [
        Line2D(
            [],
            [],
            color=colour,
            marker=marker,
            markerfacecolor=_face(side),
            linestyle=line if lines else "",
            label=words,
        )
        for side, (colour, marker, line, words) in SIDES.items()
    ]


def _face(side: int) -> str:
    return SIDES[side][0] if side else "white"


def scatter_side(axes: Axes, x: pd.Series, y: pd.Series, side: int, *, gid: str) -> None:
    """Draw patients of one side: markers differ in shape as well as in colour."""
    colour, marker, _, _ = SIDES[side]
    axes.plot(
        x.to_numpy(float),
        y.to_numpy(float),
        marker,
        color=colour,
        markersize=4.5,
        markerfacecolor=_face(side),
        markeredgewidth=1.0,
        alpha=0.75,
        gid=gid,
    )


def day_figure(report: EvidenceReport) -> Figure:
    """Draw the interferon score over the day since onset, one panel a cohort.

    Parameters
    ----------
    report : EvidenceReport
        What was found.

    Returns
    -------
    matplotlib.figure.Figure
        Points carry the gids ``points-<cohort>-<severe>``, curves ``curve-<cohort>-<severe>``.

    Raises
    ------
    InputError
        If no sample has a day.
    """
    points, curves = report.day_points, report.day_curves
    cohorts = list(dict.fromkeys([*curves["cohort"].astype(str), *points["cohort"].astype(str)]))
    if not cohorts:
        raise InputError(
            "no sample with a day since onset",
            expected="at least one cohort that knows it",
            do="leave this figure out where there is none",
        )
    with figure_style():
        figure, panels = panel_grid(len(cohorts), panel_height=2.7, sharex=True, sharey=True)
        narrow = grid_columns(len(cohorts)) > 2
        for axes, cohort in zip(panels, cohorts, strict=True):
            axes.axhline(0, color=GREY, linewidth=0.7)
            axes.axvline(EARLY_UNTIL, color=GREY, linewidth=0.7, linestyle=(0, (1, 2)))
            for side in SIDES:
                _draw_side(axes, report, cohort, side)
            here = points[points["cohort"].astype(str) == cohort]
            axes.set_title(cohort, fontsize=9, pad=25 if narrow else 16)
            under_title(axes, _sizes(here, narrow=narrow))
            axes.grid(visible=True)
        figure.supxlabel("Day since onset of symptoms", fontsize=9)
        figure.supylabel("Interferon score, SD from milder patients", fontsize=9)
        handles = [*side_handles(), Patch(color=GREY, alpha=0.3, label="95 % band")]
        handles.append(
            Line2D([], [], color=GREY, linestyle=(0, (1, 2)), label=f"day {EARLY_UNTIL:.0f}")
        )
        legend_above(figure, handles)
        finish(figure, simulated=False)
    return figure


def _sizes(points: pd.DataFrame, *, narrow: bool) -> str:
    counts = [
        f"{points.loc[points['severe'] == side, 'patient'].nunique()} {words}"
        for side, (*_, words) in SIDES.items()
    ]
    between = "\n" if narrow else " "
    return f"{len(points)} samples; patients:{between}{', '.join(counts)}"


def _draw_side(axes: Axes, report: EvidenceReport, cohort: str, side: int) -> None:
    colour, _, line, _ = SIDES[side]
    points, curves = (
        table[(table["cohort"].astype(str) == cohort) & (table["severe"] == side)]
        for table in (report.day_points, report.day_curves)
    )
    gid = f"points-{cohort}-{side}"
    scatter_side(axes, points["day"], points["score"], side, gid=gid)
    if curves.empty:
        return
    curves = curves.sort_values("day")
    at = curves["day"].to_numpy(float)
    low, high = (curves[name].to_numpy(float) for name in ("low", "high"))
    axes.fill_between(at, low, high, color=colour, alpha=0.16, linewidth=0)
    fit = curves["fit"].to_numpy(float)
    axes.plot(at, fit, color=colour, linestyle=line, linewidth=2, gid=f"curve-{cohort}-{side}")


def meta_figure(report: EvidenceReport) -> Figure:
    """Draw the severity effect of every cohort and stage over its mean day since onset.

    Parameters
    ----------
    report : EvidenceReport
        What was found.

    Returns
    -------
    matplotlib.figure.Figure
        Markers carry the gids ``effect-<cohort>-<stratum>``, the line ``meta-line``. The area
        of a marker grows with the weight of the effect, the inverse of its variance.

    Raises
    ------
    InputError
        If there are no effects with a day.
    """
    points, line = report.meta_points, report.meta_line
    if points.empty:
        raise InputError(
            "no effect with a mean day since onset",
            expected="at least one cohort and stage",
            do="leave this figure out where there is none",
        )
    weights = 1 / points["variance"].to_numpy(float)
    sizes = 40 + 160 * weights / np.max(weights)
    cohorts = list(dict.fromkeys(points["cohort"].astype(str)))
    colours = {name: CYCLE[place % len(CYCLE)] for place, name in enumerate(cohorts)}
    with figure_style():
        figure = new_figure(3.6)
        axes = figure.subplots()
        axes.axhline(0, color=INK, linewidth=0.8)
        if not line.empty:
            at = line["day"].to_numpy(float)
            low, high = (line[name].to_numpy(float) for name in ("low", "high"))
            axes.fill_between(at, low, high, color=SKY, alpha=0.2, linewidth=0)
            axes.plot(at, line["fit"].to_numpy(float), color=INK, linewidth=1.6, gid="meta-line")
        for row, size in zip(records(points), sizes, strict=True):
            stratum, cohort = str(row["stratum"]), str(row["cohort"])
            axes.scatter(
                [row["day"]],
                [row["effect"]],
                s=size,
                marker=STAGES[stratum][0],
                color=colours[cohort],
                edgecolor="white",
                linewidth=0.8,
                zorder=3,
                gid=f"effect-{cohort}-{stratum}",
            )
        axes.grid(visible=True)
        axes.margins(x=0.12, y=0.16)
        axes.set_xlabel("Mean day since onset of symptoms")
        axes.set_ylabel("Hedges' g: ↑ higher in severe")
        strata = set(points["stratum"].astype(str))
        handles: list[Line2D | Patch] = [
            Line2D([], [], color=GREY, marker=marker, linestyle="", label=words)
            for stratum, (marker, _, words) in STAGES.items()
            if stratum in strata
        ]
        if not line.empty:
            handles.append(Patch(color=SKY, alpha=0.4, label="meta-regression, 95 % band"))
        legend_above(figure, handles)
        finish(figure, simulated=False)
        _name_points(axes, points)
    return figure


def _name_points(axes: Axes, points: pd.DataFrame) -> None:
    """Write each effect's cohort beside it, on the side where most is free.

    Runs after the layout, so that places are known.
    """
    dots = axes.transData.transform(points[["day", "effect"]].to_numpy(float))
    a_point, room = axes.figure.dpi / 72, axes.get_window_extent()
    taken = [Bbox.from_extents(*(dot - 8 * a_point), *(dot + 8 * a_point)) for dot in dots]
    for row, (x, y) in zip(records(points), dots, strict=True):
        name = str(row["cohort"])
        width, height = 4.4 * a_point * len(name), 9 * a_point
        gap = 10 * a_point
        choices = {
            ("left", "center"): (x + gap, y - height / 2),
            ("right", "center"): (x - gap - width, y - height / 2),
            ("center", "bottom"): (x - width / 2, y + gap),
            ("center", "top"): (x - width / 2, y - gap - height),
        }
        boxes = {place: Bbox.from_bounds(*at, width, height) for place, at in choices.items()}
        crowds = {
            place: sum(map(box.overlaps, taken))
            + len(taken) * (box.x0 <= room.x0 or box.x1 >= room.x1)
            for place, box in boxes.items()
        }
        across, up = min(crowds.items(), key=lambda item: item[1])[0]
        taken.append(boxes[across, up])
        axes.annotate(
            name,
            (row["day"], row["effect"]),
            xytext=(
                {"left": 10, "right": -10, "center": 0}[across],
                {"bottom": 10, "top": -10, "center": 0}[up],
            ),
            textcoords="offset points",
            ha=across,
            va=up,
            fontsize=7.5,
        )
