"""The rule of verdicts, and when it was written."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd
from scipy.stats import norm

from ifn_severity.evidence.claim import Part
from ifn_severity.evidence.result import Verdict

ALPHA = 0.05
"""Level of every test; intervals are 95 %."""
MARGIN = 0.5
"""Standard deviations within which a difference counts as none: a medium effect of Cohen 1988."""
RULE = (
    "Patients are compared, never samples: a patient's samples of one group are averaged, or share "
    "a random intercept where the day matters.",
    "A cohort is tested with at least three patients on each side; else its counts are listed.",
    "From three cohorts on, effects are pooled by random effects (REML, Hartung–Knapp). With two, "
    "nothing can be said of further cohorts: the mean of these two is judged (fixed effects). With "
    "one, its own interval.",
    "Not testable: no cohort has the measure and three patients on each side.",
    "Context-dependent: heterogeneity between cohorts is significant (Cochran's Q, p < 0.05) with "
    "effects on both sides of zero; or the early (up to day 10) and the late effect have opposite "
    "signs and differ (p < 0.05).",
    "Supported: the 95 % interval lies wholly on the claimed side, and p, adjusted over the "
    "deciding tests of the run (Benjamini–Hochberg), is at most 0.05. A run of some claims only "
    "adjusts over those.",
    "Contradicted: the same on the other side.",
    "A claim of no difference is supported where the whole interval lies within 0.5 standard "
    "deviations of zero, and contradicted where it excludes zero with adjusted p at most 0.05.",
    "Not resolved: everything else; the interval is too wide.",
    "A claim of several parts is contradicted if one of them is, else context-dependent if one is, "
    "else not resolved if one is, else supported. Parts that cannot be tested do not count, unless "
    "none can.",
)
"""The rule, a sentence a clause."""
WRITTEN = (
    "The rule of verdicts and the deciding tests were committed before the first run of the "
    "claims; some facts of these cohorts were known by then. Since the first run the clause on "
    "adjusted p was reworded, to say which tests it counts, intervals of Hedges' g became exact, "
    "which changed no verdict, and only tests without weight were added."
)
"""When the rule was written, what was known by then, and what has changed since."""
_SIGN = {"higher": 1.0, "lower": -1.0}


def number(value: float, digits: int = 2) -> str:
    """Write a number with a true minus sign.

    Examples
    --------
    >>> number(-0.456), number(float("nan"))
    ('−0.46', 'not known')
    """
    if not math.isfinite(value):
        return "not known"
    text = f"{value:.{digits}f}"
    return text.replace("-", "−") if float(text) else text.removeprefix("-")


def p_text(p: float) -> str:
    """Write a p-value.

    Examples
    --------
    >>> p_text(0.0004), p_text(0.031)
    ('p < 0.001', 'p = 0.031')
    """
    if not math.isfinite(p):
        return "p not known"
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}"


def estimate_text(row: pd.Series) -> str:
    """Write an effect with its interval."""
    return f"{number(row['effect'])} ({number(row['low'])} to {number(row['high'])})"


def stage_change(pooled: pd.DataFrame) -> tuple[float, float, float]:
    """Compare the early with the late effect: their difference, its p, and whether signs differ.

    Parameters
    ----------
    pooled : DataFrame
        Rows of one part; see :data:`ifn_severity.evidence.result.POOLED_COLUMNS`.

    Returns
    -------
    difference, p, opposite : float
        Late minus early; NaN, NaN, 0 where a stage is missing. The two stages are taken for
        independent, though some patients are in both, which makes the test cautious. They may
        rest on different cohorts; the verdict names them then.
    """
    found = {}
    for stage in ("early", "late"):
        rows = pooled[pooled["stratum"] == stage]
        if rows.empty:
            return float("nan"), float("nan"), 0.0
        found[stage] = {name: float(rows[name].iloc[0]) for name in ("effect", "low", "high")}
    early, late = found["early"], found["late"]
    difference = late["effect"] - early["effect"]
    # from the intervals, so that Hartung-Knapp's width counts
    errors = [(row["high"] - row["low"]) / (2 * norm.ppf(0.975)) for row in (early, late)]
    error = math.hypot(*errors)
    if not error > 0:
        return float("nan"), float("nan"), 0.0
    p = float(2 * norm.sf(abs(difference) / error))
    return difference, p, float(early["effect"] * late["effect"] < 0)


def judge_part(part: Part, effects: pd.DataFrame, pooled: pd.DataFrame, needed: str) -> Verdict:
    """Apply the rule to one part of a claim.

    Parameters
    ----------
    part : Part
    effects, pooled : DataFrame
        Its rows; ``p_adjusted`` is filled in.
    needed : str
        What data would settle the claim.

    Returns
    -------
    Verdict
    """
    first = part.strata[0]
    rows = pooled[pooled["stratum"] == first]
    if rows.empty:
        counts = "; ".join(
            f"{row['cohort']}: {row['reason']}"
            for _, row in effects[effects["stratum"] == first].iterrows()
        )
        return Verdict("not testable", counts or "no cohort to test it on.", needed)
    row = rows.iloc[0]
    shown = f"{row['scale']} {estimate_text(row)}"
    both_signs = _both_signs(effects, first)
    if row["heterogeneity_p"] < ALPHA and both_signs:
        return Verdict(
            "context-dependent",
            f"Cohorts disagree in sign beyond chance (Q {p_text(row['heterogeneity_p'])}, I² "
            f"{100 * row['i_squared']:.0f} %): pooled {shown}.",
        )
    change, p_change, opposite = stage_change(pooled)
    if first == "all" and opposite and p_change < ALPHA:
        early, late = (
            number(float(pooled.loc[pooled["stratum"] == stage, "effect"].iloc[0]))
            for stage in ("early", "late")
        )
        return Verdict(
            "context-dependent",
            f"The sign changes by stage: {early} up to day 10, {late} after it (difference "
            f"{number(change)}, {p_text(p_change)}).{_other_cohorts(effects)}",
        )
    adjusted = f"adjusted {p_text(row['p_adjusted'])}"
    significant = bool(row["p_adjusted"] <= ALPHA) or (not part.decides and row["p"] <= ALPHA)
    excludes = bool(row["low"] > 0 or row["high"] < 0)
    if part.expected == "none":
        if -row["low"] < MARGIN and row["high"] < MARGIN:
            return Verdict("supported", f"{shown} lies within {MARGIN} of zero.")
        if excludes and significant:
            return Verdict("contradicted", f"There is a difference: {shown}, {adjusted}.")
        return _open(shown, row, needed)
    if not (excludes and significant):
        return _open(shown, row, needed)
    above = row["effect"] > 0
    label = "supported"
    if part.expected != "either" and above != (_SIGN[part.expected] > 0):
        label = "contradicted"
    side = "above" if above else "below"
    return Verdict(label, f"{shown} lies {side} zero, {adjusted}.")


def _other_cohorts(effects: pd.DataFrame) -> str:
    """Name the cohorts of the two stages where they are not the same; "" where they are."""
    known = effects[effects["effect"].notna()]
    names = {
        stage: sorted(set(known.loc[known["stratum"] == stage, "cohort"].astype(str)))
        for stage in ("early", "late")
    }
    if names["early"] == names["late"]:
        return ""
    told = "; ".join(f"{stage}: {', '.join(found)}" for stage, found in names.items())
    return f" The stages were not seen in the same cohorts ({told})."


def _open(shown: str, row: pd.Series, needed: str) -> Verdict:
    if row["low"] > 0 or row["high"] < 0:
        why = f"excludes zero, and its adjusted {p_text(row['p_adjusted'])} does not hold"
    else:
        why = "includes zero"
    return Verdict("not resolved", f"{shown} {why}.", needed)


def _both_signs(effects: pd.DataFrame, stratum: str) -> bool:
    known = effects.loc[effects["stratum"] == stratum, "effect"].dropna()
    return bool((known > 0).any() and (known < 0).any())


def judge_claim(parts: Sequence[tuple[Part, Verdict]], needed: str) -> Verdict:
    """Join the verdicts of a claim's deciding parts.

    Parameters
    ----------
    parts : sequence of (Part, Verdict)
    needed : str

    Returns
    -------
    Verdict

    Examples
    --------
    >>> judge_claim([], "blood").label
    'not testable'
    """
    deciding = [(part, verdict) for part, verdict in parts if part.decides]
    tested = [(part, verdict) for part, verdict in deciding if verdict.label != "not testable"]
    if not tested:
        reason = " ".join(dict.fromkeys(verdict.reason for _, verdict in deciding))
        return Verdict("not testable", reason or "no part of it can be tested.", needed)
    for label in ("contradicted", "context-dependent", "not resolved", "supported"):
        named = [(part, verdict) for part, verdict in tested if verdict.label == label]
        if named:
            break
    shown = " ".join(f"{_capital(part.label)}: {verdict.reason}" for part, verdict in named)
    if len(named) < len(tested):
        others = [(part, verdict) for part, verdict in tested if verdict.label != label]
        told = "; ".join(f"{part.label}: {verdict.label}" for part, verdict in others)
        shown += f" Other parts: {told}."
    if len(tested) < len(deciding):
        shown += f" {len(deciding) - len(tested)} of {len(deciding)} parts cannot be tested."
    return Verdict(label, shown, needed if label == "not resolved" else "")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
