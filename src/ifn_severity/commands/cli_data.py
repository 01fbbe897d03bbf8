"""The commands on matrices: ``features``, ``signatures`` and ``pseudobulk``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ifn_severity.commands.options import Output, Unit

data_app = typer.Typer()


@data_app.command()
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


@data_app.command()
def signatures(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="One list.")] = None,
    coverage: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="What a matrix holds of each list; if enough."),
    ] = None,
    unit: Unit = "auto",
) -> None:
    """Show the gene lists with their sources, or what your file holds of them."""
    from ifn_severity.commands.signatures import signatures as run

    run(name, coverage=coverage, unit=unit)


@data_app.command()
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
