"""Smaller steps of an explanation: checks, what can be compared, and the patients shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from threadpoolctl import threadpool_limits

from ifn_severity.bundle import SeverityModel
from ifn_severity.bundle.card import EVIDENCE
from ifn_severity.classify import SeverityClassifier
from ifn_severity.errors import InputError, ModelError
from ifn_severity.evaluate import paired_difference
from ifn_severity.evaluate.compare import PairedDifference
from ifn_severity.evaluate.development import developed_on
from ifn_severity.explain.carry import gene_weights, linear_weights
from ifn_severity.explain.evidence import OWN_COEFFICIENT
from ifn_severity.explain.held_out import Design
from ifn_severity.explain.patients import neighbours, no_neighbours, patient_in_full
from ifn_severity.explain.result import Explained, Patient
from ifn_severity.explain.samples import Samples
from ifn_severity.explain.summaries import (
    ChosenPatient,
    choose_patients,
    sample_position,
    unknown_sample,
)
from ifn_severity.features import PROTEIN_SET, feature_definition
from ifn_severity.workflows.dataset import Dataset
from ifn_severity.workflows.explanation.held import HeldOut, explain_saved
from ifn_severity.workflows.explanation.load import Loaded
from ifn_severity.workflows.validation.draws import Draws
from ifn_severity.workflows.validation.fits import Problem

N_DRAWS = 2000
"""Bootstrap draws of patients behind intervals of AUROC."""


def check_request(model: SeverityModel, *, refits: int, panels: int, n_jobs: int) -> None:
    """Refuse what cannot be explained before anything is computed.

    Raises
    ------
    ModelError
        If the model has no interferon features, or gives every sample the same odds.
    InputError
        If a number makes no sense.
    """
    if model.feature_set == PROTEIN_SET:
        raise ModelError(
            f"{model.name} is a model of plasma proteins, and the report explains by gene",
            expected="a model of transcripts",
            do="take ifn_severity.explain.shap_explanation(model, levels) for its proteins; what "
            "interferon adds among them is said by ifn-severity validate yale-impact breda-olink",
        )
    if "interferon" not in set(model.definition.features["group"]):
        raise ModelError(
            f"{model.name} has no interferon features: its feature set is {model.feature_set}",
            expected="a model of interferon, interferon+cytokine or all",
            do="train one: ifn-severity train COHORT --features interferon+cytokine",
        )
    if model.classifier.calibration_[0] == 0:
        raise ModelError(
            f"{model.name} gives every sample the same odds: its calibration found no signal",
            expected="a model whose inner cross-validation beats chance",
            do="train on more patients, or on another feature set",
        )
    for value, what, option in ((refits, "refits", "--refits"), (panels, "panels", "--panels")):
        if value < 0:
            raise InputError(f"{value} {what}", expected="0 or more", do=f"correct {option}")
    if n_jobs == 0:
        raise InputError(
            "0 processes to refit with",
            expected="-1 for every core, or a number of processes",
            do="leave --jobs out",
        )


def genes_chosen_with(model: SeverityModel, cohorts: Sequence[str]) -> bool:
    """Tell whether a model's genes were chosen out of its feature set with some of the cohorts."""
    trained_on = {str(cohort["name"]) for cohort in model.manifest.cohorts}
    whole = len(feature_definition(model.feature_set).features)
    return len(model.manifest.columns) < whole and bool(trained_on & set(cohorts))


def found_with(model: SeverityModel, cohorts: Sequence[str]) -> tuple[str, ...]:
    """Tell with which of the cohorts the design of the model was found."""
    return tuple(developed_on(cohorts)) if model.classifier.model == "transfer" else ()


def chosen_inside(model: SeverityModel) -> tuple[float, float, float]:
    """Return the mean AUROC of cohorts left out, the choice of genes included, with its interval.

    From the manifest, where ``release`` and ``train`` write it; NaN where they did not.
    """
    nan = float("nan")
    found = model.manifest.metrics.get(EVIDENCE)
    if not isinstance(found, Mapping) or "mean_auroc_ci" not in found:
        return nan, nan, nan
    low, high = found["mean_auroc_ci"]
    return float(found["mean_auroc"]), float(low), float(high)


def full_names(patients: Sequence[str], names: Sequence[str]) -> list[str]:
    """Return ``cohort:sample`` for what a user typed: a user with one cohort types the sample."""
    full = {str(name).partition(":")[2]: str(name) for name in names}
    return [full.get(patient, patient) for patient in patients]


def refuse_unknown(
    patients: Sequence[str], samples: Samples, design: Design, cohort: str
) -> list[str]:
    """Return the full names of the samples asked for, before anything is fitted.

    Raises
    ------
    InputError
        If one is not among the explained samples.
    """
    known = samples.obs.index[design.rows].astype(str).tolist()
    names = full_names(patients, known)
    for name in names:
        if name not in known:
            raise unknown_sample(name, known, cohort)
    return names


