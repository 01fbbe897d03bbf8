"""What an evidence run leaves behind: tables, ``evidence.json`` and the page."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ifn_severity.bundle.manifest import plain
from ifn_severity.evidence.result import ClaimResult, EvidenceReport
from ifn_severity.evidence.verdict import WRITTEN
from ifn_severity.paths import atomic_file
from ifn_severity.report.evidence_page import write_evidence_report, write_evidence_tables

LIMITS = (
    "Severe and milder mean what each cohort's card says they mean, and that differs.",
    "Cohorts are few and small. With two cohorts a verdict speaks of these two, not of a third.",
    "Patients were sampled at different days, and the interferon score falls with the day in both "
    "grades; steroids lower interferon-stimulated genes and were given to the severe. Differences "
    "at the same day stand beside where the day is known. No difference here is a cause.",
    "Cell types were summed as their studies clustered them. Sums of few cells are noisy, and a "
    "cluster can be defined by the very genes that a claim is about.",
    "The TNF–NF-κB score holds immediate early genes (FOS, JUN, EGR1), which the handling of blood "
    "changes too.",
    WRITTEN,
)
_KEPT = ("claim", "part", "label")


def evidence_json(report: EvidenceReport) -> dict[str, Any]:
    """Return the machine-readable result, with stable names.

    Parameters
    ----------
    report : EvidenceReport

    Returns
    -------
    dict
        ``claims``: in the article's order, each with ``id``, ``title``, ``sentence``, ``study``,
        ``citation``, ``doi``, ``note``, ``verdict``, ``reason``, ``needed``, ``paragraph`` and
        ``parts``; a part has ``id``, ``label``, ``test``, ``expected``, ``decides``, ``verdict``,
        ``reason``, ``pooled`` (a row a stratum) and ``effects`` (a row a cohort and stratum), in
        the columns of :mod:`ifn_severity.evidence.result`. Beside them ``cohorts`` by name,
        ``genes`` by symbol, ``rule``, ``settings``, ``versions``, ``checksums``, ``limits``, and
        the tables ``day_slopes``, ``coexistence``, ``variance``, ``meta_regression`` and
        ``meta_points`` as records. NaN is null.
    """
    return dict(
        plain(
            {
                "claims": [_claim(result) for result in report.claims],
                "cohorts": report.cohorts.to_dict("index"),
                "genes": report.genes.to_dict("index"),
                **{
                    name: getattr(report, name).to_dict("records")
                    for name in (
                        "day_slopes",
                        "coexistence",
                        "variance",
                        "meta_regression",
                        "meta_points",
                    )
                },
                "rule": report.rule,
                "settings": dict(report.settings),
                "versions": dict(report.versions),
                "checksums": dict(report.checksums),
                "limits": report.limits,
            }
        )
    )


def _claim(result: ClaimResult) -> dict[str, Any]:
    claim, verdict = result.claim, result.verdict
    named = ("id", "title", "sentence", "study", "citation", "doi", "note")
    return {
        **{name: getattr(claim, name) for name in named},
        "verdict": verdict.label,
        "reason": verdict.reason,
        "needed": verdict.needed,
        "paragraph": result.paragraph,
        "parts": [
            {
                **{
                    name: getattr(part.part, name)
                    for name in ("id", "label", "test", "expected", "decides")
                },
                "measure": part.part.measure.label,
                "verdict": part.verdict.label,
                "reason": part.verdict.reason,
                "pooled": part.pooled.drop(columns=list(_KEPT)).to_dict("records"),
                "effects": part.effects.drop(columns=list(_KEPT)).to_dict("records"),
            }
            for part in result.parts
        ],
    }


def write_files(report: EvidenceReport, folder: Path, *, figure_files: bool = False) -> None:
    """Write ``evidence.json``, the page and the tables into a folder.

    Parameters
    ----------
    report : EvidenceReport
    folder : Path
        Made when missing.
    figure_files : bool
        Whether each figure is written as PNG, SVG and PDF too.

    Raises
    ------
    StoreError
        If the folder cannot be written.
    """
    write_evidence_tables(folder / "tables", report)
    figures = folder / "figures" if figure_files else None
    write_evidence_report(
        folder / "report.html", report, figures_folder=figures, tables_folder="tables"
    )
    with atomic_file(folder / "evidence.json") as part:
        text = json.dumps(evidence_json(report), indent=1, ensure_ascii=False)
        part.write_text(text, encoding="utf-8")
