"""How the evidence was weighed, on what and with what: the last sections of its report."""

from __future__ import annotations

from ifn_severity.evaluate.subgroups import EARLY_UNTIL
from ifn_severity.evidence.pooled import deciding_tests
from ifn_severity.evidence.result import EvidenceReport
from ifn_severity.evidence.verdict import WRITTEN
from ifn_severity.report.blocks import ReportTable, Section
from ifn_severity.report.evidence_rows import interval_in, records, value_in
from ifn_severity.report.evidence_tables import EVIDENCE_TABLES
from ifn_severity.report.wording import checksum_lines, interval_words, number, unbroken

#: What the methods rest on, beside the claims' own sources.
METHOD_CITATIONS = (
    "Lee JS & Shin EC 2020, the review whose claims are tested, doi:10.1038/s41577-020-00429-3",
    "Hedges LV 1981, standardised difference with small-sample correction, "
    "doi:10.3102/10769986006002107",
    "Viechtbauer W 2005, REML between-cohort variance, doi:10.3102/10769986030003261",
    "Hartung J & Knapp G 2001, interval of the pooled figure, doi:10.1002/sim.791",
    "Higgins JPT & Thompson SG 2002, I², doi:10.1002/sim.1186",
    "Higgins JPT et al. 2009, prediction interval, doi:10.1111/j.1467-985X.2008.00552.x",
    "Benjamini Y & Hochberg Y 1995, false discovery rate, doi:10.1111/j.2517-6161.1995.tb02031.x",
)
LIMITS = (
    "What mild and severe mean differs between cohorts; pooling hides that.",
    "Severity groups differ in the day of sampling, in treatment (steroids lower interferon "
    "transcripts) and in the make-up of their blood; a difference between them is no cause.",
    "Few cohorts make the pooled interval and the prediction interval wide, and a "
    "meta-regression on them a hint, not a finding.",
)
_MOST_GENES = 40


def genes_section(report: EvidenceReport) -> Section | None:
    """Return direction and heterogeneity gene by gene, or None where no gene was tested."""
    if report.genes.empty:
        return None
    genes = report.genes
    shown = genes.loc[genes["pooled_g"].astype(float).abs().sort_values(ascending=False).index]
    shown = shown.head(_MOST_GENES)
    table = ReportTable(
        caption="Interferon genes in severe against milder disease, over blood cohorts",
        columns=("Gene", "Cohorts", "Higher in", "Lower in", "Pooled g (95 % CI)", "I², %"),
        rows=tuple(
            (
                str(gene),
                *(number(value_in(row, name), 0) for name in ("n_cohorts", "n_higher", "n_lower")),
                unbroken(interval_words(interval_in(row, "pooled_g", "low", "high"), to=" to ")),
                number(100 * value_in(row, "i_squared"), 0),
            )
            for gene, row in zip(shown.index, records(shown), strict=True)
        ),
        numeric=frozenset(range(1, 6)),
    )
    up, down = (int((genes[name] == genes["n_cohorts"]).sum()) for name in ("n_higher", "n_lower"))
    clear = int(((genes["low"].astype(float) > 0) | (genes["high"].astype(float) < 0)).sum())
    paragraphs = [
        "A gene that the classifier leans on is only as good as its direction is stable. Of "
        f"{len(genes)} interferon genes, {up} are higher in severe disease in every cohort that "
        f"measured them, {down} lower in every cohort, and {len(genes) - up - down} change their "
        f"sign between cohorts. The pooled interval of {clear} excludes 0; it is not adjusted for "
        "their number."
    ]
    if len(genes) > len(shown):
        paragraphs.append(
            f"The {len(shown)} with the largest pooled effects are shown, which flatters them; "
            "genes.csv holds all."
        )
    return Section("genes", "Interferon genes, one by one", tuple(paragraphs), tables=(table,))


