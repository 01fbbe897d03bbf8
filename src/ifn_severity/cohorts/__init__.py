"""Cohorts: cards, source files, readers and harmonised labels.

The names below are loaded when they are first used, so that listing cohorts does not have to
wait for pandas and anndata.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ifn_severity.cohorts.analytes import Analyte, analytes
    from ifn_severity.cohorts.card import CohortCard, CohortFile, get_card, list_cohorts
    from ifn_severity.cohorts.cell_types import cell_types
    from ifn_severity.cohorts.fetch import fetch_cohort
    from ifn_severity.cohorts.schema import SEVERITIES, build_cohort, check_cohort
    from ifn_severity.cohorts.store import load_cohort

_HOMES = {
    "Analyte": "analytes",
    "CohortCard": "card",
    "CohortFile": "card",
    "SEVERITIES": "schema",
    "analytes": "analytes",
    "build_cohort": "schema",
    "cell_types": "cell_types",
    "check_cohort": "schema",
    "fetch_cohort": "fetch",
    "get_card": "card",
    "list_cohorts": "card",
    "load_cohort": "store",
}

__all__ = [
    "SEVERITIES",
    "Analyte",
    "CohortCard",
    "CohortFile",
    "analytes",
    "build_cohort",
    "cell_types",
    "check_cohort",
    "fetch_cohort",
    "get_card",
    "list_cohorts",
    "load_cohort",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
