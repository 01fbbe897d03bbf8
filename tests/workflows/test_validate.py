"""Validation between cohorts: what is left on disk and in the store, and that noise stays noise."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ifn_severity.classify import feature_views
from ifn_severity.cluster import dask_client, fits_on
from ifn_severity.cohorts.add import add_cohort
from ifn_severity.cohorts.simulate import simulate_cohort
from ifn_severity.errors import CohortError, InputError, LabelError
from ifn_severity.evaluate import Candidate
from ifn_severity.evaluate.cross_cohort import one_out_splits
from ifn_severity.features import feature_definition, load_catalogue, panel_genes
from ifn_severity.workflows import tracking
from ifn_severity.workflows.dataset import load_dataset
from ifn_severity.workflows.validate import ValidateResult, validate
from ifn_severity.workflows.validation import clinical, controls
from ifn_severity.workflows.validation.additions import without_group
from ifn_severity.workflows.validation.draws import Draws
from ifn_severity.workflows.validation.fits import Problem, run_fits
from ifn_severity.workflows.validation.record import FIGURES

COHORTS = ("one", "two", "three")
SMALL = {
    "feature_sets": ["interferon"],
    "models": ["transfer", "logistic"],
    "folds": 3,
    "inner_folds": 2,
    "panels": 3,
    "shuffles": 2,
    "repeats": 1,
    "n_draws": 100,
    "n_jobs": 1,
}


def add_simulated(folder: Path, name: str, *, seed: int, n_patients: int = 24) -> None:
    adata = simulate_cohort(n_patients, seed=seed)
    # genes of no list too, because random panels are drawn from them
    kept = [g for g in adata.var_names if g in set(panel_genes())]
    others = [g for g in adata.var_names if g not in set(panel_genes())]
    frame = adata[:, [*kept, *others]].to_df()
    frame.index = [f"{name}-{sample}" for sample in frame.index]
    frame.rename_axis("sample").to_csv(folder / f"{name}.csv")
    labels = adata.obs[["severity", "age", "sex", "days_since_onset"]].set_axis(frame.index)
    labels["patient"] = [f"{name}-{patient}" for patient in adata.obs["patient"]]
    labels.rename_axis("sample").to_csv(folder / f"{name}-labels.csv")
    add_cohort(name, folder / f"{name}.csv", folder / f"{name}-labels.csv", unit="log2")


@pytest.fixture(scope="module")
def validated(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ValidateResult]:
    home = tmp_path_factory.mktemp("validate")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IFN_SEVERITY_HOME", str(home))
        for seed, name in enumerate(COHORTS, start=1):
            add_simulated(home, name, seed=seed)
        result = validate(COHORTS, **SMALL)
    return home, result


@pytest.fixture
def done(validated: tuple[Path, ValidateResult], monkeypatch: pytest.MonkeyPatch) -> ValidateResult:
    monkeypatch.setenv("IFN_SEVERITY_HOME", str(validated[0]))
    return validated[1]


def test_json_has_its_documented_names(done: ValidateResult) -> None:
    found = json.loads((done.folder / "validation.json").read_text(encoding="utf-8"))
    assert set(found["cohorts"]) == set(COHORTS)
    for cohort in found["cohorts"].values():
        low, high = cohort["auroc_ci"]
        assert 0 <= low <= cohort["auroc"] <= high <= 1
        assert {"n", "brier", "calibration_slope", "mild_means"} <= set(cohort)
        for name in FIGURES:
            low, high = cohort[f"{name}_ci"]
            assert low <= cohort[name] <= high
        # a bootstrap of the Brier score has a width
        assert cohort["brier_ci"][0] < cohort["brier_ci"][1]
    aurocs = [cohort["auroc"] for cohort in found["cohorts"].values()]
    assert found["mean_auroc"] == pytest.approx(np.mean(aurocs))
    assert found["min_auroc"] == pytest.approx(min(aurocs))
    assert found["comparators"]["SoM"]["cohorts"]["one"]["auroc"] > 0.5
    assert len(found["random_panels"]) == 3
    assert set(found["comparators"][clinical.NAME]["cohorts"]) == set(COHORTS)


def test_tables_hang_together(done: ValidateResult) -> None:
    report = done.report
    # two candidates and the nested choice, on three cohorts
    assert len(report.held_out) == 9
    # and the average of all, for which nothing is chosen
    assert len(report.candidates) == 4
    every = report.candidates.query("model == 'averaged'").iloc[0]
    assert every["mean_auroc"] == report.headline["averaged_auroc"]
    assert set(zip(report.matrix["train"], report.matrix["test"], strict=True)) == {
        (a, b) for a in COHORTS for b in COHORTS if a != b
    }
    assert (report.within.groupby("cohort").size() == 2).all()
    best = report.candidates["mean_auroc"].iloc[2:].max()
    assert report.headline["best_of_many"] == pytest.approx(best)
    assert report.predictions["log_odds"].notna().all()
    whole = report.additions[report.additions["stage"] == "all"]
    assert np.allclose(whole["difference"], whole["with_"] - whole["without"])
    assert report.learning["n_patients"].is_monotonic_increasing


def test_genes_that_other_lists_share_are_counted(done: ValidateResult) -> None:
    """Against the columns that the run without interferon is fitted on."""
    told = done.report.headline["shared_genes"]["interferon"]
    dataset = load_dataset(COHORTS, use="validate")
    definition = feature_definition("all")
    lists = [s.genes for s in load_catalogue().values() if s.group == "interferon"]
    genes = {gene for members in lists for gene in members}
    kept = definition.features.index[definition.features["group"] != "interferon"]
    fitted = without_group(dataset, "interferon", "transfer").X.shape[1]
    assert fitted == dataset.columns("all").columns.isin(kept).sum()
    held = {gene for column in kept for gene in definition.genes_of(column)}
    assert told["n_genes"] == len(genes)
    assert told["n_left"] == len(genes & held)
    assert told["n_single"] == sum(f"gene:{gene}" in kept for gene in genes)
    assert all(f"gene:{gene}" in kept for gene in told["single"])
    assert set(told["within_scores"]) < genes & held
    page = (done.folder / "report.html").read_text(encoding="utf-8")
    assert f"still holds {told['n_left']} of the {told['n_genes']} genes on interferon" in page


def test_the_headline_alone_has_intervals_of_calibration(done: ValidateResult) -> None:
    table = done.report.held_out
    nested = table["model"] == "nested"
    named = [f"{name}_{end}" for name in ("brier", "raw_brier", "ece") for end in ("low", "high")]
    assert table.loc[nested, named].notna().all(axis=None)
    assert table.loc[~nested, named].isna().all(axis=None)
    assert table["brier"].notna().all()
    written = pd.read_csv(done.folder / "tables" / "held_out.csv")
    assert {f"{name}_low" for name in FIGURES} <= set(written.columns)


def test_shares_are_drawn_by_patient_and_among_those_asked_for() -> None:
    problem, _ = noise(within_patients=False)
    draws = Draws(problem, n_draws=200)
    severe = problem.y == 1
    share, low, high = draws.share("a", np.arange(240) % 4 == 0, severe)
    here = severe & (problem.cohorts == "a")
    assert share == pytest.approx((np.flatnonzero(here) % 4 == 0).mean())
    assert low < share < high
    assert draws.share("a", severe, severe) == (1.0, 1.0, 1.0)
    assert np.isnan(draws.share("a", severe, problem.cohorts == "b")).all()


def test_runs_are_one_a_held_out_cohort_and_candidate(done: ValidateResult) -> None:
    mlflow = tracking.open_store("leave-one-cohort-out")
    client = mlflow.MlflowClient()
    parent = client.get_run(done.run_id)
    assert parent.data.metrics["mean_auroc"] == pytest.approx(
        done.report.headline["mean_auroc"], abs=1e-3
    )
    children = client.search_runs(
        [parent.info.experiment_id], f"tags.`mlflow.parentRunId` = '{done.run_id}'"
    )
    assert len(children) == 9
    assert {run.data.params["held_out"] for run in children} == set(COHORTS)


def test_pages_are_there(done: ValidateResult) -> None:
    page = (done.folder / "report.html").read_text(encoding="utf-8")
    assert "esearch use only" in page
    assert "<script" not in page
    assert "TRIPOD" in (done.folder / "tripod.md").read_text(encoding="utf-8")


def test_the_same_seed_gives_the_same_figures(done: ValidateResult) -> None:
    again = validate(
        COHORTS, **{**SMALL, "panels": 2, "shuffles": 1, "output": done.folder.parent / "again"}
    )
    pd.testing.assert_frame_equal(again.report.held_out, done.report.held_out)
    np.testing.assert_array_equal(again.report.random_panels, done.report.random_panels[:2])


def noise(*, within_patients: bool, seed: int = 0) -> tuple[Problem, list[Candidate]]:
    """Samples whose features say nothing of the label; in twos and threes of a patient."""
    rng = np.random.default_rng(seed)
    cohorts = np.repeat(["a", "b", "c"], 80)
    patients = np.array([f"{c}{i // 2}" for i, c in enumerate(cohorts)])
    _, which = np.unique(patients, return_inverse=True)
    X = rng.normal(size=(120, 40))[which] + 0.1 * rng.normal(size=(240, 40))
    if within_patients:
        # one sample of each class a patient, in random order: only the sample could tell
        y = np.concatenate([rng.permutation(2) for _ in range(120)])
    else:
        y = rng.permutation(np.arange(120) % 2)[which]
    names = [*(f"gene:G{i}" for i in range(30)), *(f"score:S{i}" for i in range(10))]
    candidates = [Candidate("noise", m, X, feature_views(names)) for m in ("transfer", "logistic")]
    return Problem(y, patients, cohorts, ["a", "b", "c"], 2, seed, 1), candidates


def assert_half(mean: float, low: float, high: float) -> None:
    """Within the 99.7 % interval, because a dozen figures are looked at."""
    standard_error = (high - low) / (2 * 1.96)
    assert abs(mean - 0.5) <= 3 * standard_error


@pytest.mark.parametrize("within_patients", [False, True])
def test_noise_gives_half_through_the_whole_pipeline(within_patients: bool) -> None:
    problem, candidates = noise(within_patients=within_patients)
    fits = run_fits(problem, candidates, folds=3, step=lambda _: None)
    draws = Draws(problem, n_draws=500)
    for scores in (fits.log_odds, fits.one_in[:, 0]):
        names = ["a", "b", "c"] if scores is fits.log_odds else ["b", "c"]
        for score in scores:
            assert_half(*draws.mean(score, names))
    for i in range(len(candidates)):
        inside = np.concatenate([fits.within[name][i].log_odds[0] for name in ("a", "b", "c")])
        assert_half(*draws.mean(inside, ["a", "b", "c"]))


def test_a_planted_signal_is_found_and_shuffling_takes_it_away() -> None:
    problem, (candidate, _) = noise(within_patients=False)
    X = candidate.X.copy()
    X[:, :10] += 1.5 * problem.y[:, None]
    views = candidate.views
    assert views is not None
    found = controls.shuffled_labels(problem, X, views, "transfer", draws=5, step=lambda _: None)
    planted = Candidate("planted", "transfer", X, views)
    fits = run_fits(problem, [planted], folds=3, step=lambda _: None)
    mean, _, _ = Draws(problem, n_draws=10).mean(fits.log_odds[0], ["a", "b", "c"])
    assert mean > 0.9
    assert abs(found.mean() - 0.5) < 0.15


def test_age_and_sex_are_learned_on_the_other_cohorts_that_know_them(done: ValidateResult) -> None:
    dataset = load_dataset(COHORTS, use="validate")
    problem = Problem.of(dataset, list(COHORTS), inner_folds=2, seed=0, n_jobs=1)
    scores, reasons = clinical.age_and_sex(dataset, problem)
    assert np.isfinite(scores).all()
    assert not reasons
    here = problem.cohorts == "one"
    # what it says of a cohort must not depend on that cohort's own labels
    turned = replace(problem, y=np.where(here, 1 - problem.y, problem.y))
    again, _ = clinical.age_and_sex(dataset, turned)
    np.testing.assert_array_equal(again[here], scores[here])
    assert not np.allclose(again[~here], scores[~here])
    lost = dataset.obs.copy()
    lost.loc[lost.index[here][0], "age"] = np.nan
    fewer, reasons = clinical.age_and_sex(replace(dataset, obs=lost), problem)
    assert reasons == {"one": "age or sex is not known of every sample"}
    assert fewer[here].isna().all()
    assert np.isfinite(fewer[~here]).all()


def test_a_dask_cluster_gives_the_same_predictions() -> None:
    problem, candidates = noise(within_patients=False)
    splits = one_out_splits(problem.cohorts, problem.trainable)
    here = problem.run(candidates[:1], splits, lambda _: None)
    with dask_client(2, None) as client, fits_on(client):
        there = replace(problem, n_jobs=2).run(candidates[:1], splits, lambda _: None)
    np.testing.assert_allclose(
        there[0].held_out.log_odds, here[0].held_out.log_odds, rtol=0, atol=1e-9
    )


def test_refusals(validated: tuple[Path, ValidateResult], monkeypatch: pytest.MonkeyPatch) -> None:
    home = validated[0]
    monkeypatch.setenv("IFN_SEVERITY_HOME", str(home))
    with pytest.raises(LabelError, match="2 cohorts"):
        validate(COHORTS[:2], **SMALL)
    with pytest.raises(CohortError, match="more than once"):
        validate([*COHORTS, "one"], **SMALL)
    with pytest.raises(CohortError, match="GSE152641 is there to control only"):
        validate([*COHORTS, "GSE152641"], **SMALL)
    with pytest.raises(InputError, match="0 processes"):
        validate(COHORTS, **{**SMALL, "n_jobs": 0})


@pytest.mark.mirror
def test_default_cohorts_are_the_published_blood_cohorts(mirror: Path, home: Path) -> None:
    from ifn_severity.workflows.validate import validation_cohorts

    assert set(validation_cohorts()) == {
        "GSE157103",
        "GSE155454",
        "GSE152418",
        "schulte-cohort1",
        "schulte-cohort2",
    }
    dataset = load_dataset(["GSE152418"], use="validate")
    assert len(dataset.y) == 16
