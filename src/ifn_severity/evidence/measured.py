"""What a cohort measured: scores, genes, analytes, shares of cells, columns of its table."""

from __future__ import annotations

import pandas as pd

from ifn_severity.evidence.claim import Measure
from ifn_severity.evidence.cohort import EvidenceCohort

MIN_TYPES = 0.5
"""Least share of the cell types that a sample must have for their mean to be used."""
CELLS = "source_cells"
"""Column of ``obs`` that counts the cells behind a sum."""


class NotMeasuredError(Exception):
    """A cohort does not have what a part asks for; the message says why."""


def measured(cohort: EvidenceCohort, measure: Measure, cell_type: str) -> pd.Series:
    """Return a measure in every sample of one block.

    Parameters
    ----------
    cohort : EvidenceCohort
    measure : Measure
    cell_type : str
        ``""`` for bulk.

    Returns
    -------
    Series of shape (n_samples,)
        NaN where a sample was not measured.

    Raises
    ------
    NotMeasuredError
        If the cohort cannot have it.
    """
    if measure.kind == "fraction":
        return _fraction(cohort, measure)
    if cell_type not in cohort.blocks:
        raise NotMeasuredError(f"no {cell_type} in {cohort.name}")
    block = cohort.blocks[cell_type]
    if measure.kind == "score":
        name = measure.names[0]
        if name not in block.scores:
            raise NotMeasuredError(block.left_out.get(name, f"{name} was not scored"))
        return block.scores[name].astype(float)
    if measure.kind == "column":
        name = measure.names[0]
        if name not in block.obs:
            raise NotMeasuredError(f"{cohort.name} has no column {name}")
        return block.obs[name].astype(float)
    missing = [name for name in measure.names if name not in block.levels]
    # a gene that was filtered out of one cell type, and not of the cohort, had next to no reads
    silent = [name for name in missing if cell_type and name in cohort.blocks[""].levels]
    if len(missing) > len(silent):
        absent = [name for name in missing if name not in silent]
        raise NotMeasuredError(f"{', '.join(absent)} not measured in {cohort.name}")
    levels = block.levels.reindex(columns=list(measure.names))
    levels[silent] = 0.0
    return levels.astype(float).mean(axis=1, skipna=False)


def _cells(cohort: EvidenceCohort, cell_type: str) -> pd.Series:
    if cell_type and cell_type not in cohort.blocks:
        raise NotMeasuredError(f"no {cell_type} in {cohort.name}")
    obs = cohort.blocks[cell_type].obs
    if CELLS not in obs:
        raise NotMeasuredError(f"{cohort.name} was not counted by cell type")
    # a sample without a type had fewer cells of it than the study kept: none, nearly
    return obs[CELLS].astype(float).reindex(cohort.obs.index).fillna(0.0)


def _fraction(cohort: EvidenceCohort, measure: Measure) -> pd.Series:
    part = sum((_cells(cohort, name) for name in measure.names), pd.Series(0.0, cohort.obs.index))
    of = measure.of or ("",)
    whole = sum((_cells(cohort, name) for name in of), pd.Series(0.0, cohort.obs.index))
    return part / whole.where(whole > 0)


def over_types(
    cohort: EvidenceCohort, measure: Measure, types: tuple[str, ...], used: pd.Index
) -> pd.Series:
    """Average a measure over cell types, each in standard deviations of the compared samples."""
    columns = {}
    for cell_type in types:
        values = measured(cohort, measure, cell_type).reindex(used)
        columns[cell_type] = (values - values.mean()) / values.std()
    table = pd.DataFrame(columns)
    enough = table.notna().sum(axis=1) >= MIN_TYPES * len(types)
    return table.mean(axis=1).where(enough)
