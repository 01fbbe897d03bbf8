"""The commands that write reports: ``validate``, ``explain`` and ``evidence``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ifn_severity.commands.options import Output, Seed

reports_app = typer.Typer()


@reports_app.command()
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


@reports_app.command()
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
        int,
        typer.Option(min=0, help="Panels of random genes to compare with; no verdict under 100."),
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


@reports_app.command()
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
