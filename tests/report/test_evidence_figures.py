from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from matplotlib.artist import Artist
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from ifn_severity.errors import InputError
from ifn_severity.evidence.result import EvidenceReport, PartResult
from ifn_severity.report.evidence_day import SIDES, day_figure, meta_figure
from ifn_severity.report.evidence_forest import claim_figure
from ifn_severity.report.evidence_lines import forest_lines, in_figures
from ifn_severity.report.evidence_plane import plane_figure, variance_figure
from ifn_severity.report.evidence_rows import anchor, claim_of, plane_cells

MakeEvidence = Callable[..., EvidenceReport]


def _named(figure: Figure, gid: str) -> Artist:
    found = figure.findobj(lambda artist: artist.get_gid() == gid)
    assert len(found) == 1, gid
    return found[0]


def _texts(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.findobj(lambda a: hasattr(a, "get_text"))]


def _part(report: EvidenceReport, claim: str) -> PartResult:
    result = claim_of(report, claim)
    assert result is not None
    return result.parts[0]


def without_rows(part: PartResult) -> PartResult:
    return replace(part, effects=part.effects.iloc[:0])


def test_every_effect_stands_where_the_table_says(evidence: EvidenceReport) -> None:
    part = _part(evidence, "2a")
    figure = claim_figure([part])
    known = part.effects.dropna(subset=["effect"])
    assert len(known) == 9
    for row in known.to_dict("records"):
        mark = _named(figure, f"score-{row['cohort']}--{row['stratum']}")
        assert mark.get_xdata() == pytest.approx([row["effect"]])
    assert _texts(figure).count("not tested") == 1
    for row in part.pooled.to_dict("records"):
        corners = _named(figure, f"pooled-score-{row['stratum']}").get_xy()
        assert corners[:, 0].min() == pytest.approx(row["low"])
        assert corners[:, 0].max() == pytest.approx(row["high"])
        assert corners[1, 0] == pytest.approx(row["effect"])
    # two cohorts have no prediction interval
    bands = figure.findobj(lambda artist: artist.get_gid() == "prediction")
    assert len(bands) == 2
    whole = part.pooled.set_index("stratum").loc["all"]
    assert bands[0].get_x() == pytest.approx(whole["prediction_low"])
    assert bands[0].get_x() + bands[0].get_width() == pytest.approx(whole["prediction_high"])


def test_stages_differ_in_shape_and_what_does_not_decide_is_hollow(
    evidence: EvidenceReport,
) -> None:
    figure = claim_figure([_part(evidence, "2a")])
    shapes = {
        _named(figure, f"score-schulte-cohort2--{stage}").get_marker()
        for stage in ("all", "early", "late")
    }
    assert len(shapes) == 3
    result = claim_of(evidence, "2b")
    assert result is not None
    figure = claim_figure(result.parts)
    faces = [
        _named(figure, f"il6-{place}-yale-impact--all").get_markerfacecolor() for place in range(3)
    ]
    assert faces[0] == faces[1] != faces[2] == "white"
    assert any("shown beside" in text for text in _texts(figure))


def test_one_cohort_has_no_diamond(evidence: EvidenceReport) -> None:
    part = _part(evidence, "2b")
    one = part.effects.iloc[:1]
    pooled = part.pooled.assign(n_cohorts=1)
    lines = forest_lines(replace(part, effects=one, pooled=pooled))
    assert [line.kind for line in lines] == ["effect"]


def test_a_wide_interval_is_cut_with_an_arrow(evidence: EvidenceReport) -> None:
    part = _part(evidence, "2a")
    wide = part.effects.copy()
    wide.loc[0, ["low", "high"]] = [-60.0, 0.5]
    axes = claim_figure([replace(part, effects=wide)]).axes[0]
    left, right = axes.get_xlim()
    assert -12 < left < -2.7
    assert right < 6
    arrows = [line for line in axes.lines if line.get_marker() == "<"]
    assert [list(line.get_xdata()) for line in arrows] == [[pytest.approx(left)]]
    # nothing else is cut
    assert not [line for line in axes.lines if line.get_marker() == ">"]


def test_cell_types_are_named_in_the_rows_or_above_them(evidence: EvidenceReport) -> None:
    both = [line.label for line in forest_lines(_part(evidence, "Lucas 2020"))]
    assert "GSE157103, B cells" in both
    one = _part(evidence, "5a")
    assert "schulte-cohort1" in [line.label for line in forest_lines(one)]
    assert any("Classical Monocytes" in text for text in _texts(claim_figure([one])))


def test_many_tests_are_shared_out_in_order(evidence: EvidenceReport) -> None:
    parts = [_part(evidence, "2a")] * 5
    packed = in_figures(parts)
    assert [len(some) for some in packed] == [2, 2, 1]
    assert in_figures(parts[:1]) == [[parts[0]]]
    assert in_figures([]) == []


