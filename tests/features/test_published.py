"""The six-gene and the 28-gene score against plain arithmetic, and on real blood."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from ifn_severity.cohorts import load_cohort
from ifn_severity.errors import FeatureError
from ifn_severity.features import get_signature
from ifn_severity.features.published import kim28_score, six_gene_score

SIX = ["IFI27", "IFI44L", "IFIT1", "ISG15", "RSAD2", "SIGLEC1"]
HEALTHY = np.array([True] * 5 + [False] * 7)


def linear(seed: int = 0) -> pd.DataFrame:
    genes = sorted({*SIX, *get_signature("Kim2018_IFN28").genes, "ACTB"})
    values = np.random.default_rng(seed).lognormal(4, 1, (12, len(genes)))
    return pd.DataFrame(values, index=[f"S{i}" for i in range(12)], columns=genes)


def by_hand_six(X: pd.DataFrame, healthy: np.ndarray) -> list[float]:
    """Sample by sample and gene by gene, without the package."""
    scores = []
    for sample in X.index:
        folds = []
        for gene in SIX:
            reference = sorted(X.loc[healthy, gene])
            n = len(reference)
            middle = (reference[(n - 1) // 2] + reference[n // 2]) / 2
            folds.append(X.loc[sample, gene] / middle)
        folds.sort()
        scores.append((folds[2] + folds[3]) / 2)
    return scores


def by_hand_28(X: pd.DataFrame, healthy: np.ndarray) -> np.ndarray:
    score = np.zeros(len(X))
    for gene in get_signature("Kim2018_IFN28").genes:
        reference = X.loc[healthy, gene].to_numpy()
        mean = sum(reference) / len(reference)
        variance = sum((value - mean) ** 2 for value in reference) / (len(reference) - 1)
        score += (X[gene].to_numpy() - mean) / variance**0.5
    return score


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 1000))
def test_golden_values(seed: int) -> None:
    X = linear(seed)
    np.testing.assert_allclose(six_gene_score(X, HEALTHY, unit="linear"), by_hand_six(X, HEALTHY))
    np.testing.assert_allclose(
        kim28_score(X, HEALTHY, unit="linear", scale="linear"), by_hand_28(X, HEALTHY)
    )
    np.testing.assert_allclose(
        kim28_score(X, HEALTHY, unit="linear"), by_hand_28(np.log2(X + 1), HEALTHY)
    )


@pytest.mark.parametrize("score", [six_gene_score, kim28_score])
def test_the_unit_does_not_matter(score) -> None:  # type: ignore[no-untyped-def]
    X = linear()
    expected = score(X, HEALTHY, unit="linear")
    np.testing.assert_allclose(score(np.log2(X + 1), HEALTHY), expected)
    np.testing.assert_allclose(score(np.log1p(X), HEALTHY, unit="ln"), expected)
    np.testing.assert_allclose(score(np.log10(X + 1), HEALTHY, unit="log10"), expected)


def test_controls_sit_where_the_papers_put_them() -> None:
    X = linear()
    assert kim28_score(X, HEALTHY, unit="linear")[HEALTHY].mean() == pytest.approx(0, abs=1e-9)
    same = pd.DataFrame(np.tile(X.iloc[[0]], (4, 1)), columns=X.columns)
    np.testing.assert_allclose(six_gene_score(same, [True] * 4, unit="linear"), 1.0)
    tripled = pd.concat([same, 3 * same], ignore_index=True)
    scores = six_gene_score(tripled, [True] * 4 + [False] * 4, unit="linear")
    np.testing.assert_allclose(scores[4:], 3.0)


def test_a_patient_does_not_depend_on_the_other_patients() -> None:
    X = linear()
    kept = [*range(5), 8]
    for score in (six_gene_score, kim28_score):
        whole = score(X, HEALTHY, unit="linear")
        part = score(X.iloc[kept], HEALTHY[kept], unit="linear")
        assert part["S8"] == pytest.approx(whole["S8"])


def test_a_series_is_matched_by_name() -> None:
    X = linear()
    named = pd.Series(HEALTHY, index=X.index).iloc[::-1]
    pd.testing.assert_series_equal(
        six_gene_score(X, named, unit="linear"), six_gene_score(X, HEALTHY, unit="linear")
    )


@pytest.mark.parametrize("score", [six_gene_score, kim28_score])
@pytest.mark.parametrize(
    ("change", "controls", "message"),
    [
        (lambda X: X, np.zeros(12, dtype=bool), "0 healthy controls among 12"),
        (lambda X: X.drop(columns=["RSAD2"]), HEALTHY, "missing: RSAD2"),
        (lambda X: -X, HEALTHY, "negative values"),
        (lambda X: X * np.nan, HEALTHY, "missing, infinite"),
        (lambda X: X, HEALTHY[:4], "shape"),
        (lambda X: X, HEALTHY.astype(int), "type int"),
        (lambda X: X, [None, *HEALTHY[1:]], "type object"),
        (lambda X: X, pd.Series(HEALTHY), "does not name every sample"),
    ],
)
def test_refusals(score, change, controls, message: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(FeatureError, match=message) as caught:
        score(change(linear()), controls, unit="linear")
    assert caught.value.do


def test_what_controls_cannot_give() -> None:
    X = linear()
    silent = X.assign(IFI27=np.where(HEALTHY, 0.0, 5.0))
    with pytest.raises(FeatureError, match="median of IFI27 over 5 controls is zero"):
        six_gene_score(silent, HEALTHY, unit="linear")
    with pytest.raises(FeatureError, match="IFI27 is the same in all 5 controls"):
        kim28_score(silent, HEALTHY, unit="linear")
    with pytest.raises(FeatureError, match="1 healthy controls"):
        kim28_score(X, [True] + [False] * 11, unit="linear")
    with pytest.raises(FeatureError, match="log2"):
        kim28_score(X, HEALTHY, unit="log3")
    with pytest.raises(FeatureError, match="linear"):
        kim28_score(X, HEALTHY, scale="liner")


@pytest.mark.mirror
def test_on_real_blood(mirror: Path, home: Path) -> None:
    adata = load_cohort("GSE152641")
    X = adata.to_df().astype("float64")
    healthy = (adata.obs["source_group"] == "healthy").to_numpy()
    assert healthy.sum() == 24
    counts = 2.0**X - 1.0
    six, kim = six_gene_score(X, healthy), kim28_score(X, healthy)
    np.testing.assert_allclose(six, by_hand_six(counts, healthy))
    np.testing.assert_allclose(kim, by_hand_28(X, healthy), atol=1e-9)
    assert 0.7 < six[healthy].median() < 1.5
    assert six[~healthy].median() > 2
    assert roc_auc_score(~healthy, six) > 0.8
    assert roc_auc_score(~healthy, kim) > 0.8
