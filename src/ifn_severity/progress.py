"""Progress bars, drawn on standard error and only where someone is watching."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

Bar = Callable[[str, int], AbstractContextManager[Callable[[str], None]]]
"""What gives a progress bar for a title and a number of steps."""


def no_bar(title: str, total: int) -> AbstractContextManager[Callable[[str], None]]:
    """Show nothing, for programs that show their own."""
    return nullcontext(lambda _: None)


@contextmanager
def progress_bar(title: str, total: int) -> Iterator[Callable[[str], None]]:
    """Show a bar for ``total`` steps; call what it gives once a step, with what is running.

    Parameters
    ----------
    title : str
        What the whole of the work is.
    total : int
        The number of steps.

    Yields
    ------
    callable
        ``advance(doing)``: one step is done and ``doing`` says what is running now.
    """
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    console = Console(stderr=True)
    columns = (
        TextColumn("[bold]{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[doing]}"),
    )
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bar:
        task = bar.add_task(title, total=total, doing="")

        def advance(doing: str = "") -> None:
            bar.update(task, advance=1, doing=doing)

        yield advance
