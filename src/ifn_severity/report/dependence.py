"""How the attribution of a gene follows its expression, patient by patient."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from ifn_severity.errors import FeatureError, nearest
from ifn_severity.explain.attributions import Attributions
from ifn_severity.explain.summaries import labels_of
from ifn_severity.report.style import (
    INK,
    SEVERITY_COLOURS,
    SEVERITY_MARKERS,
    figure_style,
    finish,
    new_figure,
)

Floats = npt.NDArray[np.float64]


def running_median(
    x: npt.ArrayLike, y: npt.ArrayLike, *, share: float = 0.25
) -> tuple[Floats, Floats]:
    """Return the median of y in a window of neighbours along x.

    Parameters
    ----------
    x, y : array-like of shape (n,)
        Finite values.
    share : float
        Size of the window, as a share of all points.

    Returns
    -------
    tuple of ndarray
        Median x and median y of at most 40 windows, ascending in x.

    Examples
    --------
    >>> running_median([3, 1, 2, 4], [30, 10, 20, 40], share=0.25)[1].tolist()
    [10.0, 20.0, 30.0, 40.0]
    """
    order = np.argsort(np.asarray(x, dtype=float), kind="stable")
    xs, ys = np.asarray(x, dtype=float)[order], np.asarray(y, dtype=float)[order]
    size = max(1, round(share * xs.size))
    starts = np.unique(np.linspace(0, xs.size - size, 40).astype(int))
    return (
        np.array([np.median(xs[start : start + size]) for start in starts]),
        np.array([np.median(ys[start : start + size]) for start in starts]),
    )


def severity_of(attributions: Attributions) -> npt.NDArray[np.str_]:
    """Return the severity class of every sample, "unknown" where it is missing."""
    given = attributions.obs["severity"].reindex(attributions.values.index).astype("object")
    return np.asarray(given.where(given.notna(), "unknown").astype(str), dtype=str)


def dependence_figure(
    attributions: Attributions, features: Sequence[str], *, title: str = ""
) -> Figure:
    """Draw expression against attribution for up to six features, coloured by severity.

    Parameters
    ----------
    attributions : Attributions
        What is explained.
    features : sequence of str
        Names of features; a panel each.
    title : str
        Heading of the whole figure.

    Raises
    ------
    FeatureError
        If there is no feature, or one that the model does not have.
    """
    unknown = [name for name in features if name not in attributions.values.columns]
    if unknown or not features:
        hint = nearest(unknown[0], map(str, attributions.values.columns)) if unknown else ""
        raise FeatureError(
            f"feature {unknown[0]} is not in model {attributions.model}"
            if unknown
            else "no feature",
            expected="names of features of the model",
            do=hint or "name at least one feature",
        )
    shown = list(features)[:6]
    labels = labels_of(attributions)
    classes = severity_of(attributions)
    present = [name for name in SEVERITY_COLOURS if (classes == name).any()]
    columns = min(3, len(shown))
    rows = -(-len(shown) // columns)
    with figure_style():
        figure = new_figure(2.35 * rows + 0.6, width=2.33 * max(columns, 2))
        panels = figure.subplots(rows, columns, squeeze=False, sharey=True)
        for panel, name in zip(panels.flat, shown, strict=False):
            x = attributions.data[name].to_numpy(dtype=float)
            phi = attributions.values[name].to_numpy(dtype=float)
            panel.axhline(0, color=INK, linewidth=0.7)
            for kind in present:
                here = classes == kind
                panel.scatter(
                    x[here],
                    phi[here],
                    s=14 if x.size <= 400 else 5,
                    marker=SEVERITY_MARKERS[kind],
                    color=SEVERITY_COLOURS[kind],
                    edgecolor=INK,
                    linewidth=0.25,
                    alpha=0.85,
                    rasterized=x.size > 150,
                )
            known = np.isfinite(x)
            if known.sum() >= 30:
                panel.plot(*running_median(x[known], phi[known]), color=INK, linewidth=1.8)
            panel.set_title(labels[name])
            score = attributions.features["kind"].get(name) == "score"
            panel.set_xlabel("score" if score else "log2 relative expression", fontsize=8.5)
            panel.grid(visible=True)
        for panel in panels.flat[len(shown) :]:
            panel.set_visible(False)
        figure.supylabel("Attribution (log-odds)", fontsize=9)
        if title:
            figure.suptitle(title, fontsize=10, fontweight="bold")
        handles = [
            Line2D(
                [],
                [],
                linestyle="",
                marker=SEVERITY_MARKERS[kind],
                color=SEVERITY_COLOURS[kind],
                markeredgecolor=INK,
                markeredgewidth=0.3,
                label=kind,
            )
            for kind in present
        ]
        if attributions.values.shape[0] >= 30:
            handles.append(Line2D([], [], color=INK, linewidth=1.8, label="running median"))
        figure.legend(
            handles=handles, loc="outside lower center", ncols=len(handles), handletextpad=0.3
        )
        finish(figure, simulated=attributions.simulated)
    return figure


def dependence_in_words(attributions: Attributions, feature: str) -> str:
    """Say what a dependence panel shows: mean attribution in the lower and the upper quarter."""
    x: pd.Series = attributions.data[feature].astype(float)
    phi = attributions.values[feature].astype(float)
    low, high = x.quantile(0.25), x.quantile(0.75)
    label = labels_of(attributions)[feature]
    return (
        f"{label}: {phi[x <= low].mean():+.2f} log-odds in the quarter of patients with the lowest "
        f"values, {phi[x >= high].mean():+.2f} in the quarter with the highest"
    ).replace("-", "−")
