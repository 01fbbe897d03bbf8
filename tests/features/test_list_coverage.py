"""What a matrix holds of each list: found, renamed, missing, ambiguous, and the verdict."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ifn_severity.cohorts.matrix import read_expression
from ifn_severity.features import (
    InterferonFeatures,
    coverage,
    get_signature,
    load_catalogue,
    panel_genes,
)
from ifn_severity.features.list_coverage import VERDICTS, list_coverage, verdict
from ifn_severity.genes import harmonise


def table(names: list[str]) -> pd.DataFrame:
    found = harmonise(names)
    columns = [s or n for n, s in zip(names, found.symbols, strict=True)]
    return list_coverage([c for c in columns if c not in found.excel_dates], found)


def six(names: list[str]) -> pd.Series:
    return table(names).loc["Rice2013_IFN6"]


def test_everything_there_is_complete() -> None:
    everything = table(sorted({g for s in load_catalogue().values() for g in s.genes}))
    assert set(everything["verdict"]) == {"complete"}
    assert (everything["found"] == everything["genes"]).all()
    assert not everything["renamed"].map(len).any()


def test_an_earlier_name_is_found_and_named() -> None:
    row = six(["G1P2", "IFI27", "IFI44L", "IFIT1", "RSAD2", "SIGLEC1"])
    assert row["renamed"] == {"ISG15": "G1P2"}
    assert (row["found"], row["missing"], row["verdict"]) == (6, (), "complete")


def test_a_gene_also_there_under_its_own_name_is_not_renamed() -> None:
    assert six(["G1P2", "ISG15"])["renamed"] == {}
    assert six(["G1P2", "ENSG00000187608"])["renamed"] == {}


def test_an_identifier_is_no_earlier_name() -> None:
    row = six(["ENSG00000187608.10", "3429"])
    assert (row["found"], row["renamed"]) == (2, {})
    assert set(row["missing"]) == {"IFI44L", "IFIT1", "RSAD2", "SIGLEC1"}


def test_a_name_of_several_genes_makes_them_ambiguous() -> None:
    row = six(["ISG15 /// IFI27", "IFIT1", "RSAD2"])
    assert row["ambiguous"] == {"IFI27": ("ISG15 /// IFI27",), "ISG15": ("ISG15 /// IFI27",)}
    assert (row["found"], row["missing"]) == (2, ("IFI44L", "SIGLEC1"))
    # what is there under a name of its own is not in doubt
    assert "ISG15" not in six(["ISG15 /// IFI27", "ISG15"])["ambiguous"]


def test_a_date_that_may_be_two_genes_is_ambiguous() -> None:
    found = harmonise(["1-Mar"])
    gene = found.excel_dates["1-Mar"][0]
    name = next((s.name for s in load_catalogue().values() if gene in s.genes), None)
    if name is None:
        assert not table(["1-Mar"])["ambiguous"].map(len).any()
    else:
        assert table(["1-Mar"]).loc[name, "ambiguous"] == {gene: ("1-Mar",)}


@pytest.mark.parametrize(
    ("found", "genes", "expected"),
    [
        (6, 6, "complete"),
        (5, 6, "usable"),
        (3, 4, "usable"),
        (4, 6, "weak"),
        (1, 2, "weak"),
        (2, 6, "unusable"),
        (0, 6, "unusable"),
        (0, 0, "unusable"),
    ],
)
def test_the_verdict_follows_the_rule(found: int, genes: int, expected: str) -> None:
    assert verdict(found, genes) == expected


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), share=st.floats(0, 1))
def test_every_gene_is_counted_once(seed: int, share: float) -> None:
    genes = np.array(panel_genes())
    names = [str(g) for g in genes[np.random.default_rng(seed).random(len(genes)) < share]]
    result = table(names)
    parts = result["found"] + result["missing"].map(len) + result["ambiguous"].map(len)
    assert (parts == result["genes"]).all()
    for name, row in result.iterrows():
        assert row["found"] == len(set(names) & set(get_signature(str(name)).genes))
    better = result["verdict"].map(VERDICTS.index)
    more = table([str(g) for g in genes])["verdict"].map(VERDICTS.index)
    assert (more <= better).all()


def test_it_counts_what_features_are_computed_from(tmp_path: Path) -> None:
    """The same reader, the same columns, the same count as the command ``features`` gives."""
    genes = [g for g in panel_genes() if not g.startswith(("CCL", "IFNA"))]
    renamed = {"ISG15": "G1P2", "IFI27": "ENSG00000165949.12", "MX1": "MX1 /// MX2"}
    values = np.random.default_rng(0).lognormal(3, 1, (2, len(genes)))
    frame = pd.DataFrame(values, columns=[renamed.get(g, g) for g in genes], index=["A", "B"])
    frame.T.to_csv(tmp_path / "matrix.csv", index_label="gene")
    read = read_expression(tmp_path / "matrix.csv", known_genes=panel_genes())
    columns = list(read.values.columns)
    result = list_coverage(columns, read.names)
    counted = coverage(columns, "all")
    assert counted["found"].equals(result.loc[counted.index, "found"])
    assert result.loc["Kim2018_IFN28", "ambiguous"] == {"MX1": ("MX1 /// MX2",)}
    assert result.loc["Rice2013_IFN6", "renamed"] == {"ISG15": "G1P2"}
    with pytest.warns(UserWarning, match="no gene of"):
        scores = (
            InterferonFeatures("all")
            .set_output(transform="pandas")
            .fit_transform(read.values.drop(columns=list(get_signature("IFN_III_receptor").genes)))
        )
    assert scores["score:Rice2013_IFN6"].notna().all()
