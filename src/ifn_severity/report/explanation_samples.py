"""What figures of an explanation share: cohorts of samples, their looks, running medians."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.lines import Line2D

from ifn_severity.explain.result import Explained
from ifn_severity.report.style import CYCLE, MARKERS

#: Genes that figures of single genes show.
LEADING = 6


def cohort_of(samples: pd.Index) -> npt.NDArray[np.str_]:
    """Return the cohort of each sample, given names like ``cohort:sample``.

    Examples
    --------
    >>> cohort_of(pd.Index(["GSE157103:C1", "mine"])).tolist()
    ['GSE157103', 'mine']
    """
    return np.array([str(name).partition(":")[0] for name in samples], dtype=str)


def cohorts_in(explained: Explained) -> list[str]:
    """Return the cohorts that are explained, in order of appearance."""
    return list(dict.fromkeys(cohort_of(explained.gene_level.values.index).tolist()))


def cohort_looks(cohorts: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Give each cohort a colour and a marker, the same ones in every figure of a report."""
    return {
        name: (CYCLE[place % len(CYCLE)], MARKERS[place % len(MARKERS)])
        for place, name in enumerate(cohorts)
    }


def cohort_handles(looks: dict[str, tuple[str, str]]) -> list[Line2D]:
    """Return legend entries for cohorts."""
    return [
        Line2D([], [], linestyle="", color=colour, marker=marker, label=name)
        for name, (colour, marker) in looks.items()
    ]


def leading_genes(explained: Explained, n: int = LEADING) -> list[str]:
    """Return the leading interferon genes that have an attribution at all."""
    used = explained.interferon[explained.interferon["mean_abs_shap"] > 0]
    return [str(gene) for gene in used.index[:n]]


def exchange_letters(explained: Explained, genes: Iterable[str]) -> dict[str, str]:
    """Return a letter for each gene of an exchangeable group, the same one within a group.

    Groups of which only one gene is shown get one as well: its partners are further down.
    """
    groups = explained.interferon["exchangeable"].reindex(list(genes)).fillna("").astype(str)
    named = [name for name in dict.fromkeys(groups) if name]
    letters = {name: _letter(place) for place, name in enumerate(named)}
    return {str(gene): letters[name] for gene, name in groups.items() if name}


def _letter(place: int) -> str:
    letter = "abcdefghijklmnopqrstuvwxyz"[place % 26]
    return letter * (1 + place // 26)


def row_of(table: pd.DataFrame, name: str) -> pd.Series:
    """Return the one row of that name."""
    return cast("pd.Series", table.loc[name])


def running_median(
    x: npt.NDArray[np.float64], y: npt.NDArray[np.float64], *, share: float = 0.25
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return the medians of x and y over a window of a share of the points."""
    order = np.argsort(x, kind="stable")
    xs, ys = np.asarray(x, dtype=float)[order], np.asarray(y, dtype=float)[order]
    size = max(1, round(share * xs.size))
    starts = np.unique(np.linspace(0, xs.size - size, 40).astype(int))
    return (
        np.array([np.median(xs[start : start + size]) for start in starts]),
        np.array([np.median(ys[start : start + size]) for start in starts]),
    )
