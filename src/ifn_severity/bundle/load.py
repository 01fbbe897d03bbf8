"""``load_model``: read a model's folder, believing nothing in it."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pandas as pd
from scipy.special import expit

from ifn_severity import paths
from ifn_severity.bundle.contents import (
    BROKEN,
    MANIFEST,
    MANIFEST_SUM,
    MAX_MANIFEST,
    damaged,
    list_folder,
    read_checked,
    read_file,
)
from ifn_severity.bundle.golden import TOLERANCE, largest_difference
from ifn_severity.bundle.manifest import Manifest
from ifn_severity.bundle.manifest_read import read_manifest
from ifn_severity.bundle.mlmodel import check_mlflow_files
from ifn_severity.bundle.model import SeverityModel
from ifn_severity.bundle.provenance import definition_sha256, differing, install_advice
from ifn_severity.bundle.reference import read_numbers, read_reference
from ifn_severity.bundle.space import read_space
from ifn_severity.bundle.weights import restore_classifier
from ifn_severity.errors import FeatureError, InputError, ModelError, nearest
from ifn_severity.features import catalogue_sha256, feature_definition


def list_models() -> list[str]:
    """Return the names of the models in ``models/``."""
    return _models_in(paths.models_dir())


def load_model(path: str | Path) -> SeverityModel:
    """Read a saved model, by its folder or by its name in ``models/``.

    Every file is compared with the manifest's checksum, weights are read in formats that cannot
    run code and against this package's own list of types, and the golden samples are predicted
    again. A checksum shows damage, not who wrote a model: whether its numbers deserve
    trust is for the source to answer, but reading it does no harm.

    Parameters
    ----------
    path : str or Path
        ``"models/NAME"``, any other folder, or ``"NAME"``.

    Returns
    -------
    SeverityModel

    Raises
    ------
    ModelError
        If there is no such model, or it is damaged, foreign, from a later version, or computes
        something else with the libraries here.
    """
    return load_folder(_find(path))


def load_folder(folder: Path) -> SeverityModel:
    """Read the model in a folder; see :func:`load_model`.

    Parameters
    ----------
    folder : Path

    Raises
    ------
    ModelError
        As for :func:`load_model`.
    """
    manifest = _read_manifest(folder)
    files = read_checked(folder, manifest.checksums)
    _check_definition(folder, manifest)
    try:
        check_mlflow_files(manifest, files)
        reference = read_reference(files["reference.csv"], manifest.columns)
        space = read_space(files["space.npz"], manifest.columns)
        golden = read_numbers(files["golden.csv"], "gene")
        expected = read_numbers(files["golden_predictions.csv"], "sample")
        classifier = restore_classifier(manifest, files)
    except NotImplementedError as error:
        raise ModelError(
            f"{folder}: {error}",
            expected="libraries that can hold its weights",
            do=install_advice(manifest.versions, manifest.model),
        ) from error
    except BROKEN as error:
        raise damaged(folder, str(error)) from error
    changed = differing(manifest.versions, manifest.model)
    model = SeverityModel(folder, manifest, classifier, reference, space, _version_notes(changed))
    try:
        difference = largest_difference(expected, golden_predictions(model, golden))
    except (*BROKEN, InputError) as error:
        if not changed:
            raise damaged(folder, f"its golden samples cannot be predicted: {error}") from error
        raise ModelError(
            f"{folder}: its golden samples cannot be predicted here: {error}",
            expected="libraries that can use its weights",
            do=install_advice(manifest.versions, manifest.model),
        ) from error
    if difference > TOLERANCE:
        raise ModelError(
            f"{folder} predicts its golden samples {difference:.2g} away from what it did when it "
            "was saved",
            expected=f"the same within {TOLERANCE:g}",
            do=install_advice(manifest.versions, manifest.model),
        )
    return model


def golden_predictions(model: SeverityModel, golden: pd.DataFrame) -> pd.DataFrame:
    """Predict the golden samples, from expression to probability.

    Parameters
    ----------
    model : SeverityModel
    golden : DataFrame of shape (n_genes, n_samples)

    Returns
    -------
    DataFrame indexed by sample
        ``log_odds`` and ``probability_severe``.
    """
    log_odds = model.classifier.decision_function(model.features(golden.T))
    return pd.DataFrame(
        {"log_odds": log_odds, "probability_severe": expit(log_odds)},
        index=pd.Index(golden.columns, name="sample"),
    )


def _read_manifest(folder: Path) -> Manifest:
    if not (folder / MANIFEST).exists():
        there = sorted(list_folder(folder))
        raise ModelError(
            f"{folder} has no {MANIFEST}; it holds {', '.join(there[:5]) or 'nothing'}",
            expected="a model saved by ifn-severity train",
            do="give the folder that was saved, such as models/NAME",
        )
    list_folder(folder)
    content = read_file(folder, MANIFEST, limit=MAX_MANIFEST)
    said = read_file(folder, MANIFEST_SUM, limit=1_000)
    if said != f"{hashlib.sha256(content).hexdigest()}  {MANIFEST}\n".encode():
        raise damaged(folder, f"{MANIFEST} is not the one that {MANIFEST_SUM} was written for")
    try:
        return read_manifest(content)
    except NotImplementedError as error:
        raise ModelError(
            f"{folder}: {error}",
            expected="a model of this version's form",
            do="update ifn-severity if the model is newer; train the model again if it is older",
        ) from error
    except BROKEN as error:
        raise damaged(folder, f"{MANIFEST}: {error}") from error


def _version_notes(changed: dict[str, tuple[str, str]]) -> tuple[str, ...]:
    if not changed:
        return ()
    then = ", ".join(f"{name} {saved}" for name, (saved, _) in changed.items())
    now = ", ".join(f"{name} {here}" for name, (_, here) in changed.items())
    return (f"The model was saved with {then}; here are {now}; its golden predictions agree.",)


def _check_definition(folder: Path, manifest: Manifest) -> None:
    """Refuse a model whose features mean something else here.

    A catalogue that differs in citations or in lists that the model does not use is no reason to
    refuse; other genes or signs are.
    """
    try:
        known = set(feature_definition(manifest.feature_set).features.index)
        same = (
            set(manifest.columns) <= known
            and set(manifest.genes) <= set(feature_definition(manifest.feature_set).panel)
            and definition_sha256(manifest.feature_set, manifest.columns)
            == manifest.definition_sha256
        )
    except FeatureError as error:
        raise damaged(folder, f"{MANIFEST}: {error.got} is unknown") from error
    if not same:
        raise ModelError(
            f"{folder} was trained on other gene lists (catalogue "
            f"{manifest.catalogue_sha256[:12]}, here {catalogue_sha256()[:12]})",
            expected="the same genes in every feature",
            do="train the model again, or use the version of this package it was trained with "
            f"(ifn-severity {manifest.package_version}, commit {manifest.git_commit or 'unknown'})",
        )


def _models_in(folder: Path) -> list[str]:
    try:
        return sorted(entry.name for entry in folder.iterdir() if (entry / MANIFEST).is_file())
    except OSError:
        return []


def _find(path: str | Path) -> Path:
    """Find a model's folder by path or name."""
    given = Path(path)
    for candidate in (given, paths.home() / given, paths.models_dir() / given):
        try:
            if candidate.is_dir():
                return candidate
            there = candidate.exists()
        except (OSError, ValueError):
            # a name that no file system can hold is nobody's model
            continue
        if there:
            raise ModelError(
                f"{candidate} is a file",
                expected="the folder of a model",
                do=f"give its folder, {candidate.parent}, if that is a model",
            )
    beside = [given.parent] if given.parent != Path() else []
    names = sorted(
        {name for folder in (*beside, paths.models_dir()) for name in _models_in(folder)}
    )
    raise ModelError(
        f"no model at {given}",
        expected="a folder such as models/NAME, or the name of a model in models/",
        do=nearest(given.name, names)
        if names
        else "train one first: ifn-severity train COHORT (there is none in models/ yet)",
    )
