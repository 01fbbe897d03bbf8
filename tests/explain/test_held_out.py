"""Whoever is explained was never seen by the model that explains."""

from __future__ import annotations

import numpy as np
import pytest

from ifn_severity.explain.held_out import COHORTS, FOLDS, SAVED, plan
from ifn_severity.explain.samples import Samples


def test_several_cohorts_are_left_out_one_by_one(samples: Samples) -> None:
    design = plan(samples, ["sim0", "sim1"], ["sim0", "sim1"])
    assert design.kind == COHORTS
    assert design.held_out
    for part in design.parts:
        assert not set(samples.cohorts[part.test]) & set(samples.cohorts[part.train])
    tested = np.concatenate([part.test for part in design.parts])
    assert sorted(tested.tolist()) == design.rows.tolist()


def test_one_cohort_is_split_by_patient(samples: Samples) -> None:
    design = plan(samples, ["sim0"], ["sim0"])
    assert design.kind == FOLDS
    for part in design.parts:
        assert not set(samples.patients[part.test]) & set(samples.patients[part.train])
    tested = np.concatenate([part.test for part in design.parts])
    assert sorted(tested.tolist()) == design.rows.tolist()


def test_a_new_cohort_is_explained_by_the_saved_model(samples: Samples) -> None:
    design = plan(samples, ["sim1"], ["sim0"])
    assert design.held_out
    (part,) = design.parts
    assert part.by_saved
    assert set(samples.cohorts[part.train]) == {"sim0"}


@pytest.mark.parametrize(("explained", "held_out"), [("sim0", False), ("sim1", True)])
def test_without_the_training_cohorts_it_is_said(
    samples: Samples, explained: str, held_out: bool
) -> None:
    design = plan(samples, [explained], ["sim0", "elsewhere"])
    assert design.kind == SAVED
    assert design.held_out is held_out
    assert not design.refitted
    assert "elsewhere" in design.words
