"""Plasma proteins, cells in culture, lung tissue and single cell types: facts of the real files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

from ifn_severity.cohorts import get_card, list_analytes, list_cell_types, load_cohort
from ifn_severity.cohorts.analytes import FAMILIES, name_analytes
from ifn_severity.cohorts.card import card_text, parse_card
from ifn_severity.cohorts.cell_types import check_cell_types
from ifn_severity.cohorts.fetch import fetch_cohort
from ifn_severity.cohorts.proteins import analyte_table, protein_log2
from ifn_severity.cohorts.readers import read_dgelists
from ifn_severity.errors import CohortError
from ifn_severity.genes import gene_table, harmonise

LOG2_OF_10 = np.log2(10.0)
# CD14 monocytes of the Berlin cohort: three clusters of one population
CLASSICAL = ("0_Classical Monocytes", "1_HLA-DR+ CD83+ Monocytes", "3_HLA-DR- S100A+ monocytes")

Load = Callable[..., AnnData]


@pytest.fixture
def load(
    mirror: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Load:
    """Load a cohort into the home that the tests of readers use: spreadsheets take a second."""
    monkeypatch.setenv("IFN_SEVERITY_HOME", str(tmp_path_factory.getbasetemp() / "readers-home"))
    return load_cohort


def test_yale(load: Load) -> None:
    adata = load("yale-impact")
    obs = adata.obs
    assert adata.shape == (294, 71)
    assert adata.uns["cohort"]["kind"] == "plasma proteins"
    assert obs["source_icu"].value_counts().to_dict() == {1: 132, 0: 114, 2: 46}
    assert obs["source_icu"].isna().sum() == 2
    assert obs["severity"].value_counts(dropna=False).to_dict() == {
        "moderate": 132,
        "healthy": 114,
        "severe": 46,
        np.nan: 2,
        "mild": 0,
        "critical": 0,
    }
    scores = obs.groupby("source_icu")["source_clinical_score"].agg(["min", "max"])
    assert scores.to_numpy().tolist() == [[0, 0], [1, 3], [4, 5]]
    worker = obs["patient"].str.startswith("HCW")
    assert (worker == (obs["severity"] == "healthy")).all()
    assert obs.loc[["Pt001", "Pt001.2"], "patient"].tolist() == ["Pt001", "Pt001"]
    grades = obs[obs["severe"].notna()].groupby("patient")["severe"].nunique()
    assert (len(grades), (grades == 2).sum()) == (98, 8)
    assert obs.loc[~worker, "days_since_onset"].between(1, 47).all()
    assert obs.loc[worker, "days_since_onset"].isna().all()
    assert obs["age"].max() == 90
    assert obs["sex"].isna().sum() == 1
    assert obs["who_scale"].isna().all()
    assert obs["source_daysfromcsstart"].notna().sum() == 58
    assert obs["source_dayfromtocistart"].notna().sum() == 130
    assert obs["source_hla_dr_of_cmono"].notna().sum() == 211


def test_yale_levels(load: Load) -> None:
    adata = load("yale-impact")
    levels = adata.to_df() / LOG2_OF_10  # log10, as in the file
    means = levels.groupby(adata.obs["source_icu"]).mean()
    assert means["IL6"].tolist() == pytest.approx([-0.24, 1.59, 2.52], abs=0.01)
    assert means["IFNA2"].tolist() == pytest.approx([1.38, 1.59, 1.78], abs=0.01)
    assert levels.min().min() == pytest.approx(-2.0)
    assert levels.max().max() == pytest.approx(5.4, abs=0.05)
    unmeasured = levels.isna().all(axis=1)
    counted = adata.obs.loc[unmeasured, "source_icu"].value_counts()
    assert counted.to_dict() == {0: 70, 1: 8, 2: 1}
    assert adata.var.loc["IL4", "at_floor"] > 0.5
    assert adata.var.loc["IFNL2", "at_floor"] > 0.5
    assert adata.var.loc["CXCL10", "at_floor"] < 0.01
    assert adata.var.loc["CXCL10", "analyte"] == "CXCL10orIP10"
    assert adata.var.loc["IL12A", "genes"] == "IL12A+IL12B"


def test_breda(load: Load) -> None:
    adata = load("breda-olink")
    obs = adata.obs
    assert adata.shape == (207, 92)
    assert obs["source_icu"].value_counts().to_dict() == {"no": 148, "yes": 59}
    assert (obs["source_timepoint"] == "T1").all()
    assert ((obs["source_icu"] == "yes") == (obs["severe"] == 1)).all()
    twice = obs["patient"].value_counts()
    assert sorted(twice.index[twice == 2]) == ["160", "262"]
    assert obs["age"].between(35, 95).all()
    assert obs["sex"].notna().all()
    assert obs["days_since_onset"].isna().all()
    levels = adata.to_df()
    assert levels.isna().sum().sum() == 15
    assert levels.isna().sum(axis=1).max() == 2
    severe = obs["severe"] == 1
    for gene in ("IL6", "CXCL8", "S100A12", "CCL2"):
        assert levels.loc[severe, gene].mean() > levels.loc[~severe, gene].mean() + 0.5
    assert levels.loc["A-1", "CXCL8"] == pytest.approx(6.57546)
    assert not {"IFNA2", "IFNL1", "IFNL2"} & set(adata.var_names)


@pytest.mark.parametrize("cohort", ["yale-impact", "breda-olink"])
def test_analytes_are_genes(cohort: str) -> None:
    rows = list_analytes()[cohort]
    current = gene_table().current
    assert len({one.symbol for one in rows}) == len({one.name for one in rows}) == len(rows)
    for one in rows:
        assert one.symbol in one.genes
        assert set(one.genes) <= set(current)
        assert one.family in FAMILIES
        assert (one.uniprot == "") == (cohort == "yale-impact")
    # a printed name that HGNC knows for one gene stands for that gene, but for two of other genes
    found = harmonise([one.name for one in rows]).symbols
    known = [(one, symbol) for one, symbol in zip(rows, found, strict=True) if symbol]
    assert len(known) > 30
    other = {one.name: symbol for one, symbol in known if symbol not in one.genes}
    assert other == ({"IL1RA": "IL1R1", "TPO": "TPO"} if cohort == "yale-impact" else {})


def test_both_platforms_give_one_protein_one_name() -> None:
    yale, breda = ({one.symbol: one for one in list_analytes()[n]} for n in list_analytes())
    shared = yale.keys() & breda.keys()
    assert len(shared) == 37
    assert {"IFNG", "IL6", "TNF", "IL10", "CXCL10", "CCL2", "CXCL8"} <= shared
    assert all(yale[symbol].family == breda[symbol].family for symbol in shared)
    assert [s for s in (*yale, *breda) if s.startswith("IFN")] == ["IFNA2", "IFNG", "IFNL2", "IFNG"]


def test_a_missing_analyte_is_named() -> None:
    table = pd.DataFrame({f" {one.name} ": [1.0] for one in list_analytes()["yale-impact"]})
    assert name_analytes(table, "yale-impact").columns[9] == "IFNA2"
    with pytest.raises(CohortError, match="no column for 1 analytes, first 'IL6'"):
        name_analytes(table.drop(columns=" IL6 "), "yale-impact")


def test_protein_values_are_logarithms() -> None:
    good = pd.DataFrame({"IL6": [-2.0, np.nan, 3.0], "TNF": [1.0, 1.0, 2.0]})
    log2 = protein_log2(good, "log10", cohort="breda-olink")
    assert log2["IL6"].tolist()[::2] == pytest.approx([-2 * LOG2_OF_10, 3 * LOG2_OF_10])
    assert analyte_table(log2, "breda-olink")["at_floor"].round(2).tolist() == [0.5, 0.67]
    for value in (np.inf, 3000.0):
        with pytest.raises(CohortError, match=r"1 impossible values.*IL6 in sample 1"):
            protein_log2(good.assign(IL6=[1.0, value, 2.0]), "log2", cohort="x")
    with pytest.raises(CohortError, match="no analyte was measured"):
        protein_log2(good * np.nan, "log2", cohort="x")


def test_units_belong_to_kinds() -> None:
    text = card_text(get_card("yale-impact"))
    assert parse_card(text, "x").unit == "log10"
    for unit in ("counts", "linear", "ln"):
        with pytest.raises(CohortError, match=r"unit = .* with kind = "):
            parse_card(text.replace('"log10"', f'"{unit}"', 1), "x")


def test_cells_in_culture(load: Load) -> None:
    adata = load("GSE147507")
    obs = adata.obs
    assert adata.n_obs == 20
    groups = obs.groupby(["source_cell_line", "source_condition"], observed=True).size()
    assert groups.to_dict() == {
        ("A549", "RSV"): 2,
        ("A549", "SARS-CoV-2"): 3,
        ("A549", "mock"): 5,
        ("NHBE", "SARS-CoV-2"): 3,
        ("NHBE", "mock"): 3,
    }
    unknown = obs.index[obs["source_condition"].isna()]
    assert list(unknown) == ["3_9_mock1_13", "3_9_mock2_14", "3_9_wt1_15", "3_9_wt2_16"]
    assert obs.loc[unknown, ["source_cell_line", "source_experiment"]].isna().all().all()
    # what says which cells SARS004 are: bronchial epithelium has keratins 5 and 14
    keratin = np.exp2(adata.to_df()[["KRT5", "KRT14"]]) - 1
    bronchial = obs["source_cell_line"] == "NHBE"
    assert (keratin[bronchial] > 1000).all().all()
    assert (keratin[~bronchial] < 1).all().all()
    levels = adata.to_df()
    rise = {
        name: levels[here & (obs["source_condition"] == virus)].mean()
        - levels[here & (obs["source_condition"] == "mock")].mean()
        for name, virus, here in (
            ("CoV2", "SARS-CoV-2", bronchial),
            ("RSV", "RSV", obs["source_experiment"] == "svRNA184"),
        )
    }
    assert rise["CoV2"]["CCL20"] > 2
    assert rise["RSV"]["IFIT1"] > rise["CoV2"]["IFIT1"] + 1
    assert obs["severe"].isna().all()


def test_lung(load: Load) -> None:
    adata = load("GSE147507-lung")
    condition = adata.obs["source_condition"].astype(str)
    assert condition.tolist() == ["healthy", "healthy", "COVID-19", "COVID-19"]
    assert adata.obs["severity"].astype(str).tolist()[:2] == ["healthy", "healthy"]
    assert adata.obs["severity"].isna().tolist() == [False, False, True, True]
    assert adata.obs["age"].tolist()[:2] == [77, 72]
    counts = pd.read_csv(fetch_cohort("GSE147507-lung")["GSE147507.csv"], index_col=0)
    assert counts["Series15_COVID19Lung_1"].sum() == 76_756


def test_one_cell_type(load: Load) -> None:
    name = "schulte-cohort1"
    assert len(list_cell_types(name)) == len(list_cell_types("schulte-cohort2")) == 18
    adata = load(name, cell_type=CLASSICAL[0])
    files = fetch_cohort(name)
    file = next(f for f in files if f.startswith(CLASSICAL[0]))
    ((_, counts, samples),) = read_dgelists({file: files[file]})
    assert adata.uns["cohort"]["cell_types"] == [CLASSICAL[0]]
    assert adata.uns["cohort"]["files"].keys() == {file}
    assert adata.n_obs == len(counts) == 20
    # the study's library size is the sum of the counts, so CPM of the type are CPM of the DGEList
    assert (samples["lib.size"] == counts.sum(axis=1)).all()
    order = adata.obs_names
    for gene in ("HLA-DRA", "TNF", "IFI27"):
        cpm = counts.loc[order, gene] / samples.loc[order, "lib.size"] * 1e6
        np.testing.assert_allclose(adata.to_df()[gene], np.log2(cpm + 1), rtol=1e-6)
    assert (adata.obs["source_cells"] == samples.loc[order, "n_barcodes"]).all()
    whole = load(name)
    assert whole.obs["source_cells"].loc[order].gt(adata.obs["source_cells"]).all()
    same = ["patient", "severity", "severe", "days_since_onset", "who_scale", "age", "sex"]
    pd.testing.assert_frame_equal(whole.obs.loc[order, same], adata.obs[same])
    assert load(name).shape == whole.shape  # and what was kept of the sum is still the sum


def test_a_sum_of_cell_types(load: Load) -> None:
    adata = load("schulte-cohort1", cell_type=CLASSICAL[::-1])
    assert adata.uns["cohort"]["cell_types"] == list(CLASSICAL)
    single = load("schulte-cohort1", cell_type=CLASSICAL[0])
    assert set(single.obs_names) < set(adata.obs_names)
    assert (adata.obs["source_cells"].loc[single.obs_names] >= single.obs["source_cells"]).all()
    # HLA-DR is what the clusters were told apart by: it is lower in severe over all of them
    hla, severe = adata.to_df()["HLA-DRA"], adata.obs["severe"] == 1
    assert hla[severe].mean() < hla[~severe].mean() - 0.5
    again = load("schulte-cohort1", cell_type=CLASSICAL)
    np.testing.assert_array_equal(again.X, adata.X)


@pytest.mark.parametrize(
    ("name", "asked", "message"),
    [
        ("GSE157103", "Monocytes", "was not summed over cell types"),
        ("schulte-cohort1", "Classical Monocytes", "no cell type 'Classical Monocytes'"),
        ("schulte-cohort1", (), "no cell type is named"),
    ],
)
def test_unknown_cell_types(name: str, asked: str, message: str) -> None:
    with pytest.raises(CohortError, match=message):
        check_cell_types(get_card(name), asked)
    with pytest.raises(CohortError, match=message):
        load_cohort(name, cell_type=asked)
