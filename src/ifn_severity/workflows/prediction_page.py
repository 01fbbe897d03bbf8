"""The report of a batch: scores, coverage, drift against training, and warnings in words."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ifn_severity.bundle import SeverityModel
from ifn_severity.bundle.summary import batch_sentences, reasons
from ifn_severity.report.blocks import ReportFigure, ReportTable, Section
from ifn_severity.report.page import write_page
from ifn_severity.report.prediction_figures import SINGLE, drift_figure, scores_figure

if TYPE_CHECKING:
    from ifn_severity.workflows.predict import PredictionResult

_ROWS = 500


def write_prediction_page(path: Path, result: PredictionResult, source: str) -> Path:
    """Write the page, whole or not at all.

    Parameters
    ----------
    path : Path
        The HTML file.
    result : PredictionResult
    source : str
        Name of the file that was predicted for.

    Raises
    ------
    StoreError
        If it cannot be written.
    """
    model = result.model
    facts, warnings = batch_sentences(result.predictions, model, result.drift, result.doubts)
    return write_page(
        path,
        title=f"Predictions for {source} by {model.name}",
        summary=facts,
        note=(warnings or ["Nothing speaks against these predictions."])[0]
        + " Research use only: not for decisions about patients.",
        warn=bool(warnings),
        simulated=model.simulated,
        sections=[
            _scores(result),
            Section(
                "warnings",
                "What speaks against relying on them",
                paragraphs=() if warnings else ("Nothing was found.",),
                items=tuple(warnings),
            ),
            _coverage(result),
            _drift(result),
            _samples(result),
        ],
    )


def _interval_meaning(model: SeverityModel) -> str:
    interval = model.manifest.interval
    if model.anchor:
        return (
            "The interval says where the probability may lie in the laboratory of the labelled "
            "samples, given how few they are. Do not judge the model on those samples: they set "
            "its level."
        )
    return (
        "" if interval is None else f"The interval ({interval.level:.0%}) says {interval.meaning}."
    )


def _scores(result: PredictionResult) -> Section:
    model = result.model
    interval = model.manifest.interval
    figure = scores_figure(result.predictions, threshold=model.threshold, simulated=model.simulated)
    return Section(
        "scores",
        "Scores",
        paragraphs=(_interval_meaning(model),) if model.anchor or interval else (),
        figures=(
            ReportFigure(
                "scores",
                figure,
                "Predicted probability of each sample with its interval, coloured by call",
                "Grey bars are intervals; a sample without a call is a grey cross."
                if result.n_samples <= SINGLE
                else "The intervals are in the table below and in the csv.",
            ),
        ),
    )


def _coverage(result: PredictionResult) -> Section:
    facts = [
        ("Read as", (f"{result.unit}, {result.orientation}, {result.identifiers}",)),
        ("Genes of the panel", (f"{result.coverage:.0%} are in the file",)),
        *((f"No call: {why}", (f"{count} samples",)) for why, count in _why(result)),
    ]
    return Section("coverage", "How the file was read", facts=tuple(facts), items=result.notes)


def _why(result: PredictionResult) -> list[tuple[str, int]]:
    return list(reasons(result.predictions).items())


def _drift(result: PredictionResult) -> Section:
    figure = drift_figure(result.drift, simulated=result.model.simulated)
    return Section(
        "drift",
        "Drift against training",
        paragraphs=(
            "The mean of the batch, feature by feature, against the training data. It depends on "
            "who is in the batch as well: a batch of severe patients only drifts too. It changes "
            "no prediction.",
        ),
        figures=(
            ReportFigure(
                "drift",
                figure,
                "Features whose mean in the batch is furthest from the training mean",
                "One standard deviation is that of the training samples, 0.5 log2 units for "
                "differences between laboratories included.",
            ),
        ),
    )


def _samples(result: PredictionResult) -> Section:
    rows = []
    for row in result.predictions.head(_ROWS).to_dict("records"):
        known = row["probability_severe"] == row["probability_severe"]
        ends = row["probability_low"] == row["probability_low"]
        rows.append(
            (
                str(row["sample"]),
                f"{row['probability_severe']:.3f}" if known else "–",
                f"{row['probability_low']:.3f} to {row['probability_high']:.3f}" if ends else "–",
                str(row["call"]),
                str(row["warnings"]) or "–",
            )
        )
    total = len(result.predictions)
    more = f" The first {_ROWS} of {total} are shown." if total > _ROWS else ""
    table = ReportTable(
        f"All are in {result.output.name}.{more}",
        ("sample", "probability of severe", "interval", "call", "warnings"),
        tuple(rows),
        frozenset({1, 2}),
    )
    return Section("samples", "Samples", tables=(table,))
