"""Positive controls: on real blood, features do what the biology of interferon says."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from ifn_severity.cohorts import load_cohort
from ifn_severity.features import InterferonFeatures, feature_definition, get_signature

TYPE_I = ["Rice2013_IFN6", "Kim2018_IFN28", "Aybey_IFN_I", "BTM_M127_type_I_IFN"]
TYPE_II = ["Aybey_IFN_II", "Ayers2017_IFNG6"]
# lists named after interferon γ or modules that answer it, most of whose genes both types induce
MIXED = ["HALLMARK_IFN_GAMMA", "REACTOME_IFN_gamma", "Chaussabel_M5.12_IFN"]
INTERLEUKINS = ["IL4", "IL10", "IL13"]

Load = Callable[[str], tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]]


@pytest.fixture
def load(
    mirror: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Load:
    """Give labels, expression and interferon features of a cohort, from one home for all tests."""
    monkeypatch.setenv("IFN_SEVERITY_HOME", str(tmp_path_factory.getbasetemp() / "controls-home"))

    def loaded(name: str) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
        adata = load_cohort(name)
        expression = adata.to_df().astype("float64")
        features = InterferonFeatures("interferon").set_output(transform="pandas")
        with warnings.catch_warnings():
            # blood so shallowly sequenced shows no interferon gene itself
            warnings.filterwarnings("ignore", "no gene of .*Interferon_genes")
            return adata.obs, expression, features.fit_transform(expression)

    return loaded


def over_buffer(values: pd.DataFrame, obs: pd.DataFrame) -> pd.DataFrame:
    """Take off the donor's own buffer; index: stimulus and donor."""
    index = pd.MultiIndex.from_frame(obs[["source_stimulus", "source_donor"]].astype(str))
    table = values.set_axis(index, axis=0)
    return table.sub(table.xs("Buffer"), level="source_donor")


def test_stimulated_blood_as_read(load: Load) -> None:
    obs, expression, _ = load("GSE145647")
    stimuli = obs["source_stimulus"].value_counts()
    assert stimuli.to_dict() == dict.fromkeys(
        ["Buffer", "IFNbeta", "IFNgamma", "IFNlambda", "IL4", "IL10", "IL13"], 4
    )
    donors = obs.groupby("patient")["source_donor"].unique().map(sorted)
    assert donors.to_dict() == {"D1": ["D1", "D1R"], "D2": ["D2"], "D3": ["D3"]}
    assert obs[["severity", "severe"]].isna().all().all()
    six = list(get_signature("Rice2013_IFN6").genes)
    change = over_buffer(expression[six], obs).groupby(level=0).mean().mean(axis=1)
    assert change["IFNbeta"] == pytest.approx(1.45, abs=0.05)
    assert change["IFNgamma"] < 0


@pytest.mark.parametrize("name", TYPE_I)
def test_type_i_lists_answer_interferon_beta_alone(name: str, load: Load) -> None:
    obs, _, features = load("GSE145647")
    change = over_buffer(features[[f"score:{name}"]], obs).iloc[:, 0]
    assert change["IFNbeta"].min() > 0.4
    assert (change["IFNbeta"] > change["IFNgamma"] + 0.5).all()
    assert change["IFNgamma"].mean() < 0.1
    # these three do not leave the lists as they are, they lower them
    for stimulus in INTERLEUKINS:
        assert change[stimulus].max() < 0
    assert abs(change["IFNlambda"].mean()) < 0.4


@pytest.mark.parametrize("name", TYPE_II)
def test_type_ii_lists_answer_interferon_gamma_more(name: str, load: Load) -> None:
    obs, _, features = load("GSE145647")
    change = over_buffer(features[[f"score:{name}"]], obs).iloc[:, 0]
    assert change["IFNgamma"].min() > 1
    # by the mean: seven of the eleven reference genes are in this file, so a sample's own level
    # is known to about 0.3, more than the list of Ayers differs between the two interferons
    assert change["IFNgamma"].mean() > change["IFNbeta"].mean() + 0.2
    for stimulus in [*INTERLEUKINS, "IFNlambda"]:
        assert change[stimulus].mean() < 0


