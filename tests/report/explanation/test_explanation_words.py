"""The sentences and tables beside the figures of the explanation report."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ifn_severity.errors import StoreError
from ifn_severity.evaluate import against_random
from ifn_severity.explain.result import Explained, Stability
from ifn_severity.explain.stability_words import stability_words
from ifn_severity.report.explanation import ExplanationReport
from ifn_severity.report.explanation_genes import gene_table
from ifn_severity.report.explanation_more import families_section, interactions_section
from ifn_severity.report.explanation_samples import exchange_letters
from ifn_severity.report.explanation_tables import EXPLANATION_TABLES, write_explanation_tables
from ifn_severity.report.explanation_words import (
    agreement_sentence,
    apart_words,
    cautions,
    direction_sentences,
    exchange_sentence,
    first_place_sentence,
    random_sentence,
    sign_note,
    where_sentences,
)


def test_stability_is_never_claimed_where_it_is_not_there(explained: Explained) -> None:
    steady = explained.stability
    said = stability_words(steady, 25)
    assert said.startswith("The ranking of the ten leading interferon genes is stable")
    assert "one refit keeps 6.4 of the ten" in said
    assert "NOT stable" in stability_words(replace(steady, stable=False), 25)
    assert "No refits" in stability_words(replace(steady, refits=0, stable=None), 25)


@pytest.mark.parametrize(
    ("refits", "n_genes", "words"),
    [
        (8, 25, "8 refits are too few to say"),
        (200, 1, "There is one interferon gene, so there is no ranking"),
        (200, 0, "There is no interferon gene, so there is no ranking"),
        (200, 2, "2 interferon genes are too few to say"),
    ],
)
def test_where_stability_cannot_be_known_none_is_denied(
    refits: int, n_genes: int, words: str
) -> None:
    nan = float("nan")
    unknown = Stability(refits, nan, nan, nan, None)
    for stable in (None, False):
        said = stability_words(replace(unknown, stable=stable), n_genes)
        assert said.startswith(words)
        assert "NOT stable" not in said
        assert "–" not in said


def test_few_genes_are_counted_and_not_called_ten(explained: Explained) -> None:
    said = stability_words(explained.stability, 4)
    assert said.startswith("The ranking of the 4 interferon genes is stable")
    assert "ten" not in said


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [(-0.01, 0.05, "Nowhere"), (0.01, 0.05, "leaves 0 out in"), (-0.05, -0.01, "leaves 0 out in")],
)
def test_where_says_whether_the_interval_leaves_zero_out(
    explained: Explained, low: float, high: float, words: str
) -> None:
    where = explained.where.copy()
    where[["low", "high"]] = [-0.05, 0.05]
    late = (where["cohort"] == "schulte-cohort1") & (where["stage"] == "late")
    where.loc[late, ["low", "high"]] = [low, high]
    said = " ".join(where_sentences(replace(explained, where=where)))
    assert words in said
    assert ("schulte-cohort1, late (" in said) == (words != "Nowhere")
    assert ("10 places were looked at" in said) == (words != "Nowhere")


def test_where_never_says_adds_most_of_a_loss(explained: Explained) -> None:
    where = explained.where.assign(difference=-0.02)
    assert where_sentences(replace(explained, where=where))[0].startswith("Interferon adds nothing")


def test_a_handful_of_samples_is_not_where_interferon_adds_most(explained: Explained) -> None:
    where = explained.where.copy()
    named = where["difference"].notna() & ~where["cohort"].isin(["mean"])
    first, second = where.index[named][:2]
    where.loc[first, ["difference", "n_mild"]] = 0.9, 4
    where.loc[second, "difference"] = 0.8
    said = where_sentences(replace(explained, where=where))[0]
    assert "0.800" in said
    assert "0.900" not in said


def test_random_genes_that_win_are_said_to(explained: Explained) -> None:
    assert "cannot be told" in random_sentence(explained)
    better = replace(explained.answer, random=against_random(0.86, [0.8] * 100))
    assert "The panel beats random" in random_sentence(replace(explained, answer=better))
    few = replace(better, random=against_random(0.86, [0.8] * 2))
    assert "is open" in random_sentence(replace(explained, answer=few))
    assert "percentile" not in random_sentence(replace(explained, answer=few))
    none = replace(explained.answer, random=against_random(0.86, []))
    assert "not compared" in random_sentence(replace(explained, answer=none))
    chosen = replace(explained.answer, genes_chosen=True)
    assert "is not said" in random_sentence(replace(explained, answer=chosen))


def test_direction_names_the_gene_whose_sign_differs(explained: Explained) -> None:
    said = {text.partition(":")[0]: text for text in direction_sentences(explained)}
    assert said["SIGLEC1"].endswith("raises the risk early and lowers it late.")
    assert said["IFI27"].endswith("of refits.")
    words, warn = sign_note(explained)
    assert (warn, "SIGLEC1" in words) == (True, True)
    assert "not corrected for the number of genes" in words
    assert [gene for gene, text in cautions(explained).items() if text] == ["SIGLEC1"]
    calm = replace(explained, interferon=explained.interferon.assign(caution=""))
    assert sign_note(calm)[1] is False
    assert "each class has 5 patients" in sign_note(calm)[0]


def test_what_points_apart_is_said_even_where_it_is_not_sure(explained: Explained) -> None:
    cohorts, stages = explained.by_cohort.copy(), explained.by_stage.copy()
    mine = cohorts["gene"] == "GBP1"
    cohorts.loc[mine, "log2_fold_change"] = 0.3
    stages.loc[stages["gene"] == "GBP1", "log2_fold_change"] = 0.3
    calm = replace(explained, by_cohort=cohorts.copy(), by_stage=stages.copy())
    assert apart_words(calm, "GBP1") == ""
    lower = (stages["gene"] == "GBP1") & (stages["stage"] == "late")
    stages.loc[lower & (stages["cohort"] == "schulte-cohort1"), "log2_fold_change"] = -0.3
    cohorts.loc[mine & (cohorts["cohort"] == "GSE157103"), "log2_fold_change"] = -0.3
    assert apart_words(replace(calm, by_cohort=cohorts, by_stage=stages), "GBP1") == (
        "higher in severe disease in GSE155454, schulte-cohort1 and schulte-cohort2, lower in "
        "GSE157103; schulte-cohort1: higher in severe disease early, lower late"
    )
    assert apart_words(replace(calm, by_stage=pd.DataFrame()), "GBP1") == ""
    # by samples the AUROC may say otherwise, and a hundredth of a doubling is no direction
    cohorts.loc[mine, "log2_fold_change"] = -0.3
    cohorts.loc[mine & (cohorts["cohort"] == "schulte-cohort2"), "log2_fold_change"] = 0.01
    cohorts.loc[mine & (cohorts["cohort"] == "schulte-cohort2"), "auroc"] = 0.56
    assert apart_words(replace(calm, by_cohort=cohorts), "GBP1") == ""


def test_first_place_counts_among_all_genes(explained: Explained) -> None:
    genes = explained.genes
    first = genes.index[genes["interferon"]][0]
    said = first_place_sentence(explained)
    assert f"{first}, is number {genes.loc[first, 'rank']:.0f}" in said
    among = int((genes["interferon"] & (genes["rank"] <= 20)).sum())
    assert f"{among} of the 20 leading genes" in said
    none = replace(explained, genes=genes.assign(interferon=False))
    assert "No gene of the panel" in first_place_sentence(none)


def test_agreement_names_those_against(explained: Explained) -> None:
    against = list(explained.evidence.index[~explained.evidence["agrees"]])
    said = agreement_sentence(explained)
    assert all(gene in said for gene in against)
    everyone = replace(explained, evidence=explained.evidence.assign(agrees=True))
    assert "not" not in agreement_sentence(everyone)
    unsure = replace(explained, evidence=everyone.evidence.assign(auroc_low=0.4, auroc_high=0.7))
    assert "leaves 0.5 out for 0 of them" in agreement_sentence(unsure)


def test_groups_without_interferon_do_not_count(explained: Explained) -> None:
    assert "3 genes in 1 group stand" in exchange_sentence(explained)
    other = replace(explained, exchangeable=explained.exchangeable.assign(interferon=False))
    assert "No two interferon genes" in exchange_sentence(other)


def test_letters_are_shared_within_a_group(explained: Explained) -> None:
    letters = exchange_letters(explained, ["SIGLEC1", "RSAD2", "IFI27", "GBP1"])
    assert letters == {"RSAD2": "a", "IFI27": "a"}


def test_a_group_of_genes_is_one_line(explained: Explained) -> None:
    table = gene_table(explained, list(explained.interferon.index))
    names = [str(row[0]) for row in table.rows]
    assert len(names) == len(explained.interferon) - 2
    (place,) = table.opened
    assert names[place] == "IFI27 and 2 that go with it"
    inside = {str(row[0]) for row in table.opened[place].rows}
    assert inside == {"IFI27", "IFI44L", "RSAD2"}
    assert all(len(row) == len(table.columns) for row in table.opened[place].rows)
    (follower,) = [row for row in table.opened[place].rows if row[0] == "RSAD2"]
    assert str(follower[-1]).endswith("no effect of its own once IFI27 is known")
    ranks = [explained.interferon.loc[str(row[0]), "rank"] for row in table.opened[place].rows]
    assert ranks == sorted(ranks)


def test_tables_read_back(explained: Explained, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("kept")
    files = write_explanation_tables(tmp_path, ExplanationReport(explained))
    assert [path.name for path in files] == list(EXPLANATION_TABLES)
    assert (tmp_path / "mine.txt").exists()
    tables = {path.name: pd.read_csv(path) for path in files}
    for name in ("attributions.csv", "feature_attributions.csv"):
        rows = tables[name].set_index("sample")
        total = rows["base"] + rows.drop(columns=["base", "margin", "probability"]).sum(axis=1)
        assert total.to_numpy() == pytest.approx(explained.gene_level.margin, abs=1e-6)
    ranking = tables["gene_ranking.csv"].set_index("gene")
    assert list(ranking.index) == list(explained.interferon.index)
    for name in ("mean_abs_shap", "low", "high"):
        expected = explained.interferon[name].to_numpy()
        assert ranking[name].to_numpy() == pytest.approx(expected, rel=1e-4)
    assert tables["exchangeable.csv"]["members"].tolist() == ["IFI27 IFI44L RSAD2"]
    assert tables["families.csv"]["share"].sum() == pytest.approx(1, abs=1e-4)
    answer = tables["answer.csv"].set_index("figure")["value"]
    assert float(answer["difference_low"]) == explained.answer.difference_low
    assert float(answer["split_half"]) == explained.stability.split_half
    patients = tables["patients.csv"].groupby("patient")["shap"].sum()
    for patient in explained.patients:
        pushed = patients[patient.sample]
        assert pushed == pytest.approx(patient.margin - patient.base, abs=1e-4)
    assert len(tables["random_panels.csv"]) == len(explained.random_aurocs)


def test_every_table_is_in_the_docs() -> None:
    docs = Path(__file__).parents[3] / "docs" / "reading-the-explanation.md"
    text = docs.read_text(encoding="utf-8")
    assert [name for name in EXPLANATION_TABLES if f"`{name}`" not in text] == []


def test_empty_tables_keep_their_heading(bare_explained: Explained, tmp_path: Path) -> None:
    files = write_explanation_tables(
        tmp_path, ExplanationReport(replace(bare_explained, patients=()))
    )
    tables = {path.name: path.read_text(encoding="utf-8") for path in files}
    assert tables["neighbours.csv"].startswith("patient,sample,cohort")
    assert tables["patients.csv"].startswith("patient,gene,shap")
    assert tables["random_panels.csv"] == "panel,auroc\n"
    assert tables["where.csv"].startswith("cohort,stage,")
    assert np.isnan(pd.read_csv(files[1])["low"]).all()
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError):
        write_explanation_tables(tmp_path / "file" / "t", ExplanationReport(bare_explained))


def test_sections_name_their_measure_and_do_not_correct_in_silence(explained: Explained) -> None:
    report = ExplanationReport(explained)
    interactions, families = interactions_section(report), families_section(report)
    assert interactions is not None
    assert families is not None
    assert "not corrected for the number of comparisons" in interactions.paragraphs[-1]
    (words,) = families.paragraphs
    assert "All interferon families carry 30 % (25–36 %) by it; the 40 % of the answer" in words
