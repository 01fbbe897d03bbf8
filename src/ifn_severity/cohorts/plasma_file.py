"""A user's table of plasma proteins: read, named by genes, and brought to log2."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd

from ifn_severity.cohorts.analytes import analyte_families, printed_analytes
from ifn_severity.cohorts.arrange import arrange
from ifn_severity.cohorts.matrix import Expression
from ifn_severity.cohorts.tablefile import read_grid
from ifn_severity.errors import InputError, listed, nearest
from ifn_severity.genes import harmonise

UNITS = ("log2", "linear")


def read_plasma(path: str | Path, *, unit: str = "auto") -> Expression:
    r"""Read a table of plasma proteins as an assay exports it.

    Parameters
    ----------
    path : str or Path
        A csv, tsv, xlsx or parquet file, possibly packed, with analytes in rows or in columns,
        named by gene symbols or as one of the cohorts prints them (``IFN-gamma``, ``MCP-1``).
        An empty cell was not measured.
    unit : {"auto", "log2", "linear"}
        ``log2`` for NPX and log2 concentrations, which ``auto`` takes them for; ``linear`` for
        concentrations, of which log2 is taken.

    Returns
    -------
    Expression
        log2, samples × symbols, NaN where not measured, and what was assumed.

    Raises
    ------
    InputError
        If the file cannot be read, has no known analyte, two for one gene, or values that the
        unit cannot have.

    Examples
    --------
    >>> import tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = Path(folder.name) / "npx.csv"
    >>> _ = path.write_text("sample,IFN-gamma,IL8\nP1,7.5,\nP2,6.25,5\n")
    >>> read_plasma(path).values
        IFNG  CXCL8
    P1  7.50    NaN
    P2  6.25    5.0
    >>> folder.cleanup()
    """
    path = Path(path)
    if unit not in ("auto", *UNITS):
        raise InputError(
            f"unit {unit!r} for plasma proteins",
            expected="one of auto, " + ", ".join(UNITS),
            do=nearest(unit, ("auto", *UNITS)),
        )
    printed = printed_analytes()
    grid = read_grid(path)
    matrix = arrange(grid, {*printed, *analyte_families()})
    names = harmonise(matrix.genes)
    # a printed name first: TPO is thrombopoietin on these panels
    symbols = [
        printed.get(name.strip(), symbol or name.strip())
        for name, symbol in zip(matrix.genes, names.symbols, strict=True)
    ]
    known = [i for i, symbol in enumerate(symbols) if symbol in analyte_families()]
    for what, labels in (
        ("sample", matrix.samples),
        ("analyte", [symbols[i] for i in known]),
    ):
        twice = [name for name, count in Counter(labels).items() if count > 1]
        if twice:
            raise InputError(
                f"{path}: {what} {', '.join(twice[:5])} is there more than once",
                expected=f"each {what} once",
                do="keep one of them, or give each a name of its own",
            )
    if not known:
        raise InputError(
            f"{path} has none of the {len(analyte_families())} known analytes, "
            f"but {listed(matrix.genes)}",
            expected="plasma proteins by gene symbol, such as IL6, CXCL10 and IFNG",
            do="name the analytes by the symbols of their genes",
        )
    values = matrix.values[:, known]
    notes = list(grid.notes)
    if unit == "linear":
        if (values <= 0).any():
            raise InputError(
                f"{path}: {int((values <= 0).sum())} concentrations of zero or less",
                expected="concentrations above zero, or an empty cell",
                do="empty these cells, or write the limit of detection into them",
            )
        values = np.log2(values)
        notes.append("Concentrations were taken to log2.")
    else:
        notes.append("Values were taken for NPX or log2 concentrations.")
    if len(known) < len(symbols):
        others = [matrix.genes[i] for i in range(len(symbols)) if i not in set(known)]
        notes.append(f"Left out, as no analyte of a cohort: {listed(others)}.")
    frame = pd.DataFrame(values, index=matrix.samples, columns=[symbols[i] for i in known])
    renamed = {matrix.genes[i]: symbols[i] for i in known if matrix.genes[i] != symbols[i]}
    facts = (unit if unit == "linear" else "log2", matrix.orientation, "names of analytes")
    return Expression(frame, *facts, tuple(notes), renamed, names)
