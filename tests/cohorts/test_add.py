"""A user's matrix and labels become a cohort like any other, whole or not at all."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ifn_severity.cohorts import get_card, list_cohorts, load_cohort
from ifn_severity.cohorts.add import add_cohort
from ifn_severity.cohorts.matrix import read_expression
from ifn_severity.errors import CohortError, InputError, LabelError, StoreError

MATRIX = "gene,S1,S2,S3\nG1P2,10,20,5\nACTB,30,40,50\n4-Mar,5,6,7\nY_RNA,1,2,3\n"
LABELS = "sample,patient,severity,sex\nS3,b,critical,f\nS1,a,mild,m\nS2,a,healthy,\n"


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    matrix, labels = tmp_path / "my blood (2).csv", tmp_path / "labels.csv"
    matrix.write_text(MATRIX)
    labels.write_text(LABELS)
    return matrix, labels


def kept(home: Path) -> list[str]:
    folder = home / "data" / "cohorts"
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def test_added_and_loaded(home: Path, files: tuple[Path, Path]) -> None:
    added = add_cohort(None, *files, title="Ours", tissue="whole blood")
    assert added.name == "my-blood-2"
    assert (added.unit, added.orientation) == ("counts", "genes in rows")
    assert (added.n_samples, added.n_genes, added.n_patients) == (3, 4, 2)
    assert (added.n_severe, added.n_mild, added.n_other) == (1, 1, 1)
    assert added.renamed == {"G1P2": "ISG15", "4-Mar": "MARCHF4"}
    assert any("counts per million" in note for note in added.notes)
    adata = load_cohort("my-blood-2")
    assert adata.var_names.tolist() == ["ISG15", "ACTB", "MARCHF4", "Y_RNA"]
    expected = read_expression(files[0]).values
    np.testing.assert_allclose(adata.X, expected, rtol=1e-6)
    assert adata.obs["severity"].tolist() == ["mild", "healthy", "critical"]
    np.testing.assert_array_equal(adata.obs["severe"], [0, np.nan, 1])
    assert adata.obs["tissue"].tolist() == ["whole blood"] * 3
    assert adata.uns["cohort"]["title"] == "Ours"
    assert adata.uns["cohort"]["simulated"] is False
    card = get_card("my-blood-2")
    assert card == added.card
    assert card.kind == "user"
    assert "sha256" in card.citation
    assert "my-blood-2" in [known.name for known in list_cohorts()]


def test_its_file_is_read_as_a_matrix_again(home: Path, files: tuple[Path, Path]) -> None:
    folder = add_cohort("mine", *files).folder
    again = read_expression(folder / "cohort.h5ad")
    assert again.unit == "log2"
    pd.testing.assert_frame_equal(again.values, read_expression(files[0]).values, rtol=1e-6)


def test_severe_without_a_grade(home: Path, files: tuple[Path, Path]) -> None:
    files[1].write_text("sample,ICU\nS1,no\nS2,yes\nS3,yes\n")
    add_cohort("icu", *files)
    adata = load_cohort("icu")
    assert adata.obs["severe"].tolist() == [0, 1, 1]
    assert adata.obs["severity"].isna().all()


def test_an_existing_name(home: Path, files: tuple[Path, Path]) -> None:
    add_cohort("mine", *files)
    with pytest.raises(CohortError, match="there is a cohort mine already") as error:
        add_cohort("mine", *files)
    assert "--replace" in error.value.do
    with pytest.raises(CohortError, match="there is a cohort mine already"):
        add_cohort("MINE", *files, replace=True)
    add_cohort("mine", *files, title="Newer", replace=True)
    assert get_card("mine").title == "Newer"
    with pytest.raises(CohortError, match="GSE157103") as error:
        add_cohort("GSE157103", *files, replace=True)
    assert "--replace" not in error.value.do


@pytest.mark.parametrize("name", ["", "../x", ".hidden", "a b", "a/b", "-x"])
def test_an_impossible_name(name: str, home: Path, files: tuple[Path, Path]) -> None:
    with pytest.raises(CohortError, match="cannot be the name"):
        add_cohort(name, *files)
    assert kept(home) == []


@pytest.mark.parametrize(
    ("matrix", "labels", "error"),
    [
        (MATRIX.replace("10", "ten"), LABELS, InputError),
        (MATRIX, LABELS.replace("critical", "mild"), LabelError),
        (MATRIX, LABELS.replace("S3", "S4"), LabelError),
        (MATRIX, "", InputError),
    ],
)
def test_nothing_is_left_of_bad_input(
    matrix: str, labels: str, error: type[Exception], home: Path, files: tuple[Path, Path]
) -> None:
    files[0].write_text(matrix)
    files[1].write_text(labels)
    with pytest.raises(error):
        add_cohort("mine", *files)
    assert kept(home) == []


def test_a_full_disk_leaves_the_old_cohort(
    home: Path, files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    add_cohort("mine", *files, title="Old")

    def full(self: object, *args: object, **kwargs: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("anndata.AnnData.write_h5ad", full)
    with pytest.raises(StoreError, match="no space left"):
        add_cohort("mine", *files, title="New", replace=True)
    assert get_card("mine").title == "Old"
    assert kept(home) == ["mine"]


@pytest.mark.mirror
def test_a_real_cohort(home: Path, mirror: Path, tmp_path: Path) -> None:
    folder = mirror / "GSE157103"
    facts = pd.read_csv(folder / "GSE157103_icu_metadata.csv.xz")
    labels = tmp_path / "labels.csv"
    facts[["sampleID", "ICU_1", "Gender"]].to_csv(labels, index=False)
    added = add_cohort("overmyer", folder / "GSE157103_icu_tpm.csv.xz", labels)
    assert (added.n_severe, added.n_mild, added.unit) == (50, 50, "ln")
    built_in = load_cohort("GSE157103")
    own = load_cohort("overmyer")[built_in.obs_names, built_in.var_names]
    np.testing.assert_allclose(own.X, built_in.X, atol=1e-5)
    assert (own.obs["severe"].to_numpy() == built_in.obs["severe"].to_numpy()).all()
