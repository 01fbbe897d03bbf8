"""Train the released models of ``released.toml``, with their evidence."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from ifn_severity.bundle import load_model, save_bundle
from ifn_severity.bundle.contents import MANIFEST, MAX_MANIFEST, read_file
from ifn_severity.classify import SeverityClassifier
from ifn_severity.classify.transfer import usable_cohorts
from ifn_severity.errors import ModelError
from ifn_severity.paths import models_dir
from ifn_severity.progress import Bar, no_bar
from ifn_severity.workflows import registry, tracking
from ifn_severity.workflows.dataset import Dataset, load_dataset
from ifn_severity.workflows.designs import Design, Release, released
from ifn_severity.workflows.evidence import Evidence, leave_one_cohort_out, with_meanings
from ifn_severity.workflows.training_log import LABEL, run_tags

VALIDATION = (
    "Leave one cohort out: each cohort was predicted by a fit that saw no sample of it, the choice "
    "of genes, the calibration and the threshold included. The kind of model and the feature set "
    "were worked out on these same cohorts, which flatters the figures somewhat."
)


@dataclass(frozen=True, eq=False)
class ReleasedModel:
    """One released model as it was just trained.

    Attributes
    ----------
    design : Design
    folder : Path
    evidence : Evidence
    dataset : Dataset
    version : Version or None
        Where it was registered.
    """

    design: Design
    folder: Path
    evidence: Evidence
    dataset: Dataset
    version: registry.Version | None = None

    @property
    def n_bytes(self) -> int:
        """Size of the folder."""
        return sum(file.stat().st_size for file in self.folder.iterdir())


def release(
    names: Sequence[str] = (),
    *,
    plan: Release | None = None,
    register: bool = False,
    n_jobs: int = 1,
    n_draws: int = 2000,
    bar: Bar = no_bar,
) -> list[ReleasedModel]:
    """Train released models and save them into ``models/``.

    Parameters
    ----------
    names : sequence of str
        Which; all of them when empty.
    plan : Release, optional
        Designs; those of ``released.toml`` when left out.
    register : bool
        Register each in MLflow, in a run of its own.
    n_jobs : int
        Processes; -1 for every core.
    n_draws : int
        Bootstrap draws of patients for intervals.
    bar : callable
        Gives a progress bar for a title and a number of steps.

    Returns
    -------
    list of ReleasedModel

    Raises
    ------
    IfnSeverityError
        If a model or cohort is unknown, or a model of your own has that name.
    """
    plan = plan or released()
    designs = plan.choose(names)
    for design in designs:
        _refuse_other(models_dir() / design.name)
    mlflow = tracking.open_store("release") if register else None
    if mlflow:
        for design in designs:
            registry.check_name(design.name)
    done = []
    with bar("training the released models", len(designs) * (len(plan.cohorts) + 1)) as step:
        for design, dataset in with_data(designs, plan, progress=bar is not no_bar):
            evidence, classifier = leave_one_cohort_out(
                dataset,
                design.candidate(dataset),
                inner_folds=plan.inner_folds,
                seed=plan.seed,
                n_jobs=n_jobs,
                n_draws=n_draws,
                step=step,
            )
            # the order of additions is part of the result
            with threadpool_limits(1):
                folder = _save(design, plan, dataset, evidence, classifier)
            version = _register(mlflow, folder, evidence, dataset) if mlflow else None
            done.append(ReleasedModel(design, folder, evidence, dataset, version))
    return done


def with_data(
    designs: Sequence[Design], plan: Release, *, progress: bool
) -> Iterator[tuple[Design, Dataset]]:
    """Yield each design with the samples measured against its reference genes.

    Parameters
    ----------
    designs : sequence of Design
    plan : Release
        Its cohorts are loaded once for each set of reference genes.
    progress : bool
        Whether downloads show a bar.

    Yields
    ------
    Design, Dataset
    """
    datasets: dict[tuple[str, ...], Dataset] = {}
    for design in designs:
        if design.references not in datasets:
            datasets[design.references] = load_dataset(
                plan.cohorts, use="validate", references=design.references, progress=progress
            )
        yield design, datasets[design.references]


def named(design: Design, dataset: Dataset, classifier: SeverityClassifier) -> SeverityClassifier:
    """Tell a fitted classifier its features, and leave a panel those that were chosen.

    Parameters
    ----------
    design : Design
    dataset : Dataset
    classifier : SeverityClassifier
        Fitted on the design's columns, without names.
    """
    columns = design.columns(dataset).columns
    classifier.feature_names_in_ = columns.to_numpy(dtype=object)
    return classifier if design.genes is None else classifier.narrowed()


def _save(
    design: Design,
    plan: Release,
    dataset: Dataset,
    evidence: Evidence,
    classifier: SeverityClassifier,
) -> Path:
    """Save one model with its evidence."""
    knowing = named(design, dataset, classifier)
    columns = [str(name) for name in knowing.feature_names_in_]
    origin = dataset.obs["cohort"].to_numpy(dtype=str)
    fitted = np.ones(len(origin), dtype=bool)
    if design.model == "transfer":
        fitted = usable_cohorts(dataset.y, dataset.patients, origin)
    taught = set(origin[fitted].tolist())
    facts = [{**fact, "fitted": fact["name"] in taught} for fact in with_meanings(dataset.facts)]
    genes, panels = None, {}
    if design.genes is not None:
        genes = [*design.references, *(name.removeprefix("gene:") for name in columns)]
        every = [name.removeprefix("gene:") for name in design.columns(dataset).columns]
        panels = {
            cohort: [every[i] for i in chosen]
            for cohort, chosen in evidence.selected.items()
            if cohort in taught
        }
    return save_bundle(
        models_dir() / design.name,
        knowing,
        name=design.name,
        feature_set=design.features,
        # the distribution is that of the samples that were fitted on
        training_features=design.columns(dataset).loc[fitted, columns],
        cohorts=facts,
        labels=LABEL,
        metrics={"leave_one_cohort_out": evidence.metrics},
        simulated=dataset.simulated,
        genes=genes,
        training_cohorts=origin[fitted].tolist(),
        training_patients=dataset.patients[fitted].tolist(),
        interval=evidence.interval(),
        extra={
            "released": True,
            "purpose": design.purpose,
            "validation": VALIDATION,
            "command": f"ifn-severity release {design.name}",
            "settings": {
                "seed": plan.seed,
                "inner_folds": plan.inner_folds,
                "genes": design.genes,
                "reference_genes": list(design.references),
            },
            **({"genes_without_a_cohort": panels} if panels else {}),
        },
    )


def _register(mlflow: Any, folder: Path, evidence: Evidence, dataset: Dataset) -> registry.Version:
    """Record one released model as a run, and register it."""
    tags = {**run_tags(dataset), "level": "command", "saved_model": folder.name}
    with tracking.run(mlflow, f"release {folder.name}", tags=tags):
        manifest = load_model(folder).manifest
        mlflow.log_params(
            {
                "cohorts": dataset.name,
                "feature_set": manifest.feature_set,
                "model": manifest.model,
                "n_features": len(manifest.columns),
            }
        )
        names = ("mean_auroc", "min_auroc", "median_calibration_slope")
        mlflow.log_metrics({name: round(evidence.metrics[name], 4) for name in names})
        return registry.register(mlflow, folder, evidence)


def refuse_released(folder: Path) -> None:
    """Refuse to replace a released model by one of the user's own.

    Raises
    ------
    ModelError
        If the folder has the name of a released model and holds it.
    """
    if folder.name in released().designs and _is_released(folder):
        raise ModelError(
            f"{folder.name} is the name of a released model, which is in {folder.parent}",
            expected="a name of its own for a model that you train",
            do="choose another with --name",
        )


def _is_released(folder: Path) -> bool:
    """Tell whether a folder with a released model's name holds one, even if it does not load.

    Only the manifest is asked: a released model that is damaged, or from other gene lists, is
    to be trained again. Where the manifest cannot be read, the name decides.
    """
    if not (folder / MANIFEST).is_file():
        return False
    try:
        manifest = json.loads(read_file(folder, MANIFEST, limit=MAX_MANIFEST))
        return bool(manifest["extra"].get("released"))
    except (ModelError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return True


def _refuse_other(folder: Path) -> None:
    """Refuse to replace a model that somebody trained under a released model's name."""
    if (folder / MANIFEST).is_file() and not _is_released(folder):
        raise ModelError(
            f"{folder} is a model of your own, and a released model has that name",
            expected="the released model, or nothing, in that place",
            do="rename that folder, or train somewhere else with IFN_SEVERITY_HOME",
        )
