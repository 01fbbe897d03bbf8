"""What an explanation is: attributions in log-odds, and what each feature stands for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Attributions:
    """SHAP attributions of one model on one cohort.

    Attributes
    ----------
    model, cohort : str
        Names of the model and of the cohort that is explained.
    simulated : bool
        Whether the cohort, or any cohort the model was trained on, is simulated.
    held_out : bool
        Whether each row was explained by a model that never saw that patient.
    values : DataFrame of shape (n_samples, n_features)
        Attribution of each feature to the calibrated log-odds of severe disease.
    base : ndarray of shape (n_samples,)
        Expected log-odds; ``base + values.sum(axis=1) == margin``.
    margin : ndarray of shape (n_samples,)
        Calibrated log-odds of the model.
    data : DataFrame of shape (n_samples, n_features)
        Feature values, log2 relative expression.
    features : DataFrame indexed by feature
        Columns ``kind`` ("gene", "score" or "protein"), ``group``, ``family`` and ``label``.
    obs : DataFrame indexed by sample
        The cohort's typed sample columns (``patient``, ``severity``, ``severe``, ...).
    """

    model: str
    cohort: str
    simulated: bool
    held_out: bool
    values: pd.DataFrame
    base: np.ndarray
    margin: np.ndarray
    data: pd.DataFrame
    features: pd.DataFrame
    obs: pd.DataFrame

    @property
    def error(self) -> float:
        """Largest difference between the sum of attributions and the margin, log-odds."""
        total = self.base + self.values.to_numpy().sum(axis=1)
        return float(np.abs(total - self.margin).max(initial=0.0))

    @property
    def probability(self) -> np.ndarray:
        """Calibrated probability of severe disease, shape (n_samples,)."""
        return np.asarray(1.0 / (1.0 + np.exp(-self.margin)))
