"""What age and sex alone say of severity on a cohort never seen: the clinical-only baseline."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from ifn_severity.classify.transfer import cohort_weights
from ifn_severity.evaluate.cross_cohort import cohort_names
from ifn_severity.workflows.dataset import Dataset
from ifn_severity.workflows.validation.fits import Problem

NAME, LABEL = "age and sex", "age and sex (logistic, cohorts held out)"


def age_and_sex(dataset: Dataset, problem: Problem) -> tuple[pd.Series[float], dict[str, str]]:
    """Predict each cohort from age and sex by a logistic regression fitted on the others.

    Cohorts, their classes and the patients of a class count alike, as for the model
    ``transfer``. Both directions are learned, none is turned round on the held-out cohort.

    Parameters
    ----------
    dataset : Dataset
    problem : Problem
        Which cohorts may be trained on.

    Returns
    -------
    scores : Series of shape (n_samples,)
        Log-odds, NaN in cohorts that do not know both of every sample.
    reasons : dict of str to str
        Why a cohort has no score.
    """
    obs = dataset.obs
    sex = obs["sex"].astype(object).map({"male": 1.0, "female": 0.0}).astype(float)
    X = np.column_stack([obs["age"].to_numpy(dtype=float), sex.to_numpy()])
    whole = np.isfinite(X).all(axis=1)
    names = cohort_names(problem.cohorts)
    known = [name for name in names if whole[problem.cohorts == name].all()]
    scores = np.full(len(X), np.nan)
    reasons = {}
    for name in names:
        train = np.isin(problem.cohorts, [n for n in problem.trainable if n in known and n != name])
        if name not in known:
            reasons[name] = "age or sex is not known of every sample"
        elif not train.any():
            reasons[name] = "no other cohort knows age and sex"
        else:
            here = problem.cohorts == name
            weights = cohort_weights(
                problem.y[train], problem.patients[train], problem.cohorts[train]
            )
            model = make_pipeline(StandardScaler(), LogisticRegression())
            model.fit(X[train], problem.y[train], logisticregression__sample_weight=weights)
            scores[here] = model.decision_function(X[here])
    return pd.Series(scores, index=obs.index), reasons
