"""Training: what it prints, logs and saves; and the ways it refuses."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from ifn_severity.bundle import load_model
from ifn_severity.errors import (
    CohortError,
    FeatureError,
    InputError,
    LabelError,
    ModelError,
    StoreError,
)
from ifn_severity.workflows import tracking, training_log
from ifn_severity.workflows.dataset import load_dataset
from ifn_severity.workflows.train import TrainResult, train

Store = tuple[Path, TrainResult]


def test_table_is_sorted_and_whole(store: Store) -> None:
    table = store[1].table
    assert table["auroc"].is_monotonic_decreasing
    assert set(table["feature_set"]) == {"interferon", "all"}
    assert table["auroc"].between(0.6, 1.0).all()
    assert (table["auroc_low"] < table["auroc"]).all()
    assert (table["auroc"] < table["auroc_high"]).all()


def test_winner_is_saved_and_says_that_it_is_simulated(store: Store) -> None:
    home, result = store
    assert result.model == home / "models" / "small"
    model = load_model("small")
    assert model.simulated
    assert model.feature_set == result.table.loc[0, "feature_set"]
    assert model.manifest.metrics["auroc"] == pytest.approx(result.table.loc[0, "auroc"])
    assert model.manifest.cohorts[0]["classes"] == {"mild": 60, "severe": 60}


def test_patients_are_told_to_the_saved_model(
    store: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    dataset = load_dataset(["simulated"])
    told: dict[str, object] = {}
    monkeypatch.setattr(training_log, "save_bundle", lambda *_, **given: told.update(given))
    candidate = SimpleNamespace(feature_set="interferon")
    result = SimpleNamespace(classifier=None, candidate=candidate)
    training_log.save_candidate(tmp_path / "m", result, {}, dataset, {}, store[1].table, "no run")
    assert told["training_patients"] == dataset.obs["patient"].tolist()


def test_runs_hold_everything_a_user_compares(store: Store) -> None:
    _, result = store
    mlflow = tracking.open_store("train")
    client = mlflow.MlflowClient()
    parent = client.get_run(result.run_id)
    assert parent.info.status == "FINISHED"
    assert parent.data.tags["simulated"] == "true"
    assert parent.data.tags["saved_model"] == "small"
    assert "Simulated data" in parent.data.tags["mlflow.note.content"]
    for row in result.table.itertuples():
        run = client.get_run(row.run_id)
        assert run.data.tags["mlflow.parentRunId"] == result.run_id
        assert run.data.params["feature_set"] == row.feature_set
        assert run.data.metrics["auroc"] == pytest.approx(row.auroc, abs=1e-4)
        wanted = {"auroc_low", "auroc_high", "average_precision", "brier", "calibration_slope"}
        assert wanted | {"sensitivity", "specificity"} <= set(run.data.metrics)
        for tag in ("cohort", "feature_set", "model", "git_commit", "data_sha256"):
            assert run.data.tags[tag]
        assert run.inputs.dataset_inputs[0].dataset.name == "simulated"
        files = {f.path for f in client.list_artifacts(row.run_id, "figures")}
        names = ("roc", "precision_recall", "calibration", "score_by_class")
        assert files == {f"figures/{name}.png" for name in names}


def test_out_of_fold_table_gives_the_metrics_back(store: Store) -> None:
    from sklearn.metrics import roc_auc_score

    _, result = store
    mlflow = tracking.open_store("train")
    row = result.table.iloc[0]
    table = mlflow.load_table("out_of_fold.json", run_ids=[row["run_id"]])
    assert table.groupby("repeat")["sample"].nunique().tolist() == [120, 120]
    areas = [
        roc_auc_score(t["severe"], t["probability_severe"]) for _, t in table.groupby("repeat")
    ]
    assert np.mean(areas) == pytest.approx(row["auroc"])


def test_logged_model_predicts_like_the_saved_one(store: Store) -> None:
    from ifn_severity.cohorts import load_cohort

    _, result = store
    mlflow = tracking.open_store("train")
    X = load_cohort("simulated").to_df().iloc[:5]
    saved = load_model("small").predict(X)
    client = mlflow.MlflowClient()
    outputs = client.get_run(result.table.loc[0, "run_id"]).outputs
    logged = mlflow.pyfunc.load_model(f"models:/{outputs.model_outputs[0].model_id}").predict(X)
    np.testing.assert_allclose(
        logged["probability_severe"], saved["probability_severe"], atol=1e-12
    )


def test_training_is_reproducible(store: Store) -> None:
    from ifn_severity.evaluate import Candidate, nested_cross_validation, outer_splits

    dataset = load_dataset(["simulated"])
    splits = outer_splits(dataset.y, dataset.patients, folds=3, repeats=2)
    X = dataset.columns("interferon").to_numpy()
    (again,) = nested_cross_validation(
        [Candidate("interferon", "logistic", X)],
        dataset.y, dataset.patients, splits, inner_folds=2, n_jobs=1,
    )  # fmt: skip
    first = store[1].table.set_index("feature_set").loc["interferon", "run_id"]
    table = tracking.open_store("train").load_table("out_of_fold.json", run_ids=[str(first)])
    np.testing.assert_allclose(
        again.held_out.probability.ravel(), table["probability_severe"], atol=1e-12
    )


def test_interrupt_keeps_what_was_finished(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C in the second candidate: the first is in the store, the store opens again."""
    steps = 0

    def bar(title: str, total: int):  # type: ignore[no-untyped-def]
        from contextlib import contextmanager

        @contextmanager
        def counting():  # type: ignore[no-untyped-def]
            def advance(doing: str) -> None:
                nonlocal steps
                steps += 1
                if steps == 6:
                    raise KeyboardInterrupt

            yield advance

        return counting()

    with pytest.raises(KeyboardInterrupt):
        train(
            ["simulated"], feature_sets=["interferon", "all"], models=["logistic"],
            folds=3, inner_folds=2, repeats=1, n_jobs=1, bar=bar,
        )  # fmt: skip
    mlflow = tracking.open_store("train")
    runs = mlflow.search_runs(experiment_names=["train"])
    assert sorted(runs["status"]) == ["FINISHED", "KILLED"]
    assert not list((home / "models").iterdir())


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"cohorts": ["simulatd"]}, CohortError, "simulated"),
        ({"cohorts": ["simulated", "simulated"]}, CohortError, "more than once"),
        ({"cohorts": ["GSE152641"]}, CohortError, "trained on"),
        ({"feature_sets": ["interferons"]}, FeatureError, "interferon"),
        ({"models": ["forrest"]}, ModelError, "forest"),
        ({"folds": 61}, LabelError, "60 mild and 60 severe"),
        ({"name": "../evil"}, ModelError, "cannot name a model"),
        ({"n_jobs": 0}, InputError, "0 processes"),
    ],
)
def test_refusals_leave_nothing_behind(
    store: Store, arguments: dict[str, object], error: type[Exception], message: str
) -> None:
    home, _ = store
    before = sorted(p.name for p in (home / "models").iterdir())
    given: dict[str, object] = {"cohorts": ["simulated"], **arguments}
    with pytest.raises(error, match=message):
        train(given.pop("cohorts"), **{"n_jobs": 1, **given})  # type: ignore[arg-type]
    assert sorted(p.name for p in (home / "models").iterdir()) == before


