"""Compare ways of scoring by what transfers to a cohort that the model never saw.

    IFN_SEVERITY_MIRROR=DIR python benchmarks/scoring_methods.py --seed 0

Writes the tables of docs/scoring-methods.md. Needs decoupler and gseapy besides the package.
"""

from __future__ import annotations

import argparse
import platform
import time
from collections.abc import Callable

import numpy as np
import pandas as pd

from ifn_severity.evaluate import against_random
from scoring import agreement, methods, packages, sensitivity
from scoring.data import COHORTS, Cohort, load_cohorts
from scoring.pages import DOCS, markdown, with_interval, write_tables
from scoring.transfer import C_SCORES, C_WITH_GENES, Judge, Transfer, interval

Score = Callable[[pd.DataFrame], methods.Values]
PAGE = DOCS / "scoring-methods.md"
N_RANDOM = 50


def on(score: Score) -> Score:
    """Give a method the panel's genes only, so that other genes do not matter."""
    return lambda linear: score(methods.on_panel(linear))


METHODS: dict[str, tuple[str, Score]] = {
    "log-ratio to 11 reference genes (default)": ("own + reference", methods.default),
    "mean log2 against own panel (former default)": ("panel", methods.own_panel),
    "mean rank": ("panel", on(methods.mean_rank)),
    "mean rank, all genes": ("matrix", methods.mean_rank),
    "singscore with dispersion": ("panel", on(methods.singscore)),
    "singscore with dispersion, all genes": ("matrix", methods.singscore),
    "ssGSEA": ("panel", on(methods.ssgsea)),
    "ssGSEA, all genes (gseapy)": ("matrix", packages.gseapy_ssgsea),
    "GSVA (decoupler)": ("panel", on(packages.decoupler_gsva)),
    "GSVA, all genes (decoupler)": ("matrix", packages.decoupler_gsva),
    "mean z against healthy people": ("own + frozen", methods.frozen_z),
    "ULM": ("panel", on(methods.ulm)),
    "ULM, all genes (decoupler)": ("matrix", packages.decoupler_ulm),
    "mean log2(CPM+16), no size factor": ("own", methods.plain),
}


def alone(score: Score, cohort: Cohort, together: np.ndarray, n: int = 3) -> float:
    """Return by how many SD a score moves at most when its sample is scored alone."""
    spread = np.nanstd(together, axis=0)
    shifts = [
        np.abs(score(cohort.linear.iloc[[i]])[0][0] - together[i]) / np.where(spread, spread, 1)
        for i in range(n)
    ]
    return float(np.nanmax(shifts))


def rows_of(
    results: dict[str, Transfer], extra: dict[str, list[str]], n_compared: int
) -> list[list[str]]:
    """Make one row a method: AUROC a cohort, mean, difference to the first with intervals."""
    base = next(iter(results.values()))
    rows = []
    for name, result in results.items():
        cells = [f"{value:.2f}" for value in result.values]
        means = result.draws.mean(axis=0)
        cells.append(with_interval(result.mean, *interval(means[np.isfinite(means)])))
        if result is base:
            cells += ["–", "–"]
        else:
            difference = result.minus(base)
            low, high = interval(difference, 1 - 0.05 / n_compared)
            point = result.mean - base.mean
            cells += [
                with_interval(point, *interval(difference), sign="+"),
                f"[{low:+.3f}, {high:+.3f}]",
            ]
        rows.append([name, *extra.get(name, []), *cells])
    return rows


def compare(judge: Judge) -> dict[str, str]:
    """Score with every method."""
    scores, both, facts = {}, {}, {}
    for name, (genes_used, score) in METHODS.items():
        start = time.perf_counter()
        values = {c.name: score(c.linear) for c in judge.cohorts}
        seconds = time.perf_counter() - start
        first = judge.cohorts[0]
        shift = alone(score, first, values[first.name][0])
        facts[name] = [genes_used, "0" if shift < 1e-6 else f"{shift:.2f}", f"{seconds:.2f}"]
        scores[name] = judge.run({k: v[0] for k, v in values.items()}, C_SCORES)
        if values[first.name][1] is not None:
            joined = {k: np.hstack([v[0], v[1]]) for k, v in values.items()}
            both[name] = judge.run(joined, C_WITH_GENES)
        print(f"{name}: scores {scores[name].mean:.3f}, {seconds:.1f} s", flush=True)
    columns = [*COHORTS, "mean [95 %]", "difference [95 %]", "Bonferroni"]
    n_compared = len(scores) + len(both) - 2
    return {
        "scores": markdown(
            ["method", "genes it looks at", "alone (SD)", "seconds", *columns],
            rows_of(scores, facts, n_compared),
        ),
        "scores-and-genes": markdown(["method", *columns], rows_of(both, {}, n_compared)),
    }


