"""Write a pseudobulk: harmonised cohorts, the raw sums, and the account of cells."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd
from anndata import AnnData
from anndata.io import write_elem

from ifn_severity import __version__
from ifn_severity.cohorts.card_fields import CohortCard, Expected, SeverityRule
from ifn_severity.cohorts.pseudobulk.groups import CellColumns
from ifn_severity.cohorts.pseudobulk.result import Pseudobulk
from ifn_severity.cohorts.schema import OBS_COLUMNS, SOURCE, build_cohort, typed_obs

COHORT, COUNTS, CELLS, LABELS = "cohort.h5ad", "counts.h5ad", "cells.csv", "labels.csv"
SUMMARY, TYPES = "pseudobulk.json", "cell_types"
_ROWS = 200


def _card(bulk: Pseudobulk, obs: pd.DataFrame, what: str, columns: CellColumns, tissue: str) -> Any:
    """Describe a cohort made of single cells as any cohort is described."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", bulk.path.name.split(".")[0]).strip("-._") or "cells"
    typed = typed_obs(obs, tissue=tissue, cohort=name)
    return CohortCard(
        name=name,
        title=f"{bulk.path.name}: counts of single cells, {what}",
        kind="user",
        accession="",
        citation="",
        doi="",
        tissue=tissue,
        platform="single-cell RNA-seq, summed",
        unit="counts",
        unit_in_source=f"counts in {bulk.layer} of {bulk.path.name}, {what}",
        reader="user",
        uses=("train", "validate"),
        severity=SeverityRule(
            rule="As given for the cells of each sample.",
            column=columns.severity or "none",
            quotation="",
            quotation_source="",
            mild_means="mild, moderate or not severe in the source",
            severe_means="severe or critical in the source",
        ),
        expected=Expected(
            n_samples=len(typed),
            n_patients=int(typed["patient"].nunique()),
            n_mild=int((typed["severe"] == 0).sum()),
            n_severe=int((typed["severe"] == 1).sum()),
            days_since_onset=bool(typed["days_since_onset"].notna().any()),
        ),
        files=(),
        caveats=bulk.notes,
        sha256="",
    )


def make_cohort(
    bulk: Pseudobulk,
    columns: CellColumns,
    *,
    cell_type: str | None = None,
    tissue: str = "not stated",
    sha256: str = "",
) -> AnnData:
    """Make a cohort of one cell type, or of the sum over all.

    Parameters
    ----------
    bulk : Pseudobulk
        The sums.
    columns : CellColumns
        The columns they were made with.
    cell_type : str, optional
        One of ``bulk.cell_types``; the sum over all when left out.
    tissue : str
        What was measured.
    sha256 : str, optional
        Checksum of the source file.

    Returns
    -------
    AnnData of shape (n_samples, n_genes)
        log2(CPM+1) of current symbols, with ``obs`` as in every cohort, the cells behind each
        sample in ``source_cells``, and the cell type, or ``all``, in ``source_cell_type``.

    Raises
    ------
    CohortError
        If no gene name is known.
    """
    if cell_type is None:
        counts, cells = bulk.over_types(), bulk.samples["cells"]
        what = "summed over all cell types"
    else:
        counts, what = bulk.of_type(cell_type), f"cell type {cell_type}"
        rows = bulk.groups[bulk.groups["cell_type"] == cell_type]
        cells = rows.set_index("sample")["cells"]
    obs = bulk.obs.loc[counts.index].copy()
    obs[SOURCE + "cells"] = cells.loc[counts.index].astype("float64")
    obs[SOURCE + "cell_type"] = cell_type or "all"
    adata = build_cohort(_card(bulk, obs, what, columns, tissue), counts, obs)
    adata.uns["cohort"]["files"] = {bulk.path.name: sha256} if sha256 else {}
    return adata


