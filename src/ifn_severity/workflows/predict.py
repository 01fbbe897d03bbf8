"""From a user's file to ``predictions.csv``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from ifn_severity import paths
from ifn_severity.bundle import SeverityModel, load_model
from ifn_severity.bundle.interval import Anchor
from ifn_severity.bundle.judge import ABSTAIN, SEVERE
from ifn_severity.cohorts.matrix import Expression
from ifn_severity.cohorts.plasma_file import read_plasma
from ifn_severity.cohorts.stream import STDIN, named_input, stream_expression
from ifn_severity.errors import InputError, LabelError
from ifn_severity.features import PROTEIN_SET


@dataclass(eq=False)
class Drift:
    """Where a batch lies on average, feature by feature, against training.

    Attributes
    ----------
    total, number : ndarray of shape (n_features,)
        Sums of known values, and how many there were.
    """

    total: np.ndarray
    number: np.ndarray

    def add(self, features: np.ndarray) -> None:
        """Take in a block of features, shape (n_samples, n_features)."""
        known = np.isfinite(features)
        self.total += np.where(known, features, 0.0).sum(axis=0)
        self.number += known.sum(axis=0)

    def shifts(self, model: SeverityModel) -> pd.Series:
        """Return mean less training mean, in training SD, furthest first, by feature."""
        mean = np.where(self.number > 0, self.total / np.maximum(self.number, 1), np.nan)
        reference = model.reference
        # as in the distance: laboratories differ by half a log2 unit whatever the spread
        spread = np.sqrt(reference["sd"].to_numpy() ** 2 + 0.25)
        shifts = pd.Series((mean - reference["mean"].to_numpy()) / spread, index=reference.index)
        return shifts.dropna().sort_values(key=np.abs, ascending=False, kind="stable")


@dataclass(frozen=True, eq=False)
class PredictionResult:
    """What came of a prediction.

    Attributes
    ----------
    predictions : DataFrame
        One row a sample: ``sample``, ``probability_severe``, ``call``, ``panel_coverage``,
        ``in_distribution``, ``warnings``, ``probability_low``, ``probability_high``.
    output : Path
        The file they were written to.
    model : SeverityModel
        What predicted.
    unit, orientation, identifiers : str
        What the file was taken for.
    notes : tuple of str
        What was assumed, renamed or dropped, in sentences.
    doubts : tuple of str
        What was assumed and may be wrong, in sentences; it stands in every row's warnings too.
    drift : Series indexed by feature
        Mean of the batch less that of training, in standard deviations, furthest first.
    report : Path or None
        The report, if one was asked for.
    """

    predictions: pd.DataFrame
    output: Path
    model: SeverityModel
    unit: str
    orientation: str
    identifiers: str
    notes: tuple[str, ...]
    drift: pd.Series = field(repr=False)
    report: Path | None = None
    doubts: tuple[str, ...] = ()

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
        """Number of samples without a call."""
        return int((self.predictions["call"] == ABSTAIN).sum())

    @property
    def n_unlike(self) -> int:
        """Number of samples with a probability that are unlike the training data."""
        predicted = self.predictions["probability_severe"].notna()
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
    *,
    labels: str | Path | None = None,
    report: str | Path | None = None,
) -> PredictionResult:
    """Predict every sample of a file and write ``predictions.csv``.

    Parameters
    ----------
    model_path : str or Path
        Folder of a model, or its name in ``models/``.
    matrix_path : str or Path
        Expression matrix in any form that ``read_expression`` reads, of any length; ``-`` for
        standard input. For a model of plasma proteins, a table of analytes as
        ``read_plasma`` reads it.
    output : str or Path, optional
        Where to write; ``predictions.csv`` in the working folder if not given.
    unit : {"auto", "counts", "linear", "log2", "ln", "log10"}
        What the values are.
    labels : str or Path, optional
        Known severity of some of the samples, to set the intercept for their laboratory. Without
        it no sample has a part in another's prediction.
    report : str or Path, optional
        An HTML page about the batch.

    Returns
    -------
    PredictionResult

    Raises
    ------
    ModelError
        If there is no such model or it is not to be trusted.
    InputError
        If the file cannot be read, makes no sense, lacks the genes, or is the output too.
    LabelError
        If the labels cannot be used.
    StoreError
        If the output cannot be written.
    """
    target = Path.cwd() / "predictions.csv" if output is None else Path(output)
    page = None if report is None else Path(report)
    _check_places(matrix_path, labels, target, page)
    model = load_model(model_path)
    with named_input(matrix_path) as path:
        if labels is not None:
            model = model.anchored(_anchor(model, path, unit, labels))
        drift = Drift(np.zeros(len(model.reference)), np.zeros(len(model.reference)))
        tables: list[pd.DataFrame] = []
        first: Expression | None = None
        notes: dict[str, None] = {}
        doubts: tuple[str, ...] = ()
        # the predictions appear last: a page that cannot be written leaves nothing behind
        with paths.atomic_file(target) as part:
            for chunk in _chunks(model, path, unit):
                if first is None:
                    # what the first part is taken for, all are taken for
                    first, doubts = chunk, chunk.doubts
                    notes = dict.fromkeys(note for note in chunk.notes if note not in doubts)
                for table in _predicted(model, chunk, drift):
                    table["warnings"] = _doubted(table["warnings"], doubts)
                    table.to_csv(
                        part, mode="a", header=not tables, index=False, lineterminator="\n"
                    )
                    tables.append(table)
            if first is None:
                raise InputError(
                    f"{matrix_path} holds no sample",
                    expected="one or more",
                    do="check the export",
                )
            result = PredictionResult(
                predictions=pd.concat(tables, ignore_index=True),
                output=target,
                model=model,
                unit=first.unit,
                orientation=first.orientation,
                identifiers=first.identifiers,
                notes=(*model.notes, *notes),
                drift=drift.shifts(model),
                report=page,
                doubts=doubts,
            )
            if page is not None:
                from ifn_severity.workflows.prediction_page import write_prediction_page

                write_prediction_page(page, result, Path(matrix_path).name)
    return result


def _chunks(model: SeverityModel, path: Path, unit: str) -> Iterator[Expression]:
    """Read what the model was made for; tables of plasma proteins are small and read whole."""
    if model.feature_set == PROTEIN_SET:
        return iter((read_plasma(path, unit=unit),))
    return stream_expression(path, unit=unit, known_genes=model.manifest.genes)


def _predicted(model: SeverityModel, chunk: Expression, drift: Drift) -> Iterator[pd.DataFrame]:
    sex = [chunk.sex.get(name) for name in chunk.values.index] if chunk.sex else None
    return model.predict_blocks(chunk.values, sex=sex, on_features=drift.add)


def _doubted(warnings: pd.Series, doubts: tuple[str, ...]) -> pd.Series:
    """Add doubts about the file to what limits each prediction, as words without a semicolon."""
    words = "; ".join(
        text[:1].lower() + text[1:].replace("; ", ", ").removesuffix(".") for text in doubts
    )
    return warnings.map(lambda said: "; ".join(filter(None, (words, said))))


def _anchor(model: SeverityModel, path: Path, unit: str, labels: str | Path) -> Anchor:
    """Predict the labelled samples and estimate the shift of their laboratory."""
    from ifn_severity.cohorts.labels import read_known
    from ifn_severity.evaluate.anchor import fit_anchor

    known = read_known(labels)
    y, log_odds = [], []
    for chunk in _chunks(model, path, unit):
        mine = chunk.values[chunk.values.index.isin(known)]
        if len(mine):
            y += [known[name] for name in mine.index]
            log_odds.append(model.log_odds(mine))
    if not y:
        raise LabelError(
            f"none of the {len(known)} labelled samples is in the file, such as "
            f"{', '.join(list(known)[:3])}",
            expected="names of samples as the expression file has them",
            do="correct the names",
        )
    return fit_anchor(np.array(y), np.concatenate(log_odds), model.manifest.interval)


def _check_places(
    matrix: str | Path, labels: str | Path | None, target: Path, page: Path | None
) -> None:
    """Refuse to write over what is read, or two results into one file."""
    for place in (target, page):
        for given in (matrix, labels):
            source = None if given is None or str(given) == STDIN else Path(given)
            if place and source and place.exists() and source.exists() and place.samefile(source):
                what, option = ("report", "--report") if place is page else ("predictions", "-o")
                raise InputError(
                    f"{source} as input and as output",
                    expected=f"another file for the {what}",
                    do=f"name one with {option}",
                )
    if page and page.absolute() == target.absolute():
        raise InputError(
            f"{page} for the report and for the predictions",
            expected="two files",
            do="name the report NAME.html",
        )
