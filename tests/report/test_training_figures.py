from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from sklearn.metrics import roc_auc_score

from ifn_severity.errors import InputError, StoreError
from ifn_severity.report.figure_files import save_figure, svg_text
from ifn_severity.report.training_figures import (
    calibration_figure,
    comparison_figure,
    precision_recall_figure,
    roc_figure,
    score_by_class_figure,
)

RNG = np.random.default_rng(3)
Y = np.repeat([0, 1], 40)
P = np.clip(0.35 * Y + RNG.random((3, 80)) * 0.65, 0, 1)
SEVERITY = pd.Series(
    pd.Categorical(np.repeat(["mild", "moderate", "severe", "critical"], 20), ordered=True)
)


def _named(figure: Figure, gid: str) -> object:
    (found,) = figure.findobj(lambda artist: artist.get_gid() == gid)
    return found


def _roc(**changes: object) -> Figure:
    given = {"title": "t", "auroc_text": "AUROC 0.90", "simulated": False} | changes
    return roc_figure(Y, P, **given)


def test_roc_lines_hold_the_right_areas() -> None:
    figure = _roc()
    areas = [roc_auc_score(Y, row) for row in P]
    for number, area in enumerate(areas, start=1):
        x, y = _named(figure, f"repeat-{number}").get_data()
        assert np.trapezoid(y, x) == pytest.approx(area)
    x, y = _named(figure, "mean").get_data()
    assert np.trapezoid(y, x) == pytest.approx(np.mean(areas))
    assert "AUROC 0.90" in [text.get_text() for text in figure.axes[0].texts]


def test_one_repeat_is_one_line() -> None:
    figure = roc_figure(Y, P[0], title="t", auroc_text="", simulated=False)
    assert not figure.findobj(lambda artist: artist.get_gid() == "mean")


def test_precision_recall_shows_the_prevalence() -> None:
    figure = precision_recall_figure(Y, P, title="t", simulated=True)
    assert "prevalence 0.50" in [t.get_text() for t in figure.axes[0].get_legend().get_texts()]
    assert _named(figure, "simulated-watermark").get_text() == "SIMULATED DATA"


def test_calibration_counts_a_patient_once() -> None:
    figure = calibration_figure(Y, P, title="t", calibration_text="slope 1", simulated=False)
    heights = sum(bar.get_height() for bar in figure.axes[1].patches)
    # the second class is stacked on the first, and its bars hold only their own height
    assert heights == len(Y)


def test_scores_by_class_are_means_over_repeats() -> None:
    figure = score_by_class_figure(P, SEVERITY, threshold=0.5, title="t", simulated=False)
    shown = np.asarray(_named(figure, "class-severe").get_offsets())[:, 1]
    assert np.sort(shown) == pytest.approx(np.sort(P.mean(axis=0)[40:60]))
    names = [label.get_text().split("\n")[0] for label in figure.axes[0].get_xticklabels()]
    assert names == ["mild", "moderate", "severe", "critical"]


def test_unknown_severity_is_shown_as_such() -> None:
    severity = SEVERITY.copy()
    severity[:5] = np.nan
    figure = score_by_class_figure(P, severity, threshold=0.5, title="t", simulated=False)
    assert "unknown\nn = 5" in [x.get_text() for x in figure.axes[0].get_xticklabels()]


def test_class_figure_refuses_other_samples() -> None:
    with pytest.raises(InputError, match="80 probabilities for 3"):
        score_by_class_figure(P, ["mild"] * 3, threshold=0.5, title="t", simulated=False)


def _table() -> pd.DataFrame:
    pairs = [(s, m) for s in ("interferon", "all") for m in ("logistic", "XGBoost")]
    table = pd.DataFrame(pairs, columns=["feature_set", "model"])
    table["auroc"] = [0.8, 0.85, 0.9, 0.88]
    return table.assign(auroc_low=table["auroc"] - 0.07, auroc_high=table["auroc"] + 0.05)


def test_forest_plot_holds_the_table() -> None:
    figure = comparison_figure(_table())
    for row, value in enumerate(_table()["auroc"]):
        assert _named(figure, f"auroc-{row}").get_xdata() == pytest.approx([value])
    assert "0.90 (0.83–0.95)" in [text.get_text() for text in figure.axes[0].texts]


def test_forest_plot_names_missing_columns() -> None:
    with pytest.raises(InputError, match="auroc_low"):
        comparison_figure(_table().drop(columns="auroc_low"))
    with pytest.raises(InputError, match="empty"):
        comparison_figure(_table().iloc[:0])


def test_titles_are_never_read_as_mathematics() -> None:
    assert "<svg" in svg_text(_roc(title=r"cohort $\frac{broken"))


def test_figures_are_saved_three_ways_and_repeatably(tmp_path: Path) -> None:
    figure = _roc()
    first = {path.name: path.read_bytes() for path in save_figure(figure, tmp_path / "a", "roc")}
    again = {path.name: path.read_bytes() for path in save_figure(_roc(), tmp_path / "b", "roc")}
    assert first == again
    assert first["roc.png"].startswith(b"\x89PNG")
    assert first["roc.pdf"].startswith(b"%PDF")
    assert b"<svg" in first["roc.svg"][:1000]
    assert sorted(path.name for path in (tmp_path / "a").iterdir()) == sorted(first)


def test_a_folder_that_cannot_be_made_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match="cannot write"):
        save_figure(_roc(), tmp_path / "file" / "figures", "roc")
