"""Columns that claims name are refused where no cohort of the part has them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from ifn_severity.errors import ClaimError
from ifn_severity.evidence.claim import Claim, Contrast, Measure, Part
from ifn_severity.evidence.cohort import EvidenceCohort
from ifn_severity.evidence.columns import check_columns
from ifn_severity.evidence.load import load_claims

MakePart = Callable[..., Part]
MakeCohort = Callable[..., EvidenceCohort]


def claim_of(part: Part) -> Claim:
    return replace(load_claims()[0], id="mine", parts=(part,))


def column(name: str) -> Measure:
    return Measure("column", (name,), name, "")


@pytest.fixture
def cohorts(make_cohort: MakeCohort) -> dict[str, EvidenceCohort]:
    made = {name: make_cohort(name) for name in ("one", "two")}
    made["two"].obs["source_crp_mg_l"] = 1.0
    made["two"].obs["source_group"] = "a"
    return made


@pytest.mark.parametrize(
    ("changes", "message", "help_"),
    [
        (
            {"measure": column("source_crp")},
            "'source_crp' in one or two",
            "source_crp_mg",
        ),
        ({"measure": column("crp_mg_l")}, "no column 'crp_mg_l'", "did you mean source_crp_mg_l?"),
        ({"measure": column("source_nope")}, "no column 'source_nope'", "choose one of: age, days"),
        ({"second": column("source_nope")}, "no column 'source_nope'", "choose one of"),
        ({"measure": column("sex")}, "column 'sex' of one holds words", "[contrast.NAME]"),
        ({"within": "source_gruop"}, "no column 'source_gruop'", "did you mean source_group?"),
        (
            {"contrast": Contrast("a", "b", ({"severe": ("1",)},), ({"source_grp": ("x",)},))},
            "group 'b': no column 'source_grp'",
            "did you mean source_group?",
        ),
        (
            {"contrast": Contrast("a", "b", ({"severe": ("yes",)},), ({"severe": ("0",)},))},
            "group 'a': severe = 'yes', and one has numbers there",
            "correct the contrast",
        ),
    ],
)
def test_a_column_that_no_cohort_has(
    make_part: MakePart,
    cohorts: dict[str, EvidenceCohort],
    changes: dict[str, object],
    message: str,
    help_: str,
) -> None:
    claim = claim_of(make_part(cohorts=("one", "two"), **changes))
    with pytest.raises(ClaimError) as refused:
        check_columns([claim], cohorts)
    assert "claim mine, part part" in refused.value.got
    assert message in refused.value.got
    assert help_ in refused.value.do
    assert refused.value.expected


@pytest.mark.parametrize(
    "changes",
    [
        {"measure": column("source_crp_mg_l")},
        {"within": "source_group"},
        # one alternative holds in one of them, the other in none
        {
            "contrast": Contrast(
                "a", "b", ({"source_x": ("1",)}, {"severe": ("1",)}), ({"severe": ("0",)},)
            )
        },
    ],
)
def test_a_column_that_one_cohort_has(
    make_part: MakePart, cohorts: dict[str, EvidenceCohort], changes: dict[str, object]
) -> None:
    check_columns([claim_of(make_part(cohorts=("one", "two"), **changes))], cohorts)


def test_a_cohort_that_was_not_loaded_might_have_it(
    make_part: MakePart, cohorts: dict[str, EvidenceCohort]
) -> None:
    claim = claim_of(make_part(cohorts=("one", "three"), measure=column("source_nope")))
    check_columns([claim], cohorts)
