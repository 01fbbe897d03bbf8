"""How much the default depends on its parts, and how much of it is the size factor itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import pandas as pd

from ifn_severity.evaluate import auroc
from ifn_severity.features import reference_genes
from scoring.data import SCORES, SET, Cohort
from scoring.methods import Values, log_ratio, log_size, own_panel, plain, random_lists
from scoring.transfer import C_SCORES, Judge, Transfer, interval


def _varied(
    linear: pd.DataFrame,
    *,
    mean: str = "geometric",
    without: tuple[str, ...] = (),
    weight: float = 1.0,
    offset: float = 16.0,
) -> Values:
    size = log_size(linear, mean=mean, without=without)
    return log_ratio(linear, size, weight=weight, offset=offset)


def _with_size(linear: pd.DataFrame, score: Callable[[pd.DataFrame], Values]) -> Values:
    values, genes = score(linear)
    return np.column_stack([values, log_size(linear)]), genes


def variants() -> Iterator[tuple[str, Callable[[pd.DataFrame], Values]]]:
    """Name every variant of the default that is tried."""
    for offset in (1.0, 4.0, 32.0, 64.0):
        yield f"offset {offset:.0f} CPM instead of 16", partial(_varied, offset=offset)
    yield (
        "sum of the reference genes instead of geometric mean",
        partial(_varied, mean="arithmetic"),
    )
    yield "median ratio instead of geometric mean", partial(_varied, mean="median")
    for weight in (0.0, 0.25, 0.5, 0.75):
        yield f"size factor to the power {weight:g}", partial(_varied, weight=weight)
    for gene in reference_genes():
        yield f"without {gene}", partial(_varied, without=(gene,))


def composition() -> Iterator[tuple[str, Callable[[pd.DataFrame], Values]]]:
    """Name what tells the size factor's own share from that of the ratios."""
    yield "log2 size factor as the only feature", _size_only
    yield "log2(CPM+16) scores", plain
    yield "log2(CPM+16) scores and log2 size factor", partial(_with_size, score=plain)
    yield "scores against own panel and log2 size factor", partial(_with_size, score=own_panel)


def _size_only(linear: pd.DataFrame) -> Values:
    return log_size(linear)[:, None], None


def interferon_only(values: np.ndarray) -> np.ndarray:
    """Keep the scores of interferon lists."""
    scores = SET.features[SCORES]
    return values[:, (scores["group"] == "interferon").to_numpy()]


def judged(
    judge: Judge,
    score: Callable[[pd.DataFrame], Values],
    *,
    keep: Callable[[np.ndarray], np.ndarray] = lambda values: values,
    C: float = C_SCORES,
) -> Transfer:
    """Score every cohort and hold each out."""
    return judge.run({c.name: keep(score(c.linear)[0]) for c in judge.cohorts}, C)


def many_random(
    judge: Judge, *, seed: int, n_lists: int, universe: list[str], ratio: bool
) -> np.ndarray:
    """Return mean AUROC of each draw of random lists, with or without the size factor."""
    means = []
    for draw in range(n_lists):
        score = random_lists(1000 * seed + draw, universe, weight=1.0 if ratio else 0.0)
        scored = {c.name: score(c.linear)[0] for c in judge.cohorts}
        means.append(judge.point(scored, C_SCORES).mean())
    return np.array(means)


def size_auroc(cohort: Cohort, weights: np.ndarray) -> tuple[float, float, float]:
    """Return AUROC of the log2 size factor for severe disease, with interval."""
    size = log_size(cohort.linear)
    draws = auroc(cohort.severe, size, weights)
    return (
        float(auroc(cohort.severe, size)[0]),
        *interval(draws[np.isfinite(draws)]),
    )
