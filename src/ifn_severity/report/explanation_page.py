"""The explanation report as one HTML file: no network, no script, no other file."""

from __future__ import annotations

from pathlib import Path

from ifn_severity.errors import ModelError
from ifn_severity.explain.attributions import Attributions
from ifn_severity.explain.shap_values import TOLERANCE
from ifn_severity.report.explanation import ExplanationReport
from ifn_severity.report.explanation_sections import explanation_sections
from ifn_severity.report.explanation_tables import write_explanation_tables
from ifn_severity.report.page import check_summary, write_page
from ifn_severity.report.wording import listed

__all__ = ["write_explanation_report", "write_explanation_tables"]

HELD_OUT = (
    "Every sample here was explained by a model that had not seen that patient: these are "
    "held-out (out-of-fold) attributions."
)
CHOSEN = (
    "Every sample here was explained by a fit that had not seen that patient, but the panel's "
    "genes were chosen with the help of these patients: the attributions are held out, the choice "
    "of genes is not."
)
TRAINING = (
    "These are training rows: the model has seen these patients, so what leads here may lead less "
    "in new patients. Do not read the rankings as evidence from held-out data."
)


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
        If attributions, by feature or by gene, do not sum to the model's margin within 1e-4.
    InputError
        If there is no summary sentence.
    StoreError
        If the file cannot be written.
    """
    explained = report.explained
    for given in (explained.features, explained.gene_level):
        _check_sums(given)
    check_summary(explained.words)
    held_out, chosen = explained.gene_level.held_out, explained.answer.genes_chosen
    return write_page(
        path,
        title="Which interferon genes carry the prediction: "
        f"{explained.gene_level.model} on {listed(explained.gene_level.cohort.split('+'))}",
        summary=explained.words,
        note=TRAINING if not held_out else CHOSEN if chosen else HELD_OUT,
        warn=not held_out or chosen,
        simulated=report.simulated,
        sections=explanation_sections(report),
        figures_folder=figures_folder,
    )


def _check_sums(given: Attributions) -> None:
    # written as "not <=" so that NaN is refused as well
    if not given.error <= TOLERANCE:
        raise ModelError(
            f"attributions of {given.model} miss its log-odds by {given.error:.2g}",
            expected=f"sums within {TOLERANCE:g} of the model's own log-odds",
            do="train the model again with this version; no report was written",
        )
