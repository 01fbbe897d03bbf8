"""10x output: folders of Matrix Market text and h5 files, with a table of cells."""

from __future__ import annotations

import gzip
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from scipy.io import mmwrite

from ifn_severity.cohorts.pseudobulk import CellColumns, sum_cells
from ifn_severity.errors import InputError

COLUMNS = CellColumns("patient", "cell_type")
IDS = ["ENSG00000187608", "ENSG00000165949", "ENSG00000185745", "CD3"]
SYMBOLS = ["ISG15", "IFI27", "IFIT1", "CD3_TotalSeqB"]
KINDS = ["Gene Expression"] * 3 + ["Antibody Capture"]
N = 40


@pytest.fixture
def counts() -> np.ndarray:
    return np.random.default_rng(1).poisson(1.0, (N, 4))


@pytest.fixture
def table(tmp_path: Path) -> pd.DataFrame:
    """The table of cells, in another order than the matrix, and written as csv."""
    rng = np.random.default_rng(2)
    frame = pd.DataFrame(
        {
            "patient": rng.choice(["a", "b"], N),
            "cell_type": rng.choice(["B", "T"], N),
        },
        index=pd.Index(barcodes(), name="barcode"),
    )
    frame.sample(frac=1.0, random_state=0).to_csv(tmp_path / "obs.csv")
    return frame


def barcodes() -> list[str]:
    return [f"ACGT{i:04d}-1" for i in range(N)]


def folder(counts: np.ndarray, path: Path, *, prefix: str = "", packed: bool = True) -> Path:
    path.mkdir()
    mmwrite(path / "x.mtx", sparse.coo_matrix(counts.T), field="integer")
    text = {
        "matrix.mtx": (path / "x.mtx").read_text(),
        "barcodes.tsv": "\n".join(barcodes()) + "\n",
        "features.tsv": "".join("\t".join(row) + "\n" for row in zip(IDS, SYMBOLS, KINDS)),  # noqa: B905
    }
    (path / "x.mtx").unlink()
    for name, content in text.items():
        if packed:
            (path / f"{prefix}{name}.gz").write_bytes(gzip.compress(content.encode()))
        else:
            (path / f"{prefix}{name}").write_text(content)
    return path


def h5(counts: np.ndarray, path: Path, *, old: bool = False) -> Path:
    stored = sparse.csr_matrix(counts)
    with h5py.File(path, "w") as file:
        group = file.create_group("GRCh38" if old else "matrix")
        for name in ("data", "indices", "indptr"):
            group[name] = getattr(stored, name)
        group["shape"] = np.array(counts.shape[::-1])
        group["barcodes"] = np.array(barcodes(), dtype="S")
        if old:
            group["genes"], group["gene_names"] = np.array(IDS, "S"), np.array(SYMBOLS, "S")
        else:
            group["features/id"] = np.array(IDS, "S")
            group["features/name"] = np.array(SYMBOLS, "S")
            group["features/feature_type"] = np.array(KINDS, "S")
    return path


def golden(counts: np.ndarray, table: pd.DataFrame) -> np.ndarray:
    keys = [table["patient"].to_numpy(), table["cell_type"].to_numpy()]
    return pd.DataFrame(counts).groupby(keys).sum().to_numpy()


@pytest.mark.parametrize("block", [1, 17, 10_000])
@pytest.mark.parametrize("kind", ["packed", "plain", "prefixed", "file", "h5", "old h5"])
def test_sums(
    kind: str, block: int, counts: np.ndarray, table: pd.DataFrame, tmp_path: Path
) -> None:
    if kind.endswith("h5"):
        path = h5(counts, tmp_path / "x.h5", old=kind == "old h5")
    else:
        prefix = "GSM1_" if kind == "prefixed" else ""
        path = folder(counts, tmp_path / "run", prefix=prefix, packed=kind != "plain")
        path = path / "matrix.mtx.gz" if kind == "file" else path
    bulk = sum_cells(
        path, COLUMNS, scratch=tmp_path, obs=tmp_path / "obs.csv", min_cells=1, block=block
    )
    np.testing.assert_array_equal(bulk.sums, golden(counts, table))
    if kind != "old h5":
        assert bulk.of_type("B").shape == (2, 3)
        assert any("1 features that are no genes" in note for note in bulk.notes)
        np.testing.assert_array_equal(
            bulk.groups["counts"], golden(counts, table)[:, :3].sum(axis=1)
        )


