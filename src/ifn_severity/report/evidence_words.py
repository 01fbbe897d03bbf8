"""What the evidence says, in sentences that claim no more than the intervals allow."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

from ifn_severity.evaluate.subgroups import EARLY_UNTIL
from ifn_severity.evidence.load import load_claims
from ifn_severity.evidence.result import VERDICTS, ClaimResult, EvidenceReport, PartResult
from ifn_severity.report.blocks import Badge
from ifn_severity.report.evidence_rows import (
    POOLED_CLAIM,
    claim_of,
    from_the_article,
    interval_in,
    main_effects,
    plane_cells,
    pooled_row,
    records,
    value_in,
)
from ifn_severity.report.wording import Interval, listed, number, signed

#: How each verdict looks.
LOOKS = dict(zip(VERDICTS, ("good", "bad", "mixed", "open", "none"), strict=True))


def badge(verdict: str) -> Badge:
    """Return a verdict as a badge.

    Examples
    --------
    >>> badge("supported")
    Badge(text='supported', look='good')
    """
    return Badge(verdict, LOOKS.get(verdict, "none"))


def effect_words(estimate: Interval) -> str:
    """Write an effect with its 95 % interval.

    Examples
    --------
    >>> effect_words((-0.4, -0.9, 0.1))
    '−0.40 (95 % CI −0.90 to +0.10)'
    """
    value, low, high = estimate
    if math.isnan(low):
        return signed(value)
    return f"{signed(value)} (95 % CI {signed(low)} to {signed(high)})"


def p_words(p: float) -> str:
    """Write a p-value with no more digits than it deserves.

    Examples
    --------
    >>> p_words(0.0312), p_words(2e-7), p_words(0.4), p_words(float("nan"))
    ('0.031', '< 0.001', '0.40', '–')
    """
    if math.isnan(p):
        return "–"
    if p < 0.001:
        return "< 0.001"
    return f"{p:.3f}" if p < 0.1 else f"{p:.2f}"


def answer(report: EvidenceReport) -> tuple[str, ...]:
    """Return the first sentences of the page, the most important first."""
    sentences = [pooled_sentence(report), further_sentence(report), stage_sentence(report)]
    sentences += [day_sentence(report), together_sentence(report), tally_sentence(report)]
    return tuple(sentence for sentence in sentences if sentence)


def pooled_part(report: EvidenceReport) -> PartResult | None:
    """Return the test that pools the interferon score over the blood cohorts, or None."""
    result = claim_of(report, POOLED_CLAIM)
    parts = result.parts if result else ()
    return next((part for part in parts if part.part.decides), parts[0] if parts else None)


def pooled_sentence(report: EvidenceReport) -> str:
    """Say whether interferon is robust or impaired in severe disease, over all cohorts."""
    if claim_of(report, POOLED_CLAIM) is None:
        return (
            f"Robust or impaired: claim {POOLED_CLAIM}, which decides it, was not among those "
            "asked for, so it stays open."
        )
    part = pooled_part(report)
    row = pooled_row(part) if part else None
    if part is None or row is None or math.isnan(value_in(row, "effect")):
        return "Robust or impaired: no cohort could be tested in this run, so it stays open."
    estimate = interval_in(row)
    _, low, high = estimate
    if low > 0:
        words = "Robust on average: the interferon score is higher in severe than in milder disease"
    elif high < 0:
        words = (
            "Impaired on average: the interferon score is lower in severe than in milder disease"
        )
    else:
        words = (
            "Not settled on average: whether the interferon score is higher or "
            "lower in severe than in milder disease cannot be told"
        )
    n = int(value_in(row, "n_cohorts"))
    cohorts = "one blood cohort" if n == 1 else f"{n} blood cohorts pooled"
    return (
        f"{words} from {cohorts} ({row['scale']} {effect_words(estimate)}; "
        f"{int(value_in(row, 'n_case'))} severe, {int(value_in(row, 'n_reference'))} milder "
        "patients)."
    )


def further_sentence(report: EvidenceReport) -> str:
    """Say how much cohorts differ, and what a further one may show; empty where unknown."""
    part = pooled_part(report)
    row = pooled_row(part) if part else None
    if part is None or row is None:
        return ""
    alone = main_effects(part)
    higher, n = sum(value > 0 for value in alone), len(alone)
    if n and higher in (0, n):
        every = "the one cohort" if n == 1 else f"all {n} cohorts"
        text = f"The effect is {'above' if higher else 'below'} 0 in {every}"
    else:
        text = f"The effect is above 0 in {higher} of {n} cohorts and below it in {n - higher}"
    i_squared = value_in(row, "i_squared")
    if not math.isnan(i_squared):
        text += f"; I² is {100 * i_squared:.0f} %"
    low, high = value_in(row, "prediction_low"), value_in(row, "prediction_high")
    if math.isnan(low):
        return f"{text}. There are too few cohorts to say what a further one would show."
    either = ", so it may show either sign" if low < 0 < high else ""
    return (
        f"{text}. In a further cohort the effect must be expected anywhere from {signed(low)} to "
        f"{signed(high)} (95 % prediction interval){either}."
    )


def stage_sentence(report: EvidenceReport) -> str:
    """Say what the pooled effect is early and late; empty where no stage could be tested."""
    part = pooled_part(report)
    if part is None:
        return ""
    rows = {str(row["stratum"]): row for row in records(part.pooled)}
    words = {"early": f"up to day {EARLY_UNTIL:.0f}", "late": f"after day {EARLY_UNTIL:.0f}"}
    said = [
        f"{effect_words(interval_in(rows[stage]))} {when} (cohorts: "
        f"{int(value_in(rows[stage], 'n_cohorts'))})"
        for stage, when in words.items()
        if stage in rows and not math.isnan(value_in(rows[stage], "effect"))
    ]
    return f"By stage, the pooled effect is {listed(said)}." if said else ""


def day_sentence(report: EvidenceReport) -> str:
    """Say how much of the difference between cohorts the day since onset explains."""
    if claim_of(report, POOLED_CLAIM) is None:
        return (
            f"How much the day since onset explains is part of claim {POOLED_CLAIM}, which was "
            "not among those asked for."
        )
    rows = {str(row["moderator"]): row for row in records(report.meta_regression)}
    row = rows.get("day")
    if row is None or math.isnan(value_in(row, "estimate")):
        return "How much of this the day since onset explains could not be measured."
    share = value_in(row, "r_squared")
    estimate = interval_in(row, "estimate", "low", "high")
    explained = (
        "There is no heterogeneity for the day since onset to explain"
        if math.isnan(share)
        else f"The day since onset explains {100 * share:.0f} % of the heterogeneity"
    )
    whether = "" if estimate[1] > 0 or estimate[2] < 0 else ", which is not told apart from 0"
    return (
        f"{explained}: per 10 days the severity effect changes by {effect_words(estimate)}"
        f"{whether} (meta-regression on {int(value_in(row, 'n_effects'))} effects of "
        f"{int(value_in(row, 'n_cohorts'))} cohorts)."
    )


def together_sentence(report: EvidenceReport) -> str:
    """Say in how many patients both programmes are high at once; empty where unknown."""
    table = report.coexistence
    if table.empty:
        return ""
    first = plane_cells(report)[0] if plane_cells(report) else str(table["cell_type"].iloc[0])
    rows = records(table[table["cell_type"].astype(str) == first])
    said = [
        f"{row['cohort']} {share_words(row)}"
        for row in rows
        if int(row["severe"]) == 1 and not math.isnan(value_in(row, "both_high"))
    ]
    beside = [
        f"{row['cohort']} {share_words(row)}"
        for row in rows
        if int(row["severe"]) == 0 and not math.isnan(value_in(row, "both_high"))
    ]
    if not said:
        return ""
    where = f"In {first}" if first else "In bulk"
    return (
        f"{where}, interferon and inflammation are both high in this share of severe patients: "
        f"{listed(said)}" + (f"; of milder patients: {listed(beside)}." if beside else ".")
    )


def share_words(row: dict[str, object]) -> str:
    """Write a share with its 95 % interval, in percent."""
    share, low, high = interval_in(row, "both_high", "low", "high")
    if math.isnan(low):
        return f"{100 * share:.0f} %"
    return f"{100 * share:.0f} % ({100 * low:.0f} to {100 * high:.0f} %)"


def tally_sentence(report: EvidenceReport) -> str:
    """Say how many claims got which verdict, the article's and further ones apart.

    Where not all claims of the package were asked for, it is said of how many.
    """
    asked = {result.claim.id for result in report.claims}
    every = asked | {claim.id for claim in load_claims()}
    some = f"Asked for: {len(asked)} of {len(every)} claims. " if asked < every else ""
    article = [result for result in report.claims if from_the_article(result)]
    others = [result for result in report.claims if not from_the_article(result)]
    said = []
    if article:
        claims = _claims(len(article))
        told = claims.removesuffix("s").removesuffix(" claim") if some else claims
        said.append(f"of {told} of the article, {_counts(article)}")
    if others:
        said.append(f"of {len(others)} further, {_counts(others)}")
    text = "; ".join(said)
    return f"{some}{text[:1].upper()}{text[1:]}." if said else ""


def _claims(n: int) -> str:
    return "the one claim" if n == 1 else f"the {n} claims"


def _counts(results: Sequence[ClaimResult]) -> str:
    found = Counter(result.verdict.label for result in results)
    return listed([f"{found[label]} {label}" for label in VERDICTS if found[label]])


def part_words(result: PartResult) -> str:
    """Say what a test found, for those who do not see its panel."""
    part = result.part
    values, row = main_effects(result), pooled_row(result)
    text = f"{part.label}, {part.contrast.case} against {part.contrast.reference}: "
    if not values:
        return text + "no cohort could be tested for it."
    n = len(values)
    text += f"{sum(value > 0 for value in values)} of {n} estimate{'' if n == 1 else 's'} above 0"
    if n > 1:
        text += f", from {number(min(values))} to {number(max(values))}"
    if row is not None and not math.isnan(value_in(row, "effect")):
        text += f"; pooled {row['scale']} {effect_words(interval_in(row))}"
    return text + "."
