"""Build ``src/ifn_severity/genes/hgnc.csv.gz`` from HGNC's public complete set.

    python tools/build_gene_table.py hgnc_complete_set.txt[.gz] [signatures.csv]

The complete set is the tab-separated file that HGNC publishes (CC0) at
https://www.genenames.org/download/archive/. What is kept: protein-coding, immunoglobulin and
T cell receptor genes, every other gene that the second file names (column ``gene`` or
``gene_as_published``), and each gene that shares a name with one of these, so that an
ambiguous name is seen to be ambiguous offline too. The same input gives the same bytes.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import hashlib
import io
from pathlib import Path

TARGET = Path(__file__).parent.parent / "src" / "ifn_severity" / "genes" / "hgnc.csv.gz"
KEPT_TYPES = {
    "gene with protein product",
    "immunoglobulin gene",
    "T cell receptor gene",
}
FIELDS = ("symbol", "previous", "aliases", "ensembl", "entrez")


def read_complete_set(path: Path) -> tuple[list[dict[str, str]], str, str]:
    """Return the approved genes, the date of the last change in them and the sha256 of the file."""
    raw = path.read_bytes()
    text = gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw
    rows = list(csv.DictReader(io.StringIO(text.decode("utf-8")), delimiter="\t"))
    genes = [
        {
            "symbol": row["symbol"],
            "previous": row["prev_symbol"],
            "aliases": row["alias_symbol"],
            "ensembl": row["ensembl_gene_id"],
            "entrez": row["entrez_id"],
            "type": row["locus_type"],
        }
        for row in rows
        if row["status"] == "Approved"
    ]
    return genes, max(row["date_modified"] for row in rows), hashlib.sha256(text).hexdigest()


def names_of(gene: dict[str, str]) -> set[str]:
    listed = f"{gene['symbol']}|{gene['previous']}|{gene['aliases']}".split("|")
    return {name.casefold() for name in listed if name}


def choose(genes: list[dict[str, str]], wanted: set[str]) -> list[dict[str, str]]:
    """Keep the genes of interest and whatever shares a name with them, in order of symbol."""
    wanted = {name.casefold() for name in wanted}
    core = [
        gene
        for gene in genes
        if gene["type"] in KEPT_TYPES
        or gene["symbol"].casefold() in wanted
        or wanted.intersection(name.casefold() for name in gene["previous"].split("|") if name)
    ]
    taken = set().union(*(names_of(gene) for gene in core))
    kept = [gene for gene in genes if taken & names_of(gene)]
    return sorted(kept, key=lambda gene: gene["symbol"])


def write(genes: list[dict[str, str]], date: str, sha256: str, target: Path) -> None:
    """Write the table with its source in the first line, reproducibly to the byte."""
    text = io.StringIO()
    text.write(f"# HGNC complete set (CC0), last change {date}, sha256 {sha256}\n")
    out = csv.DictWriter(text, FIELDS, extrasaction="ignore", lineterminator="\n")
    out.writeheader()
    out.writerows(genes)
    packed = io.BytesIO()
    # GzipFile and not gzip.compress: the latter's header differs between Python versions
    with gzip.GzipFile(filename="", mode="wb", compresslevel=9, fileobj=packed, mtime=0) as file:
        file.write(text.getvalue().encode())
    target.write_bytes(packed.getvalue())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("complete_set", type=Path)
    parser.add_argument("signatures", type=Path, nargs="?")
    parser.add_argument("-o", "--output", type=Path, default=TARGET)
    arguments = parser.parse_args()
    genes, date, sha256 = read_complete_set(arguments.complete_set)
    wanted: set[str] = set()
    if arguments.signatures:
        with arguments.signatures.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                wanted |= {row["gene"], row["gene_as_published"]}
    kept = choose(genes, wanted)
    write(kept, date, sha256, arguments.output)
    size = arguments.output.stat().st_size
    print(f"{len(kept)} of {len(genes)} genes, HGNC of {date}, {size} bytes: {arguments.output}")


if __name__ == "__main__":
    main()
