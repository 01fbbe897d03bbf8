"""Pooling by the number of cohorts, adjustment over claims, genes over cohorts."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from ifn_severity.evaluate import random_effects
from ifn_severity.evaluate.effects import hedges_g
from ifn_severity.evidence.claim import Claim, Part
from ifn_severity.evidence.cohort import EvidenceCohort
from ifn_severity.evidence.effects import part_effects
from ifn_severity.evidence.genes import gene_evidence
from ifn_severity.evidence.pooled import FIXED, ONE, RANDOM, adjust, deciding_tests, pool_part
from ifn_severity.evidence.result import EFFECT_COLUMNS, POOLED_COLUMNS
from ifn_severity.evidence.run import run_claims
from ifn_severity.features.reference import reference_genes, reference_levels
from ifn_severity.report.evidence_methods import methods_section

MakePart = Callable[..., Part]
MakeCohort = Callable[..., EvidenceCohort]


def rows(effects: list[float], variances: list[float]) -> pd.DataFrame:
    blank = dict.fromkeys(EFFECT_COLUMNS, np.nan)
    return pd.DataFrame(
        [
            {
                **blank,
                "claim": "x",
                "stratum": "all",
                "scale": "Hedges' g",
                "n_case": 10,
                "n_reference": 10,
                "effect": effect,
                "variance": variance,
                "low": effect - 1,
                "high": effect + 1,
                "p": 0.5,
                "auroc": 0.7,
                "auroc_low": 0.5,
                "auroc_high": 0.8,
                "auroc_variance": 0.2,
            }
            for effect, variance in zip(effects, variances, strict=True)
        ]
    )


def test_one_two_and_more_cohorts(make_part: MakePart) -> None:
    effects, variances = [0.2, 0.9, 1.1, 0.4], [0.1, 0.2, 0.15, 0.3]
    part = make_part()
    one = pool_part(part, rows(effects[:1], variances[:1])).iloc[0]
    assert (one["method"], one["effect"], one["low"], one["p"]) == (ONE, 0.2, -0.8, 0.5)
    assert np.isnan(one["i_squared"])
    two = pool_part(part, rows(effects[:2], variances[:2])).iloc[0]
    w = 1 / np.array(variances[:2])
    assert two["method"] == FIXED
    assert two["effect"] == pytest.approx(np.average(effects[:2], weights=w))
    assert two["high"] - two["effect"] == pytest.approx(1.959963984540054 * w.sum() ** -0.5)
    assert two["random_high"] - two["random_low"] > 3 * (two["high"] - two["low"])
    more = pool_part(part, rows(effects, variances)).iloc[0]
    found = random_effects(np.array(effects), np.array(variances))
    assert more["method"] == RANDOM
    assert (more["effect"], more["low"], more["high"]) == (found.mean, found.low, found.high)
    assert more["prediction_low"] == found.prediction_low
    # the p-value and the interval are of one distribution
    assert (more["p"] < 0.05) == (more["low"] > 0)
    assert more["auroc"] == pytest.approx(0.7)


def test_nothing_to_pool(make_part: MakePart) -> None:
    found = pool_part(make_part(), rows([np.nan], [np.nan]))
    assert found.empty
    assert tuple(found.columns) == POOLED_COLUMNS


def test_correlations_are_pooled_as_fishers_z(make_part: MakePart) -> None:
    found = pool_part(make_part("correlation"), rows([0.5, 0.8], [0.1, 0.1])).iloc[0]
    assert found["effect"] == pytest.approx(np.tanh((np.arctanh(0.5) + np.arctanh(0.8)) / 2))
    assert -1 < found["random_low"] < found["low"] < found["high"] < found["random_high"] < 1


def test_adjustment_against_pingouin() -> None:
    """pingouin 0.7: multicomp([0.01, 0.04, 0.03, 0.2], method="fdr_bh")."""
    table = pd.DataFrame(
        {
            "claim": list("abcdd"),
            "part": "p",
            "stratum": ["all"] * 4 + ["early"],
            "p": [0.01, 0.04, 0.03, 0.2, 0.001],
            "p_adjusted": np.nan,
        }
    )
    found = adjust(table, {(claim, "p"): "all" for claim in "abcd"})["p_adjusted"]
    assert found[:4].tolist() == pytest.approx([0.04, 0.0533333333, 0.0533333333, 0.2])
    assert np.isnan(found[4])


def test_a_run_of_some_claims_says_over_how_many_it_adjusts(
    make_part: MakePart, make_cohort: MakeCohort
) -> None:
    cohorts = {"one": make_cohort("one")}
    parts = (make_part(), make_part(id="two"), make_part(id="beside", decides=False))
    claim = Claim("a", "a", "It is so.", "Me", "", "10.1/x", parts, "more patients")
    report = run_claims([claim], cohorts, n_draws=50)
    assert deciding_tests(report.pooled) == "2 deciding tests"
    assert any(
        "2 deciding tests of this run" in said for said in methods_section(report).paragraphs
    )
    assert "all claims" not in " ".join(report.rule)


def expression(seed: int, n: int = 12) -> tuple[pd.DataFrame, pd.DataFrame]:
    rng = np.random.default_rng(seed)
    index = pd.Index([f"S{i}" for i in range(n)])
    severe = np.arange(n) >= n // 2
    table = pd.DataFrame(rng.normal(6, 0.2, (n, 11)), index=index, columns=reference_genes())
    table["IFI27"] = rng.normal(8, 1, n) + (2 if seed % 2 else -2) * severe
    obs = pd.DataFrame({"patient": index, "severe": severe.astype(float)}, index=index)
    return table, obs


def test_genes_over_cohorts() -> None:
    cohorts = {str(seed): expression(seed) for seed in range(3)}
    found = gene_evidence(cohorts, ["IFI27", "IFI27", "MX1"])
    row = found.loc["IFI27"]
    assert (row["n_cohorts"], row["n_higher"], row["n_lower"]) == (3, 1, 2)
    singles = [
        hedges_g(reference_levels(table)["IFI27"].to_numpy(), (obs["severe"] == 1).to_numpy())
        for table, obs in cohorts.values()
    ]
    pooled = random_effects(
        np.array([one.g for one in singles]), np.array([one.variance for one in singles])
    )
    assert row["pooled_g"] == pytest.approx(pooled.mean, abs=1e-9)
    assert (row["low"], row["high"]) == pytest.approx((pooled.low, pooled.high), abs=1e-9)
    assert "higher in severe disease in 1 and lower in 2 of 3 cohorts" in row["sentence"]
    assert found.loc["MX1", "n_cohorts"] == 0
    assert "in no cohort" in found.loc["MX1", "sentence"]


def test_a_difference_near_nothing_is_said_to_be() -> None:
    table, obs = expression(1)
    means = reference_levels(table)["IFI27"].groupby(obs["severe"]).mean()
    assert means[1] - means[0] > 0.5
    said = gene_evidence({"a": (table, obs)}, ["IFI27"]).loc["IFI27", "sentence"]
    assert "of 1 cohort, by patients' means: g " in said
    # severe patients' levels are moved next to those of the others
    near = table.copy()
    shift = 0.0
    while (shift := shift + 0.01) < 5:
        near.loc[obs["severe"] == 1, "IFI27"] = table.loc[obs["severe"] == 1, "IFI27"] - shift
        means = reference_levels(near)["IFI27"].groupby(obs["severe"]).mean()
        if means[1] - means[0] < 0.04:
            break
    said = gene_evidence({"a": (near, obs)}, ["IFI27"]).loc["IFI27", "sentence"]
    assert "higher in severe disease in 1 and lower in 0 of 1 cohort (1 of them by at most" in said


def test_a_gene_without_values_costs_no_other_gene_a_patient() -> None:
    table, obs = expression(1)
    alone = gene_evidence({"a": (table, obs)}, ["IFI27"]).loc["IFI27"]
    partly = pd.Series(np.arange(12.0), index=table.index).where(np.arange(12) % 6 > 0)
    more = table.assign(MX1=np.nan, MX2=partly)
    found = gene_evidence({"a": (more, obs)}, ["IFI27", "MX1", "MX2"])
    pd.testing.assert_series_equal(found.loc["IFI27"], alone)
    assert found.loc["MX1", "n_cohorts"] == 0
    told = partly.notna()
    one = gene_evidence({"a": (more[told], obs[told])}, ["MX2"]).loc["MX2"]
    assert found.loc["MX2", "pooled_g"] == pytest.approx(one["pooled_g"])


def test_genes_are_pooled_as_claims_are(make_part: MakePart) -> None:
    cohorts = {str(seed): expression(seed) for seed in range(2)}
    found = gene_evidence(cohorts, ["IFI27"]).loc["IFI27"]
    singles = [
        hedges_g(reference_levels(table)["IFI27"].to_numpy(), (obs["severe"] == 1).to_numpy())
        for table, obs in cohorts.values()
    ]
    claimed = pool_part(make_part(), rows([s.g for s in singles], [s.variance for s in singles]))
    assert claimed["method"].item() == FIXED
    for name, column in (("pooled_g", "effect"), ("low", "low"), ("high", "high")):
        assert found[name] == pytest.approx(claimed[column].item())
    alone = gene_evidence({"0": cohorts["0"]}, ["IFI27"]).loc["IFI27", "sentence"]
    assert "pooled" in found["sentence"]
    assert "pooled" not in alone


def test_adding_a_claim_changes_no_effect_of_another(
    make_part: MakePart, make_cohort: MakeCohort
) -> None:
    def claim(name: str, part: Part) -> Claim:
        return Claim(name, name, "It is so.", "Me", "", "10.1/x", (part,), "more patients")

    cohorts = {"one": make_cohort("one", effect=2.5), "two": make_cohort("two", effect=2.5, seed=1)}
    part = make_part(cohorts=("one", "two", "three"))
    alone = run_claims([claim("a", part)], cohorts, {"three": "not here"}, n_draws=100)
    lower = make_part(cohorts=("one",), expected="lower")
    both = run_claims([claim("a", part), claim("b", lower)], cohorts, n_draws=100)
    first = alone.claims[0].parts[0]
    assert first.pooled["effect"].tolist() == both.claims[0].parts[0].pooled["effect"].tolist()
    assert alone.verdicts["verdict"].tolist() == ["supported"]
    assert both.verdicts["verdict"].tolist()[0] == "supported"
    assert "three (not here)" in alone.claims[0].paragraph
    assert not alone.cohorts.loc["three", "loaded"]


def test_effects_do_not_depend_on_the_order_of_samples(
    make_part: MakePart, make_cohort: MakeCohort
) -> None:
    cohort = make_cohort(effect=1.0, samples=2)
    block = cohort.blocks[""]
    order = np.random.default_rng(0).permutation(len(block.obs))
    shuffled = EvidenceCohort(
        "one",
        "",
        "blood",
        "",
        {
            "": type(block)(
                block.obs.iloc[order], block.levels.iloc[order], block.scores.iloc[order]
            )
        },
    )
    part = make_part()
    pair = [part_effects({"one": c}, {}, "x", part, n_draws=100) for c in (cohort, shuffled)]
    numbers = ["effect", "low", "high", "p", "auroc"]
    assert pair[0][numbers].to_numpy(float) == pytest.approx(pair[1][numbers].to_numpy(float))
