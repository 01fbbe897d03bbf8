"""What is known of how the shipped design was found: on which cohorts, and among how many."""

from __future__ import annotations

from collections.abc import Iterable

DESIGNS = 29
"""Designs that were judged by held-out figures before the model ``transfer`` was kept."""
REPRESENTATIONS = 13
"""Ways of representing a sample that were judged before that, offsets and references among them."""
DEVELOPMENT_COHORTS = ("GSE157103", "GSE155454", "schulte-cohort1", "schulte-cohort2")
"""Cohorts whose held-out figures both were judged by."""
SOURCE = "docs/model-selection.md"
"""Where the two numbers come from; a test holds them to that page."""


def developed_on(cohorts: Iterable[str]) -> list[str]:
    """Return which of some cohorts the design was found with, in the order given.

    Examples
    --------
    >>> developed_on(["yale-impact", "GSE155454"])
    ['GSE155454']
    """
    return [name for name in dict.fromkeys(cohorts) if name in DEVELOPMENT_COHORTS]