def test_curves_and_points_of_the_day(evidence: EvidenceReport) -> None:
    figure = day_figure(evidence)
    for (cohort, side), points in evidence.day_points.groupby(["cohort", "severe"]):
        x, y = _named(figure, f"points-{cohort}-{side}").get_data()
        assert sorted(x) == sorted(points["day"])
        assert np.sum(y) == pytest.approx(points["score"].sum())
    curve = evidence.day_curves.query("cohort == 'schulte-cohort2' and severe == 1")
    x, y = _named(figure, "curve-schulte-cohort2-1").get_data()
    assert list(x) == list(curve["day"])
    assert list(y) == list(curve["fit"])


def test_a_cohort_without_a_curve_keeps_its_points(make_evidence: MakeEvidence) -> None:
    full = make_evidence()
    curves = full.day_curves[full.day_curves["cohort"] != "schulte-cohort1"]
    figure = day_figure(replace(full, day_curves=curves))
    assert len(figure.axes) == 2
    assert _named(figure, "points-schulte-cohort1-1").get_xdata().size == 18


def test_effects_over_the_day(evidence: EvidenceReport) -> None:
    figure = meta_figure(evidence)
    for row in evidence.meta_points.to_dict("records"):
        mark = _named(figure, f"effect-{row['cohort']}-{row['stratum']}")
        assert list(mark.get_offsets()[0]) == pytest.approx([row["day"], row["effect"]])
    sizes = [
        _named(figure, f"effect-{row['cohort']}-{row['stratum']}").get_sizes()[0]
        for row in evidence.meta_points.sort_values("variance").to_dict("records")
    ]
    assert sizes == sorted(sizes, reverse=True)
    bare = meta_figure(replace(evidence, meta_line=evidence.meta_line.iloc[:0]))
    assert not bare.findobj(lambda artist: artist.get_gid() == "meta-line")


def test_the_upper_right_quadrant_is_both_high(evidence: EvidenceReport) -> None:
    assert plane_cells(evidence) == ["Classical Monocytes"]
    figure = plane_figure(evidence, "Classical Monocytes")
    for cohort, rows in evidence.plane.groupby("cohort"):
        across = _named(figure, f"median-inflammation-{cohort}").get_xdata()[0]
        up = _named(figure, f"median-interferon-{cohort}").get_ydata()[0]
        for side in SIDES:
            x, y = _named(figure, f"plane-{cohort}-{side}").get_data()
            inside = int(((x > across) & (y > up)).sum())
            assert inside == rows.loc[rows["severe"] == side, "both_high"].sum()
            mean = _named(figure, f"mean-{cohort}-{side}").get_data()
            assert np.ravel(mean) == pytest.approx([x.mean(), y.mean()])
    said = evidence.coexistence.query("cohort == 'schulte-cohort1'").set_index("severe")
    words = f"severe {100 * said.loc[1, 'both_high']:.0f} %"
    assert any(words in text for text in _texts(figure))


def test_shares_of_the_variance_fill_the_bar(evidence: EvidenceReport) -> None:
    figure = variance_figure(evidence)
    for cohort, rows in evidence.variance.groupby("cohort"):
        bars = [_named(figure, f"share-{cohort}-{source}") for source in rows["source"]]
        assert [bar.get_width() for bar in bars] == pytest.approx(list(rows["share"]))
        assert bars[-1].get_x() + bars[-1].get_width() == pytest.approx(1)


def test_milder_and_severe_differ_without_colour() -> None:
    looks = list(SIDES.values())
    assert looks[0][1] != looks[1][1]
    assert looks[0][2] != looks[1][2]
    weights = [0.2126, 0.7152, 0.0722]
    light = [np.array(to_rgb(look[0])) @ weights for look in looks]
    assert abs(light[0] - light[1]) > 0.02


@pytest.mark.parametrize(
    "draw",
    [
        day_figure,
        meta_figure,
        variance_figure,
        lambda report: plane_figure(report, "B cells"),
        lambda report: claim_figure([]),
        lambda report: claim_figure([without_rows(report.claims[0].parts[0])]),
    ],
)
def test_nothing_to_draw_is_said_plainly(
    draw: Callable[[EvidenceReport], Figure], bare_evidence: EvidenceReport
) -> None:
    with pytest.raises(InputError) as caught:
        draw(bare_evidence)
    assert "leave this figure out" in caught.value.do


def test_anchors_are_anchors() -> None:
    assert anchor("5b") == "claim-5b"
    assert anchor("Schulte-Schrepping 2020 (HLA)") == "claim-schulte-schrepping-2020-hla"


def test_counts_take_two_lines_where_three_panels_stand_side_by_side(
    evidence: EvidenceReport,
) -> None:
    points, curves = (
        pd.concat([table, table.assign(cohort=table["cohort"].astype(str) + "-again")])
        for table in (evidence.day_points, evidence.day_curves)
    )
    one = points["cohort"].iloc[0]
    more = pd.concat([points, points[points["cohort"] == one].assign(cohort="third")])
    for table, lines in ((points, 1), (more, 2)):
        figure = day_figure(replace(evidence, day_points=table, day_curves=curves))
        assert {len(axes.texts[0].get_text().splitlines()) for axes in figure.axes} == {lines}
