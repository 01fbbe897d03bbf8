"""A matrix in parts is the matrix as a whole, whatever the format."""

from __future__ import annotations

import gzip
import io
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ifn_severity.cohorts import stream
from ifn_severity.cohorts.matrix import read_expression
from ifn_severity.errors import InputError
from ifn_severity.features import panel_genes

GENES = list(panel_genes())[:60]


@pytest.fixture
def counts() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    samples = [f"S{i}" for i in range(450)]
    return pd.DataFrame(rng.poisson(50, (450, 60)), index=samples, columns=GENES)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let 450 samples be a large file."""
    monkeypatch.setattr(stream, "LARGE", 20_000)
    monkeypatch.setattr(stream, "CELLS", 6_000)


def write(counts: pd.DataFrame, path: Path) -> Path:
    name = path.name
    if name.endswith("parquet"):
        counts.to_parquet(path)
    elif name.endswith("h5ad"):
        from anndata import AnnData

        adata = AnnData(counts.to_numpy(dtype="float32"), obs=pd.DataFrame(index=counts.index))
        adata.var_names = GENES
        adata.write_h5ad(path)
    elif name.endswith("zip"):
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("m.csv", counts.to_csv())
    else:
        counts.to_csv(path, sep="\t" if ".tsv" in name else ",")
    return path


@pytest.mark.parametrize(
    "name", ["m.csv", "m.tsv.gz", "m.csv.xz", "m.csv.bz2", "m.zip", "m.parquet", "m.h5ad"]
)
@pytest.mark.usefixtures("small")
def test_parts_make_the_whole(counts, tmp_path, name):
    path = write(counts, tmp_path / name)
    parts = list(stream.stream_expression(path, known_genes=GENES))
    assert len(parts) > 3
    whole = read_expression(path, known_genes=GENES)
    pd.testing.assert_frame_equal(pd.concat([p.values for p in parts]), whole.values)
    assert parts[0].unit == whole.unit == "counts"
    assert any("read in parts" in note for note in parts[0].notes)


@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.usefixtures("small")
def test_an_h5ad_file_is_closed(counts, tmp_path, monkeypatch, whole):
    import anndata

    opened = []
    read = anndata.read_h5ad
    monkeypatch.setattr(
        anndata, "read_h5ad", lambda *a, **k: opened.append(read(*a, **k)) or opened[-1]
    )
    parts = stream.stream_expression(write(counts, tmp_path / "m.h5ad"), known_genes=GENES)
    next(parts)
    (adata,) = opened
    assert adata.file.is_open
    if whole:
        assert len(list(parts)) > 2
    else:
        parts.close()
    assert not adata.file.is_open


@pytest.mark.usefixtures("small")
def test_genes_in_rows_are_read_whole(counts, tmp_path):
    counts.T.to_csv(tmp_path / "m.csv")
    (only,) = stream.stream_expression(tmp_path / "m.csv", known_genes=GENES)
    assert only.values.shape == (450, 60)


@pytest.mark.usefixtures("small")
def test_unit_of_the_first_part_holds(counts, tmp_path):
    log2 = np.log2(counts.div(counts.sum(axis=1), axis=0) * 1e6 + 1)
    pd.concat([counts.iloc[:294], log2.iloc[294:]]).to_csv(tmp_path / "m.csv")
    with pytest.raises(InputError, match="those before"):
        list(stream.stream_expression(tmp_path / "m.csv", known_genes=GENES))


@pytest.mark.usefixtures("small")
def test_a_name_in_two_parts_is_refused(counts, tmp_path):
    counts.rename(index={"S440": "S3"}).to_csv(tmp_path / "m.csv")
    with pytest.raises(InputError, match="sample S3 occurs more than once"):
        list(stream.stream_expression(tmp_path / "m.csv", known_genes=GENES))


@pytest.mark.usefixtures("small")
def test_the_line_of_a_bad_cell_is_told(counts, tmp_path):
    text = counts.to_csv().splitlines()
    text[401] = text[401].replace(",", ",-", 1)
    (tmp_path / "m.csv").write_text("\n".join(text))
    with pytest.raises(InputError, match="row 402, column 2"):
        list(stream.stream_expression(tmp_path / "m.csv", known_genes=GENES))


@pytest.mark.usefixtures("small")
def test_damage_in_a_late_part_is_told(counts, tmp_path):
    content = gzip.compress(counts.to_csv().encode())
    (tmp_path / "m.csv.gz").write_bytes(content[: int(0.8 * len(content))])
    with pytest.raises(InputError, match="damaged or incomplete"):
        list(stream.stream_expression(tmp_path / "m.csv.gz", known_genes=GENES))


def test_standard_input(counts, monkeypatch):
    class Stdin:
        buffer = io.BytesIO(counts.to_csv().encode())

    monkeypatch.setattr("sys.stdin", Stdin)
    with stream.named_input("-") as path:
        assert path.name == "standard input"
        (only,) = stream.stream_expression(path, known_genes=GENES)
    assert only.values.shape == (450, 60)
    assert not path.exists()


NSOLVER = """CodeClass,Name,Accession,patient1,patient2
Positive,POS_A(128),ERCC_00117.1,40000,41000
Negative,NEG_A(0),ERCC_00096.1,5,6
Housekeeping,VCP,NM_007126,900,850
Endogenous,ISG15,NM_005101.3,300,2100
Endogenous,IFI27,NM_005532.3,80,9000
"""
RCC = """<Header>
FileVersion,1.7
</Header>
<Sample_Attributes>
ID,P7
</Sample_Attributes>
<Code_Summary>
CodeClass,Name,Accession,Count
Positive,POS_A(128),ERCC_00117.1,40000
Negative,NEG_A(0),ERCC_00096.1,5
Housekeeping,VCP,NM_007126,900
Endogenous,ISG15,NM_005101.3,300
</Code_Summary>
<Messages>
</Messages>
"""


def test_nanostring_export(tmp_path):
    (tmp_path / "n.csv").write_text(NSOLVER)
    found = read_expression(tmp_path / "n.csv")
    assert list(found.values.index) == ["patient1", "patient2"]
    assert set(found.values.columns) == {"VCP", "ISG15", "IFI27"}
    assert found.unit == "counts"
    assert found.values.loc["patient2", "IFI27"] > found.values.loc["patient1", "IFI27"]
    assert any("3 endogenous and housekeeping codes" in note for note in found.notes)


def test_nanostring_lane(tmp_path):
    (tmp_path / "lane7.RCC").write_text(RCC)
    found = read_expression(tmp_path / "lane7.RCC")
    assert list(found.values.index) == ["lane7"]
    assert set(found.values.columns) == {"VCP", "ISG15"}
