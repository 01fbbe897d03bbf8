"""``ifn-severity predict``: probabilities for the samples of a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ifn_severity.workflows.predict import PredictionResult

_SHOWN = 10


def predict(
    model: str,
    file: Path,
    output: Path | None = None,
    unit: str = "auto",
    *,
    labels: Path | None = None,
    report: Path | None = None,
) -> None:
    """Predict, write the predictions and print a short account.

    Parameters
    ----------
    model : str
        Folder of a model, or its name in ``models/``.
    file : Path
        Expression matrix; ``-`` for standard input.
    output : Path, optional
        Where to write; ``predictions.csv`` in the working folder if not given.
    unit : {"auto", "counts", "linear", "log2", "ln", "log10"}
        What the values are.
    labels : Path, optional
        Samples of known severity, to set the intercept for their laboratory.
    report : Path, optional
        An HTML page about the batch.

    Raises
    ------
    ModelError
        If there is no such model or it is not to be trusted.
    InputError
        If the file cannot be read or does not fit the model.
    LabelError
        If the labels cannot be used.
    StoreError
        If the output cannot be written.
    """
    from ifn_severity.workflows.predict import predict_file

    show_predictions(predict_file(model, file, output, unit, labels=labels, report=report))


def show_predictions(result: PredictionResult) -> None:
    """Print the first predictions, what they say as a whole, and where the csv is."""
    from rich.markup import escape
    from rich.table import Table

    from ifn_severity.bundle.summary import batch_sentences
    from ifn_severity.commands.console import console, short

    screen = console()
    if result.model.simulated:
        screen.print("This model was trained on SIMULATED patients.", style="bold yellow")
    table = Table(
        title=f"{result.model.name}: {_count(result.n_samples, 'sample')}", title_justify="left"
    )
    table.add_column("sample", overflow="fold")
    table.add_column("probability of severe", justify="right")
    table.add_column("interval", justify="right")
    table.add_column("call")
    table.add_column("like training data")
    for row in result.predictions.head(_SHOWN).to_dict("records"):
        table.add_row(
            escape(row["sample"]),
            _number(row["probability_severe"]),
            f"{_number(row['probability_low'])} to {_number(row['probability_high'])}",
            row["call"],
            "yes" if row["in_distribution"] else "no",
        )
    screen.print(table)
    if result.n_samples > _SHOWN:
        screen.print(f"… and {result.n_samples - _SHOWN} more in the file.")
    facts, warnings = batch_sentences(result.predictions, result.model, result.drift, result.doubts)
    for fact in facts:
        screen.print(fact, markup=False)
    screen.print(
        f"Read as {result.unit}, {result.orientation}, {result.identifiers}.", markup=False
    )
    for warning in warnings:
        screen.print(f"! {warning}", style="bold yellow", markup=False)
    for note in result.notes:
        screen.print(f"• {note}", markup=False)
    screen.print(f"predictions: {short(result.output)}", markup=False, soft_wrap=True)
    if result.report:
        screen.print(f"report:      {short(result.report)}", markup=False, soft_wrap=True)


def _number(value: float) -> str:
    return f"{value:.3f}" if value == value else "–"


def _count(number: int, what: str) -> str:
    return f"{number} {what}" + ("" if number == 1 else "s")
