"""The registry: versions, tags, and a champion that only cohorts held out can move."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ifn_severity.bundle import load_model, save_bundle
from ifn_severity.classify import SeverityClassifier
from ifn_severity.errors import InputError, ModelError, StoreError
from ifn_severity.features import InterferonFeatures, panel_genes
from ifn_severity.workflows import champion as champion_of
from ifn_severity.workflows import registry, tracking
from ifn_severity.workflows.evidence import COLUMNS, Evidence


def evidence(strength: float, *, seed: int = 0) -> Evidence:
    """Made-up held-out predictions of three cohorts and a small fourth."""
    rng = np.random.default_rng(seed)
    y = np.arange(128) % 2
    cohorts = np.repeat(["one", "two", "three", "small"], [40, 40, 40, 8])
    log_odds = strength * (rng.normal(size=128) + strength * (y - 0.5))
    names = np.array([f"{cohort}:{i}" for i, cohort in enumerate(cohorts)])
    table = pd.DataFrame(
        dict(zip(COLUMNS, (names, cohorts, names, y, cohorts != "small", log_odds, y), strict=True))
    )
    metrics = {
        "mean_auroc": 0.9,
        "mean_auroc_ci": [0.8, 0.95],
        "min_auroc": 0.85,
        "min_cohort": "two",
        "median_calibration_slope": 1.0,
    }
    return Evidence(table, metrics, {})


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A saved model that is not simulated, as far as its manifest says."""
    rng = np.random.default_rng(0)
    genes, y = list(panel_genes()), np.arange(40) % 2
    X = pd.DataFrame(rng.normal(6, 2, (40, len(genes))).clip(0), columns=genes)
    X.iloc[:, :300] += y[:, None]
    features = InterferonFeatures("interferon").set_output(transform="pandas").fit_transform(X)
    classifier = SeverityClassifier("transfer").fit(features, y)
    return save_bundle(
        tmp_path_factory.mktemp("tiny") / "tiny",
        classifier,
        name="tiny",
        feature_set="interferon",
        training_features=features,
        cohorts=[{"name": "one"}],
        labels="made up",
        metrics={},
        simulated=False,
    )


