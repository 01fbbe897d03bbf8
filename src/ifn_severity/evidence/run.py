"""All claims tested on the cohorts that are there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import pandas as pd

from ifn_severity.evidence.claim import Claim
from ifn_severity.evidence.cohort import EvidenceCohort
from ifn_severity.evidence.days import day_regression, day_tables
from ifn_severity.evidence.effects import part_effects
from ifn_severity.evidence.genes import gene_evidence
from ifn_severity.evidence.plane import plane_tables, variance_table
from ifn_severity.evidence.pooled import adjust, pool_part
from ifn_severity.evidence.result import (
    EFFECT_COLUMNS,
    POOLED_COLUMNS,
    ClaimResult,
    EvidenceReport,
    PartResult,
)
from ifn_severity.evidence.verdict import RULE, judge_claim, judge_part
from ifn_severity.evidence.words import claim_paragraph
from ifn_severity.features import load_catalogue

BLOOD = "blood"
QUESTION = ("7", "all-blood")
"""Claim and part whose effects are regressed on the day."""


def interferon_genes() -> tuple[str, ...]:
    """Return the interferon genes that are features of their own, sorted."""
    lists = load_catalogue().values()
    return tuple(
        sorted({g for s in lists if s.group == "interferon" and s.gene_level for g in s.genes})
    )


def run_claims(
    claims: Sequence[Claim],
    cohorts: Mapping[str, EvidenceCohort],
    missing: Mapping[str, str] | None = None,
    *,
    n_draws: int = 2000,
    seed: int = 0,
    step: Callable[[str], None] = lambda _: None,
) -> EvidenceReport:
    """Test every claim and join the results.

    Parameters
    ----------
    claims : sequence of Claim
    cohorts : mapping of str to EvidenceCohort
    missing : mapping of str to str
        Cohorts that could not be loaded, and why.
    n_draws, seed : int
        Of the bootstraps over patients.
    step : callable
        Called with the id of each claim that is done.

    Returns
    -------
    EvidenceReport
        Without settings, versions, checksums and limits, which the caller knows.
    """
    absent = dict(missing or {})
    present = dict(cohorts)
    effects: dict[tuple[str, str], pd.DataFrame] = {}
    pooled = [pd.DataFrame(columns=list(POOLED_COLUMNS))]
    deciding = {}
    for claim in claims:
        for part in claim.parts:
            rows = part_effects(present, absent, claim.id, part, n_draws=n_draws, seed=seed)
            effects[claim.id, part.id] = rows
            pooled.append(pool_part(part, rows))
            if part.decides:
                deciding[claim.id, part.id] = part.strata[0]
        step(claim.id)
    tables = [table for table in pooled if len(table)] or pooled[:1]
    together = adjust(pd.concat(tables, ignore_index=True), deciding)
    results = tuple(_answer(claim, effects, together) for claim in claims)
    days = day_tables({n: c for n, c in present.items() if c.kind == BLOOD})
    blood = {name: cohort for name, cohort in present.items() if cohort.kind == BLOOD}
    plane, joint = plane_tables(blood, n_draws=n_draws, seed=seed)
    question = effects.get(QUESTION, pd.DataFrame(columns=list(EFFECT_COLUMNS)))
    regression, points, line = day_regression(question)
    graded = {
        name: (cohort.blocks[""].levels, cohort.blocks[""].obs) for name, cohort in blood.items()
    }
    return EvidenceReport(
        claims=results,
        effects=pd.concat(effects.values(), ignore_index=True),
        pooled=together,
        verdicts=_verdicts(results),
        day_points=days.points,
        day_curves=days.curves,
        day_slopes=days.slopes,
        plane=plane,
        coexistence=joint,
        variance=variance_table(blood, n_draws=n_draws, seed=seed),
        meta_regression=regression,
        meta_points=points,
        meta_line=line,
        genes=gene_evidence(graded, interferon_genes()),
        cohorts=_cohorts(claims, present, absent),
        rule=RULE,
    )


def _answer(
    claim: Claim, effects: Mapping[tuple[str, str], pd.DataFrame], pooled: pd.DataFrame
) -> ClaimResult:
    parts = []
    for part in claim.parts:
        rows = effects[claim.id, part.id]
        mine = pooled[(pooled["claim"] == claim.id) & (pooled["part"] == part.id)]
        mine = mine.reset_index(drop=True)
        parts.append(PartResult(part, judge_part(part, rows, mine, claim.needed), rows, mine))
    verdict = judge_claim([(result.part, result.verdict) for result in parts], claim.needed)
    found = tuple(parts)
    return ClaimResult(claim, verdict, found, claim_paragraph(claim, verdict, found))


def _verdicts(results: Sequence[ClaimResult]) -> pd.DataFrame:
    rows = []
    for result in results:
        deciding = [
            part.pooled["p_adjusted"].iloc[0]
            for part in result.parts
            if part.part.decides and len(part.pooled)
        ]
        rows.append(
            {
                "claim": result.claim.id,
                "title": result.claim.title,
                "study": result.claim.study,
                "verdict": result.verdict.label,
                "reason": result.verdict.reason,
                "needed": result.verdict.needed,
                "p_adjusted": max(deciding, default=float("nan")),
            }
        )
    return pd.DataFrame(rows)


def _cohorts(
    claims: Sequence[Claim], cohorts: Mapping[str, EvidenceCohort], missing: Mapping[str, str]
) -> pd.DataFrame:
    rows = {}
    used = [{name for part in claim.parts for name in part.cohorts} for claim in claims]
    for name in dict.fromkeys([*cohorts, *missing]):
        n_claims = sum(name in named for named in used)
        if name not in cohorts:
            rows[name] = {"n_claims": n_claims, "loaded": False, "reason": missing[name]}
            continue
        obs = cohorts[name].obs
        graded = obs.groupby("severe")["patient"].nunique()
        rows[name] = {
            "title": cohorts[name].title,
            "kind": cohorts[name].kind,
            "tissue": cohorts[name].tissue,
            "n_samples": len(obs),
            "n_patients": int(obs["patient"].nunique()),
            "n_mild": int(graded.get(0.0, 0)),
            "n_severe": int(graded.get(1.0, 0)),
            "days_known": bool(obs["days_since_onset"].notna().any()),
            "n_claims": n_claims,
            "loaded": True,
            "reason": "",
        }
    columns = (
        *("title", "kind", "tissue", "n_samples", "n_patients", "n_mild", "n_severe"),
        *("days_known", "n_claims", "loaded", "reason"),
    )
    table = pd.DataFrame.from_dict(rows, orient="index", columns=list(columns))
    text = ["title", "kind", "tissue"]
    table[text] = table[text].astype(object).where(table[text].notna(), "")
    return table.rename_axis("cohort")