def vary(judge: Judge) -> dict[str, str]:
    """Vary the default, and ask how much of it is the size factor itself."""
    default = sensitivity.judged(judge, methods.default)
    varied = {"default": default}
    for name, score in sensitivity.variants():
        varied[name] = sensitivity.judged(judge, score)
        print(f"{name}: {varied[name].mean:.3f}", flush=True)
    parts = {"default": default}
    for name, score in sensitivity.composition():
        parts[name] = sensitivity.judged(judge, score)
    keep = sensitivity.interferon_only
    parts["interferon lists only, default"] = sensitivity.judged(judge, methods.default, keep=keep)
    own = sensitivity.judged(judge, methods.own_panel, keep=keep)
    parts["interferon lists only, against own panel"] = own
    columns = [*COHORTS, "mean [95 %]", "difference [95 %]", "Bonferroni"]
    strength = []
    for name in ("default", "own_panel", "mean_rank"):
        score = getattr(methods, name)
        score = on(score) if name == "mean_rank" else score
        scored = {c.name: score(c.linear)[0] for c in judge.cohorts}
        means = [judge.point(scored, C).mean() for C in (1e-4, 1e-3, 1e-2, 1e-1, 1.0)]
        strength.append([name.replace("_", " "), *(f"{mean:.3f}" for mean in means)])
    return {
        "sensitivity": markdown(["variant", *columns], rows_of(varied, {}, len(varied) - 1)),
        "composition": markdown(["features", *columns], rows_of(parts, {}, len(parts) - 1)),
        "strength": markdown(["scores", "C=0.0001", "0.001", "0.01", "0.1", "1"], strength),
        "size-factor": markdown(
            ["cohort", "severe", "mild", "AUROC of log2 size factor [95 %]"],
            [
                [
                    c.name,
                    int(c.severe.sum()),
                    int((1 - c.severe).sum()),
                    with_interval(*sensitivity.size_auroc(c, judge.weights[c.name])),
                ]
                for c in judge.cohorts
            ],
        ),
    }


def random_control(judge: Judge, seed: int) -> str:
    """Score random lists of the same sizes."""
    shared = set.intersection(*(set(c.linear.columns) for c in judge.cohorts))
    rows = []
    for label, ratio in (("against the reference genes", True), ("log2(CPM+16)", False)):
        means = sensitivity.many_random(
            judge, seed=seed, n_lists=N_RANDOM, universe=sorted(shared), ratio=ratio
        )
        score = methods.default if ratio else methods.plain
        ours = sensitivity.judged(judge, score).mean
        low, high = interval(means)
        beside = against_random(ours, means)
        rows.append(
            [
                label,
                f"{ours:.3f}",
                f"{means.mean():.3f}",
                f"{low:.3f} to {high:.3f}",
                f"{beside.reached} of {beside.n}",
                f"{beside.p_value:.2f}",
            ]
        )
        print(f"random lists, {label}: {means.mean():.3f}", flush=True)
    columns = [
        "expression",
        "catalogue",
        "random lists, mean",
        "95 % of draws",
        "random ≥ catalogue",
        "p",
    ]
    return markdown(columns, rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    cohorts = load_cohorts()
    print("cohorts loaded", flush=True)
    judge = Judge(cohorts, seed=arguments.seed)
    tables = compare(judge) | vary(judge)
    tables["random"] = random_control(judge, arguments.seed)
    tables["agreement"] = agreement.table(cohorts, seed=arguments.seed)
    versions = agreement.versions()
    tables["run"] = (
        f"Seed {arguments.seed}; {len(judge.weights[COHORTS[0]]):,} bootstrap draws of patients; "
        f"{sum(len(c.severe) for c in cohorts)} samples; one core ({platform.machine()}); "
        f"{versions}."
    )
    write_tables(PAGE, tables)
    print(f"written: {PAGE}")


if __name__ == "__main__":
    main()
