"""Figures as files and as data URIs, each written whole or not at all."""

from __future__ import annotations

import base64
import io
import re
from pathlib import Path

from matplotlib.figure import Figure

from ifn_severity.paths import atomic_file
from ifn_severity.report.style import figure_style

#: Without dates and versions the same figure gives the same bytes.
_METADATA: dict[str, dict[str, str | None]] = {
    "svg": {"Date": None},
    "pdf": {"CreationDate": None, "ModDate": None},
    "png": {"Software": None},
}
_RASTER_DPI = 200  # of scatters inside an SVG or PDF; sharp in print, small in HTML


def _rendered(figure: Figure, kind: str) -> bytes:
    buffer = io.BytesIO()
    dpi = 300 if kind == "png" else _RASTER_DPI
    with figure_style():
        figure.savefig(buffer, format=kind, dpi=dpi, metadata=_METADATA[kind])
    return buffer.getvalue()


def svg_text(figure: Figure) -> str:
    """Return a figure as SVG markup, text drawn as paths so that no font is needed."""
    return _rendered(figure, "svg").decode("utf-8")


def svg_data_uri(svg: str) -> str:
    """Return SVG markup as a ``data:image/svg+xml`` URI for an ``<img>``.

    An image, not inline markup: ids of two figures cannot collide, and no script in it can run.
    """
    # runs of spaces between elements are a sixth of matplotlib's SVG
    compact = re.sub(r">\s+<", "><", svg)
    return "data:image/svg+xml;base64," + base64.b64encode(compact.encode("utf-8")).decode("ascii")


def save_figure(figure: Figure, folder: Path, name: str, *, svg: str | None = None) -> list[Path]:
    """Write ``name.png`` (300 dpi), ``name.svg`` and ``name.pdf`` into a folder.

    Parameters
    ----------
    figure : Figure
        What to write; it is not changed.
    folder : Path
        Made when missing.
    name : str
        File name without suffix.
    svg : str, optional
        The figure's own SVG, where it has been drawn already.

    Returns
    -------
    list of Path
        The three files.

    Raises
    ------
    StoreError
        If the folder cannot be written.
    """
    written = []
    for kind in ("png", "svg", "pdf"):
        target = Path(folder) / f"{name}.{kind}"
        drawn = svg.encode("utf-8") if kind == "svg" and svg is not None else None
        content = drawn or _rendered(figure, kind)
        with atomic_file(target) as part:
            part.write_bytes(content)
        written.append(target)
    return written
