"""What interferon and cytokine features add, cohort by cohort and by stage of illness."""

from __future__ import annotations

from matplotlib.figure import Figure

from ifn_severity.errors import InputError
from ifn_severity.report.panels import legend_above
from ifn_severity.report.stages import (
    mark_stage,
    name_scopes,
    stage_colour,
    stage_handles,
    stage_places,
)
from ifn_severity.report.style import INK, figure_style, finish, new_figure
from ifn_severity.report.validation import ValidationReport
from ifn_severity.report.validation_rows import measured_proteins


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
    pairs = zip(table["scope"].astype(str), table["stage"].astype(str), strict=True)
    places, names = stage_places(pairs, [str(name) for name in report.cohorts.index])
    with figure_style():
        panels_wanted = len(groups) + (0 if alone.empty else 1)
        figure = new_figure(0.19 * len(places) + 0.22 * len(names) + 1.3)
        panels = figure.subplots(1, panels_wanted, sharey=True, squeeze=False)[0]
        for axes, group in zip(panels, groups, strict=False):
            rows = table[table["group"].astype(str) == group]
            for _, row in rows.iterrows():
                scope, stage = str(row["scope"]), str(row["stage"])
                y = places[scope, stage]
                ends = [row["low"], row["high"]]
                axes.plot(ends, [y, y], color=stage_colour(stage), linewidth=1.5)
                mark_stage(axes, float(row["difference"]), y, stage, f"{group}-{scope}-{stage}")
            axes.axvline(0, color=INK, linewidth=0.8)
            axes.set_title(f"What {group} adds")
            axes.set_xlabel("AUROC with it − without it")
        if not alone.empty:
            axes = panels[-1]
            for _, row in alone.iterrows():
                scope, stage = str(row["scope"]), str(row["stage"])
                mark_stage(
                    axes, float(row["alone"]), places[scope, stage], stage, f"alone-{scope}-{stage}"
                )
            axes.axvline(0.5, color=INK, linewidth=0.8)
            axes.set_xlim(0, 1)
            axes.set_title("IFN-γ alone" if measured_proteins(report) else "Interferon alone")
            axes.set_xlabel("AUROC, high value = severe")
        for axes in panels:
            axes.grid(visible=True, axis="x")
            axes.tick_params(axis="y", length=0)
        name_scopes(panels[0], places, names)
        legend_above(figure, stage_handles(table["stage"].astype(str)))
        finish(figure, simulated=report.simulated)
    return figure
