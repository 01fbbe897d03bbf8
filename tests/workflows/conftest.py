"""One small training on the simulated cohort, shared by the tests that look at what it left."""

from __future__ import annotations

from pathlib import Path

import pytest

from ifn_severity.workflows.train import TrainResult, train


@pytest.fixture(scope="session")
def trained_home(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, TrainResult]:
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IFN_SEVERITY_HOME", str(home))
        result = train(
            ["simulated"],
            feature_sets=["interferon", "all"],
            models=["logistic"],
            folds=3,
            inner_folds=2,
            repeats=2,
            n_jobs=1,
            name="small",
        )
    return home, result


@pytest.fixture
def store(
    trained_home: tuple[Path, TrainResult], monkeypatch: pytest.MonkeyPatch
) -> tuple[Path, TrainResult]:
    monkeypatch.setenv("IFN_SEVERITY_HOME", str(trained_home[0]))
    return trained_home
