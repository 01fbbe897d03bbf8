"""Small made-up cohorts for the tests of claims, and one run on the real ones."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import rdata

from ifn_severity.cohorts.schema import typed_obs
from ifn_severity.evidence.claim import Contrast, Measure, Part
from ifn_severity.evidence.cohort import Block, EvidenceCohort
from ifn_severity.workflows.claims import EvidenceResult, evidence

SEVERITY = Contrast(
    "severe", "milder", case_is=({"severe": ("1",)},), reference_is=({"severe": ("0",)},)
)


def _part(test: str = "difference", **changes: object) -> Part:
    values: dict[str, object] = {
        "id": "part",
        "test": test,
        "label": "a gene",
        "measure": Measure("genes", ("IFI27",), "IFI27"),
        "contrast": SEVERITY,
        "expected": "higher",
        "cohorts": ("one",),
        **changes,
    }
    return Part(**values)  # type: ignore[arg-type]


def _cohort(
    name: str = "one",
    *,
    effect: float = 0.0,
    n_mild: int = 8,
    n_severe: int = 8,
    samples: int = 1,
    seed: int = 0,
    days: bool = True,
    scores: bool = False,
    kind: str = "blood",
) -> EvidenceCohort:
    """Make a cohort in which IFI27 is higher in severe patients by ``effect``."""
    rng = np.random.default_rng(seed)
    patients = np.repeat([f"P{i:02}" for i in range(n_mild + n_severe)], samples)
    severe = np.repeat(np.arange(n_mild + n_severe) >= n_mild, samples)
    own = np.repeat(rng.normal(0, 1, n_mild + n_severe), samples)
    day = rng.integers(2, 25, len(patients)).astype(float)
    index = pd.Index([f"S{i:03}" for i in range(len(patients))])
    obs = typed_obs(
        pd.DataFrame(
            {
                "patient": patients,
                "severity": np.where(severe, "severe", "moderate"),
                "days_since_onset": day if days else np.nan,
            },
            index=index,
        ),
        tissue="blood",
        cohort=name,
    )
    value = 6 + own + effect * severe + rng.normal(0, 0.3, len(patients))
    levels = pd.DataFrame({"IFI27": value, "TNF": rng.normal(5, 1, len(patients))}, index=index)
    made = {"Rice2013_IFN6": levels["IFI27"], "HALLMARK_TNFA_NFKB": levels["TNF"]}
    table = pd.DataFrame(made if scores else {}, index=index)
    return EvidenceCohort(name, name, kind, "blood", {"": Block(obs, levels, table)})


@pytest.fixture
def make_part() -> Callable[..., Part]:
    return _part


@pytest.fixture
def make_cohort() -> Callable[..., EvidenceCohort]:
    return _cohort


def _read_once(read: Callable[..., Any]) -> Callable[..., Any]:
    known: dict[Path, Any] = {}

    def cached(path: Path, **options: Any) -> Any:
        if path not in known:
            known[path] = read(path, **options)
        return known[path]

    return cached


@pytest.fixture(scope="session")
def whole_run(
    public_cohorts: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, EvidenceResult]:
    """One run of every claim on the real cohorts."""
    home = tmp_path_factory.mktemp("evidence")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IFN_SEVERITY_HOME", str(home))
        patch.setenv("IFN_SEVERITY_MIRROR", str(public_cohorts))
        # the sums over all cell types and those of each type read the same files
        patch.setattr(rdata, "read_rds", _read_once(rdata.read_rds))
        result = evidence(n_draws=500)
    return home, result
