"""Whether grades and the WHO scale say the same of a patient."""

from __future__ import annotations

import pandas as pd

from ifn_severity.errors import listed

SEVERE_FROM = 6
"""Least score of severe disease on the WHO clinical progression scale (Marshall 2020,
doi:10.1016/S1473-3099(20)30483-7), which runs from 0 to 10."""


def who_notes(obs: pd.DataFrame) -> list[str]:
    """Say which samples are graded otherwise than their WHO score would be.

    Nothing is changed: a cohort may grade by intensive care, or give the WHO's earlier scale of
    eight points, on which the same number means something else.

    Parameters
    ----------
    obs : DataFrame of shape (n_samples, n_columns)
        With ``severe`` (1 severe or critical, 0 mild or moderate, NaN neither), and perhaps
        ``who_scale`` (points).

    Returns
    -------
    list of str
        One sentence, or none.

    Examples
    --------
    >>> obs = pd.DataFrame({"severe": [1.0, 0.0], "who_scale": [4.0, 5.0]}, index=["P1", "P2"])
    >>> print(*who_notes(obs))
    1 grade does not fit who_scale, on which severe begins at 6: P1 (severe, 4). Grades count as \
given; check that it is the WHO clinical progression scale of 0 to 10.
    """
    if "who_scale" not in obs:
        return []
    score = obs["who_scale"]
    low = (obs["severe"] == 1) & (score < SEVERE_FROM)
    high = (obs["severe"] == 0) & (score > SEVERE_FROM - 1)
    against = obs.index[low | high]
    if against.empty:
        return []
    which = [
        f"{name} ({'severe' if low[name] else 'mild or moderate'}, {score[name]:g})"
        for name in against
    ]
    many = "1 grade does" if len(which) == 1 else f"{len(which)} grades do"
    return [
        f"{many} not fit who_scale, on which severe begins at {SEVERE_FROM}: {listed(which)}. "
        "Grades count as given; check that it is the WHO clinical progression scale of 0 to 10."
    ]
