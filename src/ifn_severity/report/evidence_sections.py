"""The sections of the evidence report: verdicts, claims, day, plane, genes, methods."""

from __future__ import annotations

from collections.abc import Sequence

from ifn_severity.evidence.pooled import deciding_tests
from ifn_severity.evidence.result import ClaimResult, EvidenceReport, PartResult
from ifn_severity.report.blocks import Cell, Link, Part, ReportFigure, ReportTable, Section
from ifn_severity.report.evidence_forest import claim_figure
from ifn_severity.report.evidence_lines import in_figures
from ifn_severity.report.evidence_methods import (
    cohorts_section,
    genes_section,
    methods_section,
    rule_section,
    tables_section,
)
from ifn_severity.report.evidence_more import day_section, plane_section, variance_section
from ifn_severity.report.evidence_rows import (
    anchor,
    from_the_article,
    interval_in,
    main_stratum,
    records,
    value_in,
)
from ifn_severity.report.evidence_words import badge, p_words, part_words
from ifn_severity.report.wording import interval_words, listed, number, unbroken

#: Claims whose figure stands in a section of its own, and the words that lead there.
ELSEWHERE = {
    "4b": ("variance", "What the spread of the score is made of"),
    "5a": ("plane", "Interferon against inflammation, patient by patient"),
    "6": ("day", "The interferon score by day since onset"),
    "7": ("day", "The effect by day since onset"),
}


_STAGE_WORDS = {"all": "All patients", "early": "– early", "late": "– late"}


def evidence_sections(report: EvidenceReport, *, tables_folder: str = "") -> list[Section]:
    """Return the sections of a report, figures drawn.

    Parameters
    ----------
    report : EvidenceReport
        What was found.
    tables_folder : str
        Where the CSV tables lie, as a reader should be told; empty where there are none.
    """
    own = [day_section(report), plane_section(report), variance_section(report)]
    present = {section.name for section in own if section is not None}
    article = [result for result in report.claims if from_the_article(result)]
    further = [result for result in report.claims if not from_the_article(result)]
    sections = [
        _verdicts(report),
        _claims("claims", "The claims, in the article's order", article, present),
        _claims("further", "Further claims of the field", further, present),
        *own,
        genes_section(report),
        rule_section(report),
        cohorts_section(report),
        methods_section(report),
        tables_section(tables_folder),
    ]
    return [section for section in sections if section is not None]


def _verdicts(report: EvidenceReport) -> Section:
    by_claim = {str(row["claim"]): row for row in records(report.verdicts)}
    table = ReportTable(
        caption="Every claim and its verdict",
        columns=("Claim", "What is claimed", "Study", "Verdict", unbroken("Adjusted p")),
        rows=tuple(
            (
                Link(result.claim.id, f"#{anchor(result.claim.id)}"),
                result.claim.title,
                unbroken(result.claim.study),
                badge(result.verdict.label),
                p_words(value_in(by_claim.get(result.claim.id, {}), "p_adjusted")),
            )
            for result in report.claims
        ),
        numeric=frozenset({4}),
    )
    paragraphs = (
        "Each claim was declared as a test with an expected direction. The verdict follows from "
        "a rule that is printed below, with what was known when it was written. The "
        "adjusted p-value is the largest among the tests that the verdict rests on "
        f"(Benjamini–Hochberg over the {deciding_tests(report.pooled)} of this run); the verdict "
        "rests on intervals, not on it alone.",
    )
    return Section("verdicts", "Verdicts at a glance", paragraphs, tables=(table,))


def _claims(
    name: str, heading: str, results: Sequence[ClaimResult], present: set[str]
) -> Section | None:
    if not results:
        return None
    return Section(name, heading, parts=tuple(_claim(result, present) for result in results))


def _claim(result: ClaimResult, present: set[str]) -> Part:
    claim, verdict = result.claim, result.verdict
    quote = f"{claim.study}: {claim.sentence}"
    said = result.paragraph.removeprefix(quote).strip()
    deciding = sum(part.decides for part in claim.parts)
    # where many tests all hold, the table says it better
    plain = verdict.label == "supported" and deciding > 1
    paragraphs = [said]
    if verdict.needed and verdict.needed not in said:
        paragraphs.append(f"What would settle it: {verdict.needed}")
    if claim.note and claim.note not in said:
        paragraphs.append(f"How the sentence became a test: {claim.note}")
    paragraphs.append(_left_out(result))
    source = f"{claim.citation.rstrip('.')}. doi:{claim.doi}"
    links = [Link(source, f"https://doi.org/{claim.doi}")]
    target, words = ELSEWHERE.get(claim.id, ("", ""))
    if target in present:
        links.insert(0, Link(words, f"#{target}"))
    links.append(Link("All verdicts", "#verdicts"))
    return Part(
        f"{claim.id}. {claim.title[:1].upper()}{claim.title[1:]}",
        tuple(dict.fromkeys(text for text in paragraphs if text)),
        _figures(result),
        name=anchor(claim.id),
        badge=badge(verdict.label),
        reason="" if plain else verdict.reason,
        quote=quote,
        tables=(_pooled_table(result),),
        links=tuple(links),
    )


