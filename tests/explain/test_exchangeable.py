"""On simulated patients: a gene that only follows a driver is flagged, the driver is not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from tests.explain.conftest import make_samples

from ifn_severity.cohorts.simulate import simulation_truth
from ifn_severity.explain.exchangeable import correlate, exchangeable_groups, stand_ins
from ifn_severity.explain.samples import Samples


@pytest.fixture(scope="module")
def many() -> Samples:
    return make_samples("all", n=400)


@pytest.fixture(scope="module")
def pairs(many: Samples) -> pd.DataFrame:
    """Shadows of the panel and the drivers they follow, one shadow a driver."""
    truth = simulation_truth()
    shadows = truth[(truth["role"] == "shadow") & truth.index.isin(many.genes)]
    shadows = shadows[shadows["parent"].isin(many.genes)]
    return shadows.drop_duplicates("parent")


def test_of_a_shadow_and_its_driver_the_shadow_is_flagged(
    many: Samples, pairs: pd.DataFrame
) -> None:
    """Programs whose effect does not turn over with the day: interferon's averages out."""
    strong = pairs[pairs["program"].isin(["lymphoid", "antigen_presentation", "neutrophil"])]
    assert len(strong) >= 15
    shadows, drivers = [], []
    for shadow, parent in strong["parent"].items():
        genes = np.array([many.genes.index(str(name)) for name in (shadow, parent)])
        flagged = stand_ins(correlate(many, np.arange(len(many.obs)), genes), many)
        shadows.append(shadow in flagged.index)
        drivers.append(parent in flagged.index)
        if shadow in flagged.index:
            row = flagged.loc[shadow]
            assert row["stands_in_for"] == parent
            assert row["partial_low"] <= 0 <= row["partial_high"]
            assert f"exchangeable with {parent}" in row["words"]
    assert np.mean(shadows) >= 0.6
    assert np.mean(drivers) <= 0.1


def test_partial_correlation_is_that_of_residuals(many: Samples, pairs: pd.DataFrame) -> None:
    from scipy.stats import spearmanr

    names = [pairs.index[0], pairs["parent"].iloc[0]]
    genes = np.array([many.genes.index(name) for name in names])
    found = correlate(many, np.arange(len(many.obs)), genes)
    a, b = (many.levels[:, g] for g in genes)
    y = many.y.astype(float)
    design = np.column_stack([np.ones_like(b), b])
    residual = [v - design @ np.linalg.lstsq(design, v, rcond=None)[0] for v in (a, y)]
    expected = np.corrcoef(*residual)[0, 1]
    assert np.tanh(found.partial[0, 1]) == pytest.approx(expected, abs=1e-6)
    assert found.rho[0, 1] == pytest.approx(spearmanr(a, b).statistic)


def test_genes_that_move_together_make_one_line(many: Samples, pairs: pd.DataFrame) -> None:
    names = [pairs.index[0], pairs["parent"].iloc[0], "IL6"]
    genes = np.array([many.genes.index(name) for name in names])
    found = correlate(many, np.arange(len(many.obs)), genes)
    values = np.zeros((len(many.obs), len(many.genes)))
    values[:, genes[0]], values[:, genes[1]] = 0.3, -0.1
    ranking = pd.DataFrame(
        {"mean_abs_shap": [0.3, 0.1, 0.0], "interferon": [True, True, False]}, index=names
    )
    groups = exchangeable_groups(found, many, values, ranking)
    assert groups["members"].tolist() == [(names[0], names[1])]
    assert groups["group"].iloc[0] == f"{names[0]} and 1 other"
    # the sum of what the two carry, in which they cancel
    assert groups["mean_abs_shap"].iloc[0] == pytest.approx(0.2)
    assert groups["share"].iloc[0] == pytest.approx(1.0)
