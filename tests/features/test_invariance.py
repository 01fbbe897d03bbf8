"""Invariance of every feature to batch, order, scale, transform and other genes; odd samples."""

from __future__ import annotations

import re
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ifn_severity.cohorts.unit import detect_unit, taken_for, to_log2
from ifn_severity.errors import FeatureError, InputError
from ifn_severity.features import FEATURE_SETS, InterferonFeatures, panel_genes, reference_genes

SETS = st.sampled_from(sorted(FEATURE_SETS))
SEEDS = st.integers(0, 10_000)
UNITS = {
    "linear": lambda X: X,
    "log2": lambda X: np.log2(X + 1),
    "ln": np.log1p,
    "log10": lambda X: np.log10(X + 1),
}


def blood(n_samples: int = 5, *, seed: int = 0) -> pd.DataFrame:
    """Draw CPM with zeros, ties and genes outside the panel."""
    rng = np.random.default_rng(seed)
    genes = [*panel_genes(), *(f"OTHER{i}" for i in range(300))]
    values = np.floor(rng.lognormal(2, 2, (n_samples, len(genes))) * rng.integers(0, 2, len(genes)))
    table = pd.DataFrame(values, index=[f"S{i}" for i in range(n_samples)], columns=genes)
    table[list(reference_genes())] += 1.0
    return 1e6 * table.div(table.sum(axis=1), axis=0)


def features(X: pd.DataFrame, name: str = "all", unit: str = "linear") -> pd.DataFrame:
    return InterferonFeatures(name, unit=unit).set_output(transform="pandas").fit_transform(X)


@settings(max_examples=8, deadline=None)
@given(seed=SEEDS, name=SETS, data=st.data())
def test_who_else_is_in_the_batch_and_where_does_not_matter(
    seed: int, name: str, data: st.DataObject
) -> None:
    X = blood(seed=seed)
    others = blood(4, seed=seed + 1).rename(index="other {}".format) * 1000.0
    order = data.draw(st.permutations(range(9)))
    mixed = features(pd.concat([X, others]).iloc[order], name)
    pd.testing.assert_frame_equal(mixed.loc[X.index], features(X, name), rtol=0, atol=1e-9)


@settings(max_examples=8, deadline=None)
@given(seed=SEEDS, name=SETS, data=st.data())
def test_each_sample_may_have_its_own_scale_in_any_transform(
    seed: int, name: str, data: st.DataObject
) -> None:
    X = blood(seed=seed)
    exponents = data.draw(st.lists(st.floats(-2, 4), min_size=5, max_size=5))
    scaled = X.mul(10.0 ** np.array(exponents), axis=0)
    unit = data.draw(st.sampled_from(sorted(UNITS)))
    result = features(UNITS[unit](scaled), name, unit)
    np.testing.assert_allclose(result, features(X, name), rtol=0, atol=1e-6)


@settings(max_examples=8, deadline=None)
@given(seed=SEEDS, name=SETS, unit=st.sampled_from(sorted(UNITS)))
def test_order_of_genes_and_genes_outside_the_panel_do_not_matter(
    seed: int, name: str, unit: str
) -> None:
    X = UNITS[unit](blood(seed=seed))
    expected = features(X, name, unit)
    rng = np.random.default_rng(seed)
    inside = [c for c in X.columns if not c.startswith("OTHER")]
    more = X.assign(**{f"NEW{i}": rng.random(len(X)) * 9 for i in range(5)})
    for changed in (X[rng.permutation(X.columns)], X[inside], more):
        pd.testing.assert_frame_equal(features(changed, name, unit), expected, rtol=0, atol=1e-9)


@pytest.mark.parametrize("unit", sorted(UNITS))
def test_negative_values_are_refused_in_every_unit_and_in_transform_too(unit: str) -> None:
    X = UNITS[unit](blood())
    bad = X.copy()
    bad.iloc[3, 7] = -0.5
    transformer = InterferonFeatures(unit=unit)
    with pytest.raises(FeatureError, match=r"1 of 5 samples \(first: row 3\)"):
        transformer.fit(bad)
    with pytest.raises(FeatureError, match="Negative values"):
        transformer.fit(X).transform(bad)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_values_that_are_no_number_are_refused(value: float) -> None:
    X = blood()
    X.iloc[0, 0] = value
    with pytest.raises(ValueError, match=r"NaN|infinity"):
        InterferonFeatures(unit="linear").fit(X)


@pytest.mark.parametrize(
    ("unit", "word"),
    [
        ("linear", "linear values"),
        ("log2", r"log2\(x\+1\)"),
        ("ln", r"ln\(x\+1\)"),
        ("log10", r"log10\(x\+1\)"),
    ],
)
def test_the_transform_is_detected_and_said_and_leads_to_the_same_features(
    unit: str, word: str
) -> None:
    X = blood()
    given_as = UNITS[unit](X).to_numpy()
    samples = list(X.index)
    found = detect_unit(given_as, samples)
    assert found.unit == unit
    assert re.search(f"taken for {word}", taken_for(found))
    log2, _ = to_log2(given_as, found.unit, samples)
    result = features(pd.DataFrame(log2, X.index, X.columns), unit="log2")
    np.testing.assert_allclose(result, features(X), rtol=0, atol=1e-6)


def test_counts_become_the_features_of_cpm() -> None:
    counts = np.rint(blood() * 20)
    values, _ = to_log2(counts.to_numpy(), "counts", list(counts.index))
    result = features(pd.DataFrame(values, counts.index, counts.columns), unit="log2")
    np.testing.assert_allclose(result, features(counts), rtol=0, atol=1e-6)


def test_a_matrix_of_two_units_is_refused() -> None:
    X = blood(2)
    mixed = np.vstack([X.to_numpy()[0], np.log1p(X.to_numpy()[1])])
    with pytest.raises(InputError, match="samples in different units"):
        detect_unit(mixed, list(X.index))


@pytest.mark.parametrize("name", sorted(FEATURE_SETS))
def test_all_zero_samples_are_na_in_every_feature_and_touch_no_other(name: str) -> None:
    X = blood()
    expected = features(X, name)
    X.iloc[[1, 4]] = 0.0
    with pytest.warns(UserWarning, match=r"2 of 5 samples express no reference gene .*row 1"):
        result = features(X, name)
    assert result.iloc[[1, 4]].isna().all(axis=None)
    pd.testing.assert_frame_equal(result.iloc[[0, 2, 3]], expected.iloc[[0, 2, 3]])


@settings(max_examples=8, deadline=None)
@given(level=st.floats(1e-3, 1e6), name=SETS)
def test_a_constant_sample_gives_one_finite_value_whatever_its_level(
    level: float, name: str
) -> None:
    X = blood(2)
    X.iloc[1] = level
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        row = features(X, name).iloc[1]
    assert np.isfinite(row).all()
    # every gene stands alike against the reference genes, so every unsigned mean is the same
    means = row.drop([n for n in row.index if n.startswith("balance:")])
    assert np.ptp(means) < 1e-9
    # and a balance is even
    np.testing.assert_allclose(row.drop(means.index), 0.0, atol=1e-9)
    X.iloc[1] = 1.0
    np.testing.assert_allclose(row, features(X, name).iloc[1], atol=1e-9)
