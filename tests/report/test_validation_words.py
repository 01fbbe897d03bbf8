from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ifn_severity.report.validation import ValidationReport
from ifn_severity.report.validation_biology import beats_random_panels, biology_sentence
from ifn_severity.report.validation_calibration import (
    calibration_sentence,
    level_sentence,
    recalibration_sentence,
)
from ifn_severity.report.validation_words import (
    addition_sentence,
    answer,
    choice_sentence,
    comparison_sentence,
    interferon_sentence,
    performance_sentence,
    shared_sentence,
    verdict,
)

MakeReport = Callable[..., ValidationReport]
finite = st.floats(-1, 1)


@given(finite, finite)
def test_an_interval_with_zero_in_it_decides_nothing(a: float, b: float) -> None:
    low, high = sorted((a, b))
    decided = verdict(low, high) != "cannot be told"
    assert decided == (low > 0 or high < 0)


def test_performance_names_mean_worst_pooled_and_prediction(validation: ValidationReport) -> None:
    text, head = performance_sentence(validation), validation.headline
    assert f"mean AUROC for severe against mild is {head['mean_auroc']:.2f} (95 % CI" in text
    assert f"the worst is {head['min_auroc']:.2f} ({head['min_cohort']})" in text
    low, high = head["prediction_low"], head["prediction_high"]
    assert f"from {low:.2f} to {high:.2f} (95 % prediction interval)" in text
    assert text.startswith("On 4 cohorts")


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (0.01, 0.09, "ours is better on the mean"),
        (-0.09, -0.01, "ours is worse on the mean"),
        (-0.01, 0.09, "whether ours is better cannot be told"),
    ],
)
def test_comparison_claims_what_its_interval_allows(
    make_validation: MakeReport, low: float, high: float, words: str
) -> None:
    table = make_validation().differences.assign(low=low, high=high)
    assert words in comparison_sentence(make_validation(differences=table))


def test_comparison_that_could_not_be_made_is_said(
    make_validation: MakeReport, bare_validation: ValidationReport
) -> None:
    assert comparison_sentence(bare_validation).startswith("No published signature")
    table = make_validation().differences.assign(difference=np.nan, low=np.nan, high=np.nan)
    text = comparison_sentence(make_validation(differences=table))
    assert "could not be computed" in text
    assert "nan" not in text


@pytest.mark.parametrize(
    ("shift", "words"),
    [
        (0.1, "add information that the other features do not have"),
        (-0.2, "the prediction is better without interferon features"),
        (-0.045, "whether interferon features add anything to the others cannot be told"),
    ],
)
def test_additions_are_judged_by_their_interval(
    make_validation: MakeReport, shift: float, words: str
) -> None:
    table = make_validation().additions
    moved = table.assign(**{name: table[name] + shift for name in ("difference", "low", "high")})
    assert words in addition_sentence(make_validation(additions=moved), "interferon")


def test_direction_of_interferon_is_counted_by_cohort(make_validation: MakeReport) -> None:
    table = make_validation().additions
    assert "a low interferon score goes with severe disease in all 4 cohorts" in (
        interferon_sentence(make_validation())
    )
    mixed = table["alone"].where(table["scope"] != "GSE157103", 0.61)
    text = interferon_sentence(make_validation(additions=table.assign(alone=mixed)))
    assert "low interferon score goes with severe disease in 3 of 4 cohorts" in text
    unknown = make_validation(additions=table.assign(alone=np.nan))
    assert "By itself" not in interferon_sentence(unknown)


@pytest.mark.parametrize(
    ("panels", "beats", "words"),
    [
        (np.full(100, 0.6), True, "The panel's biology carries the prediction"),
        (np.full(100, 0.99), False, "cannot be told"),
        (np.full(99, 0.6), None, "is open: only 99 panels"),
        (np.array([]), None, "is open: no panels"),
    ],
)
def test_biology_is_claimed_only_beyond_random_panels(
    make_validation: MakeReport, panels: np.ndarray, beats: bool | None, words: str
) -> None:
    report = make_validation(random_panels=panels)
    assert beats_random_panels(report) is beats
    assert words in biology_sentence(report)
    claimed = biology_sentence(report).startswith("The panel's biology carries")
    assert claimed == (beats is True)