def test_locked_store_is_one_clear_block(store: Store) -> None:
    with closing(sqlite3.connect(tracking.database(), isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StoreError, match="locked"):
            tracking.open_store("train")
        other.execute("ROLLBACK")
    tracking.open_store("train")


def test_store_that_fails_during_a_run_is_one_clear_block(store: Store) -> None:
    import errno

    mlflow = tracking.open_store("train")
    with (
        pytest.raises(StoreError, match="No space left"),
        tracking.run(mlflow, "full disk", tags={}),
    ):
        raise OSError(errno.ENOSPC, "No space left on device")
    runs = mlflow.search_runs(filter_string="attributes.run_name = 'full disk'")
    assert runs["status"].tolist() == ["FAILED"]


def test_replacing_a_model_is_said(store: Store) -> None:
    with pytest.warns(UserWarning, match="will be replaced"), pytest.raises(KeyboardInterrupt):
        train(["simulated"], name="small", models=["logistic"], n_jobs=1, bar=_stop_at_once)


def _stop_at_once(title: str, total: int) -> object:
    raise KeyboardInterrupt


def test_damaged_store_is_one_clear_block(home: Path) -> None:
    (home / "mlruns").mkdir()
    tracking.database().write_bytes(b"not a database" * 100)
    with pytest.raises(StoreError, match="cannot be used"):
        tracking.open_store("train")


def test_read_only_home(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import errno

    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(StoreError, match="Read-only"):
        tracking.open_store("train")


@pytest.mark.mirror
def test_real_cohorts_pool_with_patients_apart(mirror: Path, home: Path) -> None:
    dataset = load_dataset(["schulte-cohort1"])
    assert len(dataset.y) == 27
    assert len(set(dataset.patients)) == 18
    assert all(p.startswith("schulte-cohort1:") for p in dataset.patients)
    assert isinstance(dataset.obs["days_since_onset"], pd.Series)
    assert dataset.obs["days_since_onset"].notna().all()
