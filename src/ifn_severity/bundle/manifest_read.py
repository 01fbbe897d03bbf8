"""Reading a manifest: every value that the program goes by is checked before it is used."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from ifn_severity.bundle.interval import read_interval
from ifn_severity.bundle.manifest import (
    FORMAT,
    SCHEMA_VERSION,
    WEIGHT_FILES,
    Manifest,
    expected_files,
    valid_name,
)

_SHA256 = re.compile(r"[0-9a-f]{64}")
_LIBRARY = re.compile(r"[a-z][a-z-]{0,40}")
_VERSION = re.compile(r"[0-9][0-9A-Za-z.+]{0,60}")
# far beyond any label or setting, and exact as a float
_LARGEST = 1e15
_MEASURES = (
    "auroc",
    "average_precision",
    "brier",
    "calibration_intercept",
    "calibration_slope",
    "sensitivity",
    "specificity",
)


def read_manifest(content: bytes) -> Manifest:
    """Read a manifest and check every value that the program goes by.

    Parameters
    ----------
    content : bytes
        The file, already bounded in size.

    Raises
    ------
    ValueError
        If this is no manifest, or a value is missing, of the wrong type or absurd. The text
        says which.
    NotImplementedError
        If another version of this package wrote it, whose models are not read here.
    """
    try:
        data = json.loads(content, parse_constant=_no_constant)
        _check_text(data)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise ValueError(f"it is not the manifest of an {FORMAT}")
    version = data.get("schema_version")
    if type(version) is not int or version < 1:
        raise ValueError(f"schema_version is {_short(version)}")
    if version > SCHEMA_VERSION:
        raise NotImplementedError(f"schema version {_short(version)}, from a later ifn-severity")
    if version < SCHEMA_VERSION:
        raise NotImplementedError(f"schema version {version}, from before ifn-severity 0.1.0")
    values = {key: _typed(data, key, kind) for key, kind in _TYPES.items()}
    interval = values["interval"]
    manifest = Manifest(**{**values, "interval": read_interval(interval) if interval else None})
    _check(manifest)
    return manifest


_TYPES: dict[str, tuple[type, ...]] = {
    "name": (str,),
    "created": (str,),
    "package_version": (str,),
    "git_commit": (str, type(None)),
    "feature_set": (str,),
    "catalogue_version": (str,),
    "catalogue_sha256": (str,),
    "definition_sha256": (str,),
    "genes": (list,),
    "aliases": (dict,),
    "columns": (list,),
    "model": (str,),
    "best_params": (dict,),
    "inner_folds": (int,),
    "random_state": (int,),
    "inner_auroc": (float, int, type(None)),
    "classes": (list,),
    "calibration": (dict,),
    "threshold": (dict,),
    "distribution": (dict,),
    "interval": (dict, type(None)),
    "cohorts": (list,),
    "labels": (str,),
    "metrics": (dict,),
    "simulated": (bool,),
    "versions": (dict,),
    "licence": (str,),
    "intended_use": (str,),
    "extra": (dict,),
    "files": (dict,),
}


def _no_constant(text: str) -> float:
    raise ValueError(f"{text} is no JSON")


def _check_text(data: Any) -> None:
    """Refuse half a character, a lone surrogate, which no file and no screen can take."""
    try:
        json.dumps(data, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        where = error.object[max(0, error.start - 30) : error.start]
        raise ValueError(f"a text in it has half a character, after {where!a}") from error


def _short(value: Any) -> str:
    return repr(value)[:40]


def _typed(data: Mapping[str, Any], key: str, kinds: tuple[type, ...]) -> Any:
    if key not in data:
        raise ValueError(f"{key} is missing")
    if type(data[key]) not in kinds:
        raise ValueError(f"{key} is of type {type(data[key]).__name__}")
    return data[key]


def _number(data: Mapping[str, Any], key: str, low: float, high: float) -> None:
    value = _typed(data, key, (float, int))
    if not low <= value <= high:
        raise ValueError(f"{key} is {_short(value)}, which is not between {low:g} and {high:g}")


def _check(manifest: Manifest) -> None:
    if not valid_name(manifest.name):
        raise ValueError(f"name is {manifest.name[:40]!r}")
    if manifest.model not in WEIGHT_FILES:
        raise ValueError(f"model is {manifest.model[:40]!r}")
    for key in ("genes", "columns"):
        names = getattr(manifest, key)
        if not 0 < len(names) <= 100_000 or not all(isinstance(name, str) for name in names):
            raise ValueError(f"{key} is not a list of names")
        if len(set(names)) < len(names):
            raise ValueError(f"{key} has a name twice")
    for key in ("aliases", "versions"):
        if not all(isinstance(text, str) for text in getattr(manifest, key).values()):
            raise ValueError(f"{key} is not a table of names")
    for name, version in manifest.versions.items():
        if not _LIBRARY.fullmatch(name) or not _VERSION.fullmatch(version):
            raise ValueError(f"versions: {name[:40]!r} is {version[:40]!r}")
    if "python" not in manifest.versions:
        raise ValueError("versions: python is missing")
    if len(manifest.classes) != 2 or not all(_is_plain(label) for label in manifest.classes):
        raise ValueError("classes are not two labels")
    if not all(value is None or _is_plain(value) for value in manifest.best_params.values()):
        raise ValueError("best_params are not plain values")
    if not 0 <= manifest.random_state < 2**32:
        raise ValueError(f"random_state is {_short(manifest.random_state)}")
    if not 0 <= manifest.inner_folds <= 1_000:
        raise ValueError(f"inner_folds is {_short(manifest.inner_folds)}")
    if manifest.inner_auroc is not None and not 0.0 <= manifest.inner_auroc <= 1.0:
        raise ValueError(
            f"inner_auroc is {_short(manifest.inner_auroc)}, which is not between 0 and 1"
        )
    _number(manifest.calibration, "slope", 0.0, 1e9)
    _number(manifest.calibration, "intercept", -1e9, 1e9)
    _number(manifest.threshold, "value", 0.0, 1.0)
    _number(manifest.distribution, "outside_limit", 0.0, 1.0)
    _number(manifest.distribution, "distance_limit", 0.0, 1e9)
    for limit in (manifest.threshold, manifest.distribution):
        if not all(isinstance(limit.get(key, ""), str) for key in ("meaning", "distance_meaning")):
            raise ValueError("the meaning of a limit is no text")
    if not all(isinstance(cohort, dict) for cohort in manifest.cohorts):
        raise ValueError("cohorts are not a list of tables")
    if not all(isinstance(cohort.get("name"), str) for cohort in manifest.cohorts):
        raise ValueError("a cohort has no name")
    _check_metrics(manifest.metrics)
    for name, fact in manifest.files.items():
        if "/" in name or "\\" in name or ".." in name or not valid_name(name):
            raise ValueError(f"it names a file outside the model's folder: {name[:80]!r}")
        if not isinstance(fact, dict) or not _SHA256.fullmatch(str(fact.get("sha256"))):
            raise ValueError(f"{name} has no checksum")
        _number(fact, "bytes", 0, 64_000_000)
    expected = expected_files(manifest.model)
    if odd := sorted(expected.symmetric_difference(manifest.files)):
        raise ValueError(f"a {manifest.model} model has other files: {', '.join(odd[:5])}")


def _is_plain(value: Any) -> bool:
    """Tell whether this is a text, or a number that a float can hold."""
    return isinstance(value, str) or (
        isinstance(value, bool | int | float) and abs(value) < _LARGEST
    )


def _check_metrics(metrics: Mapping[str, Any]) -> None:
    """Make sure that the measures that are shown have the shape that they are shown in."""
    _check_measures(metrics, _MEASURES, "metrics")
    if "leave_one_cohort_out" not in metrics:
        return
    evidence = metrics["leave_one_cohort_out"]
    where = "metrics: leave_one_cohort_out"
    if not isinstance(evidence, dict) or not isinstance(evidence.get("cohorts"), dict):
        raise ValueError(f"{where} is no table of cohorts")
    for key in ("mean_auroc", "mean_auroc_ci", "min_auroc"):
        if key not in evidence:
            raise ValueError(f"{where}: {key} is missing")
    shown = ("mean_auroc", "min_auroc", "median_calibration_slope")
    _check_measures(evidence, shown, where)
    for name, row in evidence["cohorts"].items():
        if not isinstance(row, dict):
            raise ValueError(f"{where}: {name[:40]!r} is no table")
        _check_measures(row, _MEASURES, where)


def _check_measures(table: Mapping[str, Any], keys: tuple[str, ...], where: str) -> None:
    """Check measures, each a number or null, and their intervals, two such numbers."""
    for key in keys:
        ends = table.get(f"{key}_ci", [None, None])
        if not isinstance(ends, list) or len(ends) != 2:
            raise ValueError(f"{where}: {key}_ci is no interval")
        for value in (table.get(key), *ends):
            if value is not None and not (type(value) in (int, float) and abs(value) < _LARGEST):
                raise ValueError(f"{where}: {key} is {_short(value)}")
