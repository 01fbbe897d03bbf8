"""Load what is explained and what the model was trained on, down to genes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from ifn_severity.bundle import SeverityModel
from ifn_severity.cohorts import load_cohort
from ifn_severity.errors import CohortError, FetchError, LabelError
from ifn_severity.explain.api import panel_levels
from ifn_severity.explain.plane import INFLAMMATION_SCORE, INTERFERON_SCORE
from ifn_severity.explain.samples import Samples
from ifn_severity.features.reference import reference_levels
from ifn_severity.workflows.dataset import (
    Dataset,
    against_references,
    cohort_features,
    load_dataset,
)
from ifn_severity.workflows.validation.controls import GenePool


@dataclass(frozen=True, eq=False)
class Loaded:
    """Everything an explanation rests on.

    Attributes
    ----------
    dataset : Dataset
        Explained cohorts, then training cohorts that are not explained.
    samples : Samples
        The same rows, the model's features.
    explained : tuple of str
        Cohorts to explain.
    missing : tuple of str
        Training cohorts that cannot be had.
    healthy : DataFrame
        ``interferon``, ``inflammation``, ``cohort`` of healthy people.
    pool : GenePool
        Genes of no list, in the order of the samples.
    """

    dataset: Dataset
    samples: Samples
    explained: tuple[str, ...]
    missing: tuple[str, ...]
    healthy: pd.DataFrame
    pool: GenePool


@dataclass(eq=False)
class _Genes:
    """What is kept of each cohort in passing."""

    panel: tuple[str, ...]
    references: tuple[str, ...]
    levels: dict[str, np.ndarray] = field(default_factory=dict)
    unlisted: dict[str, pd.DataFrame] = field(default_factory=dict)
    healthy: list[pd.DataFrame] = field(default_factory=list)

    def look(self, name: str, adata: Any) -> None:
        """Keep the levels of graded samples and the scores of healthy people."""
        known = adata[adata.obs["severe"].notna().to_numpy()].to_df().astype(float)
        graded = against_references(known, self.references)
        self.levels[name] = panel_levels(graded, self.panel)
        others = reference_levels(graded)
        listed = set(self.panel)
        kept = [gene for gene in others.columns if gene not in listed]
        self.unlisted[name] = others[kept].astype(np.float32)
        well = adata[(adata.obs["severity"].astype(str) == "healthy").to_numpy()]
        if well.n_obs:
            scores = cohort_features(well, references=self.references)
            self.healthy.append(
                pd.DataFrame(
                    {
                        "interferon": scores[INTERFERON_SCORE],
                        "inflammation": scores[INFLAMMATION_SCORE],
                        "cohort": name,
                    }
                )
            )

    def pool(self, names: Sequence[str]) -> GenePool:
        """Collect the genes of no list that half of the cohorts measure."""
        frames = [self.unlisted[name] for name in names]
        counts = pd.Series([gene for frame in frames for gene in frame.columns]).value_counts()
        genes = sorted(counts.index[counts >= len(frames) / 2].astype(str))
        return GenePool([frame.reindex(columns=genes).to_numpy() for frame in frames], genes)


def _check_explained(dataset: Dataset, explained: Sequence[str]) -> None:
    """Refuse to rank genes on one sample, or on one class."""
    severe = dataset.obs[dataset.obs["cohort"].isin(list(explained))]["severe"]
    if severe.nunique() < 2:
        raise LabelError(
            f"all {len(severe)} graded samples of {', '.join(explained)} are of one class",
            expected="samples of both classes to explain a model on",
            do="name a further cohort; for single patients there are predict and --patient",
        )


def load(model: SeverityModel, cohorts: Sequence[str], *, progress: bool = False) -> Loaded:
    """Load the cohorts to explain, and the model's training cohorts where they can be had.

    Parameters
    ----------
    model : SeverityModel
    cohorts : sequence of str
        Cohorts to explain; those the model was trained on when empty.
    progress : bool
        Whether downloads show a bar.

    Returns
    -------
    Loaded

    Raises
    ------
    IfnSeverityError
        If a cohort to explain is unknown, not graded, or shares too few genes with the panel.
    """
    trained_on = [str(cohort["name"]) for cohort in model.manifest.cohorts]
    explained = list(cohorts) or trained_on
    definition = model.definition
    genes = _Genes(definition.panel, model.references)
    there, missing = [], []
    for name in trained_on:
        if name in explained:
            continue
        try:
            # a model travels, and the cohorts of whoever trained it need not
            load_cohort(name, progress=progress)
            there.append(name)
        except (CohortError, FetchError):
            missing.append(name)
    dataset = load_dataset(
        [*explained, *there],
        use="validate",
        references=model.references,
        progress=progress,
        look=genes.look,
    )
    _check_explained(dataset, explained)
    names = [str(fact["name"]) for fact in dataset.facts]
    samples = Samples(
        definition,
        dataset.columns(model.feature_set)[list(model.manifest.columns)],
        np.vstack([genes.levels[name] for name in names]),
        dataset.obs,
    )
    samples.check()
    nobody = pd.DataFrame(columns=["interferon", "inflammation", "cohort"])
    healthy = pd.concat(genes.healthy) if genes.healthy else nobody
    return Loaded(dataset, samples, tuple(explained), tuple(missing), healthy, genes.pool(names))
