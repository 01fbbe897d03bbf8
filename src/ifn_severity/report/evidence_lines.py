"""What the forest plot of a claim shows, line by line, and how its tests share figures."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from ifn_severity.evidence.result import PartResult
from ifn_severity.report.evidence_rows import records, strata_order, value_in

_MOST = 40  # lines a figure: more do not fit a printed page


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
        # a stage that nobody is known to be in is told in words, not drawn
        drawn = [row for row in ranked if value_in(row, "n_samples") > 0] or ranked[:1]
        for place, row in enumerate(drawn):
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
