"""Where interferon matters: by cohort and stage of illness, held out."""

from __future__ import annotations

from matplotlib.figure import Figure

from ifn_severity.errors import InputError
from ifn_severity.explain.result import Explained
from ifn_severity.report.explanation_samples import cohorts_in
from ifn_severity.report.panels import legend_above
from ifn_severity.report.stages import (
    mark_stage,
    name_scopes,
    stage_colour,
    stage_handles,
    stage_places,
)
from ifn_severity.report.style import INK, figure_style, finish, new_figure


def where_figure(explained: Explained) -> Figure:
    """Draw what leaving interferon out costs, the score alone and the share, by cohort and stage.

    Parameters
    ----------
    explained : Explained
        What was found.

    Returns
    -------
    matplotlib.figure.Figure
        Markers carry the gids ``difference-<cohort>-<stage>``, ``alone-<cohort>-<stage>`` and
        ``share-<cohort>-<stage>``. A panel without any figure is left out.

    Raises
    ------
    InputError
        If nothing is known by cohort.
    """
    table = explained.where
    wanted = {
        "difference": ("What interferon adds", "AUROC with it − without it", 0.0),
        "alone": ("Interferon score alone", "AUROC, high score = severe", 0.5),
        "share": ("Part of the decision", "% of all |attribution|", None),
    }
    shown = {name: words for name, words in wanted.items() if table[name].notna().any()}
    if table.empty or not shown:
        raise InputError(
            "no comparison by cohort",
            expected="one row a cohort and stage",
            do="leave this figure out where there is none",
        )
    pairs = list(zip(table["cohort"].astype(str), table["stage"].astype(str), strict=True))
    places, names = stage_places(pairs, cohorts_in(explained))
    with figure_style():
        figure = new_figure(0.19 * len(places) + 0.2 * len(names) + 1.35)
        panels = figure.subplots(1, len(shown), sharey=True, squeeze=False)[0]
        for axes, (name, (title, label, chance)) in zip(panels, shown.items(), strict=True):
            factor = 100.0 if name == "share" else 1.0
            for pair, (_, row) in zip(pairs, table.iterrows(), strict=True):
                y = places[pair]
                if name == "difference":
                    colour = stage_colour(pair[1])
                    axes.plot([row["low"], row["high"]], [y, y], color=colour, linewidth=1.5)
                mark_stage(axes, factor * float(row[name]), y, pair[1], f"{name}-{'-'.join(pair)}")
            if chance is not None:
                axes.axvline(chance, color=INK, linewidth=0.8)
            axes.set_title(title, fontsize=9)
            axes.set_xlabel(label)
            axes.grid(visible=True, axis="x")
            axes.tick_params(axis="y", length=0)
            if name == "alone":
                axes.set_xlim(0, 1)
            elif name == "share":
                axes.set_xlim(0, max(100 * table["share"].max() * 1.15, 1))
        name_scopes(panels[0], places, names)
        legend_above(figure, stage_handles(stage for _, stage in pairs))
        finish(figure, simulated=explained.gene_level.simulated)
    return figure
