"""Evidence: load the cohorts that the claims name, test the claims, write and record."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ifn_severity.errors import ClaimError, nearest
from ifn_severity.evaluate.subgroups import EARLY_UNTIL
from ifn_severity.evidence.claim import Claim
from ifn_severity.evidence.columns import check_columns
from ifn_severity.evidence.load import load_claims, shared_of
from ifn_severity.evidence.result import EvidenceReport
from ifn_severity.evidence.run import run_claims
from ifn_severity.paths import reports_dir
from ifn_severity.progress import Bar, no_bar
from ifn_severity.workflows import tracking
from ifn_severity.workflows.claims_cohorts import load_evidence, wanted_blocks
from ifn_severity.workflows.claims_record import LIMITS, write_files


@dataclass(frozen=True, eq=False)
class EvidenceResult:
    """What a run leaves behind.

    Attributes
    ----------
    report : EvidenceReport
    folder : Path
        With ``evidence.json``, ``report.html`` and ``tables``.
    run_id : str
        The MLflow run.
    """

    report: EvidenceReport
    folder: Path
    run_id: str


def choose_claims(claims: Sequence[Claim], ids: Sequence[str]) -> tuple[Claim, ...]:
    """Return the named claims, in their own order; all when none is named.

    Raises
    ------
    ClaimError
        If there is no such claim.
    """
    known = [claim.id for claim in claims]
    for wanted in ids:
        if wanted not in known:
            raise ClaimError(
                f"no claim is called {wanted!r}",
                expected="the id of a claim",
                do=nearest(wanted, known),
            )
    return tuple(claim for claim in claims if not ids or claim.id in ids)


def assemble(
    ids: Sequence[str] = (),
    *,
    claim_files: Sequence[Path] = (),
    skip_missing: bool = False,
    n_draws: int = 2000,
    seed: int = 0,
    bar: Bar = no_bar,
) -> EvidenceReport:
    """Load the cohorts and test the claims; nothing is written.

    Parameters
    ----------
    ids : sequence of str
        Claims to test; all when empty.
    claim_files : sequence of Path
        TOML files of further claims.
    skip_missing : bool
        Whether to go on without cohorts whose files cannot be had.
    n_draws, seed : int
        Of the bootstraps over patients.
    bar : callable
        Gives a progress bar for a title and a number of steps.

    Returns
    -------
    EvidenceReport

    Raises
    ------
    IfnSeverityError
        If a claim is wrong or unknown, or a cohort cannot be had.
    """
    claims = choose_claims(load_claims(claim_files), ids)
    total = len(wanted_blocks(claims)) + len(claims)
    with bar("testing claims", total) as step:
        cohorts, missing, checksums = load_evidence(
            claims,
            shared_of(claim_files).cell_types,
            skip_missing=skip_missing,
            progress=bar is not no_bar,
            step=step,
        )
        check_columns(claims, cohorts)
        report = run_claims(claims, cohorts, missing, n_draws=n_draws, seed=seed, step=step)
    return replace(
        report,
        settings={
            "claims": len(claims),
            "n_draws": n_draws,
            "seed": seed,
            "early_until_day": EARLY_UNTIL,
            "skip_missing": skip_missing,
        },
        versions=tracking.version_tags(),
        checksums=checksums,
        limits=LIMITS,
    )


def evidence(
    ids: Sequence[str] = (),
    *,
    claim_files: Sequence[Path] = (),
    skip_missing: bool = False,
    n_draws: int = 2000,
    seed: int = 0,
    output: Path | None = None,
    figure_files: bool = False,
    bar: Bar = no_bar,
) -> EvidenceResult:
    """Test the claims on cohorts, write the report and log it to MLflow.

    Parameters
    ----------
    ids, claim_files, skip_missing, n_draws, seed, bar
        As ``assemble``.
    output : Path, optional
        Folder; ``reports/evidence`` when left out.
    figure_files : bool
        Whether each figure is written as PNG, SVG and PDF too.

    Returns
    -------
    EvidenceResult

    Raises
    ------
    IfnSeverityError
        As ``assemble``, or if the store or the folder cannot be written.
    """
    # a mistyped claim is told before a store is opened
    choose_claims(load_claims(claim_files), ids)
    mlflow = tracking.open_store("evidence")
    report = assemble(
        ids,
        claim_files=claim_files,
        skip_missing=skip_missing,
        n_draws=n_draws,
        seed=seed,
        bar=bar,
    )
    folder = (output or reports_dir() / "evidence").expanduser().resolve()
    write_files(report, folder, figure_files=figure_files)
    name = "evidence " + (", ".join(ids) if ids else "all claims")
    with tracking.run(mlflow, name, tags=dict(report.versions)) as started:
        loaded = report.cohorts.index[report.cohorts["loaded"].astype(bool)]
        mlflow.log_params({**report.settings, "cohorts": "+".join(loaded)})
        mlflow.set_tags({f"verdict.{r.claim.id}": r.verdict.label for r in report.claims})
        mlflow.log_metrics(metrics_of(report))
        mlflow.log_artifacts(str(folder))
        return EvidenceResult(report, folder, str(started.info.run_id))


def metrics_of(report: EvidenceReport) -> dict[str, float]:
    """Return what MLflow keeps of a report: pooled effects of deciding parts, and verdicts.

    Parameters
    ----------
    report : EvidenceReport

    Returns
    -------
    dict of str to float
        ``CLAIM.PART.effect``, ``.low``, ``.high``, ``.i_squared`` where known, and ``n.VERDICT``.
    """
    found: dict[str, float] = {}
    for label, count in report.verdicts["verdict"].value_counts().items():
        found[f"n.{str(label).replace(' ', '_')}"] = float(count)
    for result in report.claims:
        for part in result.parts:
            if not part.part.decides or part.pooled.empty:
                continue
            row = part.pooled.iloc[0]
            for name in ("effect", "low", "high", "i_squared"):
                if math.isfinite(row[name]):
                    found[f"{result.claim.id}.{part.part.id}.{name}"] = round(float(row[name]), 4)
    return found
