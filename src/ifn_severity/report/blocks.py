"""What a report is made of: sections with paragraphs, figures and tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from matplotlib.figure import Figure


@dataclass(frozen=True)
class ReportFigure:
    """A figure with what a reader needs to understand it, seen or not seen.

    Attributes
    ----------
    name : str
        File name without suffix, and the anchor in the page.
    figure : Figure
        What is drawn.
    alt : str
        What the figure shows, for those who do not see it.
    caption : str
        How to read it.
    """

    name: str
    figure: Figure
    alt: str
    caption: str


@dataclass(frozen=True)
class Link:
    """Words that lead somewhere.

    Attributes
    ----------
    text : str
        What is read.
    target : str
        ``#`` and an anchor of the page, or an address starting with ``https://``.
    """

    text: str
    target: str


@dataclass(frozen=True)
class Badge:
    """A word in a frame: read as text, told apart by its look.

    Attributes
    ----------
    text : str
        What is read.
    look : str
        ``good``, ``bad``, ``mixed``, ``open`` or ``none``.
    """

    text: str
    look: str = "none"


Cell = str | Link | Badge


@dataclass(frozen=True)
class Opened:
    """What one row of a table shows when a reader opens it.

    Attributes
    ----------
    words : str
        Why these rows belong together.
    rows : tuple of tuple of Cell
        Rows below it, as wide as the table.
    """

    words: str
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True)
class ReportTable:
    """A table of texts, links and badges; the first column heads its row.

    Attributes
    ----------
    caption : str
        What the table holds.
    columns : tuple of str
        Headings.
    rows : tuple of tuple of Cell
        Lines.
    numeric : frozenset of int
        Columns that are set flush right.
    opened : mapping of int to Opened
        Further rows below the line of that number, closed at first.
    """

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    numeric: frozenset[int] = frozenset()
    opened: Mapping[int, Opened] = field(default_factory=dict)


@dataclass(frozen=True)
class Details:
    """Something that a reader can open: words and tables under one line."""

    summary: str
    paragraphs: tuple[str, ...] = ()
    tables: tuple[ReportTable, ...] = ()


@dataclass(frozen=True)
class Note:
    """A sentence that must not be overlooked, in a frame of its own."""

    text: str
    warn: bool = False


@dataclass(frozen=True)
class Part:
    """A piece of a section under a heading of its own.

    Attributes
    ----------
    heading : str
        Heading of level 3.
    paragraphs : tuple of str
        Plain text; the page escapes it.
    figures : tuple of ReportFigure
        What follows them.
    name : str
        Anchor in the page; none when empty.
    badge : Badge or None
        Stands below the heading.
    reason : str
        Beside the badge; none when empty.
    quote : str
        Somebody else's sentence, set apart, above the paragraphs; none when empty.
    tables : tuple of ReportTable
        Below the figures.
    details : tuple of Details
        Below the tables.
    links : tuple of Link
        At the end: sources, and figures elsewhere in the page.
    """

    heading: str
    paragraphs: tuple[str, ...] = ()
    figures: tuple[ReportFigure, ...] = ()
    name: str = ""
    badge: Badge | None = None
    reason: str = ""
    quote: str = ""
    tables: tuple[ReportTable, ...] = ()
    details: tuple[Details, ...] = ()
    links: tuple[Link, ...] = ()


@dataclass(frozen=True)
class Section:
    """One heading of the report.

    Attributes
    ----------
    name : str
        Anchor in the page.
    heading : str
        Heading of level 2.
    paragraphs : tuple of str
        Plain text; the page escapes it.
    notes : tuple of Note
        What must not be overlooked.
    facts : tuple of (str, tuple of str)
        Terms and their values.
    figures, tables, details, parts
        What follows, in this order.
    items : tuple of str
        A list at the end.
    """

    name: str
    heading: str
    paragraphs: tuple[str, ...] = ()
    facts: tuple[tuple[str, tuple[str, ...]], ...] = ()
    figures: tuple[ReportFigure, ...] = ()
    tables: tuple[ReportTable, ...] = ()
    parts: tuple[Part, ...] = ()
    items: tuple[str, ...] = ()
    notes: tuple[Note, ...] = ()
    details: tuple[Details, ...] = ()


def all_figures(sections: Sequence[Section]) -> list[ReportFigure]:
    """Return every figure of a report, in reading order."""
    found: list[ReportFigure] = []
    for section in sections:
        found.extend(section.figures)
        for part in section.parts:
            found.extend(part.figures)
    return found
