"""Leave one cohort out: what a ridge regression fitted on the others says of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression

from ifn_severity.evaluate import auroc, patient_bootstrap
from scoring.data import Cohort

# fixed before any comparison: stronger for the hundreds of columns that genes add
C_SCORES, C_WITH_GENES = 1e-2, 1e-3
DRAWS = 10_000


def equal_weights(cohorts: Sequence[Cohort]) -> np.ndarray:
    """Weigh every cohort × class alike, and every patient alike within it; mean 1."""
    weights = []
    for cohort in cohorts:
        weight = np.zeros(len(cohort.severe))
        for label in (0, 1):
            members = cohort.severe == label
            _, which, counts = np.unique(
                cohort.patients[members], return_inverse=True, return_counts=True
            )
            share = 1.0 / counts[which]
            weight[members] = share / share.sum()
        weights.append(weight)
    joined = np.concatenate(weights)
    return np.asarray(joined * len(joined) / joined.sum())


@dataclass(frozen=True, eq=False)
class Ridge:
    """A fitted ridge regression with its imputation and scaling."""

    impute: SimpleImputer
    mean: np.ndarray
    spread: np.ndarray
    model: LogisticRegression

    def log_odds(self, X: np.ndarray) -> np.ndarray:
        """Return log-odds of severe disease, shape (n_samples,)."""
        scaled = (self.impute.transform(X) - self.mean) / self.spread
        return np.asarray(self.model.decision_function(scaled))


def fit_ridge(cohorts: Sequence[Cohort], features: dict[str, np.ndarray], C: float) -> Ridge:
    """Fit on some cohorts; scaling uses the same weights as the regression."""
    X = np.vstack([features[cohort.name] for cohort in cohorts])
    y = np.concatenate([cohort.severe for cohort in cohorts])
    weights = equal_weights(cohorts)
    impute = SimpleImputer(strategy="median", keep_empty_features=True).fit(X)
    filled = impute.transform(X)
    mean = np.average(filled, axis=0, weights=weights)
    spread = np.sqrt(np.average((filled - mean) ** 2, axis=0, weights=weights))
    spread = np.where(spread > 1e-9, spread, 1.0)
    model = LogisticRegression(C=C, max_iter=10_000)
    return Ridge(
        impute, mean, spread, model.fit((filled - mean) / spread, y, sample_weight=weights)
    )


def held_out(
    cohorts: Sequence[Cohort], features: dict[str, np.ndarray], C: float
) -> dict[str, np.ndarray]:
    """Return each cohort's log-odds from the model that never saw it."""
    return {
        cohort.name: fit_ridge([c for c in cohorts if c is not cohort], features, C).log_odds(
            features[cohort.name]
        )
        for cohort in cohorts
    }


@dataclass(frozen=True, eq=False)
class Transfer:
    """AUROC in every held-out cohort, and in every bootstrap draw of its patients."""

    values: np.ndarray
    draws: np.ndarray

    @property
    def mean(self) -> float:
        """Mean AUROC over cohorts."""
        return float(self.values.mean())

    def minus(self, other: Transfer) -> np.ndarray:
        """Return the paired difference of mean AUROC in every draw, shape (n_draws,)."""
        difference = self.draws.mean(axis=0) - other.draws.mean(axis=0)
        return np.asarray(difference[np.isfinite(difference)])


class Judge:
    """Turn held-out log-odds into AUROC, with the same bootstrap draws for every method."""

    def __init__(self, cohorts: Sequence[Cohort], *, seed: int, n_draws: int = DRAWS) -> None:
        rng = np.random.default_rng(seed)
        self.cohorts = list(cohorts)
        self.weights = {
            c.name: patient_bootstrap(c.patients, n_draws=n_draws, rng=rng) for c in cohorts
        }

    def judge(self, log_odds: dict[str, np.ndarray]) -> Transfer:
        """Return AUROC a cohort and a draw."""
        values = [auroc(c.severe, log_odds[c.name])[0] for c in self.cohorts]
        draws = [auroc(c.severe, log_odds[c.name], self.weights[c.name]) for c in self.cohorts]
        return Transfer(np.array(values), np.array(draws))

    def point(self, features: dict[str, np.ndarray], C: float) -> np.ndarray:
        """Hold out each cohort in turn; AUROC only, without bootstrap."""
        log_odds = held_out(self.cohorts, features, C)
        return np.array([auroc(c.severe, log_odds[c.name])[0] for c in self.cohorts])

    def run(self, features: dict[str, np.ndarray], C: float) -> Transfer:
        """Hold out each cohort in turn, and judge."""
        return self.judge(held_out(self.cohorts, features, C))


def interval(values: np.ndarray, level: float = 0.95) -> tuple[float, float]:
    """Return the central interval of bootstrap draws."""
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
