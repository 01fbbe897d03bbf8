"""``ifn-severity demo``: all stages on simulated patients, and where to look next."""

from __future__ import annotations


def demo(*, seed: int) -> None:
    """Run the demo and print what each stage says."""
    from ifn_severity.commands.console import console, short
    from ifn_severity.commands.explain import show_explanation
    from ifn_severity.commands.predict import show_predictions
    from ifn_severity.commands.train import show_comparison
    from ifn_severity.progress import progress_bar
    from ifn_severity.workflows.demo import demo as run

    screen = console()
    screen.print(
        "[bold yellow]SIMULATED DATA[/bold yellow]: 120 invented patients. This shows what the "
        "tool does; nothing here is a finding.\n"
    )
    result = run(seed=seed, bar=progress_bar)
    show_comparison(result.trained)
    show_explanation(result.explained)
    show_predictions(result.predicted)
    screen.print(f"\nmodel:       {short(result.trained.model)}", markup=False)
    screen.print(f"report:      {short(result.explained.report)}", markup=False)
    screen.print(f"predictions: {short(result.predicted.output)}", markup=False)
    screen.print("compare the runs in the browser: ifn-severity ui (or make ui)", markup=False)
    screen.print("real patients: ifn-severity train GSE157103 (or make train)", markup=False)
