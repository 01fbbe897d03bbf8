"""The same sums on Dask workers, two processes of their own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import anndata
import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from ifn_severity import cluster
from ifn_severity.cohorts.pseudobulk import CellColumns, sum_cells
from ifn_severity.errors import InputError

COLUMNS = CellColumns("patient", "cell_type")


@pytest.fixture(scope="module")
def client() -> Iterator[object]:
    with cluster.dask_client(2, None) as started:
        yield started


@pytest.fixture
def file(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    counts = sparse.csr_matrix(rng.poisson(0.3, (500, 30)).astype(np.float32))
    obs = pd.DataFrame(
        {"patient": rng.choice(["a", "b", "c"], 500), "cell_type": rng.choice(["B", "T"], 500)},
        index=[f"c{i}" for i in range(500)],
    )
    adata = anndata.AnnData(counts, obs=obs, var=pd.DataFrame(index=[f"G{i}" for i in range(30)]))
    adata.write_h5ad(tmp_path / "csr.h5ad")
    adata.X = counts.tocsc()
    adata.write_h5ad(tmp_path / "csc.h5ad")
    return tmp_path


@pytest.mark.parametrize("form", ["csr", "csc"])
@pytest.mark.parametrize("budget", [10_000, 40])
def test_same_sums_as_in_one_process(form: str, budget: int, file: Path, client: object) -> None:
    path = file / f"{form}.h5ad"
    alone = sum_cells(path, COLUMNS, scratch=file, block=200)
    shared = sum_cells(
        path, COLUMNS, scratch=file, block=200, budget=budget, client=client  # type: ignore[arg-type]
    )  # fmt: skip
    np.testing.assert_array_equal(alone.sums, shared.sums[:])
    shared.close()


def test_a_bad_value_is_refused_there_too(file: Path, client: object) -> None:
    import h5py

    with h5py.File(file / "csr.h5ad", "a") as stored:
        stored["X/data"][-1] = -1
    with pytest.raises(InputError, match=r"-1 for gene number \d+ in cell number"):
        sum_cells(
            file / "csr.h5ad", COLUMNS, scratch=file, block=200, client=client  # type: ignore[arg-type]
        )  # fmt: skip


def test_a_damaged_file_is_refused_there_too(file: Path, client: object) -> None:
    import h5py

    with h5py.File(file / "csr.h5ad", "a") as stored:
        stored["X/indices"][-1] = 1_000
    with pytest.raises(InputError, match="outside the matrix"):
        sum_cells(
            file / "csr.h5ad", COLUMNS, scratch=file, block=200, client=client  # type: ignore[arg-type]
        )  # fmt: skip


def test_without_dask_and_without_a_scheduler(monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        pytest.raises(InputError, match="together"),
        cluster.dask_client(2, "tcp://127.0.0.1:1"),
    ):
        pass
    with cluster.dask_client(None, None) as nothing:
        assert nothing is None
    monkeypatch.setattr(cluster, "find_spec", lambda name: None)
    with pytest.raises(InputError, match="not installed") as error, cluster.dask_client(2, None):
        pass
    assert "ifn-severity[dask]" in error.value.do
