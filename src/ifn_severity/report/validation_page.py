"""The validation report as one HTML file: no network, no script, no other file."""

from __future__ import annotations

from pathlib import Path

from ifn_severity.report.page import write_page
from ifn_severity.report.validation import ValidationReport
from ifn_severity.report.validation_rows import counted_cohorts, nested_rows
from ifn_severity.report.validation_sections import validation_sections
from ifn_severity.report.validation_tables import write_validation_tables
from ifn_severity.report.validation_words import answer

__all__ = ["write_validation_report", "write_validation_tables"]

_NOTE = (
    "Every figure here is of patients from cohorts that the model had not seen, unless a figure "
    "says otherwise. Cohorts with fewer than five patients in a class are shown and not counted."
)


def write_validation_report(
    path: Path,
    report: ValidationReport,
    *,
    figures_folder: Path | None = None,
    tables_folder: str = "",
) -> Path:
    """Write the report, whole or not at all.

    Parameters
    ----------
    path : Path
        The HTML file.
    report : ValidationReport
        What it says.
    figures_folder : Path, optional
        Also write every figure there as PNG, SVG and PDF.
    tables_folder : str
        Where the CSV tables lie, as a reader of the report should be told; they are written by
        :func:`ifn_severity.report.validation_tables.write_validation_tables`.

    Returns
    -------
    Path
        The HTML file.

    Raises
    ------
    InputError
        If no cohort has predictions, or the nested headline is missing for one.
    StoreError
        If a file cannot be written.
    """
    nested_rows(report)  # before anything is drawn
    n = len(counted_cohorts(report))
    return write_page(
        path,
        title=f"Severe or mild COVID-19, judged on {n} cohort{'' if n == 1 else 's'} never seen",
        summary=answer(report),
        note=_NOTE,
        sections=validation_sections(report, tables_folder=tables_folder),
        simulated=report.simulated,
        figures_folder=figures_folder,
    )
