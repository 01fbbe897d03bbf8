"""Rows for cohorts and stages of illness: where they stand, how they are marked and named."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from ifn_severity.report.style import GREEN, GREY, INK, PURPLE

#: Stages of illness: marker, colour, words. Early is up to ten days from onset.
STAGES: dict[str, tuple[str, str, str]] = {
    "all": ("o", INK, "all patients"),
    "early": ("^", GREEN, "early, up to day 10"),
    "late": ("s", PURPLE, "late, after day 10"),
}
#: How tables call the row that stands for all cohorts, and what a reader is told.
_TOGETHER = {"mean": "mean of cohorts", "pooled": "all cohorts"}

Places = dict[tuple[str, str], float]


def stage_places(
    pairs: Iterable[tuple[str, str]], scopes: Sequence[str] = ()
) -> tuple[Places, dict[str, float]]:
    """Give each scope and stage a height, all cohorts together first, and each scope its middle.

    Parameters
    ----------
    pairs : iterable of (str, str)
        Scope (a cohort, or all together) and stage.
    scopes : sequence of str
        Order of the cohorts; those not named follow in order of appearance.

    Returns
    -------
    places : dict of (scope, stage) to float
    names : dict of scope to float

    Examples
    --------
    >>> places, names = stage_places([("A", "all"), ("mean", "late"), ("mean", "early")])
    >>> places
    {('mean', 'early'): 0.0, ('mean', 'late'): 1.0, ('A', 'all'): 2.9}
    >>> names
    {'mean': 0.5, 'A': 2.9}
    """
    given = list(dict.fromkeys(pairs))
    present = list(dict.fromkeys(scope for scope, _ in given))
    known = [*_TOGETHER, *scopes]
    ordered = [name for name in known if name in present]
    ordered += [name for name in present if name not in known]
    order = {stage: place for place, stage in enumerate(STAGES)}
    places: Places = {}
    names: dict[str, float] = {}
    at = 0.0
    for scope in ordered:
        here = sorted(
            (stage for name, stage in given if name == scope),
            key=lambda stage: order.get(stage, len(order)),
        )
        for step, stage in enumerate(here):
            places[scope, stage] = at + step
        names[scope] = at + (len(here) - 1) / 2
        at += len(here) + 0.9
    return places, names


def name_scopes(axes: Axes, places: Places, names: dict[str, float]) -> None:
    """Write the cohorts beside their rows, all together in bold."""
    axes.set_yticks(list(names.values()), [_TOGETHER.get(scope, scope) for scope in names])
    axes.set_ylim(max(places.values()) + 0.7, -0.7)
    for label, scope in zip(axes.get_yticklabels(), names, strict=True):
        label.set_fontweight("bold" if scope in _TOGETHER else "normal")


def mark_stage(axes: Axes, value: float, y: float, stage: str, gid: str) -> None:
    """Draw a value in the marker and colour of its stage."""
    marker, colour, _ = STAGES.get(stage, ("X", GREY, stage))
    axes.plot(value, y, marker=marker, color=colour, markersize=5.5, linestyle="", gid=gid)


def stage_colour(stage: str) -> str:
    """Return the colour of a stage."""
    return STAGES.get(stage, STAGES["all"])[1]


def stage_handles(present: Iterable[str]) -> list[Line2D]:
    """Return legend entries for the stages that are there."""
    there = set(present)
    return [
        Line2D([], [], color=colour, marker=marker, label=words)
        for stage, (marker, colour, words) in STAGES.items()
        if stage in there
    ]
