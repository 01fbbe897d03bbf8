"""The matrix of models trained on one cohort and tested on each other."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize, to_hex
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from ifn_severity.errors import InputError
from ifn_severity.report.panels import panel_grid
from ifn_severity.report.style import GREY, figure_style, finish, text_colour
from ifn_severity.report.validation import ValidationReport

_MOST = 4  # candidates drawn; more than that nobody compares by eye
_SCALE = Normalize(0.4, 1.0, clip=True)


def matrix_candidates(report: ValidationReport) -> list[tuple[str, str]]:
    """Return the candidates that are drawn, best mean over all pairs of cohorts first.

    Returns
    -------
    list of (str, str)
        Feature set and model, four at most.
    """
    means = report.matrix.groupby(["feature_set", "model"])["auroc"].mean()
    ranked = means.sort_values(ascending=False, kind="stable").index[:_MOST]
    return [(str(feature_set), str(model)) for feature_set, model in ranked]


def matrix_figure(report: ValidationReport) -> Figure:
    """Draw AUROCs of train-on-one, test-on-another as heat maps with numbers.

    The framed diagonal is nested cross-validation inside the cohort, where it was run: what a
    study of one cohort would have reported.

    Parameters
    ----------
    report : ValidationReport
        What was found.

    Returns
    -------
    matplotlib.figure.Figure
        One panel for each of :func:`matrix_candidates`.

    Raises
    ------
    InputError
        If the matrix is empty.
    """
    if report.matrix.empty:
        raise InputError(
            "an empty matrix of training and test cohorts",
            expected="one row a pair of cohorts and candidate",
            do="leave this figure out where there is none",
        )
    chosen = matrix_candidates(report)
    tests = [str(n) for n in report.cohorts.index if n in set(report.matrix["test"])]
    trains = [str(n) for n in report.cohorts.index if n in set(report.matrix["train"])]
    with figure_style():
        height = 0.42 * len(trains) + 1.35
        figure, panels = panel_grid(
            min(len(chosen), _MOST), panel_height=height, extra=0.3, sharex=True, sharey=True
        )
        for axes, (feature_set, model) in zip(panels, chosen, strict=True):
            _draw(axes, report, feature_set, model, trains, tests)
            axes.set_title(f"{feature_set}, {model}", fontsize=9)
        figure.supylabel("Trained on", fontsize=9)
        figure.supxlabel("Tested on", fontsize=9)
        colours = ScalarMappable(_SCALE, colormaps["cividis"])
        bar = figure.colorbar(colours, ax=panels, shrink=0.8, aspect=25, pad=0.02)
        bar.set_label("AUROC")
        finish(figure, simulated=report.simulated)
    return figure


def _draw(
    axes: Axes,
    report: ValidationReport,
    feature_set: str,
    model: str,
    trains: list[str],
    tests: list[str],
) -> None:
    def of(table: pd.DataFrame) -> pd.DataFrame:
        return table[(table["feature_set"] == feature_set) & (table["model"] == model)]

    values = np.full((len(trains), len(tests)), np.nan)
    between, inside = of(report.matrix), of(report.within)
    for train, test, auroc in (
        *zip(between["train"], between["test"], between["auroc"], strict=True),
        *zip(inside["cohort"], inside["cohort"], inside["auroc"], strict=True),
    ):
        if train in trains and test in tests:
            values[trains.index(train), tests.index(test)] = float(auroc)
    shades = colormaps["cividis"]
    axes.imshow(values, cmap=shades, norm=_SCALE, aspect="auto")
    for row, train in enumerate(trains):
        for column, test in enumerate(tests):
            value = float(values[row, column])
            own = train == test
            if math.isnan(value):
                axes.text(column, row, "–", ha="center", va="center", color=GREY)
                continue
            axes.text(
                column,
                row,
                f"{value:.2f}",
                ha="center",
                va="center",
                color=text_colour(to_hex(shades(_SCALE(value)))),
                fontsize=8.5,
                fontstyle="italic" if own else "normal",
            )
            if own:
                box = Rectangle((column - 0.44, row - 0.44), 0.88, 0.88, fill=False, linewidth=1.3)
                box.set_edgecolor("white" if value < 0.7 else "black")
                axes.add_patch(box)
    axes.set_xticks(range(len(tests)), tests, rotation=35, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(len(trains)), trains)
    axes.tick_params(length=0, labelsize=8)
    for side in axes.spines.values():
        side.set_visible(False)
