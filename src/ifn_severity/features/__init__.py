"""Interferon and cytokine features: the catalogue of gene lists, and how they are scored."""

from ifn_severity.features.checks import MIN_PANEL_COVERAGE
from ifn_severity.features.definition import (
    FEATURE_SETS,
    FeatureDefinition,
    coverage,
    feature_definition,
)
from ifn_severity.features.lists import list_definition, score_names
from ifn_severity.features.proteins import PROTEIN_SET, protein_coverage, protein_features
from ifn_severity.features.reference import MIN_REFERENCE_GENES, reference_genes
from ifn_severity.features.signatures import (
    Signature,
    catalogue_sha256,
    get_signature,
    load_catalogue,
    panel_genes,
)
from ifn_severity.features.streaming import features_of, score_chunks
from ifn_severity.features.transformer import InterferonFeatures

__all__ = [
    "FEATURE_SETS",
    "MIN_PANEL_COVERAGE",
    "MIN_REFERENCE_GENES",
    "PROTEIN_SET",
    "FeatureDefinition",
    "InterferonFeatures",
    "Signature",
    "catalogue_sha256",
    "coverage",
    "feature_definition",
    "features_of",
    "get_signature",
    "list_definition",
    "load_catalogue",
    "panel_genes",
    "protein_coverage",
    "protein_features",
    "reference_genes",
    "score_chunks",
    "score_names",
]
