"""One patient: how the genes add up to the prediction, and the place on the plane."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ifn_severity.explain.result import Explained, Patient
from ifn_severity.report.explanation_plane import draw_place, place_handles
from ifn_severity.report.explanation_samples import cohort_of, row_of
from ifn_severity.report.style import (
    GREY,
    INK,
    figure_style,
    finish,
    group_colour,
    group_handles,
    mark_rows,
    new_figure,
    text_colour,
)
from ifn_severity.report.wording import percent, signed

TOP_STEPS = 10


@dataclass(frozen=True)
class Step:
    """One bar of a waterfall, from ``start`` to ``start + size`` log-odds."""

    label: str
    group: str
    value: float
    start: float
    size: float


def waterfall_steps(patient: Patient, *, top: int = TOP_STEPS) -> list[Step]:
    """Return the bars from the base to the margin: the other genes first, largest last.

    Other genes come in one bar a group. The last bar ends at the margin:
    ``steps[-1].start + steps[-1].size``.
    """
    table = patient.waterfall
    at, steps = patient.base, []
    rest = table.iloc[top:]
    sums = rest["shap"].groupby(rest["group"].astype(str)).agg(["sum", "size"])
    for group, (size, n) in sums.sort_values("sum", key=abs, kind="stable").iterrows():
        name = f"{int(n)} other {group} gene{'' if n == 1 else 's'}"
        steps.append(Step(name, str(group), float("nan"), at, float(size)))
        at += float(size)
    for gene, about in table.iloc[:top].iloc[::-1].iterrows():
        size = float(about["shap"])
        steps.append(Step(str(gene), str(about["group"]), float(about["expression"]), at, size))
        at += size
    return steps


def patient_figure(explained: Explained, patient: Patient, *, top: int = TOP_STEPS) -> Figure:
    """Draw one patient's attributions from the base (bottom) to the prediction (top), and place.

    Parameters
    ----------
    explained : Explained
        What was found; its plane is the background.
    patient : Patient
        Who.
    top : int
        Genes shown singly.

    Returns
    -------
    matplotlib.figure.Figure
        The bars carry the gids ``step-<row>``, the patient on the plane ``this-patient``.
    """
    steps = waterfall_steps(patient, top=top)
    home = cohort_of(explained.plane.index)
    cohort = patient.sample.partition(":")[0]
    plane = explained.plane[home == cohort]
    known = (
        cohort in explained.cutpoints.index
        and np.isfinite([patient.interferon, patient.inflammation]).all()
    )
    with figure_style():
        figure = new_figure(0.235 * len(steps) + 1.55)
        if known:
            waterfall, place = figure.subplots(1, 2, width_ratios=(1.65, 1))
            draw_place(place, patient, plane, row_of(explained.cutpoints, cohort))
            place.set_title(f"Among patients of\n{cohort}", fontsize=8.5)
        else:
            waterfall = figure.subplots()
        _draw_waterfall(waterfall, patient, steps)
        handles = group_handles(step.group for step in steps)
        handles += place_handles() if known else []
        figure.legend(
            handles=handles,
            loc="outside lower center",
            ncols=min(len(handles), 5),
            handletextpad=0.1,
            columnspacing=1.4,
        )
        finish(figure, simulated=explained.gene_level.simulated)
    return figure


def _draw_waterfall(axes: Axes, patient: Patient, steps: list[Step]) -> None:
    base, margin = patient.base, steps[-1].start + steps[-1].size
    ends = [base, *(step.start + step.size for step in steps)]
    span = (max(ends) - min(ends)) or 1.0
    for row, step in enumerate(steps):
        _draw_step(axes, row, step, span)
        if row:
            edges = [row - 0.64, row - 0.36]
            axes.plot([step.start] * 2, edges, color=GREY, linewidth=0.7, zorder=0)
    axes.axvline(base, color=GREY, linewidth=0.9, linestyle=(0, (2, 2)), zorder=0)
    axes.axvline(margin, color=INK, linewidth=0.9, linestyle=(0, (2, 2)), zorder=0)
    names = [
        step.label if np.isnan(step.value) else f"{step.label} = {step.value:.1f}" for step in steps
    ]
    axes.set_yticks(range(len(steps)), [name.replace("= -", "= −") for name in names])
    mark_rows(axes, range(len(steps)), [step.group for step in steps])
    axes.set_ylim(-0.6, len(steps) - 0.4)
    axes.set_xlim(min(ends) - 0.28 * span, max(ends) + 0.28 * span)
    axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.grid(visible=True, axis="x")
    axes.set_xlabel("Log-odds of severe disease")
    above = axes.secondary_xaxis("top")
    apart = abs(margin - base) > 0.45 * span
    words = {base: "average", margin: "this patient"}
    ticks = [base, margin] if apart else [margin]
    above.set_xticks(ticks)
    above.tick_params(length=0, labelsize=8)
    above.set_xticklabels(
        [f"{words[at]}\n{percent(1 / (1 + np.exp(-at)))}" for at in ticks], fontweight="bold"
    )
    above.spines["top"].set_visible(False)


def _draw_step(axes: Axes, row: int, step: Step, span: float) -> None:
    end = step.start + step.size
    colour = group_colour(step.group)
    head = min(0.016 * span, abs(step.size))
    neck = end - np.sign(step.size) * head
    axes.fill(
        [step.start, neck, end, neck, step.start],
        [row - 0.36, row - 0.36, row, row + 0.36, row + 0.36],
        color=colour,
        linewidth=0,
        gid=f"step-{row}",
    )
    if abs(step.size) > 0.22 * span:
        axes.text(
            step.start + step.size / 2,
            row,
            signed(step.size),
            color=text_colour(colour),
            fontweight="bold",
            ha="center",
            va="center",
            fontsize=8,
        )
        return
    # beside the bar on the side it points to, so that it never lies on the connector
    axes.annotate(
        signed(step.size),
        (end, row),
        xytext=(4 if step.size >= 0 else -4, 0),
        textcoords="offset points",
        ha="left" if step.size >= 0 else "right",
        va="center",
        fontsize=8,
        bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 0.6},
    )
