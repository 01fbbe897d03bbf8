"""What a validation run can say to each TRIPOD+AI item, and what it cannot."""

from __future__ import annotations

from typing import NamedTuple

from ifn_severity.report.tripod_proteins import PROTEIN_ANSWERS
from ifn_severity.report.tripod_status import AUTHORS, NOT_APPLICABLE, NOT_DONE, PARTLY, REPORTED
from ifn_severity.report.validation import ValidationReport
from ifn_severity.report.validation_biology import biology_sentence
from ifn_severity.report.validation_calibration import calibration_sentence
from ifn_severity.report.validation_rows import counted_cohorts, measured_proteins, value_of
from ifn_severity.report.validation_words import (
    answer,
    choice_sentence,
    comparison_sentence,
    heterogeneity,
    interferon_sentence,
    performance_sentence,
)
from ifn_severity.report.wording import listed, number


class TripodAnswer(NamedTuple):
    """How far an item is met, and the words that meet it."""

    status: str
    text: str


def tripod_answers(report: ValidationReport) -> dict[str, TripodAnswer]:
    """Return an answer for every TRIPOD+AI item, by number.

    Parameters
    ----------
    report : ValidationReport
        What was found.

    Returns
    -------
    dict of str to TripodAnswer

    Raises
    ------
    InputError
        If the nested headline is missing for a cohort.
    """
    given = _fixed() | _introduction(report) | _methods(report) | _results(report)
    if measured_proteins(report):
        given |= PROTEIN_ANSWERS
    return {key: TripodAnswer(*value) for key, value in given.items()}


_Answers = dict[str, tuple[str, str]]


def _fixed() -> _Answers:
    source = "see the source publication of each cohort"
    return {
        "3b": (
            PARTLY,
            "Target: people with COVID-19 from whom one blood sample was taken. Purpose: research "
            "on interferon and severity. Users: researchers. There is no place in a care pathway: "
            "research use only.",
        ),
        "3c": (NOT_DONE, "Known inequalities in COVID-19 outcomes are not discussed by the run."),
        "5b": (NOT_DONE, f"Accrual and follow-up dates are not read from the records; {source}."),
        "6a": (PARTLY, f"Public cohorts, by accession; for centres {source}."),
        "6b": (
            PARTLY,
            "Samples with expression and a severity on the scale; healthy controls and samples "
            f"of unknown severity take no part. Eligibility of the patients: {source}.",
        ),
        "6c": (NOT_DONE, f"Treatments are not known to the run and not handled; {source}."),
        "7": (
            PARTLY,
            "Gene names are brought to current HGNC symbols, units are checked and expression is "
            "measured within one sample, the same way for every patient. Checks were not compared "
            "across sociodemographic groups.",
        ),
        "8b": (
            PARTLY,
            "Grades follow the records of each source by the rule in its card; who made those "
            f"records, {source}.",
        ),
        "8c": (
            PARTLY,
            "Outcomes were recorded before this analysis and without its models; blinding in the "
            "source studies is not known to the run.",
        ),
        "9a": (
            REPORTED,
            "Interferon, cytokine, inflammation, myeloid and composition features from published "
            "lists; what else is selected is selected inside the training cohorts.",
        ),
        "9b": (
            REPORTED,
            "Expression of genes and scores of published gene lists in one blood sample; the "
            "catalogue of features is part of the package. Measured without knowing the model.",
        ),
        "9c": (NOT_APPLICABLE, "Predictors are measured by sequencing or arrays."),
        "11": (
            PARTLY,
            "Genes that a cohort did not measure are filled from the training cohorts; samples of "
            "unknown severity take no part; age, sex and day of illness are used where known only.",
        ),
        "13": (
            PARTLY,
            "No resampling is done by the evaluation; class weights, where a candidate uses them, "
            "are part of it, and probabilities are recalibrated afterwards.",
        ),
        "17": (
            NOT_APPLICABLE,
            "No new patients: public, de-identified records. Approval and consent are those of the "
            "source studies.",
        ),
        "18a": (AUTHORS, "A program cannot know it: name funding and the role of funders."),
        "18b": (AUTHORS, "A program cannot know it: declare conflicts of interest."),
        "18c": (AUTHORS, "The run knows of no protocol: name it, or say that none was prepared."),
        "18d": (AUTHORS, "The run knows of no registration: name it, or say that there is none."),
        "18f": (REPORTED, "The analytical code is the ifn-severity package; versions at the end."),
        "19": (
            AUTHORS,
            "The run knows of no involvement: describe it, or say that there was none.",
        ),
        "27a": (
            REPORTED,
            "`ifn-severity predict` refuses input in a wrong unit or with too few of the model's "
            "genes, and says what to do.",
        ),
        "27b": (
            PARTLY,
            "Users give an expression matrix of known unit; they need to know how it was "
            "normalised. No other interaction.",
        ),
        "27c": (
            REPORTED,
            "Prospective cohorts with the day of illness and one severity scale; recalibration to "
            "the share of severe patients where it would be used.",
        ),
    }


