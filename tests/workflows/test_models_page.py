"""docs/models.md: its table is that of the models, its examples run, its rule is the code's."""

from __future__ import annotations

import doctest
import importlib.util
from pathlib import Path
from types import ModuleType

import pytest
from sklearn.base import clone

from ifn_severity.bundle import load_model
from ifn_severity.classify import severity_pipeline
from ifn_severity.cohorts.simulate import simulate_cohort
from ifn_severity.evaluate.promotion import MARGIN, MIN_COHORTS, SLOPES
from ifn_severity.workflows.designs import released

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "models.md"


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    path = ROOT / "tools" / "write_released_table.py"
    spec = importlib.util.spec_from_file_location("write_released_table", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_table_is_that_of_the_models(tool: ModuleType) -> None:
    page = PAGE.read_text("utf-8")
    assert tool.with_table(page, ROOT / "models") == page, "run tools/write_released_table.py"


def test_numbers_of_genes_are_those_of_the_models() -> None:
    page = PAGE.read_text("utf-8")
    for name in released().designs:
        genes = len(load_model(ROOT / "models" / name).manifest.genes)
        row = next(line for line in page.splitlines() if line.startswith(f"| `{name}` |"))
        assert f"| {genes} |" in row


def test_rule_is_that_of_the_code() -> None:
    page = PAGE.read_text("utf-8")
    assert f"is between {SLOPES[0]:g} and {SLOPES[1]:g}" in page
    assert f"no less than −{MARGIN:g}" in page
    assert f"may be at most {MARGIN:g} below" in page
    assert MIN_COHORTS == 3
    assert "At least three cohorts" in page


def test_examples_run(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    failed, tried = doctest.testfile(str(PAGE), module_relative=False, verbose=False)
    assert (failed, tried > 10) == (0, True)


def test_pipeline_is_cloned_with_all_it_knows() -> None:
    adata = simulate_cohort(30, seed=2)
    X, y = adata.to_df(), adata.obs["severe"].astype(int).to_numpy()
    first = severity_pipeline("interferon", "transfer")
    second = clone(first)
    patients = adata.obs["patient"].to_numpy(dtype=str)
    for pipeline in (first, second):
        pipeline.fit(X, y, classifier__groups=patients)
    assert (first.predict_proba(X) == second.predict_proba(X)).all()
    # features reach the classifier by name, so their views are known
    assert "gene:IFI27" in first[-1].feature_names_in_
    assert set(first[-1]._views()) == {"gene interferon", "score interferon"}
