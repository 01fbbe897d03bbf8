"""Time and peak memory of pseudobulk on a million cells: ours, decoupler's and scanpy's.

Each contender runs in a process of its own, one after the other, on the same file; peak resident
memory is what the kernel counted for that process (``ru_maxrss``, from ``wait4``). Run it as

    python benchmarks/pseudobulk_memory.py --others /path/to/venv-with-scanpy/bin/python

The file is made anew in a temporary folder (about 10 GB at full size) unless ``--file`` names one.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
from scipy import sparse

POOL = 20_000
PATIENTS, TYPES = 40, 12

DECOUPLER = """
import anndata, decoupler, numpy, sys
adata = anndata.read_h5ad(sys.argv[1], backed=sys.argv[2] or None)
sums = decoupler.pp.pseudobulk(adata, sample_col="patient", groups_col="cell_type", mode="sum")
numpy.save(sys.argv[3], sums.to_df().sort_index().to_numpy())
"""
SCANPY = """
import anndata, numpy, scanpy, sys
adata = anndata.read_h5ad(sys.argv[1])
sums = scanpy.get.aggregate(adata, by=["patient", "cell_type"], func="sum")
names = sums.obs["patient"].astype(str) + "_" + sums.obs["cell_type"].astype(str)
values = sums.layers["sum"]
values = values.toarray() if hasattr(values, "toarray") else numpy.asarray(values)
numpy.save(sys.argv[3], values[numpy.argsort(names.to_numpy())])
"""
OURS = """
import sys
from pathlib import Path
import numpy
from ifn_severity.cohorts.pseudobulk import CellColumns, sum_cells
bulk = sum_cells(sys.argv[1], CellColumns(patient="patient", cell_type="cell_type"),
                 scratch=Path(sys.argv[3]).parent)
names = bulk.groups["sample"] + "_" + bulk.groups["cell_type"]
numpy.save(sys.argv[3], bulk.sums[numpy.argsort(names.to_numpy())])
"""


@dataclass(frozen=True)
class Run:
    """One contender's run: seconds, peak memory in GB, and what came of it."""

    name: str
    seconds: float
    peak: float
    outcome: str


