"""A prediction depends on its sample alone, and says where it should not be relied on."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_matrix

from ifn_severity.bundle import SeverityModel, load_model
from ifn_severity.errors import InputError
from ifn_severity.features.signatures import printed_symbols


@pytest.fixture
def model(each) -> SeverityModel:
    return load_model(each.folder)


def test_columns_and_types(model, each):
    found = model.predict(each.expression)
    assert list(found.columns) == [
        "sample",
        "probability_severe",
        "call",
        "panel_coverage",
        "in_distribution",
        "warnings",
        "probability_low",
        "probability_high",
    ]
    assert list(found["sample"]) == list(each.expression.index)
    assert found["probability_severe"].between(0, 1).all()
    assert ((found["call"] != "abstain") == found["in_distribution"]).all()
    called = found[found["in_distribution"]]
    assert set(called["call"]) == {"severe", "not severe"}
    severe = called["probability_severe"] >= model.threshold
    assert (severe == (called["call"] == "severe")).all()
    assert (found["panel_coverage"] == 1.0).all()
    assert found["in_distribution"].dtype == bool
    assert found["warnings"].str.contains("simulated patients").all()


def test_order_and_other_columns_do_not_matter(model, each):
    expected = model.predict(each.expression)
    shuffled = each.expression.iloc[:, ::-1].copy()
    shuffled["NOT_A_GENE"] = 7.0
    shuffled["hospital"] = "A"
    pd.testing.assert_frame_equal(model.predict(shuffled), expected, rtol=0, atol=1e-9)


def test_one_sample_is_its_row_of_the_batch(model, each):
    batch = model.predict(each.expression).set_index("sample")
    for sample in each.expression.index[:3]:
        alone = model.predict(each.expression.loc[[sample]]).set_index("sample")
        pd.testing.assert_frame_equal(alone, batch.loc[[sample]], rtol=0, atol=1e-9)


def test_printed_symbols_are_accepted(model, each):
    names = {new: old for old, new in printed_symbols().items() if new in each.expression}
    assert names
    renamed = each.expression.rename(columns=names)
    pd.testing.assert_frame_equal(model.predict(renamed), model.predict(each.expression))


def test_anndata_dense_and_sparse(model, each):
    from anndata import AnnData

    expected = model.predict(each.expression)
    for X in (each.expression.to_numpy(), csr_matrix(each.expression.to_numpy())):
        adata = AnnData(X, obs=pd.DataFrame(index=each.expression.index))
        adata.var_names = list(each.expression.columns)
        pd.testing.assert_frame_equal(model.predict(adata), expected)


def test_silent_sample_is_not_called(model, each):
    values = each.expression.copy()
    values.iloc[2] = 0.0
    found = model.predict(values).set_index("sample")
    row = found.iloc[2]
    assert np.isnan(row["probability_severe"])
    assert row["call"] == "abstain"
    assert not row["in_distribution"]
    assert "no reference gene is expressed" in row["warnings"]
    pd.testing.assert_frame_equal(
        found.drop(found.index[2]),
        model.predict(each.expression).set_index("sample").drop(found.index[2]),
        rtol=0,
        atol=1e-9,
    )
    alone = model.predict(values.iloc[[2]])
    assert alone["call"].tolist() == ["abstain"]


def test_missing_genes_are_told(model, each):
    genes = model.manifest.genes
    values = each.expression[genes[: round(0.7 * len(genes))]]
    found = model.predict(values)
    assert (found["panel_coverage"].round(2) == 0.7).all()
    assert found["warnings"].str.contains("only 70% of the panel's genes").all()
    assert found["warnings"].str.contains("set to the training median").all()


def test_sample_unlike_the_training_data_is_told(model, each):
    rng = np.random.default_rng(1)
    strange = pd.DataFrame(
        rng.permuted(each.expression.to_numpy()[:2], axis=1),
        index=["S1", "S2"],
        columns=each.expression.columns,
    )
    found = model.predict(strange)
    assert not found["in_distribution"].any()
    assert found["warnings"].str.contains("unlike the training data").all()


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda v: v.iloc[:, :100], "35 of the 530 genes"),
        (lambda v: v.T, "genes of the model are among the columns"),
        (lambda v: v.iloc[:0], "no samples"),
        (lambda v: v.mask(v == v.iloc[1, 5]), "missing or infinite"),
        (lambda v: v.replace(v.iloc[1, 5], np.inf), "missing or infinite"),
        (lambda v: v - 8.0, "negative"),
        (lambda v: np.exp2(v), "above 40"),
        (lambda v: v.astype(object).where(v != v.iloc[1, 5], "high"), "no numbers"),
        (lambda v: v.rename(index={"pat1": "pat0"}), "sample names occur more than once: pat0"),
        (lambda v: pd.concat([v, v.iloc[:, :2]], axis=1), "2 genes occur more than once"),
        (lambda v: v.to_numpy(), "a ndarray"),
        (lambda v: None, "a NoneType"),
    ],
)
def test_bad_input_is_explained(trained, change, match):
    one = trained["logistic"]
    with pytest.raises(InputError, match=match) as caught:
        load_model(one.folder).predict(change(one.expression))
    assert caught.value.do


def test_swapped_matrix_is_recognised(trained):
    one = trained["logistic"]
    with pytest.raises(InputError) as caught:
        load_model(one.folder).predict(one.expression.T)
    assert "transpose" in caught.value.do


def test_thousands_of_samples_a_second(trained):
    import time

    one = trained["logistic"]
    model = load_model(one.folder)
    many = pd.concat([one.expression] * 50, ignore_index=True)
    start = time.perf_counter()
    assert len(model.predict(many)) == 2000
    assert time.perf_counter() - start < 5.0
