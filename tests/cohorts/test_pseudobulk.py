"""Sums of single cells: exact in every format, for any portions; refused where meaningless."""

from __future__ import annotations

from pathlib import Path

import anndata
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy import sparse

from ifn_severity.cohorts.pseudobulk import CellColumns, Pseudobulk, sum_cells
from ifn_severity.cohorts.pseudobulk.stream import cut
from ifn_severity.cohorts.pseudobulk.write import make_cohort
from ifn_severity.errors import InputError, LabelError

COLUMNS = CellColumns("patient", "cell_type")
GENES = ["ISG15", "IFI27", "IFIT1", "MX1", "OAS1", "ACTB", "CXCL10", "IL6", "TNF", "IFI6", "G1P3"]
FORMATS = ("csr", "csc", "dense", "chunked")


def cells(n: int = 300, seed: int = 0) -> anndata.AnnData:
    rng = np.random.default_rng(seed)
    counts = rng.poisson(0.4, (n, len(GENES))).astype(np.float32)
    obs = pd.DataFrame(
        {
            "patient": rng.choice(["p1", "p2", "p3"], n),
            "cell_type": rng.choice(["B", "CD4/8 T", "Monocyte"], n),
            "depth": counts.sum(axis=1),
        },
        index=[f"cell{i}" for i in range(n)],
    )
    obs["grade"] = obs["patient"].map({"p1": "mild", "p2": "severe", "p3": "Critical"})
    obs["sex"] = obs["patient"].map({"p1": "f", "p2": "m", "p3": "f"})
    return anndata.AnnData(counts, obs=obs, var=pd.DataFrame(index=GENES))


def expected(adata: anndata.AnnData) -> pd.DataFrame:
    frame = pd.DataFrame(np.asarray(adata.X, dtype=np.float64))
    keys = [adata.obs["patient"].astype(str).to_numpy(), adata.obs["cell_type"].astype(str)]
    return frame.groupby([keys[0], keys[1].to_numpy()]).sum()


def write(adata: anndata.AnnData, path: Path, form: str) -> Path:
    stored = adata.copy()
    if form in ("csr", "csc"):
        stored.X = getattr(sparse, f"{form}_matrix")(adata.X)
    kwargs = {"chunks": (7, 3)} if form == "chunked" else {}
    stored.write_h5ad(path, convert_strings_to_categoricals=True)
    if kwargs:
        import h5py

        with h5py.File(path, "a") as file:
            attributes = dict(file["X"].attrs)
            del file["X"]
            file.create_dataset("X", data=adata.X, compression="gzip", **kwargs)
            file["X"].attrs.update(attributes)
    return path


def summed(path: Path, scratch: Path, **kwargs: object) -> Pseudobulk:
    return sum_cells(path, COLUMNS, scratch=scratch, min_cells=1, **kwargs)  # type: ignore[arg-type]


def check(bulk: Pseudobulk, adata: anndata.AnnData) -> None:
    golden = expected(adata)
    found = list(zip(bulk.groups["sample"], bulk.groups["cell_type"], strict=True))
    assert found == list(golden.index)
    np.testing.assert_array_equal(np.asarray(bulk.sums[:]), golden.to_numpy())
    sizes = adata.obs.groupby(["patient", "cell_type"], observed=True).size()
    assert bulk.groups["cells"].tolist() == sizes.tolist()


@pytest.mark.parametrize("form", FORMATS)
def test_sums_equal_a_plain_groupby(form: str, tmp_path: Path) -> None:
    adata = cells()
    check(summed(write(adata, tmp_path / "cells.h5ad", form), tmp_path), adata)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    form=st.sampled_from(FORMATS),
    block=st.integers(1, 4_000),
    budget=st.integers(1, 150),
    n=st.integers(20, 80),
    seed=st.integers(0, 5),
)
def test_portions_do_not_matter(
    form: str, block: int, budget: int, n: int, seed: int, tmp_path: Path
) -> None:
    """Any size of block and of band of genes gives the same sums, to the last read."""
    adata = cells(n, seed)
    bulk = summed(write(adata, tmp_path / "cells.h5ad", form), tmp_path, block=block, budget=budget)
    try:
        check(bulk, adata)
    finally:
        bulk.close()


