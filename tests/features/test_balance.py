"""The balance of interferon and inflammation, and the coefficients behind every feature."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import gmean

from ifn_severity.errors import FeatureError
from ifn_severity.features import (
    FEATURE_SETS,
    InterferonFeatures,
    feature_definition,
    load_catalogue,
    panel_genes,
)
from ifn_severity.features.definition import BALANCE, balance_genes
from ifn_severity.features.reference import OFFSET, reference_profile


def tpm(n_samples: int = 3, *, seed: int = 0) -> pd.DataFrame:
    genes = panel_genes()
    values = np.random.default_rng(seed).lognormal(3, 1.5, (n_samples, len(genes)))
    return pd.DataFrame(values, index=[f"S{i}" for i in range(n_samples)], columns=genes)


def features(X: pd.DataFrame, feature_set: str = "all") -> pd.DataFrame:
    transformer = InterferonFeatures(feature_set, unit="linear")
    return transformer.set_output(transform="pandas").fit_transform(X)


def test_it_belongs_to_the_sets_that_have_both_sides() -> None:
    has = {name: BALANCE in feature_definition(name).features.index for name in FEATURE_SETS}
    assert has == {"interferon": False, "cytokine": False, "interferon+cytokine": True, "all": True}
    row = feature_definition("all").features.loc[BALANCE]
    assert row[["kind", "group", "family"]].tolist() == ["score", "interferon", "balance"]
    assert row["n_genes"] == sum(len(side) for side in balance_genes())


def test_no_gene_of_a_type_i_list_counts_as_inflammation() -> None:
    plus, minus = balance_genes()
    catalogue = load_catalogue()
    type_i = {g for s in catalogue.values() if s.family == "type I" for g in s.genes}
    assert set(plus) == set(catalogue["Kim2018_IFN28"].genes)
    assert set(minus) == set(catalogue["HALLMARK_TNFA_NFKB"].genes) - type_i
    assert 150 < len(minus) < 199
    assert {"NFKBIA", "TNF", "IL6", "TNFAIP3"} <= set(minus)


def test_it_is_the_difference_of_two_means() -> None:
    X = tpm().drop(columns=["IFI27", "NFKBIA", "TNF"])
    result = features(X)
    usual = pd.Series(reference_profile())
    ratio = X[usual.index] / usual
    floored = np.maximum(ratio, ratio.to_numpy().mean(axis=1, keepdims=True) / 64)
    level = np.log2(X.div(gmean(floored, axis=1), axis=0) + OFFSET)
    plus, minus = ([g for g in side if g in X] for side in balance_genes())
    expected = level[plus].mean(axis=1) - level[minus].mean(axis=1)
    np.testing.assert_allclose(result[BALANCE], expected, atol=1e-9)


def test_it_rises_with_interferon_and_falls_with_inflammation() -> None:
    X = tpm(1)
    more = {}
    for name, genes in zip(("interferon", "inflammation"), balance_genes(), strict=True):
        changed = X.copy()
        changed[list(genes)] *= 4
        more[name] = features(changed)[BALANCE].iloc[0] - features(X)[BALANCE].iloc[0]
    assert more["interferon"] > 1
    assert more["inflammation"] < -1


@pytest.mark.parametrize("side", [0, 1])
def test_one_side_alone_is_no_balance(side: int) -> None:
    X = tpm().drop(columns=list(balance_genes()[side]))
    with pytest.warns(UserWarning, match=BALANCE):
        result = features(X)
    assert result[BALANCE].isna().all()


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    share=st.floats(0, 1),
    feature_set=st.sampled_from(tuple(FEATURE_SETS)),
)
def test_coefficients_of_any_panel(seed: int, share: float, feature_set: str) -> None:
    definition = feature_definition(feature_set)
    present = np.random.default_rng(seed).random(len(definition.panel)) < share
    result = definition.coefficients(present)
    assert result.shape == (len(definition.panel), len(definition.features))
    missing = np.isnan(result).all(axis=0)
    # NaN throughout or nowhere, absent genes nowhere, the sign of the weights everywhere
    assert not np.isnan(result[:, ~missing]).any()
    assert not result[~present][:, ~missing].any()
    expected = np.sign(definition.weights) * present[:, None]
    np.testing.assert_array_equal(np.sign(result[:, ~missing]), expected[:, ~missing])
    found = np.abs(expected).sum(axis=0)
    balance = (definition.features["family"] == "balance").to_numpy()
    np.testing.assert_array_equal(missing[~balance], found[~balance] == 0)
    sizes = np.abs(result).sum(axis=0)
    np.testing.assert_allclose(sizes[~missing & ~balance], 1.0)
    np.testing.assert_allclose(sizes[~missing & balance], 2.0)
    np.testing.assert_allclose(result.sum(axis=0)[~missing & balance], 0.0, atol=1e-12)


def test_coefficients_want_one_entry_a_gene() -> None:
    with pytest.raises(FeatureError, match="which genes are present"):
        feature_definition("all").coefficients(np.ones(3, dtype=bool))
