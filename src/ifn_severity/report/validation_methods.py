"""How a validation was done, on what and with what: the last sections of its report."""

from __future__ import annotations

from ifn_severity.report.blocks import Section
from ifn_severity.report.validation import ValidationReport
from ifn_severity.report.validation_tables import VALIDATION_TABLES
from ifn_severity.report.validation_words import heterogeneity
from ifn_severity.report.wording import checksum_lines

#: What the methods rest on, beside the sources of cohorts and gene lists.
METHOD_CITATIONS = (
    "DeLong ER et al. 1988, paired comparison of AUROCs, doi:10.2307/2531595",
    "Viechtbauer W 2005, REML between-cohort variance, doi:10.3102/10769986030003261",
    "Hartung J & Knapp G 2001, interval of the pooled figure, doi:10.1002/sim.791",
    "Higgins JPT et al. 2009, prediction interval, doi:10.1111/j.1467-985X.2008.00552.x",
    "Van Calster B et al. 2016, calibration, doi:10.1016/j.jclinepi.2015.12.005",
    "Vickers AJ & Elkin EB 2006, decision curves, doi:10.1177/0272989X06295361",
    "Collins GS et al. 2024, TRIPOD+AI, doi:10.1136/bmj-2023-078378",
)
LIMITS = (
    "What mild and severe mean differs between cohorts; the mean over cohorts hides that.",
    "Public cohorts are not a random sample of patients, and their share of severe cases is that "
    "of the study design, so probabilities have to be recalibrated before any use.",
    "Few cohorts make the prediction interval wide and the between-cohort variance uncertain.",
)


def methods_section(report: ValidationReport) -> Section:
    """Return methods, settings, versions, citations and limits."""
    head = report.headline
    paragraphs = (
        "Leave one cohort out: everything that is learned, including the choice of features, model "
        "and hyperparameters, was learned without the cohort that is predicted (nested). Means and "
        "the worst figure rest on cohorts with at least five patients in each class. Intervals are "
        f"95 % patient-bootstrap intervals ({head.get('n_draws')} draws, seed {head.get('seed')}); "
        "all samples of a patient are drawn together, and a share of 0 or 1 has no width. The "
        "pooled AUROC is a random-effects mean on the logit scale with a 95 % prediction interval; "
        f"I² is {heterogeneity(report)}.",
        "Published scores were computed on the same patients in their published direction and left "
        "out on the cohorts that they were derived from. Differences are paired. Probabilities "
        "were recalibrated on held-out predictions of the training cohorts only; an average of "
        "several candidates, too timid by itself, once more as a whole. The checklist TRIPOD+AI, "
        "filled from this run, is written beside this report.",
    )
    facts: list[tuple[str, tuple[str, ...]]] = [
        ("Settings", tuple(f"{name}: {value}" for name, value in report.settings.items())),
        ("Versions", tuple(f"{name} {value}" for name, value in report.versions.items())),
        ("SHA-256", checksum_lines(report.checksums)),
        ("Data", tuple(report.citations)),
        ("Methods", METHOD_CITATIONS),
    ]
    return Section(
        "methods",
        "Methods, versions and limits",
        paragraphs,
        facts=tuple((term, values) for term, values in facts if values),
        items=tuple(dict.fromkeys((*report.limits, *LIMITS))),
    )


def tables_section(tables_folder: str) -> Section | None:
    """Return where the numbers are, or None where no tables were written."""
    if not tables_folder:
        return None
    return Section(
        "tables",
        "Tables",
        (f"The numbers behind this report are in {tables_folder}:",),
        facts=tuple((name, (text,)) for name, text in VALIDATION_TABLES.items()),
    )
