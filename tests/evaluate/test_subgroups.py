"""Subgroups: counts by patient, NA with its reason, nobody of unknown sex or age."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ifn_severity.evaluate.metrics import auroc
from ifn_severity.evaluate.subgroups import subgroup_aurocs


def people(n: int = 80) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    y = np.arange(n) % 2
    sex = np.array(["female", "male"], dtype=object)[rng.integers(0, 2, n)]
    age = rng.uniform(30, 90, n)
    score = rng.normal(size=n) + y
    return {"y": y, "score": score, "patients": np.arange(n).astype(str), "sex": sex, "age": age}


def test_groups_are_what_they_say() -> None:
    given = people()
    table = subgroup_aurocs(**given, n_draws=300).set_index("group")
    assert table.index.tolist() == ["female", "male", "<65", "≥65"]
    women, old = given["sex"] == "female", given["age"] >= 65
    for group, inside in (("female", women), ("≥65", old)):
        expected = auroc(given["y"][inside], given["score"][inside])[0]
        assert table.loc[group, "auroc"] == pytest.approx(expected)
        assert table.loc[group, "low"] < expected < table.loc[group, "high"]
        assert table.loc[group, "n_samples"] == inside.sum()
    assert (table["reason"] == "").all()


def test_few_patients_give_na_however_many_samples() -> None:
    given = people()
    given["patients"] = np.array([f"P{i % 8}" for i in range(80)])
    table = subgroup_aurocs(**given, n_draws=20)
    assert table["auroc"].isna().all()
    assert (table["reason"] == "fewer than 5 patients in a class").all()
    assert (table["mild_patients"] <= 4).all()


def test_unknown_sex_and_age_are_in_no_group() -> None:
    given = people()
    given["sex"] = pd.Series(given["sex"], dtype="string").where(np.arange(80) >= 40).to_numpy()
    given["age"][:60] = np.nan
    table = subgroup_aurocs(**given, n_draws=20).set_index("variable")
    assert table.loc["sex", "n_samples"].sum() == 40
    assert table.loc["age", "n_samples"].sum() == 20


def test_repeats_are_averaged() -> None:
    given = people()
    rows = np.vstack([given["score"], np.random.default_rng(1).normal(size=80)])
    table = subgroup_aurocs(**{**given, "score": rows}, n_draws=20).set_index("group")
    women = given["sex"] == "female"
    expected = np.mean([auroc(given["y"][women], row[women])[0] for row in rows])
    assert table.loc["female", "auroc"] == pytest.approx(expected)
