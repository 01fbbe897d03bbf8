"""The explanation report: one HTML file, no network, no script, no other file."""

from __future__ import annotations

from pathlib import Path

from ifn_severity.errors import ModelError
from ifn_severity.explain.summaries import sample_position
from ifn_severity.report.explanation import ExplanationReport
from ifn_severity.report.page import check_summary, write_page
from ifn_severity.report.sections import HELD_OUT, TRAINING, explanation_sections
from ifn_severity.report.tables import write_tables

__all__ = ["ExplanationReport", "write_explanation_report", "write_tables"]

#: Attributions must sum to the margin within so many log-odds.
TOLERANCE = 1e-4


def write_explanation_report(
    path: Path, report: ExplanationReport, *, figures_folder: Path | None = None
) -> Path:
    """Write the report, whole or not at all.

    Parameters
    ----------
    path : Path
        The HTML file.
    report : ExplanationReport
        What it says.
    figures_folder : Path, optional
        Also write every figure there as PNG, SVG and PDF.

    Returns
    -------
    Path
        The HTML file.

    Raises
    ------
    ModelError
        If attributions do not sum to the model's margin within 1e-4.
    InputError
        If there is no summary sentence, no attribution at all, or a chosen patient is unknown.
    StoreError
        If the file cannot be written.
    """
    attributions = report.attributions
    # written as "not <=" so that NaN is refused as well
    if not attributions.error <= TOLERANCE:
        raise ModelError(
            f"attributions of {attributions.model} miss its log-odds by {attributions.error:.2g}",
            expected=f"sums within {TOLERANCE:g} of the model's own log-odds",
            do="train the model again with this version; no report was written",
        )
    check_summary(report.summary)
    for chosen in report.patients:
        sample_position(attributions, chosen.sample)  # before anything is drawn
    return write_page(
        path,
        title=f"What carries the prediction: {attributions.model} on {attributions.cohort}",
        summary=report.summary,
        note=HELD_OUT if attributions.held_out else TRAINING,
        warn=not attributions.held_out,
        simulated=attributions.simulated,
        sections=explanation_sections(report),
        figures_folder=figures_folder,
    )
