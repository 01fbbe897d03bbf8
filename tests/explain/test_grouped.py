"""Grouped Shapley values against brute force, and their sum against the model."""

from __future__ import annotations

from itertools import combinations, permutations
from math import factorial

import numpy as np
import pytest

from ifn_severity.classify import SeverityClassifier
from ifn_severity.explain.grouped import family_shapley
from ifn_severity.explain.samples import Samples


def brute_force(value, n: int) -> np.ndarray:  # type: ignore[no-untyped-def]
    """Shapley's formula over all coalitions, written out on its own."""
    found = np.zeros(n)
    for player in range(n):
        others = [p for p in range(n) if p != player]
        for size in range(n):
            for coalition in combinations(others, size):
                weight = factorial(size) * factorial(n - size - 1) / factorial(n)
                without = np.isin(np.arange(n), coalition)[None]
                with_ = without | (np.arange(n) == player)
                found[player] += weight * (value(with_)[0] - value(without)[0])
    return found


@pytest.fixture(scope="module")
def trees(samples: Samples) -> SeverityClassifier:
    return SeverityClassifier("xgboost", inner_folds=2).fit(
        samples.matrix, samples.y, groups=samples.patients
    )


def test_families_of_trees_against_brute_force(samples: Samples, trees: SeverityClassifier) -> None:
    """Three families, one sample, two backgrounds: every order against every coalition."""
    used = np.flatnonzero((samples.definition.weights != 0).any(axis=1))
    families = np.zeros((len(samples.genes), 3))
    families[used, np.arange(len(used)) % 3] = 1.0
    rows, train = np.array([5]), np.array([20, 31])
    orders = np.array(list(permutations(range(3))))
    found, base = family_shapley(trees, samples, rows, families, train, orders=orders)
    coefficients, _ = samples.coefficients("sim0")

    def value(S: np.ndarray) -> np.ndarray:
        mixed = []
        for coalition in S:
            own = families @ coalition > 0
            worth = []
            for background in train:
                levels = np.where(own, samples.levels[5], samples.levels[background])
                features = (np.nan_to_num(levels) @ coefficients)[None]
                worth.append(trees.decision_function(features)[0])
            mixed.append(np.mean(worth))
        return np.array(mixed)

    np.testing.assert_allclose(found[0], brute_force(value, 3), atol=1e-5)
    assert base[0] == pytest.approx(value(np.zeros((1, 3), dtype=bool))[0], abs=1e-5)


def test_sampled_orders_add_up_and_linear_families_are_sums(
    samples: Samples, trees: SeverityClassifier
) -> None:
    from ifn_severity.explain.api import gene_attributions

    used = np.flatnonzero((samples.definition.weights != 0).any(axis=1))
    families = np.zeros((len(samples.genes), 4))
    families[used, np.arange(len(used)) % 4] = 1.0
    rows, train = np.array([0, 3, 50]), np.arange(10, 40)
    values, base = family_shapley(trees, samples, rows, families, train, backgrounds=5, seed=1)
    margin = trees.decision_function(samples.matrix[rows])
    np.testing.assert_allclose(base + values.sum(axis=1), margin, atol=1e-4)

    linear = SeverityClassifier("logistic", inner_folds=2).fit(samples.matrix, samples.y)
    usual = samples.levels[train].mean(axis=0)
    rows = rows[:2]
    by_walk, _ = family_shapley(linear, samples, rows, families, train, backgrounds=50, seed=1)
    _, genes, _, _ = gene_attributions(linear, samples, rows, usual)
    # the same game, but for where usual is: differences between samples agree exactly
    np.testing.assert_allclose(np.diff(by_walk, axis=0), np.diff(genes @ families, axis=0),
                               atol=1e-8)  # fmt: skip
