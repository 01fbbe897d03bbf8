"""Facts seen in the real files, which the readers must not lose."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData
from scipy.stats import mannwhitneyu

from ifn_severity.cohorts import load_cohort
from ifn_severity.cohorts.fetch import fetch_cohort
from ifn_severity.cohorts.readers import get_reader, read_dgelists
from ifn_severity.errors import CohortError

SIX = ["IFI27", "IFI44L", "IFIT1", "ISG15", "RSAD2", "SIGLEC1"]

Load = Callable[[str], AnnData]


@pytest.fixture
def load(
    mirror: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Load:
    """Load a cohort into one home for all tests here: reading R's files takes seconds each."""
    monkeypatch.setenv("IFN_SEVERITY_HOME", str(tmp_path_factory.getbasetemp() / "readers-home"))
    return load_cohort


def auroc(score: pd.Series, severe: pd.Series) -> float:
    known = severe.notna()
    one, zero = score[known & (severe == 1)], score[known & (severe == 0)]
    return float(mannwhitneyu(one, zero).statistic / (len(one) * len(zero)))


@pytest.mark.parametrize(
    ("name", "samples", "patients", "mild", "severe", "expected"),
    [
        ("GSE157103", 100, 100, 50, 50, 0.282),
        ("schulte-cohort1", 27, 18, 13, 14, 0.110),
        ("schulte-cohort2", 47, 17, 22, 25, 0.469),
        ("GSE155454", 32, 32, 9, 7, 0.587),
        ("GSE152418", 34, 32, 4, 12, 0.250),
    ],
)
def test_interferon_score(
    name: str, samples: int, patients: int, mild: int, severe: int, expected: float, load: Load
) -> None:
    adata = load(name)
    assert adata.n_obs == samples
    assert adata.obs["patient"].nunique() == patients
    assert (adata.obs["severe"] == 0).sum() == mild
    assert (adata.obs["severe"] == 1).sum() == severe
    score = adata.to_df().rank(axis=1, pct=True)[SIX].mean(axis=1)
    assert auroc(score, adata.obs["severe"]) == pytest.approx(expected, abs=0.001)


def test_gse157103(load: Load) -> None:
    adata = load("GSE157103")
    tpm = np.exp2(adata.to_df().astype("float64")) - 1
    assert tpm.sum(axis=1).sub(1e6).abs().max() < 1500  # five names gave way to current ones
    male = tpm["RPS4Y1"] > 1
    against = adata.obs_names[male != (adata.obs["sex"] == "male")]
    assert list(against) == ["C33", "C35", "C39"]
    assert "XIST" not in adata.var_names
    obs = adata.obs
    assert obs["severity"].value_counts().to_dict() == {
        "moderate": 50,
        "critical": 37,
        "severe": 13,
        "healthy": 0,
        "mild": 0,
    }
    outside = obs.index[(obs["severe"] == 0) & (obs["source_mech_ventilation"] == 1)]
    assert list(outside) == ["C1", "C5", "C36", "C52", "C102"]
    assert obs["age"].max() == 90
    assert obs["days_since_onset"].isna().all()


def test_gse157103_tpm_as_published(load: Load) -> None:
    load("GSE157103")
    expression, _ = get_reader("gse157103")(fetch_cohort("GSE157103"))
    assert np.expm1(expression).sum(axis=1).sub(1e6).abs().max() <= 20


def test_gse157103_agrees_with_geo(load: Load) -> None:
    adata = load("GSE157103")
    rows: dict[str, list[str]] = {}
    matrix = fetch_cohort("GSE157103")["GSE157103_series_matrix.txt"]
    for line in matrix.read_text(encoding="utf-8").splitlines():
        key, *cells = (cell.strip('"') for cell in line.split("\t"))
        if cells:
            label = cells[0].split(":")[0] if key.endswith("characteristics_ch1") else key
            rows.setdefault(label, cells)
    icu = dict(zip(rows["!Sample_title"], rows["icu"], strict=True))
    geo = {"_".join(title.split("_")[:2]): value for title, value in icu.items()}
    for patient, severe in zip(adata.obs["patient"], adata.obs["severe"], strict=True):
        assert geo[patient] == ("icu: yes" if severe else "icu: no")


