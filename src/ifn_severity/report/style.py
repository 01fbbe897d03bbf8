"""One look for every figure: colours that colour-blind readers can tell apart, and sizes for print.

The palette is that of Okabe & Ito (2008), "Color Universal Design"; severity classes carry a
marker shape as well, so that no figure depends on colour alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LinearSegmentedColormap, ListedColormap, to_rgb
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.lines import Line2D

BLACK, ORANGE, SKY, GREEN = "#000000", "#E69F00", "#56B4E9", "#009E73"
YELLOW, BLUE, VERMILLION, PURPLE = "#F0E442", "#0072B2", "#D55E00", "#CC79A7"
GREY, PALE, INK = "#8A8A8A", "#D9D9D9", "#262626"

#: Severity classes, mildest first: cool colours below the line that "severe" draws, warm above.
SEVERITY_COLOURS: dict[str, str] = {
    "healthy": GREY,
    "mild": SKY,
    "moderate": BLUE,
    "severe": ORANGE,
    "critical": VERMILLION,
    "unknown": PALE,
}
SEVERITY_MARKERS: dict[str, str] = {
    "healthy": "P",
    "mild": "o",
    "moderate": "s",
    "severe": "^",
    "critical": "D",
    "unknown": "X",
}
GROUP_COLOURS: dict[str, str] = {
    "interferon": BLUE,
    "cytokine": ORANGE,
    "inflammation": VERMILLION,
    "myeloid": GREEN,
    "composition": SKY,
    "severity": PURPLE,
}
#: Low to high values of a feature: viridis without its palest end, which white paper swallows.
VALUE_COLOURS = ListedColormap(colormaps["viridis"](np.linspace(0.0, 0.9, 256)), "ifn_value")
#: Below to above a middle: blue, nearly white, vermillion.
SIGNED_COLOURS = LinearSegmentedColormap.from_list(
    "ifn_signed", ["#004B77", BLUE, "#F2F2F2", VERMILLION, "#8A3B00"]
)
#: Lines and markers of a few candidates, in order of appearance.
CYCLE = (BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY, BLACK)
MARKERS = ("o", "s", "D", "^", "v", "P", "X")

WIDTH = 7.0  # inches: the text width of a two-column journal

STYLE: dict[str, Any] = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],  # comes with matplotlib, so every machine draws the same
    "font.size": 9.0,
    "axes.titlesize": 10.0,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": 9.0,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": False,
    "axes.unicode_minus": True,
    "text.color": INK,
    "text.usetex": False,
    "text.parse_math": False,  # a cohort or gene may well be called "$x$"
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.labelsize": 8.5,
    "ytick.labelsize": 8.5,
    "legend.fontsize": 8.5,
    "legend.frameon": False,
    "grid.color": "#E6E6E6",
    "grid.linewidth": 0.6,
    "lines.linewidth": 1.4,
    "figure.facecolor": "white",
    "axes.facecolor": "white",
    "figure.dpi": 100,
    "savefig.dpi": 300,
    "savefig.bbox": None,
    "savefig.facecolor": "white",
    "svg.fonttype": "path",
    "svg.hashsalt": "ifn-severity",  # the same figure gives the same bytes
    "pdf.fonttype": 42,
}


def _defaults() -> dict[str, Any]:
    """Return matplotlib's own look, without the settings that are about windows and backends."""
    look: tuple[str, ...] = (
        "axes",
        "boxplot",
        "errorbar",
        "figure",
        "font",
        "grid",
        "hatch",
        "hist",
        "image",
    )
    look += ("legend", "lines", "markers", "mathtext", "patch", "path", "pdf", "image")
    look += ("savefig", "scatter", "svg", "text", "xaxis", "xtick", "yaxis", "ytick")
    windows = {
        "figure.max_open_warning",
        "figure.raise_window",
        "savefig.directory",
        "figure.hooks",
    }
    return {
        key: value
        for key, value in mpl.rcParamsDefault.items()
        if key.split(".")[0] in look and key not in windows
    }


