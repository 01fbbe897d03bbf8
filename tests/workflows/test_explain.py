"""``explain`` end to end on simulated patients: what it leaves, what it says, what it refuses."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ifn_severity.bundle import load_model
from ifn_severity.cohorts.add import add_cohort
from ifn_severity.cohorts.simulate import simulate_cohort, simulation_truth
from ifn_severity.errors import CohortError, FeatureError, InputError, LabelError, ModelError
from ifn_severity.explain import Explained
from ifn_severity.workflows.explain import ExplainResult, explain
from ifn_severity.workflows.explanation.run import explain_in_full
from ifn_severity.workflows.explanation.steps import chosen_inside
from ifn_severity.workflows.train import TrainResult, train

Home = tuple[Path, TrainResult]


@pytest.fixture(scope="module")
def result(trained_home: Home, tmp_path_factory: pytest.TempPathFactory) -> ExplainResult:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IFN_SEVERITY_HOME", str(trained_home[0]))
        output = tmp_path_factory.mktemp("reports") / "small.html"
        return explain(
            "small",
            output=output,
            refits=6,
            panels=3,
            n_jobs=1,
            patients=["SIM003"],
            review={"ISG15": "higher early in 2 of 3 cohorts"},
        )


@pytest.fixture(scope="module")
def explained(result: ExplainResult) -> Explained:
    return result.explained


def test_every_patient_is_held_out_and_every_sum_is_exact(explained: Explained) -> None:
    for given in (explained.features, explained.gene_level, explained.saved):
        assert given.error < 1e-6
    assert explained.features.held_out
    assert not explained.saved.held_out
    assert "5 folds" in explained.design
    # the saved model sees its own patients more clearly than the folds do
    assert not np.allclose(explained.features.margin, explained.saved.margin)


def test_tables_are_as_the_contract_says(explained: Explained) -> None:
    documented = Explained.__doc__ or ""
    tables = {
        name: value for name, value in vars(explained).items() if isinstance(value, pd.DataFrame)
    }
    for name in ("interferon", "by_cohort", "families", "evidence", "where", "plane"):
        assert len(tables[name]), name
        for column in tables[name].columns:
            assert f"``{column}``" in documented or f"{column}" in documented, (name, column)
    ranks = explained.interferon["rank"].to_numpy()
    assert ranks.tolist() == list(range(1, len(ranks) + 1))
    assert explained.interferon["mean_abs_shap"].is_monotonic_decreasing
    assert explained.families["share"].sum() == pytest.approx(1.0)
    assert explained.families["net_share"].sum() == pytest.approx(1.0)
    sums = explained.family_values.sum(axis=1) + explained.features.base
    np.testing.assert_allclose(sums, explained.features.margin, atol=1e-8)


def test_shares_of_genes_families_and_the_answer_are_the_same_number(explained: Explained) -> None:
    by_gene = explained.genes.loc[explained.genes["interferon"], "share"].sum()
    by_family = explained.families.loc[explained.families["interferon"], "share"].sum()
    assert by_gene == pytest.approx(explained.answer.share)
    assert by_family == pytest.approx(explained.answer.share)
    assert explained.interferon["share"].sum() == pytest.approx(explained.answer.share)
    assert explained.answer.share_low <= explained.answer.share_high


def test_the_first_sentence_answers(explained: Explained) -> None:
    first = explained.words[0]
    assert first.startswith("Interferon genes carry")
    assert f"{explained.answer.auroc_with:.3f} with them" in first
    answer = explained.answer
    sure = answer.difference_low > 0 or answer.difference_high < 0
    assert ("does not surely change" in first) is not sure
    assert "of 3 panels of as many random genes" in explained.words[1]
    assert "at least 100 are needed" in explained.words[1]
    assert explained.answer.found_with == ()
    assert len(explained.random_aurocs) == 3


def test_one_patient(explained: Explained) -> None:
    (patient,) = explained.patients
    assert patient.sample == "simulated:SIM003"
    assert patient.held_out
    total = patient.base + patient.waterfall["shap"].sum()
    assert total == pytest.approx(patient.margin, abs=1e-4)
    assert patient.waterfall["shap"].abs().is_monotonic_decreasing
    assert patient.families["net"].sum() == pytest.approx(patient.margin - patient.base, abs=1e-4)
    assert len(patient.neighbours) == 5
    assert patient.sample not in set(patient.neighbours["sample"])
    assert patient.neighbours["distance"].is_monotonic_increasing
    place = explained.plane.loc[patient.sample]
    cut = explained.cutpoints.loc["simulated"]
    high = (place["interferon"] > cut["interferon"], place["inflammation"] > cut["inflammation"])
    expected = {
        (False, False): "low interferon, low inflammation",
        (True, False): "interferon only",
        (False, True): "inflammation only",
        (True, True): "both",
    }
    assert patient.quadrant == place["quadrant"] == expected[high]
    assert "threshold" in patient.words[0]


def test_evidence_and_the_review_stand_side_by_side(explained: Explained) -> None:
    evidence = explained.evidence
    assert set(evidence["agreement"].str.len() > 10) == {True}
    known = explained.by_cohort.set_index("gene")["auroc"]
    np.testing.assert_allclose(evidence["auroc"], known.reindex(evidence.index))
    if "ISG15" in evidence.index:
        assert "2 of 3" in evidence.loc["ISG15", "review"]


def test_what_is_left_behind(result: ExplainResult) -> None:
    assert result.report.read_text("utf-8").startswith("<!DOCTYPE html>") or result.report.exists()
    ranking = pd.read_csv(result.tables / "gene_ranking.csv")
    assert ranking["rank"].iloc[0] == 1


def test_true_drivers_lead_and_followers_are_flagged(explained: Explained) -> None:
    """Out of fold, 120 patients: drivers are 3 % of the panel and shadows 15 %."""
    role = simulation_truth()["role"].reindex(explained.genes.index)
    top = explained.genes.head(20)
    real = role[top.index].isin(["driver", "shadow"])
    assert real.mean() > 2.0 * role.isin(["driver", "shadow"]).mean()
    followers = top[role[top.index] == "shadow"]
    flagged = (followers["exchangeable"] != "") | (followers["stand_in"] != "")
    assert flagged.mean() >= 0.7


def test_refusals_come_before_anything_is_written(store: Home, tmp_path: Path) -> None:
    output = tmp_path / "no.html"
    with pytest.raises(InputError, match="SIM999"):
        explain("small", output=output, patients=["SIM999"], refits=0, panels=0)
    with pytest.raises(InputError, match="NOPE") as refused:
        explain("small", output=output, patients=["NOPE"], refits=0, panels=0)
    assert len(refused.value.do) < 120
    with pytest.raises(InputError, match="refits"):
        explain("small", output=output, refits=-1)
    with pytest.raises(CohortError, match="nowhere"):
        explain("small", ["nowhere"], output=output)
    assert not list(tmp_path.iterdir())


def test_a_model_without_interferon_is_refused(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    train(["simulated"], feature_sets=["cytokine"], models=["transfer"], folds=2, repeats=1,
          n_jobs=1, name="cyto")  # fmt: skip
    with pytest.raises(ModelError, match="no interferon features"):
        explain("cyto", refits=0, panels=0)
    assert not (home / "reports").exists()


@pytest.fixture(scope="module")
def new_cohort(trained_home: Home, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cohort of one's own, which the model never saw; gives the folder of its files."""
    folder = tmp_path_factory.mktemp("new")
    new = simulate_cohort(24, seed=5)
    new.to_df().to_csv(folder / "new.csv")
    new.obs[["patient", "severity"]].rename_axis("sample").to_csv(folder / "labels.csv")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IFN_SEVERITY_HOME", str(trained_home[0]))
        add_cohort("mynew", folder / "new.csv", folder / "labels.csv")
    return folder


