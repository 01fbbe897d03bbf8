"""Named feature sets: which scores and which genes, and what each column stands for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd

from ifn_severity.errors import FeatureError, nearest
from ifn_severity.features.proteins import PROTEIN_SET, protein_table
from ifn_severity.features.reference import reference_genes
from ifn_severity.features.signatures import load_catalogue, panel_genes, printed_symbols

FEATURE_SETS: dict[str, tuple[str, ...]] = {
    "interferon": ("interferon",),
    "cytokine": ("cytokine",),
    "interferon+cytokine": ("interferon", "cytokine"),
    "all": ("interferon", "cytokine", "inflammation", "myeloid", "composition"),
}
BALANCE = "balance:interferon_inflammation"
BALANCE_LISTS = ("Kim2018_IFN28", "HALLMARK_TNFA_NFKB")


@cache
def balance_genes() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the two sides of the interferon-to-inflammation balance.

    Returns
    -------
    interferon : tuple of str
        The 28 genes of Kim 2018 (doi:10.1089/jir.2017.0127).
    inflammation : tuple of str
        The TNF/NF-kB hallmark (doi:10.1016/j.cels.2015.12.004) without the genes of any list of
        the family "type I", so that interferon itself does not count on both sides.

    Examples
    --------
    >>> interferon, inflammation = balance_genes()
    >>> "IFI27" in interferon, "NFKBIA" in inflammation, "IFIT2" in inflammation
    (True, True, False)
    """
    catalogue = load_catalogue()
    interferon, inflammation = (catalogue[name].genes for name in BALANCE_LISTS)
    type_i = {g for s in catalogue.values() if s.family == "type I" for g in s.genes}
    return interferon, tuple(gene for gene in inflammation if gene not in type_i)


@dataclass(frozen=True, eq=False)
class FeatureDefinition:
    """What the columns of a feature set are.

    Attributes
    ----------
    name : str
        Name of the feature set.
    features : DataFrame indexed by feature
        Columns ``kind`` ("score", "gene" or "protein"), ``group``, ``family``, ``label``,
        ``n_genes``.
    panel : tuple of str
        The reference genes and the genes of all lists, in the order of the rows of ``weights``.
    weights : ndarray of shape (n_panel, n_features)
        Sign of each panel gene in each feature; ``coefficients`` makes means of them.
    """

    name: str
    features: pd.DataFrame
    panel: tuple[str, ...]
    weights: np.ndarray

    def genes_of(self, feature: str) -> tuple[str, ...]:
        """Return the genes that enter a feature."""
        column = self.weights[:, self.features.index.get_loc(feature)]
        return tuple(self.panel[i] for i in np.flatnonzero(column))

    def only(self, columns: Sequence[str]) -> FeatureDefinition:
        """Return the definition of some of the features, in the order given.

        Parameters
        ----------
        columns : sequence of str
            Features of this set.

        Raises
        ------
        FeatureError
            If one of them is not in this set.

        Examples
        --------
        >>> feature_definition("all").only(["gene:IL6", "gene:IFI27"]).weights.shape[1]
        2
        """
        positions = self.features.index.get_indexer(pd.Index(list(columns)))
        if strange := [c for c, i in zip(columns, positions, strict=True) if i < 0]:
            raise FeatureError(
                f"no features of {self.name!r}: {', '.join(strange[:5])} ({len(strange)} in all)",
                expected="columns as InterferonFeatures names them, such as "
                + ", ".join(self.features.index[:2]),
                do="name features of this set",
            )
        return FeatureDefinition(
            self.name, self.features.iloc[positions], self.panel, self.weights[:, positions]
        )

    def genes(self) -> tuple[str, ...]:
        """Return the genes that are measured for these features: reference genes come first."""
        references = set(reference_genes())
        used = (self.weights != 0).any(axis=1)
        return tuple(
            gene
            for gene, needed in zip(self.panel, used, strict=True)
            if needed or gene in references
        )

    def coefficients(self, present: np.ndarray) -> np.ndarray:
        """Return the coefficients by which features are linear in log2 expression.

        A score is the mean of signed values over the genes present, a balance the mean of one
        side less the mean of the other.

        Parameters
        ----------
        present : ndarray of bool, shape (n_panel,)
            Which genes of the panel a matrix holds.

        Returns
        -------
        ndarray of shape (n_panel, n_features)
            Rows of absent genes are zero; the column of a feature that cannot be computed, a
            list without any gene or a balance with an empty side, is NaN throughout.

        Raises
        ------
        FeatureError
            If ``present`` has not one entry for each gene of the panel.

        Examples
        --------
        >>> definition = feature_definition("interferon")
        >>> present = np.isin(definition.panel, ["IFI27", "ISG15"])
        >>> column = definition.features.index.get_loc("score:Rice2013_IFN6")
        >>> definition.coefficients(present)[present, column].tolist()
        [0.5, 0.5]
        """
        present = np.asarray(present, dtype=bool)
        if present.shape != (len(self.panel),):
            raise FeatureError(
                f"{present.shape} entries that say which genes are present",
                expected=f"one for each of the {len(self.panel)} genes of the panel",
                do="give locate(columns, definition.panel) >= 0",
            )
        up = present[:, None] & (self.weights > 0)
        down = present[:, None] & (self.weights < 0)
        n_up, n_down = up.sum(axis=0), down.sum(axis=0)
        balance = (self.features["family"] == "balance").to_numpy()
        missing = np.where(balance, (n_up == 0) | (n_down == 0), n_up + n_down == 0)
        # the sides of a balance are means of their own, those of a score make one mean
        per_up = np.where(balance, n_up, n_up + n_down)
        per_down = np.where(balance, n_down, n_up + n_down)
        result = up / np.maximum(per_up, 1) - down / np.maximum(per_down, 1)
        result[:, missing] = np.nan
        return result


