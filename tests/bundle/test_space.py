"""Distances in feature space: usual samples near 1, strange ones far, and no row kept."""

from __future__ import annotations

import numpy as np
import pytest

from ifn_severity.bundle.markers import (
    EPITHELIAL,
    LEUKOCYTE,
    NEUTROPHIL,
    Y_CHROMOSOME,
    Markers,
    kind_of_blood,
)
from ifn_severity.bundle.space import (
    RANK,
    distance_limit,
    fit_space,
    read_space,
    write_space,
)
from ifn_severity.features import reference_genes
from ifn_severity.features.reference import reference_profile


@pytest.fixture
def rows() -> np.ndarray:
    rng = np.random.default_rng(0)
    factors = rng.normal(size=(80, 5))
    return 6 + factors @ rng.normal(size=(5, 60)) + rng.normal(0, 0.3, (80, 60))


def test_usual_samples_are_near_one(rows):
    space = fit_space(rows, np.zeros(80))
    assert 0.5 < np.median(space.distance(rows)) < 1.5
    assert space.distance(rows + 20).min() > 5


def test_agrees_with_the_full_covariance(rows):
    """With few features nothing is cut off, so it is the distance by Ledoit-Wolf's covariance."""
    from sklearn.covariance import LedoitWolf

    few = rows[:, :10]
    space = fit_space(few, np.zeros(80))
    scaled = (few - few.mean(axis=0)) / np.sqrt(few.var(axis=0) + 0.25)
    whole = LedoitWolf(assume_centered=True).fit(scaled)
    expected = np.sqrt(whole.mahalanobis(scaled) / 10)
    np.testing.assert_allclose(space.distance(few), expected, rtol=0.02)


def test_direction_counts(rows):
    """A step across the training variation is further than one of the same length along it."""
    space = fit_space(rows, np.zeros(80))
    centre = rows.mean(axis=0)
    along = centre + 5 * space.directions[0] * space.scale
    rng = np.random.default_rng(1)
    across = rng.normal(size=60)
    across -= space.directions.T @ (space.directions @ across)
    across = centre + 5 * across / np.linalg.norm(across) * space.scale
    assert space.distance(across[None])[0] > 1.5 * space.distance(along[None])[0]


def test_missing_features(rows):
    given = rows.copy()
    given[:, 3] = np.nan
    space = fit_space(given, np.zeros(80))
    assert space.scale[3] == 0
    # measured now, never in training: it says nothing
    np.testing.assert_allclose(space.distance(rows), space.distance(given))
    assert np.isnan(space.distance(np.full((1, 60), np.nan)))[0]


def test_another_cohort_is_allowed_for(rows):
    cohorts = np.repeat(["a", "b", "c", "d"], 20)
    shifted = rows + np.repeat(np.random.default_rng(2).normal(0, 1.5, (4, 60)), 20, axis=0)
    apart = distance_limit(shifted, cohorts)
    assert apart > np.quantile(fit_space(shifted, cohorts).distance(shifted), 0.95)
    assert distance_limit(rows, np.zeros(80)) > 2


def test_with_one_cohort_patients_are_held_out_whole(rows):
    # five visits of each of 16 patients that lie apart, one visit of everyone after the other
    apart = np.random.default_rng(3).normal(0, 3, (16, 60))
    visits = rows + np.tile(apart, (5, 1))
    patients = np.tile([f"p{i}" for i in range(16)], 5)
    one = np.zeros(80)
    held_out = distance_limit(visits, one, patients)
    assert held_out > 1.1 * distance_limit(visits, one)
    # whatever the patients are called; and a patient a sample is the default
    renamed = np.array([f"q{(7 * int(name[1:])) % 16}" for name in patients])
    assert held_out == distance_limit(visits, one, renamed)
    assert distance_limit(rows, one, np.arange(80)[::-1]) == distance_limit(rows, one)
    cohorts = np.repeat(["a", "b", "c", "d"], 20)
    assert distance_limit(rows, cohorts, patients) == distance_limit(rows, cohorts)


