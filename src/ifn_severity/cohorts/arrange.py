"""From a grid of cells to numbers, samples × genes: which way round, and what is no expression."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ifn_severity.cohorts.cells import read_columns
from ifn_severity.cohorts.grid import GENE_CORNERS, SAMPLE_CORNERS, Grid, clean
from ifn_severity.cohorts.nanostring import nanostring
from ifn_severity.errors import InputError, listed
from ifn_severity.genes import harmonise

_SYMBOL_COLUMNS = {"symbol", "gene_symbol", "gene symbol", "hgnc_symbol", "external_gene_name"}
_SYMBOL_COLUMNS |= {"gene_name", "gene name", "genesymbol", "genename", "gene.symbol", "gene"}
_GENE_ANNOTATION = _SYMBOL_COLUMNS | {"geneid", "gene_id", "ensembl", "entrez", "entrezid", "id"}
_GENE_ANNOTATION |= {"entrez_id", "length", "effective_length", "gene_length", "effectivelength"}
_GENE_ANNOTATION |= {"chr", "chromosome", "start", "end", "strand", "gc", "description", "biotype"}
_GENE_ANNOTATION |= {"gene_biotype", "gene_type", "transcript_id(s)", "probe", "probe_id", "locus"}
_SAMPLE_ANNOTATION = {"age", "sex", "gender", "severity", "severe", "icu", "group", "label"}
_SAMPLE_ANNOTATION |= {"batch", "days_since_onset", "who_scale", "patient", "patient_id", "class"}
# "P1", "C2" or "12" are usual names of samples, and also an alias, a symbol and an Entrez id
_WEIGHTS = {
    "current": 1.0,
    "ensembl": 1.0,
    "locus": 1.0,
    "previous": 0.5,
    "date": 0.5,
    "alias": 0.1,
}
_LIKE_A_SAMPLE = re.compile(r"[A-Za-z]\d{1,3}")
_ALL_GENES = 0.9
_NO_GENES = 0.02
_QUANTIFIERS = {"expected_count", "numreads", "est_counts"}


@dataclass
class Arranged:
    """Numbers with names, samples × genes, not yet checked.

    Attributes
    ----------
    values : ndarray of shape (n_samples, n_genes)
        The numbers as they stand in the file; NaN where a cell is empty.
    samples, genes : list of str
        Their names, as they stand in the file.
    orientation : {"samples in rows", "genes in rows"}
        How the file is laid out.
    grid : Grid
        Where everything came from.
    columns : list of int
        Position in the grid of each column that was kept.
    probes : bool
        Whether the genes are named by a second column, where a name may well repeat.
    """

    values: NDArray[np.float64]
    samples: list[str]
    genes: list[str]
    orientation: str
    grid: Grid
    columns: list[int]
    probes: bool = False

    def place(self, sample: int, gene: int) -> str:
        """Say where in the file the value of a sample and a gene stands."""
        row, column = (sample, gene) if self.orientation == "samples in rows" else (gene, sample)
        return self.grid.place(row, self.columns[column])


def _score(names: list[str], known: Collection[str]) -> float:
    """Measure how much a list looks like genes: how many do, times the share that does."""
    found = harmonise(names)
    alike = [name for name in names if _LIKE_A_SAMPLE.fullmatch(name)]
    # "C1" to "C100" are samples, although C2, C3 and C5 are genes; "C2, C3, F5" are genes
    samples = sum(name in known for name in alike) < _ALL_GENES * len(alike)
    points = 0.0
    for name, how in zip(names, found.how, strict=True):
        if samples and _LIKE_A_SAMPLE.fullmatch(name):
            points += 0.02 if how else 0.0
        elif name in known:
            points += 1.0
        elif how == "entrez":
            points += 0.1 if name.isdigit() else 1.0
        elif how or name in found.excel_dates or name in found.ambiguous:
            points += _WEIGHTS.get(how, 0.1)
    return points * points / max(len(names), 1)


def _drop_counter(grid: Grid) -> None:
    """Drop a first column that only numbers the rows, as ``to_csv`` writes it."""
    unnamed = grid.header[0] == "" or grid.header[0].startswith("Unnamed")
    if not unnamed or len(grid.header) < 3 or len(grid.ids) < 2:
        return
    counted = {tuple(str(i + start) for i in range(len(grid.ids))) for start in (0, 1)}
    second = grid.frame[1]
    if tuple(grid.ids) in counted and not pd.api.types.is_numeric_dtype(second.infer_objects()):
        grid.frame = grid.frame.iloc[:, 1:].set_axis(range(grid.frame.shape[1] - 1), axis="columns")
        grid.header = grid.header[1:]
        grid.ids = [clean(name) for name in grid.frame[0]]
        grid.notes.append("The first column only numbers the rows; the second names them.")


def _symbol_column(grid: Grid, known: Collection[str], best: float) -> int:
    """Return the column that names genes better than the first one does, or 0."""
    chosen = 0
    for column, name in enumerate(grid.header):
        if column and name.lower() in _SYMBOL_COLUMNS:
            score = _score([clean(cell) for cell in grid.frame[column]], known)
            if score > best:
                chosen, best = column, score
    return chosen


def _genes_in_rows(grid: Grid, symbols: int) -> Arranged:
    lower = [name.lower() for name in grid.header]
    if "tpm" in lower and _QUANTIFIERS & set(lower):
        kept, samples = [lower.index("tpm")], [Path(grid.path).name.split(".")[0]]
        grid.notes.append(f"A quantification of one sample: its TPM were read as {samples[0]}.")
    else:
        drop = {at for at, name in enumerate(lower) if name in _GENE_ANNOTATION} | {0, symbols}
        kept = [at for at in range(len(lower)) if at not in drop]
        samples = []
    numbers, values = read_columns(grid, kept)
    left_out = [grid.header[at] for at in range(1, len(lower)) if at not in set(numbers)]
    genes = grid.ids
    if symbols:
        named = [clean(cell) for cell in grid.frame[symbols]]
        genes = [name or old for name, old in zip(named, grid.ids, strict=True)]
        grid.notes.append(f"Genes are named by the column {grid.header[symbols]!r}.")
    if left_out and not samples:
        grid.notes.append(f"Columns left out, because they describe genes: {listed(left_out)}.")
    samples = samples or [grid.header[at] for at in numbers]
    values = np.ascontiguousarray(values.T)
    return Arranged(values, samples, genes, "genes in rows", grid, numbers, probes=bool(symbols))


def _samples_in_rows(grid: Grid, known: Collection[str]) -> Arranged:
    names = grid.header[1:]
    symbols = harmonise(names).symbols
    genes = {
        at
        for at, (name, symbol) in enumerate(zip(names, symbols, strict=True), start=1)
        if symbol is not None or name in known
    }
    wanted = [
        at
        for at, name in enumerate(names, start=1)
        if at in genes or name.lower() not in _SAMPLE_ANNOTATION
    ]
    numbers, values = read_columns(grid, wanted, genes)
    kept = set(numbers)
    left_out = [name for at, name in enumerate(names, start=1) if at not in kept]
    for at, name in enumerate(names, start=1):
        if at not in kept and name.lower() in ("sex", "gender"):
            words = [clean(cell) for cell in grid.frame[at]]
            grid.sex = dict(zip(grid.ids, words, strict=True))
    if left_out:
        grid.notes.append(f"Columns left out, because they describe samples: {listed(left_out)}.")
    kept_names = [grid.header[at] for at in numbers]
    return Arranged(values, grid.ids, kept_names, "samples in rows", grid, numbers)


def _is_number(text: str) -> bool:
    return re.fullmatch(r"-?\d+(\.\d+)?([eE][-+]?\d+)?", text) is not None


def arrange(grid: Grid, known: Collection[str]) -> Arranged:
    """Find out what is a gene and what is a sample, and take the numbers.

    Genes are where names of genes are: in the header or in the first column (or in a column
    called ``symbol``, ``gene_name`` or the like). Columns that describe genes or
    samples are left out, with a note.

    Parameters
    ----------
    grid : Grid
        The cells of a file.
    known : collection of str
        Names that are genes even if HGNC has none such, e.g. the genes of a model.

    Returns
    -------
    Arranged
        Numbers, samples × genes.

    Raises
    ------
    InputError
        If no names of genes are found, or there is text where expression should be.
    """
    # what a delimiter at the end of each line leaves
    blank = {at for at, name in enumerate(grid.header) if at and not name}
    blank = {at for at in blank if grid.frame[at].isna().all()}
    if blank:
        keep = [at for at in range(len(grid.header)) if at not in blank]
        grid.frame = grid.frame[keep].set_axis(range(len(keep)), axis="columns")
        grid.header = [grid.header[at] for at in keep]
    nanostring(grid)
    _drop_counter(grid)
    in_rows, in_columns = _score(grid.ids, known), _score(grid.header[1:], known)
    in_rows *= 5.0 if GENE_CORNERS.fullmatch(grid.header[0]) else 1.0
    in_columns *= 5.0 if SAMPLE_CORNERS.fullmatch(grid.header[0]) else 1.0
    symbols = _symbol_column(grid, known, max(in_rows, in_columns))
    first_is_gene = _score(grid.header[:1], known) > 0.5
    if first_is_gene and (in_columns > in_rows or all(map(_is_number, grid.header[1:]))):
        what = "the header" if in_columns > in_rows else "the first line"
        raise InputError(
            f"{grid.path}: {what} begins with a gene, {grid.header[0]!r}",
            expected="a header line and names of samples: the upper left cell is no gene",
            do="export it again with its row names and column names",
        )
    if max(in_rows, in_columns) < _NO_GENES and not symbols:
        raise InputError(
            f"no gene was recognised in {grid.path}: rows are called {listed(grid.ids)}; "
            f"columns {listed(grid.header[1:])}",
            expected="human genes as HGNC symbols (ISG15), Ensembl gene ids (ENSG00000187608) or "
            "Entrez ids (9636)",
            do=_hint([*grid.ids, *grid.header[1:]]),
        )
    if symbols or in_rows > in_columns:
        arranged = _genes_in_rows(grid, symbols)
    else:
        arranged = _samples_in_rows(grid, known)
    if 0 in arranged.values.shape:
        raise InputError(
            f"{grid.path} has no column of numbers: {listed(grid.header)}",
            expected="expression values",
            do="check that the export is complete",
        )
    if arranged.orientation == "genes in rows":
        grid.notes.append("Genes are in rows and samples in columns; the matrix was transposed.")
    return arranged


def _hint(names: list[str]) -> str:
    """Say what to do about names that are not of human genes."""
    hints = (
        (r"ENSMUS[GT]\d+|[A-Z][a-z]+\d*[a-z]?\d*", "mouse genes? Give human data"),
        (r"ENST\d{11}.*|[NX][MR]_\d+.*", "sum the transcripts of each gene first"),
        (r"\d+(_[a-z])?_at|ILMN_\d+|A_\d\d_P\d+", "replace the probe ids by gene symbols first"),
        (r"[A-Z0-9]{6,10}(-\d)?", "if these are UniProt accessions, replace them by gene symbols"),
    )
    for pattern, hint in hints:
        # samples are among the names too
        if sum(re.fullmatch(pattern, name) is not None for name in names) >= 0.5 * len(names):
            return hint
    return "name the genes by HGNC symbols, Ensembl gene ids or Entrez ids"
