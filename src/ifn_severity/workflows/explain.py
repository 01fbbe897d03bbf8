"""Explain: what carries a saved model's decision, its report, tables and MLflow run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ifn_severity.bundle import SeverityModel, load_model
from ifn_severity.classify import MODELS
from ifn_severity.cohorts import get_card
from ifn_severity.errors import CohortError
from ifn_severity.explain.result import Explained
from ifn_severity.features import load_catalogue
from ifn_severity.paths import reports_dir
from ifn_severity.progress import Bar, no_bar
from ifn_severity.report.explanation import ExplanationReport
from ifn_severity.report.explanation_page import write_explanation_report
from ifn_severity.report.explanation_tables import write_explanation_tables
from ifn_severity.workflows import tracking
from ifn_severity.workflows.dataset import Dataset
from ifn_severity.workflows.explanation.load import Loaded, load
from ifn_severity.workflows.explanation.run import (
    PANELS,
    REFITS,
    explain_loaded,
)
from ifn_severity.workflows.explanation.steps import check_request
from ifn_severity.workflows.explanation.tables import panel_table
from ifn_severity.workflows.gene_evidence import blood_gene_evidence


@dataclass(frozen=True, eq=False)
class ExplainResult:
    """What an explanation leaves behind.

    Attributes
    ----------
    report : Path
        The self-contained HTML.
    tables : Path
        Folder of the csv tables.
    explained : Explained
        Everything that was found out.
    """

    report: Path
    tables: Path
    explained: Explained


def explain(
    model_name: str,
    cohorts: Sequence[str] = (),
    *,
    output: Path | None = None,
    patients: Sequence[str] = (),
    figure_files: bool = False,
    refits: int = REFITS,
    panels: int = PANELS,
    seed: int = 0,
    n_jobs: int = -1,
    review: Mapping[str, str] | None = None,
    bar: Bar = no_bar,
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
    refits : int
        Bootstrap draws of patients with refits, for intervals and stability; 0 for none.
    panels : int
        Panels of random genes that the model's panel is compared with; 0 for none.
    seed, n_jobs : int
    review : mapping of str to str, optional
        The review's evidence on a gene, one sentence each; that of the published blood cohorts
        on disk when left out, of none for simulated patients.
    bar : callable
        Gives a progress bar for a title and a number of steps.

    Returns
    -------
    ExplainResult

    Raises
    ------
    IfnSeverityError
        If the model or a cohort is unknown, a sample is not there, or nothing can be written.
    """
    model = load_model(model_name)
    check_request(model, refits=refits, panels=panels, n_jobs=n_jobs)
    # the report on other cohorts than the model's own does not replace that on its own
    where = f"{model.name}-on-{'+'.join(cohorts)}" if cohorts else model.name
    target = output or reports_dir() / f"{where}.html"
    tables = target.with_suffix("")
    mlflow = tracking.open_store("explain")
    loaded = load(model, cohorts, progress=bar is not no_bar)
    explained = explain_loaded(
        model,
        loaded,
        refits=refits,
        panels=panels,
        seed=seed,
        n_jobs=n_jobs,
        patients=patients,
        review=_review(loaded, model.references) if review is None else review,
        bar=bar,
    )
    report = ExplanationReport(
        explained,
        facts=_facts(model, loaded.dataset, loaded.explained),
        metrics=_metrics(model),
        versions=dict(model.manifest.versions),
        citations=_citations(model, loaded.explained),
        limits=_limits(explained, model),
        tables_folder=tables.name,
    )
    tags = {
        "model": model.name,
        "cohort": explained.features.cohort,
        "feature_set": model.feature_set,
        "simulated": str(explained.features.simulated).lower(),
        "held_out": str(explained.features.held_out).lower(),
        **tracking.version_tags(),
    }
    title = f"explain {model.name} on {explained.features.cohort}"
    with tracking.run(mlflow, title, tags=tags):
        figures = tables / "figures" if figure_files else None
        write_explanation_report(target, report, figures_folder=figures)
        write_explanation_tables(tables, report)
        mlflow.log_params({"refits": refits, "panels": panels, "seed": seed})
        mlflow.log_metrics(_numbers(explained))
        mlflow.log_artifact(str(target))
        mlflow.log_artifacts(str(tables), "tables")
    return ExplainResult(target, tables, explained)


def _review(loaded: Loaded, references: Sequence[str]) -> dict[str, str]:
    """Say of each interferon gene in how many blood cohorts it is higher in severe disease."""
    if loaded.dataset.simulated:
        return {}
    panel = panel_table(loaded.samples)
    genes = panel.index[panel["interferon"]].astype(str)
    found = blood_gene_evidence(genes, references=references)
    told = found.loc[found["n_cohorts"] > 0, "sentence"]
    return dict(zip(told.index.astype(str), told.astype(str), strict=True))


def _numbers(explained: Explained) -> dict[str, float]:
    """Return what is worth comparing between runs; what is not known is left out."""
    answer, steady = explained.answer, explained.stability
    numbers = {
        "additivity_error": explained.gene_level.error,
        "interferon_share": answer.share,
        "interferon_share_low": answer.share_low,
        "interferon_share_high": answer.share_high,
        "auroc_with_interferon": answer.auroc_with,
        "auroc_without_interferon": answer.auroc_without,
        "auroc_difference": answer.difference,
        "auroc_difference_low": answer.difference_low,
        "auroc_difference_high": answer.difference_high,
        "random_panel_p95": answer.random.p95,
        "random_panel_p_value": answer.random.p_value,
        "split_half_spearman": steady.split_half,
    }
    numbers |= {
        f"share_{family.replace(' ', '_')}": float(share)
        for family, share in zip(
            explained.families.index.astype(str),
            explained.families["share"].to_numpy(dtype=float),
            strict=True,
        )
    }
    return {name: float(value) for name, value in numbers.items() if value == value}


def _facts(
    model: SeverityModel, dataset: Dataset, names: Sequence[str]
) -> dict[str, str | Sequence[str]]:
    cohorts = []
    for fact in dataset.facts:
        if str(fact["name"]) not in names:
            continue
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
    groups = set(model.definition.features["group"])
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


def _limits(explained: Explained, model: SeverityModel) -> list[str]:
    limits = [
        "The type I interferon signal has no fixed sign: it falls with the day since onset, and "
        "severe patients show more or less of it depending on when they were sampled "
        "(Lee & Shin 2020, doi:10.1038/s41577-020-00429-3).",
    ]
    days = explained.features.obs["days_since_onset"]
    if not days.notna().any():
        limits.append(
            f"{explained.features.cohort} does not record the day since onset, so early and late "
            "patients cannot be told apart here."
        )
    if len({str(fact["name"]) for fact in model.manifest.cohorts}) == 1:
        limits.append(
            "The model was trained on one cohort: what it learned may be that cohort's way of "
            "sampling as much as the disease."
        )
    if explained.answer.genes_chosen:
        limits.append(
            "The genes of this panel were chosen with every training cohort, those explained here "
            "among them, which flatters its held-out figures on this page; MODEL_CARD.md has the "
            "figures with the choice made inside."
        )
    return limits
