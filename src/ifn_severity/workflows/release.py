"""Train the released models of ``released.toml``, with their evidence, or check them again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from ifn_severity.bundle import SeverityModel, load_model, save_bundle
from ifn_severity.bundle.contents import MANIFEST, read_file
from ifn_severity.bundle.load import golden_predictions
from ifn_severity.bundle.reference import read_numbers
from ifn_severity.classify import SeverityClassifier
from ifn_severity.classify.transfer import usable_cohorts
from ifn_severity.errors import ModelError
from ifn_severity.paths import models_dir
from ifn_severity.workflows import registry, tracking
from ifn_severity.workflows.dataset import Dataset, load_dataset
from ifn_severity.workflows.designs import Design, Release, released
from ifn_severity.workflows.evidence import Evidence, leave_one_cohort_out, with_meanings
from ifn_severity.workflows.training_log import LABEL, run_tags

Bar = Callable[[str, int], AbstractContextManager[Callable[[str], None]]]
TOLERANCE = 1e-9
"""Most that the log-odds of a golden sample may differ when a released model is trained again."""
VALIDATION = (
    "Leave one cohort out: each cohort was predicted by a fit that saw no sample of it, the choice "
    "of genes, the calibration and the threshold included. The kind of model and the feature set "
    "were worked out on these same cohorts, which flatters the figures somewhat."
)
_GOLDEN_LIMIT = 8_000_000


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


def _no_bar(title: str, total: int) -> AbstractContextManager[Callable[[str], None]]:
    return nullcontext(lambda _: None)


def release(
    names: Sequence[str] = (),
    *,
    plan: Release | None = None,
    register: bool = False,
    n_jobs: int = 1,
    n_draws: int = 2000,
    bar: Bar = _no_bar,
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
        for design, dataset in _with_data(designs, plan, progress=bar is not _no_bar):
            evidence, classifier = leave_one_cohort_out(
                dataset,
                design.candidate(dataset),
                inner_folds=plan.inner_folds,
                seed=plan.seed,
                n_jobs=n_jobs,
                n_draws=n_draws,
                step=step,
            )
            folder = _save(design, plan, dataset, evidence, classifier)
            version = _register(mlflow, folder, evidence, dataset) if mlflow else None
            done.append(ReleasedModel(design, folder, evidence, dataset, version))
    return done


def check_release(
    names: Sequence[str] = (), *, plan: Release | None = None, folder: Path | None = None
) -> dict[str, float]:
    """Train released models again and compare them with those that are there.

    Parameters
    ----------
    names : sequence of str
        Which; all of them when empty.
    plan : Release, optional
        Designs; those of ``released.toml`` when left out.
    folder : Path, optional
        Where they are; ``models/`` when left out.

    Returns
    -------
    dict of str to float
        Largest difference in the log-odds of a golden sample, by model.

    Raises
    ------
    ModelError
        If one is missing, has other features, or differs by more than ``TOLERANCE``.
    """
    plan = plan or released()
    differences = {}
    for design, dataset in _with_data(plan.choose(names), plan, progress=False):
        there = load_model((folder or models_dir()) / design.name)
        again = fit_design(design, plan, dataset)
        differences[design.name] = _difference(there, again)
    return differences


def fit_design(design: Design, plan: Release, dataset: Dataset) -> SeverityClassifier:
    """Fit one design on all samples, without holding anything out.

    Parameters
    ----------
    design : Design
    plan : Release
    dataset : Dataset
        Measured against the design's reference genes.

    Returns
    -------
    SeverityClassifier
        It knows its features by name, and of a panel only those that were chosen.
    """
    candidate = design.candidate(dataset)
    classifier = SeverityClassifier(
        candidate.model,
        inner_folds=plan.inner_folds,
        random_state=plan.seed,
        views=candidate.views,
        max_features=candidate.max_features,
    )
    # more threads than cores make small decompositions many times slower
    with threadpool_limits(1):
        classifier.fit(
            candidate.X,
            dataset.y,
            groups=dataset.patients,
            cohorts=dataset.obs["cohort"].to_numpy(dtype=str),
        )
    return _named(design, dataset, classifier)


def _with_data(designs: Sequence[Design], plan: Release, *, progress: bool) -> Any:
    """Yield each design with the samples measured against its reference genes."""
    datasets: dict[tuple[str, ...], Dataset] = {}
    for design in designs:
        if design.references not in datasets:
            datasets[design.references] = load_dataset(
                plan.cohorts, use="validate", references=design.references, progress=progress
            )
        yield design, datasets[design.references]


def _named(design: Design, dataset: Dataset, classifier: SeverityClassifier) -> SeverityClassifier:
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
    named = _named(design, dataset, classifier)
    columns = [str(name) for name in named.feature_names_in_]
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
        named,
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


def _difference(there: SeverityModel, again: SeverityClassifier) -> float:
    """Compare a saved model with its twin on the golden samples."""
    columns = [str(name) for name in again.feature_names_in_]
    difference = float("inf")
    if columns == there.manifest.columns:
        content = read_file(there.path, "golden.csv", limit=_GOLDEN_LIMIT)
        golden = read_numbers(content, "gene")
        pair = [
            golden_predictions(model, golden)["log_odds"].to_numpy()
            for model in (there, replace(there, classifier=again))
        ]
        difference = float(np.abs(pair[0] - pair[1]).max())
        difference = max(difference, abs(there.threshold - again.threshold_))
    if difference > TOLERANCE:
        raise ModelError(
            f"{there.path} differs by {difference:.2g} in log-odds from what its design gives here"
            if np.isfinite(difference)
            else f"{there.path} has other features than its design gives here",
            expected=f"the same within {TOLERANCE:g}",
            do="use the library versions of requirements.lock, or train it again with "
            f"ifn-severity release {there.name}",
        )
    return difference


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
    """Tell whether a folder holds a model that ``ifn-severity release`` saved."""
    return (folder / MANIFEST).is_file() and bool(load_model(folder).manifest.extra.get("released"))


def _refuse_other(folder: Path) -> None:
    """Refuse to replace a model that somebody trained under a released model's name."""
    if (folder / MANIFEST).is_file() and not _is_released(folder):
        raise ModelError(
            f"{folder} is a model of your own, and a released model has that name",
            expected="the released model, or nothing, in that place",
            do="rename that folder, or train somewhere else with IFN_SEVERITY_HOME",
        )