def test_bands_of_genes(counts: np.ndarray, table: pd.DataFrame, tmp_path: Path) -> None:
    for path in (folder(counts, tmp_path / "run"), h5(counts, tmp_path / "x.h5")):
        bulk = sum_cells(
            path, COLUMNS, scratch=tmp_path, obs=tmp_path / "obs.csv", min_cells=1, budget=8
        )
        assert isinstance(bulk.sums, h5py.Dataset)
        np.testing.assert_array_equal(bulk.sums[:], golden(counts, table))
        np.testing.assert_array_equal(
            bulk.over_types().to_numpy(),
            pd.DataFrame(counts[:, :3]).groupby(table["patient"].to_numpy()).sum(),
        )
        bulk.close()


def test_without_a_table(counts: np.ndarray, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not say what its cells are") as error:
        sum_cells(h5(counts, tmp_path / "x.h5"), COLUMNS, scratch=tmp_path)
    assert "--obs" in error.value.do


def test_tables_that_do_not_fit(counts: np.ndarray, table: pd.DataFrame, tmp_path: Path) -> None:
    path, obs = h5(counts, tmp_path / "x.h5"), tmp_path / "obs.csv"
    table.rename(index=lambda name: name.removesuffix("-1")).to_csv(obs)
    with pytest.raises(InputError, match="none of its 40 cells") as error:
        sum_cells(path, COLUMNS, scratch=tmp_path, obs=obs)
    assert "suffixes" in error.value.do
    pd.concat([table, table.iloc[:1]]).to_csv(obs, index_label="barcode")
    with pytest.raises(InputError, match="more than once"):
        sum_cells(path, COLUMNS, scratch=tmp_path, obs=obs)
    table.iloc[5:].to_csv(obs)
    bulk = sum_cells(path, COLUMNS, scratch=tmp_path, obs=obs, min_cells=1)
    np.testing.assert_array_equal(bulk.sums, golden(counts[5:], table.iloc[5:]))
    assert any("5 cells of the matrix are not in obs.csv" in note for note in bulk.notes)
    with pytest.raises(InputError, match="no file"):
        sum_cells(path, COLUMNS, scratch=tmp_path, obs=tmp_path / "none.csv")


def test_folders_that_are_not_whole(
    counts: np.ndarray, table: pd.DataFrame, tmp_path: Path
) -> None:
    path, obs = folder(counts, tmp_path / "run"), tmp_path / "obs.csv"
    matrix = path / "matrix.mtx.gz"
    text = gzip.decompress(matrix.read_bytes()).decode()
    for wrong, message in (
        (text.replace("coordinate", "array"), "starts with"),
        ("\n".join(text.splitlines()[:-2]) + "\n", "of 10[0-9] in its header|of 9[0-9] in its"),
        (text.replace("\n1 ", "\n9 ", 1) if "\n1 " in text else text, "outside the matrix"),
        (text[: text.index("\n4 40") + 1] + "x y z\n", "damaged"),
    ):
        matrix.write_bytes(gzip.compress(wrong.encode()))
        with pytest.raises(InputError, match=message):
            sum_cells(path, COLUMNS, scratch=tmp_path, obs=obs, min_cells=1)
    matrix.write_bytes(gzip.compress(text.encode())[:-30])
    with pytest.raises(InputError, match="damaged"):
        sum_cells(path, COLUMNS, scratch=tmp_path, obs=obs, min_cells=1)
    (path / "barcodes.tsv.gz").unlink()
    with pytest.raises(InputError, match=r"no barcodes\.tsv\.gz"):
        sum_cells(path, COLUMNS, scratch=tmp_path, obs=obs)
    with pytest.raises(InputError, match="layers"):
        sum_cells(h5(counts, tmp_path / "x.h5"), COLUMNS, scratch=tmp_path, obs=obs, layer="a")
