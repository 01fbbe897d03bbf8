"""A gene listed twice is taken once if its values agree and refused if not, wherever it is."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dask.array as da
import h5py
import numpy as np
import pandas as pd
import pytest
from anndata import AnnData, read_h5ad
from scipy import sparse

from ifn_severity.cohorts.matrix import read_expression
from ifn_severity.errors import FeatureError, InputError
from ifn_severity.features import InterferonFeatures, features_of, panel_genes, score_chunks

ONCE = pd.DataFrame(
    np.random.default_rng(0).uniform(0.5, 12, (9, len(panel_genes()))),
    index=[f"P{i}" for i in range(9)],
    columns=list(panel_genes()),
)
EXPECTED = features_of(ONCE, feature_set="all")
TAKEN = "genes listed twice with the same values were taken once: IFI27, VCP$"
DIFFERS = r"more than once with different values: IFI27 \(first: row 7\)"


def twice(differs: bool = False) -> pd.DataFrame:
    """Put a gene and a reference gene in twice, and a name of no gene with any values."""
    again = ONCE[["IFI27", "VCP"]].copy()
    if differs:
        again.loc["P7", "IFI27"] += 0.25
    strange = pd.DataFrame(ONCE.to_numpy()[:, :2], index=ONCE.index, columns=["Y_RNA", "Y_RNA"])
    return pd.concat([strange, again, ONCE], axis=1)


def backed(X: pd.DataFrame, folder: Path, kind: Callable[[np.ndarray], Any]) -> AnnData:
    var = pd.DataFrame(index=list(X.columns))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # anndata says that names repeat
        AnnData(kind(X.to_numpy()), obs=X[[]], var=var).write_h5ad(folder / "x.h5ad")
        return read_h5ad(folder / "x.h5ad", backed="r")


def dataset(X: pd.DataFrame, folder: Path) -> Any:
    return h5py.File(folder / "x.h5", "w").create_dataset("X", data=X.to_numpy())


CONTAINERS: dict[str, Callable[[pd.DataFrame, Path], Any]] = {
    "frame": lambda X, _: X,
    "array": lambda X, _: X.to_numpy(),
    "csr": lambda X, _: sparse.csr_array(X.to_numpy()),
    "csc": lambda X, _: sparse.csc_array(X.to_numpy()),
    "h5py": dataset,
    "backed": lambda X, folder: backed(X, folder, np.asarray),
    "backed csr": lambda X, folder: backed(X, folder, sparse.csr_matrix),
    "backed csc": lambda X, folder: backed(X, folder, sparse.csc_matrix),
}


@pytest.mark.parametrize("container", CONTAINERS)
def test_the_same_values_are_taken_once_with_a_warning(container: str, tmp_path: Path) -> None:
    X = twice()
    data = CONTAINERS[container](X, tmp_path)
    with pytest.warns(UserWarning, match=TAKEN):
        result = features_of(data, feature_set="all", genes=list(X.columns), chunk=4)
    np.testing.assert_allclose(result, EXPECTED, atol=1e-12)


@pytest.mark.parametrize("container", CONTAINERS)
def test_different_values_are_refused_by_name_and_row(container: str, tmp_path: Path) -> None:
    X = twice(differs=True)
    blocks = score_chunks(CONTAINERS[container](X, tmp_path), genes=list(X.columns), chunk=4)
    next(blocks)
    with pytest.raises(FeatureError, match=DIFFERS):
        list(blocks)


def test_dask_refuses_when_it_computes() -> None:
    same, wrong = (
        features_of(
            da.from_array(twice(differs).to_numpy(), chunks=(4, 500)),
            feature_set="all",
            genes=list(twice().columns),
        )
        for differs in (False, True)
    )
    np.testing.assert_allclose(same.compute(), EXPECTED, atol=1e-12)
    with pytest.raises(FeatureError, match="different values: IFI27"):
        wrong.compute()


def test_the_transformer_follows_the_rule_in_fit_and_in_transform() -> None:
    transformer = InterferonFeatures("all").set_output(transform="pandas")
    with pytest.warns(UserWarning, match=TAKEN):
        transformer.fit(twice())
    with pytest.warns(UserWarning, match=TAKEN):
        result = transformer.transform(twice())
    pd.testing.assert_frame_equal(result, EXPECTED, atol=1e-12)
    with pytest.raises(FeatureError, match=DIFFERS):
        InterferonFeatures("all").fit(twice(differs=True))
    with pytest.raises(FeatureError, match=DIFFERS):
        transformer.transform(twice(differs=True))


def test_the_transformer_follows_it_for_named_arrays() -> None:
    genes = list(twice().columns)
    transformer = InterferonFeatures("all", genes=genes).fit(twice().to_numpy())
    with pytest.warns(UserWarning, match=TAKEN):
        result = transformer.transform(twice().to_numpy())
    np.testing.assert_allclose(result, EXPECTED, atol=1e-12)
    with pytest.raises(FeatureError, match=DIFFERS):
        transformer.transform(twice(differs=True).to_numpy())
    with pytest.raises(FeatureError, match=DIFFERS):
        InterferonFeatures("all", genes=genes).fit(twice(differs=True).to_numpy())


def test_columns_that_no_feature_reads_may_repeat() -> None:
    X = twice(differs=True)
    scored = features_of(X[["Y_RNA", *ONCE.columns.drop(["IFI27", "VCP"])]], feature_set="all")
    assert len(scored) == len(X)
    # IFI27 is in no list that is asked for
    with pytest.warns(UserWarning, match="taken once: VCP$"):
        result = features_of(X, lists={"a": ["RSAD2"]})
    np.testing.assert_allclose(result["score:a"], EXPECTED["gene:RSAD2"])


def test_it_is_the_rule_of_the_commands(tmp_path: Path) -> None:
    """The reader of files takes the same tables once, and refuses the same tables."""
    for differs in (False, True):
        X = twice(differs)
        path = tmp_path / f"{differs}.csv"
        X.T.to_csv(path, index_label="gene")
        if differs:
            with pytest.raises(InputError, match="more than once with different values: IFI27"):
                read_expression(path, unit="log2", known_genes=panel_genes())
        else:
            read = read_expression(path, unit="log2", known_genes=panel_genes())
            assert any("taken once: IFI27, VCP" in note for note in read.notes)
            result = features_of(read.values, feature_set="all")
            np.testing.assert_allclose(result, EXPECTED, atol=1e-9)
