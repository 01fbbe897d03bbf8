"""A user's matrix is read the same, however it was written."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zipfile
from collections.abc import Callable
from pathlib import Path

import anndata
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ifn_severity.cohorts.matrix import read_expression
from ifn_severity.genes import gene_table

TABLE = gene_table()
GENES = [gene for gene in sorted(TABLE.current) if gene.isalnum()][:3000]
ENSEMBL = {symbol: name for name, symbol in TABLE.ensembl.items()}
ENTREZ = {symbol: name for name, symbol in TABLE.entrez.items()}


def tpm(samples: int = 3, genes: list[str] = GENES, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    values = rng.lognormal(1, 2.2, (samples, len(genes)))
    values *= rng.random(values.shape) > 0.3
    values *= 1e6 / values.sum(axis=1, keepdims=True)
    return pd.DataFrame(values, index=[f"P{i + 1}" for i in range(samples)], columns=genes)


def write_xlsx(frame: pd.DataFrame, path: Path) -> None:
    frame.to_excel(path)


def write_parquet(frame: pd.DataFrame, path: Path) -> None:
    frame.to_parquet(path)


def write_h5ad(frame: pd.DataFrame, path: Path) -> None:
    anndata.AnnData(frame).write_h5ad(path)


def packed(opener: Callable[..., object]) -> Callable[[pd.DataFrame, Path], None]:
    def write(frame: pd.DataFrame, path: Path) -> None:
        with opener(path, "wt") as file:
            frame.to_csv(file)

    return write


def write_zip(frame: pd.DataFrame, path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("inner/matrix.tsv", frame.to_csv(sep="\t"))
        archive.writestr("__MACOSX/._matrix.tsv", "junk")


WRITERS: dict[str, Callable[[pd.DataFrame, Path], None]] = {
    "m.csv": lambda frame, path: frame.to_csv(path),
    "m.tsv": lambda frame, path: frame.to_csv(path, sep="\t"),
    "m.txt": lambda frame, path: frame.to_csv(path, sep="\t", index_label="gene"),
    "semicolons.csv": lambda frame, path: frame.to_csv(path, sep=";"),
    "blanks.txt": lambda frame, path: frame.to_csv(path, sep=" "),
    "utf16.txt": lambda frame, path: frame.to_csv(path, sep="\t", encoding="utf-16"),
    "bom.csv": lambda frame, path: frame.to_csv(path, encoding="utf-8-sig"),
    "crlf.csv": lambda frame, path: frame.to_csv(path, lineterminator="\r\n"),
    "m.csv.gz": packed(gzip.open),
    "m.csv.xz": packed(lzma.open),
    "m.csv.bz2": packed(bz2.open),
    "m.zip": write_zip,
    "m.xlsx": write_xlsx,
    "m.parquet": write_parquet,
    "m.h5ad": write_h5ad,
    "misnamed.csv": write_parquet,
}


@pytest.mark.parametrize("transposed", [False, True], ids=["samples in rows", "genes in rows"])
@pytest.mark.parametrize("name", list(WRITERS))
def test_formats_and_orientations(name: str, transposed: bool, tmp_path: Path) -> None:
    frame = tpm(2, GENES[:300])
    WRITERS[name](frame.T if transposed else frame, tmp_path / name)
    expression = read_expression(tmp_path / name, known_genes=GENES[:5])
    pd.testing.assert_frame_equal(expression.values, np.log2(frame + 1), rtol=1e-9)
    assert expression.orientation == ("genes in rows" if transposed else "samples in rows")
    assert expression.unit == "linear"
    assert expression.identifiers == "HGNC symbols"
    assert any("transposed" in note for note in expression.notes) == transposed
    assert any("taken for linear" in note for note in expression.notes)
    assert any("5 of the 5 genes" in note for note in expression.notes)


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    seed=st.integers(0, 1000),
    samples=st.integers(1, 4),
    unit=st.sampled_from(["counts", "linear", "log2", "ln", "log10"]),
    ids=st.sampled_from(["symbol", "ensembl", "entrez", "both"]),
    transposed=st.booleans(),
)
def test_units_and_identifiers(
    seed: int, samples: int, unit: str, ids: str, transposed: bool, tmp_path: Path
) -> None:
    genes = [gene for gene in GENES[:400] if gene in ENSEMBL and gene in ENTREZ]
    linear = tpm(samples, genes, seed)
    written = {
        "counts": np.floor(linear * 20),
        "linear": linear,
        "log2": np.log2(linear + 1),
        "ln": np.log1p(linear),
        "log10": np.log10(linear + 1),
    }[unit]
    if unit == "counts":
        linear = written.div(written.sum(axis=1) / 1e6, axis=0)
    names = {
        "symbol": genes,
        "ensembl": [f"{ENSEMBL[gene]}.7" for gene in genes],
        "entrez": [ENTREZ[gene] for gene in genes],
        "both": [f"{ENSEMBL[gene]}_{gene}" for gene in genes],
    }[ids]
    written = written.set_axis(names, axis="columns")
    path = tmp_path / "m.csv"
    (written.T if transposed else written).to_csv(path)
    expression = read_expression(path)
    assert expression.unit == unit
    pd.testing.assert_frame_equal(expression.values, np.log2(linear + 1), rtol=1e-8, atol=1e-8)
    # said rather than told: the same
    said = read_expression(path, unit=unit)
    pd.testing.assert_frame_equal(said.values, expression.values)


def test_a_sample_alone_reads_the_same(tmp_path: Path) -> None:
    frame = tpm(3).rename(columns={GENES[0]: "IFNAI1"})
    np.log1p(frame).to_csv(tmp_path / "all.csv")
    together = read_expression(tmp_path / "all.csv").values
    for name in frame.index:
        np.log1p(frame.loc[[name]]).to_csv(tmp_path / "one.csv")
        pd.testing.assert_frame_equal(
            read_expression(tmp_path / "one.csv").values, together.loc[[name]]
        )


def test_order_of_genes_does_not_matter(tmp_path: Path) -> None:
    frame = tpm()
    frame.iloc[:, ::-1].to_csv(tmp_path / "m.csv")
    values = read_expression(tmp_path / "m.csv").values
    pd.testing.assert_frame_equal(values[frame.columns], np.log2(frame + 1), rtol=1e-9)


def lines(path: Path, *rows: str) -> Path:
    path.write_text("\n".join(rows) + "\n")
    return path


def test_r_leaves_out_the_corner(tmp_path: Path) -> None:
    path = lines(tmp_path / "m.csv", "S1,S2", "ISG15,10,20", "ACTB,30,40")
    assert read_expression(path).values.shape == (2, 2)


def test_comments_and_featurecounts(tmp_path: Path) -> None:
    path = lines(
        tmp_path / "m.txt",
        "# Program:featureCounts v2.0.1",
        "Geneid\tChr\tStart\tEnd\tStrand\tLength\ta.bam\tb.bam",
        "ENSG00000187608\tchr1;chr1\t1;5\t3;9\t+;+\t600\t10\t20",
        "ENSG00000075624\tchr7\t1\t3\t+\t800\t30\t40",
    )
    expression = read_expression(path)
    assert expression.values.index.tolist() == ["a.bam", "b.bam"]
    assert expression.values.columns.tolist() == ["ISG15", "ACTB"]
    assert any("Columns left out" in note and "Length" in note for note in expression.notes)


def test_gct(tmp_path: Path) -> None:
    path = lines(
        tmp_path / "m.gct",
        "#1.2",
        "2\t2",
        "NAME\tDescription\tS1\tS2",
        "ISG15\tx\t1\t2",
        "ACTB\ty\t3\t4",
    )
    assert read_expression(path).values.shape == (2, 2)


def test_series_matrix_of_an_array(tmp_path: Path) -> None:
    path = lines(
        tmp_path / "series_matrix.txt",
        '!Series_title\t"x"',
        "!series_matrix_table_begin",
        '"ID_REF"\t"GSM1"\t"GSM2"',
        '"ISG15"\t7.5\t8.25',
        '"ACTB"\t12.5\t12.75',
        "!series_matrix_table_end",
    )
    expression = read_expression(path)
    assert expression.values.loc["GSM2", "ISG15"] == 8.25


def test_quantification_of_one_sample(tmp_path: Path) -> None:
    path = lines(
        tmp_path / "P7.genes.results",
        "gene_id\ttranscript_id(s)\tlength\teffective_length\texpected_count\tTPM\tFPKM",
        "ENSG00000187608.1\ta,b\t600\t400\t10.5\t350.5\t3",
        "ENSG00000075624.1\tc\t800\t600\t30\t6000.25\t4",
    )
    values = read_expression(path).values
    assert values.index.tolist() == ["P7"]
    assert values.loc["P7", "ISG15"] == pytest.approx(np.log2(351.5))


def test_counts_of_no_gene_are_left_out(tmp_path: Path) -> None:
    path = lines(tmp_path / "m.tsv", "gene\tS1", "ISG15\t1", "ACTB\t3", "__no_feature\t9")
    assert read_expression(path).values.loc["S1", "ISG15"] == pytest.approx(np.log2(250_001))


def test_probes_named_by_a_second_column(tmp_path: Path) -> None:
    path = lines(
        tmp_path / "m.csv",
        "ID,Gene Symbol,S1,S2",
        "1_at,ISG15,7.5,2.5",
        "2_at,ISG15,3.5,9.5",
        "3_at,,3.5,9.5",
        "4_at,ACTB /// ISG15,3.5,9.5",
    )
    expression = read_expression(path)
    assert expression.values["ISG15"].tolist() == [7.5, 9.5]
    assert any("Gene Symbol" in note for note in expression.notes)


def test_counter_and_descriptions_of_samples(tmp_path: Path) -> None:
    frame = tpm(3)
    frame.insert(0, "age", [40, 50, 60])
    frame.insert(1, "comorbidity", ["none", "2", "diabetes"])
    frame = frame.reset_index(names="sample")
    frame.to_csv(tmp_path / "m.csv")
    expression = read_expression(tmp_path / "m.csv")
    assert expression.values.shape == (3, len(GENES))
    assert expression.values.index.tolist() == ["P1", "P2", "P3"]
    assert any("age, comorbidity" in note for note in expression.notes)


def test_spreadsheet_dates_are_said(tmp_path: Path) -> None:
    path = lines(tmp_path / "m.csv", "gene,S1", "ISG15,5", "4-Mar,6", "1-Mar,7", "1-Mar,8")
    expression = read_expression(path, known_genes=["ISG15", "MARCHF1"])
    assert expression.values.columns.tolist() == ["ISG15", "MARCHF4"]
    notes = " ".join(expression.notes)
    assert "4-Mar → MARCHF4" in notes
    assert "'1-Mar'" in notes
    assert "MARCHF1 would have been used" in notes


def test_dates_in_a_workbook(tmp_path: Path) -> None:
    frame = pd.DataFrame({"S1": [5, 6]}, index=["ISG15", pd.Timestamp("2020-03-04")])
    frame.to_excel(tmp_path / "m.xlsx")
    assert read_expression(tmp_path / "m.xlsx").values.columns.tolist() == ["ISG15", "MARCHF4"]


def test_harmless_repeats(tmp_path: Path) -> None:
    path = lines(tmp_path / "m.csv", "gene,S1", "ISG15,5", "ISG15,5", "Y_RNA,1", "Y_RNA,2")
    expression = read_expression(path)
    assert expression.values.columns.tolist() == ["ISG15"]
    assert "Y_RNA" in " ".join(expression.notes)


def test_h5ad_counts_and_symbols(tmp_path: Path) -> None:
    counts = np.floor(tpm(2) * 20)
    adata = anndata.AnnData(np.log1p(counts) - 1)
    adata.layers["counts"] = counts.to_numpy()
    adata.var["gene_symbols"] = GENES
    adata.var_names = [f"g{i}" for i in range(len(GENES))]
    adata.write_h5ad(tmp_path / "m.h5ad")
    expression = read_expression(tmp_path / "m.h5ad")
    assert expression.unit == "counts"
    assert expression.values.columns.tolist() == GENES


@pytest.mark.mirror
@pytest.mark.parametrize(
    ("file", "unit", "orientation", "identifiers"),
    [
        ("GSE157103/GSE157103_icu_tpm.csv.xz", "ln", "samples in rows", "HGNC symbols"),
        ("GSE155454/GSE155454_counts.csv", "counts", "genes in rows", "HGNC symbols"),
        ("GSE152418/GSE152418_rawcounts.txt.gz", "counts", "genes in rows", "Ensembl gene ids"),
        ("GSE145647/whole_blood_normalized_counts.txt", "linear", "genes in rows", "HGNC symbols"),
        ("GSE147507-lung/GSE147507.csv", "counts", "genes in rows", "HGNC symbols"),
    ],
)
def test_real_cohorts(
    file: str, unit: str, orientation: str, identifiers: str, mirror: Path
) -> None:
    from ifn_severity.cohorts.unit import guess_unit

    expression = read_expression(mirror / file)
    assert (expression.unit, expression.orientation) == (unit, orientation)
    assert expression.identifiers == identifiers
    assert expression.values.columns.is_unique
    if unit == "counts":
        total = (2**expression.values - 1).sum(axis=1)
        # rows that were dropped were counted before
        assert total.between(0.99e6, 1.000001e6).all()
        return
    raw = 2**expression.values - 1 if unit == "linear" else expression.values * np.log(2)
    for sample in raw.to_numpy():
        assert guess_unit(sample).unit == unit


def test_genes_that_are_called_like_samples(tmp_path: Path) -> None:
    frame = pd.DataFrame({"C3": [1.5, 2.5], "F5": [3.5, 0.5], "C2": [2.5, 7.5]}, index=["C1", "C4"])
    frame.to_csv(tmp_path / "m.csv")
    expression = read_expression(tmp_path / "m.csv")
    assert expression.orientation == "samples in rows"
    assert list(expression.values.columns) == ["C3", "F5", "C2"]
    frame.T.to_csv(tmp_path / "t.csv")
    pd.testing.assert_frame_equal(read_expression(tmp_path / "t.csv").values, expression.values)
