"""From cohort names to the features, labels and patients that models are fitted on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ifn_severity.cohorts import get_card, load_cohort
from ifn_severity.cohorts.card import GEO_READER, CohortCard
from ifn_severity.errors import CohortError, LabelError
from ifn_severity.features import MIN_REFERENCE_GENES, InterferonFeatures, feature_definition

_USED = {"train": "trained on", "validate": "validated on"}


@dataclass(frozen=True, eq=False)
class Dataset:
    """Graded samples of one or more cohorts.

    Attributes
    ----------
    name : str
        The cohorts' names, joined by ``+``.
    features : DataFrame of shape (n_samples, n_features)
        Every feature of the set ``all``, indexed by ``cohort:sample``.
    obs : DataFrame indexed alike
        The typed sample columns, with ``cohort`` and a ``patient`` unique over cohorts.
    facts : list of dict
        ``uns["cohort"]`` of each cohort, with its numbers of samples, patients and classes.
    """

    name: str
    features: pd.DataFrame
    obs: pd.DataFrame
    facts: list[dict[str, Any]]

    @property
    def y(self) -> np.ndarray:
        """1 for severe, 0 for mild or moderate, shape (n_samples,)."""
        return self.obs["severe"].to_numpy(dtype=int)

    @property
    def patients(self) -> np.ndarray:
        """Patient of each sample, shape (n_samples,)."""
        return self.obs["patient"].to_numpy(dtype=str)

    @property
    def simulated(self) -> bool:
        """Whether any sample is simulated."""
        return any(fact["simulated"] for fact in self.facts)

    def columns(self, feature_set: str) -> pd.DataFrame:
        """Return the features of one named set, in the order of its definition."""
        return self.features[feature_definition(feature_set).features.index]


def cohort_features(adata: Any, feature_set: str = "all") -> pd.DataFrame:
    """Compute features of a harmonised cohort.

    Parameters
    ----------
    adata : AnnData
        A cohort as ``load_cohort`` gives it.
    feature_set : str

    Returns
    -------
    DataFrame of shape (n_samples, n_features)
    """
    transformer = InterferonFeatures(
        feature_set, min_coverage=0.5, min_reference=MIN_REFERENCE_GENES
    )
    return transformer.set_output(transform="pandas").fit_transform(adata.to_df())


def load_dataset(
    names: Sequence[str],
    *,
    use: str = "train",
    progress: bool = False,
    look: Callable[[str, Any], None] = lambda name, adata: None,
) -> Dataset:
    """Load cohorts and compute all features of their graded samples.

    Parameters
    ----------
    names : sequence of str
        Cohorts.
    use : {"train", "validate"}
        What the cards must allow.
    progress : bool
        Whether downloads show a bar.
    look : callable
        Gets each cohort's name and whole AnnData, samples without a grade included, in passing.

    Returns
    -------
    Dataset

    Raises
    ------
    CohortError
        If a cohort is unknown, named twice, or not for this use.
    LabelError
        If the samples are all of one class.
    """
    doubled = sorted({name for name in names if list(names).count(name) > 1})
    if doubled:
        raise CohortError(
            f"{', '.join(doubled)} named more than once",
            expected="each cohort once",
            do="name each cohort once: a patient counted twice would leak into the test folds",
        )
    # every name is checked before the first download starts
    cards = [get_card(name) for name in names]
    for card in cards:
        if use not in card.uses:
            raise CohortError(
                f"{card.name} is a cohort to {', '.join(card.uses)}",
                expected=f"a cohort that can be {_USED[use]}, its samples graded mild or severe",
                do="see ifn-severity cohorts for the cohorts that can be used",
            )
    _refuse_same_patients(cards)
    tables, frames, facts = [], [], []
    for card in cards:
        adata = load_cohort(card.name, progress=progress)
        look(card.name, adata)
        graded = adata[adata.obs["severe"].notna().to_numpy()]
        obs = graded.obs.copy()
        features = cohort_features(graded)
        index = pd.Index([f"{card.name}:{sample}" for sample in obs.index], name="sample")
        obs["cohort"] = card.name
        obs["patient"] = [f"{card.name}:{patient}" for patient in obs["patient"]]
        tables.append(features.set_index(index))
        frames.append(obs.set_index(index))
        severe = obs["severe"] == 1
        facts.append(
            {
                **adata.uns["cohort"],
                "n_samples": len(obs),
                "n_patients": int(obs["patient"].nunique()),
                "classes": {"mild": int((~severe).sum()), "severe": int(severe.sum())},
            }
        )
    # a column that a cohort does not know has no type of its own to bring
    obs = pd.concat([frame.dropna(axis=1, how="all") for frame in frames])
    obs = obs.reindex(columns=list(dict.fromkeys(name for frame in frames for name in frame)))
    if obs["severe"].nunique() < 2:
        raise LabelError(
            f"all {len(obs)} graded samples of {', '.join(names)} are of one class",
            expected="samples of both classes, mild or moderate and severe or critical",
            do="add a cohort that has the other class",
        )
    return Dataset("+".join(names), pd.concat(tables), obs, facts)


def _refuse_same_patients(cards: Sequence[CohortCard]) -> None:
    """Refuse a published cohort beside a user's own copy of the same series."""
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