@given(sizes=st.lists(st.integers(0, 9), min_size=1), limit=st.integers(1, 20))
def test_cut_covers_everything_within_the_limit(sizes: list[int], limit: int) -> None:
    weights = np.concatenate([[0], np.cumsum(sizes)])
    ranges = cut(weights, limit)
    assert [a for a, _ in ranges] == [0, *(b for _, b in ranges[:-1])]
    assert ranges[-1][1] == len(sizes)
    assert all(weights[b] - weights[a] <= limit or b == a + 1 for a, b in ranges)


def test_all_is_the_sum_over_types_and_small_ones_count(tmp_path: Path) -> None:
    adata = cells()
    adata.obs.loc[adata.obs_names[:4], ["patient", "cell_type"]] = ["p1", "rare"]
    bulk = sum_cells(
        write(adata, tmp_path / "c.h5ad", "csr"), COLUMNS, scratch=tmp_path, min_cells=10
    )
    frame = pd.DataFrame(adata.X, columns=GENES).groupby(adata.obs["patient"].to_numpy()).sum()
    np.testing.assert_array_equal(bulk.over_types().to_numpy(), frame.to_numpy())
    rare = bulk.groups.set_index("cell_type").loc["rare"]
    assert not rare["kept"]
    assert rare["why"] == "4 cells, fewer than 10"
    assert bulk.cell_types == ["B", "CD4/8 T", "Monocyte"]
    assert bulk.of_type("B").shape == (3, len(GENES))


def test_layers_and_raw(tmp_path: Path) -> None:
    adata = cells()
    changed = adata.copy()
    changed.layers["counts"] = sparse.csc_matrix(adata.X)
    changed.raw = adata
    changed.X = np.log1p(adata.X)
    path = write(changed, tmp_path / "c.h5ad", "csr")
    for layer in ("counts", "raw"):
        bulk = summed(path, tmp_path, layer=layer)
        assert bulk.layer == layer
        check(bulk, adata)
    with pytest.raises(InputError, match="not a whole number") as error:
        summed(path, tmp_path)
    assert "--layer" in error.value.do
    with pytest.raises(InputError, match="no layer count") as error:
        summed(path, tmp_path, layer="count")
    assert "counts" in error.value.do


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize(
    ("value", "message"),
    [(-1.0, "negative"), (0.5, "whole"), (np.nan, "finite"), (np.inf, "finite"), (1e12, "holds")],
)
def test_values_that_are_no_counts(form: str, value: float, message: str, tmp_path: Path) -> None:
    adata = cells(60)
    adata.X[41, 5] = value
    path = write(adata, tmp_path / "c.h5ad", form)
    with pytest.raises(InputError, match=message) as error:
        summed(path, tmp_path, block=50)
    assert "gene number 6 in cell number 42" in error.value.got


def test_missing_columns_offer_the_nearest(tmp_path: Path) -> None:
    path = write(cells(), tmp_path / "c.h5ad", "csr")
    with pytest.raises(InputError, match="no column 'patients'") as error:
        sum_cells(path, CellColumns("patients", "cell_type"), scratch=tmp_path)
    assert "did you mean patient?" in error.value.do
    with pytest.raises(InputError, match="--cell-type") as error:
        sum_cells(path, CellColumns("patient", "celltype"), scratch=tmp_path)
    assert "cell_type" in error.value.do


def test_one_patient_and_too_few_cells(tmp_path: Path) -> None:
    adata = cells()
    path = write(adata[adata.obs["patient"] == "p1"].copy(), tmp_path / "c.h5ad", "csr")
    with pytest.raises(InputError, match="one patient only, p1"):
        summed(path, tmp_path)
    path = write(adata, tmp_path / "d.h5ad", "csr")
    with pytest.raises(InputError, match="0 of 3 patients have at least 5000 cells"):
        sum_cells(path, COLUMNS, scratch=tmp_path, min_cells=5_000)


def test_counts_that_are_all_zero(tmp_path: Path) -> None:
    adata = cells()
    adata.layers["counts"] = adata.X.copy()
    adata.X[:] = 0
    path = write(adata, tmp_path / "c.h5ad", "csr")
    with pytest.raises(
        InputError, match="every count of a gene in X is 0, over 300 cells"
    ) as error:
        summed(path, tmp_path)
    assert "--layer" in error.value.do
    # of one patient only: cells enough, and nothing in them
    adata.X[(adata.obs["patient"] == "p1").to_numpy()] = 1
    path = write(adata, tmp_path / "d.h5ad", "csr")
    with pytest.raises(InputError, match="1 of 3 patients have at least 1 cells and any counts"):
        summed(path, tmp_path)


