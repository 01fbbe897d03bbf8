"""The MLflow registry: versions of saved models, and the alias ``champion`` with its rule."""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pandas as pd

from ifn_severity.bundle import SeverityModel, list_models, load_model
from ifn_severity.errors import InputError, ModelError, nearest
from ifn_severity.evaluate.promotion import Decision, HeldOutScores, judge
from ifn_severity.workflows import tracking
from ifn_severity.workflows.evidence import Evidence, counted_scores

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


@dataclass(frozen=True)
class Promotion:
    """What became of a promotion.

    Attributes
    ----------
    version : Version
    before : str or None
        Number of the champion until now.
    decision : Decision
    forced : bool
        Whether it went against the rule.
    """

    version: Version
    before: str | None
    decision: Decision
    forced: bool


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
    with tracking.explained("registered models were looked up"):
        client = _client()
        found = []
        for model in client.search_registered_models(max_results=1000):
            if name is None or model.name == name:
                champion = dict(model.aliases).get(CHAMPION)
                each = client.search_model_versions(f"name='{model.name}'", max_results=1000)
                found += [_version(version, champion) for version in each]
    return sorted(found, key=lambda v: (v.name, -int(v.number)))


def promote(name: str, number: str, *, force: bool = False, reason: str = "") -> Promotion:
    """Make a version the champion of its model, if leave-one-cohort-out says so.

    Parameters
    ----------
    name : str
        Registered model.
    number : str
        Version.
    force : bool
        Go against the rule; the reason is kept as a tag of the version.
    reason : str
        Why, with ``force``.

    Returns
    -------
    Promotion

    Raises
    ------
    ModelError
        If there is no such model or version, or the rule is against it.
    InputError
        If force comes without a reason.
    StoreError
        If the store cannot be written.
    """
    if force and not reason.strip():
        raise InputError(
            "--force without a reason",
            expected="why the rule is set aside: it is kept with the version",
            do='say it: --reason "…"',
        )
    wanted, all_versions = _find(name, number)
    mlflow = tracking.open_store("release")
    champion = next((version for version in all_versions if version.champion), None)
    decision = Decision((), "it is the champion already")
    if champion != wanted:
        mine = held_out_scores(mlflow, wanted)
        theirs = held_out_scores(mlflow, champion) if champion else None
        decision = _decide(wanted, mine, champion, theirs)
    if not decision.allowed and not force:
        raise ModelError(
            f"{name} version {number} may not be champion: {'; '.join(decision.reasons)}",
            expected="what docs/models.md asks for: no worse than the champion on cohorts held out",
            do='keep the champion, or set the rule aside with --force --reason "…"',
        )
    tags = {
        "champion_since": datetime.now(UTC).isoformat(timespec="seconds"),
        "champion_because": decision.summary,
    }
    if not decision.allowed:
        tags |= {
            "champion_forced": reason.strip()[:4900],
            "champion_refused_because": "; ".join(decision.reasons),
        }
    if champion != wanted:
        with tracking.explained(f"the alias champion of {name!r} was moved"):
            client = mlflow.MlflowClient()
            for key, value in tags.items():
                client.set_model_version_tag(name, number, key, value)
            client.set_registered_model_alias(name, CHAMPION, number)
            if champion:
                until = tags["champion_since"]
                client.set_model_version_tag(name, champion.number, "champion_until", until)
    return Promotion(wanted, champion.number if champion else None, decision, not decision.allowed)


def held_out_scores(mlflow: Any, version: Version) -> HeldOutScores | None:
    """Read the held-out predictions of a version; None where it has none."""
    if version.tags.get("evidence", NO_EVIDENCE) == NO_EVIDENCE:
        return None
    with tracking.explained(f"{HELD_OUT_FILE} of {version.name} {version.number} was read"):
        text = mlflow.artifacts.load_text(f"runs:/{version.run_id}/{HELD_OUT_FILE}")
    table = pd.read_json(StringIO(text), orient="split", dtype={"sample": str, "patient": str})
    return counted_scores(table)


def _decide(
    wanted: Version,
    mine: HeldOutScores | None,
    champion: Version | None,
    theirs: HeldOutScores | None,
) -> Decision:
    if mine is None:
        reason = "no cohort was held out for it: it was trained on fewer than three"
        return Decision((reason,), "no evidence between cohorts")
    if wanted.tags.get("simulated") == "true":
        return Decision(("it was trained on simulated patients",), "simulated")
    if champion is not None and theirs is None:
        # a champion that was forced without evidence gives way to any that stands alone
        return judge(mine, None)
    return judge(mine, theirs)


def _find(name: str, number: str) -> tuple[Version, list[Version]]:
    """Return one version and all of its model's."""
    every = versions()
    names = {version.name for version in every}
    if name not in names:
        on_disk = name in list_models()
        if on_disk:
            do = f"register it first: ifn-severity release {name} --register, or train --register"
        elif names:
            do = nearest(name, names)
        else:
            do = "register one: ifn-severity release --register, or train --register"
        raise ModelError(
            f"{name} is in models/ but not registered"
            if on_disk
            else f"no model {name} registered",
            expected="a registered model",
            do=do,
        )
    own = [version for version in every if version.name == name]
    for version in own:
        if version.number == number:
            return version, own
    raise ModelError(
        f"{name} has no version {number}",
        expected=f"one of {', '.join(sorted((v.number for v in own), key=int))}",
        do=f"see ifn-severity models show {name}",
    )


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


def _purpose(model: SeverityModel) -> str:
    purpose = model.manifest.extra.get("purpose")
    return f"For {purpose}. " if purpose else ""


def _tags(model: SeverityModel, evidence: Evidence | None) -> dict[str, str]:
    manifest = model.manifest
    tags = {
        "feature_set": manifest.feature_set,
        "model": manifest.model,
        "cohorts": "+".join(str(cohort.get("name")) for cohort in manifest.cohorts)[:4900],
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
        f"{', '.join(str(cohort.get('name')) for cohort in manifest.cohorts)}. "
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
