"""How long one sample takes from a cold start, beside a bare script, and how fast batches are.

    python benchmarks/predict_cold.py MODEL [--runs 7]

MODEL is a folder or a name in models/. The bare script imports scikit-learn and XGBoost, reads one
row with the csv module and predicts it by a small booster. Processes alternate, so that a busy
machine slows both; the ratio of the medians is what counts. What only developers have installed
(Dask, pytest), which scikit-learn imports where it finds them, is hidden from both, unless
--as-installed is given.
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


HIDE = "import sys\nfor name in ('dask', 'pytest', '_pytest'):\n    sys.modules[name] = None\n"


def seconds(command: list[str], environment: dict[str, str]) -> tuple[float, float]:
    """Return wall-clock and processor seconds of a command."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, env=environment)
    taken = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return taken, used


def cold(model: SeverityModel, runs: int, *, as_installed: bool) -> None:
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
        if not as_installed:
            (folder / "sitecustomize.py").write_text(HIDE)
        paths = [str(folder), os.environ.get("PYTHONPATH", "")]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
        bare = [sys.executable, "bare.py", "one.csv", "bare.ubj"]
        bare = [sys.executable, *(str(folder / word) for word in bare[1:])]
        ours = [sys.executable, "-m", "ifn_severity", "predict", str(model.path)]
        ours += [str(folder / "one.csv"), "-o", str(folder / "p.csv")]
        times: dict[str, list[tuple[float, float]]] = {"bare": [], "ours": []}
        for run in range(runs + 1):
            for key, command in (("bare", bare), ("ours", ours)):
                taken = seconds(command, environment)
                if run:  # the first fills the disk's cache
                    times[key].append(taken)
    for at, what in enumerate(("wall clock", "processor")):
        middle = {key: statistics.median(t[at] for t in each) for key, each in times.items()}
        print(
            f"{what}: bare {middle['bare']:.2f} s, one sample by predict {middle['ours']:.2f} s, "
            f"ratio of medians {middle['ours'] / middle['bare']:.2f} (aim: at most 2)"
        )


def load(path: str) -> None:
    import skops.io  # noqa: F401  it is an import too

    start = time.perf_counter()
    load_model(path)
    print(f"load after imports: {time.perf_counter() - start:.2f} s (aim: under 1)")
    start = time.perf_counter()
    load_model(path)
    print(f"load again: {time.perf_counter() - start:.2f} s")


def batch(model: SeverityModel, n_samples: int) -> None:
    values = matrix(model, n_samples)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start, used = time.perf_counter(), time.process_time()
    found = model.predict(values)
    taken, used = time.perf_counter() - start, time.process_time() - used
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    megabytes = values.memory_usage().sum() / 2**20
    print(
        f"{len(found):,} samples × {values.shape[1]} genes: {len(found) / taken:,.0f} samples/s by "
        f"the clock, {len(found) / used:,.0f} by processor time (aim: 20,000); "
        f"{(after - before) / 1024:,.0f} MB beside the matrix of {megabytes:,.0f} MB"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model")
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--samples", type=int, default=100_000)
    parser.add_argument("--as-installed", action="store_true", help="hide no package")
    given = parser.parse_args()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    load(given.model)
    model = load_model(given.model)
    batch(model, given.samples)
    cold(model, given.runs, as_installed=given.as_installed)


if __name__ == "__main__":
    main()
