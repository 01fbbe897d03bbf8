"""A feature depends on its sample alone: not on batch, order, transform, scale or other genes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import gmean
from sklearn.base import clone
from sklearn.utils.estimator_checks import parametrize_with_checks

from ifn_severity.errors import FeatureError
from ifn_severity.features import (
    FEATURE_SETS,
    MIN_REFERENCE_GENES,
    InterferonFeatures,
    feature_definition,
    get_signature,
    panel_genes,
    reference_genes,
)
from ifn_severity.features.checks import genes_needed
from ifn_severity.features.reference import OFFSET, reference_profile

SETS = tuple(FEATURE_SETS)


def tpm(n_samples: int = 4, *, seed: int = 0, extra: int = 50) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    genes = [*panel_genes(), *(f"OTHER{i}" for i in range(extra))]
    values = rng.lognormal(2, 2, (n_samples, len(genes))) * (rng.random((1, len(genes))) > 0.1)
    return pd.DataFrame(values, index=[f"S{i}" for i in range(n_samples)], columns=genes)


def features(
    X: pd.DataFrame, feature_set: str = "all", unit: str = "linear", **minima: float
) -> pd.DataFrame:
    transformer = InterferonFeatures(feature_set, unit=unit, **minima)
    return transformer.set_output(transform="pandas").fit_transform(X)


@parametrize_with_checks([InterferonFeatures()])
@pytest.mark.filterwarnings("ignore:X has no gene names:UserWarning")
@pytest.mark.filterwarnings("ignore:no gene of:UserWarning")
@pytest.mark.filterwarnings("ignore:.*express no reference gene:UserWarning")
def test_scikit_learn_contract(estimator, check) -> None:  # type: ignore[no-untyped-def]
    check(estimator)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 1000), feature_set=st.sampled_from(SETS))
def test_a_sample_alone_is_a_sample_in_a_batch(seed: int, feature_set: str) -> None:
    X = tpm(seed=seed)
    whole = features(X, feature_set)
    for sample in X.index:
        alone = features(X.loc[[sample]], feature_set)
        np.testing.assert_allclose(alone.loc[sample], whole.loc[sample], rtol=0, atol=1e-9)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 1000), factor=st.floats(1e-3, 1e6))
def test_scale_and_transform_do_not_matter(seed: int, factor: float) -> None:
    X = tpm(seed=seed)
    expected = features(X)
    scaled = features(X * factor)
    np.testing.assert_allclose(scaled, expected, atol=1e-7)
    np.testing.assert_allclose(features(np.log2(X + 1), unit="log2"), expected, atol=1e-7)
    np.testing.assert_allclose(features(np.log1p(X), unit="ln"), expected, atol=1e-7)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 1000), data=st.data())
def test_order_and_genes_outside_the_panel_do_not_matter(seed: int, data: st.DataObject) -> None:
    X = tpm(seed=seed)
    order = np.random.default_rng(data.draw(st.integers(0, 1000))).permutation(X.shape[1])
    shuffled = X.iloc[:, order]
    without = shuffled[[c for c in shuffled.columns if not c.startswith("OTHER")]]
    pd.testing.assert_frame_equal(features(without), features(X), atol=1e-9)


def test_golden_values_by_hand() -> None:
    """Independent arithmetic: geometric mean of ratios to the reference, log2 with the offset."""
    X = tpm(1)
    usual = pd.Series(reference_profile())
    X[list(usual.index)] = (usual * 2.0 ** np.linspace(-2, 2, 11)).to_numpy()
    level = np.log2(X.loc["S0"] / gmean((X.loc["S0", usual.index] / usual).to_numpy()) + OFFSET)
    result = features(X).loc["S0"]
    assert result["gene:IFI27"] == pytest.approx(level["IFI27"])
    six = list(get_signature("Rice2013_IFN6").genes)
    assert result["score:Rice2013_IFN6"] == pytest.approx(level[six].mean())


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 1000))
@pytest.mark.filterwarnings("ignore:no gene of:UserWarning")
def test_a_feature_is_moved_by_its_own_and_the_reference_genes_only(seed: int) -> None:
    X = tpm(2, seed=seed)
    definition = feature_definition("interferon")
    own = [*definition.genes_of("score:Rice2013_IFN6"), *reference_genes()]
    rng = np.random.default_rng(seed)
    others = [c for c in X.columns if c not in own and rng.random() < 0.5]
    changed = features(X.assign(**{c: 7.0 * X[c] for c in others}), "interferon")
    without = features(X.drop(columns=others), "interferon", min_coverage=0.4)
    expected = features(X, "interferon")["score:Rice2013_IFN6"]
    np.testing.assert_allclose(changed["score:Rice2013_IFN6"], expected, atol=1e-12)
    np.testing.assert_allclose(without["score:Rice2013_IFN6"], expected, atol=1e-12)


def test_one_silent_reference_gene_moves_little_and_a_few_must_be_there() -> None:
    X = tpm(1)
    X[list(reference_genes())] = list(reference_profile().values())
    silent = X.assign(C1orf43=0.0)
    # at most 6 + log2(11/10) bits, spread over eleven genes
    shift = (features(silent) - features(X)).abs().max(axis=None)
    assert 0.1 < shift < (6 + np.log2(1.1)) / 11 + np.log2(1.1)
    few = X.drop(columns=list(reference_genes())[3:])
    with pytest.raises(FeatureError, match="3 of the 11 reference genes"):
        InterferonFeatures(unit="linear", min_reference=4).fit(few)


def test_the_minima_of_the_commands_hold_unless_others_are_given() -> None:
    X = tpm(2)
    half = list(panel_genes())[: genes_needed(len(panel_genes()))]
    with pytest.warns(UserWarning, match="no gene of"):
        assert features(X[half]).shape[0] == 2
    with pytest.raises(FeatureError, match="967 of the 1935 panel genes"):
        features(X[half[:-1]])
    few = X.drop(columns=list(reference_genes())[MIN_REFERENCE_GENES - 1 :])
    with pytest.raises(FeatureError, match="5 of the 11 reference genes"):
        features(few)
    assert features(few, min_reference=5).notna().all(axis=None)
    with pytest.raises(FeatureError, match="2 of the 1935 panel genes"):
        features(X[["VCP", "IFI27"]])
    with pytest.warns(UserWarning, match="no gene of"):
        loose = features(X[["VCP", "IFI27"]], min_coverage=0.0, min_reference=1)
    assert loose["gene:IFI27"].notna().all()
    with pytest.raises(FeatureError, match="2 of the 1935 panel genes"):
        InterferonFeatures(genes=["VCP", "IFI27"]).fit(X[["VCP", "IFI27"]].to_numpy())


@pytest.mark.parametrize(("minimum", "needed"), [(0.0, "at least 1 of"), (0.5, "at least 968 of")])
def test_wrong_identifiers_are_told_in_numbers_and_names(minimum: float, needed: str) -> None:
    ids = tpm(1).rename(columns=lambda c: f"ENSG{c}")
    with pytest.raises(FeatureError) as refused:
        InterferonFeatures(unit="linear", min_coverage=minimum).fit(ids)
    message = str(refused.value)
    assert "0 of the 1935 panel genes" in message
    assert needed in message
    assert "such as C1orf43" in message
    assert "%" not in message


def test_score_is_the_mean_of_the_genes_present() -> None:
    X = tpm(3).drop(columns=["IFI27", "RSAD2"])
    result = features(X)
    left = ["gene:IFI44L", "gene:IFIT1", "gene:ISG15", "gene:SIGLEC1"]
    np.testing.assert_allclose(result["score:Rice2013_IFN6"], result[left].mean(axis=1))
    assert result["gene:IFI27"].isna().all()


def test_a_list_without_a_gene_is_na_and_named() -> None:
    X = tpm(2).drop(columns=list(get_signature("IFN_III_receptor").genes))
    with pytest.warns(UserWarning, match="IFN_III_receptor"):
        result = features(X)
    assert result["score:IFN_III_receptor"].isna().all()


def test_a_sample_without_expression_is_na_and_said() -> None:
    X = tpm(3)
    X.iloc[1] = 0.0
    with pytest.warns(UserWarning, match="express no reference gene"):
        result = features(X)
    assert result.iloc[1].isna().all()
    assert result.iloc[[0, 2]].notna().any(axis=None)


def test_more_of_a_gene_means_a_higher_feature() -> None:
    X = tpm(1)
    more = X.copy()
    more["IFI27"] += 1000.0
    assert features(more)["gene:IFI27"].iloc[0] > features(X)["gene:IFI27"].iloc[0]


def test_arrays_need_names() -> None:
    X = tpm(2)
    named = InterferonFeatures(unit="linear", genes=list(X.columns)).fit_transform(X.to_numpy())
    np.testing.assert_allclose(named, InterferonFeatures(unit="linear").fit_transform(X))
    with pytest.warns(UserWarning, match="no gene names"):
        InterferonFeatures(unit="linear").fit(X.to_numpy()[:, : len(panel_genes())])
    with pytest.raises(FeatureError, match="gene names for"):
        InterferonFeatures(genes=["IFI27"]).fit(X.to_numpy())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda X: X - 1e3, "Negative values"),
        (lambda X: X.rename(columns=lambda c: f"x{c}"), "0 of the .* panel genes"),
        (lambda X: X.iloc[:, :100], "100 of the .* panel genes"),
    ],
)
def test_refusals(change, message: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(FeatureError, match=message):
        InterferonFeatures(unit="linear", min_coverage=0.5).fit(change(tpm(2)))


def test_unknown_unit_and_set() -> None:
    with pytest.raises(FeatureError, match="log2"):
        InterferonFeatures(unit="log3").fit(tpm(1))
    with pytest.raises(FeatureError, match="no feature set"):
        InterferonFeatures("everything").fit(tpm(1))


def test_names_out_and_clone() -> None:
    transformer = clone(InterferonFeatures("cytokine", unit="linear")).fit(tpm(2))
    names = transformer.get_feature_names_out()
    assert len(names) == transformer.transform(tpm(2)).shape[1]
    assert all(str(n).startswith(("gene:", "score:")) for n in names)
