"""The MLflow store: an SQLite file inside ``mlruns/``, with the artifacts beside it."""

from __future__ import annotations

import json
import logging
import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ifn_severity import __version__
from ifn_severity.bundle.provenance import git_commit
from ifn_severity.errors import StoreError
from ifn_severity.paths import atomic_file, mlruns_dir, models_dir

EXPERIMENTS = {
    "train": "Nested, patient-grouped cross-validation inside the cohorts that were named. "
    "One parent run a command, one child run a candidate (feature set and model).",
    "explain": "SHAP reports of saved models.",
    "leave-one-cohort-out": "Cohorts held out one by one. One summary run a command, one child "
    "run a held-out cohort and candidate.",
    "evidence": "The claims of the review and its five studies, tested on cohorts. One run a "
    "command.",
}
# what the UI shows first: the candidates of all commands, best first, with the columns to compare
COMPARE_VIEW = "compare"
COMPARE_STATE = {
    "searchFilter": "tags.level = 'candidate'",
    "orderByKey": "metrics.`auroc`",
    "orderByAsc": False,
    "startTime": "ALL",
    "lifecycleFilter": "Active",
    "datasetsFilter": [],
    "modelVersionFilter": "All Runs",
    "selectedColumns": [
        *(f"params.`{name}`" for name in ("cohorts", "feature_set", "model")),
        *(
            f"metrics.`{name}`"
            for name in (
                "auroc",
                "auroc_low",
                "auroc_high",
                "average_precision",
                "brier",
                "calibration_slope",
                "sensitivity",
                "specificity",
            )
        ),
    ],
}
# figures of these depend on the version that made them
TRACKED_PACKAGES = ("scikit-learn", "xgboost-cpu", "xgboost", "shap", "numpy", "pandas", "mlflow")


def database() -> Path:
    """Return the SQLite file of the store."""
    return mlruns_dir() / "mlflow.db"


def store_uri() -> str:
    """Return the tracking URI of the store."""
    return f"sqlite:///{database()}"


def quiet_environment() -> dict[str, str]:
    """Return the settings under which MLflow sends nothing out and starts quickly."""
    return {
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "DO_NOT_TRACK": "true",
    }


def _check_writable() -> None:
    """Refuse a read-only or locked store in a moment, before hours of work depend on it."""
    for folder in (mlruns_dir(), models_dir()):
        with atomic_file(folder / ".writable") as probe:
            probe.write_text("")
        (folder / ".writable").unlink(missing_ok=True)
    if not database().exists():
        return
    try:
        with closing(sqlite3.connect(database(), timeout=3.0)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.rollback()
    except sqlite3.DatabaseError as error:
        locked = "locked" in str(error)
        raise StoreError(
            f"the MLflow store {database()} cannot be used: {error}",
            expected="an SQLite file that no other process is writing to"
            if locked
            else "an SQLite file written by MLflow",
            do="wait for the other run to end and try again, or set IFN_SEVERITY_HOME elsewhere"
            if locked
            else "move that file away and run again; models/ and data/ do not depend on it",
        ) from error


def open_store(experiment: str) -> Any:
    """Open the store, make the experiment when it is missing, and return ``mlflow``.

    Parameters
    ----------
    experiment : str
        One of ``EXPERIMENTS``.

    Returns
    -------
    module
        ``mlflow``, pointed at the project's store.

    Raises
    ------
    StoreError
        If the store is read-only, damaged, or locked by another process.
    """
    _check_writable()
    for key, value in quiet_environment().items():
        os.environ.setdefault(key, value)
    import mlflow

    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.WARNING)
    mlflow.set_tracking_uri(store_uri())
    client = mlflow.MlflowClient()
    known = client.get_experiment_by_name(experiment)
    if known is None:
        folder = mlruns_dir() / "artifacts" / experiment
        identifier = client.create_experiment(experiment, artifact_location=folder.as_uri())
        client.set_experiment_tag(identifier, "mlflow.note.content", EXPERIMENTS[experiment])
        client.set_experiment_tag(identifier, "mlflow.experimentKind", "custom_model_development")
        if experiment == "train":
            view = f"mlflow.sharedViewState.{COMPARE_VIEW}"
            client.set_experiment_tag(identifier, view, json.dumps(COMPARE_STATE))
    mlflow.set_experiment(experiment)
    return mlflow


@contextmanager
def run(
    mlflow: Any, name: str, *, tags: Mapping[str, str], parent: str | None = None
) -> Iterator[Any]:
    """Record one run: failed when the block raises, killed on Ctrl-C, else finished.

    Parameters
    ----------
    mlflow : module
        What ``open_store`` returned.
    name : str
        Run name in the UI.
    tags : mapping of str to str
    parent : str, optional
        Run id of the parent.

    Yields
    ------
    mlflow.entities.Run
    """
    from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import SQLAlchemyError

    nested = {"mlflow.parentRunId": parent} if parent else {}
    try:
        started = mlflow.start_run(run_name=name, tags={**tags, **nested}, nested=bool(parent))
        try:
            yield started
        except KeyboardInterrupt:
            mlflow.end_run("KILLED")
            raise
        except BaseException:
            _end_failed(mlflow)
            raise
        mlflow.end_run()
    except (MlflowException, SQLAlchemyError, OSError) as error:
        raise StoreError(
            f"the MLflow store {database()} failed while {name!r} was written: "
            f"{str(error).splitlines()[0][:200]}",
            expected="a store that stays writable for the whole run, with room on its disk",
            do="free the store or its disk and run the command again; runs that were finished "
            "are kept",
        ) from error


def _end_failed(mlflow: Any) -> None:
    """Mark the run failed where the store still answers; the first error is what counts."""
    from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import SQLAlchemyError

    try:
        mlflow.end_run("FAILED")
    except (MlflowException, SQLAlchemyError, OSError) as error:
        logging.getLogger(__name__).debug("the failed run could not be marked: %s", error)


def comparison_page() -> str:
    """Return the page of the UI that compares all candidates, below the server's address."""
    query = "SELECT experiment_id FROM experiments WHERE name = 'train'"
    with closing(sqlite3.connect(database())) as connection:
        row = connection.execute(query).fetchone()
    return (
        f"#/experiments/{row[0]}/runs?viewStateShareKey={COMPARE_VIEW}" if row else "#/experiments"
    )


def version_tags() -> dict[str, str]:
    """Return what code made a run: package version, git commit, libraries."""
    tags = {"ifn_severity": __version__, "git_commit": git_commit() or "not a checkout"}
    for package in TRACKED_PACKAGES:
        try:
            tags[f"version.{package}"] = version(package)
        except ModuleNotFoundError:  # xgboost or xgboost-cpu: one of the two is installed
            continue
    return tags
