from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from scipy.special import expit
from sklearn.metrics import roc_auc_score

from ifn_severity.errors import InputError
from ifn_severity.evaluate.decision import net_benefit
from ifn_severity.report.additions_figure import additions_figure
from ifn_severity.report.calibration_panels import calibration_panels_figure
from ifn_severity.report.comparators_figure import comparators_figure
from ifn_severity.report.control_figures import controls_figure, learning_figure
from ifn_severity.report.forest_figure import forest_figure
from ifn_severity.report.held_out_figures import decision_figure, held_out_roc_figure
from ifn_severity.report.matrix_figure import matrix_candidates, matrix_figure
from ifn_severity.report.panels import panel_grid
from ifn_severity.report.validation import ValidationReport
from ifn_severity.report.validation_rows import comparator_means, nested_rows, of_cohort

MakeReport = Callable[..., ValidationReport]
RIVAL = "Inflammatix-6 (reconstructed)"
FIGURES = [
    additions_figure,
    calibration_panels_figure,
    comparators_figure,
    controls_figure,
    decision_figure,
    forest_figure,
    held_out_roc_figure,
    learning_figure,
    matrix_figure,
]
COHORTS = ["GSE157103", "GSE155454", "schulte-cohort1", "schulte-cohort2", "GSE152418"]


def _named(figure: Figure, gid: str) -> object:
    (found,) = figure.findobj(lambda artist: artist.get_gid() == gid)
    return found


def _texts(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.findobj(lambda artist: hasattr(artist, "get_text"))]


@pytest.mark.parametrize("draw", FIGURES, ids=lambda draw: draw.__name__)
def test_simulated_data_are_marked_and_figures_fit_a_page(
    draw: Callable[[ValidationReport], Figure], validation: ValidationReport
) -> None:
    figure = draw(validation)
    assert "SIMULATED DATA" in _texts(figure)
    assert "SIMULATED DATA" not in _texts(draw(replace(validation, simulated=False)))
    width, height = figure.get_size_inches()
    assert width <= 7.0
    assert height <= 9.0


def test_forest_holds_every_cohort_and_the_pooled_figure(validation: ValidationReport) -> None:
    figure = forest_figure(validation)
    rows = nested_rows(validation)
    for cohort in COHORTS:
        mark = _named(figure, f"ours-{cohort}")
        assert mark.get_xdata() == pytest.approx([rows.loc[cohort, "auroc"]])
        # what no mean rests on is hollow
        hollow = mark.get_markerfacecolor() == "white"
        assert hollow == (cohort == "GSE152418")
    corners = _named(figure, "pooled").get_xy()[:, 0]
    head = validation.headline
    assert corners.min() == pytest.approx(head["pooled_low"])
    assert corners.max() == pytest.approx(head["pooled_high"])
    band = (
        _named(figure, "prediction").get_extents().transformed(figure.axes[0].transData.inverted())
    )
    assert (band.x0, band.x1) == pytest.approx((head["prediction_low"], head["prediction_high"]))


def test_forest_without_prediction_interval_says_so(bare_validation: ValidationReport) -> None:
    figure = forest_figure(bare_validation)
    assert "not known" in _texts(figure)
    assert not figure.findobj(lambda artist: artist.get_gid() == "prediction")


def test_a_score_is_left_out_where_it_was_derived(validation: ValidationReport) -> None:
    means = comparator_means(validation)
    table = validation.comparators
    som = table[(table["comparator"] == "SoM") & table["cohort"].isin(COHORTS[:4])]
    assert means["SoM (Zheng 2021)"].n_cohorts == 3
    assert means["SoM (Zheng 2021)"].mean == pytest.approx(som["auroc"].mean())
    figure = comparators_figure(validation)
    assert not figure.findobj(lambda artist: artist.get_gid() == "score-2-2")
    assert _named(figure, "score-0-2").get_xdata() == pytest.approx(
        som.loc[som["cohort"] == "GSE157103", "auroc"]
    )
    assert "of 3" in _texts(figure)


def test_roc_curves_hold_the_right_areas_and_points(validation: ValidationReport) -> None:
    figure = held_out_roc_figure(validation)
    for cohort in COHORTS:
        labels, log_odds = of_cohort(validation, cohort)
        fpr, tpr = _named(figure, f"roc-{cohort}").get_data()
        assert np.trapezoid(tpr, fpr) == pytest.approx(roc_auc_score(labels, log_odds))
        called = log_odds >= 0
        point = _named(figure, f"called-{cohort}").get_data()
        assert np.ravel(point) == pytest.approx(
            [called[labels == 0].mean(), called[labels == 1].mean()]
        )


def test_decision_curves_are_net_benefits(validation: ValidationReport) -> None:
    figure = decision_figure(validation, n_draws=50)
    labels, log_odds = of_cohort(validation, "GSE155454")
    at, shown = _named(figure, "benefit-GSE155454").get_data()
    assert shown == pytest.approx(net_benefit(labels, expit(log_odds), at)[0])


def test_calibration_shows_both_states(validation: ValidationReport) -> None:
    figure = calibration_panels_figure(validation)
    for column in ("log_odds", "raw_log_odds"):
        labels, log_odds = of_cohort(validation, "schulte-cohort1", column)
        x, _ = _named(figure, f"{column}-schulte-cohort1").get_data()
        # three bins of nine samples each
        assert np.mean(x) == pytest.approx(expit(log_odds).mean())
        assert labels.size == 27
    assert "slope 0.50 → 1.05\nECE 0.13 → 0.06" in _texts(figure)


