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
    from ifn_severity.workflows.claims import evidence as run

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
    from ifn_severity.evidence.pooled import deciding_tests

    table = Table(
        title="The claims on data",
        title_justify="left",
        caption="Of each claim, the first test that its verdict rests on. Effects are case minus "
        "reference, whatever is claimed; 95 % intervals. k: cohorts or experiments. p is adjusted "
        f"over the {deciding_tests(report.pooled)} of this run.",
        caption_justify="left",
    )
    table.add_column("claim")
    table.add_column("study")
    table.add_column("title", ratio=2)
    table.add_column("k", justify="right")
    table.add_column("effect (95 % CI)", justify="right")
    table.add_column("p", justify="right")
    table.add_column("verdict")
    for result in report.claims:
        count, effect, p = _rests_on(result)
        label = result.verdict.label
        table.add_row(
            result.claim.id,
            result.claim.study,
            result.claim.title,
            count,
            effect,
            p,
            Text(label, style=_STYLES[label]),
        )
    console().print(table)


def _rests_on(result: ClaimResult) -> tuple[str, str, str]:
    """Return cohorts, effect and p of the first test with the claim's own verdict."""
    for part in result.parts:
        agrees = part.verdict.label == result.verdict.label
        if part.part.decides and agrees and len(part.pooled):
            row = part.pooled.iloc[0]
            effect = f"{row['effect']:+.2f} ({row['low']:+.2f} to {row['high']:+.2f})"
            p = row["p_adjusted"]
            return str(row["n_cohorts"]), effect, "<0.001" if p < 0.001 else f"{p:.3f}"
    return "0", "–", "–"
