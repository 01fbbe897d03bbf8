"""How far a probability may be from the truth, as it was found on held-out samples."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy.special import expit

COHORTS, FOLDS = "cohorts held out", "folds of patients"
MEANINGS = {
    COHORTS: "where the probability may lie in a laboratory the model has not seen: the shift of "
    "log-odds between cohorts that were held out one by one is part of it",
    FOLDS: "where the probability may lie for a patient of the one training cohort; how far "
    "another laboratory shifts it cannot be known from one cohort",
}


@dataclass(frozen=True)
class ProbabilityInterval:
    """An interval about calibrated log-odds.

    Its half width at log-odds L is ``quantile * sqrt(shift**2 + a + 2 b L + c L**2)``.

    Attributes
    ----------
    basis : str
        ``COHORTS`` or ``FOLDS``: what was held out.
    level : float
        Share of cohorts (of bootstrap draws) that it is meant to hold.
    quantile : float
        Of Student's t with as many degrees of freedom as cohorts, or of the normal distribution.
    shift : float
        Root mean square of the cohorts' shifts, in log-odds; 0 with folds.
    line : tuple of float
        ``(a, b, c)``: mean squares and product of the errors of intercept and slope.
    cohorts : dict of str to float
        The shift of each held-out cohort.
    """

    basis: str
    level: float
    quantile: float
    shift: float
    line: tuple[float, float, float]
    cohorts: dict[str, float]

    @property
    def meaning(self) -> str:
        """What the interval stands for, in words."""
        return MEANINGS[self.basis]

    def half_width(self, log_odds: np.ndarray) -> np.ndarray:
        """Return half the width in log-odds, shape (n_samples,).

        Parameters
        ----------
        log_odds : ndarray of shape (n_samples,)
        """
        a, b, c = self.line
        variance = self.shift**2 + a + 2.0 * b * log_odds + c * log_odds**2
        return np.asarray(self.quantile * np.sqrt(np.maximum(variance, 0.0)))

    def around(self, log_odds: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the lower and upper end as probabilities.

        Parameters
        ----------
        log_odds : ndarray of shape (n_samples,)

        Examples
        --------
        >>> interval = ProbabilityInterval(FOLDS, 0.95, 1.96, 0.0, (0.25, 0.0, 0.0), {})
        >>> [end.round(2).tolist() for end in interval.around(np.array([0.0]))]
        [[0.27], [0.73]]
        """
        half = self.half_width(log_odds)
        return np.asarray(expit(log_odds - half)), np.asarray(expit(log_odds + half))

    def to_dict(self) -> dict[str, Any]:
        """Return what a manifest keeps."""
        return {**asdict(self), "line": list(self.line), "meaning": self.meaning}


@dataclass(frozen=True)
class Anchor:
    """The shift of one laboratory's log-odds, learned from labelled samples of its own.

    Attributes
    ----------
    shift : float
        Added to the log-odds of every sample.
    low, high : float
        Ends of its interval.
    n_severe, n_mild : int
        Labelled samples.
    """

    shift: float
    low: float
    high: float
    n_severe: int
    n_mild: int

    @property
    def words(self) -> str:
        """What was done, for the warnings of each sample."""
        return (
            f"log-odds were shifted by {self.shift:+.2f} ({self.low:+.2f} to {self.high:+.2f}) "
            f"after {self.n_severe} severe and {self.n_mild} mild samples given with labels"
        )


def read_interval(data: Mapping[str, Any]) -> ProbabilityInterval:
    """Read an interval from a manifest.

    Parameters
    ----------
    data : mapping

    Raises
    ------
    ValueError
        If a value is missing or makes no sense.
    """
    line, cohorts = data.get("line"), data.get("cohorts")
    basis = data.get("basis")
    if not isinstance(basis, str) or basis not in MEANINGS:
        raise ValueError(f"interval: basis is {str(basis)[:40]!r}")
    if not isinstance(line, list) or len(line) != 3 or not isinstance(cohorts, dict):
        raise ValueError("interval: line or cohorts are not what they should be")
    numbers = {key: data.get(key) for key in ("level", "quantile", "shift")}
    every = [*numbers.values(), *line, *cohorts.values()]
    if not all(type(value) in (int, float) and abs(value) < 1e6 for value in every):
        raise ValueError("interval: a value is no number, or absurd")
    level, quantile, shift = (float(value) for value in numbers.values() if value is not None)
    a, b, c = (float(value) for value in line)
    if not 0 < level < 1 or min(quantile, shift, a, c) < 0 or b * b > a * c * (1 + 1e-9) + 1e-12:
        raise ValueError("interval: a value is outside its range")
    shifts = {str(name): float(value) for name, value in cohorts.items()}
    return ProbabilityInterval(basis, level, quantile, shift, (a, b, c), shifts)
