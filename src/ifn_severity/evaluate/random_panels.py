"""Whether a panel does better than panels of random genes: one rule for every page that says so."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

ENOUGH_PANELS = 100
"""Fewer random panels than this say nothing about their 95th percentile."""
LEVEL = 0.05
"""The empirical p-value has to lie below this."""


@dataclass(frozen=True)
class AgainstRandom:
    """A panel's AUROC beside those of panels of random genes.

    Attributes
    ----------
    ours : float
        The panel's AUROC, NaN where it is not known.
    n : int
        Random panels that gave an AUROC.
    median, p95 : float
        Median and 95th percentile of theirs, NaN without any.
    reached : int
        How many of them do at least as well.
    p_value : float
        (1 + reached) / (1 + n), NaN where there is nothing to compare.
    """

    ours: float
    n: int
    median: float
    p95: float
    reached: int
    p_value: float

    @property
    def beats(self) -> bool | None:
        """Whether the panel lies above the 95th percentile with p under 0.05.

        None with fewer than 100 random panels, or where the panel's AUROC is not known.
        """
        if self.n < ENOUGH_PANELS or np.isnan(self.ours):
            return None
        return bool(self.ours > self.p95 and self.p_value < LEVEL)


def against_random(ours: float, draws: npt.ArrayLike) -> AgainstRandom:
    """Compare a panel with panels of random genes.

    The 95th percentile of a hundred draws is itself a draw: five of them lie above it. So the
    empirical p-value has to be small too, with one added to both counts (Phipson & Smyth 2010,
    doi:10.2202/1544-6115.1585).

    Parameters
    ----------
    ours : float
        AUROC of the panel.
    draws : array of float
        AUROC of each random panel; those that are not finite are left out.

    Returns
    -------
    AgainstRandom

    Examples
    --------
    >>> found = against_random(0.90, np.linspace(0.70, 0.89, 100))
    >>> found.reached, round(found.p_value, 4), found.beats
    (0, 0.0099, True)
    >>> against_random(0.88, np.linspace(0.70, 0.89, 100)).beats
    False
    >>> print(against_random(0.90, [0.7, 0.8]).beats)
    None
    """
    values = np.asarray(draws, dtype=float).ravel()
    values = values[np.isfinite(values)]
    nan = float("nan")
    if not len(values):
        return AgainstRandom(float(ours), 0, nan, nan, 0, nan)
    # means of AUROCs differ in their last bits
    reached = int((values >= ours - 1e-12).sum())
    known = not np.isnan(ours)
    return AgainstRandom(
        ours=float(ours),
        n=len(values),
        median=float(np.median(values)),
        p95=float(np.quantile(values, 0.95)),
        reached=reached,
        p_value=(1 + reached) / (1 + len(values)) if known else nan,
    )
