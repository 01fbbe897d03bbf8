"""The table of genes can be rebuilt from HGNC's file, reproducibly to the byte."""

from __future__ import annotations

import csv
import gzip
import subprocess
import sys
from pathlib import Path

TOOL = Path(__file__).parents[2] / "tools" / "build_gene_table.py"
HEADER = [
    "symbol",
    "prev_symbol",
    "alias_symbol",
    "ensembl_gene_id",
    "entrez_id",
    "locus_type",
    "status",
    "date_modified",
]
ROWS = [
    ("ISG15", "G1P2", "UCRP|X1", "ENSG1", "9636", "gene with protein product", "2024-01-02"),
    ("LNC1", "", "X1", "", "5", "RNA, long non-coding", "2024-03-02"),
    ("LNC2", "", "", "", "6", "RNA, long non-coding", "2023-01-02"),
    ("LNC3", "OLD3", "", "", "7", "RNA, long non-coding", "2023-01-02"),
]


def build(folder: Path, name: str) -> bytes:
    source = folder / "hgnc.txt"
    with source.open("w", newline="") as file:
        out = csv.writer(file, delimiter="\t")
        out.writerow(HEADER)
        out.writerows([*row[:6], "Approved", row[6]] for row in ROWS)
    signatures = folder / "signatures.csv"
    signatures.write_text("gene,gene_as_published\nISG15,OLD3\n")
    target = folder / name
    command = [sys.executable, str(TOOL), str(source), str(signatures), "-o", str(target)]
    subprocess.run(command, check=True, capture_output=True)
    return target.read_bytes()


def test_what_is_kept_and_the_same_bytes(tmp_path: Path) -> None:
    packed = build(tmp_path, "a.csv.gz")
    first, *lines = gzip.decompress(packed).decode().splitlines()
    assert "last change 2024-03-02" in first
    # LNC1 shares a name with ISG15, LNC3 is in the signatures, LNC2 is neither
    assert [row["symbol"] for row in csv.DictReader(lines)] == ["ISG15", "LNC1", "LNC3"]
    assert build(tmp_path, "b.csv.gz") == packed
