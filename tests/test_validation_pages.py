"""The writer of docs/validation.md and the README: it says what the run's numbers allow."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


@pytest.fixture
def pages(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module("validation_pages")


@pytest.fixture
def found() -> dict[str, Any]:
    """The parts of a validation.json that the headline needs, with numbers of the five cohorts."""
    return {
        "mean_auroc": 0.8621,
        "mean_auroc_ci": [0.768, 0.936],
        "min_auroc": 0.807,
        "pooled_auroc": 0.875,
        "pooled_auroc_ci": [0.727, 0.949],
        "pooled_prediction_interval": [0.558, 0.975],
        "random_panels": [*np.linspace(0.78, 0.8608, 95), *np.linspace(0.8649, 0.878, 5)],
        "shuffled_labels": [0.5, 0.51],
        "cohorts": {
            "schulte-cohort2": {
                "n": 47,
                "n_severe": 25,
                "counted": True,
                "mild_means": "in hospital",
            }
        },
        "held_out": [
            {"model": "nested", "cohort": "schulte-cohort2", "auroc": 0.807, "auroc_low": 0.642}
            | {"auroc_high": 0.939, "brier": 0.187, "brier_low": 0.131, "brier_high": 0.249}
            | {"calibration_slope": 1.6, "calibration_slope_low": 0.88}
            | {"calibration_slope_high": 3.4, "calibration_intercept": 0.8}
            | {"sensitivity": 0.64, "specificity": 0.82}
        ],
        "headline": {
            "n_configurations": 16,
            "seed": 0,
            "min_cohort": "schulte-cohort2",
            "averaged_auroc": 0.883,
            "averaged_min": 0.775,
            "best_candidate": "all / transfer",
            "best_of_many": 0.893,
            "best_comparator": "Inflammatix-6",
            "best_comparator_auroc": 0.841,
            "reference_candidate": "all / transfer",
            "reference_auroc": 0.893,
            "permutation_p": 0.0001,
        },
    }


def test_random_genes_are_judged_by_count_and_p(pages: ModuleType, found: dict[str, Any]) -> None:
    text = pages.headline(found, source="../model-selection.md")
    assert (
        "nested figure does not surely do better (5 of 100 random panels reach it, p = 0.0594)"
        in (text)
    )
    assert "0.893, does better (0 of 100 random panels reach it, p = 0.0099)" in text
    assert "but the design was found with the help of these cohorts" in text


def test_brier_score_and_slope_stand_with_intervals(
    pages: ModuleType, found: dict[str, Any]
) -> None:
    table = pages.held_out(found)
    assert "| 0.807 (0.642–0.939) | 0.19 (0.13–0.25) | 1.60 (0.88–3.40) | +0.8 |" in table


def test_what_was_tried_before_is_told_where_it_had_a_part(
    pages: ModuleType, found: dict[str, Any]
) -> None:
    text = pages.headline(found, source="docs/model-selection.md")
    assert "29 designs, and before them 13 ways of representing a sample" in text
    assert "[all that was tried](docs/model-selection.md)" in text
    other = {**found, "cohorts": {"mine": found["cohorts"]["schulte-cohort2"]}}
    assert "29 designs" not in pages.headline(other, source="x")
