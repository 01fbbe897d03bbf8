"""From single cells to a cohort: sums of counts per sample and cell type, streamed from disk."""

from ifn_severity.cohorts.pseudobulk.groups import CellColumns
from ifn_severity.cohorts.pseudobulk.result import Pseudobulk, sum_cells

__all__ = ["CellColumns", "Pseudobulk", "sum_cells"]
