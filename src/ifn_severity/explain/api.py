"""``shap_explanation``: a ``shap.Explanation`` of genes, for all of ``shap.plots``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ifn_severity.bundle import SeverityModel
from ifn_severity.bundle.expression import panel_expression
from ifn_severity.errors import InputError, nearest
from ifn_severity.explain.attributions import Attributions
from ifn_severity.explain.carry import carry_to_genes
from ifn_severity.explain.families import gene_families
from ifn_severity.explain.samples import Samples
from ifn_severity.explain.shap_values import attribute, check_sum
from ifn_severity.features import PROTEIN_SET
from ifn_severity.features.definition import locate
from ifn_severity.features.reference import reference_levels

if TYPE_CHECKING:
    from anndata import AnnData

LEVELS = ("gene", "feature")


def panel_levels(expression: pd.DataFrame, panel: tuple[str, ...]) -> np.ndarray:
    """Return log2 relative expression of the panel's genes, NaN where one is absent.

    Parameters
    ----------
    expression : DataFrame of shape (n_samples, n_genes)
        log2(x+1), columns named by current or as-published symbol.
    panel : tuple of str

    Returns
    -------
    ndarray of shape (n_samples, n_panel)
    """
    found = locate(expression.columns.astype(str), panel)
    there = found >= 0
    named = expression.iloc[:, found[there]]
    named = named.set_axis([gene for gene, ok in zip(panel, there, strict=True) if ok], axis=1)
    levels = np.full((len(expression), len(panel)), np.nan)
    levels[:, there] = reference_levels(named.astype(float)).to_numpy()
    return levels


def gene_attributions(
    classifier: Any, samples: Samples, rows: np.ndarray, usual: np.ndarray
) -> tuple[pd.DataFrame, np.ndarray, np.ndarray, np.ndarray]:
    """Attribute rows to features and on to genes, and check both sums.

    Returns
    -------
    values : DataFrame of shape (n_rows, n_features)
    genes : ndarray of shape (n_rows, n_panel)
    base, margin : ndarray of shape (n_rows,)

    Raises
    ------
    ModelError
        If either sum misses the log-odds by more than 1e-4.
    """
    values, base, margin = attribute(classifier, samples.features.iloc[rows])
    genes = carry_to_genes(classifier, samples, rows, values.to_numpy(), usual)
    check_sum(genes, base, margin)
    return values, genes, base, margin


def shap_explanation(
    model: SeverityModel, values: pd.DataFrame | AnnData, *, level: str = "gene"
) -> Any:
    """Explain a saved model on an expression matrix.

    Parameters
    ----------
    model : SeverityModel
        From ``load_model``.
    values : DataFrame or AnnData of shape (n_samples, n_genes)
        log2(x+1), as for ``model.predict``.
    level : {"gene", "feature"}
        Whether attributions of scores are carried on to their genes.

    Returns
    -------
    shap.Explanation
        ``values`` of shape (n_samples, n_genes) in calibrated log-odds, ``base_values``,
        ``data`` (log2 relative expression), ``feature_names``; and ``metadata``, a DataFrame
        indexed by feature name with ``group``, ``family`` and ``label``. Genes that no feature
        of the model holds are left out. A saved model knows what is usual of its features, not
        of genes that stand in scores alone: what a score deviates because of these is shared
        among all its genes by list weights. A sample's values are the same alone and among
        others. A model of plasma proteins is explained by protein, at either level.

    Raises
    ------
    InputError
        If the level is unknown, too few genes are there, or a sample expresses no reference
        gene.
    ModelError
        If attributions do not add up to the log-odds.

    References
    ----------
    Lundberg 2017, arXiv:1705.07874.
    """
    if level not in LEVELS:
        raise InputError(
            f"level {level!r}", expected="gene or feature", do=nearest(str(level), LEVELS)
        )
    definition = model.definition
    features = model.features(values)
    if model.feature_set == PROTEIN_SET:
        # a protein is a feature and made of nothing else
        by_feature, base, _ = attribute(model.classifier, features)
        return _explanation(definition.features, by_feature.to_numpy(), base, features.to_numpy())
    expression = panel_expression(values, model.manifest.genes, tuple(model.manifest.aliases))
    silent = features.isna().all(axis=1)
    if silent.any():
        raise InputError(
            f"no reference gene is expressed in {', '.join(silent.index[silent].astype(str)[:5])}",
            expected="samples with measured reference genes",
            do="leave these samples out",
        )
    obs = pd.DataFrame({"cohort": "", "patient": "", "severe": 0}, index=features.index)
    samples = Samples(definition, features, panel_levels(expression, definition.panel), obs)
    rows = np.arange(len(features))
    unknown = np.full(len(definition.panel), np.nan)
    by_feature, by_gene, base, _ = gene_attributions(model.classifier, samples, rows, unknown)
    if level == "feature":
        return _explanation(definition.features, by_feature.to_numpy(), base, features.to_numpy())
    used = np.flatnonzero((definition.weights != 0).any(axis=1))
    genes = gene_table(tuple(definition.panel[i] for i in used))
    return _explanation(genes, by_gene[:, used], base, samples.levels[:, used])


def _explanation(
    table: pd.DataFrame, values: np.ndarray, base: np.ndarray, data: np.ndarray
) -> Any:
    """Return a ``shap.Explanation`` whose metadata says what each column is."""
    import shap

    names = [str(name) for name in table["label"]]
    explanation = shap.Explanation(values=values, base_values=base, data=data, feature_names=names)
    metadata = table[["group", "family", "label"]]
    explanation.metadata = metadata.set_axis(pd.Index(names, name="feature"), axis=0)
    return explanation


def gene_table(genes: tuple[str, ...]) -> pd.DataFrame:
    """Return ``kind``, ``group``, ``family`` and ``label`` of genes, indexed by gene."""
    table = gene_families().reindex(list(genes))
    return pd.DataFrame(
        {
            "kind": "gene",
            "group": table["group"].fillna("other").astype(str),
            "family": table["family"].fillna("other").astype(str),
            "label": list(genes),
        },
        index=pd.Index(list(genes), name="gene"),
    )


def as_attributions(
    like: Attributions, genes: np.ndarray, samples: Samples, rows: np.ndarray
) -> Attributions:
    """Return gene attributions in the form of feature attributions."""
    names = pd.Index(samples.genes, name="gene")
    used = np.flatnonzero((samples.definition.weights != 0).any(axis=1))
    return Attributions(
        model=like.model,
        cohort=like.cohort,
        simulated=like.simulated,
        held_out=like.held_out,
        values=pd.DataFrame(genes[:, used], index=like.values.index, columns=names[used]),
        base=like.base,
        margin=like.margin,
        data=pd.DataFrame(
            samples.levels[np.ix_(rows, used)], index=like.values.index, columns=names[used]
        ),
        features=gene_table(tuple(names[used])),
        obs=like.obs,
    )
