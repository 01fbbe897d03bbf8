"""The simulated cohort: reproducible, like real blood, and with drivers that can be found again."""

from __future__ import annotations

import gzip
import time
from importlib import resources
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData, read_h5ad
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from ifn_severity.cohorts.schema import check_cohort, check_expected
from ifn_severity.cohorts.simulate import simulate_cohort, simulation_truth
from ifn_severity.cohorts.simulate_parameters import simulation_parameters, turnover_day
from ifn_severity.cohorts.store import get_card, load_cohort
from ifn_severity.errors import CohortError

ISG = ["IFI27", "IFI44L", "IFIT1", "ISG15", "RSAD2", "SIGLEC1"]
PACKED = resources.files("ifn_severity.cohorts").joinpath("simulation")


@pytest.fixture(scope="module")
def cohort() -> AnnData:
    return simulate_cohort()


@pytest.fixture(scope="module")
def many() -> AnnData:
    return simulate_cohort(2000, seed=7)


@pytest.fixture(scope="module")
def auroc(many: AnnData) -> pd.Series:
    """AUROC of each gene for the severe class."""
    ranks = many.to_df().rank().to_numpy()
    severe = many.obs["severe"].to_numpy() == 1
    n1, n0 = severe.sum(), (~severe).sum()
    areas = (ranks[severe].sum(axis=0) - n1 * (n1 + 1) / 2) / (n1 * n0)
    return pd.Series(areas, index=many.var_names)


def isg_score(cohort: AnnData) -> pd.Series:
    values = cohort.to_df()[ISG]
    score = ((values - values.mean()) / values.std()).mean(axis=1)
    return score / score.std()


def mean_correlation(values: pd.DataFrame) -> float:
    r = np.corrcoef(values.to_numpy().T)
    return float(r[np.triu_indices(len(r), 1)].mean())


def cross_validated(values: pd.DataFrame, severe: pd.Series) -> float:
    model = make_pipeline(StandardScaler(), LogisticRegression(C=1e-3, max_iter=500))
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    score = cross_val_predict(model, values, severe, cv=folds, method="decision_function")
    return float(roc_auc_score(severe, score))


def test_same_seed_same_bytes_other_seed_other_draw(cohort: AnnData) -> None:
    again, other = simulate_cohort(), simulate_cohort(seed=2021)
    assert again.X.tobytes() == cohort.X.tobytes()
    pd.testing.assert_frame_equal(again.obs, cohort.obs)
    assert not np.array_equal(other.X, cohort.X)
    assert not other.obs["age"].equals(cohort.obs["age"])


def test_keeps_the_contract_and_the_numbers_of_its_card(cohort: AnnData) -> None:
    check_cohort(cohort)
    check_expected(cohort, get_card("simulated"))
    assert cohort.uns["cohort"]["name"] == "simulated"
    assert cohort.uns["cohort"]["simulated"] is True
    assert "imulated" in cohort.uns["cohort"]["tissue"]
    assert set(cohort.obs["severity"].unique()) == {"moderate", "severe", "critical"}
    assert cohort.obs["who_scale"].between(4, 7).all()
    assert cohort.obs["days_since_onset"].between(1, 25).all()
    assert cohort.obs["age"].between(18, 95).all()
    assert list(cohort.obs_names[:2]) == ["SIM001", "SIM002"]
    who = cohort.obs.groupby("severity", observed=True)["who_scale"].agg(["min", "max"])
    assert who["max"].is_monotonic_increasing
    assert who["min"].is_monotonic_increasing
    # classes must not follow the order of the samples
    assert 20 < cohort.obs["severe"].iloc[:60].sum() < 40


def test_loads_under_its_name_and_survives_a_file(cohort: AnnData, home: Path) -> None:
    loaded = load_cohort("simulated")
    assert loaded.X.tobytes() == cohort.X.tobytes()
    loaded.write_h5ad(home / "simulated.h5ad")
    back = read_h5ad(home / "simulated.h5ad")
    assert back.uns["cohort"]["simulated"]
    assert list(back.uns["truth"]["role"]) == list(cohort.uns["truth"]["role"])


def test_is_quick(cohort: AnnData) -> None:
    taken = []
    for _ in range(3):
        start = time.perf_counter()
        simulate_cohort()
        taken.append(time.perf_counter() - start)
    assert min(taken) < 0.5


def test_values_look_like_tpm(many: AnnData) -> None:
    linear = np.exp2(many.X.astype(np.float64)) - 1
    assert (linear >= 0).all()
    assert linear.sum(axis=1).max() < 1e6
    assert 5e5 < linear.sum(axis=1).mean() < 7e5
    assert 0.01 < (many.X == 0).mean() < 0.1


