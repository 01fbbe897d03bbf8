"""One small function for each way in which a source publishes its data.

A reader takes the paths of a cohort's files and gives the matrix (samples in rows, source
names in columns, values in the unit of the card) and a table of samples with the columns of
:mod:`ifn_severity.cohorts.schema`. It renames and maps; it computes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ifn_severity.cohorts.cell_types import DGELIST
from ifn_severity.cohorts.protein_readers import read_breda, read_yale
from ifn_severity.cohorts.reader_parts import SEX, Reader, with_source
from ifn_severity.cohorts.schema import WHO_SEVERITY
from ifn_severity.cohorts.tissue_readers import read_gse147507, read_gse147507_lung
from ifn_severity.errors import CohortError, nearest

if TYPE_CHECKING:
    import pandas as pd

WHO_PROGRESSION = {3: 4, 4: 5, 5: 6, 6: 7, 7: 8}
"""From the WHO ordinal scale of February 2020 (3 in hospital without oxygen … 7 organ support) to
the WHO clinical progression scale (Marshall 2020, doi:10.1016/S1473-3099(20)30483-7); an ordinal
7 is 8 or 9 there, and the lower is taken."""


def read_gse157103(files: Mapping[str, Path]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read Overmyer 2021: ln(TPM+1), samples in rows; the grade follows intensive care."""
    import numpy as np
    import pandas as pd

    expression = pd.read_csv(files["GSE157103_icu_tpm.csv.xz"], index_col="sampleID")
    source = pd.read_csv(files["GSE157103_icu_metadata.csv.xz"], index_col="sampleID")
    source = source.loc[expression.index]
    in_icu = source["ICU_1"] == 1
    ventilated = source["Mech_Ventilation"] == 1
    obs = pd.DataFrame(
        {
            "patient": source["Sample_label"],
            # intensive care alone decides: some were ventilated outside it
            "severity": np.where(in_icu, np.where(ventilated, "critical", "severe"), "moderate"),
            "age": source["Age_less_than_90"],
            "sex": source["Gender"].map(SEX),
        },
        index=expression.index,
    )
    return expression, with_source(obs, source)


def read_dgelists(files: Mapping[str, Path]) -> Iterator[tuple[str, pd.DataFrame, pd.DataFrame]]:
    """Read Schulte-Schrepping's sums, one cell type at a time.

    Parameters
    ----------
    files : mapping of str to Path
        ``CELL TYPE-pseudobulk_dgelist_normalized.rds`` by file name.

    Yields
    ------
    cell_type : str
        The study's name of the cell type.
    counts : DataFrame of shape (n_samples, n_genes)
        UMI counts; only samples with enough cells and genes that passed the study's filter.
    samples : DataFrame of shape (n_samples, n_columns)
        The study's table of samples, without the cell barcodes.
    """
    import pandas as pd
    import rdata

    # a DGEList is a named list; told so, rdata need not warn that it does not know the class
    classes = {**rdata.conversion.DEFAULT_CLASS_MAP, "DGEList": lambda value, _attributes: value}
    for name, path in files.items():
        stored: dict[str, Any] = rdata.read_rds(path, constructor_dict=classes)
        counts = stored["counts"]
        genes, samples = ([str(label) for label in counts[dim].values] for dim in counts.dims)
        table = pd.DataFrame(stored["samples"]).set_axis(pd.Index(samples), axis=0)
        yield (
            name.removesuffix(DGELIST),
            pd.DataFrame(counts.to_numpy().T, index=samples, columns=genes),
            table.rename(columns=str).drop(columns="barcodes"),
        )


