"""Small simulated problems with features, genes and labels, as explanations get them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ifn_severity.cohorts.simulate import simulate_cohort
from ifn_severity.explain.api import panel_levels
from ifn_severity.explain.samples import Samples
from ifn_severity.features import InterferonFeatures, feature_definition


def make_samples(
    feature_set: str = "interferon",
    *,
    seeds: tuple[int, ...] = (7,),
    n: int = 40,
    lacking: tuple[str, ...] = (),
) -> Samples:
    """One simulated cohort a seed; the last one lacks some genes."""
    definition = feature_definition(feature_set)
    features, levels, frames = [], [], []
    for number, seed in enumerate(seeds):
        adata = simulate_cohort(n, seed=seed)
        matrix = adata.to_df().astype(float)
        if number == len(seeds) - 1 and lacking:
            matrix = matrix.drop(columns=list(lacking))
        transformer = InterferonFeatures(feature_set).set_output(transform="pandas")
        index = [f"sim{number}:{name}" for name in matrix.index]
        features.append(transformer.fit_transform(matrix).set_axis(index, axis=0))
        levels.append(panel_levels(matrix, definition.panel))
        obs = adata.obs.copy().set_axis(index, axis=0)
        obs["cohort"] = f"sim{number}"
        obs["patient"] = [f"sim{number}:{name}" for name in obs["patient"]]
        frames.append(obs)
    return Samples(definition, pd.concat(features), np.vstack(levels), pd.concat(frames))


@pytest.fixture(scope="package")
def samples() -> Samples:
    """Two cohorts; one lacks a gene with a feature of its own and one that scores alone hold."""
    return make_samples(seeds=(7, 8), lacking=("IFI27", "ADAR"))