def test_truth_names_drivers_shadows_and_the_rest(cohort: AnnData) -> None:
    truth = simulation_truth()
    assert truth.index.is_unique
    assert truth.index.equals(pd.Index(cohort.var_names))
    assert set(truth["role"]) == {"driver", "shadow", "none"}
    drivers = truth[truth["role"] == "driver"]
    assert 40 <= len(drivers) <= 60
    assert {"IFI27", "IFI44L", "RSAD2", "ISG15", "SIGLEC1", "IFIT1"} <= set(drivers.index)
    effects = ["effect_log2_early", "effect_log2_late"]
    assert (drivers[effects] != 0).all(axis=None)
    assert (truth.loc[truth["role"] != "driver", effects] == 0).all(axis=None)
    none = truth[truth["role"] == "none"]
    assert (none[["induced_log2_early", "induced_log2_late"]] == 0).all(axis=None)
    assert truth.loc[truth["role"] == "shadow", "parent"].isin(drivers.index).all()
    sign = drivers.groupby("program")["effect_log2_early"].agg(lambda e: set(np.sign(e)))
    assert sign.to_dict() == {
        "antigen_presentation": {-1},
        "inflammation": {1},
        "interferon": {1},
        "lymphoid": {-1},
        "neutrophil": {1},
    }
    assert truth["panel"].sum() > 1800
    assert (~truth["panel"]).sum() > 1400


def test_interferon_effect_turns_over_with_the_day(many: AnnData) -> None:
    crossing = turnover_day(simulation_parameters().programs)
    assert crossing.dropna().index.to_list() == ["interferon"]
    assert 8 < crossing["interferon"] < 13
    score, obs = isg_score(many), many.obs
    early = obs["days_since_onset"] <= 10
    assert 0.65 < roc_auc_score(obs.loc[early, "severe"], score[early]) < 0.8
    assert 0.2 < roc_auc_score(obs.loc[~early, "severe"], score[~early]) < 0.4
    slopes = {
        severe: 10 * np.polyfit(part["days_since_onset"], score[part.index], 1)[0]
        for severe, part in obs.groupby("severe")
    }
    assert -1.2 < slopes[0.0] < -0.6
    assert slopes[1.0] < slopes[0.0] - 0.3


def test_drivers_lead_and_other_genes_stay_at_chance(auroc: pd.Series) -> None:
    role = simulation_truth()["role"]
    distance = (auroc - 0.5).abs()
    no_shadow = role != "shadow"
    assert roc_auc_score(role[no_shadow] == "driver", distance[no_shadow]) > 0.99
    assert roc_auc_score(role == "driver", distance) > 0.9
    assert distance[role == "none"].median() < 0.02
    assert distance[role == "none"].max() < 0.12  # through age, sex and day alone


def test_direction_of_drivers_is_found(auroc: pd.Series) -> None:
    truth = simulation_truth()
    steady = truth[(truth["role"] == "driver") & truth["turnover_day"].isna()]
    assert (np.sign(auroc[steady.index] - 0.5) == np.sign(steady["effect_log2_late"])).all()


def test_a_shadow_follows_its_driver_and_adds_nothing(many: AnnData) -> None:
    truth, values = simulation_truth(), many.to_df()
    severe = many.obs["severe"].to_numpy()
    shadows = truth[truth["role"] == "shadow"]
    total, own = [], []
    for gene, parent in shadows["parent"].items():
        x, z = values[gene].to_numpy(), values[parent].to_numpy()
        assert np.corrcoef(x[severe == 0], z[severe == 0])[0, 1] > 0.6, gene
        total.append((x[severe == 1].mean() - x[severe == 0].mean()) / x.std())
        design = np.column_stack([np.ones_like(z), z, severe])
        own.append(np.linalg.lstsq(design, x, rcond=None)[0][2] / x.std())
    # standardised difference between the classes, before and after the driver is known
    assert np.median(np.abs(total)) > 0.25
    assert np.median(np.abs(own)) < 0.05
    assert np.max(np.abs(own)) < 0.15


@pytest.mark.parametrize("seed", [2020, 3])
def test_as_hard_as_real_patients(seed: int) -> None:
    cohort, truth = simulate_cohort(seed=seed), simulation_truth()
    values, severe = cohort.to_df(), cohort.obs["severe"]
    everything = cross_validated(values.loc[:, truth["panel"].to_numpy()], severe)
    interferon = cross_validated(
        values.loc[:, (truth["program"] == "interferon").to_numpy()], severe
    )
    assert 0.82 < everything < 0.94
    assert interferon < everything - 0.1


def test_a_linear_model_recovers_the_drivers(many: AnnData) -> None:
    truth = simulation_truth()
    rng = np.random.default_rng(0)
    drivers = truth.index[truth["role"] == "driver"]
    others = rng.choice(truth.index[truth["role"] == "none"], 300, replace=False)
    chosen = [*drivers, *others]
    model = LogisticRegression(C=1e-2, max_iter=500)
    model.fit(StandardScaler().fit_transform(many.to_df()[chosen]), many.obs["severe"])
    weight = np.abs(model.coef_[0])
    steady = truth.loc[chosen, "program"].to_numpy() != "interferon"
    is_driver = (truth.loc[chosen, "role"] == "driver").to_numpy()
    assert roc_auc_score(is_driver[steady], weight[steady]) > 0.85


