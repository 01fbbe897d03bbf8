"""What is saved comes back the same, anywhere, and whole or not at all."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import warnings
from copy import deepcopy
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ifn_severity.bundle import load_model, save_bundle
from ifn_severity.bundle.manifest import WEIGHT_FILES, expected_files
from ifn_severity.bundle.space import distance_limit
from ifn_severity.bundle.weights import dump_weights
from ifn_severity.classify import margin
from ifn_severity.errors import ModelError, StoreError
from ifn_severity.features import catalogue_sha256, panel_genes


def test_round_trip_is_exact(each):
    model = load_model(each.folder)
    X = each.features.to_numpy()
    restored, original = model.classifier, each.classifier
    np.testing.assert_allclose(
        margin(restored.pipeline_, X), margin(original.pipeline_, X), rtol=0, atol=1e-9
    )
    given = X if original.model != "forest" else each.features
    np.testing.assert_allclose(
        restored.predict_proba(each.features), original.predict_proba(given), rtol=0, atol=1e-9
    )
    assert restored.threshold_ == original.threshold_
    assert restored.calibration_ == original.calibration_
    assert restored.best_params_ == original.best_params_
    assert restored.get_params() == original.get_params()
    assert list(restored.classes_) == list(original.classes_)
    assert list(restored.feature_names_in_) == list(each.features.columns)
    assert restored.n_features_in_ == each.features.shape[1]
    pd.testing.assert_frame_equal(
        model.features(each.expression), each.features, check_names=False, rtol=0, atol=1e-12
    )


def test_missing_features_are_imputed_alike(each):
    model = load_model(each.folder)
    X = each.features.to_numpy().copy()
    X[::2, ::3] = np.nan
    np.testing.assert_allclose(
        margin(model.classifier.pipeline_, X),
        margin(each.classifier.pipeline_, X),
        rtol=0,
        atol=1e-9,
    )


def test_moves_to_another_folder(each, tmp_path, monkeypatch):
    before = load_model(each.folder).predict(each.expression)
    shutil.copytree(each.folder, tmp_path / "elsewhere" / "other-name")
    monkeypatch.chdir(tmp_path)
    after = load_model("elsewhere/other-name").predict(each.expression)
    pd.testing.assert_frame_equal(before, after, rtol=0, atol=1e-9)


def test_is_an_mlflow_model(each, tmp_path, monkeypatch):
    with warnings.catch_warnings():
        # MLflow 3.17 warns of type hints in its own modules when it is first imported
        warnings.filterwarnings(
            "ignore", message=".*Any type hint is inferred", category=UserWarning
        )
        import mlflow.pyfunc
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    loaded = mlflow.pyfunc.load_model(str(each.folder))
    pd.testing.assert_frame_equal(
        loaded.predict(each.expression), load_model(each.folder).predict(each.expression)
    )
    assert [column.name for column in loaded.metadata.get_output_schema()][:2] == [
        "sample",
        "probability_severe",
    ]
    assert not any(Path.cwd().iterdir()), "loading must not start a tracking store"


def test_manifest_says_what_it_is(each):
    data = json.loads((each.folder / "manifest.json").read_text())
    assert data["schema_version"] == 2
    assert data["catalogue_sha256"] == catalogue_sha256()
    assert set(data["genes"]) < set(panel_genes())
    assert data["columns"] == list(each.features.columns)
    assert data["simulated"] is True
    assert data["metrics"] == {"auroc": 0.9, "auroc_ci": [0.8, None]}
    assert data["cohorts"][0]["n_samples"] == 40
    assert "research use only" in data["intended_use"]
    assert {"scikit-learn", "xgboost", "numpy", "skops", "ifn-severity"} <= set(data["versions"])
    for name, fact in data["files"].items():
        content = (each.folder / name).read_bytes()
        assert fact == {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}


def test_folder_holds_safe_formats_and_no_rows(each):
    names = {path.name for path in each.folder.iterdir()}
    kind = each.classifier.model
    assert names == {*expected_files(kind), "manifest.json", "manifest.sha256"}
    for path in each.folder.iterdir():
        head = path.read_bytes()[:2]
        assert not (head[:1] == b"\x80" and head[1:2] in b"\x02\x03\x04\x05"), f"{path} is a pickle"
    assert set(WEIGHT_FILES[kind]) <= names
    text = "".join(p.read_text() for p in each.folder.iterdir() if p.suffix in (".csv", ".json"))
    assert not any(f"{sample}," in text for sample in each.features.index)


def test_reference_describes_the_training_data(each):
    reference = load_model(each.folder).reference
    np.testing.assert_allclose(reference["mean"], each.features.mean(), rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(reference["q50"], each.features.median(), rtol=1e-4, atol=1e-4)
    predictions = load_model(each.folder).predict(each.expression)
    assert predictions["in_distribution"].mean() > 0.95


def test_card_tells_the_reader(each):
    card = (each.folder / "MODEL_CARD.md").read_text()
    assert "loaded with `ifn_severity.bundle.load_model` first" in card
    assert "simulated patients" in card
    assert "Research use only" in card
    assert "| auroc | 0.900 | 0.800 to – |" in card


def test_limit_of_one_cohort_is_that_of_patients_held_out(trained, tmp_path):
    one = trained["logistic"]
    patients = [f"p{i % 10}" for i in range(len(one.features))]
    save_bundle(tmp_path / "m", one.classifier, **one.save, training_patients=patients)
    found = load_model(tmp_path / "m").manifest.distribution["distance_limit"]
    rows = one.features.to_numpy()
    nobody = np.zeros(len(rows))
    assert found == distance_limit(rows, nobody, np.array(patients))
    assert found != distance_limit(rows, nobody)


def test_replaces_a_model_as_a_whole(trained, tmp_path):
    target = tmp_path / "m"
    one, other = trained["logistic"], trained["xgboost"]
    save_bundle(target, one.classifier, **one.save)
    save_bundle(target, other.classifier, **other.save)
    assert load_model(target).name == "tiny-xgboost"
    assert not (target / "pipeline.skops").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["m"]


def test_leaves_other_folders_alone(trained, tmp_path):
    one = trained["logistic"]
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(ModelError, match="exists and is no model"):
        save_bundle(tmp_path, one.classifier, **one.save)
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


@pytest.mark.parametrize("name", ["", "../up", "a b", ".hidden", "a/b", "x" * 101])
def test_refuses_impossible_names(trained, tmp_path, name):
    one = trained["logistic"]
    with pytest.raises(ModelError, match="as the name of a model"):
        save_bundle(tmp_path / "m", one.classifier, **{**one.save, "name": name})


def test_refuses_other_columns(trained, tmp_path):
    one = trained["logistic"]
    fewer = one.features.iloc[:, 1:]
    with pytest.raises(ModelError, match="columns of training features"):
        save_bundle(tmp_path / "m", one.classifier, **{**one.save, "training_features": fewer})
    with pytest.raises(ModelError, match="no features of 'cytokine'"):
        save_bundle(tmp_path / "m", one.classifier, **{**one.save, "feature_set": "cytokine"})


@pytest.mark.parametrize("number", [errno.EROFS, errno.EACCES, errno.ENOSPC])
@pytest.mark.parametrize("step", ["write", "move", "mkdir"])
def test_disk_that_refuses(trained, tmp_path, monkeypatch, number, step):
    one = trained["logistic"]
    target = tmp_path / "models" / "m"

    def refuse(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patch:
        if step == "write":
            patch.setattr(Path, "write_bytes", refuse)
        elif step == "move":
            patch.setattr(os, "replace", refuse)
        else:
            patch.setattr(Path, "mkdir", refuse)
        with pytest.raises(StoreError):
            save_bundle(target, one.classifier, **one.save)
    assert not target.exists()
    assert not target.parent.exists() or not any(target.parent.iterdir())


def test_weights_are_the_same_bytes_whenever_they_are_saved(each):
    first = dump_weights(each.classifier)
    assert first == dump_weights(deepcopy(each.classifier))
