"""Compare levels of plasma proteins with levels less the mean of the sample's own panel.

    IFN_SEVERITY_MIRROR=DIR python benchmarks/plasma_levels.py

Ridge logistic regression at three fixed strengths, inside each cohort (five folds by patient, three
times) and from each cohort to the other on the analytes of both. Nothing is chosen on the figures.
docs/plasma-proteins.md holds the table that this prints.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from ifn_severity.workflows.dataset import Dataset, load_dataset

COHORTS = ("yale-impact", "breda-olink")
STRENGTHS = (0.001, 0.01, 0.1)


def levels(X: pd.DataFrame) -> pd.DataFrame:
    return X


def relative(X: pd.DataFrame) -> pd.DataFrame:
    return X.sub(X.mean(axis=1), axis=0)


def ridge(strength: float) -> Pipeline:
    return make_pipeline(
        SimpleImputer(strategy="median", keep_empty_features=True),
        StandardScaler(),
        LogisticRegression(C=strength, class_weight="balanced", max_iter=5000),
    )


def inside(dataset: Dataset, X: pd.DataFrame, strength: float) -> float:
    areas = []
    for seed in range(3):
        margin = np.zeros(len(X))
        folds = StratifiedGroupKFold(5, shuffle=True, random_state=seed)
        for train, test in folds.split(X, dataset.y, dataset.patients):
            model = ridge(strength).fit(X.iloc[train], dataset.y[train])
            margin[test] = model.decision_function(X.iloc[test])
        areas.append(roc_auc_score(dataset.y, margin))
    return float(np.mean(areas))


def between(both: Dataset, X: pd.DataFrame, tested: str, strength: float) -> float:
    test = (both.obs["cohort"] == tested).to_numpy()
    model = ridge(strength).fit(X[~test], both.y[~test])
    return float(roc_auc_score(both.y[test], model.decision_function(X[test])))


def main() -> None:
    single = {name: load_dataset([name]) for name in COHORTS}
    both = load_dataset(list(COHORTS))
    heads = [f"inside {name}" for name in COHORTS] + [f"to {name}" for name in reversed(COHORTS)]
    print(f"| feature | C | {' | '.join(heads)} |")
    print("|---|---:|---:|---:|---:|---:|")
    for words, transform in (("level", levels), ("level less the panel's mean", relative)):
        for strength in STRENGTHS:
            areas = [inside(data, transform(data.features), strength) for data in single.values()]
            shared = transform(both.features)
            areas += [between(both, shared, name, strength) for name in reversed(COHORTS)]
            cells = " | ".join(f"{area:.3f}" for area in areas)
            print(f"| {words} | {strength:g} | {cells} |")


if __name__ == "__main__":
    main()
