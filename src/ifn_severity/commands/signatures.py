"""``ifn-severity signatures``: the gene lists, one list, or what a file holds of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

    from ifn_severity.features import Signature
    from ifn_severity.features.panel_coverage import PanelCoverage
    from ifn_severity.workflows.signatures import FileCoverage

_STYLES = {"complete": "green", "usable": "green", "weak": "yellow", "unusable": "red"}


def signatures(name: str | None, *, coverage: Path | None, unit: str) -> None:
    """Show all lists, one list, or the coverage of a file."""
    from ifn_severity.commands.console import console

    screen = console()
    if coverage is not None:
        from ifn_severity.workflows.signatures import coverage_of_file

        result = coverage_of_file(coverage, unit=unit, name=name)
        _show_coverage(screen, coverage, result)
        if name is not None:
            _show_one_coverage(screen, result)
        _show_panel(screen, result.panel)
    elif name is not None:
        from ifn_severity.features import get_signature

        _show_list(screen, get_signature(name))
    else:
        _show_catalogue(screen)


def _show_catalogue(screen: Console) -> None:
    from rich.table import Table

    from ifn_severity.workflows.signatures import signature_table

    lists = signature_table()
    table = Table(title=f"{len(lists)} gene lists", title_justify="left")
    for heading in ("list", "group", "family"):
        table.add_column(heading, no_wrap=True)
    table.add_column("genes", justify="right")
    table.add_column("core")
    table.add_column("citation", overflow="ellipsis", no_wrap=True)
    for name, row in lists.iterrows():
        core = "yes" if row["core"] else ""
        genes = str(row["genes"])
        table.add_row(str(name), row["group"], row["family"], genes, core, row["citation"])
    screen.print(table)
    screen.print(
        "One list with its genes, citation and licence: ifn-severity signatures NAME. "
        "What your file holds of them: ifn-severity signatures --coverage FILE.",
        markup=False,
    )


def _show_list(screen: Console, signature: Signature) -> None:
    from rich.table import Table

    facts = {
        "group": f"{signature.group}, {signature.family}",
        "direction": signature.direction,
        "genes": f"{len(signature.genes)} today, {signature.n_published} as published, "
        f"{signature.n_no_gene_today} of these no human gene today",
        "size check": signature.size_check,
        "features": "score and genes one by one" if signature.gene_level else "score only",
        "core list": "yes" if signature.core else "no",
        "citation": signature.citation,
        "licence": signature.licence,
        "note": signature.note,
    }
    if signature.group == "severity":
        facts["features"] = "none: a published severity score, for comparison only"
    screen.print(signature.name, style="bold", markup=False)
    for label, text in facts.items():
        if text:
            screen.print(f"  {label:<11} {text}", markup=False)
    table = Table()
    table.add_column("gene", no_wrap=True)
    table.add_column("printed as", no_wrap=True)
    table.add_column("sign")
    rows = zip(signature.genes, signature.published_as, signature.signs, strict=True)
    for gene, printed, sign in rows:
        table.add_row(gene, "" if printed == gene else printed, "+" if sign > 0 else "−")
    screen.print(table)


def _show_coverage(screen: Console, path: Path, result: FileCoverage) -> None:
    from rich.table import Table
    from rich.text import Text

    from ifn_severity.features.list_coverage import RULE, VERDICTS

    table = Table(title=f"Genes of each list in {path.name}", title_justify="left")
    for heading in ("list", "group", "family"):
        table.add_column(heading, no_wrap=True)
    for heading in ("found", "renamed", "ambiguous"):
        table.add_column(heading, justify="right")
    table.add_column("verdict", no_wrap=True)
    table.add_column("missing", overflow="ellipsis", no_wrap=True, max_width=40)
    for name, row in result.table.iterrows():
        table.add_row(
            str(name),
            row["group"],
            row["family"],
            f"{row['found']}/{row['genes']}",
            str(len(row["renamed"]) or ""),
            str(len(row["ambiguous"]) or ""),
            Text(row["verdict"], style=_STYLES[row["verdict"]]),
            " ".join(row["missing"]),
        )
    screen.print(table)
    for note in result.notes:
        screen.print(f"• {note}", markup=False)
    counts = result.table["verdict"].value_counts()
    said = ", ".join(f"{counts[each]} {each}" for each in VERDICTS if each in counts)
    screen.print(
        f"{result.n_samples} samples; lists: {said}. {RULE[0].upper()}{RULE[1:]}.",
        markup=False,
    )


def _show_panel(screen: Console, panel: PanelCoverage) -> None:
    """Say whether there are enough reference genes, enough genes in all, and what follows."""
    missing = ", ".join(panel.reference_missing)
    for label, found, genes, needed, more in (
        (
            "Reference genes",
            panel.reference_found,
            panel.reference_genes,
            panel.reference_needed,
            f" Missing: {missing}." if missing else "",
        ),
        ("Panel (reference genes and all lists)", panel.found, panel.genes, panel.needed, ""),
    ):
        said = "enough" if found >= needed else "too few"
        screen.print(
            f"{label}: {found} of {genes} found, at least {needed} needed: {said}.{more}",
            markup=False,
        )
    if panel.refusal is None:
        screen.print("Verdict: accepted: `features` can score this file.", markup=False)
        return
    screen.print(
        "Verdict: refused: `features` computes no score of this file, however complete a list is.",
        style="red",
        markup=False,
    )
    screen.print(f"`features` would say: {panel.refusal.got}.", markup=False)
    screen.print(f"Do: {panel.refusal.do}.", markup=False)


def _show_one_coverage(screen: Console, result: FileCoverage) -> None:
    row = result.table.iloc[0]
    renamed = [f"{old} → {gene}" for gene, old in row["renamed"].items()]
    unclear = [f"{gene} ({' or '.join(names)})" for gene, names in row["ambiguous"].items()]
    for label, listed in (
        ("Renamed", renamed),
        ("Ambiguous", unclear),
        ("Missing", row["missing"]),
    ):
        screen.print(f"{label}: {', '.join(listed) or 'none'}.", markup=False)
