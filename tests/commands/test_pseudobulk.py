"""``ifn-severity pseudobulk`` as a user types it: from cells to features and a cohort."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import anndata
import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from ifn_severity.cohorts import check_cohort, load_cohort
from ifn_severity.cohorts.matrix import read_expression
from ifn_severity.features import panel_genes

Cli = Callable[..., tuple[int, str, str]]
Block = Callable[[tuple[int, str, str]], str]
COLUMNS = ("--patient", "donor", "--cell-type", "type", "--severity", "grade")
TYPES = ["B", "CD4/8 T", "Monocyte"]


@pytest.fixture
def cells(home: Path) -> anndata.AnnData:
    """Six donors, three types, the genes of the panel and some more."""
    rng = np.random.default_rng(0)
    genes = [*sorted(panel_genes()), "ACTB", "GAPDH", "Y_RNA"]
    donors = rng.choice([f"D{i}" for i in range(6)], 900)
    obs = pd.DataFrame(
        {"donor": donors, "type": rng.choice(TYPES, 900, p=[0.3, 0.3, 0.4])},
        index=[f"c{i}" for i in range(900)],
    )
    obs["grade"] = obs["donor"].map(lambda donor: "severe" if donor in ("D1", "D4") else "mild")
    obs["id"] = obs["donor"].str.lower()
    obs.loc[obs.index[:3], ["donor", "type", "grade", "id"]] = ["D0", "rare", "mild", "d0"]
    counts = sparse.csr_matrix(rng.poisson(0.5, (900, len(genes))).astype(np.float32))
    adata = anndata.AnnData(counts, obs=obs, var=pd.DataFrame(index=genes))
    adata.write_h5ad(home / "cells.h5ad")
    return adata


def test_from_cells_to_a_cohort(cli: Cli, cells: anndata.AnnData, home: Path) -> None:
    code, out, err = cli("pseudobulk", "cells.h5ad", *COLUMNS, "--tissue", "PBMC")
    assert code == 0, err
    assert "900 of 900 cells in 6 samples of 6 patients" in out
    assert "D0, rare: 3 cells, fewer than 10" in out
    assert "cohorts add" in out
    folder = home / "cells-pseudobulk"
    assert sorted(path.name for path in folder.iterdir()) == [
        "cell_types", "cells.csv", "cohort.h5ad", "counts.h5ad", "labels.csv", "pseudobulk.json",
    ]  # fmt: skip
    frame = cells.to_df().groupby(cells.obs["donor"].to_numpy()).sum()
    golden = np.log2(frame.div(frame.sum(axis=1), axis=0) * 1e6 + 1)
    cohort = anndata.read_h5ad(folder / "cohort.h5ad")
    np.testing.assert_allclose(
        cohort.to_df()[["ISG15", "ACTB", "Y_RNA"]], golden[["ISG15", "ACTB", "Y_RNA"]], rtol=1e-5
    )
    assert set(cohort.obs["tissue"]) == {"PBMC"}
    assert len(cohort.uns["cohort"]["files"]["cells.h5ad"]) == 64

    code, out, err = cli("features", "cells-pseudobulk/cohort.h5ad", "-o", "features.csv")
    assert code == 0, err
    assert len(pd.read_csv(home / "features.csv")) == 6
    assert read_expression(folder / "cohort.h5ad").unit == "log2"

    code, out, err = cli(
        "cohorts", "add", "cells-pseudobulk/cohort.h5ad",
        "--labels", "cells-pseudobulk/labels.csv", "--name", "bulk",
    )  # fmt: skip
    assert code == 0, err
    added = load_cohort("bulk")
    np.testing.assert_allclose(added.to_df(), cohort.to_df()[added.var_names], rtol=1e-6)
    assert added.obs["severe"].sum() == 2


def test_each_cell_type_is_a_cohort_too(cli: Cli, cells: anndata.AnnData, home: Path) -> None:
    assert cli("pseudobulk", "cells.h5ad", *COLUMNS, "-o", "out")[0] == 0
    summary = json.loads((home / "out" / "pseudobulk.json").read_text("utf-8"))
    assert summary["cell_types"] == {
        "B": "cell_types/B.h5ad",
        "CD4/8 T": "cell_types/CD4_8 T.h5ad",
        "Monocyte": "cell_types/Monocyte.h5ad",
    }
    for cell_type, name in summary["cell_types"].items():
        one = anndata.read_h5ad(home / "out" / name)
        one.obs["severity"] = pd.Categorical(
            one.obs["severity"].astype(str),
            ["healthy", "mild", "moderate", "severe", "critical"],
            ordered=True,
        )
        check_cohort(one)
        assert set(one.obs["source_cell_type"]) == {cell_type}
        own = cells[cells.obs["type"] == cell_type]
        sizes = own.obs.groupby("donor", observed=True).size()
        assert one.obs["source_cells"].tolist() == sizes.tolist()
    counts = anndata.read_h5ad(home / "out" / "counts.h5ad")
    assert counts.shape == (19, cells.n_vars)
    first = cells[(cells.obs["donor"] == "D0") & (cells.obs["type"] == "B")].to_df().sum()
    np.testing.assert_array_equal(counts["D0|B"].X.toarray()[0], first)
    table = pd.read_csv(home / "out" / "cells.csv")
    assert table["cells"].sum() == 900
    assert table["counts"].sum() == cells.X.sum()
    assert table.loc[~table["kept"], "cell_type"].tolist() == ["rare"]


def test_one_file_and_what_is_not_overwritten(
    block: Block, cli: Cli, cells: anndata.AnnData, home: Path
) -> None:
    assert cli("pseudobulk", "cells.h5ad", *COLUMNS, "-o", "one.h5ad")[0] == 0
    assert anndata.read_h5ad(home / "one.h5ad").n_obs == 6
    assert cli("pseudobulk", "cells.h5ad", *COLUMNS, "-o", "out")[0] == 0
    assert cli("pseudobulk", "cells.h5ad", *COLUMNS, "-o", "out", "--no-checksum")[0] == 0
    before = (home / "cells.h5ad").read_bytes()
    assert "overwrite" in block(cli("pseudobulk", "cells.h5ad", *COLUMNS, "-o", "cells.h5ad"))
    assert "overwrite" in block(cli("pseudobulk", "cells.h5ad", *COLUMNS, "-o", "."))
    assert (home / "cells.h5ad").read_bytes() == before
    (home / "thesis").mkdir()
    (home / "thesis" / "chapter.txt").write_text("years of work")
    assert "not written by" in block(cli("pseudobulk", "cells.h5ad", *COLUMNS, "-o", "thesis"))
    assert (home / "thesis" / "chapter.txt").read_text() == "years of work"
    assert ".h5ad" in block(cli("pseudobulk", "cells.h5ad", *COLUMNS, "-o", "x.csv"))


def test_bad_input_leaves_nothing(
    block: Block, cli: Cli, cells: anndata.AnnData, home: Path
) -> None:
    there = sorted(home.iterdir())
    base = ("pseudobulk", "cells.h5ad")
    assert "did you mean donor" in block(cli(*base, "--patient", "doner", "--cell-type", "type"))
    for value, message in ((-3.0, "negative"), (2.5, "whole number")):
        wrong = cells.copy()
        wrong.X.data[-1] = value
        wrong.write_h5ad(home / "cells.h5ad")
        assert message in block(cli(*base, *COLUMNS))
        assert sorted(home.iterdir()) == there
    alone = cells[cells.obs["donor"] == "D1"].copy()
    alone.write_h5ad(home / "cells.h5ad")
    assert "one patient only, D1" in block(cli(*base, *COLUMNS))
    assert "cells.h5ad" in block(cli("pseudobulk", "cell.h5ad", *COLUMNS))
    strange = cells.copy()
    strange.var_names = [f"thing{i}" for i in range(cells.n_vars)]
    strange.write_h5ad(home / "cells.h5ad")
    assert "none of" in block(cli(*base, *COLUMNS))
    assert sorted(home.iterdir()) == there


def test_full_disk_leaves_nothing(
    block: Block, cli: Cli, cells: anndata.AnnData, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("anndata.AnnData.write_h5ad", full)
    assert "no space left" in block(cli("pseudobulk", "cells.h5ad", *COLUMNS))
    assert [path.name for path in home.iterdir()] == ["cells.h5ad"]


def test_workers_without_dask(
    block: Block, cli: Cli, cells: anndata.AnnData, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ifn_severity import cluster

    monkeypatch.setattr(cluster, "find_spec", lambda name: None)
    assert "ifn-severity[dask]" in block(
        cli("pseudobulk", "cells.h5ad", *COLUMNS, "--workers", "2")
    )


def test_workers_give_the_same_cohort(cli: Cli, cells: anndata.AnnData, home: Path) -> None:
    assert cli("pseudobulk", "cells.h5ad", *COLUMNS, "-o", "a.h5ad")[0] == 0
    code, _, err = cli("pseudobulk", "cells.h5ad", *COLUMNS, "-o", "b.h5ad", "--workers", "2")
    assert code == 0, err
    one, two = (anndata.read_h5ad(home / name) for name in ("a.h5ad", "b.h5ad"))
    np.testing.assert_array_equal(one.X, two.X)