def _introduction(report: ValidationReport) -> _Answers:
    names = [str(name) for name in report.cohorts.index]
    data = "simulated data" if report.simulated else "public COVID-19 cohorts"
    return {
        "1": (
            REPORTED,
            "Development and evaluation of models that tell severe from mild COVID-19 by blood "
            f"expression, on {data}.",
        ),
        "2": (PARTLY, " ".join(answer(report)[:2])),
        "3a": (
            REPORTED,
            "Whether interferon goes with mild or severe COVID-19 is disputed; published "
            "signatures of severity were judged inside the cohorts they came from. They stand "
            "beside ours on the same patients.",
        ),
        "4": (
            REPORTED,
            "Both: models are developed on the other cohorts and evaluated on the one held out.",
        ),
        "5a": (
            PARTLY,
            f"{listed(names)}: each predicted cohort is held out in its turn and learned "
            "from otherwise. They were chosen because they are public and graded, not because they "
            "are representative.",
        ),
        "18e": (
            REPORTED,
            "No patient data: simulated by the package."
            if report.simulated
            else f"Public: {listed(names)}; addresses and checksums are in the cohort cards.",
        ),
    }


def _methods(report: ValidationReport) -> _Answers:
    head, counted = report.headline, counted_cohorts(report)
    about = report.cohorts.to_dict("index")
    meanings = "; ".join(
        f"{name}: mild is {row['mild_means']}, severe is {row['severe_means']}"
        for name, row in about.items()
    )
    settings = "; ".join(f"{name}: {value}" for name, value in report.settings.items())
    fairness = (
        "No method for fairness was applied; results by sex and age group are in the report."
        if not report.subgroups.empty
        else "No method for fairness was applied, and no subgroup was examined."
    )
    tissues = dict.fromkeys(str(value) for value in report.cohorts["tissue"])
    return {
        "8a": (
            PARTLY,
            f"Severe or critical against mild or moderate. {meanings}. The time from sample to "
            "outcome is not known in every cohort.",
        ),
        "10": (
            NOT_DONE,
            f"No calculation of sample size: all public cohorts at hand, {_sizes(report)}. Whether "
            "more patients would help is shown by the learning curve"
            + ("." if not report.learning.empty else ", which was not run."),
        ),
        "12a": (
            REPORTED,
            "Leave one cohort out, nested; besides, nested cross-validation by patient inside each "
            "cohort"
            + (
                " and training on one cohort, testing on each other." if len(report.matrix) else "."
            ),
        ),
        "12b": (
            REPORTED,
            "Features are computed within one sample; scaling is learned on training folds only.",
        ),
        "12c": (
            REPORTED,
            f"{choice_sentence(report)}" + (f" Settings: {settings}." if settings else ""),
        ),
        "12d": (
            REPORTED,
            "Cohorts are the clusters: random-effects pooling on the logit scale with I² and a "
            "95 % prediction interval.",
        ),
        "12e": (
            REPORTED,
            "AUROC with ROC curves; calibration slope, intercept, Brier score, expected "
            "calibration error and curves; decision curves; paired differences to published "
            "scores.",
        ),
        "12f": (REPORTED, "Logistic recalibration learned on the training cohorts only."),
        "12g": (REPORTED, "By the package itself; held-out log-odds are in predictions.csv."),
        "14": (PARTLY if len(report.subgroups) else NOT_DONE, fairness),
        "15": (
            REPORTED,
            "A probability of severe disease, and a call at a threshold that was set without the "
            "held-out cohort.",
        ),
        "16": (
            REPORTED,
            f"Tissues: {listed(list(tissues))}. What mild and severe mean differs by cohort (see "
            f"8a). Means rest on {listed(counted) or 'no cohort'}; seed {head.get('seed')}.",
        ),
    }


def _sizes(report: ValidationReport) -> str:
    return listed(
        [
            f"{name} ({int(row['n_mild'])} mild and {int(row['n_severe'])} severe samples, "
            f"{int(row['n_patients'])} patients)"
            for name, row in report.cohorts.to_dict("index").items()
        ]
    )


def _known(report: ValidationReport) -> str:
    rows, total = report.predictions, len(report.predictions)
    counts = [
        f"{words} for {int(rows[name].notna().sum())}"
        for name, words in (("age", "age"), ("sex", "sex"), ("days_since_onset", "day of illness"))
    ]
    return f"Of {total} predicted samples, {listed(counts)} are known."


def _results(report: ValidationReport) -> _Answers:
    low, high = (number(value_of(report.headline, f"prediction_{end}")) for end in ("low", "high"))
    subgroups = "Subgroups are in the report." if len(report.subgroups) else "No subgroups."
    return {
        "20a": (REPORTED, f"{_sizes(report)}. No diagram."),
        "20b": (PARTLY, f"{_known(report)} Treatments and dates are not."),
        "20c": (
            PARTLY,
            "Classes, tissue and meanings of severity are compared by cohort in the report; "
            "distributions of predictors are not.",
        ),
        "21": (
            REPORTED,
            f"{_sizes(report)}; each held-out figure rests on models of the other cohorts.",
        ),
        "22": (
            PARTLY,
            "Saved models are files of the package, with a manifest, free to use for research; a "
            "formula is not printed in the report.",
        ),
        "23a": (
            REPORTED,
            f"{performance_sentence(report)} {comparison_sentence(report)} {subgroups}",
        ),
        "23b": (
            REPORTED,
            f"I² {heterogeneity(report)}; 95 % prediction interval {low} to {high}.",
        ),
        "24": (REPORTED, calibration_sentence(report)),
        "25": (
            PARTLY,
            f"{interferon_sentence(report)} {biology_sentence(report)} Fairness is not discussed.",
        ),
        "26": (REPORTED, " ".join((*report.limits, "See the limits in the validation report."))),
    }
