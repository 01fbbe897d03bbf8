"""The rule of verdicts, case by case."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from ifn_severity.evidence.claim import Part
from ifn_severity.evidence.result import VERDICTS, Verdict
from ifn_severity.evidence.verdict import RULE, judge_claim, judge_part, stage_change


def pooled(stratum: str = "all", **values: float) -> dict[str, object]:
    row: dict[str, object] = {
        "stratum": stratum,
        "scale": "Hedges' g",
        "effect": 0.8,
        "low": 0.4,
        "high": 1.2,
        "p": 0.001,
        "p_adjusted": 0.004,
        "i_squared": 0.0,
        "heterogeneity_p": 0.6,
    }
    return {**row, **values}


def effects(*values: float) -> pd.DataFrame:
    return pd.DataFrame({"stratum": "all", "effect": values, "cohort": "c", "reason": ""})


BELOW = {"effect": -0.8, "low": -1.2, "high": -0.4}
WIDE = {"effect": 0.3, "low": -0.4, "high": 1.0, "p": 0.4, "p_adjusted": 0.5}


@pytest.mark.parametrize(
    ("expected", "rows", "cohorts", "verdict"),
    [
        ("higher", [pooled()], (0.7, 0.9), "supported"),
        ("lower", [pooled()], (0.7, 0.9), "contradicted"),
        ("lower", [pooled(**BELOW)], (-0.7, -0.9), "supported"),
        ("higher", [pooled(**BELOW)], (-0.7, -0.9), "contradicted"),
        ("either", [pooled()], (0.7, 0.9), "supported"),
        ("either", [pooled(**BELOW)], (-0.7, -0.9), "supported"),
        ("higher", [pooled(**WIDE)], (0.2, 0.4), "not resolved"),
        # the interval excludes zero, the adjusted p does not hold
        ("higher", [pooled(p=0.04, p_adjusted=0.08)], (0.7, 0.9), "not resolved"),
        # heterogeneity alone is no change of sign
        ("higher", [pooled(heterogeneity_p=0.01)], (0.2, 1.9), "supported"),
        ("higher", [pooled(heterogeneity_p=0.01)], (-0.4, 1.9), "context-dependent"),
        ("higher", [pooled(heterogeneity_p=0.06)], (-0.1, 1.9), "supported"),
        ("none", [pooled(effect=0.1, low=-0.3, high=0.45)], (0.1,), "supported"),
        ("none", [pooled(effect=0.1, low=-0.3, high=0.55, p_adjusted=0.6)], (0.1,), "not resolved"),
        ("none", [pooled()], (0.8,), "contradicted"),
        # within the margin counts as none, even where it excludes zero
        ("none", [pooled(effect=0.2, low=0.1, high=0.3)], (0.2,), "supported"),
        (
            "higher",
            [pooled(), pooled("early", **BELOW), pooled("late")],
            (0.7, 0.9),
            "context-dependent",
        ),
        (
            "higher",
            [pooled(), pooled("early", effect=-0.1, low=-1.5, high=1.3), pooled("late")],
            (0.7, 0.9),
            "supported",
        ),
        ("higher", [], (), "not testable"),
    ],
)
def test_one_part(
    make_part: Callable[..., Part],
    expected: str,
    rows: list[dict[str, object]],
    cohorts: tuple[float, ...],
    verdict: str,
) -> None:
    test = "no difference" if expected == "none" else "difference"
    part = make_part(test, expected=expected, strata=("all", "early", "late"))
    table = pd.DataFrame(rows, columns=list(pooled()))
    found = judge_part(part, effects(*cohorts), table, "more patients")
    assert found.label == verdict
    assert found.label in VERDICTS
    assert found.reason
    open_ = verdict in ("not resolved", "not testable")
    assert found.needed == ("more patients" if open_ else "")


def test_not_testable_says_the_counts(make_part: Callable[..., Part]) -> None:
    rows = effects(np.nan)
    rows["reason"] = "2 severe and 9 milder, fewer than 3 on a side"
    found = judge_part(make_part(), rows, pd.DataFrame(columns=list(pooled())), "more")
    assert "c: 2 severe and 9 milder" in found.reason


@pytest.mark.parametrize(
    ("labels", "verdict"),
    [
        (["supported", "supported"], "supported"),
        (["supported", "contradicted"], "contradicted"),
        (["context-dependent", "contradicted"], "contradicted"),
        (["context-dependent", "not resolved"], "context-dependent"),
        (["supported", "not resolved"], "not resolved"),
        (["supported", "not testable"], "supported"),
        (["not testable", "not testable"], "not testable"),
    ],
)
def test_a_claim_is_the_conjunction_of_its_parts(
    make_part: Callable[..., Part], labels: list[str], verdict: str
) -> None:
    parts = [(make_part(), Verdict(label, "because.")) for label in labels]
    beside = (make_part(decides=False), Verdict("contradicted", "beside."))
    found = judge_claim([*parts, beside], "more")
    assert found.label == verdict
    if "not testable" in labels and verdict != "not testable":
        assert "1 of 2 parts cannot be tested" in found.reason


def test_stage_change_by_hand() -> None:
    table = pd.DataFrame([pooled("early", **BELOW), pooled("late")])
    difference, p, opposite = stage_change(table)
    error = 0.8 / (2 * 1.959963984540054)
    assert difference == pytest.approx(1.6)
    assert p == pytest.approx(2 * (1 - 0.99999998), abs=1e-6)
    assert 1.6 / (error * 2**0.5) > 5
    assert opposite == 1.0


def test_a_change_by_stage_names_cohorts_that_differ(make_part: Callable[..., Part]) -> None:
    part = make_part(strata=("all", "early", "late"))
    table = pd.DataFrame([pooled(), pooled("early", **BELOW), pooled("late")])
    same = pd.concat(
        [effects(0.7, 0.9).assign(stratum=stage) for stage in ("all", "early", "late")]
    ).assign(cohort=["a", "b"] * 3)
    assert "same cohorts" not in judge_part(part, same, table, "more").reason
    lost = same.assign(
        effect=same["effect"].where((same["stratum"] != "late") | (same["cohort"] != "a"))
    )
    reason = judge_part(part, lost, table, "more").reason
    assert reason.endswith("not seen in the same cohorts (early: a, b; late: b).")


def test_the_rule_names_every_verdict() -> None:
    text = " ".join(RULE).lower()
    assert all(label in text for label in VERDICTS)