def _write_counts(bulk: Pseudobulk, path: Path) -> None:
    """Write the raw sums as a sparse h5ad, a few hundred rows at a time."""
    genes = np.flatnonzero(bulk.genes["expression"])
    names = bulk.groups["sample"] + "|" + bulk.groups["cell_type"]
    with h5py.File(path, "w") as file:
        file.attrs.update({"encoding-type": "anndata", "encoding-version": "0.1.0"})
        x = file.create_group("X")
        x.attrs.update({"encoding-type": "csr_matrix", "encoding-version": "0.1.0"})
        x.attrs["shape"] = np.array([len(names), len(genes)])
        for name, dtype in (("data", np.int64), ("indices", np.int32)):
            x.create_dataset(
                name, (0,), dtype, maxshape=(None,), chunks=(131_072,), compression="gzip",
                compression_opts=1,
            )  # fmt: skip
        ends = [0]
        for low in range(0, len(names), _ROWS):
            for row in range(low, min(low + _ROWS, len(names))):
                values = bulk.sums[row][genes]
                there = np.flatnonzero(values)
                for name, part in (("data", values[there]), ("indices", there)):
                    x[name].resize((ends[-1] + len(there),))
                    x[name][ends[-1] :] = part
                ends.append(ends[-1] + len(there))
        x["indptr"] = np.array(ends, dtype=np.int64)
        write_elem(file, "obs", bulk.groups.set_index(pd.Index(names)))
        write_elem(file, "var", bulk.genes.iloc[genes][["name"]])


def _file_names(cell_types: list[str]) -> dict[str, str]:
    """Give each cell type a file name that every file system takes, each its own.

    Examples
    --------
    >>> _file_names(["CD4/8 T", "cd4:8 t"])
    {'CD4/8 T': 'CD4_8 T.h5ad', 'cd4:8 t': 'cd4_8 t-2.h5ad'}
    """
    names: dict[str, str] = {}
    taken: set[str] = set()
    for cell_type in cell_types:
        plain = re.sub(r'[\x00-\x1f/\\:*?"<>|]', "_", cell_type)[:80].strip(". ") or "_"
        name, n = plain, 1
        while name.casefold() in taken:
            n += 1
            name = f"{plain}-{n}"
        taken.add(name.casefold())
        names[cell_type] = f"{name}.h5ad"
    return names


def write_cohort(adata: AnnData, path: Path) -> None:
    """Write one cohort as every cohort is written."""
    adata.write_h5ad(path, convert_strings_to_categoricals=False)


def write_folder(
    bulk: Pseudobulk, columns: CellColumns, folder: Path, *, tissue: str, sha256: str
) -> AnnData:
    """Write everything into an empty folder, one cell type in memory at a time.

    Parameters
    ----------
    bulk : Pseudobulk
        The sums.
    columns : CellColumns
        The columns they were made with.
    folder : Path
        Where to write.
    tissue : str
        What was measured.
    sha256 : str
        Checksum of the source file, empty where it was not computed.

    Returns
    -------
    AnnData
        The cohort over all cell types.
    """
    cohort = make_cohort(bulk, columns, tissue=tissue, sha256=sha256)
    write_cohort(cohort, folder / COHORT)
    (folder / TYPES).mkdir()
    files = _file_names(bulk.cell_types)
    for cell_type, name in files.items():
        one = make_cohort(bulk, columns, cell_type=cell_type, tissue=tissue, sha256=sha256)
        write_cohort(one, folder / TYPES / name)
    _write_counts(bulk, folder / COUNTS)
    bulk.groups.assign(counts=bulk.groups["counts"].astype(np.int64)).to_csv(
        folder / CELLS, index=False
    )
    # columns of the source are not repeated here: one called donor would be read as the patient
    labels = cohort.obs[[*OBS_COLUMNS[:-1], SOURCE + "cells"]].dropna(axis=1, how="all")
    labels.rename(columns={SOURCE + "cells": "cells"}).to_csv(folder / LABELS, index_label="sample")
    summary = {
        "ifn_severity": __version__,
        "source": {"name": bulk.path.name, "sha256": sha256, "layer": bulk.layer},
        "columns": columns.options(),
        "min_cells": bulk.min_cells,
        "cells": {"in_file": bulk.n_cells, "counted": int(bulk.groups["cells"].sum())},
        "samples": {"kept": cohort.n_obs, "of": len(bulk.samples)},
        "groups": {"kept": int(bulk.groups["kept"].sum()), "of": len(bulk.groups)},
        "cell_types": {cell_type: f"{TYPES}/{name}" for cell_type, name in files.items()},
        "notes": list(bulk.notes),
    }
    text = json.dumps(summary, indent=2, ensure_ascii=False)
    (folder / SUMMARY).write_text(text + "\n", "utf-8")
    return cohort
