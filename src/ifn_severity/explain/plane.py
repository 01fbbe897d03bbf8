"""Where samples stand on the interferon × inflammation plane, and where low ends."""

from __future__ import annotations

import numpy as np
import pandas as pd

INTERFERON_SCORE, INFLAMMATION_SCORE = "score:Rice2013_IFN6", "score:HALLMARK_TNFA_NFKB"
QUADRANTS = {
    (False, False): "low interferon, low inflammation",
    (True, False): "interferon only",
    (False, True): "inflammation only",
    (True, True): "both",
}
FEWEST = 5
"""Fewest healthy people, or mild samples, that a cutpoint rests on."""


def cutpoints(scores: pd.DataFrame, obs: pd.DataFrame, healthy: pd.DataFrame) -> pd.DataFrame:
    """Choose where low ends, cohort by cohort.

    The mean plus two standard deviations of the cohort's healthy people, as the six-gene score
    was defined (Rice 2013, doi:10.1016/S1474-4422(13)70258-8); without five of them the median
    of its mild samples; without five of these the median of all its samples. Cutpoints are of
    one cohort: what is low in PBMC need not be low in whole blood.

    Parameters
    ----------
    scores : DataFrame of shape (n_samples, 2)
        ``interferon`` and ``inflammation``.
    obs : DataFrame indexed alike
        With ``cohort`` and ``severe``.
    healthy : DataFrame
        ``interferon``, ``inflammation`` and ``cohort`` of healthy people; may be empty.

    Returns
    -------
    DataFrame indexed by cohort
        ``interferon``, ``inflammation`` and ``basis``.
    """
    rows = {}
    for cohort in dict.fromkeys(obs["cohort"].astype(str)):
        here = (obs["cohort"] == cohort).to_numpy()
        columns = ["interferon", "inflammation"]
        own = healthy[healthy["cohort"] == cohort][columns] if len(healthy) else healthy
        mild = scores[here & (obs["severe"] == 0).to_numpy()]
        if len(own) >= FEWEST:
            cut = own.mean() + 2.0 * own.std(ddof=1)
            basis = f"mean + 2 standard deviations of {len(own)} healthy people of this cohort"
        elif len(mild) >= FEWEST:
            cut, basis = mild.median(), f"median of {len(mild)} mild samples of this cohort"
        else:
            cut, basis = scores[here].median(), f"median of {int(here.sum())} samples"
        rows[cohort] = {**{c: float(cut[c]) for c in columns}, "basis": basis}
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("cohort")


def place(
    scores: pd.DataFrame,
    obs: pd.DataFrame,
    cuts: pd.DataFrame,
    margin: np.ndarray,
    interferon_net: np.ndarray,
) -> pd.DataFrame:
    """Return each sample's place and quadrant.

    Parameters
    ----------
    scores : DataFrame of shape (n_samples, 2)
    obs : DataFrame indexed alike
    cuts : DataFrame indexed by cohort
        From ``cutpoints``.
    margin, interferon_net : ndarray of shape (n_samples,)
        Log-odds, and what interferon genes bring to it.

    Returns
    -------
    DataFrame indexed by sample
        As ``Explained.plane``.
    """
    cohort = obs["cohort"].astype(str)
    high = [
        (scores[column] > cohort.map(cuts[column]).astype(float)).to_numpy()
        for column in ("interferon", "inflammation")
    ]
    return pd.DataFrame(
        {
            "cohort": cohort,
            "severity": obs["severity"].astype(str),
            "severe": obs["severe"].astype(float),
            "days_since_onset": obs["days_since_onset"].astype(float),
            "interferon": scores["interferon"],
            "inflammation": scores["inflammation"],
            "quadrant": [
                QUADRANTS[bool(first), bool(second)] for first, second in zip(*high, strict=True)
            ],
            "margin": margin,
            "interferon_net": interferon_net,
        },
        index=scores.index,
    )
