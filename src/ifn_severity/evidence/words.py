"""One paragraph a claim, in plain words with numbers."""

from __future__ import annotations

import pandas as pd

from ifn_severity.evidence.claim import Claim, Part
from ifn_severity.evidence.result import PartResult, Verdict
from ifn_severity.evidence.verdict import number, p_text

_SAYS = {
    "supported": "The data support it.",
    "contradicted": "The data contradict it.",
    "context-dependent": "It depends on the context.",
    "not resolved": "The data do not resolve it.",
    "not testable": "It cannot be tested on these cohorts.",
}
_STAGES = {"all": "", "early": " up to day 10", "late": " after day 10"}


def claim_paragraph(claim: Claim, verdict: Verdict, parts: tuple[PartResult, ...]) -> str:
    """Say what was tested, on whom, what came out, and what is missing.

    Parameters
    ----------
    claim : Claim
    verdict : Verdict
    parts : tuple of PartResult

    Returns
    -------
    str
    """
    said = [f"{claim.study}: {claim.sentence}", _SAYS[verdict.label]]
    for result in parts:
        if result.part.decides:
            said.append(_part(result))
    beside = [result for result in parts if not result.part.decides and len(result.pooled)]
    if beside:
        told = "; ".join(
            f"{result.part.label}: {_estimate(result.pooled.iloc[0], result.part)}"
            for result in beside
        )
        said.append(f"Shown beside, without weight in the verdict: {told}.")
    if verdict.label in ("not resolved", "not testable") and claim.needed:
        said.append(f"What would settle it: {claim.needed}.")
    if claim.note:
        said.append(claim.note)
    return " ".join(said)


def _estimate(row: pd.Series, part: Part) -> str:
    text = f"{row['scale']} {number(row['effect'])} ({number(row['low'])} to {number(row['high'])})"
    if part.test == "level":
        fold = 2.0 ** float(row["effect"]) * (part.limit + 1.0) - 1.0
        text += f", that is {max(fold, 0.0):.1f} CPM"
    if row["auroc"] == row["auroc"]:
        text += f", AUROC {number(row['auroc'])}"
    return text


def _part(result: PartResult) -> str:
    part, pooled, effects = result.part, result.pooled, result.effects
    head = part.label[:1].upper() + part.label[1:]
    lost = effects[(effects["stratum"] == part.strata[0]) & effects["effect"].isna()]
    left = "; ".join(f"{row['cohort']} ({row['reason']})" for _, row in lost.iterrows())
    if pooled.empty:
        return f"{head}: not testable: {left}."
    first = pooled.iloc[0]
    sides = f"{first['n_case']} {part.contrast.case}"
    if first["n_reference"] and part.test not in ("level", "correlation"):
        sides += f" and {first['n_reference']} {part.contrast.reference}"
    # experiments of one cohort are counted as such
    unit = "experiment" if part.within else "cohort"
    count = int(first["n_cohorts"])
    where = f"{count} {unit}" + ("" if count == 1 else "s")
    text = f"{head}: {_estimate(first, part)} over {where}, {sides}"
    stage = _STAGES[first["stratum"]]
    text += "" if stage.strip() in part.label else stage
    tail = [p_text(first["p"])]
    if first["p_adjusted"] == first["p_adjusted"]:
        tail.append(f"adjusted {p_text(first['p_adjusted'])}")
    if first["i_squared"] == first["i_squared"]:
        tail.append(f"I² {100 * first['i_squared']:.0f} %")
    if first["prediction_low"] == first["prediction_low"]:
        low, high = number(first["prediction_low"]), number(first["prediction_high"])
        tail.append(f"a further cohort expected from {low} to {high}")
    text += f" ({', '.join(tail)})"
    stages = [
        f"{number(row['effect'])} ({number(row['low'])} to {number(row['high'])})"
        f"{_STAGES[row['stratum']]}"
        for _, row in pooled.iloc[1:].iterrows()
    ]
    if stages:
        text += f"; {', '.join(stages)}"
    each = effects[(effects["stratum"] == first["stratum"]) & effects["effect"].notna()]
    if len(each) > 1:
        told = ", ".join(f"{row['cohort']} {number(row['effect'])}" for _, row in each.iterrows())
        text += f"; by {unit}: {told}"
    if left:
        text += f"; not tested: {left}"
    return f"{text}."
