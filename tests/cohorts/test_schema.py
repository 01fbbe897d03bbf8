"""One shape for every cohort: types, scale, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

from ifn_severity.cohorts.card import CohortCard, Expected, get_card
from ifn_severity.cohorts.expression import to_log2
from ifn_severity.cohorts.schema import (
    OBS_COLUMNS,
    SEVERITIES,
    build_cohort,
    check_cohort,
    typed_obs,
)
from ifn_severity.errors import CohortError

SAMPLES = ["a", "b", "c", "d"]


@pytest.fixture
def card() -> CohortCard:
    numbers = Expected(n_samples=4, n_patients=3, n_mild=2, n_severe=1, days_since_onset=True)
    return replace(get_card("GSE157103"), name="tiny", unit="counts", expected=numbers)


@pytest.fixture
def expression() -> pd.DataFrame:
    values = [[1, 1, 2, 6], [0, 0, 0, 10], [5, 1, 4, 0], [2, 3, 5, 90]]
    return pd.DataFrame(values, index=SAMPLES, columns=["ISG15", "IFIT1", "NOT-A-GENE-1", "ACTB"])


@pytest.fixture
def obs() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "patient": ["p", "p", "q", "r"],
            "severity": ["mild", "moderate", "critical", "healthy"],
            "age": [30, 31.5, None, 60],
            "sex": ["female", "female", None, "male"],
            "days_since_onset": [3, 9, None, None],
            "source_ward": ["x", None, "y", "y"],
            "source_crp": [1, 2, None, 4],
        },
        index=SAMPLES,
    )


def test_cohort(card: CohortCard, expression: pd.DataFrame, obs: pd.DataFrame) -> None:
    adata = build_cohort(card, expression, obs)
    assert adata.X.dtype == np.float32
    assert list(adata.var_names) == list(expression.columns)
    assert list(adata.var["current_symbol"]) == [True, True, False, True]
    millions = np.exp2(adata.X.astype(float)) - 1
    assert millions.sum(axis=1) == pytest.approx(1e6, rel=1e-4)
    assert adata.X[0, 0] == pytest.approx(np.log2(1e5 + 1))
    table = adata.obs
    assert list(table.columns[: len(OBS_COLUMNS)]) == list(OBS_COLUMNS)
    assert table["severity"].cat.ordered
    assert tuple(table["severity"].cat.categories) == SEVERITIES
    assert (table["severity"] > "mild").tolist() == [False, True, True, False]
    np.testing.assert_array_equal(table["severe"], [0, 0, 1, np.nan])
    assert table["who_scale"].isna().all()
    assert table["tissue"].eq(card.tissue).all()
    for column in ("severe", "age", "days_since_onset", "who_scale", "source_crp"):
        assert table[column].dtype == np.float64
    assert table["source_ward"].isna().tolist() == [False, True, False, False]
    facts = adata.uns["cohort"]
    assert facts["card_sha256"] == card.sha256
    assert facts["simulated"] is False
    assert set(facts["files"]) == {file.name for file in card.files}


def test_types_do_not_change_when_given_again(obs: pd.DataFrame) -> None:
    once = typed_obs(obs, tissue="blood", cohort="tiny")
    pd.testing.assert_frame_equal(typed_obs(once, tissue="blood", cohort="tiny"), once)


def test_a_bare_table_is_enough() -> None:
    table = typed_obs(pd.DataFrame(index=[1, 2]), tissue="blood", cohort="tiny")
    assert table["patient"].tolist() == ["1", "2"]
    assert table["severity"].isna().all()
    assert table["severe"].isna().all()


def test_severe_may_be_known_without_a_grade() -> None:
    table = typed_obs(pd.DataFrame({"severe": [0, 1, None]}), tissue="blood", cohort="tiny")
    np.testing.assert_array_equal(table["severe"], [0, 1, np.nan])
    assert table["severity"].isna().all()


@pytest.mark.parametrize(
    ("column", "values", "message"),
    [
        ("severity", ["mild", "bad", "mild", "mild"], "severity holds bad"),
        ("sex", ["M", "female", None, None], "sex holds M"),
        ("age", ["old", 1, 2, 3], "age"),
        ("patient", ["p", None, "q", "r"], "without patient"),
        ("colour", [1, 2, 3, 4], "unknown column colour"),
    ],
)
def test_labels_off_the_scale(
    column: str, values: list[object], message: str, obs: pd.DataFrame
) -> None:
    with pytest.raises(CohortError, match=message) as caught:
        typed_obs(obs.assign(**{column: values}), tissue="blood", cohort="tiny")
    assert "tiny" in caught.value.got


def test_numbers_of_the_card(card: CohortCard, expression: pd.DataFrame, obs: pd.DataFrame) -> None:
    for change, message in (
        ({"n_patients": 4}, "n_patients is 3"),
        ({"n_severe": 2}, "n_severe is 1"),
        ({"days_since_onset": False}, "day of illness is known"),
    ):
        wrong = replace(card, expected=replace(card.expected, **change))
        with pytest.raises(CohortError, match=message):
            build_cohort(wrong, expression, obs)


def test_samples_must_match(card: CohortCard, expression: pd.DataFrame, obs: pd.DataFrame) -> None:
    with pytest.raises(CohortError, match="samples of matrix and labels differ"):
        build_cohort(card, expression, obs.iloc[::-1])


def _set_x(adata: AnnData) -> None:
    adata.X = adata.X.astype(np.float64)


def _set_nan(adata: AnnData) -> None:
    adata.X[0, 0] = np.nan


def _set_severe(adata: AnnData) -> None:
    adata.obs["severe"] = [1.0, 0.0, 1.0, np.nan]


def _set_half(adata: AnnData) -> None:
    adata.obs["severe"] = [0.0, 0.0, 0.5, np.nan]


def _set_severity(adata: AnnData) -> None:
    adata.obs["severity"] = adata.obs["severity"].astype(object)


def _set_age(adata: AnnData) -> None:
    adata.obs["age"] = adata.obs["age"].astype("float32")


def _drop_sex(adata: AnnData) -> None:
    del adata.obs["sex"]


def _drop_uns(adata: AnnData) -> None:
    del adata.uns["cohort"]


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (_set_x, "dense float32"),
        (_set_nan, "NaN or infinite"),
        (_set_severe, "disagree in a"),
        (_set_half, "other values than 0 and 1"),
        (_set_severity, "ordered category"),
        (_set_age, "age is float32"),
        (_drop_sex, "no column sex"),
        (_drop_uns, "uns"),
    ],
)
def test_spoilt_cohort(
    spoil: Callable[[AnnData], None],
    message: str,
    card: CohortCard,
    expression: pd.DataFrame,
    obs: pd.DataFrame,
) -> None:
    adata = build_cohort(card, expression, obs)
    check_cohort(adata)
    spoil(adata)
    with pytest.raises(CohortError, match=message):
        check_cohort(adata)


def test_units_agree() -> None:
    tpm = pd.DataFrame([[0.0, 1.0, 999.0], [5.0, 0.25, 12.0]], columns=["ISG15", "IFIT1", "ACTB"])
    expected = np.log2(tpm + 1)
    for unit, values in (
        ("linear", tpm),
        ("ln", np.log1p(tpm)),
        ("log10", np.log10(tpm + 1)),
        ("log2", expected),
    ):
        pd.testing.assert_frame_equal(to_log2(values, unit, cohort="tiny"), expected)


def test_old_and_current_symbol_become_one_gene() -> None:
    frame = pd.DataFrame([[3.0, 1.0]], columns=["G1P2", "IFIT1"])
    assert list(to_log2(frame, "linear", cohort="tiny").columns) == ["ISG15", "IFIT1"]
    both = pd.DataFrame([[3.0, 1.0]], columns=["G1P2", "ISG15"])
    assert to_log2(both, "linear", cohort="tiny")["ISG15"].tolist() == [1.0]


@pytest.mark.parametrize(
    ("values", "unit", "message"),
    [
        ([[1, -1]], "counts", "1 impossible values, first -1.0 for gene IFIT1 in sample 0"),
        ([[1, np.nan]], "log2", "impossible"),
        ([[1, np.inf]], "linear", "impossible"),
        ([[0, 0]], "counts", "nothing but zeros in sample 0"),
    ],
)
def test_impossible_values(values: list[list[float]], unit: str, message: str) -> None:
    frame = pd.DataFrame(values, columns=["ISG15", "IFIT1"])
    with pytest.raises(CohortError, match=message):
        to_log2(frame, unit, cohort="tiny")


def test_no_known_gene() -> None:
    frame = pd.DataFrame([[1.0, 2.0]], columns=["sample-1", "sample-2"])
    with pytest.raises(CohortError, match="none of 2 gene names is known, such as sample-1"):
        to_log2(frame, "linear", cohort="tiny")