def read_schulte(files: Mapping[str, Path]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read Schulte-Schrepping 2020: UMI counts summed over all cell types of a sample."""
    import pandas as pd

    parts = list(read_dgelists(files))
    genes = sorted({gene for _, counts, _ in parts for gene in counts.columns})
    tables = pd.concat([samples for _, _, samples in parts])
    source = tables[~tables.index.duplicated()].sort_index()
    cells = tables.groupby(level=0)["n_barcodes"].sum().loc[source.index]
    total = pd.DataFrame(0.0, index=source.index, columns=pd.Index(genes))
    values = total.to_numpy(copy=True)
    for _, counts, _ in parts:
        # a gene or sample that was filtered out of a cell type counts as zero there
        rows = source.index.get_indexer(counts.index)
        values[rows[:, None], total.columns.get_indexer(counts.columns)] += counts.to_numpy()
    severe = (source["group_per_sample"].astype(str) == "severe").astype("float64")
    who = source["who_per_sample"].astype(int).map(WHO_PROGRESSION)
    obs = pd.DataFrame(
        {
            "patient": source["donor"].astype(str),
            "severity": who.map(WHO_SEVERITY),
            "severe": severe,
            "age": source["age_numeric"],
            "sex": source["sex"].astype(str).map(SEX),
            "days_since_onset": source["days_after_onset"].astype("float64"),
            "who_scale": who.astype("float64"),
        }
    )
    kept = source[["disease_stage", "outcome", "comorbidities", "Timepoint", "experiment"]]
    kept = kept.astype(str).assign(
        cells=cells.astype("float64"), who_ordinal=source["who_per_sample"].astype("float64")
    )
    return pd.DataFrame(values, index=source.index, columns=genes), with_source(obs, kept)


def read_gse152418(files: Mapping[str, Path]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read Arunachalam 2020: counts by Ensembl id, labels joined on the sample's title."""
    import pandas as pd

    counts = pd.read_csv(files["GSE152418_rawcounts.txt.gz"], sep="\t", index_col=0).T
    table = pd.read_csv(files["GSE152418_Metadata.csv"], index_col="title").loc[counts.index]
    grades = {"Healthy": "healthy", "Moderate": "moderate", "Severe": "severe", "ICU": "critical"}
    # two draws of a patient differ in capitals and in what follows the number (nCOV024EUHM-Draw-1)
    patients = [
        re.sub(r"(EUHM)?(-Draw-\d)?$", "", title.split("_", 1)[1]).upper() for title in counts.index
    ]
    obs = pd.DataFrame(
        {
            "patient": patients,
            "severity": table["severity:ch1"].map(grades),
            "sex": table["gender:ch1"].map(SEX),
            "days_since_onset": table["days_post_symptom_onset:ch1"],
        },
        index=counts.index,
    )
    kept = table[["geo_accession", "disease state:ch1", "severity:ch1"]]
    return counts, with_source(obs, kept.rename(columns=lambda name: name.removesuffix(":ch1")))


def read_gse155454(files: Mapping[str, Path]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read Fong 2021: grade, patient and day of illness stand in the sample's name."""
    import pandas as pd

    expression = pd.read_csv(files["GSE155454_counts.csv"], index_col="gene").T
    form = r"(?P<group>severe|mild|healthy|1)_(?P<patient>[a-z0-9]+)_(?:acute_day(?P<day>\d+)|.+)"
    parts = expression.index.to_series().str.extract(f"^{form}$")
    grades = {grade: grade for grade in ("severe", "mild", "healthy")}
    obs = pd.DataFrame(
        {
            "patient": parts["patient"],
            "severity": parts["group"].map(grades),  # the 1_ group has no documented grade
            "days_since_onset": parts["day"].astype("float64"),
        }
    )
    return expression, with_source(obs, parts[["group"]])


def read_gse152641(files: Mapping[str, Path]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read Thair 2021: counts by Entrez id in the first row; health goes by position."""
    import numpy as np
    import pandas as pd
    import rdata

    stored = rdata.read_rda(files["COVID19.rda"])["COVID19"]
    values = stored.to_numpy()
    samples = [str(label) for label in stored[stored.dims[0]].values[1:]]
    # from 1, with the gene ids as row 1: rows 2–19 and 82–87 are healthy
    row = np.arange(2, len(samples) + 2)
    group = pd.Series(np.where((row <= 19) | (row >= 82), "healthy", "COVID-19"), index=samples)
    obs = pd.DataFrame({"severity": group.where(group == "healthy"), "source_group": group})
    genes = [str(gene) for gene in values[0]]
    return pd.DataFrame(values[1:], index=samples, columns=genes), obs


def read_gse145647(files: Mapping[str, Path]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read Devlin 2020: donor and stimulus stand in the sample's name."""
    import pandas as pd

    path = files["whole_blood_normalized_counts.txt"]
    expression = pd.read_csv(path, sep="\t", index_col="Gene").T
    parts = expression.index.to_series().str.extract(r"^(?P<donor>D\dR?)_(?P<stimulus>\w+)$")
    # D1R is donor 1 once more
    obs = pd.DataFrame({"patient": parts["donor"].str.removesuffix("R")})
    return expression, with_source(obs, parts)


READERS: Mapping[str, Reader] = {
    "breda": read_breda,
    "gse145647": read_gse145647,
    "gse147507": read_gse147507,
    "gse147507_lung": read_gse147507_lung,
    "gse152418": read_gse152418,
    "gse152641": read_gse152641,
    "gse155454": read_gse155454,
    "gse157103": read_gse157103,
    "schulte": read_schulte,
    "yale": read_yale,
}


def get_reader(name: str) -> Reader:
    """Return the reader that a card names.

    Parameters
    ----------
    name : str
        A key of :data:`READERS`.

    Returns
    -------
    callable
        ``reader(files) -> (expression, obs)``.

    Raises
    ------
    CohortError
        If there is no such reader.
    """
    if name not in READERS:
        raise CohortError(
            f"no reader is called {name!r}",
            expected="a reader in ifn_severity.cohorts.readers",
            do=nearest(name, READERS),
        )
    return READERS[name]
