"""The forest plot: our AUROC on every held-out cohort, the best published score beside it."""

from __future__ import annotations

import math
from collections.abc import Iterable

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from ifn_severity.report.forest import (
    beside,
    draw_diamond,
    draw_estimate,
    draw_prediction,
    pooled_line,
)
from ifn_severity.report.panels import chance_line, legend_above
from ifn_severity.report.style import (
    BLUE,
    GREY,
    SKY,
    VERMILLION,
    figure_style,
    finish,
    new_figure,
)
from ifn_severity.report.validation import ValidationReport
from ifn_severity.report.validation_rows import (
    comparator_estimates,
    comparator_means,
    counted_cohorts,
    estimate_of,
    nested_estimates,
    ordered_cohorts,
    size_words,
    value_of,
)
from ifn_severity.report.wording import Interval, interval_words, number

_OFFSET = 0.2  # of the two scores of a cohort, in rows


def forest_figure(report: ValidationReport) -> Figure:
    """Draw our AUROC and the best comparator's, cohort by cohort, then mean and pooled figures.

    Below the cohorts stand the mean, the random-effects pooled AUROC as a diamond and its 95 %
    prediction interval, which runs through all rows as a band.

    Parameters
    ----------
    report : ValidationReport
        What was found.

    Returns
    -------
    matplotlib.figure.Figure
        Our markers carry the gids ``ours-<cohort>``, the diamond ``pooled``, the band
        ``prediction``.

    Raises
    ------
    InputError
        If the nested headline is missing for a cohort.
    """
    nested = nested_estimates(report)
    cohorts, counted = ordered_cohorts(report), counted_cohorts(report)
    label = str(report.headline.get("best_comparator") or "")
    rivals = comparator_estimates(report)
    with figure_style():
        figure = new_figure(0.45 * (len(cohorts) + 3) + 1.25)
        axes = figure.subplots()
        names = []
        for row, cohort in enumerate(cohorts):
            filled = cohort in counted
            names.append(f"{cohort}\n{size_words(report, cohort)}")
            if not filled:
                names[-1] += "; not counted"
            rival = rivals.get(cohort, {}).get(label)
            shift = 0.0 if rival is None else _OFFSET
            _draw(axes, nested[cohort], row - shift, BLUE, "o", filled, gid=f"ours-{cohort}")
            if rival is not None:
                _draw(axes, rival, row + shift, VERMILLION, "D", filled)
        names += _summaries(axes, report, label, len(cohorts))
        axes.axhline(len(cohorts) - 0.5, color=GREY, linewidth=0.6)
        chance_line(axes)
        axes.set_yticks(range(len(names)), names)
        axes.tick_params(axis="y", length=0)
        axes.set_ylim(len(names) - 0.5, -0.6)
        shown = [rivals.get(cohort, {}).get(label) for cohort in cohorts]
        axes.set_xlim(*_limits(report, [*nested.values(), *filter(None, shown)]))
        axes.set_xlabel("AUROC on a cohort the model never saw, 95 % interval")
        axes.set_title("Severe against mild, cohort by cohort")
        _explain(figure, label)
        finish(figure, simulated=report.simulated)
    return figure


def _limits(report: ValidationReport, estimates: Iterable[Interval]) -> tuple[float, float]:
    lows = [*(low for _, low, _ in estimates), value_of(report.headline, "prediction_low")]
    known = [low for low in lows if not math.isnan(low)]
    return max(min([0.45, *(low - 0.02 for low in known)]), -0.01), 1.0


def _draw(
    axes: Axes,
    estimate: Interval,
    y: float,
    colour: str,
    marker: str,
    filled: bool,
    *,
    gid: str | None = None,
) -> None:
    if math.isnan(estimate[0]):
        beside(axes, "left out", y)
        return
    draw_estimate(axes, estimate, y, colour=colour, marker=marker, filled=filled, gid=gid)
    beside(axes, interval_words(estimate), y, bold=marker == "o")


def _summaries(axes: Axes, report: ValidationReport, label: str, top: int) -> list[str]:
    head = report.headline
    means = comparator_means(report)
    shift = _OFFSET if label in means else 0.0
    _draw(axes, estimate_of(head, "mean_auroc", "mean"), top - shift, BLUE, "o", True, gid="mean")
    if label in means:
        its = (means[label].mean, math.nan, math.nan)
        _draw(axes, its, top + shift, VERMILLION, "D", True)
    pooled = estimate_of(head, "pooled", "pooled")
    draw_diamond(axes, pooled, top + 1)
    pooled_line(axes, pooled[0])
    beside(axes, interval_words(pooled), top + 1, bold=True)
    p_low, p_high = value_of(head, "prediction_low"), value_of(head, "prediction_high")
    if math.isnan(p_low):
        beside(axes, "not known", top + 2)
    else:
        draw_prediction(axes, p_low, p_high, top + 2)
        beside(axes, f"{number(p_low)}–{number(p_high)}", top + 2)
    n = len(counted_cohorts(report))
    return [
        f"Mean of {n} counted\ncohort{'' if n == 1 else 's'}",
        "Pooled, random\neffects",
        "Expected in a further\ncohort (95 % prediction)",
    ]


def _explain(figure: Figure, label: str) -> None:
    handles: list[Line2D | Patch] = [Line2D([], [], color=BLUE, marker="o", label="ours, nested")]
    if label:
        handles.append(Line2D([], [], color=VERMILLION, marker="D", label=label))
    handles.append(
        Line2D(
            [],
            [],
            marker="o",
            linestyle="",
            color=GREY,
            markerfacecolor="white",
            label="not counted",
        )
    )
    handles.append(Patch(color=SKY, alpha=0.3, label="95 % prediction interval"))
    legend_above(figure, handles)
