"""The forest plot that compares candidates: feature sets × models, AUROC with its interval."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from ifn_severity.errors import InputError
from ifn_severity.report.style import (
    CYCLE,
    INK,
    MARKERS,
    figure_style,
    finish,
    new_figure,
)

_COLUMNS = ("feature_set", "model", "auroc", "auroc_low", "auroc_high")


def comparison_figure(
    table: pd.DataFrame,
    *,
    title: str = "Candidates compared",
    subtitle: str = "Out-of-fold AUROC, 95 % patient-bootstrap interval",
    simulated: bool = False,
) -> Figure:
    """Draw one line a candidate, grouped by feature set.

    Parameters
    ----------
    table : DataFrame
        Columns ``feature_set``, ``model``, ``auroc``, ``auroc_low`` and ``auroc_high``; one row
        a candidate, in the order to be shown.
    title, subtitle : str
        Heading, and what the numbers are.
    simulated : bool
        Write SIMULATED DATA across the figure.

    Raises
    ------
    InputError
        If a column is missing or there is no row.

    Examples
    --------
    >>> table = pd.DataFrame({
    ...     "feature_set": ["interferon"], "model": ["logistic"], "auroc": [0.83],
    ...     "auroc_low": [0.76], "auroc_high": [0.9],
    ... })
    >>> [text.get_text() for text in comparison_figure(table).axes[0].get_yticklabels()]
    ['logistic']
    """
    missing = [column for column in _COLUMNS if column not in table.columns]
    if missing or table.empty:
        raise InputError(
            f"a comparison without {', '.join(missing)}" if missing else "an empty comparison",
            expected="one row a candidate, columns " + ", ".join(_COLUMNS),
            do="give the table that the training run returns",
        )
    models = list(dict.fromkeys(table["model"].astype(str)))
    sets = list(dict.fromkeys(table["feature_set"].astype(str)))
    numbers = table[list(_COLUMNS[2:])].astype(float)
    best = numbers["auroc"].max()
    with figure_style():
        n_lines = len(table) + 0.9 * len(sets)
        figure = new_figure(0.215 * n_lines + 1.15)
        axes = figure.subplots()
        position, places, names = 0.0, [], []
        for feature_set in sets:
            # beside the tick labels, where the eye looks for a row's name
            axes.annotate(
                feature_set,
                (0.0, position),
                xycoords=("axes fraction", "data"),
                xytext=(6, 0),
                textcoords="offset points",
                va="center",
                fontweight="bold",
            )
            position += 0.9
            for row in table.index[table["feature_set"].astype(str) == feature_set]:
                model = str(table.loc[row, "model"])
                value, low, high = numbers.loc[row]
                kind = models.index(model)
                colour = CYCLE[kind % len(CYCLE)]
                axes.plot([low, high], [position, position], color=colour, linewidth=1.6)
                axes.plot(
                    value,
                    position,
                    marker=MARKERS[kind % len(MARKERS)],
                    color=colour,
                    markersize=6,
                    gid=f"auroc-{row}",
                )
                axes.annotate(
                    f"{value:.2f} ({low:.2f}–{high:.2f})",
                    (1.02, position),
                    xycoords=("axes fraction", "data"),
                    va="center",
                    fontsize=8.5,
                    fontweight="bold" if value == best else "normal",
                )
                places.append(position)
                names.append(model)
                position += 1
        axes.axvline(best, color=INK, linewidth=0.7, linestyle=(0, (2, 3)), zorder=0)
        axes.set_yticks(places, names)
        axes.tick_params(axis="y", length=0)
        axes.set_ylim(position - 0.3, -0.7)
        left = min(0.5, float(numbers["auroc_low"].min()) - 0.02)
        axes.set_xlim(left, 1.0)
        axes.set_xlabel(subtitle)
        axes.grid(visible=True, axis="x")
        axes.set_title(title, wrap=True)
        finish(figure, simulated=simulated)
    return figure
