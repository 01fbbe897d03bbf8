"""The unit is told from one sample, and every unit ends at the same log2(x+1)."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ifn_severity.cohorts.unit import check_unit, detect_unit, guess_unit, taken_for, to_log2
from ifn_severity.errors import InputError


def tpm(genes: int, seed: int, total: float = 1e6) -> np.ndarray:
    """One sample as RNA-seq gives it: a third of the genes silent, the rest log-normal."""
    rng = np.random.default_rng(seed)
    values = rng.lognormal(1, 2.2, genes) * (rng.random(genes) > 0.3)
    return values / values.sum() * total


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10**6), genes=st.integers(2_000, 20_000))
def test_each_unit_of_one_transcriptome_is_recognised(seed: int, genes: int) -> None:
    values = tpm(genes, seed)
    assert guess_unit(values).unit == "linear"
    assert guess_unit(np.log2(values + 1)).unit == "log2"
    assert guess_unit(np.log1p(values)).unit == "ln"
    assert guess_unit(np.log10(values + 1)).unit == "log10"
    assert guess_unit(np.log1p(values / 100)).unit == "ln"  # scanpy's ten thousand
    assert guess_unit(np.floor(values * 20)).unit == "counts"
    logs = (np.log2(values + 1), np.log1p(values), np.log10(values + 1))
    for unit in (values, *logs, np.floor(values * 20)):
        assert guess_unit(unit).sure


@pytest.mark.parametrize("seed", range(5))
def test_array_intensities_are_log2(seed: int) -> None:
    rng = np.random.default_rng(seed)
    intensities = np.clip(rng.normal(7, 2.5, 20_000), 2.1, 15.9)
    assert guess_unit(intensities).unit == "log2"


def test_log_of_a_selection_of_genes() -> None:
    values = tpm(20_000, 1)
    kept = np.sort(values)[:19_990]  # the ten highest genes, such as globin, left out
    assert guess_unit(np.log1p(kept)).unit == "ln"
    assert guess_unit(np.log2(kept + 1)).unit == "log2"


def test_averaged_counts_are_counts() -> None:
    values = np.floor(tpm(10_000, 3) * 20) + 1
    values[::1500] += 1 / 3
    assert guess_unit(values).unit == "counts"


def test_one_whole_number_for_all_genes_is_no_unit() -> None:
    values = np.log1p(np.array([tpm(5_000, 0), tpm(5_000, 1)]))
    values[1] = 5.0
    assert not guess_unit(values[1]).sure
    guess = detect_unit(values, ["a", "b"])
    assert (guess.unit, guess.sure) == ("ln", True)


def test_unsure_is_said() -> None:
    panel = np.array([[1.5, 3.2, 7.1], [0.5, 2.2, 6.1]])
    guess = detect_unit(panel, ["a", "b"])
    assert (guess.unit, guess.sure) == ("log2", False)
    assert "--unit" in taken_for(guess)


def test_units_of_samples_must_agree() -> None:
    values = tpm(5_000, 0)
    with pytest.raises(InputError, match="a2 in ln") as error:
        detect_unit(np.array([values, np.log1p(values)]), ["a1", "a2"])
    assert "--unit" in error.value.do


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_every_unit_gives_the_same_values(seed: int) -> None:
    values = np.array([tpm(500, seed), tpm(500, seed + 1)])
    names = ["a", "b"]
    expected = np.log2(values + 1)
    given_as = {"linear": values, "log2": expected, "ln": np.log1p(values), "counts": values * 3}
    given_as["log10"] = np.log10(values + 1)
    for unit, data in given_as.items():
        before = data.copy()
        np.testing.assert_allclose(to_log2(data, unit, names)[0], expected, atol=1e-9)
        assert (data == before).all()


@pytest.mark.parametrize("unit", ["log2", "ln", "log10"])
def test_too_large_for_a_log(unit: str) -> None:
    with pytest.raises(InputError, match="5000 in sample b"):
        to_log2(np.array([[1.0, 2.0], [1.0, 5000.0]]), unit, ["a", "b"])


def test_fractions_are_no_counts() -> None:
    with pytest.raises(InputError, match="fractions up to"):
        to_log2(np.log1p(tpm(500, 0))[None], "counts", ["a"])


def test_name_of_a_unit() -> None:
    assert check_unit("CPM") == "linear"
    with pytest.raises(InputError) as error:
        check_unit("cuonts")
    assert "counts" in error.value.do
