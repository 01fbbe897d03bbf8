"""One small model of each kind, saved once; tests that harm a model take a copy."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ifn_severity.bundle import save_bundle
from ifn_severity.bundle.interval import FOLDS, ProbabilityInterval
from ifn_severity.classify import SeverityClassifier
from ifn_severity.features import InterferonFeatures, panel_genes

KINDS = ("logistic", "forest", "xgboost", "transfer")


@dataclass(frozen=True)
class Trained:
    """A classifier, what it was trained on, and where it was saved."""

    folder: Path
    classifier: SeverityClassifier
    expression: pd.DataFrame
    features: pd.DataFrame
    save: dict[str, Any]


def _expression(rng: np.random.Generator, n: int = 40) -> tuple[pd.DataFrame, np.ndarray]:
    genes = list(panel_genes())
    severe = (np.arange(n) % 2).astype(float)
    level = rng.normal(6, 2, len(genes)) + rng.normal(0, 0.7, (n, len(genes)))
    level[:, :300] += severe[:, None]
    samples = [f"pat{i}" for i in range(n)]
    return pd.DataFrame(level.clip(0), index=samples, columns=genes), severe


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Trained]:
    expression, severe = _expression(np.random.default_rng(7))
    transformer = InterferonFeatures("interferon").set_output(transform="pandas")
    features = transformer.fit_transform(expression)
    models = {}
    for kind in KINDS:
        # the forest and the boosted trees skip the inner cross-validation: it takes seconds
        classifier = SeverityClassifier(
            kind, inner_folds=2 if kind in ("logistic", "transfer") else 1
        )
        classifier.fit(features if kind == "forest" else features.to_numpy(), severe)
        if kind != "logistic":
            classifier.calibration_, classifier.threshold_ = (5.0, -2.5), 0.4
        save = {
            "name": f"tiny-{kind}",
            "feature_set": "interferon",
            "training_features": features,
            "cohorts": [{"name": "made", "simulated": True, "n_samples": np.int64(40)}],
            "labels": "half of the random samples",
            "metrics": {"auroc": np.float64(0.9), "auroc_ci": (0.8, np.nan)},
            "simulated": True,
            "extra": {"seed": 7},
            "interval": ProbabilityInterval(FOLDS, 0.95, 1.96, 0.0, (0.2, 0.0, 0.1), {}),
        }
        folder = tmp_path_factory.mktemp("models") / f"tiny-{kind}"
        save_bundle(folder, classifier, **save)
        models[kind] = Trained(folder, classifier, expression, features, save)
    return models


@pytest.fixture(params=KINDS)
def each(request: pytest.FixtureRequest, trained: dict[str, Trained]) -> Trained:
    return trained[request.param]


@pytest.fixture
def copy_of(trained: dict[str, Trained], tmp_path: Path) -> Callable[[str], Path]:
    """Give a copy of a saved model that may be harmed."""

    def copy(kind: str) -> Path:
        return Path(shutil.copytree(trained[kind].folder, tmp_path / f"copy-{kind}"))

    return copy


@pytest.fixture
def forge() -> Callable[..., None]:
    """Change a model and put every checksum right again, as someone who means harm would."""

    def rewrite(
        folder: Path, change: Callable[[dict[str, Any]], None] | None = None, **files: bytes
    ):
        manifest = json.loads((folder / "manifest.json").read_text())
        for name, content in files.items():
            (folder / name).write_bytes(content)
            manifest["files"][name] = {
                "sha256": hashlib.sha256(content).hexdigest(),
                "bytes": len(content),
            }
        if change:
            change(manifest)
        text = json.dumps(manifest).encode()
        (folder / "manifest.json").write_bytes(text)
        line = f"{hashlib.sha256(text).hexdigest()}  manifest.json\n"
        (folder / "manifest.sha256").write_text(line)

    return rewrite
