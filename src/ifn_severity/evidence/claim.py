"""What a claim is: a published sentence, and the declared tests it must pass."""

from __future__ import annotations

from dataclasses import dataclass

TESTS = (
    "difference",
    "no difference",
    "adjusted difference",
    "level",
    "trend",
    "interaction",
    "coexistence",
    "correlation",
    "heterogeneity",
    "heterogeneity of means",
)
"""Kinds of test: a difference between two groups, its absence, the difference at the same day since
onset, an absolute level, the change with the day, the change of a difference with the day, two
programmes high in one patient, their correlation among the cases, and the spread between patients
against that between groups: from serial samples, or from one mean a patient."""
MEASURES = ("score", "genes", "analytes", "fraction", "column")
"""Kinds of measure: a list of the catalogue, single genes, plasma proteins, a share of cells, a
number that the source gives of each sample."""
DIRECTIONS = ("higher", "lower", "either", "none")
STRATA = ("all", "early", "late")
"""All samples; up to day 10 since onset; after it."""


@dataclass(frozen=True)
class Measure:
    """What is measured in each sample.

    Attributes
    ----------
    kind : str
        One of ``MEASURES``.
    names : tuple of str
        The catalogue's list; gene symbols or analytes, averaged where there are several; the cell
        types that are counted; or a column of ``obs``.
    label : str
        As a reader calls it, such as ``"six-gene interferon score"``.
    unit : str
        Such as ``"log2"``.
    of : tuple of str
        For a share of cells: the cell types that it is a share of; all cells when empty.
    """

    kind: str
    names: tuple[str, ...]
    label: str
    unit: str = "log2"
    of: tuple[str, ...] = ()


Conditions = tuple[dict[str, tuple[str, ...]], ...]
"""Alternatives; each is a column of ``obs`` with the values it may have, all columns at once."""


@dataclass(frozen=True)
class Contrast:
    """Which samples are compared.

    Attributes
    ----------
    case, reference : str
        Names of the two groups, such as ``"severe"`` and ``"milder"``.
    case_is, reference_is : tuple of dict of str to tuple of str
        A sample belongs to the group if any of the dicts holds: each names columns of ``obs``
        with the values they may have. A column that a cohort does not have holds for no sample.
    """

    case: str
    reference: str
    case_is: Conditions = ()
    reference_is: Conditions = ()


@dataclass(frozen=True)
class Part:
    """One test of a claim.

    Attributes
    ----------
    id : str
        Unique inside the claim.
    test : str
        One of ``TESTS``.
    label : str
        What it asks, in a few words.
    measure : Measure
    second : Measure or None
        For co-existence, the other programme.
    contrast : Contrast
    expected : str
        One of ``DIRECTIONS``: what the claim says of the case group.
    cohorts : tuple of str
    cell_types : tuple of str
        Names of the table of cell types; empty for bulk. Several are averaged within a patient.
    strata : tuple of str
        Of ``STRATA``; the verdict rests on ``all`` and, where there are both, on their change.
    decides : bool
        Whether the claim's verdict rests on it; the others are shown beside.
    limit : float
        For a level: what it is held against, in counts per million.
    within : str
        Column of ``obs`` whose values are experiments of their own, such as cell lines; empty
        where a cohort is one.
    """

    id: str
    test: str
    label: str
    measure: Measure
    contrast: Contrast
    expected: str
    cohorts: tuple[str, ...]
    second: Measure | None = None
    cell_types: tuple[str, ...] = ()
    strata: tuple[str, ...] = ("all",)
    decides: bool = True
    limit: float = float("nan")
    within: str = ""


@dataclass(frozen=True)
class Claim:
    """A published claim.

    Attributes
    ----------
    id : str
        Such as ``"2a"``, as in the article's order.
    title : str
        A few words.
    sentence : str
        What is claimed.
    study : str
        Such as ``"Hadjadj 2020"``.
    citation, doi : str
    parts : tuple of Part
        All deciding ones must hold for the claim to hold.
    needed : str
        What data would settle it.
    note : str
        What a reader should know about how the sentence became a test; may be empty.
    """

    id: str
    title: str
    sentence: str
    study: str
    citation: str
    doi: str
    parts: tuple[Part, ...]
    needed: str = ""
    note: str = ""
