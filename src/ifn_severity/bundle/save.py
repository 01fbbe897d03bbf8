"""``save_bundle``: write a model's folder, whole or not at all, and prove that it loads."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils.validation import check_is_fitted

from ifn_severity import __version__, paths
from ifn_severity.bundle.card import model_card
from ifn_severity.bundle.contents import MANIFEST, MANIFEST_SUM
from ifn_severity.bundle.golden import simulate_golden
from ifn_severity.bundle.interval import ProbabilityInterval
from ifn_severity.bundle.load import golden_predictions, load_folder
from ifn_severity.bundle.manifest import INTENDED_USE, LICENCE, Manifest, plain, valid_name
from ifn_severity.bundle.mlmodel import mlflow_files
from ifn_severity.bundle.model import SeverityModel
from ifn_severity.bundle.provenance import definition_sha256, git_commit, library_versions
from ifn_severity.bundle.reference import (
    LIMIT_MEANING,
    outside_limit,
    read_numbers,
    read_reference,
    summarise,
    write_reference,
)
from ifn_severity.bundle.space import (
    DISTANCE_MEANING,
    distance_limit,
    fit_space,
    read_space,
    write_space,
)
from ifn_severity.bundle.weights import dump_weights
from ifn_severity.classify import SeverityClassifier
from ifn_severity.errors import ModelError
from ifn_severity.features import (
    MIN_REFERENCE_GENES,
    catalogue_sha256,
    feature_definition,
    load_catalogue,
    reference_genes,
)
from ifn_severity.features.signatures import printed_symbols

THRESHOLD_MEANING = (
    "probability at or above which a sample is called severe; it maximises sensitivity + "
    "specificity over out-of-fold predictions in the training data"
)
_GOLDEN_SEED = 2020


def save_bundle(
    target: Path,
    classifier: SeverityClassifier,
    *,
    name: str,
    feature_set: str,
    training_features: pd.DataFrame,
    cohorts: Sequence[Mapping[str, Any]],
    labels: str,
    metrics: Mapping[str, Any],
    simulated: bool,
    extra: Mapping[str, Any] | None = None,
    genes: Sequence[str] | None = None,
    training_cohorts: Sequence[str] | None = None,
    training_patients: Sequence[str] | None = None,
    interval: ProbabilityInterval | None = None,
) -> Path:
    """Write a model as a folder that is an MLflow model directory too.

    Parameters
    ----------
    target : Path
        The folder. A model that is there is replaced as a whole; anything else is not touched.
    classifier : SeverityClassifier
        Fitted on the columns of ``training_features``.
    name : str
        One word: letters, digits and ``._+-``.
    feature_set : str
        Named feature set whose features the columns are.
    training_features : DataFrame of shape (n_samples, n_features)
        For the distribution of each feature; no row is kept.
    cohorts : sequence of mapping
        ``uns["cohort"]`` of each training cohort, with ``n_samples``, ``n_patients`` and
        ``classes`` (counts) where known.
    labels : str
        What "severe" means in these cohorts, in words.
    metrics : mapping
        Performance; an interval of ``x`` is ``x_ci``; mappings nest.
    simulated : bool
        Whether any cohort is simulated.
    extra : mapping, optional
        Anything else to keep in the manifest.
    genes : sequence of str, optional
        The genes that the training features were made from, reference genes included. By
        default every reference gene and every gene of the columns. A model looks at no other
        gene, so fewer reference genes make a smaller assay.
    training_cohorts : sequence of str of length n_samples, optional
        Cohort of each row of ``training_features``, for the distance that another cohort may
        have; one cohort if not given.
    training_patients : sequence of str of length n_samples, optional
        Patient of each row, so that with one cohort the distance is that of patients held out;
        a patient each if not given.
    interval : ProbabilityInterval, optional
        From held-out samples (``ifn_severity.evaluate.prediction_interval``); without it the
        ends of a prediction's interval are NaN.

    Returns
    -------
    Path
        ``target``.

    Raises
    ------
    ModelError
        If the name is impossible, the classifier does not fit the columns, or the folder holds
        something else than a model.
    StoreError
        If the folder cannot be written. Nothing is left half-written.
    """
    target = Path(target)
    columns = [str(column) for column in training_features.columns]
    _check(target, classifier, name, feature_set, columns)
    # the saved classifier knows its features by name, even if it was fitted on an array
    classifier = copy(classifier)
    classifier.feature_names_in_ = np.array(columns, dtype=object)
    reference_file = write_reference(summarise(training_features))
    reference = read_reference(reference_file, columns)
    measured = _measured(feature_set, columns, genes)
    versions, panel = library_versions(), set(measured)
    one = ["one"] * len(training_features)
    origin = np.array(one if training_cohorts is None else training_cohorts)
    whose = None if training_patients is None else np.array(training_patients)
    rows = training_features.to_numpy(dtype=np.float64)
    space_file = write_space(fit_space(rows, origin))
    space = read_space(space_file, columns)
    slope, intercept = classifier.calibration_
    manifest = Manifest(
        name=name,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        package_version=__version__,
        git_commit=git_commit(),
        feature_set=feature_set,
        catalogue_version=f"ifn-severity {__version__}, {len(load_catalogue())} lists",
        catalogue_sha256=catalogue_sha256(),
        definition_sha256=definition_sha256(feature_set, columns),
        genes=measured,
        aliases={old: new for old, new in sorted(printed_symbols().items()) if new in panel},
        columns=columns,
        model=classifier.model,
        best_params=plain(classifier.best_params_),
        inner_folds=int(classifier.inner_folds),
        random_state=int(classifier.random_state),
        inner_auroc=plain(float(classifier.inner_auroc_)),
        classes=plain(classifier.classes_),
        calibration={"slope": float(slope), "intercept": float(intercept)},
        threshold={"value": float(classifier.threshold_), "meaning": THRESHOLD_MEANING},
        distribution={
            "outside_limit": outside_limit(training_features, reference, origin),
            "meaning": LIMIT_MEANING,
            "distance_limit": distance_limit(rows, origin, whose),
            "distance_meaning": DISTANCE_MEANING,
        },
        interval=interval,
        cohorts=[plain(cohort) for cohort in cohorts],
        labels=labels,
        metrics=plain(metrics),
        simulated=bool(simulated),
        versions=versions,
        licence=LICENCE,
        intended_use=INTENDED_USE,
        extra=plain(extra or {}),
        files={},
    )
    files = {
        "reference.csv": reference_file,
        "space.npz": space_file,
        "MODEL_CARD.md": model_card(manifest).encode(),
        **dump_weights(classifier),
        **mlflow_files(
            model=manifest.model, name=name, created=manifest.created, versions=versions
        ),
        **_golden(SeverityModel(target, manifest, classifier, reference, space)),
    }
    facts = {
        file: {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
        for file, content in sorted(files.items())
    }
    manifest_file = replace(manifest, files=facts).to_json()
    files[MANIFEST] = manifest_file
    files[MANIFEST_SUM] = manifest_sum(manifest_file)
    with paths.atomic_dir(target) as folder:
        for file, content in files.items():
            (folder / file).write_bytes(content)
        # a model that could not be read again is never left behind
        load_folder(folder)
    return target


def manifest_sum(manifest_file: bytes) -> bytes:
    """Return the line that ``sha256sum --check`` reads."""
    return f"{hashlib.sha256(manifest_file).hexdigest()}  {MANIFEST}\n".encode()


def _measured(feature_set: str, columns: list[str], genes: Sequence[str] | None) -> list[str]:
    """Return the genes that a model looks at, in the order of the panel."""
    needed = feature_definition(feature_set).only(columns).genes()
    if genes is None:
        return list(needed)
    references = set(reference_genes())
    given = set(genes)
    missing = [gene for gene in needed if gene not in given | references]
    if missing or len(given & references) < MIN_REFERENCE_GENES or not given <= set(needed):
        raise ModelError(
            f"{len(given)} genes for a model, {len(given & references)} of them reference genes",
            expected=f"the genes of its features and at least {MIN_REFERENCE_GENES} reference "
            "genes, and no others",
            do="leave genes= out, or name " + ", ".join(missing[:5] or sorted(references)[:6]),
        )
    return [gene for gene in needed if gene in given]


def _golden(model: SeverityModel) -> dict[str, bytes]:
    """Draw the golden samples and predict them as they will be read back."""
    rng = np.random.default_rng(_GOLDEN_SEED)
    drawn = simulate_golden(model.manifest.genes, model.reference, rng=rng)
    text = drawn.to_csv(lineterminator="\n").encode()
    predictions = golden_predictions(model, read_numbers(text, "gene"))
    return {
        "golden.csv": text,
        "golden_predictions.csv": predictions.to_csv(lineterminator="\n").encode(),
    }


def _check(
    target: Path, classifier: SeverityClassifier, name: str, feature_set: str, columns: list[str]
) -> None:
    check_is_fitted(classifier)
    if not valid_name(name):
        raise ModelError(
            f"{name!r} as the name of a model",
            expected="letters, digits, '.', '_', '+' and '-', beginning with a letter or digit",
            do="choose another name",
        )
    names = getattr(classifier, "feature_names_in_", columns)
    if classifier.n_features_in_ != len(columns) or list(names) != columns:
        raise ModelError(
            f"a classifier of {classifier.n_features_in_} features, and {len(columns)} columns of "
            "training features",
            expected="the features that the classifier was fitted on, in that order",
            do="pass the same table as to fit",
        )
    known = feature_definition(feature_set).features.index
    if strange := [column for column in columns if column not in known]:
        raise ModelError(
            f"{len(strange)} columns are no features of {feature_set!r}: {', '.join(strange[:5])}",
            expected="columns as InterferonFeatures names them, such as " + ", ".join(known[:2]),
            do="compute the training features with InterferonFeatures",
        )
    if target.exists() and not (target / MANIFEST).is_file() and not _is_empty(target):
        raise ModelError(
            f"{target} exists and is no model",
            expected="a new folder, or a model to replace",
            do="choose another place for the model",
        )


def _is_empty(folder: Path) -> bool:
    return folder.is_dir() and not any(folder.iterdir())
