"""``ifn-severity explain``: the report, and its answer in the terminal."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ifn_severity.workflows.explain import ExplainResult


def explain(
    model: str, names: list[str], *, output: Path | None, patients: list[str], figure_files: bool
) -> None:
    """Write the SHAP report of a model and print what it says."""
    from ifn_severity.workflows.explain import explain as run

    show_explanation(run(model, names, output=output, patients=patients, figure_files=figure_files))


def show_explanation(result: ExplainResult) -> None:
    """Print the summary, the leading interferon genes and where the report is."""
    from rich.table import Table

    from ifn_severity.commands.console import console, short

    screen = console()
    for sentence in result.summary:
        screen.print(sentence, markup=False)
    simulated = " (SIMULATED DATA)" if result.attributions.simulated else ""
    table = Table(
        title=f"Leading interferon genes{simulated}, mean |SHAP| in log-odds", title_justify="left"
    )
    table.add_column("rank", justify="right")
    table.add_column("gene")
    table.add_column("mean |SHAP|", justify="right")
    table.add_column("direction")
    for row in result.genes.head(10).itertuples(index=False):
        table.add_row(str(row.rank), str(row.gene), f"{row.mean_abs_shap:.3f}", str(row.direction))
    screen.print(table)
    screen.print(f"report: {short(result.report)}", markup=False)
    screen.print(f"tables: {short(result.tables)}", markup=False)
