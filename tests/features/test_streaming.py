"""Every container, chunk and number of threads gives what the transformer gives."""

from __future__ import annotations

import pickle
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import dask.array as da
import distributed
import h5py
import numpy as np
import pandas as pd
import pytest
from anndata import AnnData, read_h5ad
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from scipy.stats import gmean
from threadpoolctl import threadpool_info, threadpool_limits

from ifn_severity.errors import FeatureError
from ifn_severity.features import (
    InterferonFeatures,
    feature_definition,
    features_of,
    get_signature,
    list_definition,
    panel_genes,
    reference_genes,
    score_chunks,
    score_names,
)
from ifn_severity.features.blocks import gather
from ifn_severity.features.checks import UNITS
from ifn_severity.features.definition import locate
from ifn_severity.features.reference import OFFSET, reference_profile
from ifn_severity.features.scoring import Scorer

N = 90
LISTS = ("Rice2013_IFN6", "HALLMARK_TNFA_NFKB", "SepsisMetaScore")


def linear(n_samples: int = N, *, seed: int = 0) -> pd.DataFrame:
    """Counts with many zeros, genes in no order, four fifths of the panel and other genes."""
    rng = np.random.default_rng(seed)
    listed = {g for name in LISTS for g in get_signature(name).genes} | set(panel_genes())
    rest = sorted(listed - set(reference_genes()))
    kept = [g for g in rest if rng.random() < 0.8 or g in get_signature("Rice2013_IFN6").genes]
    genes = rng.permutation([*reference_genes(), *kept, *(f"OTHER{i}" for i in range(300))])
    values = rng.lognormal(2, 2, (n_samples, len(genes)))
    # every value fits into each of the types that counts come in
    values = np.minimum(values, 2**16 - 1) * (rng.random(values.shape) > 0.4)
    return pd.DataFrame(
        np.floor(values), index=[f"S{i}" for i in range(n_samples)], columns=genes.tolist()
    )


LINEAR = linear()
LOG2 = np.log2(LINEAR + 1)
GENES = list(LINEAR.columns)
EXPECTED = (
    InterferonFeatures("all")
    .set_output(transform="pandas")
    .fit_transform(LOG2)
    .rename_axis(index=None)
)


def backed(X: Any, folder: Path) -> AnnData:
    file = folder / "x.h5ad"
    AnnData(X, obs=LOG2[[]], var=pd.DataFrame(index=GENES)).write_h5ad(file, compression="lzf")
    return read_h5ad(file, backed="r")


def anndata(X: Any) -> AnnData:
    return AnnData(X, obs=LOG2[[]], var=pd.DataFrame(index=GENES))


CONTAINERS: dict[str, Callable[[np.ndarray, Path], Any]] = {
    "array": lambda X, _: X,
    "fortran order": lambda X, _: np.asfortranarray(X),
    "every second row": lambda X, _: np.repeat(X, 2, axis=0)[::2],
    "read only": lambda X, _: np.frombuffer(X.tobytes(), X.dtype).reshape(X.shape),
    "frame": lambda X, _: pd.DataFrame(X, index=LOG2.index, columns=GENES),
    "nullable frame": lambda X, _: pd.DataFrame(X, LOG2.index, GENES).convert_dtypes(
        convert_integer=False
    ),
    "csr": lambda X, _: sparse.csr_matrix(X),
    "csr array": lambda X, _: sparse.csr_array(X),
    "csc": lambda X, _: sparse.csc_matrix(X),
    "coo": lambda X, _: sparse.coo_array(X),
    "AnnData": lambda X, _: anndata(X),
    "AnnData csr": lambda X, _: anndata(sparse.csr_matrix(X)),
    "AnnData view": lambda X, _: anndata(np.vstack([X]))[:, GENES],
    "backed": backed,
    "backed csr": lambda X, folder: backed(sparse.csr_matrix(X), folder),
    "backed csc": lambda X, folder: backed(sparse.csc_matrix(X), folder),
    "backed view": lambda X, folder: backed(X, folder)[LOG2.index],
}


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize(("kind", "tolerance"), [("float64", 1e-9), ("float32", 1e-5)])
def test_every_container_gives_what_the_transformer_gives(
    container: str, kind: str, tolerance: float, tmp_path: Path
) -> None:
    data = CONTAINERS[container](LOG2.to_numpy().astype(kind), tmp_path)
    named = isinstance(data, AnnData | pd.DataFrame)
    before = data.copy() if isinstance(data, np.ndarray) else None
    result = features_of(data, feature_set="all", genes=None if named else GENES, chunk=37)
    np.testing.assert_allclose(result, EXPECTED, rtol=0, atol=tolerance)
    assert list(result.columns) == list(EXPECTED.columns)
    assert set(result.dtypes) == {np.dtype(kind)}
    assert list(result.index) == (list(LOG2.index) if named else list(range(N)))
    if before is not None:
        np.testing.assert_array_equal(data, before)
    if isinstance(data, AnnData) and data.isbacked:
        data.file.close()


