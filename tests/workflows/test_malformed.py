"""Whatever a file holds: a block of words, or predictions that say what is wrong.

CI draws a few files. All ten thousand: ``IFN_SEVERITY_MALFORMED=10000 pytest`` this file.
"""

from __future__ import annotations

import gzip
import os
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ifn_severity.bundle import SeverityModel, load_model, save_bundle
from ifn_severity.classify import SeverityClassifier
from ifn_severity.cohorts.matrix import read_expression
from ifn_severity.errors import IfnSeverityError
from ifn_severity.features import InterferonFeatures, reference_genes
from ifn_severity.features.definition import feature_definition

EXAMPLES = int(os.environ.get("IFN_SEVERITY_MALFORMED", "150"))
N_SAMPLES = 4


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> SeverityModel:
    """A model of a dozen genes, so that ten thousand files take minutes."""
    columns = [name for name in feature_definition("interferon").features.index if "gene:" in name]
    columns = columns[:12]
    rng = np.random.default_rng(0)
    genes = [*reference_genes(), *(name.removeprefix("gene:") for name in columns)]
    severe = np.arange(40) % 2
    level = rng.normal(7, 1, len(genes)) + rng.normal(0, 0.5, (40, len(genes)))
    level[:, -6:] += severe[:, None]
    expression = pd.DataFrame(level, columns=genes)
    whole = InterferonFeatures("interferon", min_coverage=0.0).set_output(transform="pandas")
    with pytest.warns(UserWarning, match="is present"):
        features = whole.fit_transform(expression)[columns]
    classifier = SeverityClassifier("logistic", inner_folds=2).fit(features.to_numpy(), severe)
    folder = save_bundle(
        tmp_path_factory.mktemp("models") / "dozen",
        classifier,
        name="dozen",
        feature_set="interferon",
        training_features=features,
        cohorts=[],
        labels="every second sample",
        metrics={},
        simulated=False,
    )
    return load_model(folder)


