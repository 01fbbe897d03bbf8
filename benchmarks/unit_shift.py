"""How far a prediction moves when a cohort is given as TPM instead of CPM.

    IFN_SEVERITY_MIRROR=DIR python benchmarks/unit_shift.py --seed 0

Writes the tables of docs/units.md. Gene lengths are not at hand offline, so this uses a stand-in:
the ratio of GSE157103 (TPM) to GSE152641 (CPM), gene by gene, both whole blood of infected
people. It holds gene length together with everything else in which the two laboratories differ
(library, aligner, annotation, patients), so it is no measurement of length alone.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.stats import spearmanr

from ifn_severity.evaluate import auroc, patient_bootstrap
from scoring import methods
from scoring.data import Cohort, linear_expression_of, load_cohorts
from scoring.pages import DOCS, markdown, with_interval, write_tables
from scoring.transfer import C_SCORES, C_WITH_GENES, Ridge, fit_ridge, interval

TPM, CPM = "GSE157103", "GSE152641"
LIMIT = 16.0  # no factor is trusted beyond this, either way
SETTINGS = {"scores": C_SCORES, "scores and genes": C_WITH_GENES}
SCORERS = {"default": methods.default, "against own panel": methods.own_panel}


def length_factors() -> pd.Series:
    """Return TPM over CPM for the genes of both cohorts; their median is 1."""
    tpm, _ = linear_expression_of(TPM)
    cpm, obs = linear_expression_of(CPM)
    cpm = cpm[(obs["source_group"] == "COVID-19").to_numpy()]
    shared = tpm.columns.intersection(cpm.columns)
    ratio = (tpm[shared].mean() + 1.0) / (cpm[shared].mean() + 1.0)
    return (ratio / ratio.median()).clip(1 / LIMIT, LIMIT)


def converted(linear: pd.DataFrame, factors: pd.Series) -> pd.DataFrame:
    """Multiply gene by gene, genes without a factor by 1; sum to a million again."""
    scaled = linear * factors.reindex(linear.columns).fillna(1.0)
    return 1e6 * scaled.div(scaled.sum(axis=1), axis=0)


def features(linear: pd.DataFrame, scorer: str, setting: str) -> np.ndarray:
    scores, genes = SCORERS[scorer](linear)
    return scores if setting == "scores" or genes is None else np.hstack([scores, genes])


def row_of(
    cohort: Cohort, model: Ridge, before: np.ndarray, after: np.ndarray, rng: np.random.Generator
) -> list[str]:
    """Compare a cohort's predictions in its own and in the other unit."""
    own, other = model.log_odds(before), model.log_odds(after)
    change = (other - own) / own.std()
    changed = (own > 0) != (other > 0)
    weights = patient_bootstrap(cohort.patients, n_draws=2000, rng=rng)
    share = weights / weights.sum(axis=1, keepdims=True)
    y = cohort.severe
    return [
        with_interval(change.mean(), *interval(share @ change), digits=2, sign="+"),
        f"{(change - change.mean()).std():.2f}",
        f"{spearmanr(own, other).statistic:.3f}",
        f"{changed.mean():.0%} [{interval(share @ changed)[0]:.0%}, "
        f"{interval(share @ changed)[1]:.0%}]",
        f"{auroc(y, own)[0]:.2f} → {auroc(y, other)[0]:.2f}",
    ]


def compare(cohorts: Sequence[Cohort], factors: pd.Series, seed: int) -> str:
    """Convert each held-out cohort to the other unit; the models stay."""
    rows = []
    for scorer in SCORERS:
        for setting, C in SETTINGS.items():
            rng = np.random.default_rng(seed)
            whole = {c.name: features(c.linear, scorer, setting) for c in cohorts}
            for cohort in cohorts:
                model = fit_ridge([c for c in cohorts if c is not cohort], whole, C)
                used = 1.0 / factors if cohort.name == TPM else factors
                moved = features(converted(cohort.linear, used), scorer, setting)
                direction = "TPM → CPM" if cohort.name == TPM else "CPM → TPM"
                cells = row_of(cohort, model, whole[cohort.name], moved, rng)
                rows.append([f"{scorer}, {setting}: {cohort.name}, {direction}", *cells])
                print(" | ".join(rows[-1]), flush=True)
    columns = [
        "features: held-out cohort, conversion",
        "mean change of log-odds (SD) [95 %]",
        "SD of the change (SD)",
        "Spearman",
        "calls changed [95 %]",
        "AUROC",
    ]
    return markdown(columns, rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    cohorts = load_cohorts()
    factors = length_factors()
    low, high = np.log2(factors).quantile([0.1, 0.9])
    reference = np.log2(factors.reindex(list(methods.reference_genes())))
    tables = {
        "shift": compare(cohorts, factors, arguments.seed),
        "factors": markdown(
            ["stand-in factors, log2", "value"],
            [
                ["genes", len(factors)],
                ["10 % to 90 %", f"{low:+.2f} to {high:+.2f}"],
                ["reference genes, mean", f"{reference.mean():+.2f}"],
                [
                    "reference genes, least to most",
                    f"{reference.min():+.2f} to {reference.max():+.2f}",
                ],
            ],
        ),
        "run": f"Seed {arguments.seed}; 2,000 bootstrap draws of patients.",
    }
    write_tables(DOCS / "units.md", tables)
    print("written: docs/units.md")


if __name__ == "__main__":
    main()