def test_genes_that_are_there_twice_are_told(tmp_path: Path) -> None:
    adata = cells()
    adata.var["symbol"] = ["ISG15", "ISG15", *GENES[2:]]
    adata.var_names = [f"row{i}" for i in range(len(GENES))]
    bulk = summed(write(adata, tmp_path / "c.h5ad", "csr"), tmp_path)
    assert [note for note in bulk.notes if "several rows" in note] == [
        "Genes with several rows, of which each sample's largest value was taken: ISG15."
    ]
    assert any("earlier name" in note and "G1P3" in note for note in bulk.notes)
    assert make_cohort(bulk, COLUMNS).n_vars == len(GENES) - 2


def test_cells_without_annotation_count_nowhere(tmp_path: Path) -> None:
    adata = cells()
    adata.obs["cell_type"] = adata.obs["cell_type"].where(np.arange(300) >= 25)
    adata.obs.loc[adata.obs_names[30:35], "patient"] = " "
    left = adata[[*range(25, 30), *range(35, 300)]].copy()
    for form in FORMATS:
        bulk = summed(write(adata, tmp_path / f"{form}.h5ad", form), tmp_path)
        check(bulk, left)
        assert any("30 of 300 cells" in note for note in bulk.notes)


def test_grades_and_what_is_known_of_samples(tmp_path: Path) -> None:
    adata = cells()
    adata.obs["visit"] = adata.obs["patient"] + np.where(np.arange(300) % 2, "_d1", "_d9")
    adata.obs["days_since_onset"] = np.where(np.arange(300) % 2, 1, 9)
    path = write(adata, tmp_path / "c.h5ad", "csr")
    columns = CellColumns("patient", "cell_type", "grade", "visit")
    bulk = sum_cells(path, columns, scratch=tmp_path, min_cells=1)
    assert bulk.obs.index.tolist() == ["p1_d1", "p1_d9", "p2_d1", "p2_d9", "p3_d1", "p3_d9"]
    assert bulk.obs["patient"].tolist() == ["p1", "p1", "p2", "p2", "p3", "p3"]
    assert bulk.obs["severity"].tolist() == ["mild"] * 2 + ["severe"] * 2 + ["critical"] * 2
    assert bulk.obs["days_since_onset"].tolist() == [1, 9] * 3
    assert bulk.obs["sex"].tolist() == ["female", "female", "male", "male", "female", "female"]
    assert "source_depth" not in bulk.obs
    with pytest.raises(InputError, match="more than one patient"):
        sum_cells(path, CellColumns("patient", "cell_type", None, "sex"), scratch=tmp_path)


def test_grades_that_cannot_be(tmp_path: Path) -> None:
    adata = cells()
    path = write(adata, tmp_path / "c.h5ad", "csr")
    with pytest.raises(LabelError, match="'b'"):
        sum_cells(path, CellColumns("cell_type", "patient", "cell_type"), scratch=tmp_path)
    adata.obs.loc[adata.obs_names[0], "grade"] = "moderate"
    path = write(adata, tmp_path / "d.h5ad", "csr")
    with pytest.raises(LabelError, match="different grades") as error:
        sum_cells(path, CellColumns("patient", "cell_type", "grade"), scratch=tmp_path)
    assert "--sample" in error.value.do


@pytest.mark.parametrize("form", ["csr", "csc"])
def test_damaged_files_are_refused(form: str, tmp_path: Path) -> None:
    import h5py

    path = write(cells(), tmp_path / "c.h5ad", form)
    with h5py.File(path, "a") as file:
        file["X/indices"][3] = 10_000
    with pytest.raises(InputError, match="outside the matrix"):
        summed(path, tmp_path)
    with h5py.File(path, "a") as file:
        file["X/indptr"][2] = 10_000
    with pytest.raises(InputError, match="indptr"):
        summed(path, tmp_path)
    whole = write(cells(), tmp_path / "d.h5ad", form).read_bytes()
    (tmp_path / "d.h5ad").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError):
        summed(tmp_path / "d.h5ad", tmp_path)
    (tmp_path / "e.h5ad").write_text("no cells")
    with pytest.raises(InputError, match="no file of single cells"):
        summed(tmp_path / "e.h5ad", tmp_path)
    with pytest.raises(InputError, match="no file") as error:
        summed(tmp_path / "cc.h5ad", tmp_path)
    assert "c.h5ad" in error.value.do
