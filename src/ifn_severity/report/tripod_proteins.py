"""What TRIPOD+AI items are answered otherwise where plasma proteins were measured."""

from __future__ import annotations

from ifn_severity.report.tripod_status import NOT_APPLICABLE, PARTLY, REPORTED

PROTEIN_ANSWERS: dict[str, tuple[str, str]] = {
    "1": (
        REPORTED,
        "Development and evaluation of models that tell severe from mild COVID-19 by proteins "
        "of plasma, on public COVID-19 cohorts.",
    ),
    "6b": (
        PARTLY,
        "Samples with at least half of the assay's analytes and a severity on the scale; "
        "healthy controls and samples of unknown severity take no part. Eligibility of the "
        "patients: see the source publication of each cohort.",
    ),
    "7": (
        PARTLY,
        "Analytes are named by the genes of the proteins, and values are brought to log2; "
        "nothing is normalised between samples or assays. Checks were not compared across "
        "sociodemographic groups.",
    ),
    "9a": (
        REPORTED,
        "Every analyte that all cohorts measured; the panels are their makers' choice of "
        "inflammatory proteins.",
    ),
    "9b": (
        REPORTED,
        "log2 concentration or NPX of each protein in one sample of plasma; which printed name "
        "stands for which gene is part of the package. Measured without knowing the model.",
    ),
    "9c": (NOT_APPLICABLE, "Predictors are measured by immunoassays."),
    "11": (
        PARTLY,
        "Values that an assay lacks are filled from the training cohorts; age, sex and day of "
        "illness are used where known only.",
    ),
    "27b": (
        PARTLY,
        "Users give NPX or log2 concentrations of the assay that the model was trained on; no "
        "other scale fits. No other interaction.",
    ),
}
