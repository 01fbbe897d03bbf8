"""One patient at a time: waterfall, place on the plane, nearest training patients."""

from __future__ import annotations

import math

import pandas as pd

from ifn_severity.explain.result import Patient
from ifn_severity.report.blocks import Details, Part, ReportFigure, ReportTable, Section
from ifn_severity.report.explanation import ExplanationReport
from ifn_severity.report.explanation_patient import TOP_STEPS, patient_figure
from ifn_severity.report.wording import listed, number, percent, signed

MAX_PATIENTS = 6
_NO_NEIGHBOURS = (
    "The nearest training patients are not shown: the cohorts that the model was trained on are "
    "not on this disk, and a model carries no patients."
)


def patients_section(report: ExplanationReport) -> Section | None:
    """Return the chosen patients in full, six at most, or None where none was chosen."""
    parts = tuple(
        _patient(report, patient, place)
        for place, patient in enumerate(report.explained.patients[:MAX_PATIENTS], start=1)
    )
    if not parts:
        return None
    left = len(report.explained.patients) - len(parts)
    words = (f"The other {left} chosen patients are in patients.csv.",) if left > 0 else ()
    return Section("patients", "One patient at a time", words, parts=parts)


def _patient(report: ExplanationReport, patient: Patient, place: int) -> Part:
    rows = (
        "Explained by a model that had not seen this patient."
        if patient.held_out
        else "Explained by a model that HAS seen this patient."
    )
    if abs(patient.probability - patient.saved_probability) >= 0.005:
        rows += (
            f" It gives {percent(patient.probability)}, the saved model "
            f"{percent(patient.saved_probability)}."
        )
    pushes = [
        f"{gene} {signed(about['shap'])}" for gene, about in patient.waterfall.head(5).iterrows()
    ]
    figure = ReportFigure(
        f"patient_{place}",
        patient_figure(report.explained, patient),
        alt=f"Waterfall of {patient.sample} from the average log-odds {signed(patient.base)} to "
        f"{signed(patient.margin)}: {listed(pushes)}. On the plane: {patient.quadrant}.",
        caption="Read the left panel from the bottom, the average prediction, to the top, this "
        "patient's. Each arrow is one gene with its log2 relative expression; right raises the "
        "predicted risk, left lowers it. Right: the patient among the cohort.",
    )
    return Part(
        f"Sample {patient.sample}",
        (f"Shown because: {patient.why}. {rows}", *patient.words, *_without(patient)),
        (figure,),
        name=f"patient-{place}",
        tables=_neighbours(patient),
        details=(_genes(patient),),
    )


def _without(patient: Patient) -> tuple[str, ...]:
    return (_NO_NEIGHBOURS,) if patient.neighbours.empty else ()


def _neighbours(patient: Patient) -> tuple[ReportTable, ...]:
    table = patient.neighbours
    if table.empty:
        return ()
    return (
        ReportTable(
            caption="Nearest training patients, by what moves their prediction",
            columns=("Sample", "Recorded severity", "Day", "Predicted risk", "Distance"),
            rows=tuple(
                (
                    str(row["sample"]),
                    "unknown" if pd.isna(row["severity"]) else str(row["severity"]),
                    number(row["days_since_onset"], 0),
                    percent(float(row["probability"])),
                    number(row["distance"]),
                )
                for _, row in table.iterrows()
            ),
            numeric=frozenset({2, 3, 4}),
        ),
    )


def _genes(patient: Patient) -> Details:
    top = patient.waterfall.head(2 * TOP_STEPS)
    table = ReportTable(
        caption=f"Genes that move the prediction of {patient.sample} most",
        columns=("Gene", "Family", "Push, log-odds", "Expression", "Usual", "Percentile"),
        rows=tuple(
            (
                str(gene),
                str(about["family"]),
                signed(about["shap"], 3),
                number(about["expression"]),
                number(about["usual"]),
                number(about["percentile"], 0),
            )
            for gene, about in top.iterrows()
        ),
        numeric=frozenset({2, 3, 4, 5}),
    )
    families = patient.families.sort_values("net", key=abs, ascending=False)
    pushes = [
        f"{name} {signed(net)}"
        for name, net in families["net"].head(8).items()
        if not math.isnan(net)
    ]
    return Details(
        f"The {len(top)} genes that move this prediction most, and the families",
        (f"Families, summed over their genes: {listed(pushes)} log-odds.",),
        (table,),
    )
