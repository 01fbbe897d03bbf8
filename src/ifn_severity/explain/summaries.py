"""What an explanation amounts to: mean |attribution| by feature, group shares, direction in words.

Sums and ranks of attributions that are given; nothing is fitted here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ifn_severity.errors import InputError, nearest
from ifn_severity.explain.attributions import Attributions

#: Below this |Spearman ρ| the relation is called mixed, not a direction.
CLEAR_RHO = 0.3
RISES = "higher expression, higher predicted risk"
FALLS = "higher expression, lower predicted risk"
MIXED = "no single direction"


def readable_label(feature: str, label: object = None) -> str:
    """Return what a reader is shown for a feature.

    Examples
    --------
    >>> readable_label("gene:IFI27"), readable_label("score:Rice2013_IFN6")
    ('IFI27', 'Rice2013 IFN6 (score)')
    >>> readable_label("gene:IFI27", "IFI27 (ISG)")
    'IFI27 (ISG)'
    """
    if isinstance(label, str) and label:
        return label
    kind, _, name = str(feature).partition(":")
    if not name:
        return kind
    return f"{name.replace('_', ' ')} (score)" if kind == "score" else name


def labels_of(attributions: Attributions) -> dict[str, str]:
    """Return the label of every feature."""
    given = attributions.features.get("label", pd.Series(dtype=object))
    return {
        str(name): readable_label(str(name), given.get(name))
        for name in attributions.values.columns
    }


def groups_of(attributions: Attributions) -> pd.Series:
    """Return the group of every feature, "other" where there is none."""
    groups = attributions.features["group"].reindex(attributions.values.columns)
    return groups.astype("object").where(groups.notna(), "other").astype(str)


def sample_position(attributions: Attributions, sample: str) -> int:
    """Return the row of a sample.

    Raises
    ------
    InputError
        If the explanation has no such sample.
    """
    names = [str(name) for name in attributions.values.index]
    if sample not in names:
        raise InputError(
            f"sample {sample} is not among the {len(names)} explained samples",
            expected=f"a sample of cohort {attributions.cohort}",
            do=nearest(sample, names) if len(names) <= 2000 else "look the name up in the cohort",
        )
    return names.index(sample)


def direction_in_words(rho: float) -> str:
    """Say which way a feature pushes, given Spearman's ρ of value and attribution.

    Examples
    --------
    >>> direction_in_words(-0.9)
    'higher expression, lower predicted risk'
    >>> direction_in_words(float("nan"))
    'no single direction'
    """
    if not np.isfinite(rho) or abs(rho) < CLEAR_RHO:
        return MIXED
    return RISES if rho > 0 else FALLS


def feature_ranking(attributions: Attributions) -> pd.DataFrame:
    """Rank features by mean |attribution|.

    Returns
    -------
    DataFrame indexed by feature
        Columns ``rank``, ``label``, ``kind``, ``group``, ``mean_abs_shap`` (log-odds),
        ``spearman`` (of value and attribution) and ``direction``.
    """
    values = attributions.values
    mean_abs = values.abs().mean(axis=0).sort_values(ascending=False, kind="stable")
    labels = labels_of(attributions)
    names = [str(name) for name in mean_abs.index]
    rho = _spearman(attributions).reindex(mean_abs.index)
    return pd.DataFrame(
        {
            "rank": np.arange(1, len(names) + 1),
            "label": [labels[name] for name in names],
            "kind": attributions.features["kind"].reindex(mean_abs.index).to_numpy(),
            "group": groups_of(attributions).reindex(mean_abs.index).to_numpy(),
            "mean_abs_shap": mean_abs.to_numpy(),
            "spearman": rho.to_numpy(),
            "direction": [direction_in_words(value) for value in rho],
        },
        index=pd.Index(names, name="feature"),
    )


def _spearman(attributions: Attributions) -> pd.Series:
    """Return Spearman's ρ of value and attribution for all features at once, NaN for constants."""
    values = attributions.values
    data = attributions.data[values.columns].astype(float)
    known = np.isfinite(data)
    x, phi = data.where(known).rank(), values.astype(float).where(known).rank()
    x, phi = x - x.mean(axis=0), phi - phi.mean(axis=0)
    scale = ((x**2).sum(axis=0) * (phi**2).sum(axis=0)) ** 0.5
    rho = (x * phi).sum(axis=0) / scale.where(scale > 0)
    return rho.where(known.sum(axis=0) >= 3)


