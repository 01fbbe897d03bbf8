"""Gene names of every kind become current symbols, the same whatever stands beside them."""

from __future__ import annotations

import gzip
from importlib import resources

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ifn_severity.genes import gene_table, harmonise


def one(name: str) -> str | None:
    return harmonise([name]).symbols[0]


@pytest.mark.parametrize(
    ("name", "symbol"),
    [
        ("ISG15", "ISG15"),
        ("G1P2", "ISG15"),  # previous
        ("MARCH1", "MARCHF1"),
        ("SEPT2", "SEPTIN2"),  # previous of one, alias of another: previous wins
        ("DEC1", "DELEC1"),  # previous of DELEC1, alias of BHLHE40
        ("ENSG00000187608", "ISG15"),
        ("ENSG00000187608.10", "ISG15"),
        ("ensg00000187608.10", "ISG15"),
        ("ENSG00000002586.18_PAR_Y", "CD99"),
        ("ENSG00000187608_ISG15", "ISG15"),
        ("ENSG00000187608.10|G1P2", "ISG15"),
        ("ISG15_ENSG00000187608", "ISG15"),
        ("9636", "ISG15"),
        ("9636.0", "ISG15"),
        ("ISG15|9636", "ISG15"),
        ("?|9636", "ISG15"),
        ("ISG15 /// G1P2", "ISG15"),
        ("IFIT1 /// IFIT3", None),
        ("HLA.DRA", "HLA-DRA"),
        ("isg15", "ISG15"),
        ("C9ORF72", "C9orf72"),
        ("Isg15", None),  # a mouse gene
        ("DIFF6", None),  # two genes had it
        ("ENSG99999999999", None),
        ("", None),
        (" ISG15 ", "ISG15"),
    ],
)
def test_a_name(name: str, symbol: str | None) -> None:
    assert one(name) == symbol


@pytest.mark.parametrize(
    ("name", "symbol"),
    [("LOC129607", "CMPK2"), ("loc26010", "SPATS2L"), ("LOC0", None), ("LOC999999999", None)],
)
def test_a_locus_is_the_entrez_gene_of_its_number(name: str, symbol: str | None) -> None:
    found = harmonise([name, "CXCL10", "STAT1"])
    assert found.symbols[0] == symbol
    assert found.kind == "HGNC symbols"
    assert (name in found.renamed) == (symbol is not None)
    assert (name in found.unknown) == (symbol is None)


@pytest.mark.parametrize(
    ("date", "genes"),
    [
        ("1-Mar", ("MARCHF1", "MTARC1")),
        ("Mar-01", ("MARCHF1", "MTARC1")),
        ("2001-03-01", ("MARCHF1", "MTARC1")),
        ("2020-03-04", ("MARCHF4",)),
        ("2020-03-04 00:00:00", ("MARCHF4",)),
        ("2009-03-01", ("MARCHF1", "MARCHF9", "MTARC1")),
        ("4-Mar-20", ("MARCHF4",)),
        ("1-Sep", ("SEPTIN1",)),
        ("Sep-07", ("SEPTIN7",)),
        ("15-Sep", ("SELENOF",)),
        ("1-Dec", ("DELEC1",)),
        ("7-Jun", ()),
    ],
)
def test_a_date_left_by_a_spreadsheet(date: str, genes: tuple[str, ...]) -> None:
    found = harmonise([date])
    assert found.excel_dates == {date: genes}
    assert found.symbols == [genes[0] if len(genes) == 1 else None]
    assert found.unknown == []


def test_an_account_is_given() -> None:
    names = ["ISG15", "IFI15", "DIFF6", "1-Mar", "nonsense", "nonsense"]
    found = harmonise(names)
    assert found.kind == "HGNC symbols"
    assert found.renamed == {"IFI15": "ISG15"}
    assert found.ambiguous == {"DIFF6": ("SEPTIN1", "SEPTIN2")}
    assert list(found.excel_dates) == ["1-Mar"]
    assert found.unknown == ["nonsense"]


@pytest.mark.parametrize(
    ("names", "kind"),
    [
        (["ENSG00000187608.1", "ENSG00000126709"], "Ensembl gene ids"),
        (["9636", "3627"], "Entrez gene ids"),
        (["nonsense"], "not recognised"),
        ([], "not recognised"),
    ],
)
def test_kind(names: list[str], kind: str) -> None:
    assert harmonise(names).kind == kind


def test_no_alias_hides_a_current_symbol() -> None:
    table = gene_table()
    assert not table.current & table.aliases.keys()
    assert not table.current & table.previous.keys()
    assert harmonise(sorted(table.current)).symbols == sorted(table.current)


def test_table_is_small_and_says_where_it_comes_from() -> None:
    packed = resources.files("ifn_severity.genes").joinpath("hgnc.csv.gz").read_bytes()
    assert len(packed) < 1_000_000
    assert packed[4:8] == b"\0\0\0\0"  # no time of writing: the same input gives the same bytes
    assert gzip.decompress(packed).startswith(b"# HGNC complete set (CC0), last change 20")
    assert "sha256" in gene_table().source


NAMES = st.one_of(
    st.sampled_from(sorted(gene_table().current)),
    st.sampled_from(sorted(gene_table().previous)),
    st.sampled_from(sorted(gene_table().aliases)),
    st.sampled_from(sorted(gene_table().ensembl)),
    st.sampled_from(sorted(gene_table().entrez)),
    st.sampled_from(["1-Mar", "2-Sep", "Mar-01", "A /// B", "ISG15|9636", ""]),
    st.text(max_size=12),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(NAMES, max_size=20))
def test_idempotent_and_one_name_at_a_time(names: list[str]) -> None:
    found = harmonise(names)
    assert found.symbols == [one(name) for name in names]
    assert harmonise(names[::-1]).symbols == found.symbols[::-1]
    symbols = [symbol for symbol in found.symbols if symbol]
    assert harmonise(symbols).symbols == symbols
    assert set(symbols) <= gene_table().current
