"""How long explanations of 10,000 patients take, beside XGBoost's own.

    python benchmarks/explain_throughput.py [--patients 10000] [--rounds 5]

The first figure holds ``attribute`` (impute, scale, TreeSHAP, calibration, check of the sum)
against ``booster.predict(pred_contribs=True)`` on the scaled matrix, taken in turns in one run,
one thread each, in CPU seconds. The second carries the same attributions on to genes, which
XGBoost does not do.
Simulated patients.
"""

from __future__ import annotations

import argparse
import statistics
import time
import warnings
from collections.abc import Callable

import numpy as np
import xgboost

from ifn_severity.classify import SeverityClassifier
from ifn_severity.cohorts.simulate import simulate_cohort
from ifn_severity.explain import attribute
from ifn_severity.explain.api import panel_levels
from ifn_severity.explain.carry import carry_to_genes, usual_levels
from ifn_severity.explain.samples import Samples
from ifn_severity.features import InterferonFeatures, feature_definition
from ifn_severity.features.threads import ONE_BLAS_THREAD


def simulated(n: int, seed: int) -> Samples:
    definition = feature_definition("all")
    adata = simulate_cohort(n, seed=seed)
    matrix = adata.to_df()
    transformer = InterferonFeatures("all").set_output(transform="pandas")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        features = transformer.fit_transform(matrix)
    obs = adata.obs.copy()
    obs["cohort"] = "simulated"
    return Samples(definition, features, panel_levels(matrix, definition.panel), obs)


def seconds(run: Callable[[], object]) -> float:
    """CPU seconds: everything here runs on one thread, and the machine may be shared."""
    with ONE_BLAS_THREAD:
        started = time.process_time()
        run()
        return time.process_time() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--patients", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    training = simulated(200, seed=1)
    classifier = SeverityClassifier("xgboost").fit(training.matrix, training.y)
    many = simulated(options.patients, seed=2)
    rows = np.arange(len(many.obs))
    usual = usual_levels(training, np.arange(len(training.obs)), "xgboost")
    booster = classifier.pipeline_[-1].get_booster()
    scaled = classifier.pipeline_[:-1].transform(many.matrix)

    def own() -> np.ndarray:
        return booster.predict(xgboost.DMatrix(scaled, nthread=1), pred_contribs=True)

    values, _, _ = attribute(classifier, many.features)
    found = {
        "XGBoost's pred_contribs": own,
        "attribute": lambda: attribute(classifier, many.features),
        "carried on to genes": lambda: carry_to_genes(
            classifier, many, rows, values.to_numpy(), usual
        ),
    }
    times: dict[str, list[float]] = {name: [] for name in found}
    for _ in range(options.rounds):
        for name, run in found.items():
            times[name].append(seconds(run))
    slope, _ = classifier.calibration_
    same = np.array_equal(values.to_numpy(), slope * own()[:, :-1].astype(float))
    print(f"{options.patients:,} patients × {values.shape[1]} features, "
          f"median of {options.rounds}")  # fmt: skip
    peer, mine, carried = times.values()
    for name, taken in times.items():
        print(f"  {name:<28} {statistics.median(taken):7.2f} s")
    for name, parts in (("attribute", (mine,)), ("both", (mine, carried))):
        ratios = [sum(taken) / of_peer for *taken, of_peer in zip(*parts, peer, strict=True)]
        print(f"{name} / pred_contribs: {statistics.median(ratios):.2f}")
    print(f"same values: {same}")


if __name__ == "__main__":
    main()