def test_the_edge_itself_is_not_beyond(make_validation: MakeReport) -> None:
    ours = make_validation().headline["mean_auroc"]
    assert beats_random_panels(make_validation(random_panels=np.full(100, ours))) is False


def test_a_panel_must_beat_random_ones_fitted_alike_and_nested(make_validation: MakeReport) -> None:
    nested = make_validation().headline
    panels = np.full(100, nested["mean_auroc"] - 0.01)
    for alike, beats in ((nested["mean_auroc"] - 0.02, False), (0.99, True)):
        head = {**nested, "reference_auroc": alike}
        report = make_validation(headline=head, random_panels=panels)
        assert beats_random_panels(report) is beats
        text = biology_sentence(report)
        assert text.startswith("The panel's biology carries") == beats
        assert f"Fitted as the random panels are, it does {'better' if beats else 'not'}" in text
        assert f"{alike:.3f}, {0 if beats else 100} of 100 random panels reach it" in text


def test_a_level_that_does_not_carry_over_is_told_with_its_calls(
    make_validation: MakeReport,
) -> None:
    table = make_validation().held_out.assign(calibration_intercept=0.1)
    assert level_sentence(make_validation(held_out=table)) == ""
    here = (table["cohort"] == "GSE157103") & (table["model"] == "nested")
    table.loc[here, ["calibration_intercept", "sensitivity", "specificity"]] = [-4.6, 1.0, 0.08]
    text = level_sentence(make_validation(held_out=table))
    assert "GSE157103 (sensitivity 1.00, specificity 0.08)" in text
    assert "up to 4.6" in text


def _with_slopes(report: ValidationReport, slopes: dict[str, float]) -> pd.DataFrame:
    table = report.held_out.copy()
    for cohort, slope in slopes.items():
        here = (table["cohort"] == cohort) & (table["model"] == "nested")
        table.loc[here, "calibration_slope"] = slope
    return table


def test_calibration_names_the_cohorts_outside_the_bar(make_validation: MakeReport) -> None:
    table = _with_slopes(
        make_validation(), {"GSE157103": 0.4, "GSE155454": 1.8, "schulte-cohort1": np.nan}
    )
    text = calibration_sentence(make_validation(held_out=table))
    assert "from 0.40 to 1.80" in text
    assert "too extreme in GSE157103 and too timid in GSE155454" in text
    assert "In 1 more no slope could be fitted" in text
    assert "nan" not in text
    uncounted = _with_slopes(make_validation(), {"GSE152418": 9.0})
    assert "every cohort is within it" in calibration_sentence(make_validation(held_out=uncounted))


def test_choice_tells_the_gap_and_the_number_tried(validation: ValidationReport) -> None:
    text = choice_sentence(validation)
    assert text.startswith("4 configurations were tried.")
    assert "+0.010 against the nested" in text
    assert "p = 0.001" in text


def test_a_bare_run_still_answers_every_question(bare_validation: ValidationReport) -> None:
    sentences = answer(bare_validation)
    assert len(sentences) == 6
    assert "too few cohorts" in sentences[0]
    assert "was not measured in this run" in sentences[2]
    assert "nan" not in " ".join(sentences)
    assert "permutation" not in sentences[5]


def test_a_stage_that_points_the_other_way_is_named(make_validation: MakeReport) -> None:
    assert "the other way round" not in interferon_sentence(make_validation())
    table = make_validation().additions
    early = (table["scope"] == "schulte-cohort2") & (table["stage"] == "early")
    turned = table.assign(alone=table["alone"].where(~early, 0.66))
    text = interferon_sentence(make_validation(additions=turned))
    assert "; the other way round early in schulte-cohort2 (0.66)." in text


