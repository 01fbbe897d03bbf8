"""The explanation report: one HTML file, no network, no script, no other file."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

import ifn_severity
from ifn_severity.errors import InputError, ModelError
from ifn_severity.explain.summaries import sample_position
from ifn_severity.paths import atomic_file
from ifn_severity.report.blocks import ReportFigure, all_figures
from ifn_severity.report.explanation import ExplanationReport
from ifn_severity.report.figure_files import save_figure, svg_data_uri, svg_text
from ifn_severity.report.sections import HELD_OUT, TRAINING, explanation_sections
from ifn_severity.report.tables import write_tables

__all__ = ["ExplanationReport", "write_explanation_report", "write_tables"]

#: Attributions must sum to the margin within so many log-odds.
TOLERANCE = 1e-4
_PIXELS = 117  # CSS pixels an inch: a 7-inch figure fills the page, its 9-point text is body-sized


def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("ifn_severity.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _image(item: ReportFigure, svg: str) -> dict[str, object]:
    width, height = item.figure.get_size_inches()
    return {
        "src": svg_data_uri(svg),
        "width": round(width * _PIXELS),
        "height": round(height * _PIXELS),
    }


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
    if not report.summary:
        raise InputError(
            "a report without a summary sentence",
            expected="at least one sentence that answers the question",
            do="give summary=[...]",
        )
    for chosen in report.patients:
        sample_position(attributions, chosen.sample)  # before anything is drawn
    sections = explanation_sections(report)
    figures = all_figures(sections)
    drawn = {item.name: svg_text(item.figure) for item in figures}
    page = (
        _environment()
        .get_template("report.html")
        .render(
            title=f"What carries the prediction: {attributions.model} on {attributions.cohort}",
            summary=report.summary,
            rows_note=HELD_OUT if attributions.held_out else TRAINING,
            held_out=attributions.held_out,
            simulated=attributions.simulated,
            sections=sections,
            images={item.name: _image(item, drawn[item.name]) for item in figures},
            version=ifn_severity.__version__,
        )
    )
    with atomic_file(Path(path)) as part:
        part.write_text(page, encoding="utf-8")
    if figures_folder is not None:
        for item in figures:
            save_figure(item.figure, Path(figures_folder), item.name, svg=drawn[item.name])
    return Path(path)
