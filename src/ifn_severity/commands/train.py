"""``ifn-severity train``: a progress bar while it runs, a comparison table when it is done."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ifn_severity.workflows.train import TrainResult


def train(
    names: list[str],
    *,
    feature_sets: list[str] | None,
    models: list[str] | None,
    folds: int,
    inner_folds: int,
    repeats: int,
    jobs: int,
    name: str | None,
    register: bool,
    seed: int,
) -> None:
    """Train on cohorts and print the comparison."""
    from ifn_severity.classify import MODELS
    from ifn_severity.commands.console import short
    from ifn_severity.progress import progress_bar
    from ifn_severity.workflows.train import train as run

    result = run(
        names,
        feature_sets=feature_sets or (),
        models=models or list(MODELS),
        folds=folds,
        inner_folds=inner_folds,
        repeats=repeats,
        seed=seed,
        n_jobs=jobs,
        name=name,
        register=register,
        bar=progress_bar,
    )
    show_comparison(result)
    from ifn_severity.commands.console import console

    screen = console()
    screen.print(f"saved: {short(result.model)}", markup=False)
    if result.version:
        screen.print(
            f"registered: {result.version.name} version {result.version.number}", markup=False
        )
    screen.print(f"next:  ifn-severity explain {result.model.name}", markup=False)
    screen.print("       ifn-severity ui", markup=False)


def show_comparison(result: TrainResult) -> None:
    """Print one row a candidate, best first."""
    from rich.table import Table

    from ifn_severity.commands.console import console

    first = result.table.iloc[0]
    simulated = " (SIMULATED DATA)" if result.dataset.simulated else ""
    table = Table(
        title=f"{result.dataset.name}{simulated}: held-out performance, {first.n_samples:.0f} "
        f"samples of {first.n_patients:.0f} patients, {first.n_severe:.0f} severe",
        title_justify="left",
        caption="Nested cross-validation by patient; intervals are 95 % patient bootstrap. Inside "
        "the training cohorts: expect less on another."
        + (
            "\nThe best of these candidates is chosen on these very figures, which flatters it a "
            "little."
            if len(result.table) > 1
            else ""
        ),
        caption_justify="left",
    )
    table.add_column("features", no_wrap=True)
    table.add_column("model", no_wrap=True)
    for heading in ("AUROC (95 % CI)", "avg. precision", "Brier", "cal. slope", "cal. intercept"):
        table.add_column(heading, justify="right", overflow="fold")
    table.add_column("sens. / spec.", justify="right")
    for number, row in enumerate(result.table.itertuples(index=False)):
        table.add_row(
            str(row.feature_set),
            str(row.model),
            f"{row.auroc:.3f} ({row.auroc_low:.3f}–{row.auroc_high:.3f})",
            f"{row.average_precision:.3f}",
            f"{row.brier:.3f}",
            f"{row.calibration_slope:.2f}",
            f"{row.calibration_intercept:+.2f}",
            f"{row.sensitivity:.2f} / {row.specificity:.2f}",
            style="bold" if number == 0 else "",
        )
    console().print(table)
