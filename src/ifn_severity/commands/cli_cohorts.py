"""The commands ``cohorts`` and ``fetch``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from ifn_severity.commands.options import Unit

fetch_app = typer.Typer()


class _CohortsGroup(TyperGroup):
    """``cohorts NAME`` is ``cohorts show NAME``."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Take a word that is no subcommand for a cohort."""
        if args and args[0] not in self.commands and not args[0].startswith("-"):
            args = ["show", *args]
        return super().resolve_command(ctx, args)


cohorts_app = typer.Typer(
    cls=_CohortsGroup,
    invoke_without_command=True,
    no_args_is_help=False,
    help="Show what cohorts there are, how large, how labelled, from where; or add your own.",
)


@cohorts_app.callback(invoke_without_command=True)
def cohorts(context: typer.Context) -> None:
    """Show what cohorts there are. [bold]cohorts NAME[/bold] shows the card of one."""
    if context.invoked_subcommand is None:
        from ifn_severity.commands.cohorts import show_cohorts

        show_cohorts(None)


@cohorts_app.command("show")
def cohorts_show(name: Annotated[str, typer.Argument(metavar="COHORT")]) -> None:
    """Show one card: source, licence, severity rule, caveats. The word show may be left out."""
    from ifn_severity.commands.cohorts import show_cohorts

    show_cohorts(name)


@cohorts_app.command("add")
def cohorts_add(
    source: Annotated[
        str,
        typer.Argument(
            metavar="FILE|GSE…", help="csv, tsv, xlsx, parquet or h5ad (gz, xz, zip); or a series."
        ),
    ],
    labels: Annotated[
        Path | None,
        typer.Option(help="FILE: table with sample, severity (or severe), and what is known."),
    ] = None,
    name: Annotated[str | None, typer.Option(help="Default: that of the file or series.")] = None,
    title: Annotated[str, typer.Option(help="One line that says what it is.")] = "",
    tissue: Annotated[str | None, typer.Option(help="Such as whole blood or PBMC.")] = None,
    unit: Unit = "auto",
    replace: Annotated[bool, typer.Option(help="Replace a cohort of that name.")] = False,
    severity_from: Annotated[
        str, typer.Option(metavar="COLUMN", help="GSE: characteristic that says severity.")
    ] = "",
    grades: Annotated[
        list[str] | None,
        typer.Option(
            "--map",
            metavar="[COLUMN:]VALUE=GRADE",
            help="GSE: grade of a value (healthy … critical, none, drop); drop, then first fit.",
        ),
    ] = None,
    patient_from: Annotated[
        str, typer.Option(metavar="COLUMN", help="GSE: who a sample is of; sample: all differ.")
    ] = "",
    day_from: Annotated[
        str, typer.Option(metavar="COLUMN", help="GSE: days since onset, in numbers.")
    ] = "",
    age_from: Annotated[str, typer.Option(metavar="COLUMN", help="GSE: age in years.")] = "",
    sex_from: Annotated[str, typer.Option(metavar="COLUMN", help="GSE: sex.")] = "",
    sample_from: Annotated[
        str, typer.Option(metavar="COLUMN", help="GSE: the matrix's names of samples.")
    ] = "",
    matrix: Annotated[
        str, typer.Option(metavar="NAME", help="GSE: supplementary file with the expression.")
    ] = "",
    platform: Annotated[
        str, typer.Option(metavar="GPL…", help="GSE: which, if there are several.")
    ] = "",
) -> None:
    """Make a cohort of your own matrix and labels, or of a series of GEO.

    [bold]cohorts add GSE…[/bold] alone shows what the series says of its samples, and what to
    type next.
    """
    from ifn_severity.cohorts.geo.look import GeoOptions
    from ifn_severity.commands.cohorts_add import add

    add(
        source,
        labels,
        name=name,
        title=title,
        tissue=tissue,
        unit=unit,
        replace=replace,
        geo=GeoOptions(
            severity_from=severity_from,
            map=tuple(grades or ()),
            patient_from=patient_from,
            day_from=day_from,
            age_from=age_from,
            sex_from=sex_from,
            sample_from=sample_from,
            matrix=matrix,
            platform=platform,
        ),
    )


@fetch_app.command()
def fetch(
    names: Annotated[list[str] | None, typer.Argument(metavar="[COHORT]...")] = None,
    all_: Annotated[bool, typer.Option("--all", help="Every cohort that has files.")] = False,
) -> None:
    """Download and verify source files. IFN_SEVERITY_MIRROR=DIR takes them from DIR instead."""
    from ifn_severity.commands.fetch import fetch as run

    run(names or [], all_)
