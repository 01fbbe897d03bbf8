"""Readers of Blanco-Melo 2020: infected cells in culture, and lung tissue."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ifn_severity.cohorts.reader_parts import with_source

if TYPE_CHECKING:
    import pandas as pd

_CONDITIONS = {"mock": "mock", "CoV2": "SARS-CoV-2", "RSV": "RSV"}
_CELL_LINES = {"SARS004": "NHBE", "CoV002": "A549", "svRNA184": "A549"}


def read_gse147507(files: Mapping[str, Path]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read the first release: cells in culture, their virus in a table of its own."""
    import pandas as pd

    counts = pd.read_csv(files["GSE147507_RawReadCounts.tsv"], sep="\t", index_col=0).T
    design = pd.read_csv(files["design.csv"], index_col="SampleId", dtype=str)
    # the table names samples as R does: what is no letter or digit is a dot, X before a digit
    names = [re.sub(r"^(?=\d)", "X", re.sub(r"[^A-Za-z0-9_]", ".", n)) for n in counts.index]
    design = design.loc[names].set_axis(counts.index, axis=0)
    lines = design["Base"].map(_CELL_LINES)
    kept = pd.DataFrame(
        {
            "condition": design["Treatment"].map(_CONDITIONS),
            "cell_line": lines,
            "experiment": design["Base"].where(lines.notna()),
            "replicate": design["Index"],
        }
    )
    tissue = lines.map(lambda line: f"{line} cells", na_action="ignore").fillna("cells in culture")
    return counts, with_source(pd.DataFrame({"tissue": tissue}), kept)


def read_gse147507_lung(files: Mapping[str, Path]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read series 15: lung biopsies of the healthy and of the deceased."""
    import pandas as pd

    counts = pd.read_csv(files["GSE147507.csv"], index_col=0).T
    # the header has no name for the first column
    people = pd.read_csv(files["colData.GSE147507.csv"], index_col=0).loc[counts.index]
    said = people["subject_status"].str.extract(r"(?P<age>\d+) years old")
    obs = pd.DataFrame(
        {
            "severity": people["group"].map({"Control": "healthy"}),
            "age": said["age"].where(people["group"] == "Control").astype("float64"),
            "sex": "male",  # so say all four descriptions
        }
    )
    condition = people["group"].map({"Control": "healthy", "COVID": "COVID-19"})
    kept = people[["subject_status", "GSM"]].assign(condition=condition)
    return counts, with_source(obs, kept)
