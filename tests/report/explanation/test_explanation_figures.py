"""What the figures of the explanation report draw, read back from their artists."""

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.artist import Artist
from matplotlib.figure import Figure

from ifn_severity.errors import InputError
from ifn_severity.evaluate import against_random
from ifn_severity.explain.result import Explained
from ifn_severity.report.explanation_direction import direction_figure, time_figure
from ifn_severity.report.explanation_effects import effects_figure
from ifn_severity.report.explanation_evidence import evidence_figure
from ifn_severity.report.explanation_families import families_figure
from ifn_severity.report.explanation_interactions import interactions_figure
from ifn_severity.report.explanation_patient import patient_figure, waterfall_steps
from ifn_severity.report.explanation_plane import plane_figure
from ifn_severity.report.explanation_random import random_figure
from ifn_severity.report.explanation_ranking import ranking_figure
from ifn_severity.report.explanation_samples import leading_genes
from ifn_severity.report.explanation_swarm import beeswarm_figure
from ifn_severity.report.explanation_where import where_figure


@pytest.fixture(autouse=True)
def no_layout(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lay nothing out: these tests read artists, and the page's tests see the layout."""
    modules = "direction effects evidence families interactions patient plane random ranking"
    for module in [*modules.split(), "swarm", "where"]:
        name = f"ifn_severity.report.explanation_{module}.finish"
        monkeypatch.setattr(name, lambda figure, *, simulated: None)


def _named(figure: Figure, gid: str) -> Any:
    (found,) = figure.findobj(lambda artist: artist.get_gid() == gid)
    return found


def _gids(figure: Figure, start: str) -> set[str]:
    def has(artist: Artist) -> bool:
        return str(artist.get_gid() or "").startswith(start)

    return {str(artist.get_gid()) for artist in figure.findobj(has)}


def _rows(figure: Figure) -> list[str]:
    return [label.get_text() for label in figure.axes[0].get_yticklabels()]


def test_ranking_shows_genes_in_order_with_letters_and_hollow_followers(
    explained: Explained,
) -> None:
    figure = ranking_figure(explained, top=30)
    table = explained.interferon
    letters = {"IFI27": " (a)", "IFI44L": " (a)", "RSAD2": " (a)"}
    assert _rows(figure) == [gene + letters.get(gene, "") for gene in table.index]
    for gene in ("IFI27", "RSAD2"):
        marker = _named(figure, f"gene-{gene}")
        assert marker.get_xdata()[0] == table.loc[gene, "mean_abs_shap"]
        assert _named(figure, f"rank-{gene}").get_xdata()[0] == table.loc[gene, "rank"]
        assert (marker.get_markerfacecolor() == "white") == (gene == "RSAD2")
    assert _named(figure, "gene-SIGLEC1").get_marker() == "v"
    assert len(figure.axes) == 4


def test_a_gene_without_a_direction_is_not_given_one(explained: Explained) -> None:
    unsure = explained.interferon.copy()
    unsure.loc["SIGLEC1", "direction"] = "no single direction"
    figure = ranking_figure(replace(explained, interferon=unsure), top=5)
    assert _named(figure, "gene-SIGLEC1").get_marker() == "o"
    said = [text.get_text() for text in figure.legends[0].get_texts()]
    assert "no single direction" in said


def test_ranking_without_refits_claims_no_ranks(bare_explained: Explained) -> None:
    figure = ranking_figure(bare_explained)
    assert len(figure.axes) == 1
    assert not _gids(figure, "rank-")


def test_no_attribution_is_no_ranking(explained: Explained) -> None:
    unused = explained.interferon.assign(mean_abs_shap=0.0)
    with pytest.raises(InputError, match="every interferon gene an attribution of 0"):
        ranking_figure(replace(explained, interferon=unused))


def test_beeswarm_has_every_sample_at_its_attribution(explained: Explained) -> None:
    figure = beeswarm_figure(explained, top=3)
    swarm = _named(figure, "swarm-SIGLEC1")
    x, y = np.asarray(swarm.get_offsets()).T
    assert x == pytest.approx(explained.gene_level.values["SIGLEC1"].to_numpy())
    assert np.abs(y - 1).max() <= 0.4
    # colour is the percentile within the cohort, so a platform that reads higher changes nothing
    home = explained.plane["cohort"].to_numpy()
    data = explained.gene_level.data.add(np.where(home == "GSE155454", 7.0, 0.0), axis=0)
    shifted = replace(explained, gene_level=replace(explained.gene_level, data=data))
    again = _named(beeswarm_figure(shifted, top=3), "swarm-SIGLEC1")
    assert np.asarray(again.get_array()) == pytest.approx(np.asarray(swarm.get_array()))


def test_where_marks_every_cohort_and_stage(explained: Explained) -> None:
    figure = where_figure(explained)
    for _, row in explained.where.iterrows():
        pair = f"{row['cohort']}-{row['stage']}"
        marker = _named(figure, f"difference-{pair}")
        assert marker.get_xdata()[0] == row["difference"]
        assert _named(figure, f"share-{pair}").get_xdata()[0] == 100 * row["share"]
    assert _rows(figure)[0] == "mean of cohorts"
    only = replace(explained, where=explained.where.assign(alone=np.nan))
    assert len(where_figure(only).axes) == 2
    with pytest.raises(InputError, match="no comparison by cohort"):
        where_figure(replace(explained, where=explained.where.iloc[:0]))


def test_plane_has_every_sample_once(explained: Explained) -> None:
    figure = plane_figure(explained)
    drawn = [np.asarray(_named(figure, gid).get_offsets()) for gid in _gids(figure, "plane-")]
    points = np.vstack(drawn)
    expected = explained.plane[["inflammation", "interferon"]].to_numpy()
    assert points.shape == expected.shape
    drawn_first, given_first = (a[np.lexsort(a.T)] for a in (points, expected))
    assert drawn_first == pytest.approx(given_first)


def test_random_panels_stand_beside_the_panel(explained: Explained) -> None:
    figure = random_figure(explained)
    drawn = np.asarray(_named(figure, "random").get_offsets())[:, 0]
    assert drawn == pytest.approx(np.array(explained.random_aurocs))
    assert _named(figure, "with").get_xdata()[0] == explained.answer.auroc_with
    with pytest.raises(InputError, match="no panel of random genes"):
        random_figure(replace(explained, random_aurocs=()))
    assert _gids(figure, "p95") == {"p95"}
    few = replace(explained.answer, random=against_random(0.86, (0.8, 0.83)))
    two = random_figure(replace(explained, random_aurocs=(0.8, 0.83), answer=few))
    assert not _gids(two, "p95")
    assert "95 %" not in " ".join(text.get_text() for text in two.legends[0].get_texts())


def test_cut_intervals_have_an_arrowhead(explained: Explained) -> None:
    by_cohort = explained.by_cohort.assign(fold_low=-0.1, fold_high=0.1, log2_fold_change=0.0)
    by_stage = explained.by_stage.assign(fold_low=-0.1, fold_high=0.1, log2_fold_change=0.0)
    mine = (by_cohort["gene"] == "IFI27") & (by_cohort["cohort"] == "GSE155454")
    by_cohort.loc[mine, ["log2_fold_change", "fold_low", "fold_high"]] = [1.0, 0.9, 5.0]
    figure = effects_figure(replace(explained, by_cohort=by_cohort, by_stage=by_stage))
    assert _gids(figure, "on-") == {"on-IFI27-GSE155454-all"}
    arrow = _named(figure, "on-IFI27-GSE155454-all")
    assert (arrow.get_marker(), arrow.get_xdata()[0]) == (">", arrow.axes.get_xlim()[1])


def test_a_cohort_without_days_says_so(explained: Explained) -> None:
    figure = interactions_figure(explained)
    said = [text.get_text() for axes in figure.axes for text in axes.texts]
    assert said == ["day not recorded"] * 2  # one cohort, two panels


def test_legend_and_colour_bar_fit_a_figure_of_one_gene(
    make_explained: Callable[..., Explained],
) -> None:
    cohorts = ("GSE157103", "GSE155454", "schulte-cohort1", "schulte-cohort2", "yale-impact")
    many = make_explained(dict.fromkeys(cohorts, 8))
    one = replace(many, interferon=many.interferon.iloc[:1])
    figure = direction_figure(one)
    assert figure.legends[0].get_window_extent().width <= figure.bbox.width
    bar = beeswarm_figure(one).axes[-1]
    words = [label.get_text() for label in bar.get_yticklabels()]
    assert words == ["low expression\nin its cohort", "high expression\nin its cohort"]
    assert bar.get_ylabel() == ""


def test_families_show_both_ways_of_counting(explained: Explained) -> None:
    figure = families_figure(explained)
    for family, about in explained.families.iterrows():
        net, gross = (_named(figure, f"{kind}-{family}") for kind in ("net", "share"))
        assert net.get_xdata()[0] == 100 * about["net_share"]
        assert gross.get_xdata()[0] == 100 * about["share"]
    bold = {
        label.get_text().rpartition(" (")[0]
        for label in figure.axes[0].get_yticklabels()
        if label.get_fontweight() == "bold"
    }
    assert bold == set(explained.families.index[explained.families["interferon"]])
    assert len(figure.axes) == 3
    alone = explained.families_by_cohort[explained.families_by_cohort["cohort"] == "GSE157103"]
    assert len(families_figure(replace(explained, families_by_cohort=alone)).axes) == 2
    with pytest.raises(InputError, match="no family"):
        families_figure(replace(explained, families=explained.families.iloc[:0]))


def test_time_is_free_of_the_platforms_level(explained: Explained) -> None:
    """A cohort that is shifted as a whole looks the same over time."""
    home = explained.plane["cohort"].to_numpy()
    values = explained.gene_level.values.add(np.where(home == "schulte-cohort1", 3.0, 0.0), axis=0)
    shifted = replace(explained, gene_level=replace(explained.gene_level, values=values))
    for before, after in zip(time_figure(explained).axes, time_figure(shifted).axes, strict=True):
        for one, other in zip(before.collections, after.collections, strict=True):
            assert np.asarray(other.get_offsets()) == pytest.approx(np.asarray(one.get_offsets()))
    assert len(direction_figure(explained).axes) == 6


def test_time_needs_a_day(bare_explained: Explained) -> None:
    with pytest.raises(InputError, match="no sample with a day"):
        time_figure(bare_explained)


def test_effects_have_slope_and_fold_by_stage(explained: Explained) -> None:
    figure = effects_figure(explained)
    gene = leading_genes(explained)[1]
    late = explained.by_stage.set_index(["gene", "cohort", "stage"])
    row = late.loc[gene, "schulte-cohort2", "late"]
    for kind, column in (("slope", "slope"), ("fold", "log2_fold_change")):
        marker = _named(figure, f"{kind}-{gene}-schulte-cohort2-late")
        assert marker.get_xdata()[0] == row[column]
    assert f"slope-{gene}-GSE157103-late" not in _gids(figure, "slope-")


def test_interactions_show_product_terms_only(explained: Explained) -> None:
    figure = interactions_figure(explained)
    assert len(_gids(figure, "gain-")) == 9  # five rows, and four without the cohort of no days
    marker = _named(figure, "coefficient-interferon × inflammation-mean")
    assert marker.get_xdata()[0] == pytest.approx(-0.3)
    trees = explained.interactions[explained.interactions["kind"] == "SHAP interaction"]
    with pytest.raises(InputError, match="no interaction"):
        interactions_figure(replace(explained, interactions=trees))


def test_evidence_marks_who_disagrees_and_shows_what_is_unknown(explained: Explained) -> None:
    by_cohort = explained.by_cohort
    gone = (by_cohort["gene"] == "IFI27") & (by_cohort["cohort"] == "GSE155454")
    unknown = by_cohort.assign(auroc=by_cohort["auroc"].where(~gone))
    figure = evidence_figure(replace(explained, by_cohort=unknown))
    marked = {name.removesuffix(" ×") for name in _rows(figure) if name.endswith(" ×")}
    assert marked == set(explained.evidence.index[~explained.evidence["agrees"]])
    words = [text.get_text() for text in figure.axes[1].texts]
    assert len(words) == 5 * len(explained.evidence)  # four cohorts and all of them
    assert words.count("–") == 1
    with pytest.raises(InputError, match="no evidence"):
        evidence_figure(replace(explained, evidence=explained.evidence.iloc[:0]))


def test_waterfall_ends_at_the_margin_and_counts_every_gene(explained: Explained) -> None:
    patient = explained.patients[0]
    steps = waterfall_steps(patient, top=6)
    assert steps[0].start == patient.base
    assert steps[-1].start + steps[-1].size == pytest.approx(patient.margin)
    for before, after in pairwise(steps):
        assert after.start == pytest.approx(before.start + before.size)
    others = [step for step in steps if np.isnan(step.value)]
    assert sum(int(step.label.split()[0]) for step in others) == len(patient.waterfall) - 6
    assert len(waterfall_steps(patient, top=len(patient.waterfall))) == len(patient.waterfall)


@given(
    pushes=st.lists(st.floats(-3, 3), min_size=1, max_size=30),
    base=st.floats(-4, 4),
    top=st.integers(1, 12),
    data=st.data(),
)
@settings(max_examples=50, deadline=None, database=None)
def test_waterfall_adds_up_whatever_the_pushes(
    explained: Explained, pushes: list[float], base: float, top: int, data: st.DataObject
) -> None:
    group = st.sampled_from(["interferon", "cytokine", "myeloid", "other"])
    table = pd.DataFrame({"shap": pushes, "expression": 5.0})
    table["group"] = [data.draw(group) for _ in pushes]
    table.index = pd.Index([f"G{i}" for i in range(len(pushes))])
    steps = waterfall_steps(replace(explained.patients[0], base=base, waterfall=table), top=top)
    assert steps[-1].start + steps[-1].size == pytest.approx(base + sum(pushes), abs=1e-9)
    for before, after in pairwise(steps):
        assert after.start == pytest.approx(before.start + before.size, abs=1e-9)
    assert len(steps) <= top + 4


def test_patient_stands_on_the_plane_where_it_is_known(explained: Explained) -> None:
    patient = explained.patients[0]
    figure = patient_figure(explained, patient)
    here = np.asarray(_named(figure, "this-patient").get_offsets())[0]
    assert here == pytest.approx([patient.inflammation, patient.interferon])
    nowhere = replace(patient, interferon=float("nan"))
    assert not _gids(patient_figure(explained, nowhere), "this-patient")


def test_one_sample_can_be_drawn(explained: Explained) -> None:
    given, name = explained.gene_level, explained.patients[0].sample
    one = replace(
        explained,
        gene_level=replace(
            given,
            values=given.values.loc[[name]],
            data=given.data.loc[[name]],
            obs=given.obs.loc[[name]],
        ),
        plane=explained.plane.loc[[name]],
    )
    for draw in (beeswarm_figure, direction_figure, time_figure, plane_figure, ranking_figure):
        draw(one)
    patient_figure(one, one.patients[0])


def test_genes_that_a_cohort_did_not_measure_can_be_drawn(explained: Explained) -> None:
    data = explained.gene_level.data.copy()
    data.loc[explained.plane["cohort"] == "GSE155454", "IFI27"] = np.nan
    gone = replace(explained, gene_level=replace(explained.gene_level, data=data))
    beeswarm_figure(gone)
    direction_figure(gone)
    by_cohort = explained.by_cohort.assign(slope=np.nan, log2_fold_change=np.nan)
    effects_figure(replace(gone, by_cohort=by_cohort, by_stage=pd.DataFrame()))
