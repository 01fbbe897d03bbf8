"""Small multiples: one panel a cohort, on a grid that fits the page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from ifn_severity.report.style import GREY, INK, WIDTH, new_figure
from ifn_severity.report.validation import ValidationReport
from ifn_severity.report.validation_rows import counted_cohorts, size_words

_COLUMNS = 3

Share = bool | Literal["all", "row", "col", "none"]


def grid_columns(n: int) -> int:
    """Return how many of ``n`` panels stand side by side; with three they are narrow.

    Examples
    --------
    >>> [grid_columns(n) for n in (1, 2, 3, 4, 5)]
    [1, 2, 3, 2, 3]
    """
    return n if n < _COLUMNS else 2 if n == 4 else _COLUMNS


def panel_grid(
    n: int, *, panel_height: float, extra: float = 0.6, sharex: Share = False, sharey: Share = False
) -> tuple[Figure, list[Axes]]:
    """Return a figure with ``n`` panels in rows of three, left-over places empty.

    Parameters
    ----------
    n : int
        Panels.
    panel_height, extra : float
        Inches: of a row of panels, and above and below them all.
    sharex, sharey
        As in ``Figure.subplots``.

    Examples
    --------
    >>> figure, panels = panel_grid(4, panel_height=2)
    >>> len(panels), figure.get_size_inches().tolist()
    (4, [7.0, 4.6])
    """
    columns = grid_columns(n)
    rows = -(-n // columns)
    width = WIDTH if columns > 1 else 4.2
    figure = new_figure(panel_height * rows + extra, width=width)
    grid = figure.subplots(rows, columns, squeeze=False, sharex=sharex, sharey=sharey)
    places = list(grid.flat)
    for spare in places[n:]:
        spare.remove()
    if sharex:  # a panel above an empty place would lose its numbers
        for axes in places[max(n - columns, 0) : n]:
            axes.xaxis.set_tick_params(labelbottom=True)
    return figure, places[:n]


def head_panel(axes: Axes, report: ValidationReport, cohort: str, *, narrow: bool = False) -> None:
    """Title a panel with its cohort and how many samples of each class it has.

    A cohort that means do not rest on says so, in a second line where panels are narrow.
    """
    axes.set_title(cohort, fontsize=9, pad=25 if narrow else 16)
    words = size_words(report, cohort)
    if cohort not in counted_cohorts(report):
        words += "\nnot counted" if narrow else "; not counted"
    under_title(axes, words)


def under_title(axes: Axes, words: str) -> None:
    """Write small words between a panel's title and the panel; they ask for no room."""
    axes.annotate(
        words,
        (0, 1),
        xycoords="axes fraction",
        xytext=(0, 4),
        textcoords="offset points",
        fontsize=7.5,
        color=INK,
    ).set_in_layout(False)


def say_in_panel(axes: Axes, text: str) -> None:
    """Write why a panel is empty where its content would be."""
    axes.text(
        0.5, 0.5, text, transform=axes.transAxes, ha="center", va="center", color=INK, wrap=True
    )


def note_in_panel(axes: Axes, text: str, *, corner: Literal["lower right", "upper left"]) -> None:
    """Write a figure's numbers into a corner of a panel."""
    lower = corner == "lower right"
    axes.text(
        0.97 if lower else 0.03,
        0.04 if lower else 0.97,
        text,
        transform=axes.transAxes,
        ha="right" if lower else "left",
        va="bottom" if lower else "top",
        fontsize=8,
        bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 1.5},
        zorder=10,
    )


def legend_above(figure: Figure, handles: Sequence[Line2D | Patch], *, ncols: int = 4) -> None:
    """Explain lines and markers above all panels, out of the way of a common axis label.

    Where long names would run off the figure, the legend has fewer columns.
    """
    width = figure.bbox.width
    for columns in range(min(ncols, len(handles)), 0, -1):
        legend = figure.legend(handles=handles, loc="outside upper center", ncols=columns)
        if columns == 1 or legend.get_window_extent().width <= 0.98 * width:
            return
        legend.remove()


def chance_line(axes: Axes, *, at: float = 0.5) -> None:
    """Draw where an AUROC says nothing."""
    axes.axvline(at, color=GREY, linewidth=0.9, linestyle=(0, (4, 3)), zorder=0)
