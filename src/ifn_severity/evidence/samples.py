"""The samples of a part's two groups, by stage and by patient."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ifn_severity.evaluate.subgroups import EARLY_UNTIL
from ifn_severity.evidence.claim import Conditions, Part
from ifn_severity.evidence.cohort import EvidenceCohort
from ifn_severity.evidence.measured import NotMeasuredError, measured, over_types


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
            table[column] = over_types(cohort, measure, part.cell_types, used)
        else:
            cell_type = part.cell_types[0] if part.cell_types else ""
            table[column] = measured(cohort, measure, cell_type).reindex(used)
    return table.dropna(subset=list(measures))


def count_patients(cohort: EvidenceCohort, part: Part) -> tuple[int, int]:
    """Count the patients of the two groups, whatever was measured in them.

    Returns
    -------
    n_case, n_reference : int
    """
    obs = cohort.obs
    case = in_group(obs, part.contrast.case_is)
    reference = in_group(obs, part.contrast.reference_is) & ~case
    return int(obs["patient"][case].nunique()), int(obs["patient"][reference].nunique())


def _experiment(obs: pd.DataFrame, within: str) -> pd.Series:
    if not within:
        return pd.Series("", index=obs.index)
    if within not in obs:
        raise NotMeasuredError(f"no column {within}")
    named = obs[within].astype(object).where(obs[within].notna(), "").astype(str)
    # the code of an experiment says little without what was infected in it
    labels = [
        name if not name or name in tissue else f"{tissue}, {name}"
        for name, tissue in zip(named, obs["tissue"].astype(str), strict=True)
    ]
    return pd.Series(labels, index=obs.index)


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
