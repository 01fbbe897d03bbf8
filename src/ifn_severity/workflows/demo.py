"""Demo: every step once, offline, on simulated patients."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ifn_severity.cohorts.simulate import simulate_cohort
from ifn_severity.paths import atomic_file, reports_dir
from ifn_severity.progress import Bar
from ifn_severity.workflows.explain import ExplainResult, explain
from ifn_severity.workflows.predict import PredictionResult, predict_file
from ifn_severity.workflows.train import TrainResult, train

COHORT = "simulated"
# patients that the training cohort does not hold
NEW_PATIENTS_SEED = 2021
N_NEW = 8


@dataclass(frozen=True, eq=False)
class DemoResult:
    """What the demo leaves behind: one result a step, and the file that was predicted on."""

    trained: TrainResult
    explained: ExplainResult
    predicted: PredictionResult
    new_patients: Path


def demo(*, seed: int, bar: Bar) -> DemoResult:
    """Train on the simulated cohort, explain the winner, and predict for new simulated patients.

    Parameters
    ----------
    seed : int
        Seed of splits, models and bootstrap; the patients are always the same.
    bar : callable
        Gives a progress bar for a title and a number of steps.
    """
    # forests and repeats would take most of the time and show nothing new
    trained = train(
        [COHORT],
        feature_sets=("interferon", "interferon+cytokine", "all"),
        models=("logistic", "xgboost"),
        repeats=1,
        seed=seed,
        name="demo",
        bar=bar,
    )
    # enough refits to show what they are for
    explained = explain(trained.model.name, refits=40, panels=10, seed=seed, bar=bar)
    folder = reports_dir() / "demo"
    matrix = folder / "new_patients_SIMULATED.csv"
    new = simulate_cohort(N_NEW, seed=NEW_PATIENTS_SEED).to_df()
    new.index = [f"NEW{number:02d}" for number in range(1, N_NEW + 1)]
    with atomic_file(matrix) as part:
        # as users bring it: genes in rows, linear
        (2.0**new - 1.0).T.to_csv(part, float_format="%.5g", index_label="gene")
    predicted = predict_file(trained.model, matrix, output=folder / "predictions.csv")
    return DemoResult(trained, explained, predicted, matrix)
