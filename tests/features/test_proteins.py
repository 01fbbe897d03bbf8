"""The feature set of plasma proteins: levels as they are, and nothing of transcripts."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ifn_severity.classify import feature_views
from ifn_severity.cohorts import list_analytes
from ifn_severity.errors import FeatureError
from ifn_severity.features import (
    FEATURE_SETS,
    InterferonFeatures,
    coverage,
    feature_definition,
    protein_coverage,
    protein_features,
)
from ifn_severity.features.signatures import GROUPS

SYMBOLS = [str(label) for label in feature_definition("proteins").features["label"]]


def test_every_analyte_is_a_feature_once() -> None:
    definition = feature_definition("proteins")
    symbols = {one.symbol for rows in list_analytes().values() for one in rows}
    assert set(definition.panel) == symbols == set(SYMBOLS)
    assert definition.features.index.is_unique
    assert set(definition.features["group"]) <= set(GROUPS)
    assert definition.genes_of("protein:CXCL10") == ("CXCL10",)
    groups = definition.features["group"]
    assert groups[groups == "interferon"].index.tolist() == [
        "protein:IFNA2",
        "protein:IFNG",
        "protein:IFNL2",
    ]
    # an average over views would let three interferons weigh as much as all the rest
    assert set(feature_views(definition.features.index)) == {"other"}


@given(st.lists(st.sampled_from(SYMBOLS), unique=True, min_size=1), st.integers(1, 4), st.randoms())
def test_a_feature_is_the_level_of_its_own_sample(names: list[str], n: int, random: object) -> None:
    rng = np.random.default_rng(len(names) * 7 + n)
    values = pd.DataFrame(rng.normal(size=(n, len(names))), columns=names)
    values = values.mask(rng.random(values.shape) < 0.2)
    features = protein_features(values.assign(CRP=1.0))
    assert set(features.columns) == {f"protein:{name}" for name in names}
    for name in names:
        pd.testing.assert_series_equal(features[f"protein:{name}"], values[name], check_names=False)
    order = list(names)
    random.shuffle(order)  # type: ignore[attr-defined]
    alone = protein_features(values[order].iloc[[0]])
    pd.testing.assert_frame_equal(alone, features.iloc[[0]])


def test_coverage_is_by_family() -> None:
    table = protein_coverage(["IFNG", "IL6", "ISG15"])
    assert table.loc["interferon", ["genes", "found"]].tolist() == [3, 1]
    assert table.loc["interferon", "missing"] == "IFNA2, IFNL2"
    assert table["genes"].sum() == len(SYMBOLS)


def test_transcripts_have_no_protein_features() -> None:
    assert "proteins" not in FEATURE_SETS
    X = pd.DataFrame(5.0, index=["P1"], columns=SYMBOLS)
    with pytest.raises(FeatureError, match="for a matrix of transcripts"):
        InterferonFeatures("proteins").fit(X)
    with pytest.raises(FeatureError, match="'proteins' has no lists of genes"):
        coverage(SYMBOLS, "proteins")
