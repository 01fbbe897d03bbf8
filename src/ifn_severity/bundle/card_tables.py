"""The tables of a model card."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def table(header: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[str]:
    """Return a Markdown table, one line a row.

    Examples
    --------
    >>> table(["cohort", "auroc"], [["A", 0.5]])
    ['| cohort | auroc |', '|---|---|', '| A | 0.500 |']
    """
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    return lines + ["| " + " | ".join(cell(value) for value in row) + " |" for row in rows]


def cohort_rows(cohorts: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the table of training cohorts."""
    if not cohorts:
        return ["The cohorts are not recorded."]
    keys = ("n_samples", "n_patients", "classes", "tissue", "platform")
    return table(
        ["cohort", "samples", "patients", "classes", "tissue", "platform"],
        [
            [
                f"{cohort.get('name', '?')}{' (simulated)' if cohort.get('simulated') else ''}",
                *(cohort.get(key) for key in keys),
            ]
            for cohort in cohorts
        ],
    )


def held_out_rows(evidence: Mapping[str, Any]) -> list[str]:
    """Return the table of cohorts held out one by one, and what it comes to."""
    rows = []
    small = []
    for name, row in evidence["cohorts"].items():
        if not row["counted"]:
            small.append(name)
        rows.append(
            [
                name + ("" if row["counted"] else " *"),
                f"{row['n_mild_patients']} / {row['n_severe_patients']}",
                with_interval(row, "auroc"),
                with_interval(row, "brier"),
                with_interval(row, "calibration_slope"),
                f"{cell(row['sensitivity'])} / {cell(row['specificity'])}",
            ]
        )
    header = ["held-out cohort", "patients, mild / severe", "AUROC", "Brier score"]
    header += ["calibration slope", "sensitivity / specificity"]
    lines = table(header, rows)
    lines += [
        "",
        f"Mean AUROC {with_interval(evidence, 'mean_auroc')}, least "
        f"{cell(evidence['min_auroc'])} ({evidence['min_cohort']}). Intervals are 95 % patient "
        "bootstrap.",
    ]
    if small:
        lines += [
            f"\\* Counts in no mean: fewer than five patients of a class ({', '.join(small)})."
        ]
    return lines


def subgroup_rows(groups: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return the table of subgroups."""
    return table(
        ["cohort and group", "patients, mild / severe", "AUROC"],
        [
            [
                name,
                f"{group['n_mild_patients']} / {group['n_severe_patients']}",
                with_interval(group, "auroc"),
            ]
            for name, group in groups.items()
        ],
    )


def measure_rows(metrics: Mapping[str, Any]) -> list[str]:
    """Return the table of any other measures; mappings nest, ``x_ci`` is the interval of ``x``."""
    rows = list(_flat(metrics, ""))
    if not rows:
        return ["No performance was recorded."]
    return table(["measure", "value", "interval"], rows)


def _flat(metrics: Mapping[str, Any], prefix: str) -> list[list[Any]]:
    rows: list[list[Any]] = []
    for key, value in metrics.items():
        if key.endswith("_ci") and key.removesuffix("_ci") in metrics:
            continue
        if isinstance(value, Mapping):
            rows += _flat(value, f"{prefix}{key}, ")
            continue
        interval = metrics.get(f"{key}_ci")
        between = " to ".join(cell(end) for end in interval) if isinstance(interval, list) else ""
        rows.append([f"{prefix}{key.replace('_', ' ')}", value, between])
    return rows


def with_interval(row: Mapping[str, Any], key: str) -> str:
    """Return a value with its interval: ``0.930 (0.880–0.971)``."""
    interval = row.get(f"{key}_ci")
    if not isinstance(interval, Sequence) or isinstance(interval, str):
        return cell(row.get(key))
    return f"{cell(row.get(key))} ({'–'.join(cell(end) for end in interval)})"


def cell(value: Any) -> str:
    """Return a value as a cell of a table."""
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:.3f}"
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {cell(item)}" for key, item in value.items())
    if isinstance(value, list):
        return ", ".join(cell(item) for item in value)
    return str(value).replace("|", "/").replace("\n", " ")
