"""Attributions of an invented model whose parts are known exactly."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ifn_severity.explain.attributions import Attributions
from ifn_severity.report.explanation import ExplanationReport
from ifn_severity.report.html import write_explanation_report

LEVELS = ["healthy", "mild", "moderate", "severe", "critical"]
NAMED = {
    "score:Rice2013_IFN6": ("score", "interferon", "Rice2013 IFN6 (score)"),
    "gene:IFI27": ("gene", "interferon", "IFI27"),
    "gene:SIGLEC1": ("gene", "interferon", "SIGLEC1"),
    "gene:RSAD2": ("gene", "interferon", "RSAD2"),
    "gene:CXCL10": ("gene", "cytokine", "CXCL10"),
    "gene:S100A12": ("gene", "inflammation", "S100A12"),
    "gene:CEACAM8": ("gene", "myeloid", "CEACAM8"),
    "gene:NCR3": ("gene", "composition", "NCR3"),
}
WEIGHTS = {"gene:IFI27": 0.9, "gene:SIGLEC1": -0.5, "gene:CXCL10": 0.3, "gene:S100A12": 0.6}


def attributions_of(
    n: int = 60,
    m: int = 40,
    *,
    simulated: bool = False,
    held_out: bool = True,
    cohort: str = "GSE157103",
) -> Attributions:
    """A linear model: the attribution of a feature is its weight times its centred value."""
    rng = np.random.default_rng(7)
    names = list(NAMED) + [f"gene:X{i}" for i in range(m - len(NAMED))]
    kinds = [NAMED.get(name, ("gene", "composition", name[5:])) for name in names]
    index = pd.Index([f"P{i:03d}" for i in range(n)], name="sample")
    severity = pd.Categorical(
        rng.choice([*LEVELS, None], n, p=[0.1, 0.2, 0.25, 0.2, 0.2, 0.05]), LEVELS, ordered=True
    )
    weights = np.array([WEIGHTS.get(name, rng.normal(0, 0.03)) for name in names])
    data = rng.normal(2, 1, (n, m)) + 0.3 * severity.codes[:, None]
    phi = (data - data.mean(axis=0)) * weights
    base = np.full(n, -0.2)
    severe = np.where(severity.codes < 0, np.nan, (severity.codes >= 3).astype(float))
    return Attributions(
        model="linear-demo",
        cohort=cohort,
        simulated=simulated,
        held_out=held_out,
        values=pd.DataFrame(phi, index, names),
        base=base,
        margin=base + phi.sum(axis=1),
        data=pd.DataFrame(data, index, names),
        features=pd.DataFrame(
            {
                "kind": [kind for kind, _, _ in kinds],
                "group": [group for _, group, _ in kinds],
                "family": "-",
                "label": [label for _, _, label in kinds],
            },
            index=names,
        ),
        obs=pd.DataFrame(
            {"patient": list(index), "severity": severity, "severe": severe}, index=index
        ),
    )


@pytest.fixture(scope="session")
def make_attributions() -> Callable[..., Attributions]:
    return attributions_of


@pytest.fixture(scope="session")
def attributions() -> Attributions:
    return attributions_of()


def report_of(attributions: Attributions, **changes: object) -> ExplanationReport:
    given = {
        "summary": ["Interferon carries most of it."],
        "facts": {"Trained on": ["GSE157103", "GSE155454"], "Feature set": "interferon"},
        "metrics": {"AUROC": (0.89, 0.82, 0.94), "Brier score": 0.13},
        "versions": {"shap": "0.51.0"},
        "citations": ["Lundberg SM et al. 2020, doi:10.1038/s42256-019-0138-9"],
        "limits": ["One hospital."],
        "tables_folder": "explain_tables",
    } | changes
    return ExplanationReport.of(attributions, **given)


@pytest.fixture(scope="session")
def make_report() -> Callable[..., ExplanationReport]:
    return report_of


@pytest.fixture(scope="session")
def simulated_report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole report, drawn once for all tests that look at it."""
    path = tmp_path_factory.mktemp("report") / "report.html"
    return write_explanation_report(path, report_of(attributions_of(simulated=True)))