def test_correlation_and_levels_are_those_of_the_parameters(many: AnnData) -> None:
    values = many.to_df()
    assert mean_correlation(values[ISG]) > 0.5
    assert mean_correlation(values[["CD3E", "CD3G", "CD247", "LCK"]]) > 0.5
    genes = simulation_parameters().genes
    plain = genes[(genes["role"] == "none") & (genes["mean"] > 4) & (genes["sex"].abs() < 1)]
    assert (values[plain.index].mean() - plain["mean"]).abs().quantile(0.95) < 0.1


def test_sex_linked_genes_agree_with_sex(many: AnnData) -> None:
    male = many.obs["sex"] == "male"
    values = many.to_df()
    assert roc_auc_score(male, values["RPS4Y1"]) > 0.99
    assert roc_auc_score(male, values["XIST"]) < 0.01


def test_severe_patients_are_older_and_come_later(many: AnnData) -> None:
    means = many.obs.groupby("severe")[["age", "days_since_onset"]].mean()
    assert (means.loc[1.0] > means.loc[0.0]).all()


def test_a_choice_of_genes_is_the_same_draw(cohort: AnnData) -> None:
    some = simulate_cohort(genes=["ISG15", "ACTB", "ISG15"])
    assert list(some.var_names) == ["ISG15", "ACTB"]
    assert list(some.uns["truth"].index) == ["ISG15", "ACTB"]
    np.testing.assert_array_equal(some.X, cohort[:, ["ISG15", "ACTB"]].X)


def test_repeated_samples_of_a_patient() -> None:
    cohort = simulate_cohort(40, seed=1, n_severe=10, samples_per_patient=3)
    assert cohort.n_obs == 120
    assert cohort.obs["patient"].nunique() == 40
    assert cohort.obs.drop_duplicates("patient")["severe"].sum() == 10
    assert len(cohort.obs[["patient", "severity", "age", "sex"]].drop_duplicates()) == 40
    gaps = cohort.obs.groupby("patient", sort=False)["days_since_onset"].diff().dropna()
    assert (gaps >= 2).all()
    values = cohort.to_df()["MS4A1"].to_numpy().reshape(40, 3)
    assert np.corrcoef(values[:, 0], values[:, 1])[0, 1] > 0.3


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"n_patients": 1}, "1 patients"),
        ({"n_patients": 10, "n_severe": 11}, "11 severe of 10"),
        ({"n_patients": 10, "n_severe": -1}, "-1 severe"),
        ({"samples_per_patient": 0}, "0 samples each"),
        ({"genes": ["ISG16"]}, "ISG16"),
        ({"genes": []}, "no genes"),
    ],
)
def test_bad_arguments_are_explained(arguments: dict[str, object], said: str) -> None:
    with pytest.raises(CohortError, match=said) as caught:
        simulate_cohort(**arguments)  # type: ignore[arg-type]
    assert caught.value.expected
    assert caught.value.do


def test_parameter_tables_are_small_and_say_where_they_come_from() -> None:
    files = {path.name: path.read_bytes() for path in PACKED.iterdir()}
    assert set(files) == {"genes.csv.gz", "programs.csv", "patients.csv"}
    assert sum(map(len, files.values())) < 400_000
    packed = files.pop("genes.csv.gz")
    assert packed[4:8] == bytes(4)  # no time stamp
    for content in (gzip.decompress(packed), *files.values()):
        head = content.decode().splitlines()[:5]
        assert any("estimate_simulation_parameters.py" in line for line in head)
        assert any("GSE157103" in line for line in head)


@pytest.mark.mirror
def test_resembles_the_real_cohort(mirror: Path, home: Path, many: AnnData) -> None:
    real, simulated = load_cohort("GSE157103").to_df(), many.to_df()
    shared = simulated.columns.intersection(real.columns)
    assert len(shared) > 3000
    difference = simulated[shared].mean() - real[shared].mean()
    assert difference.abs().quantile(0.99) < 0.15
    spread = simulated[shared].std() / real[shared].std().where(lambda s: s > 0.1)
    assert 0.9 < spread.median() < 1.1
    assert abs(mean_correlation(simulated[ISG]) - mean_correlation(real[ISG])) < 0.15
    # the whole structure, not just one family of genes
    expressed = shared[(real[shared].mean() > 3)][::8]
    pairs = np.triu_indices(len(expressed), 1)
    ours, theirs = (
        np.corrcoef(table[expressed].to_numpy().T)[pairs] for table in (simulated, real)
    )
    assert np.corrcoef(ours, theirs)[0, 1] > 0.7
