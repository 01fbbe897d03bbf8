"""Who is champion: the alias of a registered model, moved by the rule of docs/models.md only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from io import StringIO
from typing import Any

import pandas as pd

from ifn_severity.bundle import list_models
from ifn_severity.errors import InputError, ModelError, nearest
from ifn_severity.evaluate.promotion import Decision, HeldOutScores, judge
from ifn_severity.workflows import tracking
from ifn_severity.workflows.evidence import counted_scores
from ifn_severity.workflows.registry import (
    CHAMPION,
    HELD_OUT_FILE,
    NO_EVIDENCE,
    Version,
    versions,
)


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
            # first: if it fails, no version says that it is champion
            client.set_registered_model_alias(name, CHAMPION, number)
            for key, value in tags.items():
                client.set_model_version_tag(name, number, key, value)
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
