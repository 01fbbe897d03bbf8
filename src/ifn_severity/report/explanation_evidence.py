"""The leading genes beside evidence that SHAP did not make: side by side, gene by gene."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from ifn_severity.errors import InputError
from ifn_severity.explain.result import POOLED, Explained
from ifn_severity.report.explanation_ranking import sign_look
from ifn_severity.report.explanation_samples import cohorts_in
from ifn_severity.report.heat import draw_heat
from ifn_severity.report.style import (
    BLUE,
    INK,
    SIGNED_COLOURS,
    VERMILLION,
    figure_style,
    finish,
    new_figure,
)

_MOST = 20  # genes that are drawn
_THOUSAND = 1000.0


def evidence_figure(explained: Explained) -> Figure:
    """Draw SHAP, own AUROC and fold change by cohort, permutation importance and coefficient.

    Parameters
    ----------
    explained : Explained
        What was found.

    Returns
    -------
    matplotlib.figure.Figure
        A row a gene, in the order of the ranking. Orange means more in severe patients or a
        higher risk, blue the opposite, grey no single direction; genes whose evidence disagrees
        have a cross.

    Raises
    ------
    InputError
        If no gene has evidence.
    """
    table = explained.evidence.head(_MOST)
    if table.empty:
        raise InputError(
            "no evidence beside the attributions",
            expected="at least one leading interferon gene",
            do="leave this figure out where there is none",
        )
    cohorts = cohorts_in(explained)
    columns = [*cohorts, *([POOLED] if len(cohorts) > 1 else [])]
    width = max(0.42 * len(columns) + 0.2, 1.15)
    with figure_style():
        figure = new_figure(0.235 * len(table) + 1.45)
        # beside many cohorts the last two panels would be too narrow for their titles
        last = max(1.05, 0.52 * width)
        ratios = (max(1.15, 0.4 * width), width, width, last, last)
        panels = figure.subplots(1, 5, sharey=True, width_ratios=ratios)
        _shap(panels[0], table, explained)
        auroc = _by_cohort(explained, table, columns, "auroc")
        _heat(panels[1], auroc, "Own AUROC", Normalize(0, 1, clip=True), "{:.2f}")
        fold = _by_cohort(explained, table, columns, "log2_fold_change")
        values = fold.to_numpy(dtype=float)
        most = float(np.nanmax(np.abs(values), initial=0.5))
        _heat(panels[2], fold, "log2 fold change", Normalize(-most, most, clip=True), "{:.1f}")
        _dots(panels[3], table, "permutation", "Permutation")
        _dots(panels[4], table, "coefficient", "Coefficient")
        marks = ["" if agrees else " ×" for agrees in table["agrees"]]
        names = [f"{gene}{mark}" for gene, mark in zip(table.index, marks, strict=True)]
        panels[0].set_yticks(range(len(table)), names)
        panels[0].set_ylim(len(table) - 0.5, -0.5)
        for axes in panels:
            axes.tick_params(axis="y", length=0, which="both")
            axes.tick_params(axis="x", labelsize=7.5)
        finish(figure, simulated=explained.gene_level.simulated)
    return figure


def _by_cohort(
    explained: Explained, table: pd.DataFrame, columns: list[str], value: str
) -> pd.DataFrame:
    long = explained.by_cohort
    matrix = long.pivot_table(index="gene", columns="cohort", values=value, observed=True)
    return matrix.reindex(index=table.index, columns=columns)


def _heat(axes: Axes, matrix: pd.DataFrame, title: str, scale: Normalize, form: str) -> None:
    draw_heat(axes, matrix, form=form, colours=SIGNED_COLOURS, scale=scale, fontsize=6.5)
    words = ["all" if name == POOLED else name for name in matrix.columns]
    axes.set_xticks(range(len(words)), words, rotation=55, ha="right", rotation_mode="anchor")
    axes.set_title(title, fontsize=8)


def _shap(axes: Axes, table: pd.DataFrame, explained: Explained) -> None:
    way = explained.interferon.reindex(table.index)
    colours = [sign_look(row)[1] for _, row in way.iterrows()]
    axes.barh(range(len(table)), table["mean_abs_shap"], height=0.66, color=colours)
    axes.set_title("Mean |SHAP|", fontsize=8)
    axes.set_xlabel("log-odds", fontsize=8)
    axes.grid(visible=True, axis="x")


def _dots(axes: Axes, table: pd.DataFrame, kind: str, title: str) -> None:
    permutation = kind == "permutation"
    values = table["permutation_importance" if permutation else "coefficient"].to_numpy(float)
    # thousandths keep the figures of small losses apart
    values = values * (_THOUSAND if permutation else 1.0)
    axes.axvline(0, color=INK, linewidth=0.8)
    for row, value in enumerate(values):
        if np.isnan(value):
            continue
        colour = INK if permutation else (VERMILLION if value > 0 else BLUE)
        if permutation:
            ends = table.iloc[row][["permutation_low", "permutation_high"]].to_numpy(float)
            ends = ends * _THOUSAND
            axes.plot(ends, [row, row], color=colour, linewidth=1.2)
        axes.plot(value, row, marker="o", color=colour, markersize=4.5)
    axes.set_title(title, fontsize=8)
    axes.set_xlabel("AUROC lost,\n× 1000" if permutation else "linear model", fontsize=8)
    axes.grid(visible=True, axis="x")
    axes.margins(x=0.12)
    axes.locator_params(axis="x", nbins=2)
