"""Whatever stands in a manifest: a model predicts as before, or is refused in one block."""

from __future__ import annotations

import hashlib
import itertools
import json
import shutil
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ifn_severity.bundle import load_model, save_bundle
from ifn_severity.bundle.interval import COHORTS, ProbabilityInterval
from ifn_severity.classify import SeverityClassifier
from ifn_severity.errors import ModelError

Cli = Callable[..., tuple[int, str, str]]
Place = tuple[str | int, ...]
NAME = "tiny"
GENES = ("ISG15", "IFI27", "IL10RA", "CD24")


def places(node: Any, above: Place = ()) -> Iterator[Place]:
    """Walk through a manifest; of items that are alike, such as genes, the first stands for all."""
    if above:
        yield above
    items: list[tuple[str | int, Any]] = []
    if isinstance(node, dict):
        items = list(node.items())
        alike = len(items) > 1 and all(
            isinstance(value, dict) and value.keys() == items[0][1].keys() for _, value in items
        )
        items = items[:1] if alike else items
    elif isinstance(node, list):
        items = list(enumerate(node))[:1]
    for key, value in items:
        yield from places(value, (*above, key))


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small model with everything in its manifest that a released one has."""
    rng = np.random.default_rng(3)
    severe = np.arange(40) % 2
    columns = [f"gene:{gene}" for gene in GENES]
    features = pd.DataFrame(rng.normal(8, 1, (40, 4)) + severe[:, None], columns=columns)
    row = {"n_mild_patients": 20, "n_severe_patients": 20, "counted": True, "auroc": 0.9}
    evidence = {"mean_auroc": 0.9, "mean_auroc_ci": (0.8, 0.95), "min_auroc": 0.9}
    evidence |= {"min_cohort": "A", "median_calibration_slope": 1.1}
    row |= {"auroc_ci": (0.8, 0.95), "brier": 0.1, "sensitivity": 0.8, "specificity": 0.8}
    subgroup = {"n_mild_patients": 9, "n_severe_patients": 8, "auroc": 0.9}
    folder = tmp_path_factory.mktemp("models") / NAME
    return save_bundle(
        folder,
        SeverityClassifier("transfer", inner_folds=2).fit(features, severe),
        name=NAME,
        feature_set="all",
        training_features=features,
        cohorts=[{"name": "A", "tissue": "whole blood", "files": {"a.csv": "0"}, "n_samples": 40}],
        labels="half of the random samples",
        metrics={
            "leave_one_cohort_out": {
                **evidence,
                "cohorts": {"A": row},
                "subgroups": {"A, women": subgroup},
            },
            "auroc": 0.9,
            "auroc_ci": (0.8, 0.95),
        },
        simulated=False,
        extra={"purpose": "a test", "settings": {"seed": 3}},
        interval=ProbabilityInterval(COHORTS, 0.95, 1.96, 1.0, (0.2, 0.0, 0.1), {"A": 0.5}),
    )


@pytest.fixture
def shelf(sound: Path, home: Path) -> Path:
    """A copy of it in the models of an empty home."""
    return Path(shutil.copytree(sound, home / "models" / NAME))


def write(folder: Path, manifest: Any) -> None:
    """Write a manifest with the checksum that it should have."""
    text = json.dumps(manifest).encode()
    (folder / "manifest.json").write_bytes(text)
    line = f"{hashlib.sha256(text).hexdigest()}  manifest.json\n"
    (folder / "manifest.sha256").write_text(line)


def changed(manifest: Any, place: Place, value: Any) -> Any:
    """Return a copy with another value at one place."""
    other = deepcopy(manifest)
    node = other
    for key in place[:-1]:
        node = node[key]
    node[place[-1]] = value
    return other


@pytest.mark.parametrize(
    "value",
    [None, ["x"], {"x": 1}, int("9" * 400), "\ud800"],
    ids=["null", "list", "table", "huge", "half a character"],
)
def test_any_value_anywhere(shelf: Path, cli: Cli, value: object) -> None:
    manifest = json.loads((shelf / "manifest.json").read_text())
    samples = pd.read_csv(shelf / "golden.csv", index_col="gene").T
    before = load_model(shelf).predict(samples)
    everywhere = list(places(manifest))
    assert len(everywhere) > 80
    said: list[tuple[Place, str]] = []
    for place in everywhere:
        write(shelf, changed(manifest, place, value))
        try:
            model = load_model(shelf)
        except ModelError as error:
            said.append((place, str(error)))
            continue
        after = model.predict(samples)
        np.testing.assert_array_equal(
            after["probability_severe"], before["probability_severe"], err_msg=str(place)
        )
        code, out, err = cli("models", "show", NAME)
        assert (code, err) == (0, ""), (place, err)
        assert f"kind:       {manifest['model']}" in out
    for place, text in said:
        lines = text.encode().decode().splitlines()
        assert [line.split(":")[0] for line in lines] == ["got", "expected", "do"], place
    assert len(said) > 50
    if isinstance(value, str):
        assert len(said) == len(everywhere)


@pytest.mark.parametrize(
    ("place", "value", "said"),
    [
        (("inner_auroc",), int("9" * 400), "inner_auroc is 999"),
        (("inner_auroc",), 1.5, "inner_auroc is 1.5, which is not between 0 and 1"),
        (("interval", "basis"), ["x"], "interval: basis is"),
        (("metrics", "leave_one_cohort_out"), 5, "leave_one_cohort_out is no table"),
        (
            ("metrics", "leave_one_cohort_out"),
            {"cohorts": {}, "mean_auroc": 0.9, "min_auroc": 0.8},
            "mean_auroc_ci is missing",
        ),
        (("metrics", "leave_one_cohort_out", "mean_auroc_ci"), [0.5], "mean_auroc_ci is no inter"),
        (("labels",), "severe\ud800", "half a character"),
        (("intended_use",), "\udfff", "half a character"),
        (("versions", "numpy"), "\ud800", "half a character"),
        (("versions", "numpy"), "2.3.5\nevil==1", "versions: 'numpy' is '2.3.5\\nevil==1'"),
        (("versions",), {}, "python is missing"),
        (("cohorts", 0), {}, "a cohort has no name"),
        (("classes", 0), int("9" * 400), "classes are not two labels"),
        (("inner_folds",), int("9" * 400), "inner_folds is 999"),
    ],
    ids=map(str, itertools.count()),
)
def test_what_is_wrong_is_said(
    shelf: Path, sound: Path, cli: Cli, place: Place, value: object, said: str
) -> None:
    manifest = json.loads((shelf / "manifest.json").read_text())
    write(shelf, changed(manifest, place, value))
    code, out, err = cli("models", "show", NAME)
    assert (code, out) == (2, "")
    assert said in err
    assert "Traceback" not in err
    # one such folder does not hide the others
    shutil.copytree(sound, shelf.with_name("sound"))
    code, out, err = cli("models")
    assert (code, err) == (0, "")
    assert "cannot be loaded" in out
    assert "mean AUROC" in out


def test_measures_that_are_not_known_are_shown_as_such(shelf: Path, cli: Cli) -> None:
    manifest = json.loads((shelf / "manifest.json").read_text())
    place = ("metrics", "leave_one_cohort_out", "mean_auroc_ci")
    write(shelf, changed(manifest, place, [None, None]))
    code, out, _ = cli("models", "show", NAME)
    assert code == 0
    assert "(–––)" in out


def test_words_of_a_model_are_not_taken_for_markup(shelf: Path, cli: Cli) -> None:
    folder = shelf.rename(shelf.with_name("[bold]tiny"))
    manifest = json.loads((folder / "manifest.json").read_text())
    write(folder, changed(manifest, ("model",), "[/nothing]"))
    code, out, err = cli("models")
    assert (code, err) == (0, "")
    assert "[bold]tiny" in out
    assert "[/nothing]" in out
