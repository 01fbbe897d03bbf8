"""Each kind of test on made-up patients: against hand computation, and where it must refuse."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ifn_severity.evaluate import logit_auroc
from ifn_severity.evaluate.effects import hedges_g
from ifn_severity.evaluate.variance import group_share, variance_shares
from ifn_severity.evidence.claim import Measure, Part
from ifn_severity.evidence.cohort import Block, EvidenceCohort
from ifn_severity.evidence.effects import part_effects
from ifn_severity.evidence.kinds import both_high, coexistence, correlation, difference, level
from ifn_severity.evidence.pooled import pool_part
from ifn_severity.evidence.result import EFFECT_COLUMNS

MakePart = Callable[..., Part]
MakeCohort = Callable[..., EvidenceCohort]


def run(cohort: EvidenceCohort, part: Part) -> pd.DataFrame:
    found = part_effects({cohort.name: cohort}, {}, "x", part, n_draws=200)
    assert tuple(found.columns) == EFFECT_COLUMNS
    return found


def test_patients_are_compared_not_samples(make_part: MakePart, make_cohort: MakeCohort) -> None:
    cohort = make_cohort(effect=1.5, samples=3)
    row = run(cohort, make_part()).iloc[0]
    obs, values = cohort.obs, cohort.blocks[""].levels["IFI27"]
    means = values.groupby(obs["patient"]).mean()
    severe = obs.groupby("patient")["severe"].first() == 1
    assert (row["n_case"], row["n_reference"], row["n_samples"]) == (8, 8, 48)
    assert row["effect"] == pytest.approx(hedges_g(means.to_numpy(), severe.to_numpy()).g)
    assert row["low"] < row["effect"] < row["high"]
    assert row["interval"] == "noncentral t"


def test_an_auroc_of_one_has_an_interval() -> None:
    case = np.arange(12) < 6
    values = case + np.arange(12) * 1e-3
    patients = pd.DataFrame({"patient": [f"P{i}" for i in range(12)], "value": values})
    found = difference(patients, case, n_draws=100, seed=0)
    assert found["auroc"] == 1
    # the logit of 1 - 1 / 72, with the variance that pooling takes
    centre, variance = logit_auroc(case.astype(int), values, np.arange(12))
    ends = [
        1 / (1 + np.exp(-centre - side * 1.959963984540054 * variance**0.5)) for side in (-1, 1)
    ]
    assert centre == pytest.approx(np.log(71))
    assert [found["auroc_low"], found["auroc_high"]] == pytest.approx(ends)
    assert 0 < found["auroc_low"] < 0.98 < found["auroc_high"] < 1


def test_too_few_patients_are_listed_with_counts(
    make_part: MakePart, make_cohort: MakeCohort
) -> None:
    row = run(make_cohort(n_severe=2), make_part()).iloc[0]
    assert row["reason"] == "2 severe and 8 milder, fewer than 3 on a side"
    assert (row["n_case"], row["n_reference"]) == (2, 8)
    assert np.isnan(row["effect"])
    # the counts come first, even where nothing was measured
    absent = make_part(measure=Measure("genes", ("MX1",), "MX1"))
    assert "fewer than 3" in run(make_cohort(n_severe=2), absent).iloc[0]["reason"]
    assert "MX1 not measured in one" in run(make_cohort(), absent).iloc[0]["reason"]


def test_a_cohort_that_is_not_there(make_part: MakePart) -> None:
    found = part_effects({}, {"one": "its files cannot be had"}, "x", make_part())
    assert found["reason"].tolist() == ["its files cannot be had"]


def test_strata_divide_by_day(make_part: MakePart, make_cohort: MakeCohort) -> None:
    cohort = make_cohort(samples=3)
    found = run(cohort, make_part(strata=("all", "early", "late"))).set_index("stratum")
    day = cohort.obs["days_since_onset"]
    assert found.loc["early", "n_samples"] == (day <= 10).sum()
    assert found.loc["late", "n_samples"] == (day > 10).sum()
    assert found.loc["early", "mean_day"] == pytest.approx(day[day <= 10].mean())
    unknown = run(make_cohort(days=False), make_part(strata=("all", "early")))
    assert unknown["effect"].notna().tolist() == [True, False]


@pytest.mark.parametrize(
    ("test", "interaction", "expected"),
    [("interaction", 0.1, 1.0), ("adjusted difference", 0.0, 2.0), ("trend", 0.0, -0.5)],
)
def test_slopes_recover_what_was_put_in(
    make_part: MakePart, make_cohort: MakeCohort, test: str, interaction: float, expected: float
) -> None:
    cohort = make_cohort(samples=4, n_mild=12, n_severe=12)
    block, obs = cohort.blocks[""], cohort.obs
    day, severe = obs["days_since_onset"], obs["severe"]
    own = np.random.default_rng(3).normal(0, 1, 24)[pd.Categorical(obs["patient"]).codes]
    # orthogonal to both grades, so that the estimate is exact up to the noise
    for grade in (0, 1):
        own[severe == grade] -= own[severe == grade].mean()
    noise = np.random.default_rng(4).normal(0, 0.02, len(obs))
    value = own + 2.0 * severe - 0.05 * day + interaction * severe * (day - 10) + noise
    levels = block.levels.assign(IFI27=value)
    changed = EvidenceCohort("one", "", "blood", "", {"": Block(obs, levels, block.scores)})
    means = pd.DataFrame({"p": obs["patient"], "s": severe, "v": value})
    means = means.groupby(["p", "s"])["v"].mean().reset_index()
    spread = np.sqrt(np.mean([means.loc[means["s"] == g, "v"].var() for g in (0, 1)]))
    found = run(changed, make_part(test)).iloc[0]
    assert found["effect"] * spread == pytest.approx(expected, abs=0.03)
    assert found["low"] < found["effect"] < found["high"]


def test_slopes_need_the_day(make_part: MakePart, make_cohort: MakeCohort) -> None:
    assert "fewer than 3" in run(make_cohort(days=False), make_part("trend")).iloc[0]["reason"]


def test_a_level_is_held_against_its_limit(make_part: MakePart, make_cohort: MakeCohort) -> None:
    values = np.log2(np.array([3.0, 4.0, 2.0, 5.0]) + 1)
    found = level(values, 10.0)
    # scipy 1.17: ttest_1samp(values, log2(11)).confidence_interval()
    mean, error = values.mean() - np.log2(11), values.std(ddof=1) / 2
    assert found["effect"] == pytest.approx(mean)
    assert found["high"] - found["effect"] == pytest.approx(3.182446305284263 * error)
    assert found["high"] < 0
    silent = level(np.zeros(4), 10.0)
    assert silent["high"] < -3
    assert silent["variance"] > 0
    row = run(make_cohort(n_mild=0), make_part("level", limit=1.0)).iloc[0]
    assert row["low"] > 0
    assert (
        "2 severe, fewer than 3"
        in run(make_cohort(n_mild=0, n_severe=2), make_part("level", limit=1.0)).iloc[0]["reason"]
    )


def joint(x: list[float], y: list[float], case: list[bool]) -> pd.DataFrame:
    names = [f"P{i}" for i in range(len(x))]
    return pd.DataFrame({"patient": names, "value": x, "second": y, "case": case})


KINDS = ("trend", "interaction", "adjusted difference", "correlation", "heterogeneity")


@pytest.mark.parametrize("test", [*KINDS, "heterogeneity of means"])
def test_of_one_value_in_all_patients_nothing_is_told(
    make_part: MakePart, make_cohort: MakeCohort, test: str
) -> None:
    cohort = make_cohort(samples=3)
    block = cohort.blocks[""]
    levels = block.levels.assign(IFI27=0.3)
    levels.iloc[::2, levels.columns.get_loc("IFI27")] = 0.1 + 0.2
    same = EvidenceCohort("one", "", "blood", "", {"": Block(block.obs, levels, block.scores)})
    gene = Measure("genes", ("IFI27",), "IFI27")
    found = run(same, make_part(test, second=gene if test == "correlation" else None))
    assert found["reason"].tolist() == ["the same value in all patients"]
    assert found[["effect", "variance"]].isna().all(axis=None)
    assert pool_part(make_part(test), found).empty


def test_a_slope_needs_spread_within_the_grades(
    make_part: MakePart, make_cohort: MakeCohort
) -> None:
    cohort = make_cohort(samples=2)
    block = cohort.blocks[""]
    levels = block.levels.assign(IFI27=block.obs["severe"].astype(float) + 1)
    same = EvidenceCohort("one", "", "blood", "", {"": Block(block.obs, levels, block.scores)})
    for test in ("trend", "difference"):
        reason = run(same, make_part(test)).iloc[0]["reason"]
        assert reason == "the same value in all patients of a group"


def test_an_effect_without_variance_is_a_reason(
    make_part: MakePart, make_cohort: MakeCohort, monkeypatch: pytest.MonkeyPatch
) -> None:
    for effect, variance, said in ((1.0, 0.0, "sampling variance"), (np.nan, 1.0, "no effect")):
        told = {"effect": effect, "variance": variance}
        monkeypatch.setattr("ifn_severity.evidence.kinds.heterogeneity", lambda *_, t=told, **__: t)
        row = run(make_cohort(samples=2), make_part("heterogeneity")).iloc[0]
        assert said in row["reason"]
        assert np.isnan(row["effect"])


def test_coexistence_by_hand() -> None:
    # milder medians are 2 and 2: of four severe patients the first two are high in both
    x = [1.0, 2, 3, 5, 5, 5, 1]
    y = [3.0, 2, 1, 5, 5, 1, 5]
    patients = joint(x, y, [False] * 3 + [True] * 4)
    assert both_high(patients).tolist() == [False] * 3 + [True, True, False, False]
    found = coexistence(patients, patients["case"].to_numpy(), n_draws=50, seed=0)
    assert found["effect"] == pytest.approx(0.5)
    p1, p0 = 3 / 6, 1 / 5
    variance = p1 * (1 - p1) / 6 + p0 * (1 - p0) / 5
    assert found["variance"] == pytest.approx(variance)
    assert found["interval"] == "Agresti–Caffo"
    assert found["high"] == pytest.approx(p1 - p0 + 1.959963984540054 * variance**0.5)


def test_two_averages_are_no_coexistence() -> None:
    """Both programmes rise on average, in different patients: no patient has both."""
    rng = np.random.default_rng(0)
    mild = rng.normal(0, 1, (20, 2))
    severe = np.vstack(
        [
            rng.normal([4, -3], 0.5, (10, 2)),
            rng.normal([-3, 4], 0.5, (10, 2)),
        ]
    )
    both = np.vstack([mild, severe])
    case = np.arange(40) >= 20
    patients = joint(both[:, 0].tolist(), both[:, 1].tolist(), case.tolist())
    assert patients.loc[case, ["value", "second"]].mean().min() > 0.3
    found = coexistence(patients, case, n_draws=200, seed=0)
    assert found["high"] < 0.1
    assert correlation(patients[case])["high"] < 0


def test_correlation_against_pingouin() -> None:
    """pingouin 0.7: corr(x, y) gives r = 0.92376 and CI95 from 0.22 to 1.0."""
    found = correlation(joint([1, 2, 3, 4, 5], [2, 1, 4, 5, 8], [True] * 5))
    assert found["effect"] == pytest.approx(0.92376, abs=5e-6)
    assert found["low"] == pytest.approx(0.22, abs=5e-3)
    assert found["variance"] == pytest.approx(0.5)
    assert (np.arctanh(found["high"]) - np.arctanh(found["low"])) / 2 == pytest.approx(
        1.959963984540054 * 0.5**0.5
    )


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000), scale=st.floats(0.1, 10), shift=st.floats(-10, 10))
def test_variance_shares_are_shares_and_know_no_unit(seed: int, scale: float, shift: float) -> None:
    rng = np.random.default_rng(seed)
    patients = rng.integers(0, 12, 40)
    case = patients % 2 == 1
    values = rng.normal(size=12)[patients] + case + rng.normal(size=40)
    plain = variance_shares(values, case, patients, n_draws=40)
    moved = variance_shares(scale * values + shift, case, patients, n_draws=40)
    assert plain.shares.sum() == pytest.approx(1.0)
    assert (plain.shares >= 0).all()
    assert moved.shares == pytest.approx(plain.shares, abs=1e-6)
    assert plain.excess == pytest.approx(plain.shares[1] - plain.shares[0])


def test_variance_components_are_unbiased() -> None:
    """Means over simulations are what was put in: patients 1.0, within 0.25, grades 0.25."""
    rng = np.random.default_rng(1)
    patients = np.repeat(np.arange(40), 3)
    case = patients % 2 == 1
    found = []
    for _ in range(200):
        values = rng.normal(size=40)[patients] + case + rng.normal(0, 0.5, 120)
        found.append(variance_shares(values, case, patients, n_draws=2).shares)
    assert np.mean(found, axis=0) == pytest.approx([1 / 6, 4 / 6, 1 / 6], abs=0.03)


def test_eta_squared_against_pingouin() -> None:
    """pingouin 0.7: anova(dv="v", between="g")["np2"]."""
    values = np.array([2.1, 3.4, 1.9, 4.4, 3.3, 1.0, 2.2, 0.7, 1.9])
    found = group_share(values, np.arange(9) < 5, np.arange(9), n_draws=20)
    assert found[0] == pytest.approx(0.4875197784810128, abs=1e-9)
    assert ((found >= 0) & (found <= 1)).all()
