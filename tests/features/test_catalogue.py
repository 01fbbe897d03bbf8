"""The catalogue: sizes as published, citations, licences, symbols of both kinds."""

from __future__ import annotations

import re
import warnings
from pathlib import Path

import pytest

from ifn_severity.cohorts import load_cohort
from ifn_severity.errors import FeatureError
from ifn_severity.features import (
    FEATURE_SETS,
    InterferonFeatures,
    coverage,
    feature_definition,
    get_signature,
)
from ifn_severity.features.definition import BALANCE, locate
from ifn_severity.features.signatures import GROUPS, load_catalogue, panel_genes, printed_symbols
from ifn_severity.genes import harmonise


def test_at_least_eighty_lists_each_with_citation_licence_and_direction() -> None:
    catalogue = load_catalogue()
    assert len(catalogue) >= 80
    for signature in catalogue.values():
        assert signature.group in GROUPS
        assert re.search(r"doi:10\.\d{4,}/\S+|PMID \d{8}", signature.citation), signature.name
        assert signature.size_check
        assert "reconstructed" not in f"{signature.size_check} {signature.note}"
        assert signature.licence
        assert signature.direction in {"up", "down", "both", "none"}
        assert set(signature.signs) <= {1, -1}
        assert len(set(signature.genes)) == len(signature.genes)


def test_sizes_agree_with_the_publications() -> None:
    catalogue = load_catalogue()
    sizes = {
        "Rice2013_IFN6": 6,
        "Kim2018_IFN28": 28,
        "HALLMARK_IFN_ALPHA": 97,
        "HALLMARK_IFN_GAMMA": 200,
        "Guardela50": 50,
        "SepsisMetaScore": 11,
        "sViP20": 20,
    }
    assert {name: catalogue[name].n_published for name in sizes} == sizes
    for signature in catalogue.values():
        # two printed symbols can be one gene today, never more than a few
        left = signature.n_published - signature.n_no_gene_today
        assert 0 <= left - len(signature.genes) <= 2, signature.name


def test_genes_that_a_source_printed_by_another_name_are_not_lost() -> None:
    """OAS1 and others stand in MSigDB v7.0 as clones; loci have symbols by now."""
    catalogue = load_catalogue()
    for name, gene in (
        ("HALLMARK_IFN_ALPHA", "OAS1"),
        ("HALLMARK_IFN_GAMMA", "RNF213"),
        ("HALLMARK_IL6_JAK_STAT3", "LTBR"),
        ("HALLMARK_TNFA_NFKB", "PER1"),
        ("HALLMARK_COMPLEMENT", "SIRT6"),
        ("Chaussabel_M1.2_IFN", "CMPK2"),
        ("Chaussabel_M1.2_IFN", "SPATS2L"),
        ("BloodGen3_A28_IFN", "SPATS2L"),
    ):
        assert gene in catalogue[name].genes, (name, gene)
    for signature in catalogue.values():
        if signature.name.startswith("HALLMARK"):
            assert signature.n_no_gene_today == 0, signature.name
    # Reactome's CRMA is a protein of cowpox virus
    assert "CRMA" not in catalogue["REACTOME_TNF"].genes
    # a clone's own transcript in a matrix is not the gene
    assert not [name for name in printed_symbols() if "." in name and name.startswith("AC")]


def test_every_gene_is_a_current_symbol() -> None:
    genes = sorted({g for s in load_catalogue().values() for g in s.genes})
    assert list(harmonise(genes).symbols) == genes


def test_six_gene_score_is_the_published_one() -> None:
    assert set(get_signature("Rice2013_IFN6").genes) == {
        "IFI27", "IFI44L", "IFIT1", "ISG15", "RSAD2", "SIGLEC1",
    }  # fmt: skip
    assert set(get_signature("Rice2013_IFN6").genes) <= set(get_signature("Kim2018_IFN28").genes)


def test_core_lists_are_few_and_cover_every_group() -> None:
    core = [s for s in load_catalogue().values() if s.core]
    assert len(core) == 39
    assert {s.group for s in core} == set(GROUPS)


def test_interferon_genes_are_right_where_hgnc_is_not() -> None:
    genes = set(get_signature("Interferon_genes").genes)
    assert "IL6" not in genes
    assert {"IFNE", "IFNL4", "IFNA1", "IFNB1", "IFNG", "IFNK", "IFNW1"} <= genes
    assert "IL23R" in get_signature("Interleukin_receptors").genes


