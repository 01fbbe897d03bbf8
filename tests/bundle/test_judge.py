"""What a model says of a sample near its limits: the words show which side it is on."""

from __future__ import annotations

import numpy as np
import pytest

from ifn_severity.bundle.judge import EITHER, Findings, Rule

RULE = Rule(threshold=0.5, outside_limit=0.1, distance_limit=2.0, n_features=10, common=())


def said(*, coverage=1.0, missing=0, outside=0.0, distance=1.0, either=False) -> tuple[str, str]:
    """Return the call and the warnings of one sample."""
    found = Findings(
        probability=np.array([0.9]),
        coverage=coverage,
        missing=np.array([missing]),
        outside=np.array([outside]),
        distance=np.array([distance]),
        tissue=[""],
        sex=[""],
        either=np.array([either]),
    )
    return RULE.calls(found)[0], RULE.warnings(found)[0]


@pytest.mark.parametrize(
    ("finding", "words"),
    [
        ({"outside": 0.31}, "31% of its features are outside the training range (limit 10%)"),
        (
            {"outside": 0.1004},
            "10.04% of its features are outside the training range (limit 10.00%",
        ),
        ({"outside": np.nextafter(0.1, 1)}, "more than 10.000% of its features are outside"),
        ({"distance": 9.0}, "is 9.0 (limit 2.0, usual 1)"),
        ({"distance": 2.04}, "is 2.04 (limit 2.00, usual 1)"),
        ({"distance": np.nextafter(2.0, 3)}, "is more than 2.0000 (limit 2.0000, usual 1)"),
        ({"coverage": 0.31}, "only 31% of the panel's genes are in the data, too few for a call"),
        ({"coverage": 0.598}, "only 59.8% of the panel's genes are in the data"),
        ({"coverage": 0.598}, "too few for a call (limit 60.0%)"),
        ({"coverage": np.nextafter(0.6, 0)}, "only less than 60.000% of the panel's genes are"),
    ],
)
def test_a_limit_that_is_passed_looks_passed(finding, words):
    call, warnings = said(**finding)
    assert call == "abstain"
    assert words in warnings


@pytest.mark.parametrize("finding", [{"outside": 0.1}, {"distance": 2.0}])
def test_at_the_limit_nothing_is_said(finding):
    assert said(**finding) == ("severe", "")


def test_one_feature_is_and_two_are():
    assert said(missing=1)[1].startswith("1 of 10 features cannot be computed and is set to")
    assert said(missing=2)[1].startswith("2 of 10 features cannot be computed and are set to")


def test_a_call_that_may_be_the_other_one_says_so():
    assert said(either=True) == ("severe", EITHER)
    assert said(either=True, missing=1)[1].startswith(EITHER)
    # without a call there is none to doubt
    assert EITHER not in said(either=True, outside=0.5)[1]