def test_schulte(load: Load) -> None:
    for name, shared in (("schulte-cohort1", 0), ("schulte-cohort2", 3)):
        obs = load(name).obs
        both = obs.groupby("patient")["severe"].nunique()
        assert (both == 2).sum() == shared
        assert obs["days_since_onset"].between(2, 25).all()
        assert obs["sex"].notna().all()
        assert obs["age"].between(20, 90).all()
        assert set(obs["who_scale"]) <= {4, 5, 6, 7, 8}
        assert (obs["who_scale"] == obs["source_who_ordinal"] + 1).all()
        assert ((obs["who_scale"] >= 6) == (obs["severe"] == 1)).all()
        assert (obs["severity"] == "mild").sum() == 0
        assert (obs.loc[obs["severity"] == "critical", "who_scale"] >= 7).all()


@pytest.mark.parametrize(
    ("name", "early", "late"),
    [("schulte-cohort1", 0.15, 0.10), ("schulte-cohort2", 0.744, 0.349)],
)
def test_schulte_by_day_of_illness(name: str, early: float, late: float, load: Load) -> None:
    adata = load(name)
    score = adata.to_df().rank(axis=1, pct=True)[SIX].mean(axis=1)
    by_ten = adata.obs["days_since_onset"] <= 10
    assert auroc(score[by_ten], adata.obs["severe"][by_ten]) == pytest.approx(early, abs=0.005)
    assert auroc(score[~by_ten], adata.obs["severe"][~by_ten]) == pytest.approx(late, abs=0.005)


def test_schulte_sums_its_cell_types(load: Load) -> None:
    adata = load("schulte-cohort1")
    files = fetch_cohort("schulte-cohort1")
    some = dict(list(files.items())[:1])
    ((cell_type, counts, samples),) = read_dgelists(some)
    assert cell_type == "0_Classical Monocytes"
    assert "barcodes" not in samples
    assert counts.shape == (20, 9067)
    assert set(counts.index) <= set(adata.obs_names)
    assert (counts.to_numpy() == counts.to_numpy().round()).all()
    assert len(files) == 18


def test_gse152418(load: Load) -> None:
    obs = load("GSE152418").obs
    assert obs["severity"].value_counts(dropna=False).to_dict() == {
        "healthy": 17,
        "severe": 8,
        "critical": 4,
        "moderate": 4,
        np.nan: 1,
        "mild": 0,
    }
    draws = obs["patient"].value_counts()
    assert sorted(draws.index[draws == 2]) == ["NCOV024", "NCOV025"]
    assert np.isnan(obs.loc["S145_nCOV001_C", "severe"])
    assert obs.loc["S156_nCOV024EUHM-Draw-1", "days_since_onset"] == 8


def test_gse155454(load: Load) -> None:
    adata = load("GSE155454")
    undocumented = adata.obs["source_group"] == "1"
    assert undocumented.sum() == 10
    assert adata.obs.loc[undocumented, "severity"].isna().all()
    assert adata.obs.loc[undocumented, "severe"].isna().all()
    assert adata.obs.loc["severe_n008_acute_day7", "days_since_onset"] == 7
    assert (adata.obs["severity"] == "healthy").sum() == 6
    assert not {"CXCL10", "IL6", "CXCL8", "MMP8", "XIST"} & set(adata.var_names)


def test_gse152641(load: Load) -> None:
    adata = load("GSE152641")
    healthy = adata.obs["severity"] == "healthy"
    assert healthy.sum() == 24
    assert adata.obs["severe"].isna().all()
    values = adata.to_df()
    for gene in ("IFI27", "IFI44L", "RSAD2"):
        assert values.loc[~healthy, gene].median() > values.loc[healthy, gene].median() + 1
    assert values.loc[~healthy, "IFI27"].median() == pytest.approx(7.1, abs=0.1)
    assert values.loc[healthy, "IFI27"].median() == pytest.approx(2.2, abs=0.1)


def test_unknown_reader() -> None:
    with pytest.raises(CohortError, match="did you mean schulte"):
        get_reader("shulte")