@cache
def feature_definition(name: str) -> FeatureDefinition:
    """Return the definition of a named feature set.

    Parameters
    ----------
    name : {"interferon", "cytokine", "interferon+cytokine", "all", "proteins"}

    Raises
    ------
    FeatureError
        If there is no such set.

    Examples
    --------
    >>> definition = feature_definition("interferon")
    >>> definition.genes_of("score:Rice2013_IFN6")[:3]
    ('IFI27', 'IFI44L', 'IFIT1')
    """
    if name == PROTEIN_SET:
        proteins = protein_table()
        return FeatureDefinition(name, proteins, tuple(proteins["label"]), np.eye(len(proteins)))
    if name not in FEATURE_SETS:
        known = (*FEATURE_SETS, PROTEIN_SET)
        raise FeatureError(
            f"no feature set is called {name!r}",
            expected=f"one of {', '.join(known)}",
            do=nearest(name, known),
        )
    catalogue = load_catalogue()
    panel = panel_genes()
    row = {gene: i for i, gene in enumerate(panel)}
    entries, columns = [], []

    taken: set[str] = set()
    for signature in catalogue.values():
        # the first list that takes a gene to gene level owns it, whatever set is asked for
        new = [g for g in signature.genes if signature.gene_level and g not in taken]
        taken.update(new)
        if signature.group not in FEATURE_SETS[name]:
            continue
        for gene in new:
            entries.append((f"gene:{gene}", "gene", signature.group, signature.family, gene, 1))
            columns.append({row[gene]: 1})
    for signature in catalogue.values():
        if signature.group in FEATURE_SETS[name]:
            label = f"{signature.name.replace('_', ' ')} (score)"
            size = len(signature.genes)
            kind = ("score", signature.group, signature.family, label, size)
            entries.append((f"score:{signature.name}", *kind))
            signed = zip(signature.genes, signature.signs, strict=True)
            columns.append({row[gene]: sign for gene, sign in signed})
    if {"interferon", "cytokine"} <= set(FEATURE_SETS[name]):
        # it needs both sides, so it belongs to no set that has one of them alone
        plus, minus = balance_genes()
        label = "Interferon minus TNF/NF-kB (balance)"
        size = len(plus) + len(minus)
        entries.append((BALANCE, "score", "interferon", "balance", label, size))
        columns.append({row[g]: 1 for g in plus} | {row[g]: -1 for g in minus})

    weights = np.zeros((len(panel), len(columns)))
    for j, column in enumerate(columns):
        for i, sign in column.items():
            weights[i, j] = sign
    weights.setflags(write=False)
    table = pd.DataFrame(
        entries, columns=["feature", "kind", "group", "family", "label", "n_genes"]
    ).set_index("feature")
    return FeatureDefinition(name, table, panel, weights)


def locate(columns: Iterable[str], genes: Iterable[str]) -> np.ndarray:
    """Find genes among the columns of a matrix, by current or as-published symbol.

    Parameters
    ----------
    columns : iterable of str
        Names of the matrix's columns.
    genes : iterable of str
        Current HGNC symbols to look for.

    Returns
    -------
    ndarray of int, one entry a gene
        Position among the columns, -1 where the gene is absent. A column that carries the
        current symbol wins over one with the printed symbol.
    """
    renamed = printed_symbols()
    current: dict[str, int] = {}
    printed: dict[str, int] = {}
    for position, column in enumerate(columns):
        current.setdefault(column, position)
        if column in renamed:
            printed.setdefault(renamed[column], position)
    return np.array([current.get(g, printed.get(g, -1)) for g in genes], dtype=np.intp)


def coverage(columns: Iterable[str], feature_set: str = "all") -> pd.DataFrame:
    """Count how many genes of each list a matrix holds.

    Parameters
    ----------
    columns : iterable of str
        Gene names of the matrix.
    feature_set : str
        Named feature set whose lists are counted.

    Returns
    -------
    DataFrame indexed by list
        Columns ``group``, ``family``, ``genes``, ``found`` and ``missing`` (names, joined).

    Raises
    ------
    FeatureError
        If there is no such set, or it is not made of lists.
    """
    if feature_set == PROTEIN_SET:
        raise FeatureError(
            f"the feature set {feature_set!r} has no lists of genes",
            expected=f"one of {', '.join(FEATURE_SETS)}",
            do="use protein_coverage for plasma proteins",
        )
    groups = FEATURE_SETS[feature_definition(feature_set).name]
    columns = list(columns)
    rows = {}
    for signature in load_catalogue().values():
        if signature.group not in groups:
            continue
        found = locate(columns, signature.genes) >= 0
        missing = [g for g, ok in zip(signature.genes, found, strict=True) if not ok]
        rows[signature.name] = {
            "group": signature.group,
            "family": signature.family,
            "genes": len(signature.genes),
            "found": int(found.sum()),
            "missing": " ".join(missing),
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("list")