def interferon_genes(attributions: Attributions) -> pd.DataFrame:
    """Rank the interferon genes that are features of the model.

    A default for callers that have no ranking in which scores are carried on to genes.

    Returns
    -------
    DataFrame
        Columns ``rank``, ``gene``, ``mean_abs_shap``, ``direction`` and ``spearman``.
    """
    ranking = feature_ranking(attributions)
    single = ranking["kind"].isin(["gene", "protein"])
    genes = ranking[(ranking["group"] == "interferon") & single]
    return pd.DataFrame(
        {
            "rank": np.arange(1, len(genes) + 1),
            "gene": genes["label"].to_numpy(),
            "mean_abs_shap": genes["mean_abs_shap"].to_numpy(),
            "direction": genes["direction"].to_numpy(),
            "spearman": genes["spearman"].to_numpy(),
        }
    )


def group_shares(attributions: Attributions) -> pd.DataFrame:
    """Say how much of the attribution each group of features carries.

    Two readings, because features of a group can cancel each other within a patient:
    ``share`` counts every feature (Σ|φ| of the group over Σ|φ| of all), ``net_share`` first
    sums the group within a patient (mean |Σφ| of the group over its sum across groups).

    Returns
    -------
    DataFrame indexed by group, largest share first
        Columns ``n_features``, ``mean_abs`` (log-odds a patient), ``share``, ``net_mean_abs``,
        ``net_share``, ``net_severe`` and ``net_not_severe`` (mean net log-odds, NaN when there
        is no such patient).
    """
    groups = groups_of(attributions)
    values = attributions.values
    net = values.T.groupby(groups.to_numpy()).sum().T
    gross = values.abs().T.groupby(groups.to_numpy()).sum().T.mean(axis=0)
    net_abs = net.abs().mean(axis=0)
    severe = attributions.obs["severe"].reindex(values.index).to_numpy(dtype=float)
    table = pd.DataFrame(
        {
            "n_features": groups.value_counts().reindex(gross.index),
            "mean_abs": gross,
            "share": gross / (gross.sum() or 1.0),
            "net_mean_abs": net_abs,
            "net_share": net_abs / (net_abs.sum() or 1.0),
            "net_severe": net[severe == 1].mean(axis=0),
            "net_not_severe": net[severe == 0].mean(axis=0),
        }
    )
    table.index.name = "group"
    return table.sort_values("share", ascending=False, kind="stable")


@dataclass(frozen=True)
class ChosenPatient:
    """A sample to show in full, and why this one."""

    sample: str
    why: str


def choose_patients(attributions: Attributions, *, threshold: float = 0.5) -> list[ChosenPatient]:
    """Choose up to four telling patients: the two ends, the border and the worst error.

    Parameters
    ----------
    attributions : Attributions
        What is explained.
    threshold : float
        Probability from which a patient is called severe.
    """
    probability = pd.Series(attributions.probability, index=attributions.values.index)
    severe = attributions.obs["severe"].reindex(probability.index).astype(float)
    chosen: dict[str, str] = {}

    def add(candidates: pd.Series, why: str) -> None:
        candidates = candidates.drop(list(chosen), errors="ignore")
        if not candidates.empty:
            chosen[str(candidates.idxmax())] = why

    add(probability[severe == 1], "highest predicted risk among severe patients")
    add(-probability[severe == 0], "lowest predicted risk among patients who were not severe")
    wrong = (probability - severe).abs()
    wrong = wrong[((probability >= threshold) != (severe == 1)) & severe.notna()]
    add(wrong, "the prediction that missed by most")
    add(-(probability - threshold).abs(), "closest to the decision threshold")
    return [ChosenPatient(sample, why) for sample, why in chosen.items()]
