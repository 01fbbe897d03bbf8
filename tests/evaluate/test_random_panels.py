"""A panel beats random genes by two conditions at once, and only where enough were drawn."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from ifn_severity.evaluate import against_random
from ifn_severity.evaluate.development import (
    DESIGNS,
    DEVELOPMENT_COHORTS,
    REPRESENTATIONS,
    SOURCE,
    developed_on,
)


@pytest.mark.parametrize(("above", "beats"), [(0, True), (4, True), (5, False), (6, False)])
def test_five_of_a_hundred_are_too_many(above: int, beats: bool) -> None:
    """Above the 95th percentile all the same: the interpolated one lies under the fifth."""
    draws = np.r_[np.linspace(0.7, 0.80, 100 - above), np.linspace(0.90, 0.91, above)]
    found = against_random(0.899, draws)
    assert found.reached == above
    assert found.p_value == pytest.approx((1 + above) / 101)
    assert found.beats is beats
    if above <= 5:
        assert found.ours > found.p95


def test_more_draws_do_not_lower_the_bar() -> None:
    """Of 10,000 draws 499 above are p < 0.05 and 500 are not."""
    draws = np.r_[np.full(9501, 0.7), np.full(499, 0.9)]
    assert against_random(0.8, draws).beats is True
    assert against_random(0.8, np.r_[draws[1:], 0.9]).beats is False


def test_what_is_not_known_is_not_said() -> None:
    draws = np.r_[np.full(100, 0.7), np.nan]
    assert against_random(0.8, draws[1:]).beats is None
    assert against_random(float("nan"), draws).beats is None
    assert np.isnan(against_random(float("nan"), draws).p_value)
    assert against_random(0.8, draws).n == 100
    nothing = against_random(0.8, [])
    assert (nothing.n, nothing.beats) == (0, None)


def test_a_tie_counts_as_reached_in_spite_of_rounding() -> None:
    third = np.mean([0.1, 0.2, 0.3])
    assert third != 0.2
    assert against_random(max(third, 0.2), np.full(100, min(third, 0.2))).reached == 100


def test_the_constants_are_those_of_the_page() -> None:
    text = (Path(__file__).parents[2] / SOURCE).read_text("utf-8")
    assert f"{DESIGNS} designs" in text
    assert re.search(rf"{REPRESENTATIONS} variants", text)
    assert all(name in text for name in DEVELOPMENT_COHORTS)
    assert developed_on(["mine", *reversed(DEVELOPMENT_COHORTS)])[0] == DEVELOPMENT_COHORTS[-1]