@pytest.mark.parametrize("name", MIXED)
def test_long_type_ii_lists_do_not_tell_the_types_apart(name: str, load: Load) -> None:
    """Say what is not so: these rise more with IFN-β, and are no evidence of IFN-γ."""
    obs, _, features = load("GSE145647")
    change = over_buffer(features[[f"score:{name}"]], obs).iloc[:, 0]
    assert 0 < change["IFNgamma"].mean() < change["IFNbeta"].mean()


def test_every_type_i_list_rises_with_interferon_beta(load: Load) -> None:
    obs, _, features = load("GSE145647")
    table = feature_definition("interferon").features
    lists = table.index[(table["kind"] == "score") & (table["family"] == "type I")]
    assert len(lists) == 11
    change = over_buffer(features[lists], obs)
    assert change.loc["IFNbeta"].mean().min() > 0.5
    # none of them answers IFN-λ: blood has little of its receptor
    assert change.loc["IFNlambda"].mean().abs().max() < 0.4


def test_the_fall_with_interleukins_is_not_made_by_the_reference_genes(load: Load) -> None:
    obs, expression, _ = load("GSE145647")
    six = list(get_signature("Rice2013_IFN6").genes)
    level = np.log2(np.exp2(expression[six]) + 15.0)  # log2(CPM + 16)
    change = over_buffer(level, obs).mean(axis=1)
    for stimulus in INTERLEUKINS:
        assert change[stimulus].max() < -1


def test_the_two_types_are_told_apart_by_their_difference(load: Load) -> None:
    obs, _, features = load("GSE145647")
    lists = [[f"score:{name}" for name in names] for names in (TYPE_II, TYPE_I)]
    change = over_buffer(features, obs)
    gamma_over_beta = change[lists[0]].mean(axis=1) - change[lists[1]].mean(axis=1)
    assert gamma_over_beta["IFNgamma"].min() > gamma_over_beta["IFNbeta"].max() + 1


def test_infection_against_health(load: Load) -> None:
    obs, _, features = load("GSE152641")
    infected = (obs["source_group"] == "COVID-19").to_numpy()
    assert roc_auc_score(infected, features["gene:IFI27"]) > 0.9
    # no single published list does
    table = feature_definition("interferon").features
    lists = features[table.index[(table["kind"] == "score")]].dropna(axis=1)
    alone = lists.apply(lambda score: roc_auc_score(infected, score))
    assert 0.85 < alone[[f"score:{name}" for name in MIXED + TYPE_I]].max() < 0.9
    for name in ("Rice2013_IFN6", "Kim2018_IFN28", "BTM_M127_type_I_IFN"):
        assert alone[f"score:{name}"] > 0.8
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=1000))
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    margin = cross_val_predict(
        model, features.dropna(axis=1), infected, cv=folds, method="decision_function"
    )
    assert roc_auc_score(infected, margin) > 0.9


def test_interferon_falls_with_the_day_of_illness(load: Load) -> None:
    obs, _, features = load("GSE152418")
    ill = obs["severe"].notna() & obs["days_since_onset"].notna()
    first = ill & ~obs["patient"].where(ill).duplicated()
    assert ill.sum() == 16
    assert first.sum() == 14
    for name in ("Rice2013_IFN6", "Kim2018_IFN28"):
        score = features[f"score:{name}"]
        for chosen in (ill, first):
            rho, p = spearmanr(obs["days_since_onset"][chosen], score[chosen])
            assert rho < -0.5
            assert p < 0.05
    rho, _ = spearmanr(obs["days_since_onset"][ill], features["score:Rice2013_IFN6"][ill])
    assert rho == pytest.approx(-0.8, abs=0.05)
    # both draws of a patient: the later one is the lower
    for patient in ("NCOV024", "NCOV025"):
        draws = obs.index[obs["patient"] == patient]
        days = obs.loc[draws, "days_since_onset"].to_numpy()
        scores = features.loc[draws, "score:Rice2013_IFN6"].to_numpy()
        assert np.diff(scores)[0] * np.diff(days)[0] < 0
