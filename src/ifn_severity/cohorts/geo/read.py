"""The reader of GEO series: series matrix and expression matrix become a cohort's two tables."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from ifn_severity.cohorts.card_fields import GeoRule
from ifn_severity.cohorts.container import open_container
from ifn_severity.cohorts.geo.labels import label_samples
from ifn_severity.cohorts.geo.match import match_samples
from ifn_severity.cohorts.geo.probes import are_genes, genes_of_probes
from ifn_severity.cohorts.geo.series import Series, read_series
from ifn_severity.cohorts.matrix import Expression, read_expression
from ifn_severity.errors import InputError, LabelError, listed

_NUMBER = re.compile(r'"?-?\d+([.,]\d+)?([eE][-+]?\d+)?"?')
_LINES = 6


@dataclass(frozen=True)
class GeoCohort:
    """A GEO series, read.

    Attributes
    ----------
    values : DataFrame of shape (n_samples, n_genes)
        log2(x+1), by GSM accession.
    obs : DataFrame of shape (n_samples, n_columns)
        Labels, in the same order.
    expression : Expression
        How the matrix was understood.
    notes : tuple of str
        What was assumed, renamed, merged or dropped.
    """

    values: pd.DataFrame
    obs: pd.DataFrame
    expression: Expression
    notes: tuple[str, ...]


def _own_table(series: Series, geo: GeoRule, files: Mapping[str, Path], folder: Path) -> Path:
    """Write the table of a series matrix as a file, with genes for probes."""
    if series.table is None:
        raise InputError(
            f"the series matrix of {series.accession} holds no values, as is usual for sequencing",
            expected="an expression matrix among the supplementary files",
            do="name it with --matrix",
        )
    table = series.table
    if geo.probes:
        genes = genes_of_probes(files[geo.probes], geo.platform)
        named = [genes.get(str(probe), "") for probe in table.index]
        table = table[[bool(name) for name in named]]
        if table.empty:
            raise InputError(
                f"{series.accession}: no row is a probe that {geo.platform} names a gene for, but "
                f"{listed([str(name) for name in series.table.index])}",
                expected=f"probes of {geo.platform}",
                do="choose the platform with --platform",
            )
        table.insert(0, "symbol", [name for name in named if name])
    elif not are_genes([str(name) for name in table.index]):
        raise InputError(
            f"the rows of {series.accession} are probes of {geo.platform}, no genes: "
            f"{listed([str(name) for name in table.index])}",
            expected="HGNC symbols, Ensembl or Entrez gene ids",
            do="replace the probe ids by gene symbols in a table of your own, and add it: "
            "ifn-severity cohorts add FILE --labels LABELS",
        )
    path = folder / f"{series.accession}_table.tsv"
    table.to_csv(path, sep="\t", index_label="ID_REF")
    return path


def _without_words(path: Path, series: Series, geo: GeoRule, folder: Path) -> tuple[Path, str]:
    """Leave out rows of words between header and values, which some submitters put there."""
    file = open_container(path)
    if file.format != "text":
        return path, ""
    lines = file.data.decode("utf-8").splitlines(keepends=True)
    mark = max("\t,;", key=lines[0].count)
    heads = [[cell.strip().strip('"') for cell in line.split(mark)] for line in lines[:_LINES]]
    words = 0
    for cells in heads[1:]:
        if len(cells) < 3 or any(_NUMBER.fullmatch(cell) for cell in cells[1:]):
            break
        words += 1
    if not words or words == len(heads) - 1:
        return path, ""
    best, most = 0, -1
    for at in range(words + 1):
        try:
            fit = len(match_samples(series, heads[at][1:], geo.sample_from))
        except LabelError:
            fit = 0
        if fit > most:
            best, most = at, fit
    plain = folder / f"{path.name.split('.')[0]}_values.txt"
    plain.write_text("".join([lines[best], *lines[words + 1 :]]), "utf-8")
    return (
        plain,
        f"{words} rows of words above the values were left out; row {best + 1} names samples.",
    )


def build_geo(geo: GeoRule, files: Mapping[str, Path], *, where: str) -> GeoCohort:
    """Read a series and its expression, and match them.

    Parameters
    ----------
    geo : GeoRule
        How it is read.
    files : mapping of str to Path
        Path by file name.
    where : str
        Name of the cohort, for messages.

    Returns
    -------
    GeoCohort
        Expression and labels of the samples that have both.

    Raises
    ------
    InputError
        If a file cannot be read, or rows are no genes.
    LabelError
        If labels make no sense, or samples do not match.
    """
    series = read_series(files[geo.series])
    obs, notes = label_samples(series, geo, where=where)
    said = list(notes)
    with tempfile.TemporaryDirectory() as folder:
        if geo.matrix:
            path, note = _without_words(files[geo.matrix], series, geo, Path(folder))
            said += [note] if note else []
        else:
            path = _own_table(series, geo, files, Path(folder))
        expression = read_expression(path, unit=geo.unit)
    names = [str(name) for name in expression.values.index]
    found = match_samples(series, names, geo.sample_from)
    if strangers := [name for name in names if name not in found]:
        said.append(f"No sample of the series is called so, left out: {listed(strangers)}.")
    if silent := [str(gsm) for gsm in obs.index if gsm not in set(found.values())]:
        said.append(f"No expression for {len(silent)} samples, left out: {listed(silent)}.")
    chosen = set(obs.index)
    kept = {gsm: name for name, gsm in found.items() if gsm in chosen}
    if not kept:
        raise LabelError(
            f"{where}: no sample with a label has expression",
            expected="samples that are in the series matrix and in the expression matrix",
            do="see which samples --map drops, or choose another matrix with --matrix",
        )
    order = [gsm for gsm in obs.index if gsm in kept]
    values = expression.values.loc[[kept[gsm] for gsm in order]].set_axis(order, axis="index")
    return GeoCohort(values, obs.loc[order], expression, (*said, *expression.notes))


def read_geo(
    geo: GeoRule, files: Mapping[str, Path], *, where: str
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read a series as the other readers do: expression and table of samples.

    Parameters
    ----------
    geo : GeoRule
        How it is read.
    files : mapping of str to Path
        Path by file name.
    where : str
        Name of the cohort, for messages.

    Returns
    -------
    expression : DataFrame of shape (n_samples, n_genes)
        log2(x+1).
    obs : DataFrame of shape (n_samples, n_columns)
        Labels.
    """
    cohort = build_geo(geo, files, where=where)
    return cohort.values, cohort.obs