def graded(loaded: Loaded, design: Design) -> tuple[np.ndarray, Dataset]:
    """Return the explained rows of cohorts with two patients of each class, and their dataset."""
    samples, rows = loaded.samples, design.rows
    kept = []
    for _, at in samples.blocks(rows):
        y, patients = samples.y[rows[at]], samples.patients[rows[at]]
        if all(len(np.unique(patients[y == label])) >= 2 for label in (0, 1)):
            kept.append(rows[at])
    chosen = np.concatenate(kept) if kept else np.empty(0, dtype=np.intp)
    names = set(samples.cohorts[chosen].tolist())
    dataset = Dataset(
        "+".join(n for n in loaded.explained if n in names),
        loaded.dataset.features.iloc[chosen],
        loaded.dataset.obs.iloc[chosen],
        [fact for fact in loaded.dataset.facts if str(fact["name"]) in names],
    )
    return chosen, dataset


def bootstrap_of(dataset: Dataset, *, seed: int) -> Draws | None:
    """Return bootstrap draws of a dataset's patients; None where it is empty."""
    if not len(dataset.obs):
        return None
    problem = Problem.of(dataset, [], inner_folds=3, seed=seed, n_jobs=1)
    counted = problem.counted()
    problem = Problem.of(dataset, counted, inner_folds=3, seed=seed, n_jobs=1)
    return Draws(problem, n_draws=N_DRAWS)


def counting(samples: Samples, rows: np.ndarray, draws: Draws | None) -> tuple[np.ndarray, int]:
    """Return the rows that a mean over cohorts rests on, and of how many cohorts that count.

    A cohort counts with five patients of each class, as in ``where``. Where none counts, all rows
    are returned, with 0 cohorts.
    """
    counted = draws.problem.counted() if draws is not None else []
    inside = rows[np.isin(samples.cohorts[rows], counted)]
    return (inside, len(counted)) if counted else (rows, 0)


def paired(
    samples: Samples, rows: np.ndarray, with_: np.ndarray, without: np.ndarray | None, *, seed: int
) -> PairedDifference | None:
    """Compare held-out AUROC with and without interferon; None where that cannot be."""
    if without is None or not len(rows) or not np.isfinite(without[rows]).all():
        return None
    return paired_difference(
        samples.y[rows],
        with_[rows],
        without[rows],
        samples.patients[rows],
        samples.cohorts[rows],
        n_draws=N_DRAWS,
        seed=seed,
    )


def linear_coefficients(
    samples: Samples,
    design: Design,
    classifiers: Sequence[SeverityClassifier],
    genes: np.ndarray,
) -> tuple[np.ndarray, str]:
    """Return log-odds per log2 unit of genes by a linear model, cohorts counting alike.

    Of the explained models where they are linear: the models' own, no second opinion. Beside
    trees, of the model ``transfer`` on the same features, fitted on the training samples.
    """
    cohorts = list(dict.fromkeys(samples.cohorts[design.rows].tolist()))
    if linear_weights(classifiers[0]) is not None:
        used, of = list(classifiers), OWN_COEFFICIENT
    elif not design.refitted:
        return np.full(len(genes), np.nan), "none: training cohorts are not on disk"
    else:
        train = design.training
        # many small fits: a second thread only gets in their way
        with threadpool_limits(1):
            beside = SeverityClassifier("transfer", views=samples.views).fit(
                samples.matrix[train],
                samples.y[train],
                groups=samples.patients[train],
                cohorts=samples.cohorts[train],
            )
        used, of = [beside], "a linear model (transfer) of the same features"
    weights = [
        found[genes]
        for classifier in used
        for cohort in cohorts
        if (found := gene_weights(classifier, samples, cohort)) is not None
    ]
    return np.mean(weights, axis=0), of


def shown_patients(
    explained: Explained,
    model: SeverityModel,
    loaded: Loaded,
    design: Design,
    held: HeldOut,
    asked: Sequence[str],
) -> tuple[Patient, ...]:
    """Return the samples to show in full: those asked for, or four telling ones."""
    if asked:
        chosen = [ChosenPatient(name, "asked for") for name in asked]
    else:
        chosen = choose_patients(explained.features, threshold=held.threshold)
    training = None
    if design.refitted:
        training = explain_saved(model, loaded, design.training, design.training)
    used = (loaded.samples.definition.weights != 0).any(axis=1)
    shown = []
    for one in chosen:
        at = sample_position(explained.features, one.sample)
        near = (
            no_neighbours()
            if training is None
            else neighbours(one.sample, explained.saved, training)
        )
        shown.append(
            patient_in_full(
                one.sample,
                one.why,
                explained.gene_level,
                explained.saved,
                held.usual[at][used],
                explained.family_values.iloc[at],
                explained.plane,
                explained.cutpoints,
                near,
                float(held.threshold[at]),
            )
        )
    return tuple(shown)
