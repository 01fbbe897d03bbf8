"""From a user's file to ``predictions.csv``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from ifn_severity import paths
from ifn_severity.bundle import SeverityModel, load_model
from ifn_severity.bundle.model import ABSTAIN, SEVERE
from ifn_severity.cohorts.matrix import read_expression
from ifn_severity.cohorts.plasma_file import read_plasma
from ifn_severity.errors import InputError
from ifn_severity.features import PROTEIN_SET


@dataclass(frozen=True, eq=False)
class PredictionResult:
    """What came of a prediction.

    Attributes
    ----------
    predictions : DataFrame
        One row a sample: ``sample``, ``probability_severe``, ``call``, ``panel_coverage``,
        ``in_distribution``, ``warnings``.
    output : Path
        The file they were written to.
    model : SeverityModel
        What predicted.
    unit, orientation, identifiers : str
        What the file was taken for.
    notes : tuple of str
        What was assumed, renamed or dropped, in sentences.
    """

    predictions: pd.DataFrame
    output: Path
    model: SeverityModel
    unit: str
    orientation: str
    identifiers: str
    notes: tuple[str, ...]

    @property
    def n_samples(self) -> int:
        """Number of samples."""
        return len(self.predictions)

    @property
    def n_severe(self) -> int:
        """Number of samples called severe."""
        return int((self.predictions["call"] == SEVERE).sum())

    @property
    def n_abstained(self) -> int:
        """Number of samples without a prediction."""
        return int((self.predictions["call"] == ABSTAIN).sum())

    @property
    def n_unlike(self) -> int:
        """Number of predicted samples that are unlike the training data."""
        predicted = self.predictions["call"] != ABSTAIN
        return int((predicted & ~self.predictions["in_distribution"]).sum())

    @property
    def coverage(self) -> float:
        """Fraction of the panel's genes that are in the file."""
        return float(self.predictions["panel_coverage"].iloc[0])


def predict_file(
    model_path: str | Path,
    matrix_path: str | Path,
    output: str | Path | None = None,
    unit: str = "auto",
) -> PredictionResult:
    """Predict every sample of a file and write ``predictions.csv``.

    Parameters
    ----------
    model_path : str or Path
        Folder of a model, or its name in ``models/``.
    matrix_path : str or Path
        Expression matrix in any form that ``read_expression`` reads; for a model of plasma
        proteins, a table of analytes as ``read_plasma`` reads it.
    output : str or Path, optional
        Where to write; ``predictions.csv`` in the working folder if not given.
    unit : {"auto", "counts", "linear", "log2", "ln"}
        What the values are.

    Returns
    -------
    PredictionResult

    Raises
    ------
    ModelError
        If there is no such model or it is not to be trusted.
    InputError
        If the file cannot be read, makes no sense, lacks the genes, or is the output too.
    StoreError
        If the output cannot be written.
    """
    matrix_path = Path(matrix_path)
    target = Path.cwd() / "predictions.csv" if output is None else Path(output)
    if target.exists() and matrix_path.exists() and target.samefile(matrix_path):
        raise InputError(
            f"{matrix_path} as input and as output",
            expected="another file for the predictions",
            do="name one with -o",
        )
    model = load_model(model_path)
    if model.feature_set == PROTEIN_SET:
        expression = read_plasma(matrix_path, unit=unit)
    else:
        expression = read_expression(matrix_path, unit=unit, known_genes=model.manifest.genes)
    predictions = model.predict(expression.values)
    with paths.atomic_file(target) as part:
        predictions.to_csv(part, index=False, lineterminator="\n")
    return PredictionResult(
        predictions=predictions,
        output=target,
        model=model,
        unit=expression.unit,
        orientation=expression.orientation,
        identifiers=expression.identifiers,
        notes=(*model.notes, *expression.notes),
    )
