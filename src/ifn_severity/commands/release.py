"""``ifn-severity release``: train the models of this repository, or check that they still fit."""

from __future__ import annotations

import sys


def release(names: list[str], *, check: bool, register: bool, jobs: int) -> None:
    """Train released models and print how they did on cohorts never seen.

    Parameters
    ----------
    names : list of str
        Which; all of them when empty.
    check : bool
        Train again and compare with what is in ``models/``; nothing is written.
    register : bool
        Register each in MLflow too.
    jobs : int
        Processes; -1 for every core.

    Raises
    ------
    IfnSeverityError
        If a model is unknown, a cohort cannot be had, or a model differs.
    """
    from ifn_severity.commands.console import console, short
    from ifn_severity.progress import progress_bar
    from ifn_severity.workflows.release import TOLERANCE, check_release
    from ifn_severity.workflows.release import release as run

    if check:
        for name, difference in check_release(names).items():
            sys.stdout.write(
                f"{name}: trained again, log-odds within {difference:.1g} (limit {TOLERANCE:g})\n"
            )
        return
    from rich.table import Table

    done = run(names, register=register, n_jobs=jobs, bar=progress_bar)
    table = Table(
        title="released models: cohorts held out one by one",
        title_justify="left",
        caption="Mean over the cohorts with five patients in each class. Intervals are 95 % "
        "patient bootstrap.",
        caption_justify="left",
    )
    table.add_column("model")
    for heading in ("genes", "mean AUROC (95 % CI)", "least AUROC", "median slope", "kB"):
        table.add_column(heading, justify="right")
    from ifn_severity.bundle import load_model

    for model in done:
        metrics = model.evidence.metrics
        low, high = metrics["mean_auroc_ci"]
        table.add_row(
            model.design.name,
            str(len(load_model(model.folder).manifest.genes)),
            f"{metrics['mean_auroc']:.3f} ({low:.3f}–{high:.3f})",
            f"{metrics['min_auroc']:.3f} ({metrics['min_cohort']})",
            f"{metrics['median_calibration_slope']:.2f}",
            f"{model.n_bytes / 1000:.0f}",
        )
    screen = console()
    screen.print(table)
    for model in done:
        version = f", registered as version {model.version.number}" if model.version else ""
        screen.print(f"saved: {short(model.folder)}{version}", markup=False)
