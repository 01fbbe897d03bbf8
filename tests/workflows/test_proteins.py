"""Plasma proteins end to end: train, predict, explain and validate, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ifn_severity.bundle import load_model
from ifn_severity.cohorts import list_analytes, load_cohort
from ifn_severity.errors import CohortError, FeatureError, InputError, ModelError
from ifn_severity.explain import shap_explanation
from ifn_severity.workflows.dataset import feature_sets_for, load_dataset
from ifn_severity.workflows.explain import explain
from ifn_severity.workflows.features import write_features
from ifn_severity.workflows.predict import predict_file
from ifn_severity.workflows.train import train
from ifn_severity.workflows.validate import validate


@pytest.fixture
def plasma(
    mirror: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """One home for the tests here: both cohorts, and a model of one."""
    home = tmp_path_factory.getbasetemp() / "plasma-home"
    monkeypatch.setenv("IFN_SEVERITY_HOME", str(home))
    if not (home / "models" / "plasma").exists():
        train(
            ["breda-olink"], models=["logistic"], folds=3, inner_folds=2, repeats=1, n_jobs=1,
            name="plasma",
        )  # fmt: skip
    return home


def test_a_dataset_of_one_cohort(plasma: Path) -> None:
    dataset = load_dataset(["yale-impact"])
    assert dataset.proteins
    assert dataset.columns("proteins").shape == (169, 71)
    assert dataset.facts[0]["n_patients"] == 95
    assert dataset.facts[0]["classes"] == {"mild": 124, "severe": 45}
    # samples that were never measured are left out, so what is missing is what failed
    assert dataset.features.isna().mean().mean() < 0.01


def test_two_cohorts_have_the_analytes_of_both(plasma: Path) -> None:
    dataset = load_dataset(["yale-impact", "breda-olink"])
    yale, breda = ({one.symbol for one in rows} for rows in list_analytes().values())
    assert set(dataset.features.columns) == {f"protein:{symbol}" for symbol in yale & breda}
    assert len(dataset.features) == 169 + 207


def test_the_model_predicts_from_a_table_of_the_assay(plasma: Path, tmp_path: Path) -> None:
    model = load_model("plasma")
    assert model.feature_set == "proteins"
    assert model.manifest.genes == [c.removeprefix("protein:") for c in model.manifest.columns]
    adata = load_cohort("breda-olink")
    own = model.predict(adata)
    printed = {one.symbol: one.name for one in list_analytes()["breda-olink"]}
    table = adata.to_df().rename(columns=printed)
    table.to_csv(tmp_path / "npx.csv", index_label="SampleID")
    result = predict_file("plasma", tmp_path / "npx.csv", tmp_path / "out.csv")
    np.testing.assert_allclose(
        result.predictions["probability_severe"], own["probability_severe"], atol=1e-6
    )
    assert result.n_unlike < 0.1 * result.n_samples
    # alone as among others, and without a third of the panel with a warning
    alone = model.predict(adata[:1].to_df())
    assert alone["probability_severe"][0] == pytest.approx(own["probability_severe"][0], abs=1e-12)
    part = model.predict(adata.to_df().iloc[:, :62])
    assert part["warnings"].str.contains("of the model's analytes are in the data").all()
    nothing = adata[:2].to_df()
    nothing.iloc[0] = np.nan
    called = model.predict(nothing)
    assert called["call"][0] == "abstain"
    assert "no analyte was measured" in called["warnings"][0]


def test_another_assay_is_unlike_the_training_data(plasma: Path) -> None:
    model = load_model("plasma")
    yale = load_cohort("yale-impact").to_df()
    with pytest.raises(InputError, match="37 of the 92 analytes of the model"):
        model.predict(yale)
    shifted = load_cohort("breda-olink").to_df() + 6.0
    assert not model.predict(shifted)["in_distribution"].any()
    with pytest.raises(InputError, match="values are no logarithms"):
        model.predict(np.exp2(load_cohort("breda-olink").to_df()))
    with pytest.raises(InputError, match="1 sample names occur more than once"):
        model.predict(pd.concat([shifted.iloc[:1]] * 2))


def test_the_model_is_explained_by_proteins(plasma: Path, tmp_path: Path) -> None:
    model = load_model("plasma")
    levels = load_cohort("breda-olink").to_df().iloc[:20]
    found = shap_explanation(model, levels)
    probability = 1 / (1 + np.exp(-(found.base_values + found.values.sum(axis=1))))
    np.testing.assert_allclose(probability, model.predict(levels)["probability_severe"], atol=1e-5)
    assert list(found.metadata.index[found.metadata["group"] == "interferon"]) == ["IFNG"]
    # the report is of genes, and says so before anything is written
    with pytest.raises(ModelError, match="explains by gene"):
        explain("plasma", output=tmp_path / "report.html")
    assert not (tmp_path / "report.html").exists()


def test_features_are_the_levels(plasma: Path, tmp_path: Path) -> None:
    table = write_features("breda-olink", output=tmp_path / "features.csv")
    written = pd.read_csv(table.output, index_col="sample")
    np.testing.assert_allclose(
        written["protein:IL6"], load_cohort("breda-olink").to_df()["IL6"], rtol=1e-4
    )
    assert table.coverage.loc["interferon", "found"] == 1
    with pytest.raises(FeatureError, match="'cytokine' for breda-olink, which measured plasma"):
        write_features("breda-olink", output=tmp_path / "x.csv", feature_set="cytokine")


def test_kinds_do_not_mix() -> None:
    assert feature_sets_for(["breda-olink", "yale-impact"]) == ("proteins",)
    assert feature_sets_for(["simulated"], ["all", "all"]) == ("all",)
    with pytest.raises(CohortError, match="breda-olink measured plasma proteins, simulated tran"):
        feature_sets_for(["simulated", "breda-olink"])
    with pytest.raises(CohortError, match="measured plasma proteins"):
        load_dataset(["simulated", "breda-olink"])
    with pytest.raises(FeatureError, match="'all' for breda-olink, which measured plasma"):
        feature_sets_for(["breda-olink"], ["all"])
    with pytest.raises(FeatureError, match="'proteins' for simulated, which measured transcr"):
        feature_sets_for(["simulated"], ["proteins"])


def test_validation_of_two_cohorts(plasma: Path, tmp_path: Path) -> None:
    result = validate(
        ["yale-impact", "breda-olink"], models=["logistic", "transfer"], folds=3, inner_folds=2,
        shuffles=2, repeats=1, n_draws=100, n_jobs=1, output=tmp_path / "validation",
    )  # fmt: skip
    found = json.loads((result.folder / "validation.json").read_text(encoding="utf-8"))
    # fixed beforehand, whatever the others did
    assert found["headline"]["fixed"] == "proteins / transfer"
    assert found["cohorts"]["yale-impact"]["chosen"] == ["proteins / transfer"]
    own = result.report.held_out.set_index(["cohort", "model"])["auroc"]
    for name, n in (("yale-impact", 169), ("breda-olink", 207)):
        assert found["cohorts"][name]["n"] == n
        assert own[name, "nested"] == own[name, "transfer"]
        assert 0.6 < own[name, "nested"] < 0.8
    single = found["comparators"]["IL6"]["cohorts"]
    assert single["yale-impact"]["auroc"] == pytest.approx(0.777, abs=0.002)
    assert single["breda-olink"]["auroc"] == pytest.approx(0.750, abs=0.002)
    assert found["random_panels"] == []
    assert found["pooled_prediction_interval"] == [None, None]
    assert {row["stage"] for row in found["additions"]} == {"all", "early", "late"}
    page = (result.folder / "report.html").read_text(encoding="utf-8")
    assert "fixed beforehand" in page
    assert "IFN-γ level" in page
    checklist = (result.folder / "tripod.md").read_text(encoding="utf-8")
    assert "immunoassays" in checklist
    assert "sequencing" not in checklist
