"""Sentences at the edges: one of something, none of something, nothing known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from ifn_severity.evaluate import against_random
from ifn_severity.explain.attributions import Attributions
from ifn_severity.explain.patients import no_neighbours, patient_words
from ifn_severity.explain.ranking import stability
from ifn_severity.explain.result import Answer, Patient
from ifn_severity.explain.stability_words import stability_words
from ifn_severity.explain.summaries import choose_patients
from ifn_severity.explain.words import answer_words

NAN = float("nan")
ANSWER = Answer(
    **{"share": 0.25, "share_low": NAN, "share_high": NAN, "net_share": 0.2},
    **{"net_share_low": NAN, "net_share_high": NAN, "auroc_with": 0.85, "auroc_without": 0.84},
    **{"difference": 0.01, "difference_low": -0.02, "difference_high": 0.04, "p_value": 0.5},
    **{"random": against_random(0.85, [0.8]), "found_with": ()},
    **{"n_cohorts": 1, "n_samples": 1, "n_patients": 1, "n_flipped": 0, "n_led": 1},
    n_counted=1,
    genes_chosen=False,
)


def said(answer: Answer, where: pd.DataFrame) -> str:
    interferon = pd.DataFrame({"mean_abs_shap": [0.0]}, index=["ISG15"])
    steady = stability(np.zeros(1), np.empty((0, 1)))
    nothing = pd.DataFrame()
    return " ".join(
        answer_words(answer, steady, interferon, where, nothing, nothing, held_out=True)
    )


@pytest.mark.parametrize(("n_genes", "refits"), [(1, 60), (2, 60), (12, 60), (12, 5), (12, 0)])
def test_the_answer_says_of_stability_what_the_section_says(n_genes: int, refits: int) -> None:
    draws = np.random.default_rng(0).lognormal(size=(refits, n_genes))
    steady = stability(np.ones(n_genes), draws)
    interferon = pd.DataFrame(
        {"mean_abs_shap": 0.1, "p_top10": 1.0, "direction": "up"},
        index=[f"G{i}" for i in range(n_genes)],
    )
    nothing = pd.DataFrame()
    words = answer_words(ANSWER, steady, interferon, where(), nothing, nothing, held_out=True)
    assert stability_words(steady, n_genes) in words
    text = " ".join(words)
    assert ("NOT stable" in text) == (n_genes == 12 and refits == 60)
    # each of ten genes or fewer is always among the first ten
    assert ("top ten in" in text) == (n_genes > 10 and refits > 0)


def where(*rows: tuple[str, str, float, float, float]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=["cohort", "stage", "difference", "low", "high"])


def test_one_is_one_and_what_is_unknown_is_no_comparison() -> None:
    text = said(ANSWER, where(("A", "all", 0.03, 0.01, 0.05), ("A", "early", NAN, NAN, NAN)))
    assert "Where interferon matters (1 comparison): A: helps" in text
    assert "0 of 1 panel of as many random genes reach; at least 100 are needed" in text
    assert "in 1 of 1 sample," in text
    assert "In no cohort" not in said(ANSWER, where(("A", "all", NAN, NAN, NAN)))


def test_random_genes_are_beaten_by_percentile_and_p_alone() -> None:
    """Five of a hundred that do as well are p = 0.059, whatever their 95th percentile is."""
    five = against_random(0.85, [0.8] * 95 + [0.86] * 5)
    assert five.p95 < 0.85
    text = said(replace(ANSWER, random=five), where())
    assert (
        "Whether the panel beats random genes cannot be told: AUROC 0.850, which 5 of 100" in text
    )
    assert "cannot be said to carry the prediction" in text
    four = replace(ANSWER, random=against_random(0.85, [0.8] * 96 + [0.86] * 4))
    assert "The panel beats random genes: AUROC 0.850, which 4 of 100" in said(four, where())
    assert "p = 0.0495" in said(four, where())
    assert "was found with the help" not in said(four, where())
    helped = said(replace(four, found_with=("GSE157103", "GSE155454")), where())
    assert "but its design was found with the help of GSE157103, GSE155454." in helped
    few = said(replace(ANSWER, random=against_random(0.85, [0.8] * 99)), where())
    assert "is open" in few
    assert "0 of 99 panels" in few


def test_genes_that_were_chosen_with_the_cohorts_are_said_to_be() -> None:
    chosen = replace(ANSWER, genes_chosen=True)
    text = said(chosen, where())
    assert "chosen with these cohorts, which flatters these figures." in text.split(". ")[0] + "."
    assert "beats random genes is not said" in text
    told = replace(chosen, chosen_inside=0.863, chosen_inside_low=0.775, chosen_inside_high=0.933)
    (first, *_) = answer_words(
        told, stability(np.zeros(1), np.empty((0, 1))), pd.DataFrame({"mean_abs_shap": []}),
        where(), pd.DataFrame(), pd.DataFrame(), held_out=True,
    )  # fmt: skip
    assert first.endswith("mean AUROC over the training cohorts is 0.863 (0.775 to 0.933).")
    assert "0.863" not in said(replace(told, genes_chosen=False), where())
    untested = replace(chosen, difference=NAN)
    assert "could not be tested here; its genes were chosen" in said(untested, where())


def test_interactions_are_several_comparisons_and_not_corrected() -> None:
    table = pd.DataFrame(
        {
            "interaction": "interferon × inflammation",
            "kind": "product term",
            "cohort": ["A", "B", "mean"],
            "difference": [-0.02, -0.01, -0.015],
            "low": -0.03,
            "high": [0.01, 0.0, -0.001],
        }
    )
    nothing, interferon = pd.DataFrame(), pd.DataFrame({"mean_abs_shap": []})
    steady = stability(np.zeros(1), np.empty((0, 1)))
    for rows, tests in ((table, "3 comparisons, not corrected"), (table[:1], "1 comparison")):
        words = answer_words(ANSWER, steady, interferon, where(), rows, nothing, held_out=True)
        (text,) = [text for text in words if text.startswith("Interaction terms")]
        assert text.startswith(f"Interaction terms, on held-out patients ({tests}): ")


def patient(shap: float, expression: float, near: pd.DataFrame) -> Patient:
    waterfall = pd.DataFrame(
        {"shap": [shap], "expression": [expression], "usual": [5.0], "interferon": [True]},
        index=["ISG15"],
    )
    nothing = pd.DataFrame()
    return Patient(
        **{"sample": "A:1", "why": "", "held_out": True, "base": 0.0, "margin": shap},
        **{"probability": 0.5, "saved_probability": 0.5, "threshold": 0.5},
        **{"waterfall": waterfall, "families": nothing, "interferon": 0.0, "inflammation": 0.0},
        **{"quadrant": "both", "neighbours": near, "words": ()},
    )


@pytest.mark.parametrize(
    ("severe", "words"),
    [
        ([1, 0, 0], "Of the 3 nearest training samples 1 was severe."),
        ([1, 1, 0], "Of the 3 nearest training samples 2 were severe."),
        ([0, 0], "Of the 2 nearest training samples none was severe."),
        ([1], "The nearest training sample was severe."),
        ([0], "The nearest training sample was not severe."),
    ],
)
def test_neighbours_are_counted_in_english(severe: list[int], words: str) -> None:
    near = no_neighbours().assign(severe=severe)
    assert patient_words(patient(0.2, 6.0, near), "median")[-1] == words


def test_patients_are_chosen_by_the_threshold_of_their_own_model() -> None:
    """All four are called rightly by their own models; a threshold of 0.5 gets two wrong."""
    names = pd.Index(["A:1", "A:2", "A:3", "A:4"])
    margin = np.array([2.0, -2.0, -0.5, 0.9])
    given = Attributions(
        **{"model": "m", "cohort": "A", "simulated": False, "held_out": True},
        **{"values": pd.DataFrame({"x": margin}, index=names), "base": np.zeros(4)},
        **{"margin": margin, "data": pd.DataFrame({"x": margin}, index=names)},
        features=pd.DataFrame(index=["x"]),
        obs=pd.DataFrame({"severe": [1, 0, 1, 0]}, index=names),
    )
    own = choose_patients(given, threshold=np.array([0.5, 0.5, 0.3, 0.8]))
    assert "the prediction that missed by most" not in [one.why for one in own]
    saved = choose_patients(given, threshold=0.5)
    assert ("A:4", "the prediction that missed by most") in [(o.sample, o.why) for o in saved]


def test_nothing_moved_and_nothing_unusual() -> None:
    text = " ".join(patient_words(patient(0.0, 5.0, no_neighbours()), "median"))
    assert "Interferon genes together leave the log-odds where they are." in text
    assert "÷" not in text
    text = " ".join(patient_words(patient(0.1, 5.0, no_neighbours()), "median"))
    assert "ISG15 (as usual)" in text
    text = " ".join(patient_words(patient(0.1, 6.0, no_neighbours()), "median"))
    assert "ISG15 (2.0× above usual)" in text
