"""``ifn-severity validate``: a bar while it runs, then cohorts, comparators and what is added."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

    from ifn_severity.report.validation import ValidationReport


def validate(
    names: list[str],
    *,
    feature_sets: list[str] | None,
    models: list[str] | None,
    folds: int,
    inner_folds: int,
    panels: int,
    shuffles: int,
    jobs: int,
    seed: int,
    output: Path | None,
    figures: bool,
    workers: int | None,
    scheduler: str | None,
) -> None:
    """Hold out cohorts one by one and print what came of it."""
    from ifn_severity.classify import MODELS
    from ifn_severity.cluster import dask_client, fits_on
    from ifn_severity.commands.console import console, short
    from ifn_severity.features import FEATURE_SETS
    from ifn_severity.progress import progress_bar
    from ifn_severity.workflows.validate import validate as run

    with dask_client(workers, scheduler) as client, fits_on(client):
        result = run(
            names,
            feature_sets=feature_sets or list(FEATURE_SETS),
            models=models or list(MODELS),
            folds=folds,
            inner_folds=inner_folds,
            panels=panels,
            shuffles=shuffles,
            seed=seed,
            n_jobs=jobs,
            output=output,
            figure_files=figures,
            bar=progress_bar,
        )
    show_cohorts(result.report)
    show_candidates(result.report)
    show_comparators(result.report)
    show_additions(result.report)
    screen = console()
    screen.print(f"report: {short(result.folder / 'report.html')}", markup=False)
    screen.print(f"        {short(result.folder / 'validation.json')}", markup=False)
    screen.print("next:   ifn-severity ui", markup=False)


def _range(row: Any, value: str, low: str, high: str) -> str:
    number = getattr(row, value)
    if number != number:  # NaN
        return "–"
    return f"{number:.3f} ({getattr(row, low):.3f}–{getattr(row, high):.3f})"


def _table(title: str, caption: str, columns: list[str], rows: list[list[str]]) -> None:
    from rich.table import Table

    from ifn_severity.commands.console import console

    table = Table(title=title, title_justify="left", caption=caption, caption_justify="left")
    for number, column in enumerate(columns):
        table.add_column(column, justify="left" if number == 0 else "right")
    for row in rows:
        table.add_row(*row)
    console().print(table)


def show_cohorts(report: ValidationReport) -> None:
    """Print the nested figure, cohort by cohort."""
    head = report.headline
    nested = report.held_out[report.held_out["model"] == "nested"]
    rows = []
    for row in nested.itertuples(index=False):
        facts = report.cohorts.loc[str(row.cohort)]
        note = "" if facts["counted"] else " (not in the mean)"
        rows.append(
            [
                f"{row.cohort}{note}",
                f"{facts['n_mild']} / {facts['n_severe']}",
                _range(row, "auroc", "auroc_low", "auroc_high"),
                f"{row.brier:.3f}",
                f"{row.calibration_slope:.2f}",
                f"{row.calibration_intercept:+.2f}",
                f"{row.sensitivity:.2f} / {row.specificity:.2f}",
            ]
        )
    simulated = " (SIMULATED DATA)" if report.simulated else ""
    _table(
        f"Cohorts never seen{simulated}: mean AUROC {head['mean_auroc']:.3f} "
        f"({head['mean_low']:.3f}–{head['mean_high']:.3f}), worst {head['min_auroc']:.3f}; pooled "
        f"{head['pooled']:.3f}, 95 % prediction interval {head['prediction_low']:.3f}–"
        f"{head['prediction_high']:.3f}",
        f"Each cohort is predicted by what did best on the others, chosen without it among "
        f"{head['n_configurations']} candidates; the best of them all, chosen on these figures, "
        f"has {head['best_of_many']:.3f}.\nIntervals are 95 % patient bootstrap. Label "
        f"permutation p = {head['permutation_p']:.2g}.",
        [
            "held out",
            "mild / severe",
            "AUROC (95 % CI)",
            "Brier",
            "cal. slope",
            "cal. intercept",
            "sens. / spec.",
        ],
        rows,
    )


def show_candidates(report: ValidationReport) -> None:
    """Print every candidate's mean over the cohorts that count."""
    rows = [
        [
            f"{row.feature_set} / {row.model}",
            _range(row, "mean_auroc", "mean_low", "mean_high"),
            f"{row.min_auroc:.3f}",
            _range(row, "pooled", "pooled_low", "pooled_high"),
        ]
        for row in report.candidates.itertuples(index=False)
    ]
    _table(
        "Candidates, leave one cohort out",
        "Best first, which flatters the first; “chosen inside” is the honest one.",
        ["candidate", "mean AUROC (95 % CI)", "worst", "pooled (random effects)"],
        rows,
    )


def show_comparators(report: ValidationReport) -> None:
    """Print published scores on the same patients, and how much ours differs."""
    counted = report.cohorts.index[report.cohorts["counted"]]
    wide = report.comparators.pivot(index="label", columns="cohort", values="auroc")
    mean: pd.Series[float] = wide[list(counted)].mean(axis=1, skipna=False)
    paired = report.differences[report.differences["cohort"] == "mean"].set_index("label")
    rows = []
    for label in mean.sort_values(ascending=False).index:
        cells = ["–" if v != v else f"{v:.3f}" for v in wide.loc[label, list(counted)]]
        if label in paired.index:
            row = paired.loc[label]
            gain = f"{row['difference']:+.3f} ({row['low']:+.3f} to {row['high']:+.3f})"
        else:
            gain = "–"
        value = mean[label]
        rows.append([str(label), *map(str, cells), "–" if value != value else f"{value:.3f}", gain])
    _table(
        "Published scores on the same patients, in their published direction",
        "Difference: ours (chosen inside) minus the score, paired patient bootstrap.",
        ["score", *counted, "mean", "ours minus it (95 % CI)"],
        rows,
    )


def show_additions(report: ValidationReport) -> None:
    """Print what interferon and cytokine features add to the rest."""
    rows = [
        [
            f"{row.group}: {row.scope}",
            str(row.stage),
            f"{row.n_mild} / {row.n_severe}",
            f"{row.without:.3f} → {row.with_:.3f}",
            f"{row.difference:+.3f} ({row.low:+.3f} to {row.high:+.3f})",
            f"{row.alone:.3f}",
        ]
        for row in report.additions.itertuples(index=False)
    ]
    _table(
        "What interferon and cytokine features add to all others, on cohorts never seen",
        "Early: up to day 10 since onset. Last column: the six-gene interferon score alone, "
        "high meaning severe; below 0.5 it is lower in severe patients.",
        ["added", "stage", "mild / severe", "AUROC", "difference (95 % CI)", "IFN alone"],
        rows,
    )