def test_a_new_cohort_is_explained_by_the_saved_model(store: Home, new_cohort: Path) -> None:
    model = load_model("small")
    found = explain_in_full(model, ["mynew"], refits=3, panels=0, n_jobs=1)
    assert found.features.held_out
    np.testing.assert_allclose(found.features.margin, found.saved.margin)
    assert set(found.by_cohort["cohort"]) == {"mynew"}
    assert found.patients[0].neighbours["cohort"].unique().tolist() == ["simulated"]
    again = explain_in_full(model, ["mynew"], refits=3, panels=0, n_jobs=1)
    pd.testing.assert_frame_equal(again.interferon, found.interferon)
    assert again.words == found.words


def _add(name: str, folder: Path, n_each: int) -> None:
    """Add a cohort of so many patients of each class."""
    new = simulate_cohort(40, seed=11)
    severe = (new.obs["severity"].isin(["severe", "critical"])).to_numpy()
    kept = np.concatenate([np.flatnonzero(severe)[:n_each], np.flatnonzero(~severe)[:n_each]])
    new[kept].to_df().to_csv(folder / f"{name}.csv")
    labels = new[kept].obs[["patient", "severity"]].rename_axis("sample")
    labels.to_csv(folder / f"{name}-labels.csv")
    add_cohort(name, folder / f"{name}.csv", folder / f"{name}-labels.csv")


