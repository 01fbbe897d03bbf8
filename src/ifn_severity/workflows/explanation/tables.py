"""From held-out attributions and refits to the tables of an explanation."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.special import logit

from ifn_severity.classify import SeverityClassifier
from ifn_severity.evaluate import against_random
from ifn_severity.evaluate.compare import PairedDifference
from ifn_severity.explain.effects import Effects, cohort_mean, parts
from ifn_severity.explain.families import INTERFERON, gene_families
from ifn_severity.explain.held_out import Design
from ifn_severity.explain.interactions import interferon_inflammation
from ifn_severity.explain.ranking import gene_ranking, interval
from ifn_severity.explain.result import Answer
from ifn_severity.explain.samples import Samples
from ifn_severity.explain.univariate import caution_on
from ifn_severity.explain.words import interaction_words
from ifn_severity.workflows.dataset import Dataset
from ifn_severity.workflows.explanation.held import HeldOut
from ifn_severity.workflows.validation import additions
from ifn_severity.workflows.validation.draws import Draws

INTERACTION_COLUMNS = (
    "interaction", "kind", "cohort", "without", "with_", "difference", "low", "high",
    "coefficient", "mean_abs", "share", "words",
)  # fmt: skip


def panel_table(samples: Samples) -> pd.DataFrame:
    """Return ``group``, ``family`` and ``interferon`` of the panel's genes, in its order."""
    table = gene_families().reindex(list(samples.genes))
    return pd.DataFrame(
        {
            "group": table["group"].fillna("other").astype(str),
            "family": table["family"].fillna("other").astype(str),
            "interferon": (table["group"] == INTERFERON).to_numpy(dtype=bool),
        },
        index=pd.Index(list(samples.genes), name="gene"),
    )


def some_genes(effects: Effects, genes: np.ndarray) -> Effects:
    """Return the effects of some genes."""
    return Effects(
        effects.cohorts, effects.mean_abs[..., genes], effects.slope[..., genes], effects.net
    )


def rankings(
    samples: Samples, held: HeldOut, draws: Effects
) -> tuple[pd.DataFrame, pd.DataFrame, np.ndarray]:
    """Rank all genes, and interferon genes among themselves.

    Returns
    -------
    genes, interferon : DataFrame indexed by gene, leading first
    positions : ndarray of int
        Of the interferon genes in the panel, in its order.
    """
    panel = panel_table(samples)
    used = np.flatnonzero((samples.definition.weights != 0).any(axis=1))
    shares = np.nan_to_num(held.effects.shares[0])
    both = (some_genes(held.effects, used), some_genes(draws, used))
    genes = gene_ranking(*both, panel.iloc[used], shares=shares[used])
    positions = used[panel["interferon"].to_numpy()[used]]
    both = (some_genes(held.effects, positions), some_genes(draws, positions))
    interferon = gene_ranking(*both, panel.iloc[positions], shares=shares[positions])
    return genes, interferon, positions


def annotate(
    table: pd.DataFrame,
    by_cohort: pd.DataFrame,
    by_stage: pd.DataFrame,
    groups: pd.DataFrame,
    stand_ins: pd.DataFrame,
    spread: pd.Series,
    *,
    n_cautions: int = 30,
) -> pd.DataFrame:
    """Add what other tables say about a gene: cautions, its group, what it stands in for."""
    group_of = {
        gene: str(name)
        for name, members in zip(groups["group"], groups["members"], strict=True)
        for gene in members
    }
    said = [
        caution_on(str(gene), by_cohort, by_stage, spread) if place < n_cautions else ""
        for place, gene in enumerate(table.index)
    ]
    return table.assign(
        caution=said,
        exchangeable=[group_of.get(str(gene), "") for gene in table.index],
        stand_in=[
            str(stand_ins.loc[gene, "words"]) if gene in stand_ins.index else ""
            for gene in table.index
        ],
    )


