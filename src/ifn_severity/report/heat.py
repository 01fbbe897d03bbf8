"""Heat maps whose every cell carries its number, so that none rests on colour alone."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import Colormap, LinearSegmentedColormap, Normalize, to_hex

from ifn_severity.report.style import PALE, text_colour

#: None to much, in one hue.
LEVELS = LinearSegmentedColormap.from_list("ifn_level", ["#FFFFFF", "#9CC7E3", "#00507D"])


def draw_heat(
    axes: Axes,
    table: pd.DataFrame,
    *,
    form: str,
    colours: Colormap,
    scale: Normalize | None = None,
    fontsize: float = 7.5,
) -> None:
    """Draw a table as coloured cells with numbers; unknown cells are pale and say so.

    Parameters
    ----------
    axes : Axes
        Where; its rows are 0, 1, ... downwards.
    table : DataFrame
        Numbers, NaN where unknown.
    form : str
        Format of a cell, such as ``"{:.0f}"``.
    colours : Colormap
        For known cells.
    scale : Normalize, optional
        From numbers to colours; 0 to the largest by default.
    fontsize : float
        Of the numbers.
    """
    values = table.to_numpy(dtype=float)
    known = np.isfinite(values)
    most = float(values[known].max()) if known.any() else 1.0
    norm = scale or Normalize(0, most or 1.0, clip=True)
    shades = colours(norm(np.where(known, values, 0.0)))
    shades[~known] = [*(int(PALE[i : i + 2], 16) / 255 for i in (1, 3, 5)), 0.35]
    axes.imshow(shades, aspect="auto", interpolation="nearest")
    for row in range(values.shape[0]):
        for column in range(values.shape[1]):
            value = values[row, column]
            unknown = math.isnan(value)
            axes.text(
                column,
                row,
                "–" if unknown else _written(value, form),
                ha="center",
                va="center",
                fontsize=fontsize,
                color="black" if unknown else text_colour(to_hex(shades[row, column])),
            )
    axes.tick_params(length=0)
    axes.set_xticks(np.arange(-0.5, values.shape[1]), minor=True)
    axes.set_yticks(np.arange(-0.5, values.shape[0]), minor=True)
    axes.grid(visible=True, which="minor", color="white", linewidth=1.5)
    axes.tick_params(which="minor", length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)


def _written(value: float, form: str) -> str:
    """Write a number with a real minus sign, and zero without any."""
    text = form.format(value)
    return text.lstrip("-") if not text.strip("-0.") else text.replace("-", "−")
