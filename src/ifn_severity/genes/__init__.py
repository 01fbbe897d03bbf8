"""Gene names: whatever a file calls a gene, its current HGNC symbol."""

from ifn_severity.genes.collapse import collapse
from ifn_severity.genes.harmonise import Harmonised, harmonise
from ifn_severity.genes.table import GeneTable, gene_table

__all__ = ["GeneTable", "Harmonised", "collapse", "gene_table", "harmonise"]
