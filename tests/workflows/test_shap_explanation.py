"""``shap_explanation``: the object that shap's own plots take."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest

from ifn_severity.bundle import SeverityModel, load_model
from ifn_severity.cohorts.simulate import simulate_cohort
from ifn_severity.errors import InputError
from ifn_severity.explain import shap_explanation
from ifn_severity.workflows.train import TrainResult

mpl.use("Agg")


@pytest.fixture(scope="module")
def model(trained_home: tuple[Path, TrainResult]) -> SeverityModel:
    return load_model(trained_home[1].model)


def test_genes_add_up_to_what_the_model_predicts(model: SeverityModel) -> None:
    new = simulate_cohort(12, seed=99)
    found = shap_explanation(model, new)
    assert list(found.metadata.index) == list(found.feature_names)
    assert {"group", "family", "label"} <= set(found.metadata.columns)
    assert found.metadata.loc["IFI27", "family"] == "type I"
    probability = 1 / (1 + np.exp(-(found.base_values + found.values.sum(axis=1))))
    expected = model.predict(new)["probability_severe"]
    np.testing.assert_allclose(probability, expected, atol=1e-5)


def test_one_sample_is_the_same_alone_and_among_others(model: SeverityModel) -> None:
    new = simulate_cohort(6, seed=99).to_df()
    alone, among = (shap_explanation(model, x) for x in (new.iloc[[2]], new))
    assert alone.values.sum() == pytest.approx(among.values[2].sum(), abs=1e-8)
    np.testing.assert_allclose(alone.values[0], among.values[2], atol=1e-8)


def test_features_can_be_asked_for(model: SeverityModel) -> None:
    found = shap_explanation(model, simulate_cohort(5, seed=99), level="feature")
    assert found.shape[1] == len(model.manifest.columns)
    with pytest.raises(InputError, match="level"):
        shap_explanation(model, simulate_cohort(5, seed=99), level="genes")


@pytest.mark.parametrize("plot", ["bar", "beeswarm", "waterfall", "scatter", "heatmap", "violin"])
@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::PendingDeprecationWarning")
def test_shaps_plots_work_on_it(model: SeverityModel, plot: str) -> None:
    import matplotlib.pyplot as plt
    import shap

    found = shap_explanation(model, simulate_cohort(15, seed=3))
    if plot == "waterfall":
        shap.plots.waterfall(found[0], show=False)
    elif plot == "scatter":
        shap.plots.scatter(found[:, "IFI27"], color=found[:, "STAT1"], show=False)
    else:
        getattr(shap.plots, plot)(found, show=False)
    shown = [text.get_text() for ax in plt.gcf().axes for text in ax.get_yticklabels()]
    assert plt.gcf().axes
    if plot in ("bar", "beeswarm"):
        genes = set(found.feature_names)
        assert genes & {label.split(" = ")[-1] for label in shown}
    plt.close("all")
