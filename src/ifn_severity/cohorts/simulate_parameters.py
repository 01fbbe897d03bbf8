"""Parameters of the simulated cohort: what was estimated, and how it is read.

The tables are package data in ``cohorts/simulation``, written by
``tools/estimate_simulation_parameters.py``. They hold summaries of real cohorts (means,
standard deviations, effects, factor loadings), never a patient's row.
"""

from __future__ import annotations

import gzip
import io
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]

GENES_FILE = "genes.csv.gz"
PROGRAMS_FILE = "programs.csv"
PATIENTS_FILE = "patients.csv"
FACTOR = "factor_"
ROLES = ("driver", "shadow", "none")
EARLY_DAY, LATE_DAY = 5.0, 18.0
"""Days since onset at which the early and the late effect of a driver are stated."""
AGE_CENTRE = 60.0
DAY_CENTRE = 12.5


@dataclass(frozen=True, eq=False)
class SimulationParameters:
    """Everything the generative model needs.

    Attributes
    ----------
    genes : DataFrame of shape (n_genes, n_columns)
        Index: gene. ``panel`` (1 if in the signature catalogue), ``current`` (1 if a current
        symbol), ``role``, ``program``, ``mean`` (log2(TPM+1) of a moderate patient of 60
        years on day 12.5), ``ceiling`` (log2, no sample is higher), ``effect`` (log2 change
        for one unit of the program's activity), ``parent`` and ``parent_slope`` (of a shadow
        gene), ``age`` (log2 per 10 years), ``sex`` (log2, men less women), ``day`` (log2 per
        10 days), ``noise`` (residual standard deviation, log2) and the loadings
        ``factor_01`` … on factors of unit variance (log2).
    programs : DataFrame of shape (n_programs, 6)
        Index: program. ``early`` and ``late`` (activity of a severe patient, as plateaus),
        ``midpoint`` and ``width`` of the change (days), ``spread`` (standard deviation of
        the activity within a class), ``shared`` (part of its variance that all programs
        have in common).
    patients : DataFrame of shape (2, 6)
        Index: ``moderate`` and ``severe``. Mean and standard deviation of age and of the
        days since onset, share of men, share of critical disease.
    """

    genes: pd.DataFrame
    programs: pd.DataFrame
    patients: pd.DataFrame


def read_table(name: str) -> pd.DataFrame:
    """Read one table of the package data; its first lines say where it comes from.

    Parameters
    ----------
    name : str
        File in ``cohorts/simulation``.

    Returns
    -------
    DataFrame
        Indexed by the first column; empty text stays empty text.
    """
    packed = resources.files("ifn_severity.cohorts").joinpath("simulation", name).read_bytes()
    text = (gzip.decompress(packed) if name.endswith(".gz") else packed).decode("utf-8")
    table = pd.read_csv(
        io.StringIO(text), comment="#", index_col=0, keep_default_na=False, na_values=[]
    )
    table.index.name = None
    return table


@lru_cache(maxsize=1)
def simulation_parameters() -> SimulationParameters:
    """Return the parameters that come with the package.

    Examples
    --------
    >>> simulation_parameters().programs.loc["interferon", ["early", "late"]].gt(0).to_dict()
    {'early': True, 'late': False}
    """
    return SimulationParameters(
        genes=read_table(GENES_FILE),
        programs=read_table(PROGRAMS_FILE),
        patients=read_table(PATIENTS_FILE),
    )


def severe_activity(programs: pd.DataFrame, days: Floats) -> Floats:
    """Mean activity of each program in severe disease, against moderate, by day since onset.

    A logistic curve runs from the early to the late plateau; where both are equal, the
    activity does not depend on the day.

    Parameters
    ----------
    programs : DataFrame of shape (n_programs, n_columns)
        See :class:`SimulationParameters`.
    days : array of shape (n_samples,)
        Days since onset of symptoms.

    Returns
    -------
    array of shape (n_samples, n_programs)
        Activity; 1 is the full effect of a driver.

    Examples
    --------
    >>> programs = simulation_parameters().programs.loc[["interferon"]]
    >>> early, late = severe_activity(programs, np.array([3.0, 20.0])).ravel()
    >>> bool(early > 0.5), bool(late < -0.25)
    (True, True)
    """
    early, late, midpoint, width = (
        programs[column].to_numpy(np.float64) for column in ("early", "late", "midpoint", "width")
    )
    weight = 1.0 / (1.0 + np.exp((np.asarray(days, np.float64)[:, None] - midpoint) / width))
    return late + (early - late) * weight


def turnover_day(programs: pd.DataFrame) -> pd.Series:
    """Day since onset on which the effect of severity on a program changes its sign.

    Parameters
    ----------
    programs : DataFrame of shape (n_programs, n_columns)
        See :class:`SimulationParameters`.

    Returns
    -------
    Series of shape (n_programs,)
        Days, NaN where the sign does not change.

    Examples
    --------
    >>> turnover_day(simulation_parameters().programs).notna().to_dict()["interferon"]
    True
    """
    turns = programs["early"] * programs["late"] < 0
    ratio = (-programs["early"] / programs["late"]).where(turns)
    return programs["midpoint"] + programs["width"] * np.log(ratio)
