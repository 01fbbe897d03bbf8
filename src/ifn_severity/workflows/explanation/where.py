"""Where interferon matters: held-out AUROC with and without it, and its share, place by place."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ifn_severity.evaluate.subgroups import EARLY_UNTIL
from ifn_severity.explain.effects import parts
from ifn_severity.explain.families import INTERFERON
from ifn_severity.explain.samples import Samples
from ifn_severity.workflows.dataset import Dataset
from ifn_severity.workflows.explanation.held import HeldOut
from ifn_severity.workflows.explanation.tables import panel_table
from ifn_severity.workflows.validation import additions
from ifn_severity.workflows.validation.draws import Draws

WHERE_COLUMNS = (
    "cohort", "stage", "n_mild", "n_severe", "with_", "without", "difference", "low", "high",
    "alone", "share",
)  # fmt: skip


def where_table(
    draws: Draws | None,
    dataset: Dataset,
    samples: Samples,
    held: HeldOut,
    with_: np.ndarray,
    without: np.ndarray | None,
) -> pd.DataFrame:
    """Compare held-out predictions with and without interferon, by cohort and stage.

    The share of a mean is the mean of the cohorts' shares, of all explained cohorts over all
    stages: that of the first sentence. The AUROCs of a mean rest on cohorts that count.
    """
    if draws is None or without is None:
        return pd.DataFrame(columns=list(WHERE_COLUMNS))
    table = pd.DataFrame(
        additions.addition_rows(draws, dataset, INTERFERON, with_, without)
    ).rename(columns={"scope": "cohort"})
    table["share"] = _where_shares(table, samples, held)
    return table[list(WHERE_COLUMNS)]


def _where_shares(table: pd.DataFrame, samples: Samples, held: HeldOut) -> list[float]:
    """Return the part that interferon genes carry in each row's cohort and stage."""
    interferon = panel_table(samples)["interferon"].to_numpy()
    size = np.abs(held.genes)
    obs = held.features.obs
    day = obs["days_since_onset"].to_numpy(dtype=float)
    own = obs["cohort"].astype(str).to_numpy()
    stages = {"all": np.ones(len(obs), dtype=bool), "early": day <= EARLY_UNTIL,
              "late": day > EARLY_UNTIL}  # fmt: skip

    def share(cohort: str, stage: str) -> float:
        return float(parts(size[(own == cohort) & stages[stage]].mean(axis=0))[interferon].sum())

    shares = []
    for cohort, stage in zip(table["cohort"].astype(str), table["stage"].astype(str), strict=True):
        if cohort != "mean":
            shares.append(share(cohort, stage))
        elif stage == "all":
            shares.append(float(held.effects.shares[0][interferon].sum()))
        else:
            named = table["cohort"][(table["stage"] == stage) & (table["cohort"] != "mean")]
            shares.append(float(np.nanmean([share(str(name), stage) for name in named])))
    return shares
