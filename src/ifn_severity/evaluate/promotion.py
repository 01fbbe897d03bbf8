"""When a model may take the champion's place: the rule, on predictions of held-out cohorts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ifn_severity.evaluate.bootstrap import patient_bootstrap, percentile_interval
from ifn_severity.evaluate.calibration import logistic_lines
from ifn_severity.evaluate.compare import PairedDifference, paired_difference
from ifn_severity.evaluate.metrics import auroc

MIN_COHORTS = 3
"""Fewest held-out cohorts with five patients in each class."""
MARGIN = 0.02
"""Most AUROC that may be lost: at the lower end of the paired interval, and in the worst cohort."""
SLOPES = (0.67, 3.0)
"""Range of the median calibration slope: below it predictions are too extreme, above it they say
little. 1 is right."""


@dataclass(frozen=True, eq=False)
class HeldOutScores:
    """Predictions of samples whose cohort the model had not seen.

    Attributes
    ----------
    samples, patients, cohorts : ndarray of str, shape (n_samples,)
    y : ndarray of shape (n_samples,), 0 or 1
    log_odds : ndarray of shape (n_samples,)
    """

    samples: np.ndarray
    patients: np.ndarray
    cohorts: np.ndarray
    y: np.ndarray
    log_odds: np.ndarray

    def rows(self, chosen: np.ndarray) -> HeldOutScores:
        """Return some of the samples, by position."""
        return HeldOutScores(
            self.samples[chosen],
            self.patients[chosen],
            self.cohorts[chosen],
            self.y[chosen],
            self.log_odds[chosen],
        )

    def by_cohort(self) -> dict[str, float]:
        """Return the AUROC of each cohort."""
        return {
            str(name): float(auroc(self.y[here], self.log_odds[here])[0])
            for name in np.unique(self.cohorts)
            for here in [self.cohorts == name]
        }

    def median_slope(self) -> float:
        """Return the median over cohorts of the calibration slope.

        A cohort whose classes are separated has none and is left out; NaN where all are.
        """
        slopes = []
        for name in np.unique(self.cohorts):
            here = self.cohorts == name
            slope, _ = logistic_lines(
                self.y[here], self.log_odds[here], np.ones((1, int(here.sum())))
            )
            slopes.append(float(slope[0]))
        known = [slope for slope in slopes if np.isfinite(slope)]
        return float(np.median(known)) if known else float("nan")

    def lowest_mean(self, *, n_draws: int, seed: int) -> float:
        """Return the lower end of the 95 % patient-bootstrap interval of the mean AUROC."""
        rng = np.random.default_rng(seed)
        areas = [
            auroc(
                self.y[here],
                self.log_odds[here],
                patient_bootstrap(self.patients[here], n_draws=n_draws, rng=rng),
            )
            for name in np.unique(self.cohorts)
            for here in [self.cohorts == name]
        ]
        return percentile_interval(np.mean(areas, axis=0))[0]


@dataclass(frozen=True)
class Decision:
    """What the rule says.

    Attributes
    ----------
    reasons : tuple of str
        What is against the candidate; empty when nothing is.
    summary : str
        The figures that were compared, in one line.
    """

    reasons: tuple[str, ...]
    summary: str

    @property
    def allowed(self) -> bool:
        """Whether the candidate may be champion."""
        return not self.reasons


def judge(
    candidate: HeldOutScores,
    champion: HeldOutScores | None,
    *,
    n_draws: int = 2000,
    seed: int = 0,
) -> Decision:
    """Apply the rule of docs/models.md.

    Parameters
    ----------
    candidate : HeldOutScores
        Samples of cohorts with five patients in each class.
    champion : HeldOutScores or None
        None where there is no champion yet.
    n_draws, seed : int
        Of the patient bootstrap.

    Returns
    -------
    Decision
    """
    areas = candidate.by_cohort()
    if len(areas) < MIN_COHORTS:
        names = ", ".join(areas) or "none"
        reason = f"{len(areas)} cohorts held out ({names}); it takes {MIN_COHORTS}"
        return Decision((reason,), f"{len(areas)} cohorts held out")
    reasons = []
    mean, low = (
        float(np.mean(list(areas.values()))),
        candidate.lowest_mean(n_draws=n_draws, seed=seed),
    )
    slope = candidate.median_slope()
    summary = f"mean AUROC {mean:.3f}, least {min(areas.values()):.3f}"
    if np.isfinite(slope):
        summary += f", median slope {slope:.2f}"
    if not low > 0.5:
        reasons.append(f"the interval of the mean AUROC begins at {low:.3f}, no better than chance")
    if np.isfinite(slope) and not SLOPES[0] <= slope <= SLOPES[1]:
        reasons.append(
            f"the median calibration slope is {slope:.2f}, not {SLOPES[0]:g} to {SLOPES[1]:g}"
        )
    if champion is None:
        return Decision(tuple(reasons), f"{summary}; there was no champion")
    mine, theirs = _common(candidate, champion)
    cohorts = np.unique(mine.cohorts)
    if len(cohorts) < MIN_COHORTS:
        reasons.append(
            f"{len(cohorts)} cohorts were held out for both it and the champion; it takes "
            f"{MIN_COHORTS}"
        )
        return Decision(tuple(reasons), summary)
    paired = paired_difference(
        mine.y,
        mine.log_odds,
        theirs.log_odds,
        mine.patients,
        mine.cohorts,
        n_draws=n_draws,
        seed=seed,
    )
    reasons += _against(paired, mine.by_cohort(), theirs.by_cohort())
    return Decision(
        tuple(reasons),
        f"{summary}; on the {len(cohorts)} cohorts of both, champion {paired.auroc_b:.3f}, "
        f"difference {paired.difference:+.3f} ({paired.low:+.3f} to {paired.high:+.3f})",
    )


def _against(
    paired: PairedDifference, mine: dict[str, float], theirs: dict[str, float]
) -> Sequence[str]:
    """Return what the comparison with the champion says against the candidate."""
    reasons = []
    if paired.difference <= 0 and paired.low < -MARGIN:
        reasons.append(
            f"its mean AUROC differs from the champion's by {paired.difference:+.3f} "
            f"({paired.low:+.3f} to {paired.high:+.3f}), so that more than {MARGIN:g} may be lost"
        )
    worst, least = min(mine, key=lambda name: mine[name]), min(theirs.values())
    if mine[worst] < least - MARGIN:
        reasons.append(
            f"its worst cohort, {worst}, has AUROC {mine[worst]:.3f}; the champion's worst has "
            f"{least:.3f}"
        )
    return reasons


def _common(first: HeldOutScores, second: HeldOutScores) -> tuple[HeldOutScores, HeldOutScores]:
    """Return both on the samples that both predicted, in the same order."""
    _, here, there = np.intersect1d(
        first.samples.astype(str), second.samples.astype(str), return_indices=True
    )
    # a sample whose label changed in between is not the same sample
    same = first.y[here] == second.y[there]
    return first.rows(here[same]), second.rows(there[same])
