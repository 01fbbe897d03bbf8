"""What the tests see of a cohort: its samples, and what was measured in them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from ifn_severity.evidence.claim import EARLY_UNTIL, Conditions, Measure, Part
from ifn_severity.features import features_of, get_signature

MIN_LIST_COVERAGE = 0.5
"""Least share of a list's genes that must have been measured for its score to be used."""
MIN_TYPES = 0.5
"""Least share of the cell types that a sample must have for their mean to be used."""
CELLS = "source_cells"


@dataclass(frozen=True, eq=False)
class Block:
    """One matrix of a cohort: bulk, plasma, or one cell type.

    Attributes
    ----------
    obs : DataFrame of shape (n_samples, n_columns)
        The typed columns of every cohort.
    levels : DataFrame of shape (n_samples, n_genes)
        log2(x+1) of CPM or TPM by gene symbol; log2 of analytes.
    scores : DataFrame of shape (n_samples, n_lists)
        Scores of lists, by name of the list.
    left_out : dict of str to str
        Lists without a score, and why.
    """

    obs: pd.DataFrame
    levels: pd.DataFrame
    scores: pd.DataFrame
    left_out: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class EvidenceCohort:
    """A cohort as the tests see it.

    Attributes
    ----------
    name, title, kind, tissue : str
    blocks : dict of str to Block
        Bulk or plasma under ``""``; cell types under the names of the claims.
    """

    name: str
    title: str
    kind: str
    tissue: str
    blocks: Mapping[str, Block]

    @property
    def obs(self) -> pd.DataFrame:
        """Samples of the whole cohort."""
        return self.blocks[""].obs


class NotMeasuredError(Exception):
    """A cohort does not have what a part asks for; the message says why."""


def make_block(levels: pd.DataFrame, obs: pd.DataFrame, lists: Iterable[str] = ()) -> Block:
    """Score the lists that a matrix covers well enough.

    Parameters
    ----------
    levels : DataFrame of shape (n_samples, n_genes)
        log2(x+1), columns named by current symbols.
    obs : DataFrame of shape (n_samples, n_columns)
    lists : iterable of str
        Names in the catalogue.

    Returns
    -------
    Block
    """
    usable, left_out = [], {}
    for name in lists:
        genes = get_signature(name).genes
        there = sum(gene in levels.columns for gene in genes)
        if there >= MIN_LIST_COVERAGE * len(genes):
            usable.append(name)
        else:
            left_out[name] = f"{there} of the {len(genes)} genes of {name} were measured"
    scores = pd.DataFrame(index=levels.index)
    if usable:
        scores = features_of(levels, lists=usable)
        scores.columns = pd.Index([column.removeprefix("score:") for column in scores.columns])
    return Block(obs, levels, scores, left_out)


def in_group(obs: pd.DataFrame, conditions: Conditions) -> np.ndarray:
    """Tell which samples belong to a group.

    Parameters
    ----------
    obs : DataFrame of shape (n_samples, n_columns)
    conditions : tuple of dict of str to tuple of str
        Alternatives; see :data:`ifn_severity.evidence.claim.Conditions`.

    Returns
    -------
    ndarray of bool, shape (n_samples,)

    Examples
    --------
    >>> obs = pd.DataFrame({"severe": [1.0, 0.0, np.nan]})
    >>> in_group(obs, ({"severe": ("1",)}, {"group": ("a",)})).tolist()
    [True, False, False]
    """
    found = np.zeros(len(obs), dtype=bool)
    for alternative in conditions:
        holds = np.ones(len(obs), dtype=bool)
        for column, allowed in alternative.items():
            if column not in obs:
                holds[:] = False
                continue
            values = obs[column]
            if pd.api.types.is_numeric_dtype(values):
                holds &= values.isin([float(value) for value in allowed]).to_numpy()
            else:
                holds &= values.astype(object).isin(allowed).to_numpy()
        found |= holds
    return found


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


def _over_types(
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


def part_samples(cohort: EvidenceCohort, part: Part) -> pd.DataFrame:
    """Return the samples of a part's two groups with what is measured in them.

    Parameters
    ----------
    cohort : EvidenceCohort
    part : Part

    Returns
    -------
    DataFrame indexed by sample
        ``patient``, ``case`` (bool), ``day``, ``healthy`` (bool: has no day of illness),
        ``experiment`` (of ``part.within``, else ""), ``value``, and ``second`` where the part has
        a second measure. Samples without a value are left out.

    Raises
    ------
    NotMeasuredError
        If the cohort cannot have the measure, or none of its samples is in either group.
    """
    obs = cohort.obs
    case = in_group(obs, part.contrast.case_is)
    reference = in_group(obs, part.contrast.reference_is) & ~case
    used = obs.index[case | reference]
    if not len(used):
        raise NotMeasuredError(
            f"no sample is graded {part.contrast.case} or {part.contrast.reference}"
        )
    table = pd.DataFrame(
        {
            "patient": obs["patient"].astype(str),
            "case": case,
            "day": obs["days_since_onset"].astype(float),
            "healthy": (obs["severity"] == "healthy").to_numpy(),
            "experiment": _experiment(obs, part.within),
        }
    ).loc[used]
    measures = {"value": part.measure, **({"second": part.second} if part.second else {})}
    for column, measure in measures.items():
        if len(part.cell_types) > 1:
            table[column] = _over_types(cohort, measure, part.cell_types, used)
        else:
            cell_type = part.cell_types[0] if part.cell_types else ""
            table[column] = measured(cohort, measure, cell_type).reindex(used)
    return table.dropna(subset=list(measures))


def _experiment(obs: pd.DataFrame, within: str) -> pd.Series:
    if not within:
        return pd.Series("", index=obs.index)
    if within not in obs:
        raise NotMeasuredError(f"no column {within}")
    return obs[within].astype(object).where(obs[within].notna(), "").astype(str)


def in_stratum(samples: pd.DataFrame, stratum: str) -> pd.DataFrame:
    """Keep the samples of a stage; healthy people, who have no day, belong to every stage."""
    if stratum == "all":
        return samples
    early = samples["day"] <= EARLY_UNTIL
    late = samples["day"] > EARLY_UNTIL
    return samples[(early if stratum == "early" else late) | samples["healthy"]]


def by_patient(samples: pd.DataFrame) -> pd.DataFrame:
    """Average the samples of each patient and group.

    Parameters
    ----------
    samples : DataFrame
        As :func:`part_samples` returns it.

    Returns
    -------
    DataFrame of shape (n_patients, ...)
        ``patient``, ``case``, and means of ``day``, ``value`` and ``second``.
    """
    columns = [name for name in ("day", "value", "second") if name in samples]
    return samples.groupby(["patient", "case"], as_index=False, sort=True)[columns].mean()
