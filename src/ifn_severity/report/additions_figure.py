"""What interferon and cytokine features add, cohort by cohort and by stage of illness."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from ifn_severity.errors import InputError
from ifn_severity.report.panels import legend_above
from ifn_severity.report.style import (
    GREEN,
    GREY,
    INK,
    PURPLE,
    figure_style,
    finish,
    new_figure,
)
from ifn_severity.report.validation import ValidationReport
from ifn_severity.report.validation_words import measured_proteins

#: Stages of illness: marker, colour, words. Early is up to ten days from onset.
STAGES: dict[str, tuple[str, str, str]] = {
    "all": ("o", INK, "all patients"),
    "early": ("^", GREEN, "early, up to day 10"),
    "late": ("s", PURPLE, "late, after day 10"),
}


def additions_figure(report: ValidationReport) -> Figure:
    """Draw the difference in AUROC with and without a group, and interferon by itself.

    Parameters
    ----------
    report : ValidationReport
        What was found.

    Returns
    -------
    matplotlib.figure.Figure
        One panel a group, and one for the interferon score alone, where it is known. Markers
        carry the gids ``<group>-<scope>-<stage>`` and ``alone-<scope>-<stage>``.

    Raises
    ------
    InputError
        If nothing was compared.
    """
    table = report.additions
    if table.empty:
        raise InputError(
            "no comparison with and without a group of features",
            expected="one row a group, cohort and stage",
            do="leave this figure out where there is none",
        )
    groups = list(dict.fromkeys(table["group"].astype(str)))
    alone = table[table["alone"].notna()].drop_duplicates(["scope", "stage"])
    places, names = _places(table, report)
    with figure_style():
        panels_wanted = len(groups) + (0 if alone.empty else 1)
        figure = new_figure(0.19 * len(places) + 0.22 * len(names) + 1.3)
        panels = figure.subplots(1, panels_wanted, sharey=True, squeeze=False)[0]
        for axes, group in zip(panels, groups, strict=False):
            rows = table[table["group"].astype(str) == group]
            for _, row in rows.iterrows():
                scope, stage = str(row["scope"]), str(row["stage"])
                y = places[scope, stage]
                colour = STAGES.get(stage, STAGES["all"])[1]
                axes.plot([row["low"], row["high"]], [y, y], color=colour, linewidth=1.5)
                _mark(axes, float(row["difference"]), y, stage, f"{group}-{scope}-{stage}")
            axes.axvline(0, color=INK, linewidth=0.8)
            axes.set_title(f"What {group} adds")
            axes.set_xlabel("AUROC with it − without it")
        if not alone.empty:
            axes = panels[-1]
            for _, row in alone.iterrows():
                scope, stage = str(row["scope"]), str(row["stage"])
                _mark(
                    axes, float(row["alone"]), places[scope, stage], stage, f"alone-{scope}-{stage}"
                )
            axes.axvline(0.5, color=INK, linewidth=0.8)
            axes.set_xlim(0, 1)
            axes.set_title("IFN-γ alone" if measured_proteins(report) else "Interferon alone")
            axes.set_xlabel("AUROC, high value = severe")
        for axes in panels:
            axes.grid(visible=True, axis="x")
            axes.tick_params(axis="y", length=0)
        _name_rows(panels[0], places, names)
        present = set(table["stage"].astype(str))
        legend_above(
            figure,
            [
                Line2D([], [], color=colour, marker=marker, label=words)
                for stage, (marker, colour, words) in STAGES.items()
                if stage in present
            ],
        )
        finish(figure, simulated=report.simulated)
    return figure


def _places(
    table: pd.DataFrame, report: ValidationReport
) -> tuple[dict[tuple[str, str], float], dict[str, float]]:
    """Give each scope and stage a height, the mean first, and each scope's name its middle."""
    present = list(dict.fromkeys(table["scope"].astype(str)))
    known = ["mean", *(str(name) for name in report.cohorts.index)]
    scopes = [name for name in known if name in present]
    scopes += [name for name in present if name not in known]
    stages = {str(stage): order for order, stage in enumerate(STAGES)}
    places: dict[tuple[str, str], float] = {}
    names: dict[str, float] = {}
    at = 0.0
    for scope in scopes:
        here = table.loc[table["scope"].astype(str) == scope, "stage"].astype(str).unique()
        ranked = sorted(here, key=lambda stage: stages.get(stage, len(stages)))
        for step, stage in enumerate(ranked):
            places[scope, stage] = at + step
        names[scope] = at + (len(ranked) - 1) / 2
        at += len(ranked) + 0.9
    return places, names


def _name_rows(axes: Axes, places: dict[tuple[str, str], float], names: dict[str, float]) -> None:
    words = ["mean of cohorts" if scope == "mean" else scope for scope in names]
    axes.set_yticks(list(names.values()), words)
    axes.set_ylim(max(places.values()) + 0.7, -0.7)
    axes.get_yticklabels()[0].set_fontweight("bold" if "mean" in names else "normal")


def _mark(axes: Axes, value: float, y: float, stage: str, gid: str) -> None:
    marker, colour, _ = STAGES.get(stage, ("X", GREY, stage))
    axes.plot(value, y, marker=marker, color=colour, markersize=5.5, linestyle="", gid=gid)
