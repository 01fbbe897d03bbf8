"""Intervals, abstention and labelled samples on cohorts that a model has not seen.

    IFN_SEVERITY_MIRROR=DIR python benchmarks/prediction_intervals.py --seed 0

Writes the tables of docs/prediction-intervals.md. Each of five cohorts is held out; the interval,
the limits of abstention and the shift's prior are learned from the others alone, which are
held out from each other for that.
"""

from __future__ import annotations

import argparse
import os
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from anndata import AnnData
from scipy.special import expit
from sklearn.isotonic import IsotonicRegression
from threadpoolctl import threadpool_limits

from ifn_severity.bundle.interval import ProbabilityInterval
from ifn_severity.bundle.judge import LEAST_COVERAGE
from ifn_severity.bundle.markers import Markers, kind_of_blood
from ifn_severity.bundle.reference import outside_limit, share_outside, summarise
from ifn_severity.bundle.space import distance_limit, fit_space
from ifn_severity.classify import SeverityClassifier, feature_views
from ifn_severity.cohorts import load_cohort
from ifn_severity.cohorts.matrix import read_expression
from ifn_severity.evaluate import auroc
from ifn_severity.evaluate.anchor import fit_anchor
from ifn_severity.evaluate.calibration import logistic_lines
from ifn_severity.evaluate.prediction_interval import (
    interval_between,
    interval_within,
    shift_of,
    smoothed,
)
from ifn_severity.evaluate.splits import outer_splits
from ifn_severity.features import feature_definition
from ifn_severity.features.definition import locate
from ifn_severity.workflows.dataset import Dataset, cohort_features, load_dataset
from scoring.pages import DOCS, markdown, write_tables

COHORTS = ("GSE157103", "GSE155454", "schulte-cohort1", "schulte-cohort2", "GSE152418")
SMALL = "GSE152418"  # four mild patients: judged, never trained on
LABELLED = (4, 8, 16)


@dataclass
class Part:
    """One held-out cohort: what the model says of it and what the training cohorts say of that."""

    name: str
    y: np.ndarray
    patients: np.ndarray
    log_odds: np.ndarray
    threshold: float
    inner_y: np.ndarray
    inner_log_odds: np.ndarray
    inner_cohorts: np.ndarray
    inner_patients: np.ndarray
    refits: np.ndarray


def fit(data: Dataset, X: pd.DataFrame, rows: np.ndarray, seed: int) -> SeverityClassifier:
    cohorts = data.obs["cohort"].to_numpy(dtype=str)
    classifier = SeverityClassifier("transfer", random_state=seed, views=feature_views(X.columns))
    return classifier.fit(
        X.to_numpy()[rows], data.y[rows], groups=data.patients[rows], cohorts=cohorts[rows]
    )