@pytest.mark.parametrize(
    ("unit", "kind"),
    [
        *((unit, kind) for unit in UNITS for kind in ("float64", "float32", "sparse")),
        ("linear", "int32"),
        ("linear", "uint16"),
    ],
)
def test_every_unit(unit: str, kind: str) -> None:
    values = {
        "linear": LINEAR,
        "log2": LOG2,
        "ln": np.log1p(LINEAR),
        "log10": np.log10(LINEAR + 1),
    }[unit].to_numpy()
    given_as: Any = sparse.csr_array(values) if kind == "sparse" else values.astype(kind)
    if kind == "uint16":
        assert LINEAR.to_numpy().max() < 2**16
    result = features_of(given_as, feature_set="all", unit=unit, genes=GENES)
    np.testing.assert_allclose(result, EXPECTED, atol=1e-5 if kind == "float32" else 1e-9)


@settings(max_examples=30, deadline=None)
@given(chunk=st.integers(1, 2 * N), n_jobs=st.integers(1, 3), order=st.sampled_from("CF"))
def test_chunks_and_threads_change_nothing(chunk: int, n_jobs: int, order: str) -> None:
    X = np.array(LOG2.to_numpy(), order=order)  # type: ignore[call-overload]
    blocks = list(score_chunks(X, feature_set="all", genes=GENES, chunk=chunk, n_jobs=n_jobs))
    assert [len(block) for block in blocks[:-1]] == [chunk] * (len(blocks) - 1)
    np.testing.assert_allclose(np.vstack(blocks), EXPECTED, rtol=0, atol=1e-9)


def test_the_threads_of_linear_algebra_are_given_back() -> None:
    def threads() -> list[int]:
        return [lib["num_threads"] for lib in threadpool_info() if lib["user_api"] == "blas"]

    with threadpool_limits(2, user_api="blas"):
        before = threads()
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda _: features_of(LOG2, lists=LISTS, n_jobs=2), range(12)))
        assert threads() == before


def test_many_samples_on_threads() -> None:
    X = np.tile(LOG2.to_numpy(), (20, 1))
    single = features_of(X, feature_set="all", genes=GENES)
    threads = features_of(X, feature_set="all", genes=GENES, n_jobs=2)
    np.testing.assert_allclose(threads, single, rtol=0, atol=1e-12)
    transformer = InterferonFeatures("all", genes=GENES, n_jobs=2)
    np.testing.assert_allclose(transformer.fit_transform(X), single, rtol=0, atol=1e-12)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 1000))
def test_golden_scores_by_hand(seed: int) -> None:
    """Independent arithmetic, gene by gene, in pandas."""
    X = linear(3, seed=seed)
    X[list(reference_genes())] += 20.0
    usual = pd.Series(reference_profile())
    ratio = X[usual.index] / usual
    floored = ratio.clip(lower=ratio.mean(axis=1) / 64, axis=0)
    level = np.log2(X.div(gmean(floored, axis=1), axis=0) + OFFSET)
    result = features_of(X, lists=LISTS, unit="linear")
    for name in LISTS:
        signature = get_signature(name)
        signs = pd.Series(signature.signs, signature.genes)
        signs = signs[signs.index.isin(X.columns)]
        expected = (level[signs.index] * signs).mean(axis=1)
        np.testing.assert_allclose(result[f"score:{name}"], expected, atol=1e-9)