@contextmanager
def figure_style() -> Iterator[None]:
    """Apply the project's rcParams inside the block; the user's own come back after it.

    Examples
    --------
    >>> import matplotlib
    >>> before = matplotlib.rcParams["axes.titlesize"]
    >>> with figure_style():
    ...     matplotlib.rcParams["axes.titlesize"]
    10.0
    >>> matplotlib.rcParams["axes.titlesize"] == before
    True
    """
    with mpl.rc_context(_defaults() | STYLE):
        yield


def new_figure(height: float, *, width: float = WIDTH) -> Figure:
    """Return an empty figure with an Agg canvas, known to no pyplot.

    Parameters
    ----------
    height, width : float
        Inches.
    """
    layout = ConstrainedLayoutEngine(w_pad=0.09, h_pad=0.08)
    figure = Figure(figsize=(width, height), layout=layout)
    FigureCanvasAgg(figure)

    return figure


def finish(figure: Figure, *, simulated: bool) -> None:
    """Mark simulated data, then lay the figure out for good.

    The layout is worked out once, here: a figure that is saved as PNG, SVG and PDF would
    otherwise pay for it three times, which is half the cost of drawing. Nor is an engine left
    that does nothing: with any, matplotlib draws once more before it saves.
    """
    if simulated:
        _watermark(figure)
    layout = figure.get_layout_engine()
    if layout is not None:
        layout.execute(figure)
    with figure_style():
        figure.set_layout_engine(None)


def _watermark(figure: Figure) -> None:
    width, height = figure.get_size_inches()
    figure.text(
        0.5,
        0.5,
        "SIMULATED DATA",
        rotation=18 if height < width else 35,
        fontsize=min(6.0 * width, 11 * height),
        fontweight="bold",
        color="#7A0000",
        alpha=0.16,
        ha="center",
        va="center",
        zorder=1000,
        gid="simulated-watermark",
    )


def group_colour(group: object) -> str:
    """Return the fixed colour of a feature group, grey for one that has none.

    Examples
    --------
    >>> group_colour("interferon"), group_colour("other")
    ('#0072B2', '#8A8A8A')
    """
    return GROUP_COLOURS.get(str(group), GREY)


def text_colour(background: str) -> str:
    """Return black or white, whichever is easier to read on a colour (WCAG contrast).

    Examples
    --------
    >>> text_colour(BLUE), text_colour(SKY)
    ('white', '#000000')
    """
    channels = np.array(to_rgb(background))
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    luminance = float(linear @ [0.2126, 0.7152, 0.0722])
    return "white" if 1.05 / (luminance + 0.05) > (luminance + 0.05) / 0.05 else BLACK


def group_handles(groups: Iterable[str]) -> list[Line2D]:
    """Return legend entries for groups, in the fixed order."""
    return [
        Line2D([], [], marker="s", linestyle="", color=group_colour(group), label=group)
        for group in ordered_groups(groups)
    ]


def mark_rows(axes: Axes, rows: Sequence[int], groups: Sequence[str]) -> None:
    """Put a square in its group's colour between each row's name and the axis."""
    axes.tick_params(axis="y", length=0, pad=12)
    axes.scatter(
        np.full(len(rows), -0.012),
        rows,
        marker="s",
        s=26,
        color=[group_colour(group) for group in groups],
        transform=axes.get_yaxis_transform(),
        clip_on=False,
        zorder=5,
    )


def ordered_groups(groups: Iterable[object]) -> list[str]:
    """Return the distinct groups in the fixed order, unknown ones last.

    Examples
    --------
    >>> ordered_groups(["zz", "myeloid", "interferon"])
    ['interferon', 'myeloid', 'zz']
    """
    present = {str(group) for group in groups}
    known = [group for group in GROUP_COLOURS if group in present]
    return known + sorted(present - set(known))
