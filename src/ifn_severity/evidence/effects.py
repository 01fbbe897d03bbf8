"""The tests of one part in one cohort: rows of effects."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from ifn_severity.evaluate.effects import MIN_PATIENTS
from ifn_severity.evidence import kinds
from ifn_severity.evidence.claim import Part
from ifn_severity.evidence.cohort import EvidenceCohort
from ifn_severity.evidence.measured import NotMeasuredError
from ifn_severity.evidence.result import EFFECT_COLUMNS
from ifn_severity.evidence.samples import by_patient, count_patients, in_stratum, part_samples

SCALES = {
    "difference": "Hedges' g",
    "no difference": "Hedges' g",
    "adjusted difference": "SD at the same day",
    "level": "log2 fold of the limit",
    "trend": "SD per 10 days",
    "interaction": "SD per 10 days",
    "coexistence": "difference of shares",
    "correlation": "Pearson r",
    "heterogeneity": "difference of variance shares",
    "heterogeneity of means": "difference of variance shares",
}
"""What an effect is, by kind of test."""
_NUMBERS = (
    *("effect", "low", "high", "variance", "p"),
    *("auroc", "auroc_low", "auroc_high", "auroc_variance"),
)


def part_effects(
    cohorts: dict[str, EvidenceCohort],
    missing: dict[str, str],
    claim_id: str,
    part: Part,
    *,
    n_draws: int = 2000,
    seed: int = 0,
) -> pd.DataFrame:
    """Run one part of a claim in every cohort and stratum.

    Parameters
    ----------
    cohorts : dict of str to EvidenceCohort
    missing : dict of str to str
        Cohorts that could not be loaded, and why.
    claim_id : str
    part : Part
    n_draws, seed : int
        Of the bootstrap over patients.

    Returns
    -------
    DataFrame
        Columns :data:`ifn_severity.evidence.result.EFFECT_COLUMNS`; where there is no figure,
        ``reason`` says why.
    """
    rows = []
    for name in part.cohorts:
        blank = _blank(claim_id, part, name)
        if name not in cohorts:
            why = missing.get(name, "not loaded")
            rows += [{**blank, "stratum": stratum, "reason": why} for stratum in part.strata]
            continue
        try:
            samples = part_samples(cohorts[name], part)
        except NotMeasuredError as error:
            n_case, n_reference = count_patients(cohorts[name], part)
            why = _too_few(part, n_case, n_reference) or str(error)
            counts = {"n_case": n_case, "n_reference": n_reference, "reason": why}
            rows += [{**blank, "stratum": stratum, **counts} for stratum in part.strata]
            continue
        for experiment, chosen in _experiments(samples):
            label = f"{name}: {experiment}" if experiment else name
            for stratum in part.strata:
                row = {**blank, "cohort": label, "stratum": stratum}
                row.update(_test(part, in_stratum(chosen, stratum), n_draws=n_draws, seed=seed))
                rows.append(row)
    return pd.DataFrame(rows, columns=list(EFFECT_COLUMNS))


def _blank(claim_id: str, part: Part, cohort: str) -> dict[str, Any]:
    return {
        "claim": claim_id,
        "part": part.id,
        "label": part.label,
        "cohort": cohort,
        "cell_type": " + ".join(part.cell_types),
        "stratum": "all",
        "scale": SCALES[part.test],
        "n_reference": 0,
        "n_case": 0,
        "n_samples": 0,
        **dict.fromkeys(_NUMBERS, float("nan")),
        "mean_day": float("nan"),
        "interval": "",
        "reason": "",
    }


def _experiments(samples: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """Divide a cohort into its experiments; those without a case are no test."""
    for name, chosen in samples.groupby("experiment", sort=True):
        if chosen["case"].any():
            yield str(name), chosen


def _test(part: Part, samples: pd.DataFrame, *, n_draws: int, seed: int) -> dict[str, Any]:
    patients = by_patient(samples)
    case = patients["case"].to_numpy(dtype=bool)
    n_case, n_reference = int(case.sum()), int((~case).sum())
    days = samples.loc[~samples["healthy"], "day"]
    row: dict[str, Any] = {
        "n_case": n_case,
        "n_reference": n_reference,
        "n_samples": len(samples),
        "mean_day": float(days.mean()) if days.notna().any() else float("nan"),
    }
    row["reason"] = _too_few(part, n_case, n_reference)
    if row["reason"]:
        return row
    row.update(_told(_effect(part, samples, patients, case, n_draws=n_draws, seed=seed)))
    return row


def _effect(
    part: Part,
    samples: pd.DataFrame,
    patients: pd.DataFrame,
    case: np.ndarray,
    *,
    n_draws: int,
    seed: int,
) -> dict[str, Any]:
    """Run the test of a part's kind; a ``reason`` where it has no figure."""
    if part.test in ("difference", "no difference"):
        return kinds.difference(patients, case, n_draws=n_draws, seed=seed)
    if part.test == "level":
        return kinds.level(patients.loc[case, "value"].to_numpy(), part.limit)
    if part.test == "coexistence":
        return kinds.coexistence(patients, case, n_draws=n_draws, seed=seed)
    compared = patients[case] if part.test == "correlation" else samples
    names = ("value", "second") if part.test == "correlation" else ("value",)
    if not all(kinds.varies(compared[name].to_numpy(float)) for name in names):
        return {"reason": kinds.SAME}
    if part.test in ("interaction", "trend", "adjusted difference"):
        return kinds.slope(samples, part.test)
    if part.test == "correlation":
        return kinds.correlation(compared)
    if part.test == "heterogeneity":
        return kinds.heterogeneity(samples, n_draws=n_draws, seed=seed)
    return kinds.heterogeneity_of_means(patients, case, n_draws=n_draws, seed=seed)


def _told(found: dict[str, Any]) -> dict[str, Any]:
    """Return a figure that can be pooled, else the reason why there is none."""
    if "reason" in found:
        return found
    if not np.isfinite(found["effect"]):
        return {"reason": "no effect can be told from these values"}
    if not (np.isfinite(found["variance"]) and found["variance"] > 0):
        return {"reason": "how sure the effect is cannot be told: it has no sampling variance"}
    return found


def _too_few(part: Part, n_case: int, n_reference: int) -> str:
    """Say that patients are too few, with the counts; "" where they are enough."""
    least = kinds.MIN_CORRELATION if part.test == "correlation" else MIN_PATIENTS
    if part.test in ("level", "correlation"):
        return "" if n_case >= least else f"{n_case} {part.contrast.case}, fewer than {least}"
    if min(n_case, n_reference) >= least:
        return ""
    counts = f"{n_case} {part.contrast.case} and {n_reference} {part.contrast.reference}"
    return f"{counts}, fewer than {least} on a side"