def bootstrap_rows(data: Dataset, rows: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw patients within cohort and class, so that every draw can be fitted."""
    cohorts = data.obs["cohort"].to_numpy(dtype=str)
    drawn = []
    for name in np.unique(cohorts[rows]):
        for label in (0, 1):
            mine = rows[(cohorts[rows] == name) & (data.y[rows] == label)]
            patients = np.unique(data.patients[mine])
            # as many different patients as a bootstrap leaves, so that folds stay apart
            chosen = rng.choice(patients, max(5, round(0.632 * len(patients))), replace=False)
            drawn.append(mine[np.isin(data.patients[mine], chosen)])
    return np.concatenate(drawn)


def part_of(data: Dataset, X: pd.DataFrame, name: str, draws: int, seed: int) -> Part:
    cohorts = data.obs["cohort"].to_numpy(dtype=str)
    test = np.flatnonzero(cohorts == name)
    train = np.flatnonzero((cohorts != name) & (cohorts != SMALL))
    whole = fit(data, X, train, seed)
    inner = np.full(len(cohorts), np.nan)
    for other in np.unique(cohorts[train]):
        mine = train[cohorts[train] == other]
        inner[mine] = fit(data, X, train[cohorts[train] != other], seed).decision_function(
            X.to_numpy()[mine]
        )
    rng = np.random.default_rng(seed)
    refits = [
        fit(data, X, bootstrap_rows(data, train, rng), seed).decision_function(X.to_numpy()[test])
        for _ in range(draws)
    ]
    print(f"{name}: fitted", flush=True)
    return Part(
        name,
        data.y[test],
        data.patients[test],
        whole.decision_function(X.to_numpy()[test]),
        whole.threshold_,
        data.y[train],
        inner[train],
        cohorts[train],
        data.patients[train],
        np.array(refits),
    )


def venn_abers(part: Part) -> tuple[np.ndarray, np.ndarray]:
    """Return the two probabilities of an inductive Venn-Abers predictor (Vovk & Petej 2014)."""
    ends = []
    for label in (0, 1):
        found = [
            IsotonicRegression(out_of_bounds="clip")
            .fit(np.append(part.inner_log_odds, value), np.append(part.inner_y, label))
            .predict([value])[0]
            for value in part.log_odds
        ]
        ends.append(np.array(found))
    return np.minimum(*ends), np.maximum(*ends)


def own_probability(part: Part) -> np.ndarray:
    """Return the probabilities by a line fitted on the held-out cohort itself."""
    slope, intercept = logistic_lines(smoothed(part.y), part.log_odds, np.ones((1, len(part.y))))
    return expit(intercept[0] + slope[0] * part.log_odds)


def intervals(part: Part, seed: int) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    folds = interval_within(part.inner_y, part.inner_log_odds[None], part.inner_patients, seed=seed)
    spread = part.refits - part.refits.mean(axis=0) + part.log_odds
    low, high = np.quantile(spread, [0.025, 0.975], axis=0)
    return {
        "shift between cohorts, Student's t (shipped)": between(part).around(part.log_odds),
        "refits on other patients": (expit(low), expit(high)),
        "Venn-Abers on held-out cohorts": venn_abers(part),
        "calibration line, patient bootstrap": folds.around(part.log_odds),
    }


def between(part: Part) -> ProbabilityInterval:
    return interval_between(part.inner_y, part.inner_log_odds, part.inner_cohorts)


def coverage_table(parts: list[Part], seed: int) -> str:
    rows = []
    tried = {part.name: intervals(part, seed) for part in parts}
    for method in tried[parts[0].name]:
        inside, width, share, cells = [], [], 0, []
        for part in parts:
            low, high = tried[part.name][method]
            truth = own_probability(part)
            hit = (low <= truth) & (truth <= high)
            inside.append(hit.mean())
            width.append((high - low).mean())
            share += low.mean() <= part.y.mean() <= high.mean()
            cells.append(f"{hit.mean():.2f}")
        row = [method, *cells, f"{np.mean(inside):.2f}", f"{share} of {len(parts)}"]
        rows.append([*row, f"{np.mean(width):.2f}"])
    return markdown(
        [
            "interval, level 95 %",
            *(p.name for p in parts),
            "mean",
            "share of severe inside",
            "width",
        ],
        rows,
    )


def shift_table(parts: list[Part]) -> str:
    rows = []
    for part in parts:
        learned = between(part)
        found = shift_of(part.y, part.log_odds)
        half = learned.quantile * learned.shift
        others = ", ".join(f"{value:+.1f}" for value in learned.cohorts.values())
        inside = "yes" if abs(found) <= half else "no"
        rows.append([part.name, others, f"±{half:.1f}", f"{found:+.1f}", inside])
    return markdown(
        ["held-out cohort", "shifts of the others", "interval", "its own shift", "inside"], rows
    )


def single_table(data: Dataset, X: pd.DataFrame, seed: int, splits: int) -> str:
    """Train on half of the patients of one cohort, judge on the other half."""
    cohorts = data.obs["cohort"].to_numpy(dtype=str)
    rows = []
    for name in ("GSE157103", "schulte-cohort2"):
        mine = np.flatnonzero(cohorts == name)
        inside, share, width = [], [], []
        for split in outer_splits(
            data.y[mine], data.patients[mine], folds=2, repeats=splits, seed=seed
        ):
            train, test = mine[split.train], mine[split.test]
            repeats = 2
            log_odds = np.full((repeats, len(train)), np.nan)
            for inner in outer_splits(
                data.y[train], data.patients[train], folds=3, repeats=repeats, seed=seed
            ):
                log_odds[inner.repeat, inner.test] = fit(
                    data, X, train[inner.train], seed
                ).decision_function(X.to_numpy()[train[inner.test]])
            learned = interval_within(data.y[train], log_odds, data.patients[train], seed=seed)
            given = fit(data, X, train, seed).decision_function(X.to_numpy()[test])
            low, high = learned.around(given)
            y = data.y[test]
            slope, intercept = logistic_lines(smoothed(y), given, np.ones((1, len(y))))
            truth = expit(intercept[0] + slope[0] * given)
            inside.append(((low <= truth) & (truth <= high)).mean())
            share.append(low.mean() <= y.mean() <= high.mean())
            width.append((high - low).mean())
        rows.append([name, len(inside), f"{np.mean(inside):.2f}", f"{np.mean(share):.2f}",
                     f"{np.mean(width):.2f}"])  # fmt: skip
        print(rows[-1], flush=True)
    return markdown(
        ["cohort", "halves", "samples inside", "halves whose share of severe is inside", "width"],
        rows,
    )


def anchor_table(parts: list[Part], seed: int, draws: int) -> str:
    rows = []
    for part in parts:
        rng = np.random.default_rng(seed)
        learned = between(part)
        before = np.mean((expit(part.log_odds) - part.y) ** 2)
        cells = [part.name, f"{auroc(part.y, part.log_odds)[0]:.2f}", f"{before:.3f}"]
        for number in LABELLED:
            briers, inside, width = [], [], []
            truth = own_probability(part)
            for _ in range(draws):
                chosen = np.zeros(len(part.y), dtype=bool)
                if number > len(part.y) - 4:
                    break
                chosen[rng.choice(len(part.y), number, replace=False)] = True
                # no other sample of a labelled patient is judged; one class is refused
                rest = ~np.isin(part.patients, part.patients[chosen])
                if rest.sum() < 4 or len(np.unique(part.y[chosen])) < 2:
                    continue
                anchor = fit_anchor(part.y[chosen], part.log_odds[chosen], learned)
                shifted = part.log_odds[rest] + anchor.shift
                briers.append(np.mean((expit(shifted) - part.y[rest]) ** 2))
                low = expit(part.log_odds[rest] + anchor.low)
                high = expit(part.log_odds[rest] + anchor.high)
                inside.append(((low <= truth[rest]) & (truth[rest] <= high)).mean())
                width.append((high - low).mean())
            if len(briers) < draws // 10:
                cells += ["–", "–"]
                continue
            low, high = np.quantile(briers, [0.025, 0.975])
            cells.append(f"{np.mean(briers):.3f} [{low:.2f}, {high:.2f}]")
            cells.append(f"{np.mean(inside):.2f}, {np.mean(width):.2f}")
        rows.append(cells)
    heads = ["held-out cohort", "AUROC", "Brier, none"]
    for number in LABELLED:
        heads += [f"Brier, {number} labelled", "inside, width"]
    return markdown(heads, rows)


def abstain_table(data: Dataset, X: pd.DataFrame, parts: list[Part]) -> tuple[str, str]:
    """Count abstentions on each held-out cohort, and on samples that are no blood of patients."""
    cohorts = data.obs["cohort"].to_numpy(dtype=str)
    rows = []
    for part in parts:
        train = (cohorts != part.name) & (cohorts != SMALL)
        adata = load_cohort(part.name)
        adata = adata[adata.obs["severe"].notna().to_numpy()]
        kinds = {kind_of_blood(load_cohort(n).uns["cohort"]["tissue"]) for n in set(cohorts[train])}
        why = reasons(X[train], cohorts[train], X[cohorts == part.name], adata.to_df(), kinds)
        kept = ~why.any(axis=1).to_numpy()
        correct = (expit(part.log_odds) >= part.threshold) == (part.y == 1)
        cells = [f"{why[name].sum()}" for name in why]
        rows.append([
            f"{part.name} ({len(part.y)})", *cells, f"{(~kept).sum()}",
            f"{correct.mean():.2f}", f"{correct[kept].mean():.2f}" if kept.any() else "–",
            f"{auroc(part.y[kept], part.log_odds[kept])[0]:.2f}"
            if len(np.unique(part.y[kept])) == 2 else "–",
        ])  # fmt: skip
    held_out = markdown(
        ["held-out cohort (samples)", *REASONS, "abstained", "calls right, all",
         "calls right, kept", "AUROC, kept"], rows)  # fmt: skip
    train = cohorts != SMALL
    kinds = {kind_of_blood(load_cohort(name).uns["cohort"]["tissue"]) for name in COHORTS[:4]}
    others = []
    folder = Path(os.environ["IFN_SEVERITY_MIRROR"])
    files = {
        "NHBE and A549 cell lines, GSE147507": "GSE147507/GSE147507_RawReadCounts.tsv",
        "lung biopsies, GSE147507": "GSE147507-lung/GSE147507.csv",
    }
    expression = {
        "healthy and mild-to-severe whole blood, GSE152641": load_cohort("GSE152641").to_df(),
        "healthy PBMC, GSE152418": healthy("GSE152418"),
        "healthy whole blood, GSE155454": healthy("GSE155454"),
        "whole blood in culture, GSE145647": load_cohort("GSE145647").to_df(),
        **{
            name: read_expression(folder / path, unit="counts").values
            for name, path in files.items()
        },
    }
    for name, values in expression.items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # lists without a gene
            adata = AnnData(values, uns={"cohort": {"kind": "blood"}})
            features = cohort_features(adata)[X.columns]
        why = reasons(X[train], cohorts[train], features, values, kinds)
        cells = [f"{why[reason].sum()}" for reason in why]
        others.append([f"{name} ({len(values)})", *cells, f"{why.any(axis=1).sum()}"])
    return held_out, markdown(["samples", *REASONS, "abstained"], others)


REASONS = ("distance", "outside share", "tissue", "coverage")


def healthy(name: str) -> pd.DataFrame:
    adata = load_cohort(name)
    return adata[(adata.obs["severity"] == "healthy").to_numpy()].to_df()


def reasons(
    train: pd.DataFrame,
    cohorts: np.ndarray,
    features: pd.DataFrame,
    values: pd.DataFrame,
    kinds: set[str],
) -> pd.DataFrame:
    """Return why each sample would be abstained from, by the rule of the package."""
    reference = summarise(train)
    limit = distance_limit(train.to_numpy(), cohorts)
    distance = fit_space(train.to_numpy(), cohorts).distance(features.to_numpy())
    share = share_outside(features, reference)
    markers = Markers(list(values.columns), sorted(kinds))
    panel = feature_definition("all").panel
    coverage = (locate(values.columns, panel) >= 0).mean()
    return pd.DataFrame(
        {
            "distance": ~(distance <= limit),
            "outside share": ~(share <= outside_limit(train, reference, cohorts)),
            "tissue": [
                bool(text) for text in markers.tissue(values.to_numpy()[:, markers.columns])
            ],
            "coverage": coverage < LEAST_COVERAGE,
        }
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--refits", type=int, default=20)
    parser.add_argument("--draws", type=int, default=500)
    parser.add_argument("--splits", type=int, default=5)
    given = parser.parse_args()
    with threadpool_limits(1):
        data = load_dataset(COHORTS, use="validate")
        X = data.columns("all")
        parts = [part_of(data, X, name, given.refits, given.seed) for name in COHORTS]
        held_out, others = abstain_table(data, X, parts)
        tables = {
            "coverage": coverage_table(parts, given.seed),
            "shifts": shift_table(parts),
            "anchor": anchor_table(parts, given.seed, given.draws),
            "abstain": held_out,
            "others": others,
            "single": single_table(data, X, given.seed, given.splits),
            "run": f"Seed {given.seed}; {given.refits} refits, {given.draws} draws of labelled "
            f"samples, {given.splits} splits into halves.",
        }
    write_tables(DOCS / "prediction-intervals.md", tables)
    print("written: docs/prediction-intervals.md")


if __name__ == "__main__":
    main()
