"""The pieces of a forest plot: estimates with intervals, diamonds, prediction intervals."""

from __future__ import annotations

from matplotlib.axes import Axes

from ifn_severity.report.style import BLUE, INK, SKY
from ifn_severity.report.wording import Interval


def draw_estimate(
    axes: Axes,
    estimate: Interval,
    y: float,
    *,
    colour: str,
    marker: str,
    filled: bool = True,
    gid: str | None = None,
) -> None:
    """Draw an estimate as a marker on the line of its interval.

    Parameters
    ----------
    axes : Axes
        Where.
    estimate : tuple of float
        Value, low end, high end; an interval of NaN is not drawn.
    y : float
        Height of the row.
    colour, marker : str
        Look of the marker.
    filled : bool
        Hollow where the estimate is shown and not counted.
    gid : str, optional
        Name of the marker in an SVG.
    """
    value, low, high = estimate
    axes.plot([low, high], [y, y], color=colour, linewidth=1.6, solid_capstyle="butt")
    face = colour if filled else "white"
    axes.plot(
        value,
        y,
        marker=marker,
        color=colour,
        markerfacecolor=face,
        markersize=6.5,
        gid=gid,
        clip_on=False,  # a marker on the edge is whole
    )


def draw_arrows(
    axes: Axes, low: float, high: float, y: float, colour: str, *, gid: str | None = None
) -> None:
    """Say at the edge of the panel that an interval goes on; the limits must stand by then."""
    left, right = axes.get_xlim()
    for end, marker, at in ((low < left, "<", left), (high > right, ">", right)):
        if end:
            axes.plot(at, y, marker=marker, color=colour, markersize=4.5, clip_on=False, gid=gid)


def beside(axes: Axes, text: str, y: float, *, bold: bool = False) -> None:
    """Write a row's figures to the right of the panel."""
    axes.annotate(
        text,
        (1.02, y),
        xycoords=("axes fraction", "data"),
        va="center",
        fontsize=8.5,
        fontweight="bold" if bold else "normal",
    )


def draw_diamond(
    axes: Axes, estimate: Interval, y: float, *, colour: str = BLUE, gid: str = "pooled"
) -> None:
    """Draw a pooled estimate; the diamond is as wide as its interval."""
    value, low, high = estimate
    heights = [y, y - 0.26, y, y + 0.26]
    axes.fill([low, value, high, value], heights, color=colour, gid=gid, zorder=3)


def pooled_line(axes: Axes, value: float, *, colour: str = BLUE) -> None:
    """Lead the eye from a pooled estimate to the rows above it."""
    axes.axvline(value, color=colour, linewidth=0.9, linestyle=(0, (1, 2)), zorder=1)


def draw_prediction(
    axes: Axes, low: float, high: float, y: float, *, rows: tuple[float, float] | None = None
) -> None:
    """Draw a prediction interval as a bar in its row and a band through others.

    Parameters
    ----------
    axes : Axes
        Where.
    low, high : float
        Ends.
    y : float
        Height of the bar's row.
    rows : tuple of float, optional
        First and last height of the band; the whole panel when not given.
    """
    band = axes.axvspan(low, high, color=SKY, alpha=0.16, linewidth=0, zorder=0, gid="prediction")
    if rows is not None:
        band.set_transform(axes.transData)
        band.set(y=rows[0], height=rows[1] - rows[0])
    axes.plot([low, high], [y, y], color=INK, linewidth=3, solid_capstyle="butt")
