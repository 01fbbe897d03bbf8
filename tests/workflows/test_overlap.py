"""No patient twice: a copy is refused whatever its name, and real cohorts go together."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ifn_severity.cohorts import load_cohort
from ifn_severity.cohorts.add import add_cohort
from ifn_severity.cohorts.simulate import simulate_cohort
from ifn_severity.errors import CohortError
from ifn_severity.workflows.dataset import load_dataset
from ifn_severity.workflows.validate import validate


def add(folder: Path, name: str, log2: pd.DataFrame, obs: pd.DataFrame) -> None:
    (np.exp2(log2) - 1).mul(5).round(3).to_csv(folder / f"{name}.csv")
    obs.rename_axis("sample").to_csv(folder / f"{name}-labels.csv")
    add_cohort(name, folder / f"{name}.csv", folder / f"{name}-labels.csv", unit="linear")


def test_a_copy_of_a_cohort_under_another_name(home: Path, tmp_path: Path) -> None:
    adata = load_cohort("simulated")
    some = adata[::3]
    obs = some.obs[["severity"]].set_axis([f"X{i}" for i in range(some.n_obs)])
    add(tmp_path, "copy", some.to_df().set_axis(obs.index), obs)
    first = f"{some.obs_names[0]} and X0"
    with pytest.raises(CohortError, match="simulated and copy hold the same") as error:
        load_dataset(["simulated", "copy"])
    assert first in error.value.got
    assert "no patient in two cohorts" in error.value.expected


def test_a_repeat_of_one_patient_is_told(home: Path, tmp_path: Path) -> None:
    adata = simulate_cohort(10, seed=3)
    twice = adata[[*range(10), 0]]
    index = [f"S{i}" for i in range(11)]
    add(
        tmp_path,
        "mine",
        twice.to_df().set_axis(index),
        twice.obs[["severity", "patient"]].set_axis(index),
    )
    with pytest.warns(UserWarning, match=r"mine: samples of one patient.*S0 and S10"):
        assert len(load_dataset(["mine"]).obs) == 11


@pytest.mark.mirror
def test_a_copy_of_a_published_cohort_is_not_validated_on(
    home: Path, mirror: Path, tmp_path: Path
) -> None:
    adata = load_cohort("GSE157103")
    add(tmp_path, "copy", adata.to_df(), adata.obs[["severe"]])
    with pytest.raises(CohortError, match=r"copy hold the same measurements.*\(100 in all\)"):
        validate(["GSE157103", "schulte-cohort1", "copy"])


@pytest.mark.mirror
@pytest.mark.filterwarnings("ignore:GSE155454")
def test_the_published_cohorts_go_together(home: Path, mirror: Path) -> None:
    names = ["GSE157103", "schulte-cohort1", "schulte-cohort2", "GSE155454", "GSE152418"]
    assert load_dataset(names, use="validate").obs["cohort"].nunique() == 5
    assert load_dataset(["yale-impact", "breda-olink"]).obs["cohort"].nunique() == 2
