"""``ifn-severity predict``: probabilities for the samples of a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ifn_severity.workflows.predict import PredictionResult

_SHOWN = 10


def predict(model: str, file: Path, output: Path | None = None, unit: str = "auto") -> None:
    """Predict, write the predictions and print a short account.

    Parameters
    ----------
    model : str
        Folder of a model, or its name in ``models/``.
    file : Path
        Expression matrix.
    output : Path, optional
        Where to write; ``predictions.csv`` in the working folder if not given.
    unit : {"auto", "counts", "linear", "log2", "ln"}
        What the values are.

    Raises
    ------
    ModelError
        If there is no such model or it is not to be trusted.
    InputError
        If the file cannot be read or does not fit the model.
    StoreError
        If the output cannot be written.
    """
    from ifn_severity.workflows.predict import predict_file

    show_predictions(predict_file(model, file, output, unit))


def show_predictions(result: PredictionResult) -> None:
    """Print the first predictions, how the file was read, and where the csv is."""
    from rich.markup import escape
    from rich.table import Table

    from ifn_severity.bundle.model import ABSTAIN
    from ifn_severity.commands.console import console, short

    screen = console()
    if result.model.simulated:
        screen.print("This model was trained on SIMULATED patients.", style="bold yellow")
    table = Table(
        title=f"{result.model.name}: {_count(result.n_samples, 'sample')}", title_justify="left"
    )
    table.add_column("sample", overflow="fold")
    table.add_column("probability of severe", justify="right")
    table.add_column("call")
    table.add_column("like training data")
    for row in result.predictions.head(_SHOWN).to_dict("records"):
        known = row["call"] != ABSTAIN
        table.add_row(
            escape(row["sample"]),
            f"{row['probability_severe']:.3f}" if known else "–",
            row["call"],
            "yes" if row["in_distribution"] else "no",
        )
    screen.print(table)
    if result.n_samples > _SHOWN:
        screen.print(f"… and {result.n_samples - _SHOWN} more in the file.")
    screen.print(
        f"{result.n_severe} called severe (probability at least {result.model.threshold:.3f}), "
        f"{result.n_samples - result.n_severe - result.n_abstained} not severe, "
        f"{result.n_abstained} without a prediction."
    )
    screen.print(
        f"Read as {result.unit}, {result.orientation}, {result.identifiers}; "
        f"{result.coverage:.0%} of the panel's genes found.",
        markup=False,
    )
    if result.n_unlike:
        screen.print(
            f"{_count(result.n_unlike, 'sample')} unlike the training data: see the column "
            "warnings.",
            style="bold yellow",
        )
    for note in result.notes:
        screen.print(f"• {note}", markup=False)
    screen.print(f"predictions: {short(result.output)}", markup=False, soft_wrap=True)


def _count(number: int, what: str) -> str:
    return f"{number} {what}" + ("" if number == 1 else "s")
