"""``ifn-severity cohorts add``: a user's own files, or a series of GEO, become a cohort."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ifn_severity.cohorts.add import AddedCohort
    from ifn_severity.cohorts.geo.look import GeoOptions, Look


def _report(added: AddedCohort) -> None:
    from ifn_severity.commands.console import console, short

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


def _show(look: Look) -> None:
    """Print what a series says of its samples."""
    from rich.markup import escape
    from rich.table import Table

    from ifn_severity.commands.console import console

    screen = console()
    screen.print(f"[bold]{look.accession}[/bold] {escape(look.title)}")
    screen.print(f"{look.n_samples} samples on {', '.join(look.platforms)}", markup=False)
    table = Table(title="what it says of them", title_justify="left", row_styles=["", "dim"])
    table.add_column("column", style="bold")
    table.add_column("values (samples)")
    for column, values in look.columns:
        table.add_row(escape(column), escape(values))
    screen.print(table)
    if look.matrices:
        screen.print(f"files that may hold expression: {', '.join(look.matrices)}", markup=False)


def add(
    source: str,
    labels: Path | None,
    *,
    name: str | None,
    title: str,
    tissue: str | None,
    unit: str,
    replace: bool,
    geo: GeoOptions,
) -> None:
    """Add a cohort and say how its files were understood.

    Parameters
    ----------
    source : str
        Path of a matrix, or the accession of a GEO series.
    labels : Path or None
        Table of labels, for a matrix.
    name, title, tissue, unit, replace
        As :func:`ifn_severity.cohorts.add.add_cohort` takes them.
    geo : GeoOptions
        What the characteristics of a GEO series mean.

    Raises
    ------
    LabelError
        If labels are missing; for a series, after its characteristics were shown.
    IfnSeverityError
        As adding a matrix or a series raises it.
    """
    from ifn_severity.cohorts.geo.files import is_accession
    from ifn_severity.cohorts.geo.look import GeoOptions, look_at_series
    from ifn_severity.errors import LabelError

    from_geo = is_accession(source) and not Path(source).exists()
    if from_geo and labels is not None:
        raise LabelError(
            f"--labels {labels} for {source}, a series of GEO",
            expected="--severity-from and --map, which read the series' own characteristics",
            do=f"leave --labels out; or download a matrix of {source} and give its path",
        )
    if from_geo and geo.map:
        from ifn_severity.cohorts.geo.build import add_series

        _report(
            add_series(
                source,
                geo,
                name=name,
                title=title,
                tissue=tissue or "",
                unit=unit,
                replace=replace,
            )
        )
        return
    if from_geo:
        look = look_at_series(source, geo)
        _show(look)
        raise LabelError(
            f"{look.accession}: nothing was said of what severity is; nothing was written",
            expected="--severity-from COLUMN, and --map VALUE=GRADE for its values; GRADE is "
            "healthy, mild, moderate, severe, critical, none (no grade) or drop (left out); "
            "COLUMN:VALUE=drop leaves out who has another disease",
            do=f"choose the column, put a grade for each GRADE: {look.command}",
        )
    if labels is None:
        raise LabelError(
            f"no labels for {source}",
            expected="--labels TABLE for a matrix of your own, or the accession of a GEO series",
            do=f"ifn-severity cohorts add {source} --labels LABELS",
        )
    if geo != GeoOptions():
        raise LabelError(
            f"--severity-from, --map and the like are for series of GEO, and {source} is a file",
            expected="for a file, --labels and its columns alone",
            do="leave these options out",
        )
    from ifn_severity.cohorts.add import add_cohort

    matrix = Path(source)
    _report(
        add_cohort(
            name, matrix, labels, title=title, tissue=tissue or "blood", unit=unit, replace=replace
        )
    )