def test_five_of_a_hundred_random_panels_are_too_many(make_validation: MakeReport) -> None:
    """As in the run of the five cohorts: 0.8621 against a 95th percentile of 0.8610, p = 0.059."""
    head = {**make_validation().headline, "reference_auroc": 0.893}
    head |= {"mean_auroc": 0.8621, "reference_candidate": "all / transfer"}
    panels = np.r_[np.linspace(0.78, 0.8608, 95), np.linspace(0.8649, 0.878, 5)]
    report = make_validation(headline=head, random_panels=panels)
    assert np.quantile(panels, 0.95) < head["mean_auroc"]
    assert beats_random_panels(report) is False
    text = biology_sentence(report)
    assert text.startswith("Whether the panel's biology carries the prediction cannot be told: ")
    assert "0.862 (5 of 100 random panels reach it, p = 0.0594; the 95th percentile" in text
    assert "of as many random genes is 0.861)." in text
    assert "(all / transfer), it does better: 0.893, 0 of 100 random panels reach it" in text
    assert "p = 0.0099; but this design was found with the help of GSE157103, GSE155454, " in text
    four = make_validation(headline=head, random_panels=np.r_[panels[:-1], 0.8])
    assert biology_sentence(four).startswith("The panel's biology carries the prediction: ")
    assert "4 of 100 random panels reach it, p = 0.0495;" in biology_sentence(four)


def test_a_design_is_not_said_to_be_found_with_cohorts_that_had_no_part(
    make_validation: MakeReport,
) -> None:
    report = make_validation()
    others = report.cohorts.set_axis([f"own-{i}" for i in range(len(report.cohorts))], axis=0)
    head = {**report.headline, "reference_auroc": 0.99}
    text = biology_sentence(make_validation(headline=head, cohorts=others))
    assert "Fitted as the random panels are" in text
    assert "was found with the help" not in text


def test_recalibration_is_counted_whichever_way_it_went(make_validation: MakeReport) -> None:
    better = recalibration_sentence(make_validation())
    assert better == (
        "Of the 4 counted cohorts, recalibration on the training cohorts makes the Brier score "
        "better in 4 and worse in 0, and the calibration error better in 4 and worse in 0."
    )
    table = make_validation().held_out
    nested = table["model"] == "nested"
    off = nested & table["cohort"].isin(["GSE157103", "GSE155454"])
    # steeper than before, at a level that is far off: 0.26 before, 0.39 after
    steeper = {"raw_brier": 0.26, "brier": 0.39, "raw_slope": 2.7, "calibration_slope": 1.4}
    table.loc[off, list(steeper)] = list(steeper.values())
    table.loc[off, "calibration_intercept"] = -5.1
    # GSE152418 is not counted, however bad
    table.loc[nested & (table["cohort"] == "GSE152418"), "brier"] = 0.9
    text = recalibration_sentence(make_validation(held_out=table))
    assert "the Brier score better in 2 and worse in 2, and the calibration error" in text
    assert "In GSE157103 and GSE155454 it made predictions steeper while their level is off" in text
    assert "predict --labels" in text
    # worse, but not by steepness: counted, and no reason is made up
    flat = table.assign(raw_slope=0.5)
    text = recalibration_sentence(make_validation(held_out=flat))
    assert "worse in 2" in text
    assert "steeper" not in text


def test_what_was_tried_before_is_told_with_the_cohorts_it_was_tried_on(
    make_validation: MakeReport,
) -> None:
    text = choice_sentence(make_validation())
    assert "29 designs, and before them 13 ways of representing a sample" in text
    assert "docs/model-selection.md" in text
    report = make_validation()
    own = report.cohorts.set_axis([f"own-{i}" for i in range(len(report.cohorts))], axis=0)
    assert "29 designs" not in choice_sentence(make_validation(cohorts=own))


def test_genes_that_stay_without_interferon_are_counted(make_validation: MakeReport) -> None:
    assert shared_sentence(make_validation().headline, "interferon") == ""
    shared = {"n_genes": 520, "n_left": 192, "n_single": 70, "single": ["CXCL10", "CXCL11"]}
    head = {"shared_genes": {"interferon": {**shared, "within_scores": ["IFIT2", "LY6E"]}}}
    text = shared_sentence(head, "interferon")
    assert "still holds 192 of the 520 genes on interferon lists" in text
    assert "70 as features of their own (such as CXCL10 and CXCL11) and 122 within scores" in text
    none = {"shared_genes": {"interferon": {**shared, "n_left": 0}}}
    assert shared_sentence(none, "interferon") == ""
