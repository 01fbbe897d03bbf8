"""Effects of cohorts pooled, and p-values adjusted over the claims of a run."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy.special import logit
from scipy.stats import chi2, false_discovery_control, norm, t

from ifn_severity.evaluate import RandomEffects, pool_aurocs, random_effects
from ifn_severity.evidence.claim import Part
from ifn_severity.evidence.result import POOLED_COLUMNS

RANDOM = "random effects (REML, Hartung–Knapp)"
FIXED = "fixed effects (two cohorts)"
ONE = "one cohort"
_NAN = float("nan")


def pool_part(part: Part, effects: pd.DataFrame) -> pd.DataFrame:
    """Pool the effects of one part, stratum by stratum.

    From three cohorts on: random effects. With two, the weighted mean of these two (fixed effects,
    in the plural: Rice 2018, doi:10.1111/rssa.12275), since of a population of cohorts two say
    next to nothing. With one, its own interval. Correlations are pooled as Fisher's z.

    Parameters
    ----------
    part : Part
    effects : DataFrame
        Its rows; see :data:`ifn_severity.evidence.result.EFFECT_COLUMNS`.

    Returns
    -------
    DataFrame
        Columns :data:`ifn_severity.evidence.result.POOLED_COLUMNS`; ``p_adjusted`` is NaN. No row
        for a stratum in which nothing was tested.
    """
    rows = []
    for stratum in part.strata:
        here = effects[(effects["stratum"] == stratum) & effects["effect"].notna()]
        if len(here):
            rows.append(
                {
                    "claim": here["claim"].iloc[0],
                    "part": part.id,
                    "label": part.label,
                    "stratum": stratum,
                    "scale": here["scale"].iloc[0],
                    "n_cohorts": len(here),
                    "n_reference": int(here["n_reference"].sum()),
                    "n_case": int(here["n_case"].sum()),
                    **_pooled(here, correlation=part.test == "correlation"),
                    **_auroc(here),
                    "p_adjusted": _NAN,
                    "decides": part.decides,
                }
            )
    return pd.DataFrame(rows, columns=list(POOLED_COLUMNS))


def _pooled(here: pd.DataFrame, *, correlation: bool) -> dict[str, Any]:
    effects, variances = here["effect"].to_numpy(float), here["variance"].to_numpy(float)
    if correlation:
        effects = np.arctanh(np.clip(effects, -0.999999, 0.999999))
    k = len(effects)
    found = random_effects(effects, variances)
    if k == 1:
        row = here.iloc[0]
        return {
            **{name: float(row[name]) for name in ("effect", "low", "high", "p")},
            "method": ONE,
            **dict.fromkeys(
                ("random_low", "random_high", "prediction_low", "prediction_high"), _NAN
            ),
            **dict.fromkeys(("tau2", "i_squared", "heterogeneity_q", "heterogeneity_p"), _NAN),
        }
    mean, low, high, p, method = judged(effects, variances, found)
    values = {
        "effect": mean,
        "low": low,
        "high": high,
        "random_low": found.low,
        "random_high": found.high,
        "prediction_low": found.prediction_low,
        "prediction_high": found.prediction_high,
    }
    if correlation:
        values = {name: float(np.tanh(value)) for name, value in values.items()}
    return {
        **values,
        "method": method,
        "p": p,
        "tau2": found.tau2,
        "i_squared": found.i_squared,
        "heterogeneity_q": found.q,
        "heterogeneity_p": float(chi2.sf(found.q, k - 1)),
    }


def judged(
    effects: np.ndarray, variances: np.ndarray, found: RandomEffects
) -> tuple[float, float, float, float, str]:
    """Return mean, interval and p that a verdict rests on, and the name of the method.

    Parameters
    ----------
    effects, variances : ndarray of shape (n_cohorts,)
    found : RandomEffects
        Of the same cohorts.

    Returns
    -------
    mean, low, high, p, method
        Random effects from three cohorts on, else fixed effects.

    Examples
    --------
    >>> effects, variances = np.array([0.0, 1.0]), np.full(2, 0.5)
    >>> mean, low, high, p, method = judged(effects, variances, random_effects(effects, variances))
    >>> round(mean, 2), round(low, 2), round(high, 2), method
    (0.5, -0.48, 1.48, 'fixed effects (two cohorts)')
    """
    k = len(effects)
    if k > 2:
        p = float(2 * t.sf(abs(found.mean) / found.standard_error, k - 1))
        return found.mean, found.low, found.high, p, RANDOM
    weights = 1.0 / variances
    mean = float((weights * effects).sum() / weights.sum())
    error = float(weights.sum() ** -0.5)
    half = float(norm.ppf(0.975)) * error
    return mean, mean - half, mean + half, float(2 * norm.sf(abs(mean) / error)), FIXED


def _auroc(here: pd.DataFrame) -> dict[str, float]:
    """Pool AUROCs on the logit scale."""
    names = ("auroc", "auroc_low", "auroc_high")
    known = here[here["auroc"].notna()]
    if known.empty:
        return dict.fromkeys(names, _NAN)
    if len(known) == 1:
        return {name: float(known[name].iloc[0]) for name in names}
    # an AUROC of 0 or 1 is moved in by half a pair, as where its variance was computed
    edge = 0.5 / (known["n_case"] * known["n_reference"]).to_numpy(float)
    areas = np.clip(known["auroc"].to_numpy(float), edge, 1 - edge)
    pooled = pool_aurocs(logit(areas), known["auroc_variance"].to_numpy(float))
    return {"auroc": pooled.auroc, "auroc_low": pooled.low, "auroc_high": pooled.high}


def adjust(pooled: pd.DataFrame, deciding_strata: dict[tuple[str, str], str]) -> pd.DataFrame:
    """Adjust the p-values of the deciding tests by Benjamini–Hochberg.

    Benjamini & Hochberg 1995 (doi:10.1111/j.2517-6161.1995.tb02031.x).

    Parameters
    ----------
    pooled : DataFrame
        Of all claims of the run, and of no other.
    deciding_strata : dict of (claim, part) to str
        The stratum that each deciding part is judged by.

    Returns
    -------
    DataFrame
        With ``p_adjusted`` in the rows that decide, NaN elsewhere.
    """
    keys = zip(pooled["claim"], pooled["part"], strict=True)
    wanted = pd.Series([deciding_strata.get(key, "") for key in keys], index=pooled.index)
    decides = (pooled["stratum"] == wanted) & pooled["p"].notna()
    out = pooled.copy()
    if decides.any():
        out.loc[decides, "p_adjusted"] = false_discovery_control(pooled.loc[decides, "p"])
    return out


def deciding_tests(pooled: pd.DataFrame) -> str:
    """Say over how many tests the p-values of a run were adjusted.

    Examples
    --------
    >>> deciding_tests(pd.DataFrame({"p_adjusted": [0.04, float("nan"), 0.2]}))
    '2 deciding tests'
    """
    n = int(pooled["p_adjusted"].notna().sum())
    return f"{n} deciding test{'' if n == 1 else 's'}"
