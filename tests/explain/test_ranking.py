"""Rank intervals, stability and what is said of them, on draws whose answer is known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import rankdata

from ifn_severity.classify import SeverityClassifier
from ifn_severity.explain.bootstrap import draw_patients, explain_rows
from ifn_severity.explain.effects import Effects, cohort_mean
from ifn_severity.explain.ranking import (
    direction,
    gene_ranking,
    rank_columns,
    ranks,
    sign_stability,
    stability,
)
from ifn_severity.explain.samples import Samples


def effects(mean_abs: np.ndarray, slope: np.ndarray | None = None) -> Effects:
    names = tuple(f"c{i}" for i in range(mean_abs.shape[1]))
    slope = np.ones(mean_abs.shape) if slope is None else slope
    return Effects(names, mean_abs, slope, np.zeros((*mean_abs.shape[:2], 1)))


def test_a_clear_order_has_narrow_ranks_and_is_stable() -> None:
    rng = np.random.default_rng(0)
    truth = np.linspace(2.0, 0.1, 20)
    draws = truth * np.exp(0.02 * rng.normal(size=(60, 20)))
    table = rank_columns(truth, draws)
    assert table["rank"].tolist() == list(range(1, 21))
    assert (table["rank_high"] - table["rank_low"]).max() <= 2
    assert table["p_top10"].tolist()[:9] == [1.0] * 9
    assert table["p_top10"].iloc[-1] == 0.0
    found = stability(truth, draws)
    assert found.stable
    assert found.split_half > 0.99
    assert found.overlap > 9.5


def test_noise_is_called_unstable() -> None:
    rng = np.random.default_rng(1)
    draws = rng.lognormal(size=(60, 200))
    found = stability(rng.lognormal(size=200), draws)
    assert found.stable is False
    assert found.between_draws < 0.5


def test_without_refits_nothing_is_claimed() -> None:
    nothing = np.empty((0, 5))
    table = rank_columns(np.arange(5.0), nothing)
    assert table[["low", "high", "rank_low", "rank_high", "p_top10"]].isna().all(axis=None)
    assert stability(np.arange(5.0), nothing).stable is None
    assert np.isnan(sign_stability(np.ones(5), nothing)).all()


@pytest.mark.parametrize("n_genes", [1, 2])
def test_ranks_of_one_or_two_genes_have_no_correlation(n_genes: int) -> None:
    """No 0.00 that would read as the least stable ranking there is."""
    draws = np.random.default_rng(2).lognormal(size=(60, n_genes))
    found = stability(np.ones(n_genes), draws)
    assert found.refits == 60
    assert found.stable is None
    assert np.isnan([found.split_half, found.between_draws, found.overlap]).all()


@given(st.lists(st.floats(0, 10), min_size=2, max_size=30))
@settings(max_examples=50, deadline=None)
def test_ranks_are_scipys_of_the_negative(values: list[float]) -> None:
    np.testing.assert_array_equal(ranks(np.array(values)), rankdata(-np.array(values)))


def test_cohorts_count_alike_and_differing_signs_are_counted() -> None:
    mean_abs = np.array([[[1.0, 0.2], [3.0, 0.2], [np.nan, 0.2]]])
    slope = np.array([[[1.0, 1.0], [1.0, -0.5], [np.nan, 1.0]]])
    np.testing.assert_allclose(cohort_mean(mean_abs), [[2.0, 0.2]])
    families = pd.DataFrame(
        {"group": "interferon", "family": "type I", "interferon": True}, index=["A", "B"]
    )
    none = Effects(
        ("c0", "c1", "c2"), np.empty((0, 3, 2)), np.empty((0, 3, 2)), np.empty((0, 3, 1))
    )
    point = effects(mean_abs, slope)
    table = gene_ranking(point, none, families, shares=point.shares[0])
    assert table.index.tolist() == ["A", "B"]
    assert table["cohorts_agree"].tolist() == ["2 of 2", "2 of 3"]
    assert table["share"].sum() == pytest.approx(1.0)


def test_a_share_is_the_mean_of_the_cohorts_own() -> None:
    """A cohort of large attributions, or of none, does not decide for the others."""
    point = effects(np.array([[[8.0, 2.0], [0.1, 0.3], [0.0, 0.0]]]))
    np.testing.assert_allclose(point.shares, [[(0.8 + 0.25) / 2, (0.2 + 0.75) / 2]])
    lost = effects(np.full((1, 2, 2), np.nan))
    assert np.isnan(lost.shares).all()


def test_a_gene_one_cohort_measures_counts_in_both(samples: Samples) -> None:
    """It carries 0 where it was not measured, so it cannot lead by standing in fewer cohorts."""
    rows = np.arange(len(samples.obs))
    classifier = SeverityClassifier("transfer", inner_folds=2, views=samples.views).fit(
        samples.matrix, samples.y, groups=samples.patients, cohorts=samples.cohorts
    )
    found = explain_rows(
        classifier, samples, rows, np.ones(len(rows)), rows,
        cohorts=("sim0", "sim1"), families=np.ones((len(samples.genes), 1)), seed=0,
    )  # fmt: skip
    gene = samples.genes.index("ADAR")
    assert np.isnan(samples.levels[samples.cohorts == "sim1", gene]).all()
    here, there = found.mean_abs[0, :, gene]
    assert (here > 0, there) == (True, 0.0)
    assert found.pooled[0, gene] == pytest.approx(here / 2)
    assert found.shares[0, gene] == pytest.approx(here / found.mean_abs[0, 0].sum() / 2)


def test_no_direction_is_claimed_when_one_draw_in_four_disagrees() -> None:
    assert direction(1, 0.75) == "no single direction"
    assert direction(-1, 0.8) == "higher expression, lower predicted risk"


def test_patients_are_drawn_within_cohort_and_class(samples: Samples) -> None:
    rows = np.arange(len(samples.obs))
    drawn, copies = draw_patients(samples, rows, np.random.default_rng(3))
    assert len(drawn) == len(rows) == len(set(copies))
    for cohort in ("sim0", "sim1"):
        for label in (0, 1):
            cell = (samples.cohorts == cohort) & (samples.y == label)
            assert cell[drawn].sum() == cell.sum()
    assert len(np.unique(drawn)) < len(rows)
