"""``ifn-severity explain``: the report, and its answer in the terminal."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ifn_severity.workflows.explain import ExplainResult


def explain(
    model: str,
    names: list[str],
    *,
    output: Path | None,
    patients: list[str],
    figure_files: bool,
    refits: int,
    panels: int,
    jobs: int,
    seed: int,
) -> None:
    """Write the SHAP report of a model and print what it says."""
    from ifn_severity.progress import progress_bar
    from ifn_severity.workflows.explain import explain as run

    show_explanation(
        run(
            model,
            names,
            output=output,
            patients=patients,
            figure_files=figure_files,
            refits=refits,
            panels=panels,
            seed=seed,
            n_jobs=jobs,
            bar=progress_bar,
        )
    )


def show_explanation(result: ExplainResult) -> None:
    """Print the summary, the leading interferon genes and where the report is."""
    from rich.table import Table

    from ifn_severity.commands.console import console, short

    screen = console()
    explained = result.explained
    for sentence in explained.words:
        screen.print(sentence, markup=False)
    if not explained.features.held_out:
        screen.print(explained.design, markup=False)
    simulated = " (SIMULATED DATA)" if explained.features.simulated else ""
    table = Table(
        title=f"Leading interferon genes{simulated}, mean |SHAP| in log-odds", title_justify="left"
    )
    refitted = explained.stability.refits > 0
    table.add_column("rank", justify="right")
    table.add_column("gene")
    table.add_column("mean |SHAP|", justify="right")
    if refitted:
        table.add_column("rank, 95 %", justify="right")
        table.add_column("top 10", justify="right")
    table.add_column("direction")
    table.add_column("note")
    for row in explained.interferon.head(10).itertuples():
        sure = [f"{row.rank_low:.0f}-{row.rank_high:.0f}", f"{row.p_top10:.0%}"]
        follows = explained.stand_ins["stands_in_for"].get(row.Index, "")
        note = f"exchangeable with {follows}" if follows else ""
        table.add_row(
            str(row.rank),
            str(row.Index),
            f"{row.mean_abs_shap:.3f}",
            *(sure if refitted else []),
            str(row.direction),
            note,
        )
    screen.print(table)
    screen.print(f"report: {short(result.report)}", markup=False)
    screen.print(f"tables: {short(result.tables)}", markup=False)
