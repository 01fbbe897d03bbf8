"""Effect sizes of the positive controls: stimulated blood, infected blood, days of illness.

    IFN_SEVERITY_MIRROR=DIR python benchmarks/positive_controls.py --seed 0

Writes the tables of docs/positive-controls.md.
"""

from __future__ import annotations

import argparse

import numpy as np
import pandas as pd
from scipy.stats import spearmanr, t
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from ifn_severity.evaluate import auroc, patient_bootstrap
from ifn_severity.features import InterferonFeatures, feature_definition, reference_genes
from scoring.data import linear_expression_of
from scoring.pages import DOCS, markdown, with_interval, write_tables
from scoring.transfer import interval

INTERFERON = feature_definition("interferon").features
STIMULI = ("IFNbeta", "IFNgamma", "IFNlambda", "IL4", "IL10", "IL13")
FAMILIES = ("type I", "type I and II", "type II", "type III")
GENES = ("IFI27", "IFI44L", "ISG15", "CXCL9", "CXCL10", "STAT1")
DRAWS = 2000


def features_of(name: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return interferon features of all samples of a cohort and its sample columns."""
    linear, obs = linear_expression_of(name)
    transformer = InterferonFeatures("interferon+cytokine", unit="linear").set_output(
        transform="pandas"
    )
    return transformer.fit_transform(linear), obs


def over_buffer(features: pd.DataFrame, obs: pd.DataFrame) -> pd.DataFrame:
    """Take off each donor's own buffer sample; index: stimulus, donor, patient."""
    index = pd.MultiIndex.from_frame(
        obs[["source_stimulus", "source_donor", "patient"]].astype(str),
        names=["stimulus", "donor", "patient"],
    )
    table = features.set_axis(index, axis=0)
    buffer = table.xs("Buffer", level="stimulus").droplevel("patient")
    base = buffer.reindex(table.index.get_level_values("donor"))
    return table - base.to_numpy()


def paired(change: pd.Series) -> tuple[float, float, float, float]:
    """Return mean difference over donors with its 95 % t interval, and paired Hedges g.

    The two draws of donor D1 are averaged first, so three donors count.
    """
    values = change.groupby(level="patient").mean().to_numpy()
    n = len(values)
    mean, sd = values.mean(), values.std(ddof=1)
    half = t.ppf(0.975, n - 1) * sd / np.sqrt(n)
    # small-sample correction of Hedges 1981, doi:10.3102/10769986006002107
    hedges = (1 - 3 / (4 * (n - 1) - 1)) * mean / sd
    return float(mean), float(mean - half), float(mean + half), float(hedges)


def stimulated() -> dict[str, str]:
    """Tabulate the change over buffer, in log2, of scores and of single genes."""
    features, obs = features_of("GSE145647")
    change = over_buffer(features, obs)
    scores = INTERFERON[(INTERFERON["kind"] == "score") & INTERFERON["family"].isin(FAMILIES)]
    rows, effects = [], []
    names = [*scores.sort_values("family", kind="stable").index, *(f"gene:{g}" for g in GENES)]
    for name in names:
        kind = INTERFERON.loc[name, "family"] if name in scores.index else "gene"
        if change[name].isna().all():
            rows.append([name.split(":")[1], kind, *["no gene measured"] * len(STIMULI)])
            continue
        cells = []
        for stimulus in STIMULI:
            values = change[name].xs(stimulus, level="stimulus")
            mean, low, high, hedges = paired(values)
            cells.append(with_interval(mean, low, high, digits=2, sign="+"))
            if stimulus == "IFNlambda":
                each = ", ".join(f"{value:+.2f}" for value in values)
                interval_text = with_interval(mean, low, high, digits=2, sign="+")
                effects.append([name.split(":")[1], kind, interval_text, f"{hedges:+.1f}", each])
        rows.append([name.split(":")[1], kind, *cells])
    columns = ["IFN-β", "IFN-γ", "IFN-λ", "IL-4", "IL-10", "IL-13"]
    found = sum(gene in linear_expression_of("GSE145647")[0] for gene in reference_genes())
    return {
        "stimulated": markdown(["list or gene", "family", *columns], rows),
        "lambda": markdown(
            ["list or gene", "family", "change [95 %]", "Hedges g", "D1, D1 again, D2, D3"], effects
        ),
        "references": f"{found} of the {len(reference_genes())} reference genes are in this file.",
    }


def infected(seed: int) -> str:
    """Tabulate AUROC of infected against healthy blood."""
    features, obs = features_of("GSE152641")
    y = (obs["source_group"] == "COVID-19").to_numpy().astype(int)
    weights = patient_bootstrap(
        obs["patient"].to_numpy(str), n_draws=DRAWS, rng=np.random.default_rng(seed)
    )

    def row(label: str, score: np.ndarray) -> list[str]:
        low, high = interval(auroc(y, score, weights))
        return [label, with_interval(float(auroc(y, score)[0]), low, high)]

    lists = INTERFERON[(INTERFERON["kind"] == "score") & INTERFERON["family"].isin(FAMILIES)].index
    known = [name for name in lists if features[name].notna().all()]
    known.sort(key=lambda name: -auroc(y, features[name].to_numpy())[0])
    rows = []
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=5000))
    folds = StratifiedKFold(5, shuffle=True, random_state=seed)
    whole = features[INTERFERON.index].dropna(axis=1)
    subsets = {
        "ridge over all interferon features": whole,
        "ridge over interferon scores": whole[[c for c in whole if c.startswith("score:")]],
    }
    for label, columns in subsets.items():
        margin = cross_val_predict(model, columns, y, cv=folds, method="decision_function")
        rows.append(row(f"{label} ({columns.shape[1]}), 5-fold cross-validated", margin))
    rows += [row(g, features[f"gene:{g}"].to_numpy()) for g in ("IFI27", "IFI44L", "SIGLEC1")]
    rows += [row(name.split(":")[1], features[name].to_numpy()) for name in known]
    counts = f"{y.sum()} infected, {(1 - y).sum()} healthy"
    return markdown([counts, "AUROC [95 %]"], rows)


