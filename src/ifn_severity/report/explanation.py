"""All that the explanation report says, before it is laid out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from ifn_severity.explain.attributions import Attributions
from ifn_severity.explain.summaries import (
    ChosenPatient,
    choose_patients,
    group_shares,
    interferon_genes,
)
from ifn_severity.report.blocks import Section

Fact = str | Sequence[str]
Estimate = float | tuple[float, float, float]


@dataclass(frozen=True)
class ExplanationReport:
    """What one report says about one model on one cohort.

    Attributes
    ----------
    attributions : Attributions
        What is explained; it also says whether data are simulated and rows held out.
    summary : tuple of str
        Sentences that answer the question, the most important first.
    gene_ranking : DataFrame
        Interferon genes, leading first: ``gene``, ``mean_abs_shap`` (log-odds), ``direction`` (in
        words), ``spearman`` and, where known, ``univariate_auroc``. All columns go to the CSV.
    group_shares : DataFrame indexed by group
        As :func:`ifn_severity.explain.summaries.group_shares` returns it.
    patients : tuple of ChosenPatient
        Patients to show in full; at most four are drawn.
    facts : mapping of str to str or sequence of str
        Who and what, in the order to be shown: cohorts, feature set, kind of model, ...
    metrics : mapping of str to float or (value, low, high)
        Held-out performance, with 95 % intervals where there are any.
    versions : mapping of str to str
        Libraries and their versions.
    citations : tuple of str
        Papers behind cohorts, gene lists and methods.
    limits : tuple of str
        Limits of this model and cohort, beside those that hold for every explanation.
    threshold : float
        Probability from which a patient is called severe.
    tables_folder : str
        Where the CSV tables lie, as a reader of the report should be told.
    sections : tuple of Section
        Further sections, shown before the methods.
    """

    attributions: Attributions
    summary: tuple[str, ...]
    gene_ranking: pd.DataFrame
    group_shares: pd.DataFrame
    patients: tuple[ChosenPatient, ...]
    facts: Mapping[str, Fact] = field(default_factory=dict)
    metrics: Mapping[str, Estimate] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    citations: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()
    threshold: float = 0.5
    tables_folder: str = ""
    sections: tuple[Section, ...] = ()

    @classmethod
    def of(
        cls,
        attributions: Attributions,
        *,
        summary: Sequence[str],
        gene_ranking: pd.DataFrame | None = None,
        shares: pd.DataFrame | None = None,
        patients: Sequence[ChosenPatient] | None = None,
        facts: Mapping[str, Fact] | None = None,
        metrics: Mapping[str, Estimate] | None = None,
        versions: Mapping[str, str] | None = None,
        citations: Sequence[str] = (),
        limits: Sequence[str] = (),
        threshold: float = 0.5,
        tables_folder: str = "",
        sections: Sequence[Section] = (),
    ) -> ExplanationReport:
        """Fill in from the attributions whatever is not given."""
        return cls(
            attributions=attributions,
            summary=tuple(summary),
            gene_ranking=interferon_genes(attributions) if gene_ranking is None else gene_ranking,
            group_shares=group_shares(attributions) if shares is None else shares,
            patients=tuple(
                choose_patients(attributions, threshold=threshold) if patients is None else patients
            ),
            facts=dict(facts or {}),
            metrics=dict(metrics or {}),
            versions=dict(versions or {}),
            citations=tuple(citations),
            limits=tuple(limits),
            threshold=threshold,
            tables_folder=tables_folder,
            sections=tuple(sections),
        )
