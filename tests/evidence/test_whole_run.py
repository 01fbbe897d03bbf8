"""Every claim on the real cohorts: golden effects, facts of the cohorts, what is left behind."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ifn_severity.errors import ClaimError
from ifn_severity.evidence.load import load_claims
from ifn_severity.evidence.result import EFFECT_COLUMNS, POOLED_COLUMNS, VERDICTS, EvidenceReport
from ifn_severity.workflows import tracking
from ifn_severity.workflows.claims import EvidenceResult, choose_claims

pytestmark = pytest.mark.mirror


@pytest.fixture
def report(whole_run: tuple[Path, EvidenceResult]) -> EvidenceReport:
    return whole_run[1].report


def effect(report: EvidenceReport, claim: str, part: str, cohort: str) -> pd.Series:
    table = report.effects
    chosen = (table["claim"] == claim) & (table["part"] == part) & (table["cohort"] == cohort)
    return table[chosen].iloc[0]


@pytest.mark.parametrize(
    ("claim", "part", "cohort", "g", "p", "auroc"),
    [
        # patients' means; pingouin 0.7: compute_effsize(eftype="cohen") times the exact J by
        # mpmath 1.3, ttest(correction=True), mwu()["CLES"]
        ("7", "all-blood", "GSE157103", -0.7756243040, 0.000177034502, 0.282),
        ("7", "all-blood", "schulte-cohort2", -0.4291409752, 0.337210514459, 0.3434343434),
        ("2b", "il6", "yale-impact", 1.0606218168, 4.7792913e-07, 0.7864935065),
        ("2b", "tnf", "breda-olink", 0.4667507255, 0.003470874522, 0.6511846118),
        ("4a", "cd14", "schulte-cohort1", -1.8198868886, 0.003456070838, 0.1),
    ],
)
def test_effects_against_pingouin(
    report: EvidenceReport, claim: str, part: str, cohort: str, g: float, p: float, auroc: float
) -> None:
    found = effect(report, claim, part, cohort)
    assert found["effect"] == pytest.approx(g, abs=1e-6)
    assert found["p"] == pytest.approx(p, abs=1e-6)
    assert found["auroc"] == pytest.approx(auroc, abs=1e-6)
    assert found["low"] < g < found["high"]


def test_pooled_score_against_pymare_and_statsmodels(report: EvidenceReport) -> None:
    table = report.pooled
    chosen = (table["claim"] == "7") & (table["part"] == "all-blood") & (table["stratum"] == "all")
    found = table[chosen].iloc[0]
    # PyMARE 0.0.13, REML; statsmodels 0.15, WLS with weights 1 / (v + tau2)
    assert found["tau2"] == pytest.approx(0.231515951, abs=1e-6)
    assert found["effect"] == pytest.approx(-0.87909644, abs=1e-6)
    assert (found["low"], found["high"]) == pytest.approx((-1.7912033, 0.03301041), abs=1e-6)
    assert found["p"] == pytest.approx(0.05546092, abs=1e-6)


def test_interaction_against_statsmodels(report: EvidenceReport) -> None:
    """MixedLM of the score on grade, day and both, schulte-cohort2, per 10 days."""
    found = effect(report, "6", "interaction", "schulte-cohort2")
    assert found["effect"] == pytest.approx(-0.00362663438, abs=1e-5)


def test_facts_of_the_cohorts(report: EvidenceReport) -> None:
    # the foot of the cohorts' README: IL-6 rises with severity, IFN-α2 hardly
    assert effect(report, "2b", "il6", "yale-impact")["effect"] > 0.7
    assert abs(effect(report, "2b", "ifna2", "yale-impact")["effect"]) < 0.4
    # infection against health
    assert effect(report, "3", "isg", "GSE152641")["effect"] > 1
    # the interferon score has no fixed sign, and falls with the day in both grades
    assert effect(report, "7", "all-blood", "GSE157103")["auroc"] == pytest.approx(0.282, abs=5e-4)
    assert effect(report, "2a", "isg", "schulte-cohort1")["auroc"] < 0.2
    slopes = report.day_slopes.set_index(["cohort", "term"])["slope"]
    for cohort in ("schulte-cohort1", "schulte-cohort2"):
        assert slopes[cohort, "mild"] < -0.5
    counts = report.cohorts.loc["schulte-cohort2", ["n_patients", "n_mild", "n_severe"]]
    # three of the donors are in both grades
    assert counts.tolist() == [17, 11, 9]


def test_every_claim_has_a_working_row(report: EvidenceReport) -> None:
    assert [result.claim.id for result in report.claims] == [c.id for c in load_claims()]
    for result in report.claims:
        assert result.verdict.label in VERDICTS
        assert result.claim.study in result.paragraph
        # every claim is testable on these cohorts, in at least one deciding part
        assert result.verdict.label != "not testable"
        for part in result.parts:
            assert part.effects["effect"].notna().any() or part.effects["reason"].ne("").all()
    assert tuple(report.effects.columns) == EFFECT_COLUMNS
    assert tuple(report.pooled.columns) == POOLED_COLUMNS


def test_every_kind_of_data_is_used(report: EvidenceReport) -> None:
    tested = report.effects[report.effects["effect"].notna()]
    assert set(report.cohorts["kind"]) >= {"blood", "plasma proteins", "lung tissue", "cell lines"}
    assert {"GSE147507: A549 cells, CoV002", "yale-impact", "breda-olink", "GSE152641"} <= set(
        tested["cohort"]
    )
    assert tested["cell_type"].str.contains("classical monocytes").any()
    lung = effect(report, "3", "isg", "GSE147507-lung")
    assert lung["reason"] == "2 infected and 2 healthy, fewer than 3 on a side"


def test_adjusted_p_over_the_deciding_parts(report: EvidenceReport) -> None:
    table = report.pooled
    adjusted = table[table["p_adjusted"].notna()]
    deciding = [p for r in report.claims for p in r.parts if p.part.decides and len(p.pooled)]
    assert len(adjusted) == len(deciding)
    assert (adjusted["p_adjusted"] >= adjusted["p"]).all()
    order = adjusted.sort_values("p")["p_adjusted"]
    assert order.is_monotonic_increasing


def test_p_of_a_verdict_is_that_of_the_parts_it_rests_on(report: EvidenceReport) -> None:
    table = report.verdicts.set_index("verdict")["p_adjusted"]
    assert (table[["supported", "contradicted"]] <= 0.05).all()


def test_intervals_hold_their_estimates(report: EvidenceReport) -> None:
    for table in (report.effects, report.pooled):
        known = table[table["effect"].notna()]
        hedges = known[known["scale"] == "Hedges' g"]
        assert (hedges["low"] <= hedges["effect"] + 1e-9).all()
        assert (hedges["effect"] <= hedges["high"] + 1e-9).all()
    assert report.effects["auroc"].dropna().between(0, 1).all()
    assert report.pooled["i_squared"].dropna().between(0, 1).all()


def test_joint_position_of_classical_monocytes(report: EvidenceReport) -> None:
    table = report.coexistence
    mine = table[table["cell_type"] == "classical monocytes"]
    assert len(mine) == 4
    plane = report.plane[report.plane["cell_type"] == "classical monocytes"]
    for _, row in mine.iterrows():
        here = plane[(plane["cohort"] == row["cohort"]) & (plane["severe"] == row["severe"])]
        assert row["both_high"] == pytest.approx(here["both_high"].mean())
        assert row["n_patients"] == len(here)


def test_genes_over_the_blood_cohorts(report: EvidenceReport) -> None:
    row = report.genes.loc["IFI27"]
    assert row["n_cohorts"] == 5
    assert row["n_higher"] + row["n_lower"] == 5
    assert "IFI27 is higher in severe disease in" in row["sentence"]
    assert len(report.genes) > 100


def test_what_is_left_behind(whole_run: tuple[Path, EvidenceResult]) -> None:
    home, result = whole_run
    assert result.folder == home / "reports" / "evidence"
    found = json.loads((result.folder / "evidence.json").read_text("utf-8"))
    assert [claim["id"] for claim in found["claims"]][:3] == ["1", "2a", "2b"]
    first = found["claims"][1]
    assert set(first) == {
        *("id", "title", "sentence", "study", "citation", "doi", "note"),
        *("verdict", "reason", "needed", "paragraph", "parts"),
    }
    pooled = first["parts"][0]["pooled"][0]
    assert pooled["effect"] == pytest.approx(
        result.report.claims[1].parts[0].pooled["effect"].iloc[0]
    )
    assert found["checksums"]["GSE157103/GSE157103_icu_tpm.csv.xz"]
    assert found["genes"]["IFI27"]["n_cohorts"] == 5
    assert (result.folder / "report.html").stat().st_size > 100_000
    table = pd.read_csv(result.folder / "tables" / "pooled.csv")
    assert np.allclose(table["effect"], result.report.pooled["effect"].astype(float), atol=1e-6)


def test_the_run_is_recorded(
    whole_run: tuple[Path, EvidenceResult], monkeypatch: pytest.MonkeyPatch
) -> None:
    home, result = whole_run
    monkeypatch.setenv("IFN_SEVERITY_HOME", str(home))
    mlflow = tracking.open_store("evidence")
    run = mlflow.get_run(result.run_id)
    assert run.info.status == "FINISHED"
    verdict = result.report.claims[1].verdict.label
    assert run.data.tags["verdict.2a"] == verdict
    assert "GSE157103" in run.data.params["cohorts"]
    assert run.data.metrics["2a.isg.effect"] == pytest.approx(
        result.report.claims[1].parts[0].pooled["effect"].iloc[0], abs=1e-4
    )
    paths = {item.path for item in mlflow.MlflowClient().list_artifacts(result.run_id)}
    assert {"evidence.json", "report.html", "tables"} <= paths


def test_an_unknown_claim() -> None:
    with pytest.raises(ClaimError, match="no claim is called '2d'"):
        choose_claims(load_claims(), ["2d"])
    assert [claim.id for claim in choose_claims(load_claims(), ["3", "1"])] == ["1", "3"]
