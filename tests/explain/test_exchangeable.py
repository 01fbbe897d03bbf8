"""On simulated patients: a gene that only follows a driver is flagged, the driver is not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ifn_severity.cohorts.simulate import simulation_truth
from ifn_severity.explain.exchangeable import correlate, exchangeable_groups, stand_ins
from ifn_severity.explain.samples import Samples
from tests.explain.conftest import make_samples


@pytest.fixture(scope="module")
def many() -> Samples:
    return make_samples("all", n=400)


@pytest.fixture(scope="module")
def pairs() -> pd.DataFrame:
    """Shadows of the panel and the drivers they follow, one shadow a driver."""
    truth = simulation_truth()
    shadows = truth[(truth["role"] == "shadow") & truth["panel"]]
    shadows = shadows[shadows["parent"].isin(truth.index[truth["panel"]])]
    return shadows.drop_duplicates("parent")


def test_shadows_are_flagged_and_their_drivers_are_not(many: Samples, pairs: pd.DataFrame) -> None:
    names = sorted({*pairs.index, *pairs["parent"]})
    genes = np.array([many.genes.index(name) for name in names])
    found = correlate(many, np.arange(len(many.obs)), genes)
    flagged = stand_ins(found, many)
    # drivers whose own effect is too small to be seen in 400 patients cannot clear anybody
    effect = simulation_truth()["effect_log2_late"].abs()
    strong = pairs[effect.reindex(pairs["parent"]).to_numpy() > 0.8]
    assert len(strong) >= 8
    assert strong.index.isin(flagged.index).mean() >= 0.8
    assert strong["parent"].isin(flagged.index).mean() <= 0.3
    some = flagged.loc[[g for g in strong.index if g in flagged.index]]
    assert (some["partial_low"] <= 0).all()
    assert (some["partial_high"] >= 0).all()
    assert some["words"].str.contains("exchangeable").all()


def test_partial_correlation_is_that_of_residuals(many: Samples, pairs: pd.DataFrame) -> None:
    from scipy.stats import rankdata

    names = [pairs.index[0], pairs["parent"].iloc[0]]
    genes = np.array([many.genes.index(name) for name in names])
    found = correlate(many, np.arange(len(many.obs)), genes)
    a, b = (rankdata(many.levels[:, g]) for g in genes)
    y = many.y.astype(float)
    design = np.column_stack([np.ones_like(b), b])
    residual = [v - design @ np.linalg.lstsq(design, v, rcond=None)[0] for v in (a, y)]
    expected = np.corrcoef(*residual)[0, 1]
    assert np.tanh(found.partial[0, 1]) == pytest.approx(expected, abs=1e-6)
    assert found.rho[0, 1] == pytest.approx(np.corrcoef(a, b)[0, 1])


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
