"""What the figures and sentences of a validation report pick out of its tables."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from ifn_severity.errors import InputError
from ifn_severity.report.validation import ValidationReport
from ifn_severity.report.wording import Interval

#: How the nested headline is called among the candidates of ``held_out``.
NESTED = ("chosen inside", "nested")


def counted_cohorts(report: ValidationReport) -> list[str]:
    """Return the cohorts that means rest on, in the report's order."""
    return [str(name) for name in report.cohorts.index[report.cohorts["counted"].astype(bool)]]


def ordered_cohorts(report: ValidationReport) -> list[str]:
    """Return every cohort with held-out predictions, the counted ones first.

    Raises
    ------
    InputError
        If there is none.
    """
    predicted = set(report.predictions["cohort"].astype(str))
    known = [str(name) for name in report.cohorts.index if str(name) in predicted]
    if not known:
        raise InputError(
            "a validation report without held-out predictions",
            expected="predictions of at least one cohort that is in the table of cohorts",
            do="give predictions and cohorts the same cohort names",
        )
    counted = counted_cohorts(report)
    return [name for name in known if name in counted] + [
        name for name in known if name not in counted
    ]


def nested_rows(report: ValidationReport) -> pd.DataFrame:
    """Return the headline's rows of ``held_out``, indexed by cohort.

    Raises
    ------
    InputError
        If the nested headline is missing for a cohort with predictions, or is there twice.
    """
    table = report.held_out
    rows = table[(table["feature_set"] == NESTED[0]) & (table["model"] == NESTED[1])]
    rows = rows.set_index(rows["cohort"].astype(str))
    lacking = [name for name in ordered_cohorts(report) if list(rows.index).count(name) != 1]
    if lacking:
        raise InputError(
            f"no single nested figure for {', '.join(lacking)}",
            expected=f"one row of held_out with feature_set '{NESTED[0]}' and model '{NESTED[1]}'",
            do="put the headline of every predicted cohort into held_out once",
        )
    return rows


def figure_of(rows: pd.DataFrame, cohort: str, name: str) -> Interval:
    """Return a figure of ``nested_rows`` with its 95 % interval, NaN where there is none."""
    row = rows.loc[cohort].to_dict()
    value, low, high = (float(row.get(f"{name}{end}", math.nan)) for end in ("", "_low", "_high"))
    return value, low, high


def of_cohort(
    report: ValidationReport, cohort: str, column: str = "log_odds"
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return the labels (n_samples,) and log-odds (n_samples,) of one held-out cohort."""
    rows = report.predictions[report.predictions["cohort"].astype(str) == cohort]
    return rows["severe"].to_numpy(dtype=float), rows[column].to_numpy(dtype=float)


def both_classes(report: ValidationReport, cohort: str) -> bool:
    """Say whether a cohort has severe and mild samples, so that curves exist."""
    return np.unique(of_cohort(report, cohort)[0]).size == 2


def size_words(report: ValidationReport, cohort: str) -> str:
    """Return how many samples of each class a cohort has."""
    mild, severe = (int(report.cohorts[name].to_dict()[cohort]) for name in ("n_mild", "n_severe"))
    return f"{mild} mild, {severe} severe"


def nested_estimates(report: ValidationReport) -> dict[str, Interval]:
    """Return the headline's AUROC and interval of every predicted cohort.

    Raises
    ------
    InputError
        As :func:`nested_rows`.
    """
    rows = nested_rows(report)
    return dict(zip(map(str, rows.index), _intervals(rows), strict=True))


def comparator_estimates(report: ValidationReport) -> dict[str, dict[str, Interval]]:
    """Return AUROC and interval by cohort and then by the comparator's label."""
    table = report.comparators
    found: dict[str, dict[str, Interval]] = {}
    for cohort, label, estimate in zip(
        table["cohort"].astype(str), table["label"].astype(str), _intervals(table), strict=True
    ):
        found.setdefault(cohort, {})[label] = estimate
    return found


def _intervals(table: pd.DataFrame) -> list[Interval]:
    columns = [table[name].astype(float) for name in ("auroc", "auroc_low", "auroc_high")]
    return list(zip(*columns, strict=True))


class ComparatorMean(NamedTuple):
    """A comparator over the counted cohorts that it was not derived from."""

    mean: float
    worst: float
    n_cohorts: int


def comparator_means(report: ValidationReport) -> dict[str, ComparatorMean]:
    """Return each comparator's mean and worst AUROC by label, best mean first."""
    counted, by_label = counted_cohorts(report), dict[str, list[float]]()
    for cohort, estimates in comparator_estimates(report).items():
        for label, (value, _, _) in estimates.items():
            if cohort in counted and not math.isnan(value):
                by_label.setdefault(label, []).append(value)
    means = {
        label: ComparatorMean(float(np.mean(values)), min(values), len(values))
        for label, values in by_label.items()
    }
    return dict(sorted(means.items(), key=lambda item: -item[1].mean))


def value_of(headline: Mapping[str, Any], name: str) -> float:
    """Return a number of the headline, NaN where there is none."""
    value = headline.get(name)
    return float("nan") if value is None else float(value)


def estimate_of(headline: Mapping[str, Any], name: str, stem: str) -> Interval:
    """Return a figure of the headline with its interval, such as ``mean_auroc`` and ``mean``."""
    return (
        value_of(headline, name),
        value_of(headline, f"{stem}_low"),
        value_of(headline, f"{stem}_high"),
    )


def measured_proteins(report: ValidationReport) -> bool:
    """Whether the cohorts measured plasma proteins, and not transcripts."""
    return bool(report.headline.get("proteins", False))
