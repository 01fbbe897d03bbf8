"""One way to write a report as a page: one HTML file, no network, no script, no other file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

import ifn_severity
from ifn_severity.errors import InputError
from ifn_severity.paths import atomic_file
from ifn_severity.report.blocks import ReportFigure, Section, all_figures
from ifn_severity.report.figure_files import save_figure, svg_data_uri, svg_text

_PIXELS = 117  # CSS pixels an inch: a 7-inch figure fills the page, its 9-point text is body-sized


def check_summary(summary: Sequence[str]) -> None:
    """Refuse a page that does not answer its question.

    Raises
    ------
    InputError
        If there is no sentence.
    """
    if not summary:
        raise InputError(
            "a report without a summary sentence",
            expected="at least one sentence that answers the question",
            do="give summary=[...]",
        )


def write_page(
    path: Path,
    *,
    title: str,
    summary: Sequence[str],
    note: str,
    sections: Sequence[Section],
    simulated: bool,
    warn: bool = False,
    figures_folder: Path | None = None,
) -> Path:
    """Write a page, whole or not at all.

    Parameters
    ----------
    path : Path
        The HTML file.
    title : str
        Heading of level 1, and of the window.
    summary : sequence of str
        Sentences that answer the question, the most important first.
    note : str
        What the rows are, in a box below the answer.
    sections : sequence of Section
        The rest, figures drawn.
    simulated : bool
        Say so in the title, in a banner, across the page and at its foot.
    warn : bool
        Make the note's box a warning.
    figures_folder : Path, optional
        Also write every figure there as PNG, SVG and PDF.

    Returns
    -------
    Path
        The HTML file.

    Raises
    ------
    InputError
        If there is no summary sentence.
    StoreError
        If a file cannot be written.
    """
    check_summary(summary)
    figures = all_figures(sections)
    drawn = {item.name: svg_text(item.figure) for item in figures}
    page = (
        _environment()
        .get_template("report.html")
        .render(
            title=title,
            summary=summary,
            note=note,
            warn=warn,
            simulated=simulated,
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
