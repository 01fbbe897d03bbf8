"""Curves, planes and variance tables on made-up cohorts."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from ifn_severity.evidence.cohort import Block, EvidenceCohort
from ifn_severity.evidence.days import day_regression, day_tables, standardised
from ifn_severity.evidence.plane import plane_tables, variance_table

MakeCohort = Callable[..., EvidenceCohort]


def test_standard_deviations_of_the_milder(make_cohort: MakeCohort) -> None:
    cohort = make_cohort(samples=2, effect=1.0)
    obs = cohort.obs
    z = standardised(cohort.blocks[""].levels["IFI27"], obs)
    mild = z[obs["severe"] == 0].groupby(obs["patient"]).mean()
    assert mild.mean() == pytest.approx(0)
    assert mild.std() == pytest.approx(1)


def test_curves_follow_a_line(make_cohort: MakeCohort) -> None:
    cohort = make_cohort(samples=3, n_mild=10, n_severe=10, scores=True)
    block, obs = cohort.blocks[""], cohort.obs
    own = pd.Series(pd.Categorical(obs["patient"]).codes % 7, index=obs.index)
    value = own - 0.2 * obs["days_since_onset"] * (1 + obs["severe"])
    changed = EvidenceCohort(
        "one",
        "",
        "blood",
        "",
        {"": Block(obs, block.levels, block.scores.assign(Rice2013_IFN6=value))},
    )
    found = day_tables({"one": changed})
    slopes = found.slopes.set_index("term")["slope"]
    assert slopes["severe"] == pytest.approx(2 * slopes["mild"], rel=1e-3)
    assert slopes["severe minus mild"] == pytest.approx(slopes["severe"] - slopes["mild"])
    for grade in (0, 1):
        curve = found.curves[found.curves["severe"] == grade]
        steps = np.diff(curve["fit"]) / np.diff(curve["day"])
        assert steps == pytest.approx(steps[0], rel=1e-3)
        seen = found.points.loc[found.points["severe"] == grade, "day"]
        assert (curve["day"].min(), curve["day"].max()) == (seen.min(), seen.max())
        assert (curve["low"] <= curve["fit"]).all()


def test_a_cohort_with_severe_samples_of_one_day_keeps_its_points(make_cohort: MakeCohort) -> None:
    cohort = make_cohort(scores=True)
    block = cohort.blocks[""]
    one_day = block.obs["days_since_onset"].where(block.obs["severe"] == 0, 10.0)
    obs = block.obs.assign(days_since_onset=one_day)
    changed = EvidenceCohort("one", "", "blood", "", {"": Block(obs, block.levels, block.scores)})
    found = day_tables({"one": changed, "two": make_cohort("two", scores=True)})
    assert set(found.points["cohort"]) == {"one", "two"}
    assert set(found.curves["cohort"]) == set(found.slopes["cohort"]) == {"two"}


def test_cohorts_without_days_or_scores_have_no_curve(make_cohort: MakeCohort) -> None:
    cohorts = {"a": make_cohort("a", scores=True, days=False), "b": make_cohort("b")}
    found = day_tables(cohorts)
    assert found.points.empty
    assert list(found.curves) == ["cohort", "severe", "day", "fit", "low", "high"]


def test_plane_and_shares(make_cohort: MakeCohort) -> None:
    plane, joint = plane_tables({"one": make_cohort(scores=True, samples=2)})
    assert len(plane) == 16
    assert joint["n_patients"].tolist() == [8, 8]
    for _, row in joint.iterrows():
        share = plane.loc[plane["severe"] == row["severe"], "both_high"].mean()
        assert row["both_high"] == pytest.approx(share)
        assert row["low"] <= share <= row["high"]
        here = plane.loc[plane["severe"] == row["severe"], "interferon"]
        assert row["interferon"] == pytest.approx(here.mean())
        # scipy 1.17: t.ppf(0.975, 7)
        assert row["interferon_high"] - row["interferon"] == pytest.approx(
            2.3646242515927844 * here.sem()
        )


def test_variance_needs_serial_samples(make_cohort: MakeCohort) -> None:
    cohorts = {
        "serial": make_cohort("serial", samples=3, scores=True),
        "single": make_cohort("single", scores=True),
    }
    found = variance_table(cohorts, n_draws=50)
    assert set(found["cohort"]) == {"serial"}
    assert found["share"].sum() == pytest.approx(1)
    shares = found.set_index("source")["share"]
    assert shares["patient"] > 3 * shares["within"]


def test_the_day_explains_what_it_was_made_to_explain() -> None:
    day = np.array([5.0, 8.0, 12.0, 15.0, 20.0])
    effects = pd.DataFrame(
        {
            "cohort": list("abcde"),
            "stratum": ["early", "early", "late", "late", "late"],
            "effect": 0.1 * (day - 10) - 0.5,
            "variance": 0.05,
            "mean_day": day,
        }
    )
    table, points, line = day_regression(effects)
    found = table.set_index("moderator")
    assert found.loc["intercept", "estimate"] == pytest.approx(-0.5)
    assert found.loc["day", "estimate"] == pytest.approx(1.0)
    assert found.loc["day", "r_squared"] == pytest.approx(1.0)
    assert len(points) == 5
    assert line["fit"].iloc[-1] == pytest.approx(0.5)
    few, _, none = day_regression(effects[:2])
    assert few.empty
    assert none.empty
