"""A gene's own effect: intervals at the edge, and what counts as sure."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ifn_severity.evaluate.pool import logit_auroc
from ifn_severity.explain.samples import Samples
from ifn_severity.explain.univariate import differences_in_words, own_effects
from ifn_severity.features import feature_definition


def pure_noise(n_each: int, n_genes: int) -> tuple[Samples, np.ndarray]:
    """Genes that know nothing of severity, two samples of the first patient."""
    definition = feature_definition("interferon")
    rng = np.random.default_rng(4)
    n = 2 * n_each + 1
    levels = np.full((n, len(definition.panel)), np.nan)
    levels[:, :n_genes] = rng.normal(size=(n, n_genes))
    patient = [f"p{i}" for i in [*range(2 * n_each), 0]]
    severe = [i % 2 for i in [*range(2 * n_each), 0]]
    obs = pd.DataFrame({"cohort": "A", "patient": patient, "severe": severe})
    features = pd.DataFrame(np.nan, index=obs.index, columns=definition.features.index)
    return Samples(definition, features, levels, obs), np.arange(n_genes)


@pytest.mark.parametrize("n_each", [3, 5, 8])
def test_an_interval_has_a_width_and_null_genes_are_seldom_sure(n_each: int) -> None:
    samples, genes = pure_noise(n_each, 200)
    found = own_effects(samples, np.arange(len(samples.obs)), genes)
    assert n_each > 3 or found["auroc"].isin([0.0, 1.0]).any()
    assert (found["auroc_high"] - found["auroc_low"] > 0.1).all()
    assert (found["auroc_low"] <= found["auroc"]).all()
    assert (found["auroc"] <= found["auroc_high"]).all()
    sure = (found["auroc_low"] > 0.5) | (found["auroc_high"] < 0.5)
    assert sure.mean() < 0.1


def test_intervals_are_those_of_the_pooled_logit() -> None:
    samples, genes = pure_noise(6, 5)
    found = own_effects(samples, np.arange(len(samples.obs)), genes)
    for gene in genes:
        effect, variance = logit_auroc(samples.y, samples.levels[:, gene], samples.patients)
        ends = 1 / (1 + np.exp(-(effect + np.array([-1.959964, 1.959964]) * variance**0.5)))
        np.testing.assert_allclose(found.loc[gene, ["auroc_low", "auroc_high"]], ends, atol=1e-6)


def test_a_sign_of_four_patients_is_not_sure() -> None:
    rows = pd.DataFrame(
        {
            "gene": "ISG15",
            "cohort": ["A", "B"],
            "fold_low": [0.2, -0.9],
            "fold_high": [0.9, -0.1],
            "fewest_patients": [12, 5],
        }
    )
    assert differences_in_words("ISG15", rows, rows.assign(stage="all").head(0)) == (
        "ISG15: higher in severe disease in A, lower in B."
    )
    few = rows.assign(fewest_patients=[12, 4])
    assert differences_in_words("ISG15", few, rows.assign(stage="all").head(0)) == ""
