"""A user's table of plasma proteins, and those that are none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ifn_severity.cohorts.analytes import list_analytes
from ifn_severity.cohorts.plasma_file import read_plasma
from ifn_severity.errors import InputError

PRINTED = [one.name for one in list_analytes()["breda-olink"]]
SYMBOLS = [one.symbol for one in list_analytes()["breda-olink"]]


@pytest.fixture
def npx() -> pd.DataFrame:
    values = np.random.default_rng(0).normal(5.0, 2.0, size=(3, len(PRINTED))).round(4)
    table = pd.DataFrame(values, index=["S-1", "S-2", "S-3"], columns=PRINTED)
    table.iloc[0, 3] = np.nan
    return table.rename_axis("SampleID")


def test_either_way_round_and_either_name(npx: pd.DataFrame, tmp_path: Path) -> None:
    npx.to_csv(tmp_path / "a.csv")
    npx.T.rename_axis("Assay").to_csv(tmp_path / "b.tsv", sep="\t")
    npx.set_axis(SYMBOLS, axis=1).to_excel(tmp_path / "c.xlsx")
    for name in ("a.csv", "b.tsv", "c.xlsx"):
        read = read_plasma(tmp_path / name)
        expected = npx.set_axis(SYMBOLS, axis=1)
        pd.testing.assert_frame_equal(read.values, expected, check_names=False, rtol=1e-12)
        assert read.unit == "log2"
    assert read_plasma(tmp_path / "a.csv").renamed["MCP-1"] == "CCL2"


def test_names_that_mean_another_gene_elsewhere(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("sample,TPO,IL1RA,IL6,note\nP1,1,2,3,a\nP2,4,5,6,b\n")
    read = read_plasma(path)
    assert list(read.values.columns) == ["THPO", "IL1RN", "IL6"]


def test_concentrations(npx: pd.DataFrame, tmp_path: Path) -> None:
    linear = np.exp2(npx)
    linear.to_csv(tmp_path / "linear.csv")
    read = read_plasma(tmp_path / "linear.csv", unit="linear")
    np.testing.assert_allclose(read.values, npx, atol=1e-9)
    linear.iloc[1, 1] = 0.0
    linear.to_csv(tmp_path / "zero.csv")
    with pytest.raises(InputError, match="1 concentrations of zero or less"):
        read_plasma(tmp_path / "zero.csv", unit="linear")


@pytest.mark.parametrize(
    ("text", "unit", "message"),
    [
        ("sample,IL6,TNF\nP1,1,2\n", "counts", "unit 'counts' for plasma proteins"),
        ("sample,IL8,CXCL8\nP1,1,2\n", "auto", "analyte CXCL8 is there more than once"),
        ("sample,IL6,TNF\nP1,1,2\nP1,1,2\n", "auto", "sample P1 is there more than once"),
        ("sample,ACTB,GAPDH\nP1,1,2\nP2,1,2\n", "auto", "none of the 126 known analytes"),
    ],
)
def test_bad_tables_are_one_clear_block(text: str, unit: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=message):
        read_plasma(path, unit=unit)
