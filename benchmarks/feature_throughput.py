"""How fast features are computed, in how much memory, beside other ways to score signatures.

    python benchmarks/feature_throughput.py

runs everything in a few minutes on two cores and writes docs/benchmarks/feature-throughput.md.
The matrices are synthetic: float32, log-normal abundance, as log2(x+1). Peers get the same
matrix and the same lists. Needs the dependency group ``bench``.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import platform
import resource
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ifn_severity.features import (
    InterferonFeatures,
    load_catalogue,
    panel_genes,
    score_chunks,
    score_names,
)
from ifn_severity.paths import atomic_file

CORES = 2
GENES = 20_000
SEED = 0
# the core lists of the catalogue
CORE = [
    "HLA_class_II",
    "IFN_receptor_ISGF3",
    "IFN_negative_regulators",
    "Rice2013_IFN6",
    "Kim2018_IFN28",
    "Aybey_IFN_I",
    "Aybey_IFN_II",
    "BTM_M75_antiviral_IFN",
    "BTM_M127_type_I_IFN",
    "Chaussabel_M1.2_IFN",
    "Chaussabel_M3.4_IFN",
    "Chaussabel_M5.12_IFN",
    "BloodGen3_A28_IFN",
    "HALLMARK_IFN_ALPHA",
    "HALLMARK_IFN_GAMMA",
    "REACTOME_IFN_alpha_beta",
    "REACTOME_regulation_of_IFNA",
    "REACTOME_chemokine_receptors",
    "REACTOME_IL10",
    "HALLMARK_IL6_JAK_STAT3",
    "HALLMARK_TNFA_NFKB",
    "HALLMARK_INFLAMMATORY",
    "SCAHN_immature_neutrophil",
    "SCAHN_total_neutrophil",
    "BTM_M37.1_neutrophils",
    "BTM_M11.0_monocytes",
    "BTM_M7.0_T_cells",
    "BTM_M7.2_NK_cells",
    "BTM_M47.0_B_cells",
    "BTM_M156.1_plasma_cells",
    "SoM_module1",
    "SoM_module2",
    "SoM_module3",
    "SoM_module4",
    "Guardela50",
    "sViP20",
    "SUBSPACE_myeloid_detrimental",
    "SUBSPACE_lymphoid_protective",
    "SepsisMetaScore",
]
# and five more, to the number that the issue names
LISTS = [*CORE, "REACTOME_IFN_gamma", "REACTOME_TNF", "REACTOME_IL1", "REACTOME_IL6"]
LISTS.append("REACTOME_inflammasomes")
# a method whose estimate exceeds this is run on fewer samples
PATIENCE = 45.0


def gene_names(n_genes: int = GENES) -> list[str]:
    """Name the columns: every gene of a list, then others, shuffled."""
    listed = {g for s in load_catalogue().values() for g in s.genes} | set(panel_genes())
    names = [*sorted(listed), *(f"OTHER{i}" for i in range(n_genes - len(listed)))]
    return [names[i] for i in np.random.default_rng(SEED).permutation(len(names))]


class Synthetic:
    """A matrix of log2(x+1) that is drawn when rows are asked for; it is never held."""

    dtype = np.dtype(np.float32)

    def __init__(self, n_samples: int, n_genes: int = GENES) -> None:
        self.shape = (n_samples, n_genes)
        self.seconds = 0.0

    def __getitem__(self, rows: slice) -> np.ndarray:
        """Draw some rows, and take the time that it costs."""
        start = time.perf_counter()
        rng = np.random.default_rng((SEED, rows.start))
        block = rng.standard_normal((rows.stop - rows.start, self.shape[1]), dtype=np.float32)
        block *= 2.0
        block += 2.0
        np.exp(block, out=block)
        block += 1.0
        np.log2(block, out=block)
        self.seconds += time.perf_counter() - start
        return block

    def held(self) -> np.ndarray:
        """Return all of it in memory."""
        whole = np.empty(self.shape, dtype=self.dtype)
        for start in range(0, len(whole), 500):
            rows = slice(start, min(start + 500, len(whole)))
            whole[rows] = self[rows]
        return whole


def best_of(call: Callable[[], Any], *, times: int = 5, budget: float = 4.0) -> float:
    """Return the seconds of the fastest of some runs, of which no more start after the budget."""
    seconds: list[float] = []
    while len(seconds) < times and sum(seconds) < budget:
        start = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def peak_memory() -> int:
    """Return the largest resident memory that this process has had, in bytes."""
    status = Path("/proc/self/status")
    if status.exists():
        # ru_maxrss would count what the parent process had before this one was started
        line = next(x for x in status.read_text().splitlines() if x.startswith("VmHWM"))
        return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def network() -> pd.DataFrame:
    """Return the lists as the table that decoupler takes."""
    catalogue = load_catalogue()
    rows = [
        (name, gene, float(sign))
        for name in LISTS
        for gene, sign in zip(catalogue[name].genes, catalogue[name].signs, strict=True)
    ]
    return pd.DataFrame(rows, columns=["source", "target", "weight"])


def read_once(X: np.ndarray) -> float:
    """Add up the matrix on both cores: the least that any method must do with dense rows."""
    half = len(X) // 2
    with ThreadPoolExecutor(CORES) as pool:
        return float(sum(pool.map(np.sum, (X[:half], X[half:]))))


def chunks(X: Any, genes: list[str], n_jobs: int = CORES, lists: Any = LISTS) -> int:
    """Score the lists, keeping nothing."""
    return sum(len(b) for b in score_chunks(X, lists=lists, genes=genes, n_jobs=n_jobs))


def transform(X: np.ndarray, genes: list[str], feature_set: str = "all") -> np.ndarray:
    """Compute every feature of the package."""
    return InterferonFeatures(feature_set, genes=genes, n_jobs=CORES).fit(X[:2]).transform(X)


def decoupler(method: str, X: np.ndarray, genes: list[str]) -> Any:
    """Score the lists with decoupler."""
    frame = pd.DataFrame(X, columns=genes)
    return getattr(importlib.import_module("decoupler").mt, method)(frame, network(), tmin=1)


def ssgsea(X: np.ndarray, genes: list[str]) -> Any:
    """Score the lists with gseapy."""
    sets = {name: list(load_catalogue()[name].genes) for name in LISTS}
    frame = pd.DataFrame(X.T, index=genes)
    call = importlib.import_module("gseapy").ssgsea
    return call(frame, sets, outdir=None, min_size=1, threads=CORES)


def ranks(X: np.ndarray, genes: list[str]) -> pd.DataFrame:
    """Score the lists as the mean rank within the sample, in plain pandas."""
    ranked = pd.DataFrame(X, columns=genes).rank(axis=1, pct=True)
    return pd.DataFrame({n: ranked[list(load_catalogue()[n].genes)].mean(axis=1) for n in LISTS})


METHODS: dict[str, tuple[bool, Callable[[np.ndarray, list[str]], Any]]] = {
    "X.sum(), two threads: reading once": (False, lambda X, _: read_once(X)),
    "**score_chunks**, 44 lists": (False, chunks),
    "score_chunks, 44 lists, one thread": (False, lambda X, genes: chunks(X, genes, 1)),
    "InterferonFeatures(all).transform (float64)": (False, transform),
    "decoupler zscore": (True, lambda X, genes: decoupler("zscore", X, genes)),
    "decoupler ulm": (True, lambda X, genes: decoupler("ulm", X, genes)),
    "decoupler aucell": (True, lambda X, genes: decoupler("aucell", X, genes)),
    "gseapy ssgsea": (True, ssgsea),
    "pandas rank, mean": (True, ranks),
}


def throughput(X: np.ndarray, genes: list[str]) -> pd.DataFrame:
    """Time every method on 1,000 and on all samples."""
    rows = {}
    for name, (is_peer, call) in METHODS.items():
        call(X[:8], genes)  # imports and compilation do not count
        per_sample = 0.0
        row: dict[str, Any] = {"peer": is_peer}
        for n_samples in (1000, len(X)):
            used = n_samples
            while used * per_sample > PATIENCE and used > 1000:
                used //= 2
            seconds = best_of(lambda: call(X[:used], genes))  # noqa: B023
            per_sample = seconds / used
            row[f"rate {n_samples}"], row[f"used {n_samples}"] = used / seconds, used
        rows[name] = row
        print(name, {k: round(v) for k, v in row.items()}, flush=True)
    return pd.DataFrame.from_dict(rows, orient="index")


def growth() -> pd.DataFrame:
    """Time ``score_chunks`` on one thread over samples, genes and lists."""
    base = {"samples": 2000, "genes": GENES, "lists": 44}
    steps = [("samples", (500, 2000, 8000)), ("genes", (5000, 20_000, 40_000))]
    rows = []
    for what, values in [*steps, ("lists", (1, 11, 44, len(load_catalogue())))]:
        for value in values:
            case = base | {what: value}
            names = (LISTS + [n for n in load_catalogue() if n not in LISTS])[: case["lists"]]
            X, genes = Synthetic(case["samples"], case["genes"]).held(), gene_names(case["genes"])
            seconds = best_of(lambda: chunks(X, genes, 1, names))  # noqa: B023
            total = best_of(X.sum)
            rows.append(
                {"varied": what, **case, "ms": 1e3 * seconds, "µs per sample":
                 1e6 * seconds / len(X), "times X.sum()": seconds / total}
            )  # fmt: skip
    return pd.DataFrame(rows)


def measure(what: str, n_samples: int) -> dict[str, float]:
    """Measure one case in this process: peak resident memory beyond that before the matrix."""
    genes = gene_names()
    source = Synthetic(n_samples)
    name = "**score_chunks**, 44 lists" if what == "stream" else what
    METHODS[name][1](Synthetic(8).held(), genes)
    before = peak_memory()
    start = time.perf_counter()
    if what == "stream":
        for _ in score_chunks(source, lists=LISTS, genes=genes, chunk=1024, n_jobs=CORES):
            pass
    else:
        METHODS[name][1](source.held(), genes)
    seconds = time.perf_counter() - start - source.seconds
    peak = peak_memory() - before
    size = n_samples * GENES * 4
    return {"peak": peak, "input": size, "ratio": peak / size, "seconds": seconds}


def in_new_process(what: str, n_samples: int) -> dict[str, float]:
    """Run ``measure`` where nothing else has used memory."""
    command = [sys.executable, __file__, "--measure", what, "--samples", str(n_samples)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def cpu() -> str:
    """Name the processor."""
    file = Path("/proc/cpuinfo")
    lines = file.read_text().splitlines() if file.exists() else []
    return next((x.split(":")[1].strip() for x in lines if "model name" in x), platform.machine())


def report(
    table: pd.DataFrame,
    grown: pd.DataFrame,
    memory: dict[str, dict[str, float]],
    stream: dict[str, float],
    n_samples: int,
    minutes: float,
) -> str:
    """Write the page."""
    column = f"rate {n_samples}"
    peers = table[table["peer"].astype(bool)]
    fastest = str(peers[column].idxmax())
    ours = table.loc["**score_chunks**, 44 lists"]
    read = float(table[column].iloc[0])
    names = ("numpy", "pandas", "scipy", "scikit-learn", "decoupler", "gseapy")
    versions = ", ".join(f"{name} {version(name)}" for name in names)
    genes = {gene for name in LISTS for gene in load_catalogue()[name].genes}
    lines = [
        "# Throughput of features\n",
        "Written by `python benchmarks/feature_throughput.py`, in one run of "
        f"{minutes:.1f} minutes; do not edit.\n",
        f"Machine: {cpu()}, {CORES} cores; load average {os.getloadavg()[0]:.1f} at the end. "
        f"Python {platform.python_version()}, {versions}. Synthetic matrix: {GENES:,} genes, "
        f"float32, log-normal abundance (mean 2, sd 2 in ln) as log2(x+1), seed {SEED}, rows "
        "contiguous. The 44 lists are the "
        f"{len(CORE)} core lists of the catalogue and {', '.join(LISTS[len(CORE) :])}: "
        f"{len(genes):,} genes. Each method makes one score a list and sample, from that sample "
        "alone. Times are the best of up to five runs, of which none starts after 4 s; "
        "imports and compilation are not counted.\n",
        "## Samples per second\n",
        f"| method | 1,000 samples | {n_samples:,} samples | samples used | "
        "score_chunks is faster by |\n|---|---|---|---|---|",
    ]
    for name, row in table.iterrows():
        times = f"{ours[column] / row[column]:,.1f} ×"
        lines.append(
            f"| {name} | {row['rate 1000']:,.0f} | {row[column]:,.0f} | "
            f"{row[f'used {n_samples}']:,.0f} | {times} |"
        )
    lines += [
        f"\nThe fastest peer is {fastest}: score_chunks does "
        f"{ours[column] / peers[column].max():.0f} times as many samples "
        f"({ours['rate 1000'] / peers['rate 1000'].max():.0f} times on 1,000), and takes "
        f"{read / ours[column]:.1f} times as long as adding up the matrix once. "
        f"`transform` makes all {len(score_names('all'))} features of the set `all`, in float64.\n",
        "## Peak memory\n",
        "Peak resident memory (`VmHWM`) of a process of its own, beyond what it had used "
        "before the matrix was made (imports and a warm-up of eight samples done), the matrix "
        "included.\n",
        "| method | input, MB | peak, MB | peak / input |\n|---|---|---|---|",
    ]
    for name, row in memory.items():
        sizes = f"{row['input'] / 1e6:,.0f} | {row['peak'] / 1e6:,.0f}"
        lines.append(f"| {name} | {sizes} | {row['ratio']:.2f} |")
    lines += [
        "\n## A stream of 100,000 samples\n",
        f"The matrix ({stream['input'] / 1e9:.0f} GB) is drawn 1,024 samples at a time and never "
        f"held. Scoring took {stream['seconds']:.1f} s ({1e5 / stream['seconds']:,.0f} samples a "
        f"second), drawing not counted; peak memory {stream['peak'] / 1e6:,.0f} MB, "
        f"{100 * stream['ratio']:.1f} % of the matrix, a chunk of which has 82 MB.\n",
        "## How cost grows\n",
        "`score_chunks` on one thread; `X.sum()` on one thread too.\n",
        "| varied | samples | genes | lists | ms | µs per sample | times X.sum() |\n"
        "|---|---|---|---|---|---|---|",
    ]
    for row in grown.to_dict("records"):
        lines.append(
            f"| {row['varied']} | {row['samples']:,} | {row['genes']:,} | {row['lists']} | "
            f"{row['ms']:.1f} | {row['µs per sample']:.1f} | {row['times X.sum()']:.1f} |"
        )
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--samples", type=int, default=10_000)
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    page = Path(__file__).parents[1] / "docs" / "benchmarks" / "feature-throughput.md"
    parser.add_argument("--output", type=Path, default=page)
    given = parser.parse_args()
    # what peers warn of is theirs to settle
    warnings.simplefilter("ignore")
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])
    if given.measure:
        print(json.dumps(measure(given.measure, given.samples)))
        return
    start = time.perf_counter()
    X, genes = Synthetic(given.samples).held(), gene_names()
    table = throughput(X, genes)
    del X
    measured = [n for n in METHODS if "chunks**" in n or "transform" in n or n.endswith("zscore")]
    memory = {n: in_new_process(n, min(given.samples, 5000)) for n in measured}
    stream = in_new_process("stream", 100_000)
    grown = growth()
    minutes = (time.perf_counter() - start) / 60
    text = report(table, grown, memory, stream, given.samples, minutes)
    given.output.parent.mkdir(parents=True, exist_ok=True)
    with atomic_file(given.output) as part:
        part.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
