"""The evidence report as one HTML file: no network, no script, no other file."""

from __future__ import annotations

from pathlib import Path

from ifn_severity.errors import InputError
from ifn_severity.evidence.result import EvidenceReport
from ifn_severity.report.evidence_sections import evidence_sections
from ifn_severity.report.evidence_tables import write_evidence_tables
from ifn_severity.report.evidence_words import answer
from ifn_severity.report.page import write_page

__all__ = ["write_evidence_report", "write_evidence_tables"]

_NOTE = (
    "Effects are case minus reference: above 0 is higher in severe disease, or in infection, "
    "whatever a claim expects. The sign of interferon is never assumed."
)


def write_evidence_report(
    path: Path,
    report: EvidenceReport,
    *,
    figures_folder: Path | None = None,
    tables_folder: str = "",
) -> Path:
    """Write the report, whole or not at all.

    Parameters
    ----------
    path : Path
        The HTML file.
    report : EvidenceReport
        What it says.
    figures_folder : Path, optional
        Also write every figure there as PNG, SVG and PDF.
    tables_folder : str
        Where the CSV tables lie, as a reader of the report should be told; they are written by
        :func:`ifn_severity.report.evidence_tables.write_evidence_tables`.

    Returns
    -------
    Path
        The HTML file.

    Raises
    ------
    InputError
        If there is no claim.
    StoreError
        If a file cannot be written.
    """
    if not report.claims:
        raise InputError(
            "an evidence report without a claim",
            expected="at least one claim with its verdict",
            do="name claims that exist, or leave the choice out to test all",
        )
    return write_page(
        path,
        title="Interferon in severe COVID-19, robust or impaired? The review's claims on data",
        summary=answer(report),
        note=_NOTE,
        sections=evidence_sections(report, tables_folder=tables_folder),
        simulated=False,
        figures_folder=figures_folder,
    )