def make_pool(genes: int, rng: np.random.Generator) -> sparse.csr_array:
    """Draw cells: gene proportions log-normal, depths log-normal around 2,000 UMI, Poisson."""
    share = rng.lognormal(0.0, 2.15, genes)
    share /= share.sum()
    parts = []
    for _ in range(POOL // 1_000):
        depth = rng.lognormal(np.log(2_000), 0.5, (1_000, 1)).astype(np.float32)
        parts.append(sparse.csr_array(rng.poisson(depth * share.astype(np.float32))))
    return sparse.vstack(parts, format="csr", dtype=np.float32)


def make_file(path: Path, cells: int, genes: int, seed: int) -> float:
    """Write an h5ad of cells in random order, in chunks, and return its density."""
    from anndata.io import write_elem

    rng = np.random.default_rng(seed)
    pool = make_pool(genes, rng)
    repeats = -(-cells // POOL)
    with h5py.File(path, "w") as file:
        file.attrs.update({"encoding-type": "anndata", "encoding-version": "0.1.0"})
        x = file.create_group("X")
        x.attrs.update({"encoding-type": "csr_matrix", "encoding-version": "0.1.0"})
        x.attrs["shape"] = np.array([cells, genes])
        for name, dtype in (("data", np.float32), ("indices", np.int32)):
            # chunks of 1 MB: a file can only grow by chunks
            x.create_dataset(name, (0,), dtype, maxshape=(None,), chunks=(262_144,))
        ends, total = [0], 0
        for at in range(repeats):
            take = rng.permutation(POOL)[: min(POOL, cells - at * POOL)]
            block = pool[take]
            for name in ("data", "indices"):
                x[name].resize((total + block.nnz,))
                x[name][total:] = getattr(block, name)
            ends.append(total + block.indptr[1:].astype(np.int64))
            total += block.nnz
        x["indptr"] = np.concatenate([np.atleast_1d(end) for end in ends]).astype(np.int64)
        names = {"patient": PATIENTS, "cell_type": TYPES}
        obs = pd.DataFrame(
            {
                column: pd.Categorical.from_codes(
                    rng.integers(0, n, cells), [f"{column}{i:02d}" for i in range(n)]
                )
                for column, n in names.items()
            },
            index=pd.Index([f"cell{i:07d}" for i in range(cells)]),
        )
        write_elem(file, "obs", obs)
        write_elem(file, "var", pd.DataFrame(index=[f"ENSG{i:011d}" for i in range(genes)]))
    return total / cells / genes


def limited(gigabytes: float) -> Callable[[], None]:
    """Return what keeps a child from taking the whole machine down."""

    def limit() -> None:
        size = int(gigabytes * 1024**3)
        resource.setrlimit(resource.RLIMIT_DATA, (size, size))

    return limit


def wait(child: subprocess.Popen[bytes], timeout: float) -> tuple[int, resource.struct_rusage]:
    """Wait for a child as the kernel accounts for it, and stop it after a while."""
    end = time.perf_counter() + timeout
    while True:
        pid, status, usage = os.wait4(child.pid, os.WNOHANG)
        if pid:
            return os.waitstatus_to_exitcode(status), usage
        if time.perf_counter() > end:
            child.kill()
        time.sleep(0.05)


def run(
    name: str, python: str, code: str, arguments: list[str], limit: float, timeout: float
) -> Run:
    """Run one contender and measure it."""
    start = time.perf_counter()
    with tempfile.TemporaryFile() as errors:
        child = subprocess.Popen(
            [python, "-W", "ignore", "-c", code, *arguments],
            stderr=errors,
            preexec_fn=limited(limit),
        )
        child.returncode, usage = wait(child, timeout)
        seconds = time.perf_counter() - start
        errors.seek(0)
        last = errors.read().decode(errors="replace").strip().splitlines()[-1:]
    outcome = "done" if child.returncode == 0 else f"failed: {' '.join(last)[:100]}"
    if child.returncode and "MemoryError" in " ".join(last):
        outcome = f"out of memory at a limit of {limit:.1f} GB"
    if seconds > timeout:
        outcome = f"stopped after {timeout:.0f} s"
    return Run(name, seconds, usage.ru_maxrss / 1024**2, outcome)


def available() -> float:
    """Return the memory that the kernel would give out now, in GB."""
    lines = Path("/proc/meminfo").read_text("utf-8").splitlines()
    return next(int(x.split()[1]) for x in lines if x.startswith("MemAvailable")) / 1024**2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cells", type=int, default=1_000_000)
    parser.add_argument("--genes", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--file", type=Path, help="an h5ad made before, or where to keep it")
    parser.add_argument("--others", default=sys.executable, help="python with scanpy, decoupler")
    parser.add_argument("--only", nargs="*", default=[], help="names of contenders")
    parser.add_argument("--timeout", type=float, default=600.0, help="seconds for each")
    parser.add_argument("--make", action="store_true", help="make the file and stop")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="pseudobulk-") as folder:
        file = given.file or Path(folder) / "cells.h5ad"
        if not file.exists():
            start = time.perf_counter()
            density = make_file(file, given.cells, given.genes, given.seed)
            print(
                f"made {given.cells:,} cells x {given.genes:,} genes, density {density:.1%}, "
                f"{file.stat().st_size / 1024**3:.1f} GB, {time.perf_counter() - start:.0f} s"
            )
        if given.make:
            return
        contenders = {
            "ifn-severity": (sys.executable, OURS, ""),
            "decoupler, backed": (given.others, DECOUPLER, "r"),
            "scanpy, in memory": (given.others, SCANPY, ""),
            "decoupler, in memory": (given.others, DECOUPLER, ""),
        }
        runs, sums = [], {}
        for name, (python, code, mode) in contenders.items():
            if given.only and name not in given.only:
                continue
            out = Path(folder) / f"{name}.npy"
            limit = available() - 4.0
            one = run(name, python, code, [str(file), mode, str(out)], limit, given.timeout)
            runs.append(one)
            if out.exists():
                sums[name] = np.load(out)
            load = os.getloadavg()[0]
            print(
                f"{one.name}: {one.seconds:.1f} s, peak {one.peak:.2f} GB, {one.outcome} "
                f"(limit {limit:.1f} GB, load average {load:.1f})",
                flush=True,
            )
        print("\n| pseudobulk by | seconds | peak memory (GB) | result |\n|---|---:|---:|---|")
        ours = sums.get("ifn-severity")
        for one in runs:
            found = sums.get(one.name)
            same = found is not None and ours is not None and np.array_equal(found, ours)
            said = one.outcome if found is None else "same sums" if same else "other sums"
            print(f"| {one.name} | {one.seconds:.1f} | {one.peak:.2f} | {said} |")


if __name__ == "__main__":
    main()