def test_own_lists_and_those_of_the_catalogue() -> None:
    named = features_of(LOG2, lists=LISTS[:2])
    own = features_of(LOG2, lists={name: get_signature(name).genes for name in LISTS[:2]})
    pd.testing.assert_frame_equal(named, own)
    pd.testing.assert_frame_equal(named, EXPECTED[list(score_names(lists=LISTS[:2]))], atol=1e-9)
    signed = features_of(LOG2, lists={"a": {"IFI27": 1, "ISG15": -1}})
    both = features_of(LOG2, lists={"x": ["IFI27"], "y": ["ISG15"]})
    np.testing.assert_allclose(
        signed["score:a"], (both["score:x"] - both["score:y"]) / 2, atol=1e-12
    )
    assert score_names("all") == tuple(feature_definition("all").features.index)


def test_genes_of_no_requested_list_are_not_read() -> None:
    scorer = Scorer.locate(list_definition(["Rice2013_IFN6"]), GENES, unit="log2")
    read = {GENES[i] for i in scorer.columns}
    assert read == {*get_signature("Rice2013_IFN6").genes, *reference_genes()}


def test_what_other_genes_hold_changes_nothing_and_is_not_noticed() -> None:
    others = [gene for gene in GENES if gene.startswith("OTHER")]
    odd = LOG2.copy()
    odd[others[0]], odd[others[1]], odd[others[2]] = -5.0, np.nan, np.inf
    pd.testing.assert_frame_equal(features_of(odd, feature_set="all"), EXPECTED, atol=1e-9)
    transformer = InterferonFeatures("all").set_output(transform="pandas")
    pd.testing.assert_frame_equal(transformer.fit_transform(odd), EXPECTED, atol=1e-9)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (-0.5, "Negative values .*first: row 77"),
        (np.nan, "NaN or infinity .*row 77"),
        (np.inf, "NaN or infinity .*row 77"),
        (5000.0, "too large to be log2"),
    ],
)
@pytest.mark.parametrize("as_sparse", [False, True])
def test_impossible_values_are_refused(value: float, message: str, as_sparse: bool) -> None:
    odd = LOG2.copy()
    odd.loc["S77", "IFI27"] = value
    values: Any = sparse.csr_array(odd.to_numpy()) if as_sparse else odd
    blocks = score_chunks(values, genes=GENES, chunk=50)
    assert len(next(blocks)) == 50
    with pytest.raises(FeatureError, match=message):
        next(blocks)
    with pytest.raises(FeatureError, match=message):
        InterferonFeatures("all").fit(LOG2).transform(odd)


def test_gaps_are_na_and_said_once() -> None:
    odd = LOG2.drop(columns=list(get_signature("Aybey_IFN_II").genes), errors="ignore")
    odd.loc[["S5", "S80"]] = 0.0
    with (
        pytest.warns(UserWarning, match="no gene of score:Aybey_IFN_II is present"),
        pytest.warns(UserWarning, match="2 of 90 samples .*first: row 5"),
    ):
        result = features_of(odd, lists=["Rice2013_IFN6", "Aybey_IFN_II"], chunk=10)
    assert result["score:Aybey_IFN_II"].isna().all()
    assert list(result.index[result["score:Rice2013_IFN6"].isna()]) == ["S5", "S80"]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: features_of(LOG2.to_numpy()), "without gene names"),
        (lambda: features_of(LOG2.to_numpy(), genes=GENES[:5]), "5 gene names for"),
        (lambda: features_of(LOG2.iloc[0].to_numpy(), genes=GENES), "no table"),
        (lambda: features_of(LOG2.assign(IFI27="high")), "not numbers: IFI27"),
        (lambda: features_of(LOG2, unit="log3"), "no unit"),
        (lambda: features_of(LOG2, feature_set="some"), "no feature set"),
        (lambda: features_of(LOG2, lists=["Rice2014"]), "no signature"),
        (lambda: features_of(LOG2, lists=[]), "no list"),
        (lambda: features_of(LOG2, lists=["Rice2013_IFN6"] * 2), "given twice"),
        (lambda: features_of(LOG2, lists={"a": []}), "is empty"),
        (lambda: features_of(LOG2, lists={"a": {"IFI27": 2}}), "signs"),
        (lambda: features_of(LOG2.drop(columns=list(reference_genes()))), "0 of the 11 reference"),
        (lambda: features_of(LOG2[["VCP", "IFI27"]]), "2 of the 1935 panel genes"),
        (lambda: score_chunks(LOG2[["VCP", "IFI27"]]), "2 of the 1935 panel genes"),
        (lambda: features_of(LOG2[["VCP", "IFI27"]], lists=LISTS[:1]), "1 of the 11 reference"),
        (lambda: features_of(LOG2.iloc[:, :0], lists=LISTS), "at least 1 of them"),
        (
            lambda: features_of(LOG2[list(reference_genes())], lists=LISTS, min_coverage=0.9),
            "11 of",
        ),
        (lambda: score_chunks(LOG2, chunk=0), "chunk of 0"),
        (lambda: features_of(anndata(LOG2.to_numpy()), layer="raw"), "no layer"),
    ],
)
def test_refusals(call: Callable[[], Any], message: str) -> None:
    with pytest.raises(FeatureError, match=message):
        call()


