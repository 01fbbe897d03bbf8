"""The manifest: everything that is known about a model, as JSON with a fixed set of keys."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ifn_severity.bundle.interval import ProbabilityInterval

FORMAT = "ifn-severity model"
SCHEMA_VERSION = 2
LICENCE = "MIT"
INTENDED_USE = "research use only; not a medical device, not for decisions about patients"

COMMON_FILES = (
    "MLmodel",
    "MODEL_CARD.md",
    "golden.csv",
    "golden_predictions.csv",
    "python_env.yaml",
    "reference.csv",
    "requirements.txt",
    "space.npz",
)
WEIGHT_FILES: dict[str, tuple[str, ...]] = {
    "logistic": ("pipeline.skops",),
    "transfer": ("pipeline.skops",),
    "forest": ("pipeline.skops", "trees.npz"),
    "xgboost": ("booster.ubj", "preprocessing.skops"),
}
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,99}")


@dataclass(frozen=True)
class Manifest:
    """What a saved model is, where it comes from and what it may be used for.

    Attributes
    ----------
    name : str
        Name of the model.
    created : str
        When it was saved, ISO 8601, UTC.
    package_version : str
        Version of ifn-severity that saved it.
    git_commit : str or None
        Commit of that package where it ran from a checkout.
    feature_set : str
        Named feature set.
    catalogue_version : str
        Version of the signature catalogue in words.
    catalogue_sha256 : str
        Checksum of the signature catalogue, its notes included.
    definition_sha256 : str
        Checksum of what counts: panel, reference, columns and the coefficients of each column.
    genes : list of str
        The genes it looks at, current HGNC symbols; reference genes come first.
    aliases : dict of str to str
        Symbols as printed in publications that are accepted too, and the current ones.
    columns : list of str
        Features, in the classifier's order.
    model : str
        One of ``ifn_severity.classify.MODELS``.
    best_params : dict
        The setting that the inner cross-validation chose.
    inner_folds, random_state : int
        Parameters of ``SeverityClassifier``.
    inner_auroc : float or None
        Mean inner AUROC of that setting.
    classes : list
        Labels of the two classes, the second is severe.
    calibration : dict
        ``slope`` and ``intercept``: log-odds = slope * margin + intercept.
    threshold : dict
        ``value`` and what it ``meaning``s.
    distribution : dict
        ``outside_limit``, the share of features that may lie outside the training range, and
        its ``meaning``; ``distance_limit``, the distance in feature space above which a sample
        is unlike training, and its ``distance_meaning``.
    interval : ProbabilityInterval or None
        How far a probability may be from the truth; None where nothing was held out.
    cohorts : list of dict
        Cohorts trained on: checksums of files, numbers of samples, patients and classes.
    labels : str
        What "severe" means.
    metrics : dict
        Performance, with intervals.
    simulated : bool
        Whether any training cohort is simulated.
    versions : dict of str to str
        Libraries that it was saved with.
    licence, intended_use : str
        What may be done with it.
    extra : dict
        Whatever else the training run wants to keep.
    files : dict of str to dict
        ``sha256`` and ``bytes`` of every other file.
    """

    name: str
    created: str
    package_version: str
    git_commit: str | None
    feature_set: str
    catalogue_version: str
    catalogue_sha256: str
    definition_sha256: str
    genes: list[str]
    aliases: dict[str, str]
    columns: list[str]
    model: str
    best_params: dict[str, Any]
    inner_folds: int
    random_state: int
    inner_auroc: float | None
    classes: list[Any]
    calibration: dict[str, float]
    threshold: dict[str, Any]
    distribution: dict[str, Any]
    interval: ProbabilityInterval | None
    cohorts: list[dict[str, Any]]
    labels: str
    metrics: dict[str, Any]
    simulated: bool
    versions: dict[str, str]
    licence: str
    intended_use: str
    extra: dict[str, Any]
    files: dict[str, dict[str, Any]]

    @property
    def checksums(self) -> dict[str, tuple[str, int]]:
        """Checksum and size of every other file."""
        return {name: (fact["sha256"], fact["bytes"]) for name, fact in self.files.items()}

    def to_json(self) -> bytes:
        """Return the manifest as it is written."""
        content = {"format": FORMAT, "schema_version": SCHEMA_VERSION, **asdict(self)}
        content["interval"] = self.interval.to_dict() if self.interval else None
        return (json.dumps(plain(content), indent=1, allow_nan=False) + "\n").encode()


def expected_files(model: str) -> frozenset[str]:
    """Return the files that a model of this kind has, beside its manifest."""
    return frozenset((*COMMON_FILES, *WEIGHT_FILES[model]))


def valid_name(name: str) -> bool:
    """Tell whether a model may have this name: one word that every file system can hold."""
    return bool(_NAME.fullmatch(name))


def plain(value: Any) -> Any:
    """Turn numpy's types, tuples and mappings into what JSON knows; NaN becomes null.

    Raises
    ------
    TypeError
        If a value has no place in JSON.

    Examples
    --------
    >>> plain({"auroc": np.float64(0.5), "ci": (0.25, float("nan"))})
    {'auroc': 0.5, 'ci': [0.25, None]}
    """
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [
            plain(item) for item in (sorted(value) if isinstance(value, set | frozenset) else value)
        ]
    raise TypeError(f"{type(value).__name__} cannot stand in a manifest: {value!r}")
