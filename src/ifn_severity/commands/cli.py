"""The names users type. Each command imports what it needs only when it runs."""

from __future__ import annotations

import sys
import warnings
from typing import Annotated, Any

import typer

from ifn_severity.commands.cli_cohorts import cohorts_app, fetch_app
from ifn_severity.commands.cli_data import data_app
from ifn_severity.commands.cli_models import models_app, training_app
from ifn_severity.commands.cli_reports import reports_app
from ifn_severity.commands.options import Seed
from ifn_severity.errors import IfnSeverityError

app = typer.Typer(
    name="ifn-severity",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    help="""Predict COVID-19 severity from blood expression, and say which interferon genes say so.

    Research use only: not for diagnosis or treatment.

    Start with [bold]ifn-severity demo[/bold] (offline, simulated patients), then
    [bold]ifn-severity train GSE157103[/bold] (real patients), [bold]explain[/bold] and
    [bold]predict[/bold]. Files live in data/, models/ and mlruns/ of the working folder, or
    where IFN_SEVERITY_HOME points.""",
)


def show_error(error: IfnSeverityError) -> None:
    """Print one clear block on standard error."""
    heading = f"Error ({error.title})"
    sys.stderr.write(f"{heading}\n" + "".join(f"  {x}\n" for x in str(error).splitlines()))


def show_warnings() -> None:
    """Print Python warnings as one line a piece, without the code that raised them."""

    def line(message: Warning | str, category: type[Warning], *_: Any, **__: Any) -> None:
        if issubclass(category, UserWarning):
            sys.stderr.write(f"note: {message}\n")

    warnings.showwarning = line


@app.command()
def demo(seed: Seed = 0) -> None:
    """Everything, offline, on the simulated cohort: train, compare, explain, predict."""
    from ifn_severity.commands.demo import demo as run

    run(seed=seed)


def _version(asked: bool) -> None:
    if asked:
        from ifn_severity import __version__

        typer.echo(f"ifn-severity {__version__}")
        raise typer.Exit


@app.callback()
def _top(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    pass


@app.command()
def ui(
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1.")] = 5000,
) -> None:
    """Open the MLflow UI on the project's runs, on 127.0.0.1 and without telemetry."""
    from ifn_severity.commands.ui import ui as run

    run(port)


# without a name, the commands of a part stand at the top
for part in (training_app, reports_app, data_app, fetch_app):
    app.add_typer(part)
app.add_typer(cohorts_app, name="cohorts")
app.add_typer(models_app, name="models")
