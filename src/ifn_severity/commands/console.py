"""The one console that commands print tables on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console


def console() -> Console:
    """Return a console for standard output, wide enough for tables in a pipe."""
    from rich.console import Console

    here = Console(highlight=False)
    # a pipe has no width of its own, and eighty columns would break every cell
    return here if here.is_terminal else Console(highlight=False, width=160)


def short(path: Path) -> str:
    """Return a path as seen from the working folder, where that is shorter."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
