"""``ifn-severity evidence``: a bar while it runs, then a table of verdicts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ifn_severity.evidence.result import ClaimResult, EvidenceReport

_STYLES = {
    "supported": "green",
    "contradicted": "red",
    "context-dependent": "yellow",
    "not resolved": "default",
    "not testable": "dim",
}


def evidence(
    ids: list[str],
    *,
    output: Path | None,
    claim_files: list[Path],
    skip_missing: bool,
    figures: bool,
    seed: int,
) -> None:
    """Test the claims and print their verdicts."""
    from ifn_severity.commands.console import console, short
    from ifn_severity.progress import progress_bar
    from ifn_severity.workflows.evidence import evidence as run

    result = run(
        ids,
        claim_files=claim_files,
        skip_missing=skip_missing,
        seed=seed,
        output=output,
        figure_files=figures,
        bar=progress_bar,
    )
    show_verdicts(result.report)
    screen = console()
    for name, row in result.report.cohorts.iterrows():
        if not row["loaded"]:
            screen.print(f"without {name}: {row['reason']}", markup=False)
    screen.print(f"report: {short(result.folder / 'report.html')}", markup=False)
    screen.print(f"        {short(result.folder / 'evidence.json')}", markup=False)
    screen.print("next:   ifn-severity ui", markup=False)


def show_verdicts(report: EvidenceReport) -> None:
    """Print one row a claim: what, on how many, how large, and the verdict."""
    from rich.table import Table
    from rich.text import Text

    from ifn_severity.commands.console import console

    table = Table(
        title="The claims on data",
        title_justify="left",
        caption="First deciding test of each claim. Effects are case minus reference, whatever is "
        "claimed; 95 % intervals. k: cohorts or experiments. p is adjusted over all claims, the "
        "largest of a claim's tests.",
        caption_justify="left",
    )
    table.add_column("claim")
    table.add_column("study")
    table.add_column("title", ratio=2)
    table.add_column("k", justify="right")
    table.add_column("effect (95 % CI)", justify="right")
    table.add_column("p", justify="right")
    table.add_column("verdict")
    for result, p in zip(report.claims, report.verdicts["p_adjusted"], strict=True):
        count, effect = _first(result)
        label = result.verdict.label
        table.add_row(
            result.claim.id,
            result.claim.study,
            result.claim.title,
            count,
            effect,
            "–" if p != p else ("<0.001" if p < 0.001 else f"{p:.3f}"),
            Text(label, style=_STYLES[label]),
        )
    console().print(table)


def _first(result: ClaimResult) -> tuple[str, str]:
    for part in result.parts:
        if part.part.decides and len(part.pooled):
            row = part.pooled.iloc[0]
            effect = f"{row['effect']:+.2f} ({row['low']:+.2f} to {row['high']:+.2f})"
            return str(row["n_cohorts"]), effect
    return "0", "–"
