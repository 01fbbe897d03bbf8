"""When a model abstains, and what it says of each sample, in words.

The rule stands in docs/predict.md with what it does on held-out cohorts.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

SEVERE, NOT_SEVERE, ABSTAIN = "severe", "not severe", "abstain"
LEAST_COVERAGE = 0.6
"""Below it no call is made: docs/missing-genes.md measured up to 40 % of the genes missing."""
SPARSE = 0.9
EITHER = "the interval holds the threshold, so the call may be the other one"


@dataclass(frozen=True, eq=False)
class Findings:
    """What was seen in a block of samples.

    Attributes
    ----------
    probability : ndarray of shape (n_samples,)
        NaN in samples that express no reference gene.
    coverage : float
        Fraction of the panel's genes in the data.
    missing : ndarray of int
        Features that cannot be computed and could in training.
    outside, distance : ndarray
        Share of features outside the training range, and distance in feature space.
    tissue, sex : list of str
        Hints, empty where there is nothing to say.
    either : ndarray of bool
        Whether the interval of the probability holds the threshold.
    """

    probability: np.ndarray
    coverage: float
    missing: np.ndarray
    outside: np.ndarray
    distance: np.ndarray
    tissue: list[str]
    sex: list[str]
    either: np.ndarray

    @property
    def silent(self) -> np.ndarray:
        """Samples without a prediction."""
        return np.isnan(self.probability)


@dataclass(frozen=True)
class Rule:
    """The limits that a model abstains by.

    Attributes
    ----------
    threshold : float
        Probability at or above which a sample is called severe.
    outside_limit, distance_limit : float
        From the training data.
    n_features : int
        Features that could be computed in training.
    common : tuple of str
        What is said of every sample.
    proteins : bool
        Whether plasma proteins were measured, and not transcripts: for the words.
    """

    threshold: float
    outside_limit: float
    distance_limit: float
    n_features: int
    common: tuple[str, ...]
    proteins: bool = False

    def within(self, found: Findings) -> np.ndarray:
        """Tell which samples are like those of the training data."""
        near = (found.outside <= self.outside_limit) & (found.distance <= self.distance_limit)
        alien = np.array([bool(text) for text in found.tissue], dtype=bool)
        return np.asarray(near & ~found.silent & ~alien)

    def calls(self, found: Findings) -> np.ndarray:
        """Call each sample severe or not, or abstain."""
        calls = np.where(found.probability >= self.threshold, SEVERE, NOT_SEVERE).astype(object)
        calls[~self.within(found) | (found.coverage < LEAST_COVERAGE)] = ABSTAIN
        return calls

    def warnings(self, found: Findings) -> list[str]:
        """Put into words what limits each prediction and why there is no call."""
        common = list(self.common)
        of = "model's analytes" if self.proteins else "panel's genes"
        if found.coverage < LEAST_COVERAGE:
            said, limit = _apart(found.coverage, LEAST_COVERAGE, ".0%")
            common.append(
                f"only {said} of the {of} are in the data, too few for a call (limit {limit})"
            )
        elif found.coverage < SPARSE:
            common.append(f"only {found.coverage:.0%} of the {of} are in the data")
        unsure = found.either & (self.calls(found) != ABSTAIN)
        told = [list(common), [*common, EITHER]]
        texts = [("; ".join(told[0]), "; ".join(told[1]))[said] for said in unsure.tolist()]
        named = np.array([bool(a or b) for a, b in zip(found.tissue, found.sex, strict=True)])
        own_words = ~self.within(found) | (found.missing > 0) | named
        for i in np.flatnonzero(own_words):
            texts[i] = "; ".join([*told[int(unsure[i])], *self._own(found, int(i))])
        return texts

    def _own(self, found: Findings, i: int) -> list[str]:
        if found.silent[i]:
            none = "analyte was measured" if self.proteins else "reference gene is expressed"
            return [f"no {none}, so there is no prediction"]
        own = []
        if found.missing[i]:
            verb = "is" if found.missing[i] == 1 else "are"
            own.append(
                f"{found.missing[i]} of {self.n_features} features cannot be computed and {verb} "
                "set to the training median"
            )
        if not found.outside[i] <= self.outside_limit:
            said, limit = _apart(found.outside[i], self.outside_limit, ".0%")
            own.append(
                f"unlike the training data: {said} of its features are outside the training "
                f"range (limit {limit}), so the probability is an extrapolation"
            )
        if not found.distance[i] <= self.distance_limit:
            said, limit = _apart(found.distance[i], self.distance_limit, ".1f")
            own.append(
                f"unlike the training data: its distance in feature space is {said} (limit "
                f"{limit}, usual 1), so the probability is an extrapolation"
            )
        return [*own, *(text for text in (found.tissue[i], found.sex[i]) if text)]


def _apart(value: float, limit: float, form: str) -> tuple[str, str]:
    """Print a value and a limit that it passes with the digits it takes to tell them apart.

    Examples
    --------
    >>> _apart(0.31, 0.1, ".0%")
    ('31%', '10%')
    >>> _apart(2.04, 2.0, ".1f")
    ('2.04', '2.00')
    """
    digits, kind = int(form[1]), form[2]
    for more in range(digits, digits + 4):
        said, known = f"{value:.{more}{kind}}", f"{limit:.{more}{kind}}"
        if said != known:
            return said, known
    return f"{'more' if value > limit else 'less'} than {known}", known