def _left_out(result: ClaimResult) -> str:
    """Name what could not be tested and why; empty where everything could."""
    by_reason: dict[str, list[str]] = {}
    for part in result.parts:
        for row in records(part.effects[part.effects["effect"].isna()]):
            where = f"{row['cohort']}" + (f", {row['cell_type']}" if row["cell_type"] else "")
            where += "" if row["stratum"] == "all" else f", {row['stratum']}"
            places = by_reason.setdefault(str(row["reason"]) or "no figure", [])
            if where not in places:
                places.append(where)
    told = [f"{listed(where)} ({why})" for why, where in by_reason.items()]
    return f"Not tested: {'; '.join(told)}." if told else ""


def _figures(result: ClaimResult) -> tuple[ReportFigure, ...]:
    shown = [part for part in result.parts if part.effects["effect"].notna().any()]
    packed = in_figures(shown)
    name = anchor(result.claim.id).replace("claim-", "forest-")
    return tuple(
        ReportFigure(
            name if len(packed) == 1 else f"{name}-{place}",
            claim_figure(some),
            alt=f"Forest plot of claim {result.claim.id}. " + " ".join(map(part_words, some)),
            caption=_caption(some),
        )
        for place, some in enumerate(packed, start=1)
    )


def _caption(parts: Sequence[PartResult]) -> str:
    text = (
        "What either side of 0 means stands below each panel. Lines are 95 % intervals; an "
        "arrowhead says that one goes on. n counts patients, or replicates in cell culture."
    )
    if any(not part.part.decides for part in parts):
        text += " Hollow markers are shown beside; the verdict does not rest on them."
    if any((part.pooled["n_cohorts"] > 1).any() for part in parts):
        text += " The diamond is the pooled estimate, its width the 95 % interval."
    if any(part.pooled["prediction_low"].notna().any() for part in parts):
        text += " In the shaded band the effect of a further cohort is expected."
    return text


def _pooled_table(result: ClaimResult) -> ReportTable:
    rows: list[tuple[Cell, ...]] = []
    for part in result.parts:
        pooled = records(part.pooled)
        label = f"{part.part.label[:1].upper()}{part.part.label[1:]}"
        first = label if part.part.decides else f"{label} (shown beside)"
        if not pooled:
            rows.append((first, "0", "–", "–", "–", "–", badge(part.verdict.label)))
        for row in pooled:
            whole = row["stratum"] == main_stratum(part)
            prediction = interval_in(row, "prediction_low", "prediction_low", "prediction_high")
            rows.append(
                (
                    first if whole else _STAGE_WORDS[str(row["stratum"])],
                    str(int(value_in(row, "n_cohorts"))),
                    unbroken(interval_words(interval_in(row), to=" to ")),
                    _span(prediction[1], prediction[2]),
                    _percent(value_in(row, "i_squared")),
                    p_words(value_in(row, "p_adjusted")),
                    badge(part.verdict.label) if whole else "",
                )
            )
    columns = ["Test", "Cohorts", unbroken("Estimate (95 % CI)"), "Prediction", "I²"]
    columns += [unbroken("Adjusted p"), "Verdict"]
    # with one or two cohorts some columns would hold dashes alone
    used = [place for place in range(7) if place < 3 or any(row[place] != "–" for row in rows)]
    return ReportTable(
        caption=f"Claim {result.claim.id}, pooled over cohorts",
        columns=tuple(columns[place] for place in used),
        rows=tuple(tuple(row[place] for place in used) for row in rows),
        numeric=frozenset(range(1, len(used) - 1)),
    )


def _percent(share: float) -> str:
    return "–" if share != share else unbroken(f"{100 * share:.0f} %")


def _span(low: float, high: float) -> str:
    return "–" if low != low else unbroken(f"{number(low)} to {number(high)}")