def family_tables(
    samples: Samples, held: HeldOut, draws: Effects
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Say what each family carries, pooled and by cohort."""
    y = held.features.obs["severe"].to_numpy(dtype=float)
    own = held.features.obs["cohort"].astype(str).to_numpy()
    names = list(held.families)
    panel = panel_table(samples)
    interferon = [bool(panel[panel["family"] == name]["interferon"].any()) for name in names]
    groups = [str(panel[panel["family"] == name]["group"].mode().iloc[0]) for name in names]

    share, net = held.effects.shares[0] @ held.members, cohort_mean(held.effects.net)[0]
    share_low, share_high = interval(draws.shares @ held.members)
    net_low, net_high = interval(draws.net_shares)
    table = pd.DataFrame(
        {
            "group": groups,
            "interferon": interferon,
            "n_genes": held.members.sum(axis=0).astype(int),
            "share": np.nan_to_num(share),
            "share_low": share_low,
            "share_high": share_high,
            "net_share": np.nan_to_num(held.effects.net_shares[0]),
            "net_share_low": net_low,
            "net_share_high": net_high,
            "net_mean_abs": net,
            "net_severe": _class_mean(held.family_values, y == 1),
            "net_mild": _class_mean(held.family_values, y == 0),
        },
        index=pd.Index(names, name="family"),
    ).sort_values("share", ascending=False, kind="stable")
    frames = []
    for i, cohort in enumerate(held.effects.cohorts):
        here = own == cohort
        net = held.effects.net[0, i]
        frames.append(
            pd.DataFrame(
                {
                    "family": names,
                    "cohort": cohort,
                    "share": parts(held.effects.mean_abs[0, i]) @ held.members,
                    "net_share": parts(net),
                    "net_mean_abs": net,
                    "net_severe": _class_mean(held.family_values, here & (y == 1)),
                    "net_mild": _class_mean(held.family_values, here & (y == 0)),
                }
            )
        )
    return table, pd.concat(frames, ignore_index=True)


def _class_mean(values: np.ndarray, rows: np.ndarray) -> np.ndarray:
    return values[rows].mean(axis=0) if rows.any() else np.full(values.shape[1], np.nan)


def answer(
    samples: Samples,
    design: Design,
    held: HeldOut,
    draws: Effects,
    families: pd.DataFrame,
    paired: PairedDifference | None,
    auroc_with: float,
    random: np.ndarray,
    *,
    n_counted: int,
    genes_chosen: bool,
    found_with: tuple[str, ...],
) -> Answer:
    """Collect the facts of the first sentence."""
    interferon = np.array([bool(families.loc[name, "interferon"]) for name in held.families])

    def shares(effects: Effects) -> tuple[np.ndarray, np.ndarray]:
        gross, net = effects.shares @ held.members, effects.net_shares
        return gross[:, interferon].sum(axis=1), net[:, interferon].sum(axis=1)

    (gross, net), (gross_draws, net_draws) = shares(held.effects), shares(draws)
    net_of = held.family_values[:, interferon].sum(axis=1)
    groups = families["group"].reindex(list(held.families)).to_numpy()
    others = [
        np.abs(held.family_values[:, groups == group].sum(axis=1))
        for group in dict.fromkeys(groups[~interferon].tolist())
    ]
    rival = np.max(others, axis=0) if others else np.zeros(len(net_of))
    cut = logit(np.clip(held.threshold, 1e-6, 1 - 1e-6))
    margin = held.features.margin
    flipped = (margin >= cut) != (margin - net_of >= cut)
    low, high = (float(x) for x in interval(gross_draws))
    net_low, net_high = (float(x) for x in interval(net_draws))
    nan = float("nan")
    return Answer(
        share=float(np.nan_to_num(gross[0])),
        share_low=low,
        share_high=high,
        net_share=float(np.nan_to_num(net[0])),
        net_share_low=net_low,
        net_share_high=net_high,
        auroc_with=auroc_with,
        auroc_without=paired.auroc_b if paired else nan,
        difference=paired.difference if paired else nan,
        difference_low=paired.low if paired else nan,
        difference_high=paired.high if paired else nan,
        p_value=paired.p_value if paired else nan,
        random=against_random(auroc_with, random),
        found_with=found_with,
        n_cohorts=len(held.effects.cohorts),
        n_samples=len(design.rows),
        n_patients=len(np.unique(samples.patients[design.rows])),
        n_flipped=int(flipped.sum()),
        n_led=int((np.abs(net_of) > rival).sum()),
        n_counted=n_counted,
        genes_chosen=genes_chosen,
    )


def interaction_rows(
    draws: Draws | None,
    dataset: Dataset,
    samples: Samples,
    design: Design,
    classifiers: Sequence[SeverityClassifier],
    *,
    trees: bool,
) -> pd.DataFrame:
    """Put product terms and, for trees, SHAP interaction values into one table."""
    rows: list[dict[str, object]] = []
    if draws is not None:
        for row in additions.interaction_table(draws, dataset, inside=True).to_dict("records"):
            title = f"{row['interaction']}, {row['cohort']}"
            words = interaction_words(title, row["difference"], row["low"], row["high"])
            named = {str(key): value for key, value in row.items()}
            rows.append({**named, "kind": "product term", "words": words})
    if trees:
        mean_abs, share, n = interferon_inflammation(samples, design, classifiers)
        rows.append(
            {
                "interaction": "interferon × inflammation",
                "kind": "SHAP interaction",
                "cohort": "mean",
                "mean_abs": mean_abs,
                "share": share,
                "words": f"SHAP interaction values between interferon and inflammatory features "
                f"are {100 * share:.1f} % of the absolute sum ({n} samples, {mean_abs:.3f} "
                "log-odds a sample).",
            }
        )
    return pd.DataFrame(rows, columns=list(INTERACTION_COLUMNS))
