from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from scipy.stats import spearmanr

from ifn_severity.errors import FeatureError, InputError
from ifn_severity.explain.attributions import Attributions
from ifn_severity.explain.summaries import (
    choose_patients,
    feature_ranking,
    group_shares,
    interferon_genes,
)
from ifn_severity.report.shap_figures import (
    beeswarm_figure,
    dependence_figure,
    group_share_figure,
    leading_interferon,
    ranked_bar_figure,
    waterfall_figure,
)
from ifn_severity.report.waterfall import waterfall_steps
from ifn_severity.report.wording import patient_sentence


def _names(figure: Figure) -> list[str]:
    return [label.get_text() for label in figure.axes[0].get_yticklabels()]


def test_bars_are_mean_absolute_attributions(attributions: Attributions) -> None:
    figure = ranked_bar_figure(attributions, top=5)
    expected = attributions.values.abs().mean().sort_values(ascending=False).head(5)
    widths = [bar.get_width() for bar in figure.axes[0].patches]
    assert widths == pytest.approx(expected.to_numpy())
    assert _names(figure)[0] == "IFI27"


def test_beeswarm_has_every_patient_at_its_attribution(attributions: Attributions) -> None:
    figure = beeswarm_figure(attributions, top=3)
    (swarm,) = figure.findobj(lambda artist: artist.get_gid() == "swarm-0")
    x, y = np.asarray(swarm.get_offsets()).T
    assert x == pytest.approx(attributions.values["gene:IFI27"].to_numpy())
    assert np.abs(y).max() <= 0.4


def test_unused_features_are_not_drawn(attributions: Attributions) -> None:
    values = attributions.values * 0.0
    values["gene:IFI27"] = attributions.values["gene:IFI27"]
    assert _names(ranked_bar_figure(replace(attributions, values=values))) == ["IFI27"]
    with pytest.raises(InputError, match="every feature an attribution of 0"):
        beeswarm_figure(replace(attributions, values=values * 0.0))


def test_missing_values_and_one_sample_can_be_drawn(attributions: Attributions) -> None:
    data = attributions.data.copy()
    data.iloc[:5, 1] = np.nan
    beeswarm_figure(replace(attributions, data=data))
    one = replace(
        attributions,
        values=attributions.values.iloc[:1],
        data=attributions.data.iloc[:1],
        base=attributions.base[:1],
        margin=attributions.margin[:1],
        obs=attributions.obs.iloc[:1],
    )
    beeswarm_figure(one)
    dependence_figure(one, ["gene:IFI27"])
    group_share_figure(group_shares(one), simulated=False)


def test_waterfall_ends_at_the_margin(attributions: Attributions) -> None:
    steps = waterfall_steps(attributions, "P004", top=6)
    assert len(steps) == 7
    assert steps[0].start == attributions.base[4]
    assert steps[-1].start + steps[-1].size == pytest.approx(attributions.margin[4])
    figure = waterfall_figure(attributions, "P004", top=6)
    ends = [
        figure.findobj(lambda a, row=row: a.get_gid() == f"step-{row}")[0].get_xy()
        for row in range(7)
    ]
    for points, step in zip(ends, steps, strict=True):
        low, high = sorted((step.start, step.start + step.size))
        assert (points[:, 0].min(), points[:, 0].max()) == pytest.approx((low, high))


def test_unknown_sample_is_met_with_the_nearest(attributions: Attributions) -> None:
    with pytest.raises(InputError) as caught:
        waterfall_figure(attributions, "P0004")
    assert "P004" in caught.value.do


def test_dependence_wants_features_of_the_model(attributions: Attributions) -> None:
    figure = dependence_figure(attributions, leading_interferon(attributions))
    shown = [axes.get_title(loc="left") for axes in figure.axes if axes.get_visible()]
    assert shown[:2] == ["IFI27", "SIGLEC1"]
    with pytest.raises(FeatureError) as caught:
        dependence_figure(attributions, ["gene:IFI72"])
    assert "gene:IFI27" in caught.value.do
    with pytest.raises(FeatureError):
        dependence_figure(attributions, [])


