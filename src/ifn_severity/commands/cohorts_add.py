"""``ifn-severity cohorts add``: a user's own matrix and labels become a cohort."""

from __future__ import annotations

from pathlib import Path


def add(
    file: Path,
    labels: Path,
    *,
    name: str | None,
    title: str,
    tissue: str,
    unit: str,
    replace: bool,
) -> None:
    """Add a cohort and say how its files were understood."""
    from ifn_severity.cohorts.add import add_cohort
    from ifn_severity.commands.console import console, short

    added = add_cohort(name, file, labels, title=title, tissue=tissue, unit=unit, replace=replace)
    screen = console()
    screen.print(f"[bold]{added.name}[/bold] is a cohort now, in {short(added.folder)}")
    for line in (
        f"{added.n_samples} samples of {added.n_patients} patients: {added.n_mild} mild or "
        f"moderate, {added.n_severe} severe or critical, {added.n_other} healthy or ungraded",
        f"{added.n_genes} genes; {added.orientation}; unit taken to be {added.unit}; "
        f"identifiers: {added.identifiers}",
        *added.notes,
    ):
        screen.print(f"  • {line}", markup=False)
    screen.print(f"next: ifn-severity train {added.name}", markup=False)
