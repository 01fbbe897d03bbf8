"""The model's slope and the gene's own fold change, by cohort and stage of illness."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ifn_severity.explain.result import Explained
from ifn_severity.report.explanation_samples import cohorts_in, leading_genes
from ifn_severity.report.forest import draw_arrows
from ifn_severity.report.stages import (
    mark_stage,
    name_scopes,
    stage_colour,
    stage_handles,
    stage_places,
)
from ifn_severity.report.style import INK, figure_style, finish, new_figure

_LABELS = (
    "Slope: log-odds per log2 unit of expression",
    "log2 fold change, severe less not severe",
)


def stage_rows(explained: Explained) -> pd.DataFrame:
    """Return effects of every interferon gene by cohort and stage, stage "all" included.

    Returns
    -------
    DataFrame
        ``by_cohort`` with ``stage`` "all", and ``by_stage``, one below the other.
    """
    whole = explained.by_cohort.assign(stage="all")
    parts = [table for table in (whole, explained.by_stage) if not table.empty]
    return pd.concat(parts, ignore_index=True) if parts else whole


def effects_figure(explained: Explained) -> Figure:
    """Draw what more of a gene does in the model and how it differs in the data.

    Parameters
    ----------
    explained : Explained
        What was found.

    Returns
    -------
    matplotlib.figure.Figure
        A column a gene. Above: slope of attribution on expression. Below: log2 fold change,
        severe less not severe, with its interval; an arrowhead says that one goes on. Markers
        carry the gids ``<slope or fold>-<gene>-<cohort>-<stage>``, arrowheads
        ``on-<gene>-<cohort>-<stage>``.
    """
    genes = leading_genes(explained)
    rows = stage_rows(explained)
    rows = rows[rows["gene"].isin(genes)]
    pairs = zip(rows["cohort"].astype(str), rows["stage"].astype(str), strict=True)
    places, names = stage_places(pairs, cohorts_in(explained))
    height = 0.145 * len(places) + 0.13 * len(names)
    with figure_style():
        figure = new_figure(2 * height + 1.75)
        grid = figure.subplots(2, len(genes), sharex="row", sharey=True, squeeze=False)
        for band, value in enumerate(("slope", "log2_fold_change")):
            most = float(np.nanmax(np.abs(rows[value].to_numpy(dtype=float)), initial=1e-6))
            grid[band, 0].set_xlim(-1.35 * most, 1.35 * most)
            grid[band, 0].xaxis.set_major_locator(MaxNLocator(2, symmetric=True))
        for column, gene in enumerate(genes):
            here = rows[rows["gene"] == gene]
            for band, kind in enumerate(("slope", "fold")):
                axes = grid[band, column]
                axes.axvline(0, color=INK, linewidth=0.8)
                value = "slope" if kind == "slope" else "log2_fold_change"
                for about in here.to_dict("records"):
                    cohort, stage = str(about["cohort"]), str(about["stage"])
                    y = places[cohort, stage]
                    if kind == "fold":
                        ends = [about["fold_low"], about["fold_high"]]
                        colour = stage_colour(stage)
                        axes.plot(ends, [y, y], color=colour, linewidth=1.1)
                        draw_arrows(
                            axes, ends[0], ends[1], y, colour, gid=f"on-{gene}-{cohort}-{stage}"
                        )
                    mark_stage(axes, about[value], y, stage, f"{kind}-{gene}-{cohort}-{stage}")
                axes.grid(visible=True, axis="x")
                axes.tick_params(axis="y", length=0)
                axes.tick_params(labelsize=7.5)
            grid[0, column].set_title(gene, fontsize=9)
        for band in (0, 1):
            name_scopes(grid[band, 0], places, names)
        # one cohort makes a band too low for the longer words
        model, data = ("In the model", "In the data") if len(places) > 2 else ("Model", "Data")
        for words, band in ((model, 0), (data, 1)):
            grid[band, 0].set_ylabel(words, fontweight="bold")
        middle, between = (len(genes) - 1) // 2, 0.5 if len(genes) % 2 else 1.1
        for band, label in enumerate(_LABELS):
            grid[band, middle].set_xlabel(label, fontsize=8.5, x=between)
        handles = stage_handles(stage for _, stage in places)
        figure.legend(handles=handles, loc="outside upper center", ncols=3)
        finish(figure, simulated=explained.gene_level.simulated)
    return figure
