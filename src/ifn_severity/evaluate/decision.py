"""Decision curves: what a prediction is worth to someone who has to act on it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ifn_severity.errors import LabelError
from ifn_severity.evaluate.bootstrap import patient_bootstrap
from ifn_severity.evaluate.compare import check_two_classes


def net_benefit(
    y: np.ndarray,
    probability: np.ndarray,
    thresholds: np.ndarray,
    weights: np.ndarray | None = None,
) -> np.ndarray:
    """Net benefit of treating every sample whose probability reaches a threshold.

    True positives less false positives, these weighted by the odds of the threshold, a sample
    (Vickers & Elkin 2006, doi:10.1177/0272989X06295361).

    Parameters
    ----------
    y : ndarray of shape (n_samples,), 0 or 1
    probability : ndarray of shape (n_samples,)
    thresholds : ndarray of shape (n_thresholds,)
        Threshold probabilities, above 0 and below 1.
    weights : ndarray of shape (n_draws, n_samples), optional
        One row a bootstrap draw; all ones when left out.

    Returns
    -------
    ndarray of shape (n_draws, n_thresholds)

    Raises
    ------
    LabelError
        If a threshold is not between 0 and 1.

    Examples
    --------
    >>> y, probability = np.array([0, 0, 1, 1]), np.array([0.1, 0.6, 0.4, 0.9])
    >>> net_benefit(y, probability, np.array([0.2, 0.5]))
    array([[0.4375, 0.    ]])
    """
    if not np.all((thresholds > 0) & (thresholds < 1)):
        raise LabelError(
            f"threshold probabilities from {np.min(thresholds)} to {np.max(thresholds)}",
            expected="probabilities above 0 and below 1",
            do="give the risks at which a patient or doctor would act, such as 0.1 to 0.9",
        )
    if weights is None:
        weights = np.ones((1, len(y)))
    acted = probability[:, None] >= thresholds[None, :]
    worth = np.where(y[:, None] == 1, 1.0, -thresholds / (1 - thresholds))
    return np.asarray(weights @ (acted * worth) / weights.sum(axis=1, keepdims=True))


def decision_curve(
    y: np.ndarray,
    probability: np.ndarray,
    patients: np.ndarray,
    *,
    thresholds: np.ndarray | None = None,
    n_draws: int = 2000,
    seed: int = 0,
) -> pd.DataFrame:
    """Net benefit of a model over thresholds, beside treating everyone and no one.

    Parameters
    ----------
    y : ndarray of shape (n_samples,), 0 or 1
    probability : ndarray of shape (n_samples,)
    patients : ndarray of shape (n_samples,)
    thresholds : ndarray of shape (n_thresholds,), optional
        0.05 to 0.95 by 0.01 when left out.
    n_draws, seed : int

    Returns
    -------
    DataFrame of shape (n_thresholds, 8)
        Columns ``threshold``, ``model``, ``low``, ``high``, ``treat_all``, ``treat_none``,
        and ``gain_low``, ``gain_high``: the 95 % patient-bootstrap interval of the model's net
        benefit above the better of treating all and none.

    Raises
    ------
    LabelError
        If there is one class only, or a threshold is not between 0 and 1.
    """
    check_two_classes(y)
    at = np.arange(5, 96) / 100 if thresholds is None else np.asarray(thresholds, dtype=float)
    drawn = patient_bootstrap(patients, n_draws=n_draws, rng=np.random.default_rng(seed))
    weights = np.vstack([np.ones(len(y)), drawn])
    model = net_benefit(y, probability, at, weights)
    everyone = net_benefit(y, np.ones(len(y)), at, weights)
    low, high = np.quantile(model[1:], [0.025, 0.975], axis=0)
    gain = np.quantile((model - np.maximum(everyone, 0.0))[1:], [0.025, 0.975], axis=0)
    return pd.DataFrame(
        {
            "threshold": at,
            "model": model[0],
            "low": low,
            "high": high,
            "treat_all": everyone[0],
            "treat_none": 0.0,
            "gain_low": gain[0],
            "gain_high": gain[1],
        }
    )
