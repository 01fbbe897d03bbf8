"""``ifn-severity features``: the feature table, and how many genes of each list were found."""

from __future__ import annotations

from pathlib import Path


def features(source: str, *, output: Path | None, feature_set: str, unit: str) -> None:
    """Write the features of a cohort or a file and print the coverage."""
    from rich.table import Table

    from ifn_severity.commands.console import console, short
    from ifn_severity.workflows.features import write_features

    result = write_features(source, output=output, feature_set=feature_set, unit=unit)
    table = Table(title=f"Genes found in {source}", title_justify="left")
    for heading in ("list", "group", "family"):
        table.add_column(heading)
    table.add_column("found", justify="right")
    table.add_column("missing", overflow="ellipsis", no_wrap=True, max_width=60)
    for name, row in result.coverage.iterrows():
        found = f"{row['found']}/{row['genes']}"
        table.add_row(str(name), row["group"], row["family"], found, row["missing"])
    screen = console()
    screen.print(table)
    for note in result.notes:
        screen.print(f"• {note}", markup=False)
    n_samples, n_features = result.values.shape
    kind = "" if result.values.columns[0].startswith("protein:") else " relative expression"
    screen.print(
        f"{n_samples} samples × {n_features} features (log2{kind}) in {short(result.output)}",
        markup=False,
    )
