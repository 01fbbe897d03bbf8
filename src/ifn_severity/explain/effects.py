"""What genes and families carry, cohort by cohort: the numbers that rankings are made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ifn_severity.explain.samples import Samples


@dataclass(frozen=True, eq=False)
class Effects:
    """What genes and families carry, by cohort.

    Attributes
    ----------
    cohorts : tuple of str
    mean_abs : ndarray of shape (n_draws, n_cohorts, n_panel)
        Mean |attribution|, log-odds; NaN where a draw tests no sample of a cohort. A gene that a
        cohort does not measure carries 0 there, or what the model's imputed value of its features
        carries, and counts with it.
    slope : ndarray of shape (n_draws, n_cohorts, n_panel)
        Slope of attribution on expression, log-odds per log2 unit; NaN for genes that are not
        measured or do not vary.
    net : ndarray of shape (n_draws, n_cohorts, n_families)
        Mean |sum over a family's genes|, log-odds.
    """

    cohorts: tuple[str, ...]
    mean_abs: np.ndarray
    slope: np.ndarray
    net: np.ndarray

    @property
    def n_draws(self) -> int:
        """Number of draws."""
        return len(self.mean_abs)

    @property
    def pooled(self) -> np.ndarray:
        """Mean |attribution| with cohorts counting alike, shape (n_draws, n_panel)."""
        return cohort_mean(self.mean_abs)

    @property
    def shares(self) -> np.ndarray:
        """Part of all |attribution|, the mean of the cohorts' own, shape (n_draws, n_panel)."""
        return cohort_mean(parts(self.mean_abs))

    @property
    def net_shares(self) -> np.ndarray:
        """The same of the families' net values, shape (n_draws, n_families)."""
        return cohort_mean(parts(self.net))


def parts(values: np.ndarray) -> np.ndarray:
    """Return each value's part of the sum over the last axis; NaN where nothing is carried.

    Examples
    --------
    >>> parts(np.array([[1.0, 3.0], [0.0, 0.0]]))
    array([[0.25, 0.75],
           [ nan,  nan]])
    """
    total = values.sum(axis=-1, keepdims=True)
    return np.divide(values, total, out=np.full(values.shape, np.nan), where=total > 0)


def cohort_mean(values: np.ndarray) -> np.ndarray:
    """Average over the second axis, leaving out NaN; NaN where nothing is known."""
    known = np.isfinite(values)
    count = known.sum(axis=1)
    total = np.where(known, values, 0.0).sum(axis=1)
    return np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)


def summarise_effects(
    samples: Samples,
    rows: np.ndarray,
    values: np.ndarray,
    weights: np.ndarray,
    cohorts: Sequence[str],
    family_values: np.ndarray,
    slopes: dict[str, np.ndarray] | None = None,
) -> Effects:
    """Summarise gene attributions by cohort, as one draw.

    Parameters
    ----------
    samples : Samples
    rows : ndarray of int, shape (n_rows,)
        Explained rows; a row may stand there more than once.
    values : ndarray of shape (n_rows, n_panel)
        Their attributions.
    weights : ndarray of shape (n_rows,)
        How often each row counts.
    cohorts : sequence of str
        Cohorts of the result.
    family_values : ndarray of shape (n_rows, n_families)
        Grouped Shapley values of these rows.
    slopes : dict of str to ndarray of shape (n_panel,), optional
        Exact slopes by cohort, where the model is linear; estimated when left out.
    """
    shape = (len(cohorts), len(samples.genes))
    mean_abs, slope = np.full(shape, np.nan), np.full(shape, np.nan)
    net = np.full((len(cohorts), family_values.shape[1]), np.nan)
    own = samples.cohorts[rows]
    for i, name in enumerate(cohorts):
        at = np.flatnonzero((own == name) & (weights > 0))
        if not len(at):
            continue
        share = weights[at] / weights[at].sum()
        phi, levels = values[at], samples.levels[rows[at]]
        mean_abs[i] = share @ np.abs(phi)
        net[i] = share @ np.abs(family_values[at])
        if slopes is not None:
            slope[i] = np.where(np.isfinite(levels).any(axis=0), slopes[name], np.nan)
            continue
        centred = levels - share @ levels
        variance = share @ centred**2
        varies = np.isfinite(variance) & (variance > 1e-12)
        covariance = share @ (np.where(varies, centred, 0.0) * phi)
        slope[i, varies] = covariance[varies] / variance[varies]
    return Effects(tuple(cohorts), mean_abs[None], slope[None], net[None])


def no_effects(
    n_draws: int, cohorts: Sequence[str], samples: Samples, families: np.ndarray
) -> Effects:
    """Return draws that know nothing yet."""
    shape = (n_draws, len(cohorts), len(samples.genes))
    return Effects(
        tuple(cohorts),
        np.full(shape, np.nan),
        np.full(shape, np.nan),
        np.full((n_draws, len(cohorts), families.shape[1]), np.nan),
    )
