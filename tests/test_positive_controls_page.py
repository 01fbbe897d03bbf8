"""The writer of docs/positive-controls.md: every list that the page names, and patients once."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture
def writer(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    return importlib.import_module("positive_controls")


def test_lists_that_answer_both_types_have_rows(writer: ModuleType) -> None:
    scores = writer.INTERFERON[writer.INTERFERON["family"].isin(writer.FAMILIES)]
    for name in ("HALLMARK_IFN_GAMMA", "Chaussabel_M5.12_IFN", "REACTOME_IFN_gamma"):
        assert f"score:{name}" in scores.index
        page = (ROOT / "docs" / "positive-controls.md").read_text("utf-8")
        assert page.count(f"| {name} |") == 3


def test_every_patient_counts_once(writer: ModuleType) -> None:
    days = np.array([2.0, 4.0, 9.0, 1.0])
    scores = pd.DataFrame({"score": [1.0, 3.0, 5.0, 7.0]})
    means, found = writer.patient_means(days, scores, np.array(["b", "b", "a", "c"]))
    assert means.tolist() == [9.0, 3.0, 1.0]
    assert found["score"].tolist() == [5.0, 2.0, 7.0]