def rule_section(report: EvidenceReport) -> Section | None:
    """Return the rule of verdicts, or None where there is none."""
    if not report.rule:
        return None
    return Section(
        "rule",
        "The rule of verdicts",
        (WRITTEN,),
        items=tuple(report.rule),
    )


def cohorts_section(report: EvidenceReport) -> Section | None:
    """Return what was tested, or None where no cohort was asked for."""
    if report.cohorts.empty:
        return None
    rows, left = [], []
    for name, row in zip(report.cohorts.index, records(report.cohorts), strict=True):
        if not row["loaded"]:
            left.append(f"{name} ({row['reason']})")
            continue
        graded = value_in(row, "n_mild") + value_in(row, "n_severe") > 0
        samples, patients, mild, severe, claims = (
            number(value_in(row, column), 0)
            for column in ("n_samples", "n_patients", "n_mild", "n_severe", "n_claims")
        )
        rows.append(
            (
                str(name),
                str(row["title"]),
                str(row["tissue"]),
                samples if samples == patients else unbroken(f"{samples} ({patients})"),
                unbroken(f"{mild} / {severe}") if graded else "–",
                "known" if row["days_known"] else "–",
                claims,
            )
        )
    columns = ("Cohort", "What", "Tissue", "Samples (patients)", "Milder / severe", "Day", "Claims")
    table = ReportTable(
        caption="Cohorts that the claims name",
        columns=columns,
        rows=tuple(rows),
        numeric=frozenset({3, 4, 6}),
    )
    paragraphs = (f"Not read, so not tested: {'; '.join(left)}.",) if left else ()
    tables = (table,) if rows else ()
    return Section("cohorts", "What it was tested on", paragraphs, tables=tables)


def methods_section(report: EvidenceReport) -> Section:
    """Return methods, settings, versions, citations and limits."""
    paragraphs = (
        "Where patients repeat, a patient counts once: samples of a patient are averaged, or a "
        "mixed model is used. Effects are Hedges' g with 95 % intervals, case minus reference, so "
        "above 0 is higher in the case group whatever a claim expects; AUROC says how often a "
        "case scores above a reference. How each interval was made stands in effects.csv. Early "
        f"is up to day {EARLY_UNTIL:.0f} since onset, late is after it.",
        "Effects are pooled by random effects (REML, Hartung–Knapp) from three cohorts on, by "
        "fixed effects with two; one cohort stands for itself. I² is the share of the spread "
        "between cohorts that is not chance; the prediction interval says where the effect of a "
        "further cohort is expected. p-values are adjusted over the "
        f"{deciding_tests(report.pooled)} of this run (Benjamini–Hochberg).",
    )
    facts: list[tuple[str, tuple[str, ...]]] = [
        ("Settings", tuple(f"{name}: {value}" for name, value in report.settings.items())),
        ("Versions", tuple(f"{name} {value}" for name, value in report.versions.items())),
        ("SHA-256", checksum_lines(report.checksums)),
        ("Methods", METHOD_CITATIONS),
        ("Claims", _sources(report)),
    ]
    return Section(
        "methods",
        "Methods, versions and limits",
        paragraphs,
        facts=tuple((term, values) for term, values in facts if values),
        # when the rule was written is said with the rule
        items=tuple(one for one in dict.fromkeys((*report.limits, *LIMITS)) if one != WRITTEN),
    )


def _sources(report: EvidenceReport) -> tuple[str, ...]:
    claims = (result.claim for result in report.claims)
    return tuple(
        dict.fromkeys(f"{claim.citation.rstrip('.')}. doi:{claim.doi}" for claim in claims)
    )


def tables_section(tables_folder: str) -> Section | None:
    """Return where the numbers are, or None where no tables were written."""
    if not tables_folder:
        return None
    return Section(
        "tables",
        "Tables",
        (f"The numbers behind this report are in the folder {tables_folder}:",),
        facts=tuple((name, (text,)) for name, text in EVIDENCE_TABLES.items()),
    )