def test_leading_interferon_falls_back_to_scores(attributions: Attributions) -> None:
    genes = attributions.features["kind"] == "gene"
    other = attributions.features.assign(
        group=attributions.features["group"].where(~genes, "composition")
    )
    assert leading_interferon(replace(attributions, features=other)) == ["score:Rice2013_IFN6"]


def test_rank_correlation_is_scipys(attributions: Attributions) -> None:
    data = attributions.data.copy()
    data["gene:X0"] = np.round(data["gene:X0"])  # ties
    data.iloc[:7, 1] = np.nan
    data["gene:X1"] = 1.0
    rng = np.random.default_rng(0)
    values = attributions.values + rng.normal(0, 0.3, attributions.values.shape)
    ranking = feature_ranking(replace(attributions, data=data, values=values))
    for name in ("gene:IFI27", "gene:X0", "gene:S100A12"):
        known = data[name].notna()
        expected = spearmanr(data[name][known], values[name][known]).statistic
        assert ranking.loc[name, "spearman"] == pytest.approx(expected)
    assert np.isnan(ranking.loc["gene:X1", "spearman"])
    assert ranking.loc["gene:X1", "direction"] == "no single direction"


def test_direction_is_the_models(attributions: Attributions) -> None:
    genes = interferon_genes(attributions).set_index("gene")
    assert list(genes.index[:2]) == ["IFI27", "SIGLEC1"]
    assert genes.loc["IFI27", "direction"] == "higher expression, higher predicted risk"
    assert genes.loc["SIGLEC1", "direction"] == "higher expression, lower predicted risk"


def test_shares_sum_to_one_and_net_cancels(attributions: Attributions) -> None:
    shares = group_shares(attributions)
    assert shares["share"].sum() == pytest.approx(1)
    assert shares["net_share"].sum() == pytest.approx(1)
    assert (shares["net_mean_abs"] <= shares["mean_abs"] + 1e-12).all()
    gross = attributions.values.abs().to_numpy().sum()
    interferon = attributions.values.loc[
        :, (attributions.features["group"] == "interferon").to_numpy()
    ]
    assert shares.loc["interferon", "share"] == pytest.approx(
        interferon.abs().to_numpy().sum() / gross
    )
    severe = attributions.obs["severe"] == 1
    assert shares.loc["interferon", "net_severe"] == pytest.approx(
        interferon[severe].sum(axis=1).mean()
    )


def test_share_figure_shows_percentages(attributions: Attributions) -> None:
    shares = group_shares(attributions)
    figure = group_share_figure(shares, simulated=False)
    widths = [bar.get_width() for bar in figure.axes[0].patches[: len(shares)]]
    assert widths == pytest.approx(100 * shares["share"])
    with pytest.raises(InputError, match="net_share"):
        group_share_figure(pd.DataFrame({"share": [1.0], "n_features": [1]}), simulated=False)


def test_chosen_patients_differ_and_are_the_extremes(attributions: Attributions) -> None:
    chosen = choose_patients(attributions)
    assert len({patient.sample for patient in chosen}) == len(chosen) == 4
    severe = attributions.obs["severe"] == 1
    probability = pd.Series(attributions.probability, attributions.values.index)
    assert chosen[0].sample == probability[severe].idxmax()


def test_no_labels_no_extremes_by_outcome(attributions: Attributions) -> None:
    obs = attributions.obs.assign(severe=np.nan)
    chosen = choose_patients(replace(attributions, obs=obs))
    assert [patient.why for patient in chosen] == ["closest to the decision threshold"]


def test_sentence_names_what_pushes(attributions: Attributions) -> None:
    row = int(np.argmax(attributions.margin))
    sample = str(attributions.values.index[row])
    sentence = patient_sentence(attributions, sample)
    top = attributions.values.loc[sample].idxmax().split(":")[1]
    assert f"{top} +" in sentence
    assert "called severe" in sentence
    assert "4 interferon features" in sentence