def test_one_class_makes_an_empty_panel_not_a_failure(validation: ValidationReport) -> None:
    rows = validation.predictions
    one = replace(
        validation, predictions=rows[(rows["cohort"] != "GSE152418") | (rows["severe"] == 0)]
    )
    for draw in (held_out_roc_figure, decision_figure, calibration_panels_figure):
        assert any("one class only" in text for text in _texts(draw(one)))


def test_matrix_has_numbers_and_the_inside_on_its_diagonal(validation: ValidationReport) -> None:
    chosen = matrix_candidates(validation)
    assert len(chosen) == 2
    figure = matrix_figure(validation)
    texts = [text for text in figure.axes[0].texts if text.get_text()[:2] in ("0.", "1.", "–")]
    assert len(texts) == 20  # four trained on, five tested on
    inside = [text.get_text() for text in texts if text.get_fontstyle() == "italic"]
    within = validation.within
    own = within[(within["feature_set"] == chosen[0][0]) & (within["model"] == chosen[0][1])]
    assert inside == [f"{value:.2f}" for value in own["auroc"]]


def test_additions_stand_where_the_table_says(validation: ValidationReport) -> None:
    figure = additions_figure(validation)
    assert [axes.get_title(loc="left") for axes in figure.axes] == [
        "What interferon adds",
        "What cytokine adds",
        "Interferon alone",
    ]
    for row in validation.additions.to_dict("records"):
        mark = _named(figure, f"{row['group']}-{row['scope']}-{row['stage']}")
        assert mark.get_xdata() == pytest.approx([row["difference"]])
    # stages differ in shape, not only in colour
    shapes = {_named(figure, f"interferon-mean-{s}").get_marker() for s in ("all", "early", "late")}
    assert len(shapes) == 3
    alone = _named(figure, "alone-mean-all")
    assert alone.get_xdata() == pytest.approx([0.36])


def test_controls_show_the_percentile_and_ours(
    validation: ValidationReport, make_validation: MakeReport
) -> None:
    figure = controls_figure(validation)
    edge = _named(figure, "percentile-0").get_xdata()[0]
    assert edge == pytest.approx(np.quantile(validation.random_panels, 0.95))
    ours = _named(figure, "headline-1").get_xdata()[0]
    assert ours == pytest.approx(validation.headline["mean_auroc"])
    counted = sum(bar.get_height() for bar in figure.axes[0].patches)
    assert counted == validation.random_panels.size
    only = controls_figure(make_validation(random_panels=np.array([np.nan])))
    assert [axes.get_title(loc="left") for axes in only.axes] == ["200 runs with shuffled labels"]


def test_learning_is_in_the_order_of_patients(make_validation: MakeReport) -> None:
    table = make_validation().learning
    figure = learning_figure(make_validation(learning=table.iloc[::-1]))
    assert list(_named(figure, "learning").get_xdata()) == [45, 90, 135, 180]


@pytest.mark.parametrize(
    "draw", [additions_figure, comparators_figure, controls_figure, learning_figure, matrix_figure]
)
def test_nothing_to_draw_is_said_plainly(
    draw: Callable[[ValidationReport], Figure], bare_validation: ValidationReport
) -> None:
    with pytest.raises(InputError) as caught:
        draw(bare_validation)
    assert "leave this figure out" in caught.value.do


def test_missing_headline_rows_are_named(validation: ValidationReport) -> None:
    table = validation.held_out
    lacking = table[(table["model"] != "nested") | (table["cohort"] != "GSE155454")]
    with pytest.raises(InputError, match="no single nested figure for GSE155454"):
        forest_figure(replace(validation, held_out=lacking))
    with pytest.raises(InputError, match="without held-out predictions"):
        held_out_roc_figure(replace(validation, predictions=validation.predictions.iloc[:0]))


@pytest.mark.parametrize("n", range(1, 9))
def test_panels_are_as_many_as_asked_for(n: int) -> None:
    figure, panels = panel_grid(n, panel_height=2, sharex=True, sharey=True)
    assert len(panels) == len(figure.axes) == n


def test_our_colour_and_theirs_differ_without_colour(validation: ValidationReport) -> None:
    figure = comparators_figure(validation)
    ours, theirs = _named(figure, "score-0-0"), _named(figure, "score-0-1")
    assert ours.get_marker() != theirs.get_marker()
    weights = [0.2126, 0.7152, 0.0722]
    light = [np.array(to_rgb(mark.get_color())) @ weights for mark in (ours, theirs)]
    assert abs(light[0] - light[1]) > 0.02


def test_a_long_name_does_not_push_the_legend_off_the_figure(
    make_validation: MakeReport,
) -> None:
    full = make_validation()
    long = {RIVAL: "a published score with a very long name indeed (reconstructed), ranks"}
    report = replace(
        full,
        comparators=full.comparators.replace({"label": long}),
        headline={**full.headline, "best_comparator": long[RIVAL]},
    )
    figure = forest_figure(report)
    box = figure.legends[0].get_window_extent()
    assert box.x0 >= 0
    assert box.x1 <= figure.bbox.width


def test_the_forest_plot_holds_the_rivals_intervals_as_well(make_validation: MakeReport) -> None:
    full = make_validation()
    low = full.comparators.assign(
        auroc_low=full.comparators["auroc_low"].where(full.comparators["label"] != RIVAL, 0.31)
    )
    left, _ = forest_figure(replace(full, comparators=low)).axes[0].get_xlim()
    assert left < 0.31