def test_fewer_genes_are_scored_for_those_who_say_so() -> None:
    two = LOG2.loc[LOG2["VCP"] > 0, ["VCP", "IFI27"]]
    result = features_of(two, lists={"a": ["IFI27"]}, min_reference=1)
    transformer = InterferonFeatures("interferon", min_coverage=0.0, min_reference=1)
    with pytest.warns(UserWarning, match="no gene of"):
        whole = features_of(two, feature_set="interferon", min_coverage=0.0, min_reference=1)
    with pytest.warns(UserWarning, match="no gene of"):
        expected = transformer.set_output(transform="pandas").fit_transform(two)
    pd.testing.assert_frame_equal(whole, expected, check_names=False)
    np.testing.assert_allclose(result["score:a"], expected["gene:IFI27"])
    lazy = da.from_array(two.to_numpy(), chunks=(20, -1))
    with pytest.raises(FeatureError, match="2 of the 1935"):
        features_of(lazy, genes=list(two.columns))


def test_layers_and_no_samples() -> None:
    adata = anndata(np.zeros_like(LOG2.to_numpy()))
    adata.layers["log2"] = LOG2.to_numpy()
    result = features_of(adata, feature_set="all", layer="log2")
    pd.testing.assert_frame_equal(result, EXPECTED, atol=1e-9)
    assert features_of(LOG2.iloc[:0], feature_set="all").shape == (0, EXPECTED.shape[1])


def test_printed_symbols_are_found() -> None:
    panel = feature_definition("all").panel
    printed = next(
        (p, g)
        for s in (get_signature("Kim2018_IFN28"), get_signature("HALLMARK_TNFA_NFKB"))
        for g, p in zip(s.genes, s.published_as, strict=True)
        if p != g and locate([p], [g])[0] == 0 and g in LOG2
    )
    renamed = LOG2.rename(columns={printed[1]: printed[0]})
    assert printed[1] in panel
    pd.testing.assert_frame_equal(features_of(renamed, feature_set="all"), EXPECTED, atol=1e-9)


@pytest.mark.parametrize("kind", ["float32", "float64"])
@pytest.mark.parametrize("n_jobs", [1, 2])
def test_memory_does_not_grow_with_the_matrix(kind: str, n_jobs: int) -> None:
    genes = [*GENES, *(f"MORE{i}" for i in range(4000))]

    def peak(n_samples: int) -> int:
        X = np.ones((n_samples, len(genes)), dtype=kind)
        tracemalloc.start()
        for _ in score_chunks(X, lists=LISTS, genes=genes, chunk=500, n_jobs=n_jobs):
            pass
        result = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return result

    small, large = peak(1000), peak(4000)
    assert large < 1.2 * small
    assert large < 12e6 * n_jobs + 4e6 < 4000 * len(genes) * 4 / 2


