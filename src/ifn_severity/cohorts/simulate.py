"""A cohort of invented patients whose drivers of severity are known.

The model, for gene g of patient i:

.. code-block:: text

    y = mean + age + sex + day (per gene)
        + effect × activity of the gene's program        drivers only
        + slope × (parent - mean of parent)              shadows only
        + loadings · factors + noise of one's own

    activity = severe × course(day since onset) + variation between patients of one class
    X = log2(TPM + 1),  TPM = (2^y - 1) × library noise, two decimals, not below 0

A *driver* is moved by severity itself. A *shadow* follows one driver closely and, given that
driver, has nothing to do with severity. Every other gene (*none*) has no effect of severity
at all; it may still differ between classes through age, sex and the day of sampling. The
effect on the interferon program changes its sign with the days since onset: higher in severe
disease early, lower late. That is how one cohort, schulte-cohort2, looks by ranks; over the
cohorts it is not established (claim 6 of docs/evidence.md). Parameters come from real cohorts
(:mod:`ifn_severity.cohorts.simulate_parameters`); no patient stands behind any row.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ifn_severity.cohorts.card import get_card
from ifn_severity.cohorts.schema import check_cohort, cohort_facts, typed_obs
from ifn_severity.cohorts.simulate_parameters import (
    AGE_CENTRE,
    DAY_CENTRE,
    EARLY_DAY,
    FACTOR,
    LATE_DAY,
    Floats,
    severe_activity,
    simulation_parameters,
    turnover_day,
)
from ifn_severity.errors import CohortError, nearest

if TYPE_CHECKING:
    from anndata import AnnData

__all__ = ["simulate_cohort", "simulation_truth"]

NAME = "simulated"
AGES, DAYS = (18.0, 95.0), (1.0, 25.0)
LIBRARY_SD = 0.1
"""Standard deviation of the natural logarithm of what a library yields."""
PATIENT_SHARE = 0.6
"""Part of the noise variance that repeated samples of one patient have in common."""
MOST = 9e5
"""Largest sum of TPM over the simulated genes of a sample."""
MODERATE_ON_OXYGEN = 0.6
"""Share of moderate patients with who_scale 5; the others have 4."""


def simulation_truth() -> pd.DataFrame:
    """Return what is known about each gene of the simulated cohort.

    Returns
    -------
    DataFrame of shape (n_genes, 9)
        Index: gene. ``role`` (driver, shadow, none), ``program`` (empty for none), ``parent``
        (the driver that a shadow follows), ``effect_log2_early`` and ``effect_log2_late``
        (log2 change caused by severe disease on days 5 and 18 since onset; 0 but for
        drivers), ``induced_log2_early`` and ``induced_log2_late`` (the same including what a
        shadow inherits), ``turnover_day`` (when the effect changes sign, NaN if never) and
        ``panel`` (whether the gene is in the signature catalogue).

    Examples
    --------
    >>> truth = simulation_truth()
    >>> truth.loc["ISG15", ["role", "program"]].to_list()
    ['driver', 'interferon']
    >>> bool(truth.at["ISG15", "effect_log2_early"] > 0 > truth.at["ISG15", "effect_log2_late"])
    True
    """
    parameters = simulation_parameters()
    genes, programs = parameters.genes, parameters.programs
    activity = pd.DataFrame(
        severe_activity(programs, np.array([EARLY_DAY, LATE_DAY])).T, index=programs.index
    )
    truth = genes[["role", "program", "parent"]].copy()
    program = genes["program"]
    for column, when in (("early", 0), ("late", 1)):
        own = genes["effect"] * program.map(activity[when]).astype("float64").fillna(0.0)
        inherited = genes["parent"].map(own).astype("float64").fillna(0.0) * genes["parent_slope"]
        truth[f"effect_log2_{column}"] = own
        truth[f"induced_log2_{column}"] = own + inherited
    truth["turnover_day"] = program.map(turnover_day(programs)).astype("float64")
    truth["panel"] = genes["panel"].astype(bool)
    return truth


def simulate_cohort(
    n_patients: int = 120,
    *,
    seed: int = 2020,
    n_severe: int | None = None,
    genes: Iterable[str] | None = None,
    samples_per_patient: int = 1,
) -> AnnData:
    """Draw a cohort of invented patients.

    Parameters
    ----------
    n_patients : int
        Number of patients, at least 2.
    seed : int
        Same seed, same cohort. The draw does not depend on ``genes``.
    n_severe : int, optional
        How many patients are severe or critical; half of them by default.
    genes : iterable of str, optional
        Keep only these genes, in this order; all by default.
    samples_per_patient : int
        Samples of each patient, some days apart and correlated.

    Returns
    -------
    AnnData of shape (n_patients × samples_per_patient, n_genes)
        As every cohort, with ``uns["cohort"]["simulated"]`` True and ``uns["truth"]``, see
        :func:`simulation_truth`.

    Raises
    ------
    CohortError
        If a number makes no sense or a gene is not simulated.

    Examples
    --------
    >>> cohort = simulate_cohort(20, seed=1, genes=["IFI27", "ACTB"])
    >>> cohort.shape, cohort.uns["cohort"]["simulated"]
    ((20, 2), True)
    """
    from anndata import AnnData

    n_severe = n_patients // 2 if n_severe is None else n_severe
    _check_sizes(n_patients, n_severe, samples_per_patient)
    truth = simulation_truth()
    kept = _kept(genes, truth.index)
    rng = np.random.default_rng(seed)
    obs = _draw_patients(rng, n_patients, n_severe, samples_per_patient)
    values = _draw_expression(rng, obs, samples_per_patient)
    card = get_card(NAME)
    chosen = truth.index.get_indexer(pd.Index(kept))
    adata = AnnData(
        X=np.ascontiguousarray(values[:, chosen], dtype=np.float32),
        obs=typed_obs(obs, tissue=card.tissue, cohort=NAME),
        var=pd.DataFrame(
            {"current_symbol": simulation_parameters().genes["current"].to_numpy()[chosen] == 1},
            index=pd.Index(kept),
        ),
        uns={"cohort": cohort_facts(card), "truth": truth.iloc[chosen].copy()},
    )
    check_cohort(adata)
    return adata


def _check_sizes(n_patients: int, n_severe: int, samples_per_patient: int) -> None:
    if n_patients < 2 or samples_per_patient < 1:
        raise CohortError(
            f"{n_patients} patients with {samples_per_patient} samples each",
            expected="at least 2 patients and 1 sample",
            do="ask for more",
        )
    if not 0 <= n_severe <= n_patients:
        raise CohortError(
            f"{n_severe} severe of {n_patients} patients",
            expected=f"a number from 0 to {n_patients}",
            do="correct n_severe",
        )


def _kept(genes: Iterable[str] | None, known: pd.Index) -> list[str]:
    if genes is None:
        return [str(gene) for gene in known]
    kept = list(dict.fromkeys(genes))
    unknown = [gene for gene in kept if gene not in known]
    if unknown:
        close = nearest(unknown[0], map(str, known)).removeprefix("choose one of: ")
        raise CohortError(
            f"genes that are not simulated: {', '.join(unknown[:5])}",
            expected=f"some of the {len(known):,} genes of simulation_truth()",
            do=close if close.startswith("did you mean") else "leave them out",
        )
    if not kept:
        raise CohortError("no genes", expected="at least one", do="name one, or leave genes out")
    return kept


def _draw_patients(rng: np.random.Generator, n: int, n_severe: int, repeats: int) -> pd.DataFrame:
    """Draw class, age, sex and days since onset, one row a sample, in mixed order."""
    severe = rng.permutation(np.arange(n) < n_severe)
    people = simulation_parameters().patients
    own = people.loc[np.where(severe, "severe", "moderate")]
    age = own["age_mean"].to_numpy() + own["age_sd"].to_numpy() * rng.standard_normal(n)
    day = own["day_mean"].to_numpy() + own["day_sd"].to_numpy() * rng.standard_normal(n)
    male = rng.random(n) < own["male"].to_numpy()
    critical = severe & (rng.random(n) < own["critical"].to_numpy())
    oxygen = np.where(rng.random(n) < MODERATE_ON_OXYGEN, 5.0, 4.0)
    width = max(3, len(str(n)))
    patient = np.array([f"SIM{number + 1:0{width}d}" for number in range(n)])
    obs = pd.DataFrame(
        {
            "patient": patient,
            "severity": np.where(critical, "critical", np.where(severe, "severe", "moderate")),
            "severe": severe.astype(np.float64),
            "age": np.clip(np.round(age), *AGES),
            "sex": np.where(male, "male", "female"),
            "days_since_onset": np.clip(np.round(day), *DAYS),
            "who_scale": np.where(critical, 7.0, np.where(severe, 6.0, oxygen)),
        }
    )
    obs = obs.loc[obs.index.repeat(repeats)].reset_index(drop=True)
    if repeats == 1:
        return obs.set_axis(pd.Index(patient), axis=0)
    gaps = rng.integers(2, 6, size=(n, repeats)).astype(np.float64)
    gaps[:, 0] = 0.0
    obs["days_since_onset"] += gaps.cumsum(axis=1).ravel()
    visit = np.tile(np.arange(1, repeats + 1), n)
    names = [f"{who}_{number}" for who, number in zip(obs["patient"], visit, strict=True)]
    return obs.set_axis(pd.Index(names), axis=0)


def _noise(rng: np.random.Generator, n: int, repeats: int, width: int) -> Floats:
    """Draw standard normal noise, one row a sample, correlated within a patient."""
    if repeats == 1:
        return rng.standard_normal((n, width))
    patient = np.repeat(rng.standard_normal((n, width)), repeats, axis=0)
    sample = rng.standard_normal((n * repeats, width))
    return np.sqrt(PATIENT_SHARE) * patient + np.sqrt(1 - PATIENT_SHARE) * sample


def _draw_expression(rng: np.random.Generator, obs: pd.DataFrame, repeats: int) -> Floats:
    """Draw log2(TPM+1) of all genes for the samples of ``obs``."""
    parameters = simulation_parameters()
    genes, programs = parameters.genes, parameters.programs
    n = len(obs) // repeats
    columns = {
        name: genes[name].to_numpy(np.float64)
        for name in ("mean", "effect", "parent_slope", "age", "sex", "day", "noise", "ceiling")
    }
    day = obs["days_since_onset"].to_numpy()

    # what programs share makes them move together within a class, as they do in patients
    shared = programs["shared"].to_numpy(np.float64)
    spread = programs["spread"].to_numpy(np.float64)
    common, single = _noise(rng, n, repeats, 1), _noise(rng, n, repeats, len(programs))
    variation = spread * (np.sqrt(shared) * common + np.sqrt(1 - shared) * single)
    severe = obs["severe"].to_numpy()[:, None]
    activity = severe * severe_activity(programs, day) + variation

    loadings = genes.filter(like=FACTOR).to_numpy(np.float64)
    deviation = _noise(rng, n, repeats, loadings.shape[1]) @ loadings.T
    deviation += _noise(rng, n, repeats, len(genes)) * columns["noise"]
    deviation += np.outer((obs["age"].to_numpy() - AGE_CENTRE) / 10, columns["age"])
    deviation += np.outer((obs["sex"].to_numpy() == "male") - 0.5, columns["sex"])
    deviation += np.outer((day - DAY_CENTRE) / 10, columns["day"])
    drivers = np.flatnonzero(genes["role"] == "driver")
    program = programs.index.get_indexer(pd.Index(genes["program"].iloc[drivers]))
    deviation[:, drivers] += activity[:, program] * columns["effect"][drivers]
    shadows = np.flatnonzero(genes["role"] == "shadow")
    parents = genes.index.get_indexer(pd.Index(genes["parent"].iloc[shadows]))
    deviation[:, shadows] += deviation[:, parents] * columns["parent_slope"][shadows]

    linear = np.exp2(np.minimum(columns["mean"] + deviation, columns["ceiling"])) - 1.0
    linear *= np.exp(LIBRARY_SD * rng.standard_normal((len(obs), 1)))
    # the genes that are not simulated need a part of the million too
    linear = np.clip(linear, 0.0, None)
    linear *= np.minimum(1.0, MOST / linear.sum(axis=1, keepdims=True))
    # two decimals, as the source publishes TPM: this is where rare transcripts become zeros
    return np.log2(np.round(linear, 2) + 1.0)
