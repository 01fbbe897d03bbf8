"""From cohort names to the features, labels and patients that models are fitted on."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ifn_severity.cohorts import get_card, load_cohort
from ifn_severity.cohorts.card import PROTEINS, CohortCard
from ifn_severity.errors import CohortError, FeatureError, LabelError
from ifn_severity.features import (
    FEATURE_SETS,
    PROTEIN_SET,
    InterferonFeatures,
    feature_definition,
    protein_features,
    reference_genes,
)
from ifn_severity.workflows.overlap import refuse_same_series, repeats_of

_USED = {"train": "trained on", "validate": "validated on"}
_MEASURED = 0.5
"""Least share of a cohort's analytes that a sample of plasma must have."""


@dataclass(frozen=True, eq=False)
class Dataset:
    """Graded samples of one or more cohorts.

    Attributes
    ----------
    name : str
        The cohorts' names, joined by ``+``.
    features : DataFrame of shape (n_samples, n_features)
        Every feature of the set ``all``, or those of ``proteins`` that every cohort measured;
        indexed by ``cohort:sample``.
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

    @property
    def proteins(self) -> bool:
        """Whether plasma proteins were measured, and not transcripts."""
        return any(fact["kind"] == PROTEINS for fact in self.facts)

    def columns(self, feature_set: str) -> pd.DataFrame:
        """Return the features of one named set, in the order of its definition."""
        names = feature_definition(feature_set).features.index
        if feature_set == PROTEIN_SET:
            names = names[names.isin(self.features.columns)]
        return self.features[names]


def cohort_features(
    adata: Any, feature_set: str = "all", *, references: Sequence[str] | None = None
) -> pd.DataFrame:
    """Compute features of a harmonised cohort.

    Parameters
    ----------
    adata : AnnData
        A cohort as ``load_cohort`` gives it.
    feature_set : str
        Of transcripts; plasma proteins have the one set ``proteins``.
    references : sequence of str, optional
        Reference genes to measure samples against; all eleven when left out.

    Returns
    -------
    DataFrame of shape (n_samples, n_features)
    """
    if adata.uns["cohort"]["kind"] == PROTEINS:
        return protein_features(adata.to_df())
    values = adata.to_df()
    transformer = InterferonFeatures(feature_set)
    return transformer.set_output(transform="pandas").fit_transform(
        against_references(values, references)
    )


def against_references(
    expression: pd.DataFrame, references: Sequence[str] | None = None
) -> pd.DataFrame:
    """Leave out the reference genes that samples are not to be measured against.

    Parameters
    ----------
    expression : DataFrame of shape (n_samples, n_genes)
    references : sequence of str, optional
        Reference genes to keep; all eleven when left out.
    """
    if references is None:
        return expression
    others = [gene for gene in reference_genes() if gene not in references]
    return expression.drop(columns=others, errors="ignore")


def load_dataset(
    names: Sequence[str],
    *,
    use: str = "train",
    references: Sequence[str] | None = None,
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
    references : sequence of str, optional
        Reference genes to measure samples against; all eleven when left out.
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
        If a cohort is unknown, named twice, or not for this use, some measured transcripts
        and some plasma proteins, or one measurement is in two cohorts or under two patients.
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
    _refuse_mixture(cards)
    for card in cards:
        if use not in card.uses:
            raise CohortError(
                f"{card.name} is there to {' and to '.join(card.uses)} only",
                expected=f"a cohort that can be {_USED[use]}, its samples graded mild or severe",
                do="see ifn-severity cohorts for the cohorts that can be used",
            )
    refuse_same_series(cards)
    tables, frames, facts = [], [], []
    for card in cards:
        adata = load_cohort(card.name, progress=progress)
        look(card.name, adata)
        usable = adata.obs["severe"].notna().to_numpy()
        if card.kind == PROTEINS:
            # other samples of the cohort were not sent to the assay
            usable &= np.isfinite(adata.X).mean(axis=1) >= _MEASURED
        graded = adata[usable]
        obs = graded.obs.copy()
        with warnings.catch_warnings(record=True) as heard:
            warnings.simplefilter("always", UserWarning)
            features = cohort_features(graded, references=references)
        for warning in heard:
            warnings.warn(f"{card.name}: {warning.message}", warning.category, stacklevel=2)
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
    # analytes that one platform lacks would tell the cohorts apart; transcripts have every column
    shared = pd.concat(tables, join="inner")
    if shared.shape[1] == 0:
        raise CohortError(
            f"{' and '.join(names)} have no analyte in common",
            expected="cohorts that measured some of the same proteins",
            do="use each by itself",
        )
    for said in repeats_of(shared, obs):
        warnings.warn(said, UserWarning, stacklevel=2)
    return Dataset("+".join(names), shared, obs, facts)


def feature_sets_for(names: Sequence[str], asked: Sequence[str] = ()) -> tuple[str, ...]:
    """Return the feature sets to compare on cohorts: those asked for, or all that fit.

    Parameters
    ----------
    names : sequence of str
        Cohorts.
    asked : sequence of str
        Feature sets; empty for all that fit what the cohorts measured.

    Returns
    -------
    tuple of str
        Each once.

    Raises
    ------
    FeatureError
        If a set is unknown, or of what these cohorts did not measure.
    CohortError
        If a cohort is unknown, or some measured transcripts and some plasma proteins.

    Examples
    --------
    >>> feature_sets_for(["breda-olink"])
    ('proteins',)
    """
    for feature_set in asked:
        feature_definition(feature_set)
    cards = [get_card(name) for name in names]
    _refuse_mixture(cards)
    proteins = any(card.kind == PROTEINS for card in cards)
    fit = (PROTEIN_SET,) if proteins else tuple(FEATURE_SETS)
    if wrong := [one for one in asked if one not in fit]:
        raise FeatureError(
            f"the feature set {wrong[0]!r} for {', '.join(names)}, which measured "
            f"{'plasma proteins' if proteins else 'transcripts'}",
            expected=f"one of {', '.join(fit)}",
            do="leave --features out, or name cohorts that the set fits",
        )
    return tuple(dict.fromkeys(asked)) or fit


def _refuse_mixture(cards: Sequence[CohortCard]) -> None:
    """Refuse cohorts of plasma proteins beside cohorts of transcripts."""
    proteins = [card.name for card in cards if card.kind == PROTEINS]
    others = [card.name for card in cards if card.kind != PROTEINS]
    if proteins and others:
        raise CohortError(
            f"{', '.join(proteins)} measured plasma proteins, {', '.join(others)} transcripts",
            expected="cohorts that measured the same kind of thing",
            do="use the two kinds apart: no feature of one can be computed on the other",
        )
