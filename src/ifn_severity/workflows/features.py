"""Features: the table of one cohort or of one file, with the coverage of each list."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from ifn_severity.cohorts import load_cohort
from ifn_severity.cohorts.card import PROTEINS, CohortCard, cohort_names, get_card
from ifn_severity.cohorts.matrix import read_expression
from ifn_severity.features import (
    InterferonFeatures,
    coverage,
    panel_genes,
    protein_coverage,
    protein_features,
)
from ifn_severity.paths import atomic_file
from ifn_severity.workflows.dataset import feature_sets_for


@dataclass(frozen=True, eq=False)
class FeatureTable:
    """Features of a cohort or a file.

    Attributes
    ----------
    values : DataFrame of shape (n_samples, n_features)
        log2 expression against the reference genes, or log2 levels of plasma proteins, indexed
        by sample.
    coverage : DataFrame indexed by list
        Genes of each list, or analytes of each family, found and missing.
    notes : tuple of str
        What was assumed about the source.
    output : Path
        The csv that was written.
    """

    values: pd.DataFrame
    coverage: pd.DataFrame
    notes: tuple[str, ...]
    output: Path


def write_features(
    source: str, *, output: Path | None = None, feature_set: str = "all", unit: str = "auto"
) -> FeatureTable:
    """Compute features and write them as csv.

    Parameters
    ----------
    source : str
        Name of a cohort, or a file with an expression matrix.
    output : Path, optional
        ``features.csv`` in the working folder when left out.
    feature_set : str
    unit : str
        Unit of a file; a cohort's card knows its own.

    Returns
    -------
    FeatureTable
    """
    is_file = Path(source).exists() or bool(Path(source).suffix)
    if source in cohort_names() or not is_file:
        card = get_card(source)
        if card.kind == PROTEINS:
            return _proteins(card, output, "proteins" if feature_set == "all" else feature_set)
        expression = load_cohort(card.name, progress=True).to_df()
        notes: tuple[str, ...] = (f"{card.name}: {card.unit_in_source}",)
    else:
        read = read_expression(Path(source), unit=unit, known_genes=panel_genes())
        expression, notes = read.values, read.notes
    transformer = InterferonFeatures(feature_set)
    values = transformer.set_output(transform="pandas").fit_transform(expression)
    table = coverage([str(gene) for gene in expression.columns], feature_set)
    return FeatureTable(values, table, notes, _write(values, output))


def _write(values: pd.DataFrame, output: Path | None) -> Path:
    values.index.name = "sample"
    target = output or Path("features.csv")
    with atomic_file(target) as part:
        values.to_csv(part, float_format="%.6g")
    return target


def _proteins(card: CohortCard, output: Path | None, feature_set: str) -> FeatureTable:
    """Write the log2 levels of a cohort of plasma proteins; nothing has to be computed."""
    feature_sets_for([card.name], [feature_set])
    levels = load_cohort(card.name, progress=True).to_df()
    values = protein_features(levels)
    notes = (f"{card.name}: {card.unit_in_source}; here as log2",)
    table = protein_coverage([str(symbol) for symbol in levels.columns])
    return FeatureTable(values, table, notes, _write(values, output))
