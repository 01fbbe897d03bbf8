"""A user's expression matrix: read, checked, and brought to log2(x+1) of current HGNC symbols."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from ifn_severity.cohorts.arrange import arrange
from ifn_severity.cohorts.checks import check_names, check_signal, check_values, settle_repeats
from ifn_severity.cohorts.grid import Grid
from ifn_severity.cohorts.tablefile import read_grid
from ifn_severity.cohorts.unit import NAMES, check_unit, detect_unit, taken_for, to_log2
from ifn_severity.errors import InputError, listed
from ifn_severity.genes import Harmonised, collapse, gene_table, harmonise

# how HTSeq and STAR count the reads that belong to no gene
_COUNTER_FOOTER = re.compile(r"__\w+|N_(unmapped|multimapping|noFeature|ambiguous)")


@dataclass(frozen=True)
class Expression:
    """A user's matrix, understood.

    Attributes
    ----------
    values : DataFrame of shape (n_samples, n_genes)
        log2(x+1) of the linear measure (counts per million for counts), float64; rows are
        samples, columns current HGNC symbols, or the name given where HGNC has none.
    unit : {"counts", "linear", "log2", "ln", "log10"}
        What the input was taken to be.
    orientation : {"samples in rows", "genes in rows"}
        How the file was laid out.
    identifiers : str
        What the genes were named by.
    notes : tuple of str
        What was assumed, renamed, merged or dropped, in sentences.
    renamed : dict of str to str
        Earlier names of genes, and the current symbols that they were given.
    names : Harmonised
        What became of every gene name in the file.
    sex : dict of str to str
        Sex of each sample as the file states it; empty where it does not.
    doubts : tuple of str
        Those of the notes that are no more than a guess: the unit may be another.
    """

    values: pd.DataFrame
    unit: str
    orientation: str
    identifiers: str
    notes: tuple[str, ...]
    renamed: dict[str, str]
    names: Harmonised
    sex: dict[str, str] = field(default_factory=dict)
    doubts: tuple[str, ...] = ()


def _name_notes(names: Harmonised, known: Collection[str]) -> list[str]:
    """Say in sentences what became of the names."""
    notes = []
    if names.renamed:
        examples = [f"{old} → {new}" for old, new in names.renamed.items()]
        notes.append(f"Genes under an earlier name were given the current one: {listed(examples)}.")
    undone = [f"{old} → {new[0]}" for old, new in names.excel_dates.items() if len(new) == 1]
    if undone:
        notes.append(f"Gene names that a spreadsheet had turned into dates: {listed(undone)}.")
    for old, genes in names.excel_dates.items():
        if len(genes) != 1:
            which = f" ({' or '.join(genes)})" if genes else ""
            lost = [gene for gene in genes if gene in known]
            needed = f"; {', '.join(lost)} would have been used" if lost else ""
            notes.append(
                f"A spreadsheet turned a gene into the date {old!r}; unclear which{which}: "
                f"dropped{needed}."
            )
    if names.ambiguous:
        examples = [f"{old} ({' or '.join(new)})" for old, new in names.ambiguous.items()]
        notes.append(f"Names that fit several genes were not used: {listed(examples)}.")
    return notes


def read_expression(
    path: str | Path, *, unit: str = "auto", known_genes: Collection[str] | None = None
) -> Expression:
    r"""Read an expression matrix as users have it.

    Parameters
    ----------
    path : str or Path
        A csv, tsv, txt, xlsx, parquet or h5ad file, possibly packed (gz, xz, bz2, zip), with
        genes in rows or in columns, named by symbols, Ensembl or Entrez ids.
    unit : {"auto", "counts", "linear", "log2", "ln", "log10"}
        What the values are; told from the values by default (see
        :func:`ifn_severity.cohorts.unit.guess_unit`) and said in the notes.
    known_genes : collection of str, optional
        The genes that matter, e.g. those of a model; all of HGNC's if not given. At least one
        must be there.

    Returns
    -------
    Expression
        log2(x+1), samples × current symbols, and an account of what was assumed.

    Raises
    ------
    InputError
        If the file cannot be read or makes no sense; the message says where.

    Notes
    -----
    Rows of the same gene are merged by :func:`ifn_severity.genes.collapse`, sample by sample,
    so no sample's values depend on the others in the file.

    Examples
    --------
    >>> import tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = Path(folder.name) / "counts.csv"
    >>> _ = path.write_text("gene,P1,P2\nISG15,30,0\nACTB,70,50\n")
    >>> expression = read_expression(path)
    >>> expression.unit, expression.orientation
    ('counts', 'genes in rows')
    >>> expression.values.round(2)
        ISG15   ACTB
    P1  18.19  19.42
    P2   0.00  19.93
    >>> folder.cleanup()
    """
    path, unit = Path(path), check_unit(unit)
    return expression_of(read_grid(path), path, unit=unit, known_genes=known_genes)


def expression_of(
    grid: Grid, path: Path, *, unit: str = "auto", known_genes: Collection[str] | None = None
) -> Expression:
    """Understand a grid of cells; what :func:`read_expression` does once a file is read.

    Parameters
    ----------
    grid : Grid
    path : Path
        Its file, for messages.
    unit, known_genes
        As for :func:`read_expression`.

    Raises
    ------
    InputError
        If the grid makes no sense.
    """
    unit = check_unit(unit)
    known = gene_table().current if known_genes is None else frozenset(known_genes)
    matrix = arrange(grid, known)
    check_names(matrix, path)
    check_values(matrix, path)
    notes = list(grid.notes)
    values = pd.DataFrame(matrix.values, index=matrix.samples, columns=matrix.genes)
    footer = [name for name in matrix.genes if _COUNTER_FOOTER.fullmatch(name)]
    if footer:
        values = values.drop(columns=footer)
        notes.append(f"Counts that belong to no gene were left out: {listed(footer)}.")
        check_signal(values.to_numpy(dtype=np.float64), matrix.samples, path)
    raw = values.to_numpy(dtype=np.float64)
    doubts: tuple[str, ...] = ()
    if unit == "auto" and grid.unit:
        unit, said = grid.unit, [f"The file says that its values are {NAMES[grid.unit]}."]
    elif unit == "auto":
        guess = detect_unit(raw, matrix.samples)
        unit, said = guess.unit, [taken_for(guess)]
        doubts = () if guess.sure else tuple(said)
    else:
        said = [f"Values were taken for {NAMES[unit]}, as said."]
    log2, converted = to_log2(raw, unit, matrix.samples)
    values = pd.DataFrame(log2, index=matrix.samples, columns=values.columns)
    if not matrix.probes:
        values, repeats = settle_repeats(values, known, path)
        notes += repeats
    names = harmonise(list(values.columns))
    values, merged = collapse(values, names)
    there = sum(gene in known for gene in values.columns)
    if not there:
        raise InputError(
            f"{path} has none of the {len(known)} genes needed, but {listed(matrix.genes)}",
            expected=f"genes such as {listed(sorted(known)[:5])}",
            do="give the whole matrix, not a selection of genes",
        )
    if known_genes is not None:
        notes.append(f"{there} of the {len(known)} genes in use are in the file.")
    notes += said + converted + _name_notes(names, known) + merged
    said_of = (unit, matrix.orientation, names.kind, tuple(notes))
    sex = grid.sex if matrix.orientation == "samples in rows" else {}
    return Expression(values, *said_of, names.renamed, names, sex, doubts)
