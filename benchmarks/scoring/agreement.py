"""Whether our plain numpy versions give the values of the published packages."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from scoring import methods, packages
from scoring.data import SCORES, SET, Cohort
from scoring.pages import markdown


def versions() -> str:
    """Name the versions that decide."""
    return ", ".join(f"{name} {version(name)}" for name in ("decoupler", "gseapy", "numpy"))


def largest_difference(ours: np.ndarray, theirs: np.ndarray) -> tuple[float, float]:
    """Return the largest difference and the standard deviation it is to be measured by."""
    known = np.isfinite(ours) & np.isfinite(theirs)
    return float(np.abs(ours - theirs)[known].max()), float(theirs[known].std())


def untied(linear: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Replace values by their ranks, tied genes in random order."""
    order = np.random.default_rng(seed).permutation(linear.shape[1])
    shuffled = linear.iloc[:, order]
    values = rankdata(shuffled.to_numpy(), axis=1, method="ordinal").astype(float)
    return pd.DataFrame(values, index=shuffled.index, columns=shuffled.columns)


def _by_hand(linear: pd.DataFrame) -> np.ndarray:
    return methods.log_ratio(linear, methods.log_size(linear))[0]


def _mean_of_pandas_ranks(linear: pd.DataFrame) -> np.ndarray:
    ranked = linear.rank(axis=1, pct=True)
    genes = [SET.genes_of(name) for name in SET.features.index[SCORES]]
    return np.column_stack(
        [ranked[[g for g in names if g in ranked.columns]].mean(axis=1) for names in genes]
    )


def table(cohorts: Sequence[Cohort], *, seed: int) -> str:
    """Compare on the first three cohorts' panels; one row a pair."""
    rows = []
    for label, reference, matrix, ours, theirs in (
        (
            "default",
            "size factor, offset and mean written out",
            lambda X: X,
            lambda X: methods.default(X)[0],
            _by_hand,
        ),
        (
            "mean rank",
            "pandas rank(pct=True)",
            lambda X: X,
            lambda X: methods.mean_rank(X)[0],
            _mean_of_pandas_ranks,
        ),
        (
            "ssGSEA, ties broken",
            "gseapy.ssgsea ES",
            lambda X: untied(X, seed),
            lambda X: methods.ssgsea(X)[0],
            lambda X: packages.gseapy_ssgsea(X)[0],
        ),
        (
            "ssGSEA, as it is",
            "gseapy.ssgsea ES",
            lambda X: X,
            lambda X: methods.ssgsea(X)[0],
            lambda X: packages.gseapy_ssgsea(X)[0],
        ),
        (
            "gseapy.ssgsea ES",
            "itself, genes in another order",
            lambda X: X,
            lambda X: packages.gseapy_ssgsea(X)[0],
            lambda X: packages.gseapy_ssgsea(X.iloc[:, ::-1])[0],
        ),
        (
            "ULM, genes silent in the whole batch left out",
            "decoupler.mt.ulm",
            lambda X: X.loc[:, X.gt(0).any()],
            lambda X: methods.ulm(X)[0],
            lambda X: packages.decoupler_ulm(X)[0],
        ),
        (
            "ULM, all genes",
            "decoupler.mt.ulm",
            lambda X: X,
            lambda X: methods.ulm(X)[0],
            lambda X: packages.decoupler_ulm(X)[0],
        ),
    ):
        largest = []
        for cohort in cohorts:
            X = matrix(cohort.linear)
            largest.append(largest_difference(ours(X), theirs(X)))
        worst = max(difference for difference, _ in largest)
        relative = max(difference / spread for difference, spread in largest)
        rows.append([label, reference, f"{worst:.1e}", f"{relative:.1e}"])
        print(f"agreement, {label} against {reference}: {worst:.1e}", flush=True)
    return markdown(["ours", "against", "largest difference", "in SD of the scores"], rows)
