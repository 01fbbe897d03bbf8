"""No patient twice: by what cohorts say they are, and by what was measured."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from ifn_severity.cohorts.card import GEO_READER, CohortCard
from ifn_severity.cohorts.copies import check_copies
from ifn_severity.errors import CohortError


def refuse_same_series(cards: Sequence[CohortCard]) -> None:
    """Refuse a published cohort beside a user's own copy of the same series.

    Parameters
    ----------
    cards : sequence of CohortCard
        Cohorts to use together.

    Raises
    ------
    CohortError
        If two have one accession, and a user added one of them.
    """
    for i, first in enumerate(cards):
        for second in cards[:i]:
            same = first.accession and first.accession == second.accession
            # the two cohorts of one study are two cards of the package, of different patients
            if same and GEO_READER in (first.reader, second.reader):
                raise CohortError(
                    f"{second.name} and {first.name} are both {first.accession}",
                    expected="no patient in two cohorts",
                    do=f"leave {first.name} or {second.name} out",
                )


def repeats_of(features: pd.DataFrame, obs: pd.DataFrame) -> list[str]:
    """Refuse samples that are copies: names say nothing, levels against the reference do.

    Parameters
    ----------
    features : DataFrame of shape (n_samples, n_features)
        Features of all cohorts, indexed by ``cohort:sample``.
    obs : DataFrame indexed alike
        With ``cohort`` and ``patient``, the latter as ``cohort:patient``.

    Returns
    -------
    list of str
        What to say of samples of one patient that are copies.

    Raises
    ------
    CohortError
        If one measurement is in two cohorts, or under two patients.
    """
    levels = features[[name for name in features if not str(name).startswith("score:")]]
    cohorts = [str(cohort) for cohort in obs["cohort"]]

    def plain(names: Sequence[str]) -> list[str]:
        return [name.removeprefix(f"{own}:") for name, own in zip(names, cohorts, strict=True)]

    return check_copies(
        levels.to_numpy(), plain(list(obs.index)), plain(list(obs["patient"])), cohorts
    )