def patient_means(
    days: np.ndarray, scores: pd.DataFrame, patients: np.ndarray
) -> tuple[np.ndarray, pd.DataFrame]:
    """Average each patient's days and scores, so that every patient counts once."""
    table = scores.assign(day=days).groupby(np.asarray(patients)).mean()
    return table["day"].to_numpy(float), table.drop(columns="day")


def over_days(seed: int) -> str:
    """Tabulate Spearman correlation of scores with days since onset, over patients."""
    features, obs = features_of("GSE152418")
    ill = (obs["severe"].notna() & obs["days_since_onset"].notna()).to_numpy()
    names = ("Rice2013_IFN6", "Kim2018_IFN28", "BTM_M127_type_I_IFN", "Aybey_IFN_II")
    days, scores = patient_means(
        obs["days_since_onset"].to_numpy(float)[ill],
        features.loc[ill, [f"score:{name}" for name in names]],
        obs["patient"].to_numpy(str)[ill],
    )
    n = len(days)
    weights = patient_bootstrap(np.arange(n), n_draws=DRAWS, rng=np.random.default_rng(seed))
    rows = []
    for name in names:
        score = scores[f"score:{name}"].to_numpy()
        rho, p = spearmanr(days, score)
        drawn = []
        for weight in weights.astype(int):
            repeated = np.repeat(np.arange(n), weight)
            drawn.append(spearmanr(days[repeated], score[repeated]).statistic)
        rows.append([name, with_interval(rho, *interval(np.array(drawn)), digits=2), f"{p:.1g}"])
    counts = f"{n} patients, means of {ill.sum()} samples"
    return markdown([counts, "Spearman [95 %]", "p"], rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    tables = stimulated()
    print("GSE145647 done", flush=True)
    tables["infected"] = infected(arguments.seed)
    print("GSE152641 done", flush=True)
    tables["days"] = over_days(arguments.seed)
    tables["run"] = f"Seed {arguments.seed}; {DRAWS:,} bootstrap draws of patients."
    write_tables(DOCS / "positive-controls.md", tables)
    print("written: docs/positive-controls.md")


if __name__ == "__main__":
    main()
