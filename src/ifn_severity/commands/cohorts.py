"""``ifn-severity cohorts``: what can be used, how large, how labelled, from where."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from ifn_severity.commands.console import console, short

if TYPE_CHECKING:
    from ifn_severity.cohorts.card import CohortCard


def _on_disk(card: CohortCard) -> str:
    """Say how many of a cohort's files are there; their content is checked when loaded."""
    from ifn_severity.cohorts.fetch import MIRROR, file_paths, pinned

    if card.simulated:
        return "built in"
    places = file_paths(card)
    there = sum(
        places[file.name].is_file() and places[file.name].stat().st_size == file.bytes
        for file in pinned(card).files
    )
    if there == len(card.files):
        return "yes"
    if there:
        return f"{there} of {len(card.files)} files"
    mirror = os.environ.get(MIRROR, "")
    return "mirror" if mirror and (Path(mirror).expanduser() / card.name).is_dir() else "no"


def _sizes(card: CohortCard) -> tuple[str, str, str]:
    """Say samples, patients and both classes; with a question mark where nobody counted them."""
    numbers = card.expected
    doubt = "" if card.exercised else "?"
    graded = numbers.n_mild + numbers.n_severe
    return (
        f"{numbers.n_samples}{doubt}",
        f"{numbers.n_patients}{doubt}",
        f"{numbers.n_mild} / {numbers.n_severe}{doubt}" if graded else "no grade",
    )


def show_cohorts(name: str | None = None) -> None:
    """Print the table of all cohorts, or the whole card of one.

    Parameters
    ----------
    name : str, optional
        The cohort whose card to show.

    Raises
    ------
    CohortError
        If there is no such cohort, or a card is damaged.
    """
    from rich.markup import escape
    from rich.table import Table

    from ifn_severity.cohorts.card import get_card, list_cohorts
    from ifn_severity.cohorts.card_fields import KINDS

    if name is not None:
        _show_card(get_card(name))
        return
    table = Table(title="Cohorts", title_justify="left")
    table.add_column("cohort", style="bold", no_wrap=True)
    table.add_column("what", ratio=3)
    for heading in ("samples", "patients", "mild / severe"):
        table.add_column(heading, justify="right")
    table.add_column("tissue", ratio=1)
    table.add_column("platform", ratio=2)
    table.add_column("day of illness")
    table.add_column("on disk")
    cards = list_cohorts()
    for kind in KINDS:
        mine = [card for card in cards if card.kind == kind]
        if mine:
            table.add_section()
            table.add_row(f"[italic]{kind}[/italic]")
        for card in mine:
            table.add_row(
                card.name,
                escape(card.title),
                *_sizes(card),
                escape(card.tissue),
                escape(card.platform),
                "known" if card.expected.days_since_onset else "unknown",
                _on_disk(card),
            )
    screen = console()
    screen.print(table)
    screen.print("ifn-severity cohorts COHORT shows a card; ifn-severity fetch COHORT downloads.")


def _show_card(card: CohortCard) -> None:
    from rich.markup import escape
    from rich.table import Table

    from ifn_severity.cohorts.fetch import file_paths, pinned

    numbers, severity = card.expected, card.severity
    doi = f" doi:{card.doi}" if card.doi else ""
    facts = {
        "what": card.title,
        "kind": card.kind,
        "accession": card.accession,
        "citation": card.citation + doi,
        "tissue": card.tissue,
        "platform": card.platform,
        "unit": card.unit_in_source,
        "size": f"{numbers.n_samples} samples of {numbers.n_patients} patients: "
        f"{numbers.n_mild} mild, {numbers.n_severe} severe"
        + ("" if card.exercised else " (as described elsewhere, not counted in the files)"),
        "day of illness": "known" if numbers.days_since_onset else "unknown",
        "used to": ", ".join(card.uses),
        "severity": severity.rule,
        "from": severity.column,
        "in its words": f"“{severity.quotation}” ({severity.quotation_source})"
        if severity.quotation
        else "",
        "mild means": severity.mild_means,
        "severe means": severity.severe_means,
        "caveats": "\n".join(f"• {caveat}" for caveat in card.caveats),
        "on disk": _on_disk(card),
        "card sha256": card.sha256,
    }
    screen = console()
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="bold", no_wrap=True)
    grid.add_column()
    for label, value in facts.items():
        if value:
            grid.add_row(label, escape(value))
    screen.print(f"[bold]{escape(card.name)}[/bold]")
    screen.print(grid)
    if not card.files:
        return
    folders = {path.parent for path in file_paths(card).values()}
    table = Table(title=f"files in {short(folders.pop())}", title_justify="left")
    table.add_column("file", overflow="fold")
    table.add_column("bytes", justify="right")
    table.add_column("sha256")
    table.add_column("licence", overflow="fold")
    for file in pinned(card).files:
        table.add_row(
            escape(file.name),
            f"{file.bytes:,}" if file.pinned else "unknown",
            file.sha256[:16] + "…" if file.pinned else "recorded at the first download",
            escape(file.licence),
        )
    screen.print(table)
