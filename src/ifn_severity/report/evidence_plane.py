"""Interferon against inflammation in the same cells, and what the spread is made of."""

from __future__ import annotations

import math

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from ifn_severity.errors import InputError
from ifn_severity.evidence.result import EvidenceReport
from ifn_severity.report.evidence_day import SIDES, scatter_side, side_handles
from ifn_severity.report.evidence_rows import records, value_in
from ifn_severity.report.panels import legend_above, panel_grid, under_title
from ifn_severity.report.style import (
    BLUE,
    GREY,
    INK,
    ORANGE,
    PALE,
    figure_style,
    finish,
    new_figure,
    text_colour,
)
from ifn_severity.report.wording import percent

#: Sources of variance: colour and words.
SOURCES: dict[str, tuple[str, str]] = {
    "severity": (ORANGE, "between severity groups"),
    "patient": (BLUE, "between patients of a group"),
    "within": (PALE, "within patients, over time"),
}


def plane_cells(report: EvidenceReport) -> list[str]:
    """Return the cell types that have a plane, in the report's order."""
    return list(dict.fromkeys(report.plane["cell_type"].astype(str)))


def plane_figure(report: EvidenceReport, cell_type: str) -> Figure:
    """Draw both programmes of every patient, one panel a cohort.

    Parameters
    ----------
    report : EvidenceReport
        What was found.
    cell_type : str
        Whose expression; empty for bulk.

    Returns
    -------
    matplotlib.figure.Figure
        Points carry the gids ``plane-<cohort>-<severe>``; the lines of the quadrants,
        ``median-<axis>-<cohort>``, are the medians of the milder patients.

    Raises
    ------
    InputError
        If no patient has both programmes measured in these cells.
    """
    plane = report.plane[report.plane["cell_type"].astype(str) == cell_type]
    cohorts = list(dict.fromkeys(plane["cohort"].astype(str)))
    if not cohorts:
        raise InputError(
            f"no patient with both programmes in {cell_type or 'bulk'}",
            expected="at least one cohort",
            do="leave this figure out where there is none",
        )
    with figure_style():
        figure, panels = panel_grid(len(cohorts), panel_height=3.1, sharex=True, sharey=True)
        for axes, cohort in zip(panels, cohorts, strict=True):
            rows = plane[plane["cohort"].astype(str) == cohort]
            for side in SIDES:
                some = rows[rows["severe"] == side]
                gid = f"plane-{cohort}-{side}"
                scatter_side(axes, some["inflammation"], some["interferon"], side, gid=gid)
            _quadrants(axes, rows, cohort)
            axes.set_title(cohort, fontsize=9, pad=16)
            under_title(axes, _shares(report, cohort, cell_type))
        panels[0].margins(0.1)
        figure.supxlabel("Inflammation score, SD from milder patients", fontsize=9)
        figure.supylabel("Interferon score, SD from milder patients", fontsize=9)
        legend_above(figure, side_handles(lines=False))
        finish(figure, simulated=False)
    return figure


def _quadrants(axes: Axes, rows: pd.DataFrame, cohort: str) -> None:
    mild = rows[rows["severe"] == 0]
    if not mild.empty:
        x, y = (float(mild[name].median()) for name in ("inflammation", "interferon"))
        lines = [
            axes.axvline(x, gid=f"median-inflammation-{cohort}"),
            axes.axhline(y, gid=f"median-interferon-{cohort}"),
        ]
        for line in lines:
            line.set(color=GREY, linewidth=0.8, linestyle=(0, (4, 3)), zorder=0)
    for text, (x, y), across, up in (
        ("both high", (0.98, 0.98), "right", "top"),
        ("interferon only", (0.02, 0.98), "left", "top"),
        ("inflammation only", (0.98, 0.02), "right", "bottom"),
        ("neither", (0.02, 0.02), "left", "bottom"),
    ):
        axes.text(x, y, text, transform=axes.transAxes, ha=across, va=up, fontsize=7.5, color=INK)


def _shares(report: EvidenceReport, cohort: str, cell_type: str) -> str:
    table = report.coexistence
    here = (table["cohort"].astype(str) == cohort) & (table["cell_type"].astype(str) == cell_type)
    by_side = {int(row["severe"]): row for row in records(table[here])}
    said = [
        f"{SIDES[side][3]} {100 * share:.0f} %"
        for side in (1, 0)
        if side in by_side and not math.isnan(share := value_in(by_side[side], "both_high"))
    ]
    return f"both high: {', '.join(said)}" if said else ""


def variance_figure(report: EvidenceReport) -> Figure:
    """Draw what share of the score's variance lies where, one bar a cohort.

    Parameters
    ----------
    report : EvidenceReport
        What was found.

    Returns
    -------
    matplotlib.figure.Figure
        Pieces carry the gids ``share-<cohort>-<source>``.

    Raises
    ------
    InputError
        If no variance was taken apart.
    """
    table = report.variance
    if table.empty:
        raise InputError(
            "no cohort whose variance was taken apart",
            expected="at least one",
            do="leave this figure out where there is none",
        )
    cohorts = list(dict.fromkeys(table["cohort"].astype(str)))
    sources = [name for name in SOURCES if name in set(table["source"].astype(str))]
    with figure_style():
        figure = new_figure(0.42 * len(cohorts) + 1.15)
        axes = figure.subplots()
        for y, cohort in enumerate(cohorts):
            rows = table[table["cohort"].astype(str) == cohort]
            by_source = {str(row["source"]): row for row in records(rows)}
            left = 0.0
            for source in sources:
                share = value_in(by_source.get(source, {}), "share")
                if math.isnan(share):
                    continue
                colour, _ = SOURCES[source]
                axes.barh(
                    y,
                    share,
                    left=left,
                    height=0.62,
                    color=colour,
                    edgecolor="white",
                    gid=f"share-{cohort}-{source}",
                )
                if share > 0.06:
                    axes.text(
                        left + share / 2,
                        y,
                        percent(share),
                        ha="center",
                        va="center",
                        fontsize=8,
                        color=text_colour(colour),
                    )
                left += share
        axes.set_yticks(range(len(cohorts)), cohorts)
        axes.tick_params(axis="y", length=0)
        axes.set_ylim(len(cohorts) - 0.5, -0.5)
        axes.set_xlim(0, 1)
        axes.set_xlabel("Share of the variance of the interferon score")
        legend_above(
            figure, [Patch(color=SOURCES[name][0], label=SOURCES[name][1]) for name in sources]
        )
        finish(figure, simulated=False)
    return figure
