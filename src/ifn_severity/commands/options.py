"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Seed = Annotated[int, typer.Option(min=0, help="Seed of splits, models and bootstrap.")]
Output = Annotated[Path | None, typer.Option("--output", "-o", help="Where to write.")]
Unit = Annotated[
    str,
    typer.Option(help="counts, linear (CPM or TPM), log2, ln or log10 of x+1; auto detects it."),
]