def test_written_and_read(rows):
    space = fit_space(rows, np.zeros(80))
    columns = [f"f{i}" for i in range(60)]
    content = write_space(space)
    assert content == write_space(space)
    again = read_space(content, columns)
    assert len(again.variances) == RANK
    np.testing.assert_array_equal(again.distance(rows), space.distance(rows))
    assert len(content) < 10_000
    for row in rows.astype("<f4"):
        assert row[:3].tobytes() not in content


def test_broken_spaces_are_refused(rows):
    content = write_space(fit_space(rows, np.zeros(80)))
    with pytest.raises(ValueError, match="another type or shape"):
        read_space(content, ["one"])
    for cut in (0, 10, 500, len(content) - 5):
        with pytest.raises(ValueError, match=r"zip|unpacked|refused"):
            read_space(content[:cut], [f"f{i}" for i in range(60)])


def test_kind_of_blood():
    assert kind_of_blood("Peripheral blood mononuclear cells (PBMC)") == "PBMC"
    assert kind_of_blood("leukocytes from whole blood") == "whole blood"
    assert kind_of_blood("lung biopsy") == ""


def _sample(**levels: float) -> tuple[list[str], np.ndarray]:
    """Reference genes as usual, and log2 CPM of the others."""
    genes = {**dict.fromkeys(LEUKOCYTE, 9.0), **dict.fromkeys(EPITHELIAL, 0.0)}
    genes |= {**dict.fromkeys(NEUTROPHIL, 9.5), **dict.fromkeys(Y_CHROMOSOME, 0.0), "XIST": 8.0}
    for group, value in levels.items():
        members = {"leukocyte": LEUKOCYTE, "epithelial": EPITHELIAL, "neutrophil": NEUTROPHIL}
        members |= {"y": Y_CHROMOSOME, "xist": ("XIST",)}
        genes |= dict.fromkeys(members[group], value)
    usual = {gene: float(np.log2(reference_profile()[gene] + 1)) for gene in reference_genes()}
    both = {**genes, **usual}
    return list(both), np.array([list(both.values())])


@pytest.mark.parametrize(
    ("levels", "trained", "word"),
    [
        ({}, ["whole blood"], ""),
        ({}, ["PBMC"], "as high as in whole blood"),
        ({"neutrophil": 5.0}, ["whole blood"], "as low as in PBMC"),
        ({"neutrophil": 5.0}, ["PBMC"], ""),
        ({"neutrophil": 5.0}, ["PBMC", "whole blood"], ""),
        ({"neutrophil": 5.0}, [], ""),
        ({"leukocyte": 0.0, "epithelial": 6.0}, [], "not blood"),
        ({"leukocyte": 7.5, "epithelial": 7.0}, ["whole blood"], "not blood"),
    ],
)
def test_tissue(levels, trained, word):
    columns, values = _sample(**levels)
    markers = Markers(columns, trained)
    (text,) = markers.tissue(values[:, markers.columns])
    assert (word in text) if word else not text


@pytest.mark.parametrize(
    ("levels", "stated", "swapped"),
    [
        ({}, "female", False),
        ({}, "F", False),
        ({}, "male", True),
        ({"y": 7.0, "xist": 0.0}, "male", False),
        ({"y": 7.0, "xist": 0.0}, "female", True),
        ({"y": 7.0}, "female", False),
        ({}, "unknown", False),
        ({}, None, False),
    ],
)
def test_sex(levels, stated, swapped):
    columns, values = _sample(**levels)
    markers = Markers(columns)
    (text,) = markers.sex(values[:, markers.columns], [stated])
    assert ("may have been swapped" in text) == swapped


def test_a_panel_without_markers_says_nothing():
    markers = Markers(list(reference_genes()), ["PBMC"])
    values = np.full((2, len(markers.columns)), 5.0)
    assert markers.tissue(values) == ["", ""]
    assert markers.sex(values, ["male", "female"]) == ["", ""]
