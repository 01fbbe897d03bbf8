"""The tables of a report as CSV files, whole or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from ifn_severity.paths import atomic_file


def write_tables(folder: Path, tables: Mapping[str, pd.DataFrame]) -> list[Path]:
    """Write tables into a folder, numbers to nine digits; other files there are left alone.

    Parameters
    ----------
    folder : Path
        Made when missing.
    tables : mapping of str to DataFrame
        By file name; the index is not written.

    Returns
    -------
    list of Path
        The files, in the order of ``tables``. A table without rows is written with its heading
        only.

    Raises
    ------
    StoreError
        If the folder cannot be written.
    """
    written = []
    for name, table in tables.items():
        target = Path(folder) / name
        text = table.to_csv(index=False, float_format="%.9g", lineterminator="\n")
        with atomic_file(target) as part:
            part.write_text(text, encoding="utf-8", newline="")
        written.append(target)
    return written
