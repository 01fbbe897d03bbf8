"""One patient: how the features add up from the base rate to the prediction."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ifn_severity.explain.attributions import Attributions
from ifn_severity.explain.summaries import groups_of, labels_of, sample_position
from ifn_severity.report.style import (
    GREY,
    INK,
    PALE,
    figure_style,
    finish,
    group_colour,
    group_legend,
    mark_rows,
    new_figure,
    text_colour,
)
from ifn_severity.report.wording import percent


@dataclass(frozen=True)
class Step:
    """One bar of a waterfall, from ``start`` to ``start + size`` log-odds."""

    label: str
    group: str
    value: float
    start: float
    size: float


def waterfall_steps(attributions: Attributions, sample: str, *, top: int = 10) -> list[Step]:
    """Return the bars from the base to the margin: all other features first, largest last.

    The last bar ends at the margin: ``steps[-1].start + steps[-1].size``.
    """
    row = sample_position(attributions, sample)
    phi = attributions.values.iloc[row]
    order = phi.abs().sort_values(ascending=False, kind="stable").index
    leading, rest = order[:top], order[top:]
    labels, groups = labels_of(attributions), groups_of(attributions)
    at, steps = float(attributions.base[row]), []
    if len(rest):
        size = float(phi[rest].sum())
        name = f"{len(rest)} other feature{'s' if len(rest) > 1 else ''}"
        steps.append(Step(name, "", float("nan"), at, size))
        at += size
    for feature in reversed(leading):
        value = float(attributions.data.iloc[row][feature])
        size = float(phi[feature])
        steps.append(Step(labels[str(feature)], groups[feature], value, at, size))
        at += size
    return steps


def _draw_step(axes: Axes, row: int, step: Step, span: float) -> None:
    end = step.start + step.size
    colour = group_colour(step.group) if step.group else PALE
    head = min(0.016 * span, abs(step.size))
    neck = end - np.sign(step.size) * head
    axes.fill(
        [step.start, neck, end, neck, step.start],
        [row - 0.36, row - 0.36, row, row + 0.36, row + 0.36],
        color=colour,
        linewidth=0,
        gid=f"step-{row}",
    )
    text = f"{step.size:+.2f}".replace("-", "−")
    if abs(step.size) > 0.15 * span:
        axes.text(
            step.start + step.size / 2,
            row,
            text,
            color=text_colour(colour),
            fontweight="bold",
            ha="center",
            va="center",
            fontsize=8.5,
        )
        return
    # beside the bar on the side it points to, so that it never lies on the connector
    axes.annotate(
        text,
        (end, row),
        xytext=(4 if step.size >= 0 else -4, 0),
        textcoords="offset points",
        ha="left" if step.size >= 0 else "right",
        va="center",
        fontsize=8.5,
        bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 0.6},
    )


def waterfall_figure(
    attributions: Attributions, sample: str, *, top: int = 10, title: str = ""
) -> Figure:
    """Draw one patient's attributions from the base (bottom) up to the prediction (top).

    Parameters
    ----------
    attributions : Attributions
        What is explained.
    sample : str
        Name of the sample.
    top : int
        Features shown singly; the others are summed into one bar.
    title : str
        Heading.

    Raises
    ------
    InputError
        If the explanation has no such sample.
    """
    steps = waterfall_steps(attributions, sample, top=top)
    base, margin = steps[0].start, steps[-1].start + steps[-1].size
    ends = [base, *(step.start + step.size for step in steps)]
    span = (max(ends) - min(ends)) or 1.0
    with figure_style():
        figure = new_figure(0.27 * len(steps) + 1.7)
        axes = figure.subplots()
        for row, step in enumerate(steps):
            _draw_step(axes, row, step, span)
            if row:
                axes.plot(
                    [step.start] * 2, [row - 0.64, row - 0.36], color=GREY, linewidth=0.7, zorder=0
                )
        axes.axvline(base, color=GREY, linewidth=0.9, linestyle=(0, (2, 2)), zorder=0)
        axes.axvline(margin, color=INK, linewidth=0.9, linestyle=(0, (2, 2)), zorder=0)
        names = [
            step.label if np.isnan(step.value) else f"{step.label} = {step.value:.1f}"
            for step in steps
        ]
        axes.set_yticks(range(len(steps)), [name.replace("= -", "= −") for name in names])
        marked = [row for row, step in enumerate(steps) if step.group]
        mark_rows(axes, marked, [steps[row].group for row in marked])
        axes.set_ylim(-0.6, len(steps) - 0.4)
        axes.set_xlim(min(ends) - 0.15 * span, max(ends) + 0.15 * span)
        axes.grid(visible=True, axis="x")
        axes.set_xlabel("Log-odds of severe disease")
        above = axes.secondary_xaxis("top")
        above.set_xticks([base, margin] if abs(margin - base) > 0.3 * span else [margin])
        above.tick_params(length=0)
        words = {base: "average prediction", margin: "this patient"}
        above.set_xticklabels(
            [f"{words[at]}\n{percent(1 / (1 + np.exp(-at)))}" for at in above.get_xticks()],
            fontweight="bold",
        )
        above.spines["top"].set_visible(False)
        axes.set_title(title, wrap=True)
        group_legend(figure, [steps[row].group for row in marked])
        finish(figure, simulated=attributions.simulated)
    return figure
