"""Figures of a SHAP explanation over a cohort: beeswarm, ranked bars, dependence, group shares.

Drawn here rather than by ``shap.plots``, which work on pyplot's current figure (the waterfall
takes no axes at all) and know neither feature groups nor severity classes.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from ifn_severity.errors import InputError
from ifn_severity.explain.attributions import Attributions
from ifn_severity.explain.summaries import groups_of, labels_of
from ifn_severity.report.dependence import dependence_figure
from ifn_severity.report.group_figure import group_share_figure
from ifn_severity.report.style import (
    INK,
    VALUE_COLOURS,
    figure_style,
    finish,
    group_colour,
    group_legend,
    mark_rows,
    new_figure,
)
from ifn_severity.report.swarm import swarm_offsets
from ifn_severity.report.waterfall import waterfall_figure

__all__ = [
    "beeswarm_figure",
    "dependence_figure",
    "group_share_figure",
    "ranked_bar_figure",
    "waterfall_figure",
]

_ROW = 0.26  # inches a feature


def _leading(attributions: Attributions, top: int) -> list[str]:
    """Return the features with the largest mean |attribution|, those with none left out."""
    mean_abs = attributions.values.abs().mean(axis=0)
    leading = mean_abs[mean_abs > 0].sort_values(ascending=False, kind="stable").index[:top]
    if leading.empty:
        raise InputError(
            f"model {attributions.model} gives every feature an attribution of 0",
            expected="at least one feature that the model uses",
            do="train another model: this one predicts the same for everyone",
        )
    return [str(name) for name in leading]


def _name_rows(axes: Axes, attributions: Attributions, features: Sequence[str]) -> None:
    labels, groups = labels_of(attributions), groups_of(attributions)
    rows = list(range(len(features)))
    axes.set_yticks(rows, [labels[name] for name in features])
    mark_rows(axes, rows, [groups[name] for name in features])
    axes.set_ylim(len(features) - 0.4, -0.6)


def beeswarm_figure(attributions: Attributions, *, top: int = 20, title: str = "") -> Figure:
    """Draw one dot a patient for each of the leading features.

    Parameters
    ----------
    attributions : Attributions
        What is explained.
    top : int
        How many features, by mean |attribution|.
    title : str
        Heading; none by default, because a report has its own.

    Raises
    ------
    InputError
        If no feature has any attribution.
    """
    features = _leading(attributions, top)
    with figure_style():
        figure = new_figure(_ROW * len(features) + 1.25)
        axes = figure.subplots()
        axes.axvline(0, color=INK, linewidth=0.8, zorder=1)
        for row, name in enumerate(features):
            axes.axhline(row, color="#E6E6E6", linewidth=0.6, zorder=0)
            phi = attributions.values[name].to_numpy(dtype=float)
            x = attributions.data[name].to_numpy(dtype=float)
            known = np.isfinite(x)
            low, high = np.percentile(x[known], [5, 95]) if known.any() else (0.0, 1.0)
            level = np.clip((x - low) / ((high - low) or 1.0), 0, 1)
            axes.scatter(
                phi,
                row + swarm_offsets(phi, width=0.4, step=0.11, bins=130),
                s=11 if phi.size <= 400 else 4,
                c=np.where(known, level, 0.5),
                cmap=VALUE_COLOURS,
                vmin=0,
                vmax=1,
                linewidth=0,
                zorder=3,
                rasterized=True,
                gid=f"swarm-{row}",
            )
        _name_rows(axes, attributions, features)
        axes.set_xlabel("Attribution to the prediction (log-odds; right: more severe)")
        axes.set_title(title, wrap=True)
        scale = ScalarMappable(Normalize(0, 1), VALUE_COLOURS)
        bar = figure.colorbar(scale, ax=axes, aspect=45, pad=0.02, shrink=0.9)
        bar.set_ticks([0, 1], labels=["low", "high"])
        bar.set_label("value of the feature", labelpad=-14)
        bar.outline.set_visible(False)
        group_legend(figure, groups_of(attributions)[features])
        finish(figure, simulated=attributions.simulated)
    return figure


def ranked_bar_figure(attributions: Attributions, *, top: int = 20, title: str = "") -> Figure:
    """Draw mean |attribution| of the leading features, coloured by group.

    Parameters
    ----------
    attributions, top, title
        As in :func:`beeswarm_figure`.
    """
    features = _leading(attributions, top)
    mean_abs = attributions.values[features].abs().mean(axis=0)
    groups = groups_of(attributions)
    with figure_style():
        figure = new_figure(_ROW * len(features) + 1.15)
        axes = figure.subplots()
        bars = axes.barh(
            range(len(features)),
            mean_abs.to_numpy(),
            height=0.7,
            color=[group_colour(groups[name]) for name in features],
        )
        axes.bar_label(bars, fmt="%.2f" if mean_abs.iloc[0] >= 0.1 else "%.3f", padding=4)
        _name_rows(axes, attributions, features)
        axes.margins(x=0.08)
        axes.grid(visible=True, axis="x")
        axes.set_xlabel("Mean |attribution| (log-odds)")
        axes.set_title(title, wrap=True)
        group_legend(figure, groups_of(attributions)[features])
        finish(figure, simulated=attributions.simulated)
    return figure


def leading_interferon(attributions: Attributions, n: int = 6) -> list[str]:
    """Return the leading interferon features: genes first, scores where there are no genes."""
    mean_abs = attributions.values.abs().mean(axis=0)
    interferon = groups_of(attributions) == "interferon"
    kind: pd.Series = attributions.features["kind"].reindex(mean_abs.index)
    used = mean_abs[interferon & (mean_abs > 0)].sort_values(ascending=False, kind="stable")
    genes = [str(name) for name in used.index if kind[name] in ("gene", "protein")]
    return (genes or [str(name) for name in used.index])[:n]
