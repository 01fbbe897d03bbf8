"""Bad input is refused in one block: what was got, what was expected, what to do."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import pickle
import struct
import tracemalloc
import zipfile
import zlib
from pathlib import Path

import anndata
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ifn_severity.cohorts import container
from ifn_severity.cohorts.container import open_container
from ifn_severity.cohorts.matrix import read_expression
from ifn_severity.errors import InputError
from ifn_severity.features import panel_genes
from ifn_severity.genes import gene_table

GOOD = "gene,S1,S2\nISG15,10,20\nACTB,30,40\n"
FRAME = pd.DataFrame({"ISG15": [1.5, 40.5], "ACTB": [3.5, 70.5]}, index=["S1", "S2"])


def refused(path: Path, **options: object) -> InputError:
    with pytest.raises(InputError) as error:
        read_expression(path, **options)
    for part in (error.value.got, error.value.expected, error.value.do):
        assert part
        assert len(part) < 1000
    return error.value


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is empty"),
        ("\n \n", "is empty"),
        ("gene,S1,S2\n", "one line only"),
        ("# nothing else\n", "comments only"),
        ("gene\nISG15\nACTB\n", "one column only"),
        ("<!DOCTYPE html><html><body>Sign in</body></html>", "web page"),
        ("\n<html>", "web page"),
        ("gene,S1\nISG15,1\nISG15,2\nACTB,3\n", "more than once with different values: ISG15"),
        ("gene,S1\nISG15,1\n,2\nACTB,3\n", "1 of 3 genes have no name (the first at row 3"),
        ("gene,S1\nISG15,1\nNA,2\nACTB,3\n", "genes have no name"),
        ("gene,S1,S1\nISG15,1,2\nACTB,3,4\n", "sample names occur more than once: S1"),
        ("gene,S1,\nISG15,1,2\nACTB,3,4\n", "1 of 2 samples have no name"),
        ("gene,S1,S2\nISG15,1,n.d.\nACTB,3,4\n", "row 2, column 3 (ISG15, S2): 'n.d.'"),
        ("gene,S1,S2\nISG15,1,TRUE\nACTB,3,4\n", "row 2, column 3 (ISG15, S2): 'TRUE'"),
        ("sample,ISG15,ACTB\nS1,1,x\nS2,3,y\n", "row 2, column 3 (S1, ACTB): 'x'"),
        ("gene;S1;S2\nISG15;1,5;2\nACTB;3,5;4\n", "a number with a comma"),
        ("gene,S1,S2\nISG15,1,5,2\nACTB,3,5,4\n", "names in the header"),
        ("gene,S1,S2\nISG15,1,5\nACTB,3,5\nCXCL10,4,5,6\n", "lines of different length"),
        ("gene,S1,S2\nISG15,1,\nACTB,3,4\n", "1 missing values, the first at row 2, column 3"),
        ("gene,S1,S2\nISG15,1,NA\nACTB,3,4\n", "1 missing values"),
        ("gene,S1,S2\nISG15,1\nACTB,3,4\n", "lines of different length"),
        ("gene,S1,S2\nISG15,1,2\nACTB,3\n", "1 missing values"),
        ("gene,S1,S2\nISG15,1,inf\nACTB,3,4\n", "1 infinite values, the first at row 2, column 3"),
        ("gene,S1,S2\nISG15,1,-inf\nACTB,3,4\n", "1 values of minus infinity"),
        ("gene,S1,S2\nISG15,-0.5,1.2\nACTB,0.7,-1.1\n", "look like z-scores"),
        ("gene,S1,S2\nISG15,500,12\nACTB,700,-11\n", "-11 at row 3, column 3 (ACTB, S2)"),
        ("gene,S1,S2\nISG15,0,12\nACTB,0,11\n", "every value is 0 in S1"),
        ("gene,S1\nISG15,0\n__no_feature,11\n", "every value is 0 in S1"),
        ("ISG15,10,20\nACTB,30,40\nCXCL10,1,2\n", "begins with a gene"),
        ("ISG15,ACTB,CXCL10\n1.5,2.5,3.5\n2.5,3.5,4.5\n", "begins with a gene"),
        ("a,b,c\nx,1,2\ny,3,4\n", "no gene was recognised"),
        ("gene,S1\nISG15,high\nACTB,low\n", "no column of numbers"),
    ],
)
def test_text(content: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "m.csv"
    path.write_text(content)
    error = refused(path)
    assert message in error.got
    assert str(path) in error.got


@pytest.mark.parametrize(
    ("value", "expected", "do"),
    [
        ("-inf", "finite number", "log(0)"),
        ("inf", "finite number", "division by 0"),
        ("1e300", "at most 1e+15", "no instrument"),
    ],
)
def test_where_impossible_values_come_from(
    value: str, expected: str, do: str, tmp_path: Path
) -> None:
    path = tmp_path / "m.csv"
    path.write_text(f"gene,S1,S2\nISG15,1,{value}\nACTB,3,4\n")
    error = refused(path)
    assert expected in error.expected
    assert do in error.do


@pytest.mark.parametrize(
    ("names", "hint"),
    [
        ("Isg15 Actb Cxcl10", "mouse"),
        ("ENSMUSG00000035692 ENSMUSG00000029580 ENSMUSG00000034855", "mouse"),
        ("ENST00000649529.1 ENST00000331789 ENST00000306602", "transcripts"),
        ("205483_s_at 200801_x_at 204533_at", "probe ids"),
    ],
)
def test_hint_for_other_identifiers(names: str, hint: str, tmp_path: Path) -> None:
    path = tmp_path / "m.csv"
    path.write_text(
        "gene,S1,S2\n" + "".join(f"{name},{i}.5,1\n" for i, name in enumerate(names.split()))
    )
    error = refused(path)
    assert names.split()[0] in error.got
    assert hint in error.do
    assert "ENSG00000187608" in error.expected


@pytest.mark.parametrize("value", [5.37, 5.0, 1.0, 88.0])
@pytest.mark.parametrize("logged", [False, True])
def test_a_sample_of_one_number(value: float, logged: bool, tmp_path: Path) -> None:
    genes = sorted(gene_table().current)[:50]
    measured = np.random.default_rng(1).lognormal(3, 2, (4, 50))
    frame = pd.DataFrame(np.log1p(measured) if logged else measured, list("ABCD"), genes)
    frame.iloc[[1, 3]] = value
    frame.to_csv(tmp_path / "m.csv")
    assert f"every value is {value:g} in B; of one value too: D" in refused(tmp_path / "m.csv").got
    frame.iloc[[1]].to_csv(tmp_path / "one.csv")
    assert refused(tmp_path / "one.csv").got.endswith(f"every value is {value:g} in B")


@pytest.mark.parametrize("samples", [10, 100])
@pytest.mark.parametrize("letter", ["C", "F", "P"])
@pytest.mark.parametrize("transposed", [False, True])
@pytest.mark.parametrize(
    ("identifier", "hint"),
    [
        ("ILMN_{}", "probe ids"),
        ("{}_s_at", "probe ids"),
        ("NM_{}", "transcripts"),
        ("P{}", "UniProt"),
    ],
)
def test_samples_that_are_called_like_genes(
    samples: int, letter: str, transposed: bool, identifier: str, hint: str, tmp_path: Path
) -> None:
    """C2, C3, C5 and F2 are genes, but C1 to C100 are the samples of GSE157103."""
    path = tmp_path / "m.csv"
    names = [identifier.format(1651200 + i) for i in range(150)]
    values = np.random.default_rng(0).random((samples, len(names))).round(3) + 1
    values[:, 9] = 0
    columns = [f"{letter}{i + 1}" for i in range(samples)]
    frame = pd.DataFrame(values, index=columns, columns=names)
    (frame.T if transposed else frame).to_csv(path)
    error = refused(path)
    assert "no gene was recognised" in error.got
    assert hint in error.do


def test_none_of_the_genes_of_the_model(tmp_path: Path) -> None:
    path = tmp_path / "m.csv"
    path.write_text(GOOD)
    error = refused(path, known_genes=["CXCL10", "IFI27"])
    assert "none of the 2 genes" in error.got
    assert "ISG15" in error.got
    assert "CXCL10" in error.expected


@pytest.mark.parametrize("unit", ["log2", "ln", "log10"])
def test_impossible_for_the_unit_said(unit: str, tmp_path: Path) -> None:
    path = tmp_path / "m.csv"
    path.write_text(GOOD)
    assert "40 in sample S2" in refused(path, unit=unit).got


def test_unknown_unit(tmp_path: Path) -> None:
    assert "did you mean" in refused(tmp_path / "m.csv", unit="countz").do


def test_missing_file_offers_the_nearest(tmp_path: Path) -> None:
    (tmp_path / "matrix.csv").write_text(GOOD)
    error = refused(tmp_path / "matrx.csv")
    assert "no file" in error.got
    assert "matrix.csv?" in error.do


def test_missing_folder(tmp_path: Path) -> None:
    assert "no folder" in refused(tmp_path / "nowhere" / "m.csv").got


def test_folder(tmp_path: Path) -> None:
    (tmp_path / "matrix.csv").write_text(GOOD)
    error = refused(tmp_path)
    assert "is a folder" in error.got
    assert "matrix.csv" in error.got


def test_unreadable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def deny(self: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", deny)
    error = refused(tmp_path / "m.csv")
    assert "Permission denied" in error.got
    assert "permissions" in error.do


def test_binary_junk(tmp_path: Path) -> None:
    path = tmp_path / "m.csv"
    path.write_bytes(np.random.default_rng(0).bytes(5000))
    assert "neither text" in refused(path).got


def test_pickles_are_never_opened(tmp_path: Path) -> None:
    (tmp_path / "m.pkl").write_bytes(pickle.dumps(FRAME))
    (tmp_path / "m.csv").write_bytes(pickle.dumps(FRAME))
    (tmp_path / "m.rds").write_bytes(gzip.compress(b"X\n\0\0\0\3\0\4\1\0"))
    (tmp_path / "m.dat").write_bytes(gzip.compress(b"RDX3\nX\n\0\0\0\3"))
    (tmp_path / "m.xls").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
    assert "pickle" in refused(tmp_path / "m.pkl").got
    assert "pickle" in refused(tmp_path / "m.csv").got
    assert "write.csv" in refused(tmp_path / "m.rds").do
    assert "write.csv" in refused(tmp_path / "m.dat").do
    assert "save it as xlsx" in refused(tmp_path / "m.xls").do


def whole(name: str, folder: Path) -> bytes:
    path = folder / name
    big = pd.DataFrame(
        np.random.default_rng(0).random((2, 4000)) * 99,
        columns=["ISG15", *(f"g{i}" for i in range(3999))],
    )
    if name.endswith("gz"):
        path.write_bytes(gzip.compress(big.to_csv().encode()))
    elif name.endswith("xlsx"):
        big.to_excel(path)
    elif name.endswith("parquet"):
        big.to_parquet(path)
    elif name.endswith("zip"):
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("m.csv", big.to_csv())
    else:
        anndata.AnnData(big.set_axis(["a", "b"])).write_h5ad(path)
    return path.read_bytes()


@pytest.mark.parametrize("name", ["m.csv.gz", "m.xlsx", "m.parquet", "m.h5ad", "m.zip"])
@pytest.mark.parametrize("part", [0.3, 0.9])
def test_truncated(name: str, part: float, tmp_path: Path) -> None:
    data = whole(name, tmp_path)
    path = tmp_path / name
    path.write_bytes(data[: int(len(data) * part)])
    error = refused(path)
    assert "damaged or incomplete" in error.got
    assert "again" in error.do


def test_not_really_h5ad(tmp_path: Path) -> None:
    import h5py

    with h5py.File(tmp_path / "m.h5ad", "w") as file:
        file["x"] = [1, 2]
    assert str(tmp_path) in refused(tmp_path / "m.h5ad").got


def test_zip_of_several_files(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "m.zip", "w") as archive:
        archive.writestr("a.csv", GOOD)
        archive.writestr("b.csv", GOOD)
    assert "holds 2 files: a.csv, b.csv" in refused(tmp_path / "m.zip").got


@pytest.mark.parametrize("name", ["../../log.csv", ".hidden.csv", "__MACOSX/log.csv"])
def test_zip_of_files_that_are_passed_over(name: str, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "m.zip", "w") as archive:
        archive.writestr(name, GOOD)
    error = refused(tmp_path / "m.zip")
    assert f"begins with a dot or __MACOSX: {name}" in error.got
    assert "0 files" not in error.got


def test_zip_of_folders_only(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "m.zip", "w") as archive:
        archive.writestr("folder/", "")
    assert refused(tmp_path / "m.zip").got.endswith("m.zip holds no file")


def test_zip_that_announces_less_than_it_holds(tmp_path: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("m.csv", GOOD.encode() + b"\n" * 40_000_000)
    raw = bytearray(packed.getvalue())
    central = raw.rindex(b"PK\x01\x02")
    for crc, size in ((14, 22), (central + 16, central + 24)):
        struct.pack_into("<I", raw, crc, zlib.crc32(GOOD.encode()))
        struct.pack_into("<I", raw, size, len(GOOD))
    (tmp_path / "m.zip").write_bytes(raw)
    tracemalloc.start()
    assert open_container(tmp_path / "m.zip").data == GOOD.encode()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 5_000_000


def peak_of_refusal(path: Path) -> tuple[InputError, int]:
    """Return a refusal, and the most bytes that were held until it came."""
    tracemalloc.start()
    error = refused(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return error, peak


def test_many_lines_in_a_small_file(tmp_path: Path) -> None:
    path = tmp_path / "m.csv.gz"
    path.write_bytes(gzip.compress(b"gene,S1\n" + b"A,1\n" * 20_000_000))
    assert path.stat().st_size < 400_000
    error, peak = peak_of_refusal(path)
    assert "has 20,000,001 lines" in error.got
    assert "at most 1,000,000" in error.expected
    assert peak < 200_000_000  # the 80 MB, twice while they are unpacked


@pytest.mark.parametrize("name", ["m.csv.gz", "m.csv.bz2", "m.csv.xz", "m.zip", "m.csv.gz.gz"])
def test_small_file_that_unpacks_to_a_large_one(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(container, "SMALL", 2_000_000)
    table = b"gene,S1\n" + b"A,1\n" * 10_000_000
    path = tmp_path / name
    if name.endswith("zip"):
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("m.csv", table)
    else:
        for ending in name.split(".")[2:]:
            table = {"gz": gzip, "bz2": bz2, "xz": lzma}[ending].compress(table)
        path.write_bytes(table)
    limit = max(2_000_000, 250 * path.stat().st_size)
    assert limit < 20_000_000
    error, peak = peak_of_refusal(path)
    assert "unpacks to more than" in error.got
    assert "over 250 times its size" in error.got
    assert peak < 2.5 * limit + 20_000_000


def test_workbook_that_unpacks_to_a_large_one(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "m.xlsx", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b" " * 120_000_000)
    assert "unpacks to more than 100 MB" in refused(tmp_path / "m.xlsx").got


@pytest.mark.parametrize("mark", [",", "\t", ";"])
def test_line_of_more_cells_than_there_are_genes(mark: str, tmp_path: Path) -> None:
    line = f"A{mark}1" + f"{mark}1" * 600_000
    (tmp_path / "m.csv").write_text(f"gene{mark}S1\nISG15{mark}1\n{line}\n")
    error, peak = peak_of_refusal(tmp_path / "m.csv")
    assert "has a line of 600,002 cells" in error.got
    assert peak < 10_000_000


def test_limits_leave_tables_of_zeros_alone(tmp_path: Path) -> None:
    """A sparse matrix packs better than any other, and by far not as well as a bomb."""
    rng = np.random.default_rng(0)
    counts = rng.poisson(0.01, (2_000, 500))
    counts[:, 0] += 1
    samples = [f"S{i}" for i in range(2_000)]
    table = pd.DataFrame(counts, index=samples, columns=list(panel_genes())[:500])
    path = tmp_path / "m.csv.xz"
    path.write_bytes(lzma.compress(table.to_csv().encode()))
    assert len(table.to_csv()) < container.MAX_RATIO / 2 * path.stat().st_size


def test_empty_workbook(tmp_path: Path) -> None:
    pd.DataFrame().to_excel(tmp_path / "m.xlsx")
    assert "rows" in refused(tmp_path / "m.xlsx").got


def test_one_sample_is_enough(tmp_path: Path) -> None:
    path = tmp_path / "m.csv"
    path.write_text("gene,S1\nISG15,10\nACTB,30\n")
    assert read_expression(path).values.shape == (1, 2)


MANGLED = st.one_of(
    st.binary(max_size=200),
    st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")),
    st.tuples(st.integers(0, len(GOOD)), st.text("0123456789,\t\n;-.eNAI\"'", max_size=6)).map(
        lambda edit: (GOOD[: edit[0]] + edit[1] + GOOD[edit[0] :]).encode()
    ),
)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=MANGLED)
def test_whatever_comes_is_read_or_explained(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "m.csv"
    path.write_bytes(data)
    try:
        values = read_expression(path).values.to_numpy()
    except InputError as error:
        explained = bool(error.got and error.expected and error.do)
    else:
        explained = bool(np.isfinite(values).all() and (values >= 0).all())
    assert explained
