"""Tables that a script writes into a page of docs/, between two comments."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from ifn_severity.paths import atomic_file

DOCS = Path(__file__).parents[2] / "docs"


def markdown(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table; the first column is text, the others are aligned right."""
    lines = [" | ".join(columns), " | ".join(["---"] + ["---:"] * (len(columns) - 1))]
    lines += [" | ".join(str(cell) for cell in row) for row in rows]
    return "\n".join(f"| {line} |" for line in lines)


def write_tables(page: Path, tables: dict[str, str]) -> None:
    """Replace ``<!-- begin NAME -->`` to ``<!-- end NAME -->`` in a page, all or none.

    Raises
    ------
    KeyError
        If the page has no place for a table.
    """
    text = page.read_text("utf-8")
    for name, table in tables.items():
        pattern = re.compile(rf"(<!-- begin {name} -->\n).*?(<!-- end {name} -->)", re.DOTALL)
        if not pattern.search(text):
            raise KeyError(f"{page} has no place for the table {name!r}")
        text = pattern.sub(lambda found, table=table: f"{found[1]}{table}\n{found[2]}", text)
    with atomic_file(page) as part:
        part.write_text(text, encoding="utf-8")


def with_interval(value: float, low: float, high: float, *, digits: int = 3, sign: str = "") -> str:
    """Format a value with its interval."""
    return f"{value:{sign}.{digits}f} [{low:{sign}.{digits}f}, {high:{sign}.{digits}f}]"
