"""``ifn-severity signatures`` as a user types it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ifn_severity.cohorts.simulate import simulate_cohort
from ifn_severity.errors import FeatureError
from ifn_severity.features import (
    InterferonFeatures,
    get_signature,
    load_catalogue,
    panel_genes,
    reference_genes,
)
from ifn_severity.features.panel_coverage import panel_coverage
from ifn_severity.workflows.features import write_features
from ifn_severity.workflows.signatures import coverage_of_file, short_citation, signature_table

Cli = Callable[..., tuple[int, str, str]]


@pytest.fixture
def cli(cli: Cli) -> Cli:
    return lambda *arguments: cli("signatures", *arguments)


@pytest.fixture
def matrix(home: Path) -> Path:
    """Simulated blood with one gene renamed, two spoilt into one name and one left out."""
    values = (2.0 ** simulate_cohort(6, seed=1).to_df() - 1.0).T
    values = values.rename(index={"ISG15": "G1P2", "MX1": "MX1 /// MX2"}).drop(index="IFI27")
    path = home / "mine.csv"
    values.to_csv(path, float_format="%.5g", index_label="gene")
    return path


def test_all_lists(cli: Cli) -> None:
    code, out, _ = cli()
    assert code == 0
    for signature in load_catalogue().values():
        assert signature.name in out
    assert "Kim 2018 J Interferon Cytokine Res 38:171" in out
    assert "--coverage FILE" in out


def test_one_list(cli: Cli) -> None:
    code, out, _ = cli("Chaussabel_M5.12_IFN")
    assert code == 0
    signature = get_signature("Chaussabel_M5.12_IFN")
    flat = " ".join(out.split())
    for text in (signature.citation, signature.licence, signature.size_check, signature.note):
        assert text in flat
    for gene, printed in zip(signature.genes, signature.published_as, strict=True):
        assert gene in out
        assert printed in out


def test_signs_are_shown(cli: Cli) -> None:
    _, out, _ = cli("SepsisMetaScore")
    rows = {line.split("│")[1].strip(): line for line in out.splitlines() if "│" in line}
    signature = get_signature("SepsisMetaScore")
    for gene, sign in zip(signature.genes, signature.signs, strict=True):
        assert ("−" in rows[gene]) == (sign < 0)
    assert "comparison only" in out


def test_a_mistyped_name_is_answered_with_the_nearest(cli: Cli) -> None:
    for arguments in (("Kim2018_IFN",), ("Kim2018_IFN", "--coverage", "none.csv")):
        code, _, err = cli(*arguments)
        assert code == 2
        assert err.startswith("Error (features)")
        assert "did you mean Kim2018_IFN28" in err


def test_coverage_before_any_score(cli: Cli, matrix: Path) -> None:
    code, out, _ = cli("--coverage", str(matrix))
    assert code == 0
    line = next(line for line in out.splitlines() if "Rice2013_IFN6" in line)
    cells = [cell.strip() for cell in line.split("│")[1:-1]]
    assert cells == ["Rice2013_IFN6", "interferon", "type I", "5/6", "1", "", "usable", "IFI27"]
    assert "weak: at least 50%" in " ".join(out.split())
    assert "6 samples" in out
    assert not list(matrix.parent.glob("features*"))


def fewer(matrix: Path, genes: list[str]) -> Path:
    """Write the same samples without some genes, or with none but these."""
    values = pd.read_csv(matrix, index_col="gene")
    path = matrix.with_name("fewer.csv")
    kept = values.index.isin(genes)
    values[kept if len(genes) < 6 else ~kept].to_csv(path, index_label="gene")
    return path


def test_a_file_that_features_accepts_is_accepted(cli: Cli, matrix: Path) -> None:
    code, out, _ = cli("--coverage", str(matrix))
    flat = " ".join(out.split())
    assert code == 0
    assert "Reference genes: 11 of 11 found, at least 6 needed: enough." in flat
    assert "Verdict: accepted" in flat
    assert "reference panel" not in flat


@pytest.mark.parametrize("name", [(), ("Kim2018_IFN28",)])
def test_too_few_reference_genes_are_told_and_the_file_judged(
    cli: Cli, matrix: Path, name: tuple[str, ...]
) -> None:
    path = fewer(matrix, list(reference_genes())[5:])
    code, out, _ = cli(*name, "--coverage", str(path))
    flat = " ".join(out.split())
    assert code == 0
    assert "Reference genes: 5 of 11 found, at least 6 needed: too few." in flat
    assert f"Missing: {', '.join(reference_genes()[5:])}." in flat
    assert "Panel (reference genes and all lists)" in flat
    assert "Verdict: refused" in flat
    with pytest.raises(FeatureError) as refused:
        write_features(str(path), output=path.with_name("features.csv"))
    assert f"`features` would say: {refused.value.got}." in flat
    assert f"Do: {refused.value.do}." in flat


def test_a_file_of_four_genes_is_judged(cli: Cli, matrix: Path) -> None:
    path = fewer(matrix, ["VCP", "IFI44L", "RSAD2", "SIGLEC1"])
    code, out, _ = cli("--coverage", str(path))
    flat = " ".join(out.split())
    assert code == 0
    assert "Reference genes: 1 of 11 found" in flat
    assert f"all lists): 4 of {len(panel_genes())} found" in flat
    assert "Verdict: refused" in flat
    assert f"4 of the {len(panel_genes())} panel genes are in the matrix" in flat


@settings(max_examples=30, deadline=None)
@given(n_reference=st.integers(0, 11), n_others=st.integers(0, len(panel_genes()) - 11))
def test_the_verdict_is_that_of_the_transformer(n_reference: int, n_others: int) -> None:
    panel = panel_genes()
    columns = [*panel[:n_reference], *panel[11 : 11 + n_others]]
    assume(columns)
    result = panel_coverage(columns)
    assert (result.reference_found, result.found) == (n_reference, n_reference + n_others)
    X = pd.DataFrame(5.0, index=["P"], columns=columns)
    if result.enough:
        InterferonFeatures("all").fit(X)
        return
    with pytest.raises(FeatureError) as refused:
        InterferonFeatures("all").fit(X)
    assert str(refused.value) == str(result.refusal)


def test_coverage_of_one_list_names_every_gene(cli: Cli, matrix: Path) -> None:
    code, out, _ = cli("Kim2018_IFN28", "--coverage", str(matrix))
    assert code == 0
    assert "Renamed: G1P2 → ISG15." in out
    assert "Ambiguous: MX1 (MX1 /// MX2)." in out
    assert "Missing: " in out
    assert "IFI27" in out.split("Missing: ")[1]
    assert "HALLMARK" not in out


def test_the_unit_is_told_or_detected(cli: Cli, matrix: Path) -> None:
    _, out, _ = cli("--coverage", str(matrix), "--unit", "linear")
    assert "as said" in out
    code, _, err = cli("--coverage", str(matrix), "--unit", "log3")
    assert code == 2
    assert "log2" in err


def test_a_file_without_any_gene_is_refused(cli: Cli, home: Path) -> None:
    pd.DataFrame({"a": [1, 2], "b": [3, 4]}, index=["x", "y"]).to_csv(home / "none.csv")
    code, _, err = cli("--coverage", "none.csv")
    assert code == 2
    assert err.startswith("Error (input)")
    code, _, err = cli("--coverage", "absent.csv")
    assert code == 2
    assert "Traceback" not in err


def test_coverage_reads_as_features_do(matrix: Path) -> None:
    result = coverage_of_file(matrix)
    assert result.n_samples == 6
    assert 0 < result.panel.found < result.panel.genes
    assert result.panel.enough
    assert set(result.table["verdict"]) <= {"complete", "usable", "weak", "unusable"}
    assert list(result.table.index) == list(load_catalogue())


def test_short_citations_are_short_and_never_empty() -> None:
    citations = signature_table()["citation"]
    assert citations.str.len().between(5, 60).all()
    assert not citations.str.contains("doi").any()
    assert short_citation("Nobody 1999") == "Nobody 1999"
