"""What leaking does to a figure: selection, scaling, patients and centring outside the folds.

    IFN_SEVERITY_MIRROR=DIR python benchmarks/leakage.py --seed 0

Writes the tables of docs/leakage.md. The package does none of this; the script does it on purpose.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

import numpy as np
from scipy.special import expit
from sklearn.feature_selection import SelectKBest, f_classif
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from ifn_severity.classify import SeverityClassifier, feature_views
from ifn_severity.cohorts import load_cohort
from ifn_severity.evaluate import auroc, patient_bootstrap
from ifn_severity.evaluate.bootstrap import percentile_interval
from ifn_severity.evaluate.permutation import permute_labels
from ifn_severity.workflows.dataset import load_dataset
from scoring.data import COHORTS
from scoring.pages import DOCS, markdown, with_interval, write_tables

GENES = 20
FOLDS, REPEATS = 5, 5
SHUFFLES = 40
DRAWS = 2000
Fold = tuple[np.ndarray, np.ndarray]
Predict = Callable[[np.ndarray, np.ndarray, list[Fold]], np.ndarray]


def ridge() -> LogisticRegression:
    """Return the model of every row: only what is done around it differs."""
    return LogisticRegression(C=0.1, max_iter=2000)


def select() -> SelectKBest:
    """Return the choice of the genes that differ most between the classes."""
    return SelectKBest(f_classif, k=GENES)


def folds(y: np.ndarray, groups: np.ndarray, seed: int) -> list[list[Fold]]:
    """Return repeated stratified folds in which no group straddles a split."""
    every = []
    for repeat in range(REPEATS):
        splitter = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=seed + repeat)
        every.append(list(splitter.split(np.zeros(len(y)), y, groups)))
    return every


def out_of_fold(pipeline: Pipeline, X: np.ndarray, y: np.ndarray, splits: list[Fold]) -> np.ndarray:
    """Predict each sample by a pipeline that was fitted without its fold."""
    scores = np.zeros(len(y))
    for train, test in splits:
        scores[test] = pipeline.fit(X[train], y[train]).decision_function(X[test])
    return scores


def selection_inside(X: np.ndarray, y: np.ndarray, splits: list[Fold]) -> np.ndarray:
    """Scale and select in the training fold."""
    return out_of_fold(make_pipeline(StandardScaler(), select(), ridge()), X, y, splits)


def selection_outside(X: np.ndarray, y: np.ndarray, splits: list[Fold]) -> np.ndarray:
    """Select on all patients first: the leak."""
    return out_of_fold(
        make_pipeline(StandardScaler(), ridge()), select().fit_transform(X, y), y, splits
    )


def scaling_inside(X: np.ndarray, y: np.ndarray, splits: list[Fold]) -> np.ndarray:
    """Scale in the training fold."""
    return out_of_fold(make_pipeline(StandardScaler(), ridge()), X, y, splits)


def scaling_outside(X: np.ndarray, y: np.ndarray, splits: list[Fold]) -> np.ndarray:
    """Scale on all patients first: the leak."""
    return out_of_fold(make_pipeline(ridge()), StandardScaler().fit_transform(X), y, splits)


def measured(
    predict: Predict,
    X: np.ndarray,
    y: np.ndarray,
    patients: np.ndarray,
    groups: np.ndarray,
    seed: int,
) -> str:
    """Return the AUROC, averaged over repeats, with its patient bootstrap interval."""
    weights = patient_bootstrap(patients, n_draws=DRAWS, rng=np.random.default_rng(seed))
    weights = np.vstack([np.ones((1, len(y))), weights])
    areas = np.mean(
        [auroc(y, predict(X, y, splits), weights) for splits in folds(y, groups, seed)], axis=0
    )
    return with_interval(float(areas[0]), *percentile_interval(areas[1:]))


def shuffled(
    predict: Predict,
    X: np.ndarray,
    y: np.ndarray,
    patients: np.ndarray,
    by_patient: bool,
    seed: int,
) -> str:
    """Return the mean AUROC when labels were exchanged between patients, with 95 % of draws."""
    rng = np.random.default_rng(seed)
    groups = patients if by_patient else np.arange(len(y))
    areas = []
    for labels in permute_labels(y, patients, SHUFFLES, rng):
        splits = folds(labels, groups, int(rng.integers(1_000_000)))[0]
        areas.append(auroc(labels, predict(X, labels, splits))[0])
    return with_interval(float(np.mean(areas)), *percentile_interval(np.array(areas)))


def inside_one_cohort(seed: int) -> dict[str, str]:
    """Tabulate selection and scaling on GSE157103, and folds by sample on schulte-cohort2."""
    adata = load_cohort("GSE157103")
    adata = adata[adata.obs["severe"].notna().to_numpy()]
    X, y = adata.to_df().to_numpy(dtype=float), adata.obs["severe"].to_numpy(dtype=int)
    X = X[:, np.median(X, axis=0) > 0]
    patients = adata.obs["patient"].to_numpy(dtype=str)
    whole = [
        (f"{GENES} genes chosen in the training folds", selection_inside),
        (f"**{GENES} genes chosen on all patients**", selection_outside),
        ("scaled in the training folds", scaling_inside),
        ("**scaled on all patients**", scaling_outside),
    ]
    own = load_dataset(["GSE157103"]).columns("all").dropna(axis=1).to_numpy()
    rows = []
    for name, predict in whole:
        values = X if "genes" in name else own
        rows.append(
            [
                name,
                measured(predict, values, y, patients, patients, seed),
                shuffled(predict, values, y, patients, True, seed),
            ]
        )
    several = load_dataset(["schulte-cohort2"])
    features = several.columns("all").dropna(axis=1).to_numpy()
    single = np.arange(len(several.y))
    more = []
    for name, groups, by_patient in (
        ("folds of patients", several.patients, True),
        ("**folds of samples**", single, False),
    ):
        more.append(
            [
                name,
                measured(scaling_inside, features, several.y, several.patients, groups, seed),
                shuffled(scaling_inside, features, several.y, several.patients, by_patient, seed),
            ]
        )
    head = ["what is done", "AUROC [95 %]", "labels shuffled: AUROC [95 % of draws]"]
    return {"selection": markdown(head, rows), "patients": markdown(head, more)}


def between_cohorts(seed: int) -> dict[str, str]:
    """Tabulate what centring every cohort by its own labels does to held-out calibration."""
    dataset = load_dataset(COHORTS)
    X, y, patients = dataset.columns("all"), dataset.y, dataset.patients
    cohorts = dataset.obs["cohort"].to_numpy(dtype=str)
    views = feature_views(X.columns)
    raw = X.to_numpy()
    centred = raw.copy()
    for name in COHORTS:
        rows = cohorts == name
        classes = [raw[rows & (y == label)].mean(axis=0) for label in (0, 1)]
        centred[rows] -= np.mean(classes, axis=0)
    found = []
    for name in COHORTS:
        test = cohorts == name
        cells = [name]
        for values in (raw, centred):
            classifier = SeverityClassifier("transfer", random_state=seed, views=views).fit(
                values[~test], y[~test], groups=patients[~test], cohorts=cohorts[~test]
            )
            log_odds = classifier.decision_function(values[test])
            brier = float(np.mean((expit(log_odds) - y[test]) ** 2))
            called = log_odds >= 0
            right = np.mean([(called[y[test] == label] == label).mean() for label in (0, 1)])
            cells += [f"{auroc(y[test], log_odds)[0]:.3f}", f"{brier:.3f}", f"{right:.2f}"]
        found.append(cells)
    head = ["held-out cohort"]
    for what in ("alone", "**centred by its own labels**"):
        head += [f"{what}: AUROC", "Brier", "balanced accuracy at even odds"]
    return {"centring": markdown(head, found)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    seed = parser.parse_args().seed
    tables = {
        "run": f"Seed {seed}; {FOLDS} folds, {REPEATS} repeats; {SHUFFLES} shuffles; {DRAWS:,} "
        "bootstrap draws of patients.",
        **inside_one_cohort(seed),
        **between_cohorts(seed),
    }
    write_tables(DOCS / "leakage.md", tables)


if __name__ == "__main__":
    main()
