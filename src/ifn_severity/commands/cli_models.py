"""The commands that make and use models: ``train``, ``predict``, ``release`` and ``models``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ifn_severity.commands.options import Output, Seed, Unit

training_app = typer.Typer()


models_app = typer.Typer(
    invoke_without_command=True,
    no_args_is_help=False,
    help="List saved and registered models; show one; make a version the champion.",
)


@training_app.command()
def train(
    names: Annotated[list[str], typer.Argument(metavar="COHORT...")],
    feature_sets: Annotated[
        list[str] | None,
        typer.Option("--features", help="Feature set; repeat for several. Default: all that fit."),
    ] = None,
    models: Annotated[
        list[str] | None,
        typer.Option("--model", help="logistic, forest, xgboost or transfer; repeat for several."),
    ] = None,
    folds: Annotated[int, typer.Option(min=2, help="Outer folds.")] = 5,
    inner_folds: Annotated[
        int, typer.Option(min=2, help="Inner folds: search, calibration, threshold.")
    ] = 3,
    repeats: Annotated[int, typer.Option(min=1, help="Repeats of the outer folds.")] = 3,
    jobs: Annotated[int, typer.Option(min=-1, help="Processes; -1 for every core.")] = -1,
    name: Annotated[str | None, typer.Option(help="Name of the saved model.")] = None,
    register: Annotated[
        bool, typer.Option("--register", help="Register it in MLflow; holds out each cohort.")
    ] = False,
    seed: Seed = 0,
) -> None:
    """Compare feature sets and models by nested cross-validation; save the best into models/."""
    from ifn_severity.commands.train import train as run

    run(
        names,
        feature_sets=feature_sets,
        models=models,
        folds=folds,
        inner_folds=inner_folds,
        repeats=repeats,
        jobs=jobs,
        name=name,
        register=register,
        seed=seed,
    )


@training_app.command()
def predict(
    model: Annotated[str, typer.Argument(help="Name in models/, or a folder.")],
    file: Annotated[
        Path, typer.Argument(help="csv, tsv, xlsx, parquet or h5ad; gz, xz, zip; - is stdin.")
    ],
    output: Output = None,
    unit: Unit = "auto",
    labels: Annotated[
        Path | None,
        typer.Option(help="Samples of known severity: set the intercept for their laboratory."),
    ] = None,
    report: Annotated[Path | None, typer.Option(help="Write an HTML page about the batch.")] = None,
) -> None:
    """Predict severity for your own samples; any orientation, unit or gene identifier."""
    from ifn_severity.commands.predict import predict as run

    run(model, file, output, unit, labels=labels, report=report)


@training_app.command()
def release(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[MODEL]...", help="Default: all of them.")
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Train again and compare; write nothing.")
    ] = False,
    register: Annotated[
        bool, typer.Option("--register", help="Register each in MLflow, with its evidence.")
    ] = False,
    jobs: Annotated[int, typer.Option(min=-1, help="Processes; -1 for every core.")] = -1,
) -> None:
    """Train the released models on the public cohorts, each cohort held out in turn."""
    from ifn_severity.commands.release import release as run

    run(names or [], check=check, register=register, jobs=jobs)


@models_app.callback(invoke_without_command=True)
def models(context: typer.Context) -> None:
    """List the models in models/ and the registered versions."""
    if context.invoked_subcommand is None:
        from ifn_severity.commands.models import show_models

        show_models()


@models_app.command("show")
def models_show(name: Annotated[str, typer.Argument(metavar="NAME")]) -> None:
    """Show one model: what it was trained on, how it did on cohorts held out, its versions."""
    from ifn_severity.commands.models import show_model

    show_model(name)


@models_app.command("promote")
def models_promote(
    name: Annotated[str, typer.Argument(metavar="NAME")],
    version: Annotated[str, typer.Argument(metavar="VERSION")],
    force: Annotated[bool, typer.Option("--force", help="Set the rule aside.")] = False,
    reason: Annotated[str, typer.Option(help="Why, with --force; kept with the version.")] = "",
) -> None:
    """Move the alias champion to a version, if cohorts held out one by one say so."""
    from ifn_severity.commands.models import promote as run

    run(name, version, force=force, reason=reason)