@pytest.mark.parametrize("kind", ["float32", "float64"])
def test_transform_needs_little_beside_the_input(kind: str) -> None:
    genes = [*GENES, *(f"MORE{i}" for i in range(6000))]
    X = np.ones((2000, len(genes)), dtype=kind)
    transformer = InterferonFeatures("interferon", genes=genes)
    tracemalloc.start()
    transformer.fit(X).transform(X)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 0.5 * X.nbytes


def test_a_file_is_read_a_chunk_at_a_time(tmp_path: Path) -> None:
    """A backed matrix larger than the memory that is used: only chunks of it are ever held."""
    n_samples, genes = 6000, [*GENES, *(f"MORE{i}" for i in range(2000))]
    file = tmp_path / "large.h5ad"
    AnnData(
        np.zeros((n_samples, len(genes)), dtype="float32"),
        var=pd.DataFrame(index=genes),
    ).write_h5ad(file)
    with h5py.File(file, "r+") as store:
        for start in range(0, n_samples, 1000):
            store["X"][start : start + 1000] = 5.0
    adata = read_h5ad(file, backed="r")
    tracemalloc.start()
    n = sum(len(block) for block in score_chunks(adata, lists=LISTS, chunk=300))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    adata.file.close()
    size = n_samples * len(genes) * 4
    assert n == n_samples
    assert peak < size / 5


def test_gather_takes_columns_of_anything() -> None:
    X = LOG2.to_numpy()
    columns = np.array([5, 2, 9])
    for block in (X, np.asfortranarray(X), sparse.csr_array(X), sparse.csr_matrix(X)):
        taken = gather(block, columns)
        assert taken.flags.c_contiguous
        np.testing.assert_array_equal(taken, X[:, columns])


def test_an_error_survives_the_way_back_from_another_process() -> None:
    error = FeatureError("a", expected="b", do="c")
    back = pickle.loads(pickle.dumps(error))  # noqa: S301
    assert type(back) is FeatureError
    assert str(back) == str(error)


def test_dask_is_imported_by_those_who_use_it_only() -> None:
    code = """
import sys
sys.modules["dask"] = None  # importing it fails from here on
import numpy as np
from ifn_severity.features import features_of, panel_genes
X = np.full((2, len(panel_genes())), 5.0)
assert features_of(X, genes=panel_genes()).notna().all(axis=None)
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_dask_arrays_lazily() -> None:
    X = LOG2.to_numpy()
    for chunks in ((40, -1), (25, 300)):
        lazy = features_of(da.from_array(X, chunks=chunks), feature_set="all", genes=GENES)
        assert type(lazy).__module__.startswith("dask.array")
        assert lazy.shape == EXPECTED.shape
        np.testing.assert_allclose(lazy.compute(scheduler="threads"), EXPECTED, rtol=0, atol=1e-9)
    blocks = score_chunks(da.from_array(X, chunks=(40, -1)), feature_set="all", genes=GENES)
    np.testing.assert_allclose(np.vstack(list(blocks)), EXPECTED, rtol=0, atol=1e-9)
    single = features_of(da.from_array(X, chunks=(40, -1)), genes=GENES, dtype="float32")
    assert single.compute().dtype == single.dtype == np.float32
    adata = anndata(da.from_array(X, chunks=(40, -1)))
    np.testing.assert_allclose(features_of(adata, feature_set="all").compute(), EXPECTED, atol=1e-9)


def test_dask_on_two_workers() -> None:
    """Unchanged on a cluster of two processes, and errors come back from them."""
    X = LOG2.to_numpy()
    odd = X.copy()
    odd[77, GENES.index("IFI27")] = -1.0
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0"
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        assert len(client.scheduler_info()["workers"]) == 2
        lazy = da.from_array(X, chunks=(15, -1))
        result = features_of(lazy, feature_set="all", genes=GENES).compute()
        np.testing.assert_allclose(result, EXPECTED, rtol=0, atol=1e-9)
        with pytest.raises(FeatureError, match="Negative values"):
            features_of(da.from_array(odd, chunks=(15, -1)), genes=GENES).compute()
