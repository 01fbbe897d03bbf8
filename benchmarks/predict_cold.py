"""How long one sample takes from a cold start, beside a bare script, and how fast batches are.

    python benchmarks/predict_cold.py MODEL [--runs 7]

MODEL is a folder or a name in models/. The bare script imports scikit-learn and XGBoost, reads one
row with the csv module and predicts it by a small booster. Processes alternate, so that a busy
machine slows both; the ratio of the medians is what counts.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from ifn_severity.bundle import SeverityModel, load_model

BARE = """
import csv, sys
import sklearn.linear_model, sklearn.pipeline, sklearn.preprocessing, sklearn.impute
import xgboost
rows = list(csv.reader(open(sys.argv[1])))
values = [[float(cell) for cell in row[1:]] for row in rows[1:]]
booster = xgboost.Booster(model_file=sys.argv[2])
import numpy
print(booster.predict(xgboost.DMatrix(numpy.array(values))))
"""


def matrix(model: SeverityModel, n_samples: int) -> pd.DataFrame:
    """Draw samples about the golden ones, so that they look like blood."""
    golden = pd.read_csv(model.path / "golden.csv", index_col="gene")
    rng = np.random.default_rng(0)
    base = golden.to_numpy().T
    drawn = base[rng.integers(len(base), size=n_samples)] + rng.normal(
        0, 0.2, (n_samples, len(golden))
    )
    names = [f"S{i}" for i in range(n_samples)]
    return pd.DataFrame(np.maximum(drawn, 0.0), index=names, columns=golden.index)


def seconds(command: list[str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - start


def cold(model: SeverityModel, runs: int) -> None:
    import xgboost

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sample = matrix(model, 1)
        sample.to_csv(folder / "one.csv", index_label="sample")
        rng = np.random.default_rng(0)
        X, y = rng.normal(size=(100, sample.shape[1])), rng.integers(2, size=100)
        fitted = xgboost.train({"objective": "binary:logistic"}, xgboost.DMatrix(X, y), 50)
        fitted.save_model(folder / "bare.ubj")
        (folder / "bare.py").write_text(BARE)
        bare = [sys.executable, "bare.py", "one.csv", "bare.ubj"]
        bare = [sys.executable, *(str(folder / word) for word in bare[1:])]
        ours = [sys.executable, "-m", "ifn_severity", "predict", str(model.path)]
        ours += [str(folder / "one.csv"), "-o", str(folder / "p.csv")]
        times: dict[str, list[float]] = {"bare": [], "ours": []}
        for run in range(runs + 1):
            for key, command in (("bare", bare), ("ours", ours)):
                taken = seconds(command)
                if run:  # the first fills the disk's cache
                    times[key].append(taken)
    middle = {key: statistics.median(values) for key, values in times.items()}
    for key, values in times.items():
        print(f"{key}: median {middle[key]:.2f} s, from {min(values):.2f} to {max(values):.2f}")
    print(f"ratio of medians {middle['ours'] / middle['bare']:.2f} (aim: at most 2)")


def load(path: str) -> None:
    start = time.perf_counter()
    load_model(path)
    print(f"load after imports: {time.perf_counter() - start:.2f} s (aim: under 1)")
    start = time.perf_counter()
    load_model(path)
    print(f"load again: {time.perf_counter() - start:.2f} s")


def batch(model: SeverityModel, n_samples: int) -> None:
    values = matrix(model, n_samples)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.perf_counter()
    found = model.predict(values)
    taken = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(
        f"{len(found):,} samples × {values.shape[1]} genes: {len(found) / taken:,.0f} samples/s "
        f"(aim: 20,000); {(after - before) / 1024:,.0f} MB beside the matrix of "
        f"{values.memory_usage().sum() / 2**20:,.0f} MB"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model")
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--samples", type=int, default=100_000)
    given = parser.parse_args()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    load(given.model)
    model = load_model(given.model)
    batch(model, given.samples)
    cold(model, given.runs)


if __name__ == "__main__":
    main()
