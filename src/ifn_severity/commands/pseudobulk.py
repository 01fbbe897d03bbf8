"""``ifn-severity pseudobulk``: from single cells to a cohort."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ifn_severity.workflows.pseudobulk import PseudobulkResult

_SHOWN = 8


def pseudobulk(
    file: Path,
    *,
    patient: str,
    cell_type: str,
    severity: str | None,
    sample: str | None,
    output: Path | None,
    obs: Path | None,
    layer: str | None,
    min_cells: int,
    tissue: str,
    workers: int | None,
    scheduler: str | None,
    checksum: bool,
) -> None:
    """Sum single cells, write the cohorts and say how many cells stand behind them."""
    from ifn_severity.cohorts.pseudobulk import CellColumns
    from ifn_severity.workflows.pseudobulk import pseudobulk as run

    columns = CellColumns(patient, cell_type, severity, sample)
    result = run(
        file,
        columns,
        output=output,
        obs=obs,
        layer=layer,
        min_cells=min_cells,
        tissue=tissue,
        workers=workers,
        scheduler=scheduler,
        checksum=checksum,
    )
    show_pseudobulk(result)


def show_pseudobulk(result: PseudobulkResult) -> None:
    """Print cells per type, what was dropped and why, and what to type next."""
    from rich.markup import escape
    from rich.table import Table

    from ifn_severity.commands.console import console, short

    screen = console()
    table = Table(title=f"Cells in {result.n_samples} samples", title_justify="left")
    table.add_column("cell type")
    for heading in ("cells", "median a sample", "samples kept", "dropped"):
        table.add_column(heading, justify="right")
    for cell_type, rows in result.groups.groupby("cell_type"):
        kept = int(rows["kept"].sum())
        table.add_row(
            escape(str(cell_type)),
            f"{rows['cells'].sum():,}",
            f"{rows['cells'].median():,.0f}",
            str(kept),
            str(len(rows) - kept),
        )
    screen.print(table)
    counted = int(result.groups["cells"].sum())
    screen.print(
        f"{counted:,} of {result.n_cells:,} cells in {result.n_samples} samples of "
        f"{result.n_patients} patients: {result.n_mild} mild or moderate, {result.n_severe} severe "
        f"or critical, {result.n_samples - result.n_mild - result.n_severe} healthy or ungraded; "
        f"{result.n_genes:,} genes",
        markup=False,
    )
    dropped = result.groups[~result.groups["kept"]]
    if len(dropped):
        screen.print(
            f"{len(dropped)} of {len(result.groups)} sums of sample and cell type were dropped:",
            style="bold yellow",
        )
        for row in dropped.head(_SHOWN).to_dict("records"):
            screen.print(f"  • {row['sample']}, {row['cell_type']}: {row['why']}", markup=False)
        if len(dropped) > _SHOWN:
            screen.print(f"  … and {len(dropped) - _SHOWN} more: see cells.csv", markup=False)
        screen.print("  their cells still count in the sum over all cell types", markup=False)
    for sample, why in result.samples.loc[~result.samples["kept"], "why"].items():
        screen.print(f"sample {sample} was dropped: {why}", markup=False)
    for note in result.notes:
        screen.print(f"• {note}", markup=False)
    screen.print(f"written: {short(result.output)}", markup=False, soft_wrap=True)
    following = f"next: ifn-severity predict MODEL {short(result.cohort)}"
    if result.labels is not None and result.n_mild and result.n_severe:
        following += (
            f", or ifn-severity cohorts add {short(result.cohort)} --labels {short(result.labels)}"
        )
    screen.print(following, markup=False, soft_wrap=True)
