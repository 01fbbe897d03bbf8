"""The interferon score over the days since onset, and what of the heterogeneity they explain."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ifn_severity.errors import LabelError
from ifn_severity.evaluate.effects import MIN_PATIENTS
from ifn_severity.evaluate.meta_regression import meta_regression
from ifn_severity.evaluate.mixed import random_intercept, restricted_cubic_spline
from ifn_severity.evaluate.subgroups import EARLY_UNTIL
from ifn_severity.evidence.cohort import EvidenceCohort
from ifn_severity.evidence.kinds import CENTRE_DAY

SCORE = "Rice2013_IFN6"
"""The six-gene interferon score."""
KNOT_QUANTILES = (0.1, 0.5, 0.9)
"""Where the knots of the curve lie among the days of a cohort (Harrell 2015)."""
MIN_SPLINE = 6
"""Fewest patients of each grade for a curve; below it a straight line is drawn."""
TERMS = ("mild", "severe", "severe minus mild")


@dataclass(frozen=True, eq=False)
class DayTables:
    """Points, curves and slopes; columns as :class:`EvidenceReport` documents them."""

    points: pd.DataFrame
    curves: pd.DataFrame
    slopes: pd.DataFrame


def standardised(values: pd.Series, obs: pd.DataFrame) -> pd.Series:
    """Return values in standard deviations of the milder patients around their mean.

    Parameters
    ----------
    values : Series of shape (n_samples,)
    obs : DataFrame indexed alike
        ``patient`` and ``severe``.

    Returns
    -------
    Series of shape (n_samples,)
        NaN throughout where fewer than three milder patients were measured.
    """
    mild = obs["severe"] == 0
    means = values[mild].groupby(obs.loc[mild, "patient"].astype(str)).mean().dropna()
    if len(means) < MIN_PATIENTS or not means.std() > 0:
        return pd.Series(np.nan, index=values.index)
    return (values - means.mean()) / means.std()


def day_tables(cohorts: Mapping[str, EvidenceCohort]) -> DayTables:
    """Fit the interferon score on the day in each blood cohort that knows it.

    A mixed model with a random intercept a patient; each grade has a curve of its own, a
    restricted cubic spline with three knots, drawn over the days at which it was sampled. Where
    the days of a cohort determine no curve or no slope, it has its points only.

    Parameters
    ----------
    cohorts : mapping of str to EvidenceCohort

    Returns
    -------
    DayTables
    """
    points: list[pd.DataFrame] = []
    curves: list[pd.DataFrame] = []
    slopes: list[pd.DataFrame] = []
    for name, cohort in cohorts.items():
        block = cohort.blocks[""]
        if SCORE not in block.scores:
            continue
        graded = block.obs["severe"].notna() & block.obs["days_since_onset"].notna()
        score = standardised(block.scores[SCORE], block.obs)[graded].dropna()
        obs = block.obs.loc[score.index]
        if score.empty or obs.groupby("severe")["patient"].nunique().min() < MIN_PATIENTS:
            continue
        table = pd.DataFrame(
            {
                "cohort": name,
                "patient": obs["patient"].astype(str),
                "severe": obs["severe"].astype(int),
                "day": obs["days_since_onset"].astype(float),
                "score": score,
            }
        )
        if table["severe"].nunique() < 2:
            continue
        points.append(table)
        for fit, found in ((_curves, curves), (_slopes, slopes)):
            # where a grade was sampled on one day only there is no line, and the points stay
            with suppress(LabelError):
                found.append(fit(table))
    empty = ("cohort", "patient", "severe", "day", "score")
    return DayTables(
        points=pd.concat(points, ignore_index=True)
        if points
        else pd.DataFrame(columns=list(empty)),
        curves=pd.concat(curves, ignore_index=True)
        if curves
        else pd.DataFrame(columns=["cohort", "severe", "day", "fit", "low", "high"]),
        slopes=pd.concat(slopes, ignore_index=True) if slopes else pd.DataFrame(columns=_SLOPES),
    )


_SLOPES = ["cohort", "term", "slope", "low", "high", "p", "n_patients", "n_samples"]


def _curves(table: pd.DataFrame) -> pd.DataFrame:
    patients = table.groupby("severe")["patient"].nunique()
    knots = np.quantile(table["day"], KNOT_QUANTILES)
    curved = patients.min() >= MIN_SPLINE and len(np.unique(knots)) == len(knots)

    def design(day: np.ndarray, severe: np.ndarray) -> np.ndarray:
        basis = restricted_cubic_spline(day, knots) if curved else day[:, None]
        both = np.column_stack([np.ones(len(day)), basis])
        return np.column_stack([both * (1 - severe)[:, None], both * severe[:, None]])

    day, severe = table["day"].to_numpy(float), table["severe"].to_numpy(float)
    fit = random_intercept(
        table["score"].to_numpy(float), design(day, severe), table["patient"].to_numpy(str)
    )
    drawn = []
    for grade in (0, 1):
        seen = day[severe == grade]
        grid = np.linspace(seen.min(), seen.max(), 40)
        line, low, high = fit.at(design(grid, np.full(len(grid), float(grade))))
        drawn.append(
            pd.DataFrame(
                {
                    "cohort": table["cohort"].iloc[0],
                    "severe": grade,
                    "day": grid,
                    "fit": line,
                    "low": low,
                    "high": high,
                }
            )
        )
    return pd.concat(drawn, ignore_index=True)


def _slopes(table: pd.DataFrame) -> pd.DataFrame:
    """Straight lines: change per 10 days in each grade, and the difference of the two."""
    severe = table["severe"].to_numpy(float)
    day = (table["day"].to_numpy(float) - CENTRE_DAY) / 10.0
    design = np.column_stack([1 - severe, severe, day * (1 - severe), day * severe])
    fit = random_intercept(table["score"].to_numpy(float), design, table["patient"].to_numpy(str))
    rows = []
    for term, pick in zip(TERMS, ([0.0, 0, 1, 0], [0.0, 0, 0, 1], [0.0, 0, -1, 1]), strict=True):
        slope, low, high, p = fit.contrast(np.array(pick))
        here = table if term == TERMS[2] else table[table["severe"] == TERMS.index(term)]
        counts = (here["patient"].nunique(), len(here))
        rows.append((table["cohort"].iloc[0], term, slope, low, high, p, *counts))
    return pd.DataFrame(rows, columns=_SLOPES)


def day_regression(effects: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Regress the severity effect on the mean day of its samples.

    Parameters
    ----------
    effects : DataFrame
        Rows of one part; the strata early and late of cohorts that know the day are used.

    Returns
    -------
    coefficients, points, line : DataFrame
        ``meta_regression``, ``meta_points`` and ``meta_line`` of :class:`EvidenceReport`. Without
        enough effects, empty tables but for the points.
    """
    used = effects[
        effects["stratum"].isin(["early", "late"])
        & effects["effect"].notna()
        & effects["mean_day"].notna()
    ]
    points = used[["cohort", "stratum", "mean_day", "effect", "variance"]]
    points = points.rename(columns={"mean_day": "day"}).reset_index(drop=True)
    line = pd.DataFrame(columns=["day", "fit", "low", "high"], dtype=float)
    names = ("estimate", "low", "high", "p")
    table = pd.DataFrame(columns=["moderator", *names, *_META], dtype=object)
    if len(points) < 3 or points["day"].nunique() < 2:
        return table, points, line
    day = (points["day"].to_numpy(float) - EARLY_UNTIL) / 10.0
    fit = meta_regression(
        points["effect"].to_numpy(float),
        points["variance"].to_numpy(float),
        np.column_stack([np.ones(len(day)), day]),
    )
    shared = {
        "n_effects": len(points),
        "n_cohorts": points["cohort"].nunique(),
        "tau2": fit.tau2,
        "tau2_without": fit.tau2_without,
        "r_squared": fit.r_squared,
        "i_squared": fit.i_squared,
    }
    table = pd.DataFrame(
        [
            {
                "moderator": moderator,
                "estimate": float(fit.coefficients[i]),
                "low": float(fit.low[i]),
                "high": float(fit.high[i]),
                "p": float(fit.p_values[i]),
                **shared,
            }
            for i, moderator in enumerate(("intercept", "day"))
        ]
    )
    grid = np.linspace(points["day"].min(), points["day"].max(), 40)
    drawn = fit.at(np.column_stack([np.ones(len(grid)), (grid - EARLY_UNTIL) / 10.0]))
    line = pd.DataFrame(dict(zip(("day", "fit", "low", "high"), (grid, *drawn), strict=True)))
    return table, points, line


_META = ("n_effects", "n_cohorts", "tau2", "tau2_without", "r_squared", "i_squared")
