"""The forest plot of a claim: every test, cohort by cohort, with pooled figure and prediction."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from ifn_severity.errors import InputError
from ifn_severity.evidence.result import PartResult
from ifn_severity.report.evidence_rows import (
    interval_in,
    main_stratum,
    records,
    strata_order,
    value_in,
)
from ifn_severity.report.forest import draw_diamond, draw_estimate, draw_prediction, pooled_line
from ifn_severity.report.panels import legend_above, under_title
from ifn_severity.report.stages import STAGES
from ifn_severity.report.style import GREY, INK, SKY, figure_style, finish, new_figure
from ifn_severity.report.wording import interval_words, number

_LINE = 0.205  # inches a line
_HEAD = 0.95  # inches of a panel's title, axis and gap
_MOST = 40  # lines a figure: more do not fit a printed page
_COLUMNS = (10.0, 62.0, 176.0)  # points right of the panel: counts, effect, AUROC


class Line(NamedTuple):
    """One line of a forest plot."""

    kind: str  # "effect", "pooled" or "prediction"
    label: str
    row: dict[str, Any]


def forest_lines(result: PartResult) -> list[Line]:
    """Return what the panel of a test shows, from the top.

    A pooled line stands where two cohorts or more were pooled, a prediction line where a
    prediction interval is known.
    """
    effects = result.effects
    several = effects["cell_type"].astype(str).nunique() > 1
    order = strata_order(effects["stratum"])
    lines = []
    for (cohort, cell_type), rows in effects.groupby(["cohort", "cell_type"], sort=False):
        name = f"{cohort}, {cell_type}" if several and cell_type else str(cohort)
        ranked = sorted(records(rows), key=lambda row: order.index(str(row["stratum"])))
        for place, row in enumerate(ranked):
            label = name if place == 0 else str(row["stratum"])
            if place == 0 and row["stratum"] != "all":
                label = f"{name}, {row['stratum']}"
            lines.append(Line("effect", label, row))
    for row in records(result.pooled):
        if value_in(row, "n_cohorts") > 1 and not math.isnan(value_in(row, "effect")):
            stratum = "" if row["stratum"] == "all" else f" {row['stratum']}"
            heterogeneity = value_in(row, "i_squared")
            known = "" if math.isnan(heterogeneity) else f", I² {100 * heterogeneity:.0f} %"
            lines.append(Line("pooled", f"Pooled{stratum}{known}", row))
            if not math.isnan(value_in(row, "prediction_low")):
                lines.append(Line("prediction", f"Further cohort{stratum}", row))
    return lines


def in_figures(parts: Sequence[PartResult]) -> list[list[PartResult]]:
    """Share the tests of a claim out among figures that fit a page, in their order."""
    figures: list[list[PartResult]] = []
    filled = 0
    for part in parts:
        size = len(forest_lines(part)) + 4
        if not figures or filled + size > _MOST:
            figures.append([])
            filled = 0
        figures[-1].append(part)
        filled += size
    return figures


def claim_figure(parts: Sequence[PartResult]) -> Figure:
    """Draw the tests of a claim, one panel a test.

    Filled markers are of tests that the verdict rests on, hollow ones of those shown beside.

    Parameters
    ----------
    parts : sequence of PartResult
        Tests with at least one row of effects each.

    Returns
    -------
    matplotlib.figure.Figure
        Markers carry the gids ``<part>-<cohort>-<cell type>-<stratum>``, diamonds
        ``pooled-<part>-<stratum>``.

    Raises
    ------
    InputError
        If there is nothing to draw.
    """
    lines = [forest_lines(part) for part in parts]
    if not lines or not all(lines):
        raise InputError(
            "a claim without any effect to draw",
            expected="at least one row of effects for every test",
            do="leave this figure out where there is none",
        )
    with figure_style():
        figure = new_figure(sum(_LINE * len(some) + _HEAD for some in lines) + 0.35)
        ratios = [_LINE * len(some) + 0.25 for some in lines]
        panels = figure.subplots(len(parts), 1, squeeze=False, height_ratios=ratios)[:, 0]
        for axes, part, some in zip(panels, parts, lines, strict=True):
            alike = [
                line
                for other, others in zip(parts, lines, strict=True)
                for line in others
                if _scale(other) == _scale(part)
            ]
            axes.set_xlim(*_limits(alike))
            _draw_part(axes, part, some)
        _explain(figure, lines)
        finish(figure, simulated=False)
    return figure


def _scale(part: PartResult) -> str:
    return str(part.effects["scale"].iloc[0])


def _limits(lines: Sequence[Line]) -> tuple[float, float]:
    """Return limits that hold every estimate, and no interval so wide that the others vanish."""
    values = [value_in(line.row, "effect") for line in lines] + [0.0]
    known = [value for value in values if not math.isnan(value)]
    reach = 1.2 * max(max(known) - min(known), 0.4)
    ends = [
        value_in(line.row, name if line.kind != "prediction" else f"prediction_{name}")
        for line in lines
        for name in ("low", "high")
    ]
    known += [end for end in ends if not math.isnan(end)]
    values = [value for value in values if not math.isnan(value)]
    low = max(min(known), min(values) - reach)
    high = min(max(known), max(values) + reach)
    return low - 0.05 * (high - low), high + 0.05 * (high - low)


def _draw_part(axes: Axes, result: PartResult, lines: Sequence[Line]) -> None:
    part = result.part
    effects_end = sum(line.kind == "effect" for line in lines)
    axes.set_ylim(len(lines) - 0.4, -0.6)
    axes.axvline(0, color=INK, linewidth=0.8, zorder=0)
    for y, line in enumerate(lines):
        _draw_line(axes, result, line, y)
    if effects_end < len(lines):
        axes.axhline(effects_end - 0.5, color=GREY, linewidth=0.6)
    axes.set_yticks(range(len(lines)), [line.label for line in lines])
    axes.tick_params(axis="y", length=0, labelsize=8)
    axes.set_title(part.label[:1].upper() + part.label[1:], fontsize=9.5, pad=18)
    under_title(axes, _asked(result))
    for place, words in zip(_COLUMNS, _heads(result, lines), strict=True):
        _write(axes, words, -1.0, place, colour=INK)
    axes.set_xlabel(_axis(result), fontsize=8.5)


def _draw_line(axes: Axes, result: PartResult, line: Line, y: int) -> None:
    row, part = line.row, result.part
    stratum = str(row["stratum"])
    marker, colour, _ = STAGES[stratum]
    if line.kind == "prediction":
        low, high = value_in(row, "prediction_low"), value_in(row, "prediction_high")
        whole = stratum == main_stratum(result)
        draw_prediction(axes, low, high, y, rows=(-0.6, y + 0.4) if whole else (y - 0.4, y + 0.4))
        _arrows(axes, low, high, y, INK)
        _write(axes, f"{number(low)} to {number(high)}", y, _COLUMNS[1])
        return
    estimate = interval_in(row)
    counts = f"{value_in(row, 'n_case'):.0f} / {value_in(row, 'n_reference'):.0f}"
    _write(axes, counts, y, _COLUMNS[0])
    if math.isnan(estimate[0]):
        _write(axes, "not tested", y, _COLUMNS[1], colour=GREY)
        return
    if line.kind == "pooled":
        draw_diamond(axes, estimate, y, colour=colour, gid=f"pooled-{part.id}-{stratum}")
        if stratum == main_stratum(result):
            pooled_line(axes, estimate[0], colour=colour)
    else:
        gid = f"{part.id}-{row['cohort']}-{row['cell_type']}-{stratum}"
        draw_estimate(axes, estimate, y, colour=colour, marker=marker, filled=part.decides, gid=gid)
    _arrows(axes, *estimate[1:], y, colour)
    bold = line.kind == "pooled"
    _write(axes, interval_words(estimate, to=" to "), y, _COLUMNS[1], bold=bold)
    if not math.isnan(value_in(row, "auroc")):
        _write(axes, number(row["auroc"]), y, _COLUMNS[2], bold=bold)


def _arrows(axes: Axes, low: float, high: float, y: float, colour: str) -> None:
    """Say at the edge of the panel that an interval goes on."""
    left, right = axes.get_xlim()
    for end, marker, at in ((low < left, "<", left), (high > right, ">", right)):
        if end:
            axes.plot(at, y, marker=marker, color=colour, markersize=4.5, clip_on=False)


def _write(
    axes: Axes, text: str, y: float, place: float, *, bold: bool = False, colour: str = INK
) -> None:
    axes.annotate(
        text,
        (1, y),
        xycoords=("axes fraction", "data"),
        xytext=(place, 0),
        textcoords="offset points",
        va="center",
        fontsize=8,
        fontweight="bold" if bold else "normal",
        color=colour,
        annotation_clip=False,
    )


def _heads(result: PartResult, lines: Sequence[Line]) -> tuple[str, str, str]:
    aurocs = any(not math.isnan(value_in(line.row, "auroc")) for line in lines)
    return "n", "estimate (95 % CI)", "AUROC" if aurocs else ""


def _asked(result: PartResult) -> str:
    """Say what is compared and what the claim expects."""
    part = result.part
    words = f"{part.contrast.case} / {part.contrast.reference}"
    cells = result.effects["cell_type"].astype(str).unique()
    if len(cells) == 1 and cells[0]:
        words += f"; {cells[0]}"
    if part.expected in ("higher", "lower"):
        words += f"; claimed: {part.expected}"
    return words if part.decides else f"{words}; shown beside, not decisive"


def _axis(result: PartResult) -> str:
    scale, case = _scale(result), result.part.contrast.case
    if result.part.test in ("difference", "no difference"):
        return f"← lower in {case}     {scale}     higher in {case} →"
    return scale


def _explain(figure: Figure, lines: Sequence[Sequence[Line]]) -> None:
    flat = [line for some in lines for line in some]
    present = {str(line.row["stratum"]) for line in flat}
    handles: list[Line2D | Patch] = []
    if present != {"all"}:
        handles += [
            Line2D([], [], color=colour, marker=marker, label=words)
            for stratum, (marker, colour, words) in STAGES.items()
            if stratum in present
        ]
    if any(line.kind == "prediction" for line in flat):
        handles.append(Patch(color=SKY, alpha=0.3, label="95 % prediction interval"))
    if handles:
        legend_above(figure, handles)
