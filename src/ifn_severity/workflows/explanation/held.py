"""Held-out attributions of all explained samples, put together from the parts of a design."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ifn_severity.bundle import SeverityModel
from ifn_severity.classify import SeverityClassifier
from ifn_severity.explain.api import as_attributions, gene_attributions
from ifn_severity.explain.attributions import Attributions
from ifn_severity.explain.carry import gene_weights, linear_weights, usual_levels
from ifn_severity.explain.effects import Effects, summarise_effects
from ifn_severity.explain.families import gene_families
from ifn_severity.explain.grouped import LINEAR_METHOD, TREE_METHOD, family_shapley
from ifn_severity.explain.held_out import Design
from ifn_severity.explain.samples import Samples
from ifn_severity.workflows.explanation.load import Loaded


@dataclass(frozen=True, eq=False)
class HeldOut:
    """What is known of the explained rows, in the order of ``design.rows``.

    Attributes
    ----------
    features, gene_level : Attributions
    genes : ndarray of shape (n_rows, n_panel)
        Attributions of the whole panel.
    usual : ndarray of shape (n_rows, n_panel)
        Usual level of each gene, as the model of that row saw it.
    threshold : ndarray of shape (n_rows,)
    slopes : dict of str to ndarray of shape (n_panel,), or None
        Exact slopes by cohort of a linear model.
    families : tuple of str
    members : ndarray of shape (n_panel, n_families)
    family_values : ndarray of shape (n_rows, n_families)
    family_method : str
    effects : Effects
    """

    features: Attributions
    gene_level: Attributions
    genes: np.ndarray
    usual: np.ndarray
    threshold: np.ndarray
    slopes: dict[str, np.ndarray] | None
    families: tuple[str, ...]
    members: np.ndarray
    family_values: np.ndarray
    family_method: str
    effects: Effects


def family_members(samples: Samples) -> tuple[tuple[str, ...], np.ndarray]:
    """Return the families whose genes enter the features, and who belongs to which."""
    used = (samples.definition.weights != 0).any(axis=1)
    family = gene_families()["family"].reindex(list(samples.genes)).fillna("other")
    names = tuple(sorted(set(family.to_numpy()[used].tolist())))
    members = np.array([(family.to_numpy() == name) & used for name in names], dtype=float).T
    return names, members


def explain_parts(
    model: SeverityModel,
    loaded: Loaded,
    design: Design,
    classifiers: Sequence[SeverityClassifier],
    *,
    seed: int,
) -> HeldOut:
    """Explain every part by its own model.

    Raises
    ------
    ModelError
        If attributions do not add up to the log-odds.
    """
    samples = loaded.samples
    names, members = family_members(samples)
    n = len(samples.obs)
    values = np.full((n, samples.features.shape[1]), np.nan)
    genes, usual = (
        np.full((n, len(samples.genes)), np.nan),
        np.full((n, len(samples.genes)), np.nan),
    )
    base, margin, threshold = np.full(n, np.nan), np.full(n, np.nan), np.full(n, np.nan)
    by_family = np.full((n, len(names)), np.nan)
    weighted: dict[str, np.ndarray] = {}
    counted: dict[str, int] = {}
    linear = linear_weights(classifiers[0]) is not None
    for part, classifier in zip(design.parts, classifiers, strict=True):
        train = part.train if len(part.train) else part.test
        level = usual_levels(samples, train, classifier.model)
        by_feature, by_gene, base[part.test], margin[part.test] = gene_attributions(
            classifier, samples, part.test, level
        )
        values[part.test], genes[part.test] = by_feature.to_numpy(), by_gene
        usual[part.test], threshold[part.test] = level, classifier.threshold_
        if linear:
            by_family[part.test] = by_gene @ members
        else:
            by_family[part.test], _ = family_shapley(
                classifier, samples, part.test, members, train, seed=seed
            )
        for cohort, at in samples.blocks(part.test):
            slope = gene_weights(classifier, samples, cohort)
            if slope is not None:
                weighted[cohort] = weighted.get(cohort, 0.0) + len(at) * slope
                counted[cohort] = counted.get(cohort, 0) + len(at)
    rows = design.rows
    slopes = {name: total / counted[name] for name, total in weighted.items()} or None
    frame = pd.DataFrame(values[rows], samples.obs.index[rows], samples.features.columns)
    features = Attributions(
        model=model.name,
        cohort="+".join(loaded.explained),
        simulated=loaded.dataset.simulated or model.simulated,
        held_out=design.held_out,
        values=frame,
        base=base[rows],
        margin=margin[rows],
        data=samples.features.iloc[rows],
        features=samples.definition.features,
        obs=samples.obs.iloc[rows],
    )
    effects = summarise_effects(
        samples, rows, genes[rows], np.ones(len(rows)), loaded.explained, by_family[rows], slopes
    )
    return HeldOut(
        features=features,
        gene_level=as_attributions(features, genes[rows], samples, rows),
        genes=genes[rows],
        usual=usual[rows],
        threshold=threshold[rows],
        slopes=slopes,
        families=names,
        members=members,
        family_values=by_family[rows],
        family_method=LINEAR_METHOD if linear else TREE_METHOD,
        effects=effects,
    )


def explain_saved(
    model: SeverityModel, loaded: Loaded, rows: np.ndarray, training: np.ndarray
) -> Attributions:
    """Explain rows by the saved model, at the level of genes.

    Parameters
    ----------
    model : SeverityModel
    loaded : Loaded
    rows : ndarray of int
    training : ndarray of int
        The model's training samples; none where they are not on disk.

    Raises
    ------
    ModelError
        If attributions do not add up to the log-odds.
    """
    samples = loaded.samples
    used = training if len(training) else rows
    usual = usual_levels(samples, used, model.classifier.model)
    values, genes, base, margin = gene_attributions(model.classifier, samples, rows, usual)
    trained_on = {str(cohort["name"]) for cohort in model.manifest.cohorts}
    like = Attributions(
        model=model.name,
        cohort="+".join(loaded.explained),
        simulated=loaded.dataset.simulated or model.simulated,
        held_out=not trained_on & set(samples.cohorts[rows].tolist()),
        values=values,
        base=base,
        margin=margin,
        data=samples.features.iloc[rows],
        features=samples.definition.features,
        obs=samples.obs.iloc[rows],
    )
    return as_attributions(like, genes, samples, rows)
