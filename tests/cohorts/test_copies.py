"""One measurement under two names is recognised, however it is written; nothing else is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ifn_severity.cohorts.add import add_cohort
from ifn_severity.cohorts.copies import check_copies, identical_samples, relative_levels
from ifn_severity.cohorts.simulate import simulate_cohort
from ifn_severity.errors import CohortError


def people(n: int, seed: int = 0, genes: int = 300) -> np.ndarray:
    """Levels of some samples, all different."""
    return np.random.default_rng(seed).uniform(4, 14, (n, genes))


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10**6), factor=st.floats(0.1, 1000), decimals=st.sampled_from([3, 6]))
def test_a_copy_may_be_scaled_and_rounded(seed: int, factor: float, decimals: int) -> None:
    x = np.random.default_rng(seed).lognormal(3, 2, (3, 400))
    copy = np.round(np.log1p(x[1] * factor), decimals) / np.log(2)
    levels = relative_levels(np.vstack([np.log2(x + 1), copy]))
    assert identical_samples(levels) == [(1, 3)]


def test_a_replicate_is_no_copy() -> None:
    levels = people(4)
    again = levels[:1] + np.random.default_rng(1).normal(0, 0.05, (1, 300))
    assert identical_samples(np.vstack([levels, again])) == []


def test_pairs_are_found_in_every_block() -> None:
    levels = people(1_300, genes=60)
    levels[1_299] = levels[3]
    levels[700] = levels[600]
    assert identical_samples(levels) == [(3, 1_299), (600, 700)]


def test_what_says_nothing_is_like_no_other() -> None:
    levels = people(10)
    levels[0] = levels[1] = np.nan
    levels[2] = levels[3] = 7.0
    levels[4] = levels[5] = 4.0
    levels[4:6, :5] = [5, 6, 7, 8, 9]  # a few genes expressed, the rest at the floor
    levels[7] = levels[6]
    # each measured much, but hardly anything of it in both
    levels[8, :155] = np.nan
    levels[9] = levels[8]
    levels[9, :155], levels[9, 160:] = 8.0, np.nan
    assert identical_samples(levels) == [(6, 7)]


def test_missing_values_do_not_hide_a_copy() -> None:
    levels = people(5)
    levels[4] = levels[0]
    levels[4, ::3] = np.nan
    assert identical_samples(levels) == [(0, 4)]


def test_who_is_refused_and_who_is_told() -> None:
    levels = people(3)[[0, 1, 2, 0]]
    names = ["S1", "S2", "S3", "S4"]
    with pytest.raises(
        CohortError, match=r"a and b hold the same measurements.*S1 and S4"
    ) as error:
        check_copies(levels, names, ["p"] * 4, ["a", "a", "a", "b"])
    assert error.value.do == "leave a or b out"
    with pytest.raises(CohortError, match="S1 of patient p and S4 of patient q"):
        check_copies(levels, names, ["p", "r", "s", "q"], ["a"] * 4)
    assert "S1 and S4" in check_copies(levels, names, ["p", "r", "s", "p"], ["a"] * 4)[0]
    assert check_copies(levels[:3], names[:3], ["p", "r", "s"], ["a"] * 3) == []


def write(folder: Path, patients: list[str]) -> tuple[Path, Path]:
    """Ten simulated samples, and the first of them once more, in another scale."""
    adata = simulate_cohort(10, seed=3)
    linear = np.exp2(adata.to_df()) - 1
    linear = pd.concat([linear, 3 * linear.iloc[:1]]).round(4)
    linear.index = [f"S{i}" for i in range(11)]
    linear.to_csv(folder / "m.csv")
    grade = ["mild", "severe"] * 5 + ["mild"]
    labels = pd.DataFrame({"sample": linear.index, "severity": grade, "patient": patients})
    labels.to_csv(folder / "l.csv", index=False)
    return folder / "m.csv", folder / "l.csv"


def test_adding_one_measurement_as_two_patients(home: Path, tmp_path: Path) -> None:
    files = write(tmp_path, [f"p{i}" for i in range(11)])
    with pytest.raises(CohortError, match="S0 of patient p0 and S10 of patient p10"):
        add_cohort("mine", *files)
    assert not (home / "data" / "cohorts" / "mine").exists()


def test_adding_one_patient_with_a_repeat(home: Path, tmp_path: Path) -> None:
    files = write(tmp_path, [*(f"p{i}" for i in range(10)), "p0"])
    added = add_cohort("mine", *files)
    assert any("S0 and S10" in note for note in added.notes)
    assert added.notes == added.card.caveats
