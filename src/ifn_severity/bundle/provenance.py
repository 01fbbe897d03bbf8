"""Where a model comes from: versions of libraries, git commit, and what its features mean."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np

from ifn_severity import __version__
from ifn_severity.features import feature_definition
from ifn_severity.features.reference import OFFSET, reference_profile

# libraries that can change a prediction, and those that read a model
LIBRARIES = ("scikit-learn", "xgboost", "numpy", "scipy", "pandas", "skops", "mlflow")


def library_versions() -> dict[str, str]:
    """Return the versions of Python, of this package and of the libraries that count."""
    return dict(_versions())


@cache
def _versions() -> dict[str, str]:
    found = {
        "python": ".".join(map(str, sys.version_info[:3])),
        "ifn-severity": __version__,
    }
    for library in LIBRARIES:
        # the same package is published under two names; see pyproject.toml
        names = ("xgboost-cpu", "xgboost") if library == "xgboost" else (library,)
        for name in names:
            if there := _installed(name):
                found[library] = there
                break
    return found


def _installed(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def git_commit() -> str | None:
    """Return the commit of the checkout that this package runs from, ``-dirty`` if it is changed.

    Only the package's own files count: a model that was just written is no change. None where
    the package is installed: a repository around it is not its own.
    """
    here = Path(__file__).resolve()

    def git(*arguments: str) -> str | None:
        try:
            done = subprocess.run(
                ["git", "-C", str(here.parent), *arguments],
                capture_output=True,
                text=True,
                timeout=5,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            return None
        return done.stdout.strip() if done.returncode == 0 else None

    if git("ls-files", "--error-unmatch", here.name) is None:
        return None
    commit = git("rev-parse", "HEAD")
    changed = git("status", "--porcelain", "--untracked-files=no", "--", str(here.parents[1]))
    return f"{commit}{'-dirty' if changed else ''}" if commit else None


def definition_sha256(feature_set: str, columns: Sequence[str]) -> str:
    """Return a checksum of what the columns are made of: panel, reference, genes and coefficients.

    Unlike the checksum of the catalogue it does not change with a citation or a licence, or
    with a list that the model does not use.

    Parameters
    ----------
    feature_set : str
    columns : sequence of str
        Features of that set.
    """
    definition = feature_definition(feature_set)
    digest = hashlib.sha256("\n".join(definition.panel).encode())
    digest.update(f"\n{OFFSET} {sorted(reference_profile().items())}".encode())
    coefficients = definition.coefficients(np.ones(len(definition.panel), dtype=bool))
    for column in columns:
        weights = coefficients[:, definition.features.index.get_loc(column)]
        where = np.flatnonzero(weights)
        members = (f"{definition.panel[i]}{weights[i]:+.6g}" for i in where)
        digest.update(f"\n\n{column}\n{' '.join(members)}".encode())
    return digest.hexdigest()


def differing(saved: Mapping[str, str], model: str) -> dict[str, tuple[str, str]]:
    """Return the libraries whose version is not the one a model was saved with.

    Parameters
    ----------
    saved : mapping of str to str
        Versions in the manifest.
    model : {"logistic", "forest", "xgboost", "transfer"}
        Kind of the model; only one of them needs XGBoost.

    Returns
    -------
    dict of str to (str, str)
        Library: version in the manifest, version here. Python, pandas and MLflow are left out:
        they do not compute predictions.
    """
    here = library_versions()
    count = ["ifn-severity", "scikit-learn", "numpy", "scipy", "skops"]
    count += ["xgboost"] if model == "xgboost" else []
    return {
        name: (saved[name], here.get(name, "none"))
        for name in count
        if name in saved and saved[name] != here.get(name)
    }


def install_advice(saved: Mapping[str, str], model: str) -> str:
    """Say which versions to install to have a model compute what it computed when saved.

    Parameters
    ----------
    saved, model
        As for :func:`differing`.
    """
    changed = differing(saved, model)
    if not changed:
        return (
            "the libraries are the same, so the model or this package was changed: get the "
            "model again from where it came from, or train it again"
        )
    names = {name: name for name in changed}
    if "xgboost" in changed and _installed("xgboost-cpu"):
        names["xgboost"] = "xgboost-cpu"
    wanted = " ".join(f'"{names[name]}=={then}"' for name, (then, _) in changed.items())
    found = ", ".join(f"{name} {now}" for name, (_, now) in changed.items())
    return f"install {wanted} (here: {found}), or train the model again"


def requirements(model: str, versions: Mapping[str, str]) -> list[str]:
    """Return pinned requirements for running a model of this kind.

    Parameters
    ----------
    model : {"logistic", "forest", "xgboost", "transfer"}
    versions : mapping of str to str
        Versions that it was saved with, as in its manifest.
    """
    names = ["ifn-severity", "scikit-learn", "numpy", "scipy", "pandas", "skops", "mlflow"]
    lines = [f"{name}=={versions[name]}" for name in names if name in versions]
    if model == "xgboost" and "xgboost" in versions:
        cpu = (
            '(sys_platform == "linux" and platform_machine == "x86_64") or sys_platform == "win32"'
        )
        other = (
            'sys_platform != "win32" and (sys_platform != "linux" or platform_machine != "x86_64")'
        )
        lines.append(f"xgboost-cpu=={versions['xgboost']}; {cpu}")
        lines.append(f"xgboost=={versions['xgboost']}; {other}")
    return lines