def good(model: SeverityModel, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    genes = model.manifest.genes
    level = rng.normal(7, 0.5, (N_SAMPLES, len(genes)))
    return pd.DataFrame(level, index=[f"P{i}x" for i in range(N_SAMPLES)], columns=genes)


NO_NUMBERS = ["", "NA", "nan", "inf", "-inf", "-3.5", "1e400", "abc", "1,5", "12 345", "0x1F"]
NO_NUMBERS += ["=A1+B2", "TRUE", "2021-09-01", "\x00", "'7", "–", "#REF!", " "]
NUMBERS = ["1e9", "1e-320", "1e308", "-0.0", "٣"]
BAD_CELLS = st.sampled_from([*NO_NUMBERS, *NUMBERS])
# numbers that someone may have measured: no reader can know better
BELIEVABLE = {"bytes", "cut", "one sample scaled", "scale"}
PLAIN = re.compile(r"\d+ of the \d+ genes in use are in the file\.|Values were taken for log2.*")
HARM = st.one_of(
    st.tuples(st.just("cell"), st.integers(0, 3), st.integers(0, 22), BAD_CELLS),
    st.tuples(st.just("column"), st.integers(0, 22), BAD_CELLS),
    st.tuples(st.just("row"), st.integers(0, 3), BAD_CELLS),
    st.tuples(st.just("drop genes"), st.integers(1, 23)),
    st.tuples(st.just("rename gene"), st.integers(0, 22), st.text(max_size=12)),
    st.tuples(st.just("rename sample"), st.integers(0, 3), st.text(max_size=12)),
    st.tuples(st.just("twice"), st.sampled_from(["gene", "sample"])),
    st.tuples(st.just("scale"), st.sampled_from([0.0, 1e-3, -1.0, 3.0, 1e3, 1e9])),
    st.tuples(st.just("one sample scaled"), st.sampled_from([0.0, 0.01, 1.5, 4.0])),
    st.tuples(st.just("transpose")),
    st.tuples(st.just("delimiter"), st.sampled_from([";", "\t", "|", " ", "~"])),
    st.tuples(st.just("cut"), st.integers(1, 2000)),
    st.tuples(st.just("bytes"), st.integers(0, 2000), st.binary(min_size=1, max_size=8)),
    st.tuples(st.just("encoding"), st.sampled_from(["utf-16", "latin-1", "utf-8-sig", "cp037"])),
    st.tuples(st.just("gzip"), st.integers(0, 300)),
    st.tuples(st.just("lines"), st.sampled_from(["\r\n", "\r", "\n\n", "\n\n\n"])),
    st.tuples(st.just("no header")),
    st.tuples(st.just("empty")),
)


def harmed(table: pd.DataFrame, harms: list[tuple[Any, ...]]) -> bytes:
    """Apply harms in turn: those of cells first, then those of text, then those of bytes."""
    table, delimiter, header = table.copy().astype(object), ",", True
    for kind, *how in harms:
        n_rows, n_columns = table.shape
        if not n_rows or not n_columns:
            break
        if kind == "cell":
            table.iloc[how[0] % n_rows, how[1] % n_columns] = how[2]
        elif kind == "column":
            table.isetitem(how[0] % n_columns, [how[1]] * n_rows)
        elif kind == "row":
            table.iloc[how[0] % n_rows] = how[1]
        elif kind == "drop genes":
            table = table.iloc[:, how[0] % n_columns :]
        elif kind == "rename gene":
            names = list(table.columns)
            names[how[0] % n_columns] = how[1]
            table.columns = pd.Index(names)
        elif kind == "rename sample":
            names = list(table.index)
            names[how[0] % n_rows] = how[1]
            table.index = pd.Index(names)
        elif kind == "twice":
            table = pd.concat([table, table.iloc[:, :1]], axis=1) if how[0] == "gene" else table
            table = pd.concat([table, table.iloc[:1]]) if how[0] == "sample" else table
        elif kind in ("scale", "one sample scaled"):
            rows = slice(0, 1 if kind.startswith("one") else None)
            for at in range(n_columns):
                values = pd.to_numeric(table.iloc[rows, at], errors="coerce") * how[0]
                table.iloc[rows, at] = values.astype(object)
        elif kind == "transpose":
            table = table.T
        elif kind == "delimiter":
            delimiter = how[0]
        elif kind == "no header":
            header = False
        elif kind == "empty":
            table = table.iloc[:0]
    content = table.to_csv(sep=delimiter, header=header).encode("utf-8", "surrogatepass")
    for kind, *how in harms:
        if kind == "lines":
            content = content.replace(b"\n", how[0].encode())
        elif kind == "cut":
            content = content[: how[0]]
        elif kind == "bytes":
            content = content[: how[0]] + how[1] + content[how[0] :]
        elif kind == "encoding":
            content = content.decode("utf-8", "replace").encode(how[0], "replace")
        elif kind == "gzip":
            content = gzip.compress(content)[: -how[0] or None]
    return content


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("malformed") / "m.csv"


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
@given(seed=st.integers(0, 50), harms=st.lists(HARM, min_size=1, max_size=3))
def test_a_block_or_a_warning(model, scratch, seed, harms):
    table = good(model, seed)
    scratch.write_bytes(harmed(table, harms))
    block = None
    try:
        read = read_expression(scratch, known_genes=model.manifest.genes)
        found = model.predict(read.values)
    except IfnSeverityError as error:
        block = error
    if block is not None:
        assert all((block.got, block.expected, block.do))
        return
    assert list(found["sample"]) == list(read.values.index)
    right = model.predict(table)["probability_severe"].to_numpy()
    told_of_file = [note for note in read.notes if not PLAIN.fullmatch(note)]
    believable = any(harm[0] in BELIEVABLE or harm[-1] in NUMBERS for harm in harms)
    for row in found.to_dict("records"):
        probability = row["probability_severe"]
        if not np.isfinite(probability):
            assert row["call"] == "abstain"
            assert row["warnings"]
            continue
        assert 0 <= probability <= 1
        assert row["in_distribution"] or row["warnings"]
        assert (row["call"] == "abstain") <= bool(row["warnings"])
        same = np.abs(right - probability).min() < 1e-6
        assert same or row["warnings"] or told_of_file or believable, (row, harms)


def test_the_harmless_file_is_right(model, scratch):
    table = good(model, 0)
    scratch.write_bytes(harmed(table, []))
    read = read_expression(scratch, known_genes=model.manifest.genes)
    pd.testing.assert_frame_equal(
        model.predict(read.values), model.predict(table), check_exact=False, atol=1e-6
    )
