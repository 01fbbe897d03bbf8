"""The numbers behind a validation report, as CSV files with stable names."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from ifn_severity.report.tables import write_tables
from ifn_severity.report.validation import ValidationReport

#: File names and what is in them; also shown in the report.
VALIDATION_TABLES: dict[str, str] = {
    "cohorts.csv": "patients and samples of each class, and what mild and severe mean",
    "headline.csv": "the nested figures, one a row",
    "predictions.csv": "held-out log-odds of every sample, before and after recalibration",
    "held_out.csv": "leave one cohort out: every cohort and candidate",
    "candidates.csv": "mean, worst and pooled AUROC of every candidate",
    "comparators.csv": "published scores on the same patients",
    "differences.csv": "ours less each published score, paired",
    "within.csv": "nested cross-validation inside each cohort",
    "matrix.csv": "trained on one cohort, tested on each other",
    "additions.csv": "with and without a group of features, by cohort and stage of illness",
    "interactions.csv": "linear models with and without an explicit interaction",
    "subgroups.csv": "by sex and age group",
    "learning.csv": "mean AUROC by number of training patients",
    "controls.csv": "random panels and shuffled labels, one draw a row",
    "checksums.csv": "SHA-256 of the bytes that were read",
}


def write_validation_tables(folder: Path, report: ValidationReport) -> list[Path]:
    """Write the tables of a report into a folder; other files there are left alone.

    Parameters
    ----------
    folder : Path
        Made when missing.
    report : ValidationReport
        What to write.

    Returns
    -------
    list of Path
        The files, in the order of ``VALIDATION_TABLES``. A table without rows is written with
        its heading only.

    Raises
    ------
    StoreError
        If the folder cannot be written.
    """
    contents: dict[str, pd.DataFrame] = {
        "cohorts.csv": report.cohorts.rename_axis(index="cohort").reset_index(),
        "headline.csv": _pairs(report.headline, "figure"),
        "controls.csv": _controls(report),
        "checksums.csv": _pairs(report.checksums, "file"),
    }
    tables = {
        name: contents[name] if name in contents else getattr(report, name.removesuffix(".csv"))
        for name in VALIDATION_TABLES
    }
    return write_tables(folder, tables)


def _pairs(values: Mapping[str, object], name: str) -> pd.DataFrame:
    rows: list[tuple[str, object]] = []
    for key, value in values.items():
        if isinstance(value, Mapping):
            rows += [(f"{key}: {inner}", given) for inner, given in value.items()]
        else:
            rows.append((key, value))
    return pd.DataFrame(rows, columns=[name, "value"])


def _controls(report: ValidationReport) -> pd.DataFrame:
    draws = [
        pd.DataFrame({"control": kind, "draw": np.arange(1, len(values) + 1), "mean_auroc": values})
        for kind, values in (
            ("random panel", np.asarray(report.random_panels, dtype=float).ravel()),
            ("shuffled labels", np.asarray(report.shuffled, dtype=float).ravel()),
        )
    ]
    return pd.concat(draws, ignore_index=True)
