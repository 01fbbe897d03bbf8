"""Readers of plasma proteins: one multiplex bead assay, one proximity extension assay."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ifn_severity.cohorts.analytes import analytes, name_analytes
from ifn_severity.cohorts.reader_parts import SEX, with_source
from ifn_severity.errors import CohortError

if TYPE_CHECKING:
    import pandas as pd

# where the sheet INF of Breda's workbook has what, counted from 0
_ASSAY, _UNIPROT, _FIRST = 12, 13, 16


def read_yale(files: Mapping[str, Path]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read Lucas 2020: log10 concentrations; the patient stands before the dot of the ID."""
    import pandas as pd

    # one column name holds an ï of Latin-1
    table = pd.read_csv(files["yale.data.csv"], index_col="ID", encoding="latin-1")
    values = name_analytes(table, "yale-impact")
    printed = {one.name for one in analytes()["yale-impact"]}
    source = table[[name for name in table.columns if name.strip() not in printed]]
    obs = pd.DataFrame(
        {
            "patient": [str(name).split(".")[0] for name in table.index],
            "severity": table["ICU"].map({0.0: "healthy", 1.0: "moderate", 2.0: "severe"}),
            # "? 90" is a "≥ 90" that lost its sign
            "age": table["Age"].astype(object).str.removeprefix("? ").astype("float64"),
            "sex": table["sex"].map(SEX),
            "days_since_onset": table["DFSO"],
        },
        index=table.index,
    )
    return values, with_source(obs, source.drop(columns=["Age", "sex", "DFSO"]))


def read_breda(files: Mapping[str, Path]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read Zoodsma 2022: NPX of the first samples that passed and whose ward is known."""
    import pandas as pd

    book = files["Cohort 1- Breda.xlsx"]
    sheets = pd.read_excel(book, sheet_name=["INF", "Annot"], header=None, dtype=object)
    sheet, annotated = sheets["INF"], set(sheets["Annot"].iloc[1:, 0].astype(str))
    known = analytes()["breda-olink"]
    accessions = dict(zip(sheet.iloc[_ASSAY], sheet.iloc[_UNIPROT], strict=True))
    changed = [one.name for one in known if accessions.get(one.name) != one.uniprot]
    if changed:
        raise CohortError(
            f"breda-olink: {changed[0]} has the UniProt accession {accessions.get(changed[0])}",
            expected="the accessions of the table analytes.csv",
            do="fetch the file again",
        )
    people = pd.read_excel(files["patient_info_breda.xlsx"], dtype=str, index_col="Olink.ID")
    people = people[
        people["Sample.ID"].isin(annotated)
        & (people["timepoint"] == "T1")
        & people["ICU"].isin(["yes", "no"])
    ].sort_index()
    rows = sheet.iloc[_FIRST:].set_axis(sheet.iloc[_ASSAY].astype(str), axis="columns")
    values = name_analytes(rows.set_index("Assay").loc[people.index], "breda-olink")
    obs = pd.DataFrame(
        {
            "patient": people["patient_nr"],
            "severity": people["ICU"].map({"yes": "severe", "no": "moderate"}),
            "age": people["age"].astype("float64"),
            "sex": people["gender"].map(SEX),
        },
        index=people.index,
    )
    return values, with_source(obs, people[["Sample.ID", "date", "timepoint", "ICU"]])
