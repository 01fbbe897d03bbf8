"""The numbers behind an evidence report, as CSV files with stable names."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from ifn_severity.evidence.result import EvidenceReport
from ifn_severity.report.tables import write_tables

#: File names and what is in them; also shown in the report.
EVIDENCE_TABLES: dict[str, str] = {
    "verdicts.csv": "every claim with its verdict, the reason and what would settle it",
    "effects.csv": "every test in every cohort and stage: effect, AUROC, intervals, counts, p",
    "pooled.csv": "every test over its cohorts: pooled effect, prediction interval, I², p",
    "day_points.csv": "the interferon score of every sample with a known day since onset",
    "day_curves.csv": "its curves by severity, with 95 % bands",
    "day_slopes.csv": "its change per 10 days",
    "plane.csv": "interferon and inflammation of every patient, by cell type",
    "coexistence.csv": "share of patients with both programmes high, and their correlation",
    "variance.csv": "shares of the variance of the interferon score",
    "meta_regression.csv": "severity effect against the day since onset",
    "meta_points.csv": "the effects it was fitted to",
    "meta_line.csv": "its line, with the 95 % band",
    "genes.csv": "interferon genes: direction in how many cohorts, pooled effect, I²",
    "cohorts.csv": "what was tested, and why a cohort was not",
    "checksums.csv": "SHA-256 of the bytes that were read",
}


def write_evidence_tables(folder: Path, report: EvidenceReport) -> list[Path]:
    """Write the tables of a report into a folder; other files there are left alone.

    Parameters
    ----------
    folder : Path
        Made when missing.
    report : EvidenceReport
        What to write.

    Returns
    -------
    list of Path
        The files, in the order of ``EVIDENCE_TABLES``. A table without rows is written with
        its heading only.

    Raises
    ------
    StoreError
        If the folder cannot be written.
    """
    contents: dict[str, pd.DataFrame] = {
        "genes.csv": report.genes.rename_axis(index="gene").reset_index(),
        "cohorts.csv": report.cohorts.rename_axis(index="cohort").reset_index(),
        "checksums.csv": pd.DataFrame(list(report.checksums.items()), columns=["file", "sha256"]),
    }
    tables = {
        name: contents[name] if name in contents else getattr(report, name.removesuffix(".csv"))
        for name in EVIDENCE_TABLES
    }
    return write_tables(folder, tables)
