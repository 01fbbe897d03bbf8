"""The files that make a model's folder an MLflow model directory too.

They are written by hand, in the form of MLflow 3: that takes no second, no look at installed
packages, no tracking store and no pickle.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from ifn_severity.bundle.contents import BROKEN
from ifn_severity.bundle.manifest import Manifest
from ifn_severity.bundle.provenance import requirements

LOADER = "ifn_severity.bundle.pyfunc"
_ENVIRONMENT = {"build_dependencies": ["pip"], "dependencies": ["-r requirements.txt"]}
_OUTPUTS = (
    ("sample", "string"),
    ("probability_severe", "double"),
    ("call", "string"),
    ("panel_coverage", "double"),
    ("in_distribution", "boolean"),
    ("warnings", "string"),
    ("probability_low", "double"),
    ("probability_high", "double"),
)


def mlflow_files(
    *, model: str, name: str, created: str, versions: Mapping[str, str]
) -> dict[str, bytes]:
    """Return ``MLmodel``, ``requirements.txt`` and ``python_env.yaml``.

    The signature gives outputs only: inputs are hundreds of genes under several accepted names,
    which this package checks itself and reports in words.

    Parameters
    ----------
    model : str
        Kind of the model.
    name, created : str
        As in the manifest.
    versions : dict of str to str
        Versions of libraries, as in the manifest.
    """
    outputs = [{"name": column, "type": kind, "required": True} for column, kind in _OUTPUTS]
    mlmodel = {
        "flavors": {
            "python_function": {
                "env": {"virtualenv": "python_env.yaml"},
                "loader_module": LOADER,
                "python_version": versions["python"],
            }
        },
        "mlflow_version": versions.get("mlflow", "3.17.2"),
        "model_uuid": hashlib.sha256(f"{name} {created}".encode()).hexdigest()[:32],
        "signature": {"inputs": None, "outputs": json.dumps(outputs), "params": None},
        "utc_time_created": created.replace("T", " ").removesuffix("+00:00"),
    }
    environment = {"python": versions["python"], **_ENVIRONMENT}
    # JSON is YAML: MLflow reads it as its own, and it can be checked without a YAML reader
    return {
        "MLmodel": (json.dumps(mlmodel, indent=2) + "\n").encode(),
        "requirements.txt": ("\n".join(requirements(model, versions)) + "\n").encode(),
        "python_env.yaml": (json.dumps(environment, indent=2) + "\n").encode(),
    }


def check_mlflow_files(manifest: Manifest, files: Mapping[str, bytes]) -> None:
    """Make sure that MLflow would run this package's loader, install its libraries, and no more.

    The files say nothing that the manifest does not, so they are written again and compared,
    byte by byte: no two readers of JSON and YAML can differ about them.

    Parameters
    ----------
    manifest : Manifest
    files : mapping of str to bytes
        What :func:`mlflow_files` wrote.

    Raises
    ------
    ValueError
        If they are not what it writes; the text says so of a foreign loader above all.
    """
    expected = mlflow_files(
        model=manifest.model,
        name=manifest.name,
        created=manifest.created,
        versions=manifest.versions,
    )
    for name, content in expected.items():
        if files[name] == content:
            continue
        if name == "MLmodel" and (loader := _loader(files[name])) != LOADER:
            raise ValueError(f"MLmodel would load the model by {loader}, not by {LOADER}")
        raise ValueError(f"{name} is not what ifn-severity writes for this model")


def _loader(content: bytes) -> str:
    """Return what an MLmodel names as its loader, in so far as that can be told."""
    try:
        loader = json.loads(content)["flavors"]["python_function"]["loader_module"]
    except BROKEN:
        return "what cannot be told"
    return str(loader)[:60]
