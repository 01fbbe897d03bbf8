"""The forest plot of a claim: every test, cohort by cohort, with pooled figure and prediction."""

from __future__ import annotations

import math
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from ifn_severity.errors import InputError
from ifn_severity.evidence.result import PartResult
from ifn_severity.report.evidence_lines import Line, forest_lines
from ifn_severity.report.evidence_rows import (
    interval_in,
    main_stratum,
    value_in,
)
from ifn_severity.report.forest import (
    draw_arrows,
    draw_diamond,
    draw_estimate,
    draw_prediction,
    pooled_line,
)
from ifn_severity.report.panels import legend_above
from ifn_severity.report.stages import STAGES
from ifn_severity.report.style import GREY, INK, SKY, figure_style, finish, new_figure
from ifn_severity.report.wording import interval_words, number

_LINE = 0.205  # inches a line
_HEAD = 1.06  # inches of a panel's title, axis and gap
#: Tests of the case group alone.
_ONE_SIDED = ("level", "correlation")
_COLUMNS = (10.0, 62.0, 176.0)  # points right of the panel: counts, effect, AUROC


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
        ratios = [len(some) for some in lines]
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
    axes.set_title(part.label[:1].upper() + part.label[1:], fontsize=9.5, pad=29)
    _head(axes, _asked(result), 0, lift=16)
    for place, words in zip(_COLUMNS, _heads(lines), strict=True):
        _head(axes, words, place, across=1)
    axes.set_xlabel(_axis(result), fontsize=8.5)


def _draw_line(axes: Axes, result: PartResult, line: Line, y: int) -> None:
    row, part = line.row, result.part
    stratum = str(row["stratum"])
    marker, colour, _ = STAGES[stratum]
    if line.kind == "prediction":
        low, high = value_in(row, "prediction_low"), value_in(row, "prediction_high")
        whole = stratum == main_stratum(result)
        draw_prediction(axes, low, high, y, rows=(-0.6, y + 0.4) if whole else (y - 0.4, y + 0.4))
        draw_arrows(axes, low, high, y, INK)
        _write(axes, f"{number(low)} to {number(high)}", y, _COLUMNS[1])
        return
    estimate = interval_in(row)
    counts = f"{value_in(row, 'n_case'):.0f}"
    if part.test not in _ONE_SIDED:
        counts += f" / {value_in(row, 'n_reference'):.0f}"
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
    draw_arrows(axes, *estimate[1:], y, colour)
    bold = line.kind == "pooled"
    _write(axes, interval_words(estimate, to=" to "), y, _COLUMNS[1], bold=bold)
    if not math.isnan(value_in(row, "auroc")):
        _write(axes, number(row["auroc"]), y, _COLUMNS[2], bold=bold)


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


def _head(axes: Axes, text: str, place: float, *, across: float = 0, lift: float = 4) -> None:
    """Write small words above the panel; the title makes room for them, upwards."""
    written = axes.annotate(
        text,
        (across, 1),
        xycoords="axes fraction",
        xytext=(place, lift),
        textcoords="offset points",
        fontsize=7.5,
        color=INK,
    )
    # what runs over the columns may do so; the columns themselves ask for their width
    written.set_in_layout(across == 1)


def _heads(lines: Sequence[Line]) -> tuple[str, str, str]:
    aurocs = any(not math.isnan(value_in(line.row, "auroc")) for line in lines)
    return "n", "estimate (95 % CI)", "AUROC" if aurocs else ""


def _asked(result: PartResult) -> str:
    """Say what is compared and what the claim expects."""
    part = result.part
    words = f"n of {part.contrast.case}"
    if part.test not in _ONE_SIDED:
        words += f" / {part.contrast.reference}"
    cells = part.cell_types
    if len(cells) == 1 and cells[0] not in part.label:
        words += f"; {cells[0]}"
    if part.expected != "either":
        claimed = "no difference" if part.expected == "none" else part.expected
        words += f"; claimed: {claimed}"
    return words if part.decides else f"{words}; shown beside, the verdict does not rest on it"


def _axis(result: PartResult) -> str:
    part, scale = result.part, _scale(result)
    case, limit = part.contrast.case, f"{part.limit:g} CPM"
    ends = {
        "adjusted difference": (f"lower in {case}", f"higher in {case}"),
        "difference": (f"lower in {case}", f"higher in {case}"),
        "no difference": (f"lower in {case}", f"higher in {case}"),
        "level": (f"below {limit}", f"above {limit}"),
        "interaction": ("effect falls with the day", "rises with the day"),
        "trend": ("falls with the day", "rises with the day"),
        "coexistence": (f"fewer in {case}", f"more in {case}"),
        "heterogeneity of means": ("more between grades", "more between patients"),
        "heterogeneity": ("more between grades", "more between patients"),
    }.get(part.test)
    return f"← {ends[0]}     {scale}     {ends[1]} →" if ends else scale


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
