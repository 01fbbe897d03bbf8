"""Who was explained, how, with what, and what must not be concluded: the last sections."""

from __future__ import annotations

from ifn_severity.evaluate.subgroups import EARLY_UNTIL
from ifn_severity.report.blocks import ReportTable, Section
from ifn_severity.report.explanation import ExplanationReport
from ifn_severity.report.explanation_tables import EXPLANATION_TABLES
from ifn_severity.report.wording import estimate

#: What the methods rest on, beside the sources of cohorts and gene lists.
METHOD_CITATIONS = (
    "Lundberg SM & Lee S-I 2017, SHAP, arXiv:1705.07874",
    "Lundberg SM et al. 2020, TreeSHAP and interaction values, doi:10.1038/s42256-019-0138-9",
    "Jullum M et al. 2021, groups of features as players, arXiv:2106.12228",
    "Efron B & Tibshirani R 1986, bootstrap intervals, doi:10.1214/ss/1177013815",
    "Breiman L 2001, permutation importance, doi:10.1023/A:1010933404324",
    "Okabe M & Ito K 2008, Color Universal Design, the colours of the figures",
)
LIMITS = (
    "An attribution says what the model used, not what causes severe disease.",
    "Genes that rise and fall together share their credit; which of them leads can change with "
    "the cohort or with a refit.",
    "Values are log-odds of the calibrated model: +0.69 doubles the odds, −0.69 halves them.",
)


def model_section(report: ExplanationReport) -> Section:
    """Return which model is explained, on whom, and how well it does."""
    given = report.explained.gene_level
    n, m = given.values.shape
    facts: list[tuple[str, tuple[str, ...]]] = [
        ("Model", (given.model,)),
        ("Explained", (f"{given.cohort}: {n} samples, {m} genes",)),
    ]
    facts += [
        (str(term), (value,) if isinstance(value, str) else tuple(value))
        for term, value in report.facts.items()
    ]
    metrics = ReportTable(
        caption="Held-out performance of the saved model, as measured when it was trained",
        columns=("Metric", "Value"),
        rows=tuple((name, estimate(value)) for name, value in report.metrics.items()),
    )
    return Section(
        "model",
        "Model and patients",
        facts=tuple(facts),
        tables=(metrics,) if report.metrics else (),
    )


def methods_section(report: ExplanationReport) -> Section:
    """Return methods, versions, citations and limits."""
    explained = report.explained
    refits = explained.stability.refits
    paragraphs = [
        "Attributions are SHAP values of the calibrated model in log-odds of severe disease. For "
        "each sample they add up from the average prediction to the model's own log-odds: the "
        f"largest difference here is {explained.features.error:.1e} by feature and "
        f"{explained.gene_level.error:.1e} by gene (at most 1e-4 is accepted).",
        f"{explained.design} {explained.allocation} {explained.family_method}",
        f"Intervals, ranks and signs rest on {refits} refits, each on patients drawn with "
        "replacement within cohorts; all samples of a patient are drawn together."
        if refits
        else "No refits were run, so there are no intervals of attributions and ranks.",
        f"Early is day {EARLY_UNTIL:.0f} since onset or before. Expression is log2 relative to the "
        "reference genes of the same sample, so no value depends on another sample.",
    ]
    seconds = explained.seconds
    facts: list[tuple[str, tuple[str, ...]]] = [
        ("Versions", tuple(f"{name} {value}" for name, value in report.versions.items())),
        ("Data and gene lists", tuple(report.citations)),
        ("Methods", METHOD_CITATIONS),
        ("Time", tuple(f"{name}: {value:.1f} s" for name, value in seconds.items())),
    ]
    return Section(
        "methods",
        "Methods, versions and limits",
        tuple(paragraphs),
        facts=tuple((term, values) for term, values in facts if values),
        items=tuple(dict.fromkeys((*explained.cautions, *report.limits, *LIMITS))),
    )


def tables_section(report: ExplanationReport) -> Section | None:
    """Return where the numbers are, or None where no tables were written."""
    if not report.tables_folder:
        return None
    return Section(
        "tables",
        "Tables",
        (f"The numbers behind this report are in {report.tables_folder}:",),
        facts=tuple((name, (text,)) for name, text in EXPLANATION_TABLES.items()),
    )
