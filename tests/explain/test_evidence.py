"""What counts as evidence beside SHAP, and what is only SHAP again."""

from __future__ import annotations

import pandas as pd
import pytest

from ifn_severity.explain.evidence import OWN_COEFFICIENT, agreement


def row(sign: int, auroc: tuple[float, float, float], coefficient: float, of: str) -> pd.Series:
    middle, low, high = auroc
    return pd.Series(
        {
            "sign": sign,
            "auroc": middle,
            "auroc_low": low,
            "auroc_high": high,
            "coefficient": coefficient,
            "coefficient_of": of,
        }
    )


SURE, UNSURE = (0.7, 0.6, 0.8), (0.6, 0.45, 0.74)


@pytest.mark.parametrize("coefficient", [-0.2, 0.0, 0.2, float("nan")])
def test_a_models_own_coefficient_is_no_witness(coefficient: float) -> None:
    agrees, words = agreement("ISG15", row(1, SURE, coefficient, OWN_COEFFICIENT))
    assert agrees
    assert "coefficient" not in words
    agrees, words = agreement("ISG15", row(-1, SURE, coefficient, OWN_COEFFICIENT))
    assert not agrees
    assert "coefficient" not in words


def test_another_models_coefficient_speaks_against() -> None:
    agrees, words = agreement("ISG15", row(1, SURE, -0.2, "a linear model"))
    assert not agrees
    assert "the linear coefficient says lower" in words
    assert agreement("ISG15", row(1, SURE, 0.2, "a linear model"))[0]


def test_all_point_one_way_is_said_only_where_it_is_sure() -> None:
    assert "all point one way" in agreement("ISG15", row(1, SURE, 0.2, "a linear model"))[1]
    agrees, words = agreement("ISG15", row(1, UNSURE, 0.2, "a linear model"))
    assert agrees
    assert "all point one way" not in words
    assert words.endswith("not surely")