@pytest.fixture(scope="module")
def filled(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with four versions: strong, weak, stronger, and one without evidence."""
    home = tmp_path_factory.mktemp("store")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IFN_SEVERITY_HOME", str(home))
        mlflow = tracking.open_store("release")
        given = (evidence(2.0), evidence(0.9, seed=2), evidence(2.4), None)
        for number, each in enumerate(given):
            with tracking.run(mlflow, f"made up {number}", tags={}):
                made = registry.register(mlflow, tiny, each)
            assert (made.name, made.number) == ("tiny", str(number + 1))
    return home


@pytest.fixture
def store(filled: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The filled store, without a champion."""
    monkeypatch.setenv("IFN_SEVERITY_HOME", str(filled))
    mlflow = tracking.open_store("release")
    yield mlflow
    client = mlflow.MlflowClient()
    if "champion" in client.get_registered_model("tiny").aliases:
        client.delete_registered_model_alias("tiny", "champion")


def champion() -> list[str]:
    return [version.number for version in registry.versions() if version.champion]


def test_versions_say_what_they_are(store: Any) -> None:
    found = registry.versions("tiny")
    assert [version.number for version in found] == ["4", "3", "2", "1"]
    assert found[3].tags["evidence"] == "leave one cohort out"
    assert found[3].tags["mean_auroc"] == "0.9000"
    assert found[0].tags["evidence"] == "none"
    assert {"feature_set", "model", "cohorts", "git_commit", "licence"} <= set(found[0].tags)
    assert "mean AUROC 0.900 (0.800–0.950), least 0.850 (two)" in found[3].description
    assert "No cohort was held out" in found[0].description
    model = store.MlflowClient().get_registered_model("tiny")
    assert "Research use only" in model.description
    assert registry.versions("other") == []


def test_registered_version_predicts_as_the_saved_model(store: Any, tiny: Path) -> None:
    golden = pd.read_csv(tiny / "golden.csv", index_col=0).T
    champion_of.promote("tiny", "1")
    registered = store.pyfunc.load_model("models:/tiny@champion").predict(golden)
    saved = load_model(tiny).predict(golden)
    assert registered["probability_severe"].tolist() == saved["probability_severe"].tolist()


def test_champion_moves_only_where_the_evidence_says_so(store: Any) -> None:
    first = champion_of.promote("tiny", "1")
    assert first.before is None
    assert champion() == ["1"]
    with pytest.raises(ModelError, match=r"may not be champion: .*mean AUROC differs"):
        champion_of.promote("tiny", "2")
    assert champion() == ["1"], "a refusal moves nothing"
    assert champion_of.promote("tiny", "3").before == "1"
    assert champion() == ["3"]
    versions = {version.number: version for version in registry.versions("tiny")}
    assert "difference +" in versions["3"].tags["champion_because"]
    assert versions["1"].tags["champion_until"] >= versions["1"].tags["champion_since"]
    again = champion_of.promote("tiny", "3")
    assert again.decision.summary == "it is the champion already"


def test_force_needs_a_reason_and_keeps_it(store: Any) -> None:
    with pytest.raises(ModelError, match="no cohort was held out"):
        champion_of.promote("tiny", "4")
    with pytest.raises(InputError, match="without a reason"):
        champion_of.promote("tiny", "4", force=True, reason="  ")
    done = champion_of.promote("tiny", "4", force=True, reason="for a demonstration")
    assert done.forced
    assert champion() == ["4"]
    tags = registry.versions("tiny")[0].tags
    assert tags["champion_forced"] == "for a demonstration"
    assert "no cohort was held out" in tags["champion_refused_because"]
    # what stands alone takes the place of what was forced
    assert not champion_of.promote("tiny", "1").forced


def test_an_alias_that_cannot_be_moved_leaves_no_tag(
    store: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    before = champion()
    monkeypatch.setattr(store.MlflowClient, "set_registered_model_alias", full)
    with pytest.raises(StoreError, match="champion"):
        champion_of.promote("tiny", "2", force=True, reason="never")
    assert champion() == before
    tags = {version.number: version.tags for version in registry.versions("tiny")}["2"]
    assert not [key for key in tags if key.startswith("champion")]


@pytest.mark.parametrize(
    ("name", "number", "match", "do"),
    [
        ("tinny", "1", "no model tinny registered", "did you mean tiny"),
        ("tiny", "9", "no version 9", "models show tiny"),
        ("tiny", "one", "no version one", "models show tiny"),
        ("it's", "1", "no model it's registered", "choose one of"),
    ],
)
def test_unknown_models_and_versions(
    store: Any, name: str, number: str, match: str, do: str
) -> None:
    with pytest.raises(ModelError, match=match) as caught:
        champion_of.promote(name, number)
    assert do in caught.value.do


def test_nothing_is_registered(home: Path, tiny: Path) -> None:
    assert registry.versions() == []
    assert not (home / "mlruns").exists(), "looking leaves nothing behind"
    with pytest.raises(ModelError, match="no model tiny registered") as caught:
        champion_of.promote("tiny", "1")
    assert "--register" in caught.value.do
    (home / "models").mkdir()
    (home / "models" / "tiny").symlink_to(tiny)
    with pytest.raises(ModelError, match="in models/ but not registered"):
        champion_of.promote("tiny", "1")


def test_a_name_that_somebody_else_registered(store: Any) -> None:
    client = store.MlflowClient()
    client.create_registered_model("theirs")
    try:
        with pytest.raises(ModelError, match="that ifn-severity did not make"):
            registry.check_name("theirs")
    finally:
        client.delete_registered_model("theirs")
    registry.check_name("tiny")


def test_locked_store(store: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    connect = sqlite3.connect
    # as in tracking, but without its three seconds of patience
    monkeypatch.setattr(
        sqlite3, "connect", lambda path, timeout=0.0, **more: connect(path, timeout=0.0, **more)
    )
    with closing(connect(tracking.database())) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="locked") as caught:
            champion_of.promote("tiny", "1")
        other.rollback()
    assert "wait for the other run" in caught.value.do
    assert champion() == []


def test_damaged_store(home: Path) -> None:
    tracking.database().parent.mkdir()
    tracking.database().write_text("no database at all, and long enough to be read as one" * 20)
    for look in (registry.versions, lambda: champion_of.promote("tiny", "1")):
        with pytest.raises(StoreError, match="not a database") as caught:
            look()
        assert "move that file away" in caught.value.do
