"""The names users type. Each command imports what it needs only when it runs."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

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

models_app = typer.Typer(
    invoke_without_command=True,
    no_args_is_help=False,
    help="List saved and registered models; show one; make a version the champion.",
)

Seed = Annotated[int, typer.Option(min=0, help="Seed of splits, models and bootstrap.")]
Output = Annotated[Path | None, typer.Option("--output", "-o", help="Where to write.")]
Unit = Annotated[
    str,
    typer.Option(help="counts, linear (CPM or TPM), log2 or ln of x+1; auto detects and says so."),
]


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
            help="GSE: grade of a value (healthy … critical, none, drop); repeat, first fit wins.",
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


@app.command()
def fetch(
    names: Annotated[list[str] | None, typer.Argument(metavar="[COHORT]...")] = None,
    all_: Annotated[bool, typer.Option("--all", help="Every cohort that has files.")] = False,
) -> None:
    """Download and verify source files. IFN_SEVERITY_MIRROR=DIR takes them from DIR instead."""
    from ifn_severity.commands.fetch import fetch as run

    run(names or [], all_)


@app.command()
def features(
    source: Annotated[str, typer.Argument(metavar="COHORT|FILE")],
    output: Output = None,
    feature_set: Annotated[
        str, typer.Option("--features", help="interferon, cytokine, interferon+cytokine or all.")
    ] = "all",
    unit: Unit = "auto",
) -> None:
    """Write the feature table of a cohort or of your own matrix, with the coverage of each list."""
    from ifn_severity.commands.features import features as run

    run(source, output=output, feature_set=feature_set, unit=unit)


@app.command()
def signatures(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="One list.")] = None,
    coverage: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="What a matrix of yours holds of each list."),
    ] = None,
    unit: Unit = "auto",
) -> None:
    """Show the gene lists with their sources, or what your file holds of them."""
    from ifn_severity.commands.signatures import signatures as run

    run(name, coverage=coverage, unit=unit)


@app.command()
def train(
    names: Annotated[list[str], typer.Argument(metavar="COHORT...")],
    feature_sets: Annotated[
        list[str] | None,
        typer.Option("--features", help="Feature set; repeat for several. Default: all that fit."),
    ] = None,
    models: Annotated[
        list[str] | None,
        typer.Option("--model", help="logistic, forest or xgboost; repeat for several."),
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


@app.command()
def validate(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[COHORT]...", help="Default: every published blood cohort."),
    ] = None,
    feature_sets: Annotated[
        list[str] | None,
        typer.Option("--features", help="Feature set; repeat for several. Default: all that fit."),
    ] = None,
    models: Annotated[
        list[str] | None, typer.Option("--model", help="Model; repeat for several. Default: all.")
    ] = None,
    folds: Annotated[int, typer.Option(min=2, help="Outer folds inside each cohort.")] = 5,
    inner_folds: Annotated[
        int, typer.Option(min=2, help="Inner folds: search, calibration, threshold.")
    ] = 3,
    panels: Annotated[int, typer.Option(min=0, help="Draws of random gene panels.")] = 100,
    shuffles: Annotated[int, typer.Option(min=0, help="Draws of shuffled labels.")] = 20,
    jobs: Annotated[int, typer.Option(min=-1, help="Processes; -1 for every core.")] = -1,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Fit on so many Dask workers on this machine.")
    ] = None,
    scheduler: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Fit on a running Dask cluster.")
    ] = None,
    figures: Annotated[
        bool, typer.Option("--figures", help="Write each figure as PNG, SVG and PDF too.")
    ] = False,
    output: Output = None,
    seed: Seed = 0,
) -> None:
    """Leave one cohort out, with published signatures beside it: how well on unseen patients."""
    from ifn_severity.commands.validate import validate as run

    run(
        names or [],
        feature_sets=feature_sets,
        models=models,
        folds=folds,
        inner_folds=inner_folds,
        panels=panels,
        shuffles=shuffles,
        jobs=jobs,
        seed=seed,
        output=output,
        figures=figures,
        workers=workers,
        scheduler=scheduler,
    )


@app.command()
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


@app.command()
def explain(
    model: Annotated[str, typer.Argument(help="Name in models/, or a folder.")],
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[COHORT]...", help="Default: those trained on.")
    ] = None,
    output: Output = None,
    patient: Annotated[
        list[str] | None, typer.Option(help="Sample to show one by one; repeat for several.")
    ] = None,
    figures: Annotated[
        bool, typer.Option("--figures", help="Write each figure as PNG, SVG and PDF too.")
    ] = False,
    refits: Annotated[
        int, typer.Option(min=0, help="Bootstrap refits behind intervals; 0 is quick.")
    ] = 200,
    panels: Annotated[
        int, typer.Option(min=0, help="Panels of random genes to compare with; 100 for a paper.")
    ] = 20,
    jobs: Annotated[int, typer.Option(min=-1, help="Processes; -1 for every core.")] = -1,
    seed: Seed = 0,
) -> None:
    """Write the SHAP report: which interferon genes drive this model, in which direction."""
    from ifn_severity.commands.explain import explain as run

    run(
        model,
        names or [],
        output=output,
        patients=patient or [],
        figure_files=figures,
        refits=refits,
        panels=panels,
        jobs=jobs,
        seed=seed,
    )


@app.command()
def evidence(
    ids: Annotated[
        list[str] | None, typer.Argument(metavar="[CLAIM]...", help="Such as 2a. Default: all.")
    ] = None,
    output: Output = None,
    claims: Annotated[
        list[Path] | None, typer.Option(help="TOML file with claims of your own; repeatable.")
    ] = None,
    skip_missing: Annotated[
        bool, typer.Option("--skip-missing", help="Go on without cohorts that cannot be had.")
    ] = False,
    figures: Annotated[
        bool, typer.Option("--figures", help="Write each figure as PNG, SVG and PDF too.")
    ] = False,
    seed: Seed = 0,
) -> None:
    """Test the claims of the review and its five studies on cohorts, with a verdict for each."""
    from ifn_severity.commands.evidence import evidence as run

    run(
        ids or [],
        output=output,
        claim_files=claims or [],
        skip_missing=skip_missing,
        figures=figures,
        seed=seed,
    )


@app.command()
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


@app.command()
def pseudobulk(
    file: Annotated[Path, typer.Argument(help="h5ad, 10x h5, or a 10x folder.")],
    patient: Annotated[str, typer.Option(help="Column that says whose cell it is.")],
    cell_type: Annotated[str, typer.Option(help="Column with the cell type.")],
    severity: Annotated[str | None, typer.Option(help="Column with the grade.")] = None,
    sample: Annotated[
        str | None, typer.Option(help="Column with the sample, where a patient gave several.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Folder; or FILE.h5ad for all types only.")
    ] = None,
    obs: Annotated[
        Path | None, typer.Option(help="Table of barcodes with these columns; for 10x output.")
    ] = None,
    layer: Annotated[str | None, typer.Option(help="Layer with raw counts, or raw.")] = None,
    min_cells: Annotated[int, typer.Option(min=1, help="Drop sums of fewer cells.")] = 10,
    tissue: Annotated[str, typer.Option(help="Such as PBMC.")] = "not stated",
    workers: Annotated[
        int | None, typer.Option(min=1, help="Sum on so many Dask workers on this machine.")
    ] = None,
    scheduler: Annotated[
        str | None, typer.Option(help="Sum on the Dask cluster at this address.")
    ] = None,
    checksum: Annotated[bool, typer.Option(help="Keep the sha256 of the file.")] = True,
) -> None:
    """Sum single cells per patient and cell type, from disk, into cohorts to predict for."""
    from ifn_severity.commands.pseudobulk import pseudobulk as run

    run(
        file,
        patient=patient,
        cell_type=cell_type,
        severity=severity,
        sample=sample,
        output=output,
        obs=obs,
        layer=layer,
        min_cells=min_cells,
        tissue=tissue,
        workers=workers,
        scheduler=scheduler,
        checksum=checksum,
    )


@app.command()
def ui(
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1.")] = 5000,
) -> None:
    """Open the MLflow UI on the project's runs, on 127.0.0.1 and without telemetry."""
    from ifn_severity.commands.ui import ui as run

    run(port)


app.add_typer(cohorts_app, name="cohorts")
app.add_typer(models_app, name="models")
