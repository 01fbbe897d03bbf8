"""Load a cohort, whatever it takes: fetch, read, harmonise, check, and keep the result.

Reading R's files takes seconds a cohort, so the harmonised cohort is kept in
``data/processed`` under a name that changes with everything it depends on. That folder can be
deleted at any time.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from importlib.resources import files as package_files
from pathlib import Path
from typing import TYPE_CHECKING

from ifn_severity import __version__, paths
from ifn_severity.cohorts.card import (
    GEO_READER,
    SIMULATED_READER,
    USER_MATRIX,
    USER_READER,
    CohortCard,
    get_card,
)
from ifn_severity.cohorts.cell_types import cell_type_card, check_cell_types
from ifn_severity.cohorts.fetch import fetch_cohort, file_paths, pinned, sha256_of
from ifn_severity.cohorts.readers import get_reader
from ifn_severity.cohorts.schema import (
    build_cohort,
    check_cohort,
    check_expected,
    cohort_facts,
    typed_obs,
)
from ifn_severity.errors import CohortError, StoreError

if TYPE_CHECKING:
    from anndata import AnnData
    from pandas import DataFrame

# what turns files into a cohort: a change in any of these makes a kept cohort stale
_MAKERS = {
    "ifn_severity.cohorts": (
        *("readers.py", "protein_readers.py", "tissue_readers.py", "reader_parts.py"),
        *("analytes.csv", "analytes.py", "expression.py", "proteins.py", "schema.py"),
    ),
    "ifn_severity.genes": ("hgnc.csv.gz", "harmonise.py", "collapse.py", "table.py", "dates.py"),
}
# what a GEO series goes through besides
_GEO_MAKERS = {
    "ifn_severity.cohorts.geo": (
        *("series.py", "probes.py", "rules.py", "labels.py", "match.py", "read.py"),
    ),
    "ifn_severity.cohorts": (
        *("arrange.py", "cells.py", "checks.py", "container.py", "grid.py", "matrix.py"),
        *("tablefile.py", "textgrid.py", "unit.py"),
    ),
}


def cache_path(card: CohortCard, part: str = "") -> Path:
    """Return where the harmonised cohort is kept.

    Parameters
    ----------
    card : CohortCard
        The cohort.
    part : str
        What of it, if not all: a word for the name of the file.

    Returns
    -------
    Path
        ``data/processed/NAME-KEY.h5ad``, or ``NAME.PART-KEY.h5ad``; the key is a digest of the
        card, its files, the readers, the gene table and the versions that write the file.
    """
    digest = hashlib.sha256()
    for text in (card.sha256, __version__, version("anndata"), version("pandas")):
        digest.update(f"{text}\n".encode())
    # of a cell type the card lists the files of that type alone
    digest.update("\n".join(file.name for file in card.files).encode())
    makers = [*_MAKERS.items()]
    if card.reader == GEO_READER:
        makers += _GEO_MAKERS.items()
        # a card that knows no checksums does not change with its files
        digest.update("".join(file.sha256 for file in pinned(card).files).encode())
    for package, names in makers:
        for name in names:
            digest.update(package_files(package).joinpath(name).read_bytes())
    stem = f"{card.name}.{part}" if part else card.name
    return paths.processed_dir() / f"{stem}-{digest.hexdigest()[:16]}.h5ad"


def _seal(cache: Path) -> Path:
    return cache.with_name(cache.name + ".sha256")


def _is_sealed(cache: Path) -> bool:
    """Tell whether a kept cohort is whole: HDF5 itself does not notice changed bytes."""
    seal = _seal(cache)
    if not (cache.is_file() and seal.is_file()):
        return False
    return seal.read_text("utf-8", errors="replace").strip() == sha256_of(cache)


def is_kept(card: CohortCard) -> bool:
    """Tell whether a cohort is on disk, harmonised: loading it then needs no source file."""
    return _is_sealed(cache_path(card))


def _keep(adata: AnnData, cache: Path) -> None:
    """Keep a cohort and drop what earlier versions kept of it."""
    with paths.atomic_file(cache) as part:
        adata.write_h5ad(part, convert_strings_to_categoricals=False)
        digest = sha256_of(part)
    with paths.atomic_file(_seal(cache)) as part:
        part.write_text(digest + "\n", "utf-8")
    stem = cache.name.rpartition("-")[0]
    stale = re.compile(re.escape(stem) + r"-[0-9a-f]{16}\.h5ad(\.sha256)?")
    for path in cache.parent.iterdir():
        if stale.fullmatch(path.name) and path not in (cache, _seal(cache)):
            path.unlink(missing_ok=True)


def _read_h5ad(path: Path, card: CohortCard) -> AnnData:
    """Read a cohort that was built before and give ``obs`` its types back."""
    from anndata import read_h5ad

    adata = read_h5ad(path)
    adata.obs = typed_obs(adata.obs, tissue=card.tissue, cohort=card.name)
    return adata


def _simulated() -> AnnData:
    from ifn_severity.cohorts.simulate import simulate_cohort

    return simulate_cohort()


def _users(card: CohortCard) -> AnnData:
    files = fetch_cohort(card.name)
    if USER_MATRIX not in files:
        raise CohortError(
            f"the card of {card.name} lists no {USER_MATRIX}",
            expected=f"a file {USER_MATRIX} beside card.toml, with its sha256 in the card",
            do=f"delete {paths.user_cohorts_dir() / card.name} and add the cohort again",
        )
    return _read_h5ad(files[USER_MATRIX], card)


def _read(card: CohortCard, files: Mapping[str, Path]) -> tuple[DataFrame, DataFrame]:
    if card.geo is not None:
        from ifn_severity.cohorts.geo.read import read_geo

        return read_geo(card.geo, files, where=card.name)
    return get_reader(card.reader)(files)


def _published(card: CohortCard, *, progress: bool, part: str = "") -> AnnData:
    cache = cache_path(card, part)
    # files that are there are verified at each load; files that are gone are not missed as
    # long as what was made of them is whole
    if any(path.exists() for path in file_paths(card).values()) or not _is_sealed(cache):
        files = fetch_cohort(card.name, progress=progress)
        if not _is_sealed(cache):
            # the files may have come, and their checksums with them, only now
            cache = cache_path(card, part)
            chosen = {file.name: files[file.name] for file in card.files}
            adata = build_cohort(card, *_read(card, chosen))
            try:
                _keep(adata, cache)
            except StoreError:
                # without room for a copy the cohort takes longer next time; it is no less right
                return adata
    return _read_h5ad(cache, card)


def load_cohort(
    name: str, *, cell_type: str | Sequence[str] | None = None, progress: bool = False
) -> AnnData:
    """Load a cohort: harmonised expression and labels, checked against its card.

    Parameters
    ----------
    name : str
        The cohort's name, as ``ifn-severity cohorts`` lists it.
    cell_type : str or sequence of str, optional
        Of a cohort summed over cell types, take these alone: one, or the sum of several. Names
        as :func:`ifn_severity.cohorts.cell_types.list_cell_types` lists them.
    progress : bool, default=False
        Show a progress bar if files must be fetched.

    Returns
    -------
    AnnData of shape (n_samples, n_genes)
        ``X`` float32 log2(x+1) of CPM or TPM, or log2 of plasma proteins; ``obs`` as in
        :mod:`ifn_severity.cohorts.schema`; ``uns["cohort"]`` says where it comes from. Of a
        cell type: samples with enough of its cells, genes that the study kept for it, CPM of
        the type's own library size; ``obs["source_cells"]`` counts cells, and
        ``uns["cohort"]["cell_types"]`` names the types.

    Raises
    ------
    CohortError
        If the cohort or a cell type is unknown, or the cohort is not what its card says.
    FetchError
        If a source file cannot be had.
    StoreError
        If ``data/raw`` cannot be written.
    """
    card = get_card(name)
    if cell_type is not None:
        return _cell_types(card, cell_type, progress=progress)
    if card.reader == SIMULATED_READER:
        adata = _simulated()
    elif card.reader == USER_READER:
        adata = _users(card)
    else:
        adata = _published(card, progress=progress)
    adata.uns["cohort"] = cohort_facts(card)
    check_cohort(adata)
    check_expected(adata, card)
    return adata


def _cell_types(
    card: CohortCard, cell_type: str | Sequence[str], *, progress: bool = False
) -> AnnData:
    chosen = check_cell_types(card, cell_type)
    some, part = cell_type_card(card, chosen)
    adata = _published(some, progress=progress, part=part)
    adata.uns["cohort"] = {**cohort_facts(some), "cell_types": list(chosen)}
    check_cohort(adata)
    return adata
