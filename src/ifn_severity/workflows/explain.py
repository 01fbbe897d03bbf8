"""Explain: attributions of a saved model on cohorts, its report, tables and MLflow run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from ifn_severity.bundle import SeverityModel, load_model
from ifn_severity.classify import MODELS
from ifn_severity.cohorts import get_card
from ifn_severity.errors import CohortError, ModelError
from ifn_severity.explain import Attributions, attribute
from ifn_severity.explain.summaries import (
    ChosenPatient,
    choose_patients,
    feature_ranking,
    group_shares,
    interferon_genes,
    sample_position,
)
from ifn_severity.features import feature_definition, load_catalogue
from ifn_severity.paths import reports_dir
from ifn_severity.report.explanation import ExplanationReport
from ifn_severity.report.html import write_explanation_report
from ifn_severity.report.tables import write_tables
from ifn_severity.workflows import tracking
from ifn_severity.workflows.dataset import Dataset, load_dataset


@dataclass(frozen=True, eq=False)
class ExplainResult:
    """What an explanation leaves behind.

    Attributes
    ----------
    report : Path
        The self-contained HTML.
    tables : Path
        Folder of the csv tables.
    genes : DataFrame
        Interferon genes, leading first.
    shares : DataFrame indexed by group
    summary : tuple of str
    attributions : Attributions
    """

    report: Path
    tables: Path
    genes: pd.DataFrame
    shares: pd.DataFrame
    summary: tuple[str, ...]
    attributions: Attributions


def explain_dataset(model: SeverityModel, dataset: Dataset) -> Attributions:
    """Attribute a saved model's log-odds to features, for every graded sample of a dataset.

    Parameters
    ----------
    model : SeverityModel
    dataset : Dataset

    Returns
    -------
    Attributions

    Raises
    ------
    ModelError
        If attributions do not add up to the log-odds.
    """
    definition = model.definition
    features = dataset.columns(model.feature_set)[model.manifest.columns]
    values, base, margin = attribute(model.classifier, features)
    trained_on = {str(cohort["name"]) for cohort in model.manifest.cohorts}
    seen = trained_on & {str(fact["name"]) for fact in dataset.facts}
    return Attributions(
        model=model.name,
        cohort=dataset.name,
        simulated=dataset.simulated or model.simulated,
        held_out=not seen,
        values=values,
        base=base,
        margin=margin,
        data=features,
        features=definition.features,
        obs=dataset.obs,
    )


def explain(
    model_name: str,
    cohorts: Sequence[str] = (),
    *,
    output: Path | None = None,
    patients: Sequence[str] = (),
    figure_files: bool = False,
) -> ExplainResult:
    """Write the SHAP report of a saved model.

    Parameters
    ----------
    model_name : str
        Name in ``models/`` or a folder.
    cohorts : sequence of str
        What to explain on; the cohorts the model was trained on when empty.
    output : Path, optional
        The HTML; ``reports/MODEL.html`` when left out.
    patients : sequence of str
        Samples to show one by one; four telling ones when empty.
    figure_files : bool
        Whether each figure is written as PNG, SVG and PDF too, for a paper.

    Returns
    -------
    ExplainResult

    Raises
    ------
    IfnSeverityError
        If the model or a cohort is unknown, a sample is not there, or nothing can be written.
    """
    model = load_model(model_name)
    if "interferon" not in set(feature_definition(model.feature_set).features["group"]):
        raise ModelError(
            f"{model.name} has no interferon features: its feature set is {model.feature_set}",
            expected="a model of interferon, interferon+cytokine or all",
            do="train one: ifn-severity train COHORT --features interferon+cytokine",
        )
    names = list(cohorts) or [str(cohort["name"]) for cohort in model.manifest.cohorts]
    # a panel is measured against fewer reference genes, and a cohort may be held out only
    dataset = load_dataset(names, use="validate", references=model.references, progress=True)
    attributions = explain_dataset(model, dataset)
    chosen = _chosen(attributions, patients, model.threshold)
    genes, shares = interferon_genes(attributions), group_shares(attributions)
    target = output or reports_dir() / f"{model.name}.html"
    tables = target.with_suffix("")
    summary = _summary(attributions, genes, shares, model)
    report = ExplanationReport.of(
        attributions,
        summary=summary,
        gene_ranking=genes,
        shares=shares,
        patients=chosen,
        facts=_facts(model, dataset),
        metrics=_metrics(model),
        versions=dict(model.manifest.versions),
        citations=_citations(model, names),
        limits=_limits(attributions, model),
        threshold=model.threshold,
        tables_folder=tables.name,
    )
    mlflow = tracking.open_store("explain")
    tags = {
        "model": model.name,
        "cohort": dataset.name,
        "feature_set": model.feature_set,
        "simulated": str(attributions.simulated).lower(),
        **tracking.version_tags(),
    }
    with tracking.run(mlflow, f"explain {model.name} on {dataset.name}", tags=tags):
        figures = tables / "figures" if figure_files else None
        write_explanation_report(target, report, figures_folder=figures)
        write_tables(tables, report)
        mlflow.log_metric("additivity_error", attributions.error)
        mlflow.log_metrics({f"share_{group}": value for group, value in shares["share"].items()})
        mlflow.log_artifact(str(target))
        mlflow.log_artifacts(str(tables), "tables")
    return ExplainResult(target, tables, genes, shares, summary, attributions)


def _chosen(
    attributions: Attributions, patients: Sequence[str], threshold: float
) -> list[ChosenPatient]:
    if not patients:
        return choose_patients(attributions, threshold=threshold)
    # rows are cohort:sample, and a user who has one cohort types the sample
    full = {name.partition(":")[2]: name for name in attributions.values.index}
    names = [full.get(patient, patient) for patient in patients]
    for name in names:
        sample_position(attributions, name)
    return [ChosenPatient(name, "asked for") for name in names]


def _summary(
    attributions: Attributions, genes: pd.DataFrame, shares: pd.DataFrame, model: SeverityModel
) -> tuple[str, ...]:
    """Answer first: how much interferon carries, which genes, and what that does not show."""
    interferon = shares.loc["interferon"]
    leading = ", ".join(f"{row.gene} ({row.direction})" for row in genes.head(5).itertuples())
    top = feature_ranking(attributions).head(20)
    among = int((top["group"] == "interferon").sum())
    sentences = [
        f"Interferon features carry {interferon['share']:.0%} of this model's decision on "
        f"{attributions.cohort} ({interferon['net_share']:.0%} once features that cancel each "
        "other within a patient are added up); "
        f"{among} of the {len(top)} leading features are interferon.",
        f"Leading interferon genes: {leading}.",
    ]
    metrics = model.manifest.metrics
    if "auroc" in metrics and "auroc_ci" in metrics:
        low, high = metrics["auroc_ci"]
        sentences.append(
            f"The model's held-out AUROC in its training cohorts is {metrics['auroc']:.3f} "
            f"(95 % CI {low:.3f} to {high:.3f}). What a model leans on is not what it needs: "
            "correlated genes stand in for each other, and a share here does not say that "
            "leaving interferon out would cost accuracy."
        )
    if not attributions.held_out:
        sentences.append(
            "These are the patients the model was trained on, so the ranking describes this "
            "model, not how it would rank in new patients."
        )
    return tuple(sentences)


def _facts(model: SeverityModel, dataset: Dataset) -> dict[str, str | Sequence[str]]:
    cohorts = []
    for fact in dataset.facts:
        mild = get_card(str(fact["name"])).severity.mild_means
        cohorts.append(
            f"{fact['name']}: {fact['n_samples']} samples of {fact['n_patients']} patients, "
            f"{fact['classes']['severe']} severe; mild means {mild}"
        )
    return {
        "Kind of model": MODELS[model.manifest.model],
        "Feature set": f"{model.feature_set}, {len(model.manifest.columns)} features",
        "Trained on": ", ".join(str(c["name"]) for c in model.manifest.cohorts),
        "Explained on": cohorts,
        "Labels": model.manifest.labels,
    }


def _metrics(model: SeverityModel) -> dict[str, float | tuple[float, float, float]]:
    metrics = model.manifest.metrics
    shown: dict[str, float | tuple[float, float, float]] = {}
    for key, label in (("auroc", "AUROC"), ("brier", "Brier score")):
        if key in metrics and f"{key}_ci" in metrics:
            shown[label] = (metrics[key], *metrics[f"{key}_ci"])
    for key, label in (
        ("average_precision", "Average precision"),
        ("calibration_slope", "Calibration slope"),
        ("calibration_intercept", "Calibration intercept"),
        ("sensitivity", "Sensitivity at the threshold"),
        ("specificity", "Specificity at the threshold"),
    ):
        if metrics.get(key) is not None:
            shown[label] = float(metrics[key])
    return shown


def _citations(model: SeverityModel, cohorts: Sequence[str]) -> list[str]:
    groups = set(feature_definition(model.feature_set).features["group"])
    lists = {s.citation for s in load_catalogue().values() if s.group in groups}
    cited: list[str] = []
    for name in dict.fromkeys([*(str(c["name"]) for c in model.manifest.cohorts), *cohorts]):
        try:
            card = get_card(name)
        except CohortError:  # the model travels, a user's cohort need not
            continue
        cited.append(card.citation + (f" doi:{card.doi}" if card.doi else ""))
    shap = (
        "Lundberg 2017, arXiv:1705.07874; Lundberg 2020 Nat Mach Intell 2:56 "
        "doi:10.1038/s42256-019-0138-9 (SHAP)"
    )
    return [*cited, shap, *sorted(lists)]


def _limits(attributions: Attributions, model: SeverityModel) -> list[str]:
    limits = [
        "The type I interferon signal has no fixed sign: it falls with the day since onset, and "
        "severe patients show more or less of it depending on when they were sampled "
        "(Lee & Shin 2020, doi:10.1038/s41577-020-00429-3).",
    ]
    days = attributions.obs["days_since_onset"]
    if not days.notna().any():
        limits.append(
            f"{attributions.cohort} does not record the day since onset, so early and late "
            "patients cannot be told apart here."
        )
    if len({str(fact["name"]) for fact in model.manifest.cohorts}) == 1:
        limits.append(
            "The model was trained on one cohort: what it learned may be that cohort's way of "
            "sampling as much as the disease."
        )
    return limits
