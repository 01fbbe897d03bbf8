"""Interferon against inflammation, patient by patient, and the variance of interferon."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from ifn_severity.errors import LabelError
from ifn_severity.evaluate.bootstrap import patient_bootstrap, percentile_interval
from ifn_severity.evaluate.effects import MIN_PATIENTS
from ifn_severity.evaluate.variance import SOURCES, variance_shares
from ifn_severity.evidence.cohort import EvidenceCohort
from ifn_severity.evidence.days import SCORE, standardised
from ifn_severity.evidence.effects import both_high, correlation

INFLAMMATION = "HALLMARK_TNFA_NFKB"
"""The TNF–NF-κB score."""
_PLANE = ("cohort", "patient", "cell_type", "severe", "day", "interferon", "inflammation")
_JOINT = (
    *("cohort", "cell_type", "severe", "n_patients", "both_high", "low", "high"),
    *("correlation", "correlation_low", "correlation_high", "correlation_p"),
)


def plane_tables(
    cohorts: Mapping[str, EvidenceCohort], *, n_draws: int = 2000, seed: int = 0
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Place every graded patient on the plane of interferon and inflammation.

    Parameters
    ----------
    cohorts : mapping of str to EvidenceCohort
    n_draws, seed : int
        Of the bootstrap over patients.

    Returns
    -------
    plane, coexistence : DataFrame
        As :class:`EvidenceReport` documents them.
    """
    planes, joint = [], []
    for name, cohort in cohorts.items():
        for cell_type, block in cohort.blocks.items():
            if not {SCORE, INFLAMMATION} <= set(block.scores):
                continue
            patients = _patients(name, cell_type, block.obs, block.scores)
            counts = patients["severe"].value_counts()
            if len(counts) < 2 or counts.min() < MIN_PATIENTS:
                continue
            paired = pd.DataFrame(
                {
                    "case": patients["severe"] == 1,
                    "value": patients["interferon"],
                    "second": patients["inflammation"],
                }
            )
            patients["both_high"] = both_high(paired)
            planes.append(patients)
            for grade in (0, 1):
                rows = patients[patients["severe"] == grade]
                joint.append(_joint(rows, paired.loc[rows.index], n_draws, seed))
    plane = pd.concat(planes, ignore_index=True) if planes else _empty((*_PLANE, "both_high"))
    return plane, pd.DataFrame(joint, columns=list(_JOINT))


def _empty(columns: tuple[str, ...]) -> pd.DataFrame:
    return pd.DataFrame(columns=list(columns))


def _patients(name: str, cell_type: str, obs: pd.DataFrame, scores: pd.DataFrame) -> pd.DataFrame:
    table = pd.DataFrame(
        {
            "cohort": name,
            "patient": obs["patient"].astype(str),
            "cell_type": cell_type,
            "severe": obs["severe"],
            "day": obs["days_since_onset"].astype(float),
            "interferon": standardised(scores[SCORE].astype(float), obs),
            "inflammation": standardised(scores[INFLAMMATION].astype(float), obs),
        }
    ).dropna(subset=["severe", "interferon", "inflammation"])
    table["severe"] = table["severe"].astype(int)
    keys = ["cohort", "patient", "cell_type", "severe"]
    return table.groupby(keys, as_index=False)[["day", "interferon", "inflammation"]].mean()


def _joint(rows: pd.DataFrame, paired: pd.DataFrame, n_draws: int, seed: int) -> dict[str, Any]:
    high = rows["both_high"].to_numpy(float)
    weights = patient_bootstrap(
        rows["patient"].to_numpy(str), n_draws=n_draws, rng=np.random.default_rng(seed)
    )
    low, top = percentile_interval(weights @ high / weights.sum(axis=1))
    found = dict.fromkeys(("effect", "low", "high", "p"), float("nan"))
    if len(rows) >= 5:
        found = correlation(paired)
    first = rows.iloc[0]
    return {
        "cohort": first["cohort"],
        "cell_type": first["cell_type"],
        "severe": int(first["severe"]),
        "n_patients": len(rows),
        "both_high": float(high.mean()),
        "low": low,
        "high": top,
        "correlation": found["effect"],
        "correlation_low": found["low"],
        "correlation_high": found["high"],
        "correlation_p": found["p"],
    }


def variance_table(
    cohorts: Mapping[str, EvidenceCohort], *, n_draws: int = 2000, seed: int = 0
) -> pd.DataFrame:
    """Divide the variance of the interferon score, where patients have several samples.

    Parameters
    ----------
    cohorts : mapping of str to EvidenceCohort
    n_draws, seed : int

    Returns
    -------
    DataFrame
        As :class:`EvidenceReport` documents ``variance``.
    """
    rows: list[dict[str, Any]] = []
    for name, cohort in cohorts.items():
        block = cohort.blocks[""]
        if SCORE not in block.scores:
            continue
        graded = block.obs["severe"].notna()
        obs = block.obs[graded]
        try:
            found = variance_shares(
                block.scores.loc[graded, SCORE].to_numpy(float),
                (obs["severe"] == 1).to_numpy(),
                obs["patient"].to_numpy(str),
                n_draws=n_draws,
                seed=seed,
            )
        except LabelError:
            # one sample a patient: between and within cannot be told apart
            continue
        for i, source in enumerate(SOURCES):
            rows.append(
                {
                    "cohort": name,
                    "source": source,
                    "share": float(found.shares[i]),
                    "low": float(found.low[i]),
                    "high": float(found.high[i]),
                    "n_patients": found.n_patients,
                    "n_samples": found.n_samples,
                }
            )
    columns = ["cohort", "source", "share", "low", "high", "n_patients", "n_samples"]
    return pd.DataFrame(rows, columns=columns)
