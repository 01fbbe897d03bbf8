"""From features to genes: exact sums, nothing counted twice, and the linear model by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ifn_severity.classify import MODELS, SeverityClassifier
from ifn_severity.explain.api import gene_attributions
from ifn_severity.explain.carry import (
    _ScoreSplit,
    carry_to_genes,
    gene_weights,
    linear_weights,
    usual_levels,
)
from ifn_severity.explain.samples import Samples
from ifn_severity.explain.shap_values import attribute


def fitted(samples: Samples, model: str) -> SeverityClassifier:
    return SeverityClassifier(model, inner_folds=2, views=samples.views).fit(
        samples.matrix, samples.y, groups=samples.patients, cohorts=samples.cohorts
    )


@pytest.mark.parametrize("model", MODELS)
def test_genes_add_up_to_the_calibrated_log_odds(model: str, samples: Samples) -> None:
    classifier = fitted(samples, model)
    rows = np.arange(0, len(samples.obs), 3)
    usual = usual_levels(samples, np.arange(len(samples.obs)), model)
    values, genes, base, margin = gene_attributions(classifier, samples, rows, usual)
    np.testing.assert_allclose(base + genes.sum(axis=1), margin, atol=1e-4)
    np.testing.assert_allclose(genes.sum(axis=1), values.sum(axis=1), atol=1e-6)
    outside = (samples.definition.weights == 0).all(axis=1)
    assert (genes[:, outside] == 0).all()


def test_linear_genes_are_the_model_seen_as_a_function_of_genes(samples: Samples) -> None:
    """Moving one gene moves the log-odds by its weight, and its attribution by as much."""
    classifier = fitted(samples, "logistic")
    rows = np.flatnonzero(samples.cohorts == "sim0")
    usual = usual_levels(samples, rows, "logistic")
    weights = gene_weights(classifier, samples, "sim0")
    assert weights is not None
    values, _, margin = attribute(classifier, samples.features.iloc[rows])
    genes = carry_to_genes(classifier, samples, rows, values.to_numpy(), usual)
    gene = samples.genes.index("IFIT1")  # a feature of its own, and in many scores
    coefficients, _ = samples.coefficients("sim0")
    moved = samples.features.iloc[rows] + coefficients[gene]
    _, _, after = attribute(classifier, moved)
    np.testing.assert_allclose(after - margin, weights[gene], atol=1e-9)
    change = samples.levels[rows, gene] - usual[gene]
    np.testing.assert_allclose(np.diff(genes[:, gene]), np.diff(weights[gene] * change), atol=1e-9)


def test_a_gene_of_the_cohort_without_it_gets_only_what_is_imputed(samples: Samples) -> None:
    classifier = fitted(samples, "xgboost")
    rows = np.flatnonzero(samples.cohorts == "sim1")
    values, _, _ = attribute(classifier, samples.features.iloc[rows])
    usual = usual_levels(samples, rows, "xgboost")
    genes = carry_to_genes(classifier, samples, rows, values.to_numpy(), usual)
    np.testing.assert_allclose(
        genes[:, samples.genes.index("IFI27")], values["gene:IFI27"], atol=1e-12
    )
    assert (genes[:, samples.genes.index("ADAR")] == 0).all()
    assert linear_weights(classifier) is None


@pytest.mark.parametrize("model", MODELS)
def test_a_sample_alone_is_what_it_is_among_others(model: str, samples: Samples) -> None:
    """Where nothing is known of training levels, no other sample may stand in for them."""
    classifier = fitted(samples, model)
    rows = np.flatnonzero(samples.cohorts == "sim1")[:6]
    unknown = np.full(len(samples.genes), np.nan)
    values, _, _ = attribute(classifier, samples.features.iloc[rows])
    among = carry_to_genes(classifier, samples, rows, values.to_numpy(), unknown)
    for i, row in enumerate(rows):
        alone = carry_to_genes(
            classifier, samples, np.array([row]), values.to_numpy()[[i]], unknown
        )
        np.testing.assert_allclose(alone[0], among[i], atol=1e-9)
    np.testing.assert_allclose(among.sum(axis=1), values.sum(axis=1), atol=1e-6)


@given(
    st.integers(0, 2**32 - 1),
    st.integers(2, 6),
    st.sampled_from([0.0, 1e-9, 0.01, 1.0]),
)
@settings(max_examples=60, deadline=None)
def test_shares_of_a_score_always_add_up_and_stay_bounded(
    seed: int, n_genes: int, spread: float
) -> None:
    rng = np.random.default_rng(seed)
    deviation = spread * rng.normal(size=(4, n_genes))
    coefficients = rng.choice([-1.0, 1.0], size=(n_genes, 1)) / n_genes
    values = rng.normal(size=(4, 1))
    shared = _ScoreSplit(coefficients, values).shared_out(values, deviation, np.zeros((4, 1)))
    np.testing.assert_allclose(shared.sum(axis=1), values[:, 0], atol=1e-9)
    assert (np.abs(shared).sum(axis=1) <= 5.0 * np.abs(values[:, 0]) + 1e-9).all()


def test_parts_of_a_score_by_hand() -> None:
    """Two genes of a mean of two, one 3 above usual and one 1 above: 3 to 1."""
    phi, halves, nothing = np.array([[0.8]]), np.array([[0.5], [0.5]]), np.zeros((1, 1))
    split = _ScoreSplit(halves, phi)
    shared = split.shared_out(phi, np.array([[3.0, 1.0]]), nothing)
    np.testing.assert_allclose(shared, [[0.6, 0.2]])
    cancelling = split.shared_out(phi, np.array([[3.0, -3.0]]), nothing)
    np.testing.assert_allclose(cancelling, [[0.4, 0.4]])


def test_many_scores_at_once_are_each_score_by_itself() -> None:
    """Overlapping scores, genes of their own and a rest, gene after gene in plain Python."""
    rng = np.random.default_rng(5)
    n, n_genes, n_features = 7, 9, 6
    coefficients = rng.normal(size=(n_genes, n_features)) * (
        rng.random((n_genes, n_features)) > 0.5
    )
    coefficients[:, 4] = 0.0
    coefficients[2, 4] = 1.0
    coefficients[:, 5] = 0.0
    values, deviation = rng.normal(size=(n, n_features)), rng.normal(size=(n, n_genes))
    rest = 0.1 * rng.normal(size=(1, n_features))
    expected = np.zeros((n, n_genes))
    even = 0
    for i in range(n):
        for f in range(n_features):
            genes = [g for g in range(n_genes) if coefficients[g, f]]
            total = sum(abs(coefficients[g, f]) for g in genes)
            moved = {g: coefficients[g, f] * deviation[i, g] for g in genes}
            net = sum(moved.values()) - rest[0, f]
            gross = sum(map(abs, moved.values())) + abs(rest[0, f])
            alike = len(genes) > 1 and gross > 5 * abs(net)
            even += alike
            for g in genes:
                share = abs(coefficients[g, f]) / total
                part = share if alike else (moved[g] - rest[0, f] * share) / net
                expected[i, g] += values[i, f] * part
    assert 0 < even < n * n_features / 2
    shared = _ScoreSplit(coefficients, values).shared_out(values, deviation, rest)
    np.testing.assert_allclose(shared, expected, atol=1e-12)


def test_leaving_genes_out_leaves_them_out_of_scores_too(samples: Samples) -> None:
    gone = np.isin(samples.genes, ["IFIT1", "ISG15"])
    X, columns = samples.without(gone)
    names = samples.features.columns[columns]
    assert "gene:IFIT1" not in names
    at = list(names).index("score:Rice2013_IFN6")
    row = np.flatnonzero(samples.cohorts == "sim0")[0]
    left = [samples.genes.index(g) for g in ("IFI27", "IFI44L", "RSAD2", "SIGLEC1")]
    np.testing.assert_allclose(X[row, at], samples.levels[row, left].mean())
