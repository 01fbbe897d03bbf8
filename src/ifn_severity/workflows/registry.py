"""The MLflow registry: versions of saved models, with what they are and how they did."""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ifn_severity.bundle import SeverityModel, load_model
from ifn_severity.bundle.manifest import Manifest
from ifn_severity.errors import ModelError
from ifn_severity.workflows import tracking
from ifn_severity.workflows.evidence import Evidence

CHAMPION = "champion"
HELD_OUT_FILE = "held_out.json"
NO_EVIDENCE = "none"
_MADE_BY = "ifn_severity"


@dataclass(frozen=True)
class Version:
    """One version of a registered model.

    Attributes
    ----------
    name : str
    number : str
        Version, counted from 1 by MLflow.
    champion : bool
    created : datetime
    description : str
    tags : dict of str to str
    run_id : str
    """

    name: str
    number: str
    champion: bool
    created: datetime
    description: str
    tags: dict[str, str]
    run_id: str


def register(mlflow: Any, folder: Path, evidence: Evidence | None) -> Version:
    """Register a saved model as a new version, with its evidence, in the run that is active.

    Parameters
    ----------
    mlflow : module
        What ``tracking.open_store`` returned, with a run started.
    folder : Path
        The saved model; its name is that of the registered model.
    evidence : Evidence or None
        Its predictions of cohorts held out; None where there are too few cohorts.

    Returns
    -------
    Version

    Raises
    ------
    ModelError
        If something else is registered under that name.
    StoreError
        If the store cannot be written.
    """
    model = load_model(folder)
    check_name(model.name)
    if evidence is not None:
        mlflow.log_table(evidence.table, HELD_OUT_FILE)
    logged = mlflow.pyfunc.log_model(
        name="registered",
        loader_module="ifn_severity.bundle.pyfunc",
        data_path=str(folder),
        # given whole, because MLflow would look for a pip that uv does not install
        conda_env=tracking.environment(model.manifest.package_version),
    )
    client = mlflow.MlflowClient()
    if _registered(client, model.name) is None:
        client.create_registered_model(
            model.name,
            tags={_MADE_BY: model.manifest.package_version},
            description=f"Saved by ifn-severity. {_purpose(model)}Research use only. The alias "
            "champion moves only where leave-one-cohort-out allows it: docs/models.md.",
        )
    made = client.create_model_version(
        model.name,
        source=logged.model_uri,
        run_id=mlflow.active_run().info.run_id,
        tags=_tags(model, evidence),
        description=_description(model, evidence),
        model_id=logged.model_id,
    )
    return _version(made, None)


def check_name(name: str) -> None:
    """Refuse a name under which something is registered that this package did not make.

    Raises
    ------
    ModelError
        If the name is taken.
    """
    if not tracking.database().exists():
        return
    with tracking.explained(f"the registered model {name!r} was looked up"):
        there = _registered(_client(), name)
    if there is not None and _MADE_BY not in dict(there.tags):
        raise ModelError(
            f"a model called {name} is registered that ifn-severity did not make",
            expected="a name that is free, or that of a model of this package",
            do="choose another name with --name",
        )


def versions(name: str | None = None) -> list[Version]:
    """Return registered versions, newest first within each model.

    Parameters
    ----------
    name : str, optional
        Of one model; of all when left out.

    Raises
    ------
    StoreError
        If the store is damaged.
    """
    if not tracking.database().exists():
        return []
    tracking.check_database()
    with tracking.explained("registered models were looked up"):
        client = _client()
        found = []
        for model in client.search_registered_models(max_results=1000):
            if name is None or model.name == name:
                champion = dict(model.aliases).get(CHAMPION)
                each = client.search_model_versions(f"name='{model.name}'", max_results=1000)
                found += [_version(version, champion) for version in each]
    return sorted(found, key=lambda v: (v.name, -int(v.number)))


def _client() -> Any:
    for key, value in tracking.quiet_environment().items():
        os.environ.setdefault(key, value)
    from mlflow import MlflowClient

    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.WARNING)
    return MlflowClient(tracking.store_uri(), tracking.store_uri())


def _registered(client: Any, name: str) -> Any:
    """Return the registered model, None where there is none."""
    found = client.search_registered_models(f"name='{name}'")
    return found[0] if found else None


def _version(made: Any, champion: str | None) -> Version:
    return Version(
        name=str(made.name),
        number=str(made.version),
        champion=str(made.version) == str(champion),
        created=datetime.fromtimestamp(made.creation_timestamp / 1000, UTC),
        description=str(made.description or ""),
        tags=dict(made.tags),
        run_id=str(made.run_id or ""),
    )


def fitted_cohorts(manifest: Manifest) -> list[str]:
    """Return the cohorts that a model was fitted on, without those it only predicted."""
    return [
        str(cohort.get("name")) for cohort in manifest.cohorts if cohort.get("fitted") is not False
    ]


def _purpose(model: SeverityModel) -> str:
    purpose = model.manifest.extra.get("purpose")
    return f"For {purpose}. " if purpose else ""


def _tags(model: SeverityModel, evidence: Evidence | None) -> dict[str, str]:
    manifest = model.manifest
    tags = {
        "feature_set": manifest.feature_set,
        "model": manifest.model,
        "cohorts": "+".join(fitted_cohorts(manifest))[:4900],
        "genes": str(len(manifest.genes)),
        "simulated": str(manifest.simulated).lower(),
        "ifn_severity": manifest.package_version,
        "git_commit": manifest.git_commit or "not a checkout",
        "catalogue_sha256": manifest.catalogue_sha256,
        "licence": manifest.licence,
        "evidence": NO_EVIDENCE,
    }
    if evidence is not None:
        found = evidence.metrics
        tags |= {
            "evidence": "leave one cohort out",
            "mean_auroc": f"{found['mean_auroc']:.4f}",
            "min_auroc": f"{found['min_auroc']:.4f}",
            "median_calibration_slope": f"{found['median_calibration_slope']:.3f}",
        }
    return tags


def _description(model: SeverityModel, evidence: Evidence | None) -> str:
    manifest = model.manifest
    text = (
        f"{manifest.model} on {manifest.feature_set}, {len(manifest.genes)} genes, trained on "
        f"{', '.join(fitted_cohorts(manifest)) or 'cohorts that are not recorded'}. "
    )
    if manifest.simulated:
        text = "SIMULATED PATIENTS. " + text
    if evidence is None:
        return text + "No cohort was held out: too few of them. Research use only."
    found = evidence.metrics
    low, high = found["mean_auroc_ci"]
    return text + (
        f"Cohorts held out one by one: mean AUROC {found['mean_auroc']:.3f} "
        f"({low:.3f}–{high:.3f}), least {found['min_auroc']:.3f} ({found['min_cohort']}). "
        "Research use only."
    )