def test_small_cohorts_do_not_count_in_the_headline(
    store: Home, new_cohort: Path, tmp_path: Path
) -> None:
    """The first sentence is the row of the mean: cohorts with five patients of each class."""
    _add("tiny", tmp_path, 4)
    names = ["simulated", "mynew", "tiny"]
    found = explain_in_full(load_model("small"), names, refits=0, panels=2, n_jobs=1)
    where = found.where
    assert "tiny" in set(where["cohort"])
    (mean,) = where[(where["cohort"] == "mean") & (where["stage"] == "all")].to_dict("records")
    answer = found.answer
    assert (answer.n_cohorts, answer.n_counted) == (3, 2)
    assert answer.difference == pytest.approx(mean["difference"], abs=1e-12)
    assert answer.difference_low == pytest.approx(mean["low"], abs=1e-12)
    assert answer.auroc_with == pytest.approx(mean["with_"], abs=1e-12)
    assert "the 2 cohorts, of 3, with at least 5 patients" in found.words[1]
    # the share needs no classes: it is the mean of all three cohorts' own, in sentence and row
    own = where[(where["cohort"] != "mean") & (where["stage"] == "all")]
    assert set(own["cohort"]) == set(names)
    assert mean["share"] == pytest.approx(answer.share, abs=1e-12)
    assert mean["share"] == pytest.approx(own["share"].mean(), abs=1e-12)
    families = found.families_by_cohort
    families = families[families["family"].isin(found.families.index[found.families["interferon"]])]
    by_cohort = families.groupby("cohort")["share"].sum()
    np.testing.assert_allclose(by_cohort[own["cohort"]], own["share"])
    assert found.interferon["share"].sum() == pytest.approx(answer.share)
    assert found.families["net_share"].sum() == pytest.approx(1.0)
    alone = explain_in_full(load_model("small"), ["tiny"], refits=0, panels=2, n_jobs=1)
    assert alone.answer.n_counted == 0
    assert np.isfinite(alone.answer.auroc_with)
    assert "No explained cohort has 5 patients of each class" in alone.words[1]


def test_without_refits_or_training_cohort_nothing_is_claimed(
    store: Home, new_cohort: Path
) -> None:
    model = load_model("small")
    elsewhere = [{**cohort, "name": "theirs"} for cohort in model.manifest.cohorts]
    model = replace(model, manifest=replace(model.manifest, cohorts=elsewhere))
    found = explain_in_full(model, ["mynew"], refits=2, panels=2, n_jobs=1)
    assert found.stability.refits == 0
    assert found.stability.stable is None
    assert "theirs missing" in found.design
    assert "could not be tested" in found.words[0]
    assert "not compared with random genes" in found.words[1]
    assert found.answer.random.n == 0
    assert any("No refits were run" in text for text in found.words)
    assert found.interferon[["low", "rank_low", "p_top10"]].isna().all(axis=None)
    assert found.patients[0].neighbours.empty


def test_chosen_genes_stand_beside_the_figure_with_the_choice_inside(
    store: Home, new_cohort: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A panel's held-out figures on its own cohorts are flattered; its manifest knows better."""
    model = load_model("small")
    evidence = {"mean_auroc": 0.712, "mean_auroc_ci": [0.6, 0.81]}
    metrics = {**model.manifest.metrics, "leave_one_cohort_out": evidence}
    told = replace(model, manifest=replace(model.manifest, metrics=metrics))
    chosen = "ifn_severity.workflows.explanation.run.genes_chosen_with"
    for genes_chosen in (True, False):
        monkeypatch.setattr(chosen, lambda *_, known=genes_chosen: known)
        found = explain_in_full(told, ["mynew"], refits=0, panels=0, n_jobs=1)
        assert ("is 0.712 (0.600 to 0.810)" in found.words[0]) is genes_chosen
        assert np.isnan(found.answer.chosen_inside_low) == (not genes_chosen)
    assert np.isnan(chosen_inside(model)).all()


def test_one_sample_is_no_cohort(store: Home, new_cohort: Path, tmp_path: Path) -> None:
    one, labels = tmp_path / "one.csv", tmp_path / "labels.csv"
    pd.read_csv(new_cohort / "new.csv").iloc[:1].to_csv(one, index=False)
    pd.read_csv(new_cohort / "labels.csv").iloc[:1].to_csv(labels, index=False)
    with pytest.raises(LabelError, match="0 severe and 1 not severe"):
        add_cohort("single", one, labels)
    with pytest.raises(CohortError, match="single"):
        explain_in_full(load_model("small"), ["single"], refits=0, panels=0)


def test_a_cohort_that_shares_too_few_genes(store: Home, new_cohort: Path, tmp_path: Path) -> None:
    few = tmp_path / "few.csv"
    pd.read_csv(new_cohort / "new.csv", index_col=0).iloc[:, ::7].to_csv(few)
    add_cohort("few", few, new_cohort / "labels.csv")
    with pytest.raises(FeatureError):
        explain_in_full(load_model("small"), ["few"], refits=0, panels=0)
