"""What the figures and sentences of an evidence report pick out of its tables."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

import pandas as pd

from ifn_severity.evidence.claim import STRATA
from ifn_severity.evidence.result import ClaimResult, EvidenceReport, PartResult
from ifn_severity.report.wording import Interval

#: The claims of the article have a number; further ones may have any other id.
_NUMBERED = re.compile(r"[1-7][a-z]?")
#: The claim that pools the interferon score over all blood cohorts.
POOLED_CLAIM = "7"


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a table as mappings, in order."""
    return [{str(name): value for name, value in row.items()} for row in table.to_dict("records")]


def value_in(row: Mapping[str, Any], name: str) -> float:
    """Return a number of a row, NaN where there is none."""
    value = row.get(name)
    return math.nan if value is None or value is pd.NA else float(value)


def interval_in(row: Mapping[str, Any], *names: str) -> Interval:
    """Return three numbers of a row: value, low end, high end of its interval."""
    value, low, high = (value_in(row, name) for name in names or ("effect", "low", "high"))
    return value, low, high


def strata_order(values: pd.Series) -> list[str]:
    """Return the strata that occur, all samples first."""
    present = set(values.astype(str))
    return [name for name in STRATA if name in present]


def main_stratum(result: PartResult) -> str:
    """Return the stratum that a test's verdict rests on: its first."""
    return result.part.strata[0]


def pooled_row(result: PartResult) -> dict[str, Any] | None:
    """Return the pooled figure that a test's verdict rests on, or None."""
    whole = result.pooled["stratum"].astype(str) == main_stratum(result)
    rows = records(result.pooled[whole])
    return rows[0] if rows else None


def main_effects(result: PartResult) -> list[float]:
    """Return the effects of single cohorts in the stratum that a test's verdict rests on."""
    whole = result.effects["stratum"].astype(str) == main_stratum(result)
    return [float(value) for value in result.effects.loc[whole, "effect"].dropna()]


def from_the_article(result: ClaimResult) -> bool:
    """Say whether a claim is one of the article's, not a further one."""
    return _NUMBERED.fullmatch(result.claim.id) is not None


def claim_of(report: EvidenceReport, name: str) -> ClaimResult | None:
    """Return the result of a claim, or None where it was not asked."""
    return next((result for result in report.claims if result.claim.id == name), None)


def anchor(name: str) -> str:
    """Return the anchor of a claim in the page.

    Examples
    --------
    >>> anchor("2a"), anchor("Lucas 2020")
    ('claim-2a', 'claim-lucas-2020')
    """
    return "claim-" + re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