@pytest.mark.parametrize(
    "family",
    [
        "type I", "type II", "type I and II", "type III", "interferon genes", "ISG effectors",
        "receptors and ISGF3", "negative regulators", "pathogen sensors", "balance", "chemokines",
        "interleukins", "chemokine receptors", "interleukin receptors", "cytokine receptors",
        "TNF/NF-kB", "IL-6/JAK/STAT3", "IL-1/inflammasome", "neutrophils", "immature neutrophils",
        "HLA class II", "T cells", "NK cells", "B cells", "plasma cells",
    ],
)  # fmt: skip
def test_every_family_that_a_reader_expects_has_a_score(family: str) -> None:
    features = feature_definition("all").features
    assert ((features["family"] == family) & (features["kind"] == "score")).any()


def test_receptors_and_brakes_are_features_one_by_one() -> None:
    features = feature_definition("all").features
    expected = {
        "CCR2": "chemokine receptors",
        "CXCR2": "chemokine receptors",
        "IL6R": "interleukin receptors",
        "TNFRSF1A": "TNF receptor superfamily",
        "CSF2RB": "cytokine receptors",
        "IFNGR1": "receptors and ISGF3",
        "SOCS1": "negative regulators",
        "SOCS3": "negative regulators",
        "USP18": "negative regulators",
        "IL6": "interleukins",
    }
    families = {gene: features.loc[f"gene:{gene}", "family"] for gene in expected}
    assert families == expected


@pytest.mark.parametrize(
    "name", ["Chaussabel_M3.4_IFN", "Chaussabel_M5.12_IFN", "BloodGen3_A28_IFN"]
)
def test_coexpression_modules_are_scores_only(name: str) -> None:
    assert not get_signature(name).gene_level


@pytest.mark.mirror
@pytest.mark.parametrize("name", ["HALLMARK_IFN_GAMMA", "Chaussabel_M5.12_IFN"])
def test_lists_called_type_i_and_ii_answer_both(name: str, mirror: Path, home: Path) -> None:
    """In stimulated blood they rise with either, and more with interferon beta."""
    adata = load_cohort("GSE145647")
    transformer = InterferonFeatures("all").set_output(transform="pandas")
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "no gene of")
        score = transformer.fit_transform(adata.to_df().astype("float64"))[f"score:{name}"]
    mean = score.groupby(adata.obs["source_stimulus"].astype(str)).mean()
    change = mean - mean["Buffer"]
    assert get_signature(name).family == "type I and II"
    assert change["IFNbeta"] > change["IFNgamma"] > 0.1


def test_severity_signatures_are_no_features_of_ours() -> None:
    """They are what a model is compared with, and some were derived from our cohorts."""
    severity = {s.name for s in load_catalogue().values() if s.group == "severity"}
    for name in FEATURE_SETS:
        features = feature_definition(name).features
        assert not severity & {f.removeprefix("score:") for f in features.index}


def test_current_and_printed_symbols_both_match() -> None:
    printed, current = next(iter(printed_symbols().items()))
    assert locate([printed], [current]).tolist() == [0]
    assert locate([current], [current]).tolist() == [0]
    assert locate([printed, current], [current]).tolist() == [1]
    assert locate(["NOTAGENE"], [current]).tolist() == [-1]


def test_a_gene_belongs_to_one_group() -> None:
    features = feature_definition("all").features
    assert features.index.is_unique
    parts = [feature_definition(n).features.index for n in ("interferon", "cytokine")]
    assert not set(parts[0]) & set(parts[1])
    both = feature_definition("interferon+cytokine").features.index
    assert set(both) == set(parts[0]) | set(parts[1]) | {BALANCE}
    assert features.loc["gene:CXCL10", "group"] == "cytokine"
    assert features.loc["gene:IFI27", "group"] == "interferon"


def test_coverage_counts_found_and_missing() -> None:
    table = coverage(["IFI27", "ISG15"], "interferon")
    assert table.loc["Rice2013_IFN6", ["genes", "found"]].tolist() == [6, 2]
    assert "RSAD2" in str(table.loc["Rice2013_IFN6", "missing"])
    assert coverage(panel_genes(), "all")["missing"].eq("").all()


@pytest.mark.parametrize(
    ("call", "suggestion"),
    [
        (lambda: get_signature("Rice2013_IFN"), "Rice2013_IFN6"),
        (lambda: feature_definition("interferons"), "interferon"),
    ],
)
def test_unknown_names_offer_the_nearest(call: object, suggestion: str) -> None:
    with pytest.raises(FeatureError, match=suggestion):
        call()  # type: ignore[operator]
