"""The files that make a model's folder an MLflow model directory too.

They are written by hand, in the form of MLflow 3: that takes no second, no look at installed
packages, no tracking store and no pickle.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping

from ifn_severity.bundle.provenance import LIBRARIES, requirements

LOADER = "ifn_severity.bundle.pyfunc"
_ENVIRONMENT = {"build_dependencies": ["pip"], "dependencies": ["-r requirements.txt"]}
_PINNED = re.compile(r"([a-z-]+)==[0-9][0-9A-Za-z.+]*(; [a-z0-9_=!()\" ]+)?")
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
    *, model: str, name: str, created: str, versions: dict[str, str]
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
        "requirements.txt": ("\n".join(requirements(model)) + "\n").encode(),
        "python_env.yaml": (json.dumps(environment, indent=2) + "\n").encode(),
    }


def check_mlflow_files(files: Mapping[str, bytes]) -> None:
    """Make sure that MLflow would run this package's loader, install its libraries, and no more.

    Parameters
    ----------
    files : mapping of str to bytes
        What :func:`mlflow_files` wrote.

    Raises
    ------
    ValueError
        If they name another loader, code of their own, or anything else to install.
    """
    try:
        flavors = json.loads(files["MLmodel"])["flavors"]
        flavor = flavors["python_function"]
        known = {"env", "loader_module", "python_version"}
        right = set(flavors) == {"python_function"} and set(flavor) == known
        loader = flavor["loader_module"]
        environment = json.loads(files["python_env.yaml"])
        environment.pop("python")
        lines = files["requirements.txt"].decode("ascii").splitlines()
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError("MLmodel and its environment are not what ifn-severity writes") from error
    if not right or loader != LOADER:
        raise ValueError(f"MLmodel would load the model by {str(loader)[:60]}, not by {LOADER}")
    if environment != _ENVIRONMENT:
        raise ValueError("python_env.yaml asks for more than requirements.txt")
    for line in lines:
        pinned = _PINNED.fullmatch(line)
        if not pinned or pinned[1] not in {*LIBRARIES, "ifn-severity", "xgboost-cpu"}:
            raise ValueError(f"requirements.txt asks for {line[:60]!r}")
