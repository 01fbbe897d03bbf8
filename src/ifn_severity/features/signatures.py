"""The catalogue of published gene lists, each with its citation, licence and direction."""

from __future__ import annotations

import csv
import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from ifn_severity.errors import FeatureError, nearest
from ifn_severity.features.reference import reference_genes

GROUPS = ("interferon", "cytokine", "inflammation", "myeloid", "composition", "severity")


@dataclass(frozen=True)
class Signature:
    """One published gene list.

    Attributes
    ----------
    name : str
        Name in the catalogue, such as ``"Rice2013_IFN6"``.
    group : str
        One of ``GROUPS``.
    family : str
        Finer than the group: type I, type II, chemokines, neutrophils, ...
    direction : str
        Expected change in the response, or in severe disease for the group ``severity``:
        ``up``, ``down``, ``both`` or ``none`` (a pathway or a cell set).
    genes : tuple of str
        Current HGNC symbols.
    published_as : tuple of str
        The same genes as printed; matrices of 2020 to 2022 may carry these.
    signs : tuple of int
        +1 or -1: how a gene enters the score.
    n_published : int
        Number of symbols printed.
    n_no_gene_today : int
        How many of them are no human gene today (viral proteins, withdrawn probes) and were
        left out; two of the others can be one gene today.
    gene_level : bool
        Whether the genes of this list are features of their own, beside the score.
    core : bool
        One of the lists that cover the ground without too much overlap; benchmarks and
        comparisons of scoring methods use these.
    licence, citation, size_check : str
        Where the list comes from, and how its size was verified.
    note : str
        What a reader should know before using it; often empty.
    """

    name: str
    group: str
    family: str
    direction: str
    genes: tuple[str, ...]
    published_as: tuple[str, ...]
    signs: tuple[int, ...]
    n_published: int
    n_no_gene_today: int
    gene_level: bool
    core: bool
    licence: str
    citation: str
    size_check: str
    note: str


def _read(name: str) -> str:
    return (files("ifn_severity.features") / "catalogue" / name).read_text(encoding="utf-8")


@cache
def load_catalogue() -> dict[str, Signature]:
    """Return every list of the catalogue by name, in the catalogue's order.

    Returns
    -------
    dict of str to Signature

    Examples
    --------
    >>> load_catalogue()["Rice2013_IFN6"].genes
    ('IFI27', 'IFI44L', 'IFIT1', 'ISG15', 'RSAD2', 'SIGLEC1')
    """
    members: dict[str, list[tuple[str, str, int]]] = {}
    for row in csv.DictReader(_read("genes.csv").splitlines()):
        sign = -1 if row["sign"] == "down" else 1
        members.setdefault(row["signature"], []).append((row["gene"], row["published_as"], sign))
    catalogue = {}
    for row in csv.DictReader(_read("index.csv").splitlines()):
        genes = sorted(members[row["name"]])
        catalogue[row["name"]] = Signature(
            name=row["name"],
            group=row["group"],
            family=row["family"],
            direction=row["direction"],
            genes=tuple(gene for gene, _, _ in genes),
            published_as=tuple(printed for _, printed, _ in genes),
            signs=tuple(sign for _, _, sign in genes),
            n_published=int(row["n_published"]),
            n_no_gene_today=int(row["n_no_gene_today"]),
            gene_level=row["gene_level"] == "True",
            core=row["core"] == "True",
            licence=row["licence"],
            citation=row["citation"],
            size_check=row["size_check"],
            note=row["note"],
        )
    return catalogue


def get_signature(name: str) -> Signature:
    """Return one list.

    Parameters
    ----------
    name : str
        Name in the catalogue.

    Raises
    ------
    FeatureError
        If there is no such list; the nearest names are offered.
    """
    catalogue = load_catalogue()
    if name not in catalogue:
        raise FeatureError(
            f"no signature is called {name!r}",
            expected=f"one of the {len(catalogue)} lists of the catalogue",
            do=nearest(name, catalogue),
        )
    return catalogue[name]


@cache
def catalogue_sha256() -> str:
    """Return the checksum of the catalogue, which models carry to say what they were built on."""
    text = _read("index.csv") + _read("genes.csv")
    return hashlib.sha256(text.encode()).hexdigest()


@cache
def panel_genes() -> tuple[str, ...]:
    """Return the genes that features are made of: the panel.

    It is the reference genes, then every gene of the interferon, cytokine, inflammation,
    myeloid and composition lists. Genes outside it, however many a file holds, never change a
    feature.

    Returns
    -------
    tuple of str
        Current HGNC symbols: the reference genes, then the others sorted.
    """
    listed = {g for s in load_catalogue().values() if s.group != "severity" for g in s.genes}
    return (*reference_genes(), *sorted(listed - set(reference_genes())))


@cache
def printed_symbols() -> dict[str, str]:
    """Return the current symbol of every gene that a list printed under another name."""
    current = {gene for s in load_catalogue().values() for gene in s.genes}
    return {
        printed: gene
        for s in load_catalogue().values()
        for gene, printed in zip(s.genes, s.published_as, strict=True)
        if printed not in current
    }
