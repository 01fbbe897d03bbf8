"""Scores of chosen lists alone, from the catalogue or one's own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from ifn_severity.errors import FeatureError
from ifn_severity.features.definition import FeatureDefinition, feature_definition
from ifn_severity.features.reference import reference_genes
from ifn_severity.features.signatures import get_signature

GeneLists = Iterable[str] | Mapping[str, Iterable[str] | Mapping[str, int]]
"""Names of lists in the catalogue, or one's own lists: genes, or genes with +1 or -1."""


def list_definition(lists: GeneLists) -> FeatureDefinition:
    """Return the definition of one score for each of some lists.

    Parameters
    ----------
    lists : iterable of str, or mapping
        Names of lists in the catalogue, of any group; or a mapping from a name to genes, or to
        a mapping from gene to +1 or -1.

    Returns
    -------
    FeatureDefinition
        Its panel is the reference genes and the genes of these lists, no others.

    Raises
    ------
    FeatureError
        If no list is given, one is unknown or empty, is named twice, or a sign is not +1 or -1.

    Examples
    --------
    >>> list_definition(["Rice2013_IFN6"]).features.index.tolist()
    ['score:Rice2013_IFN6']
    >>> list_definition({"mine": {"IFI27": 1, "HLA-DRA": -1}}).genes_of("score:mine")
    ('HLA-DRA', 'IFI27')
    """
    entries: dict[str, tuple[str, str, str, str, int]] = {}
    signs: list[dict[str, int]] = []
    for name in [lists] if isinstance(lists, str) else lists:
        group, family = "own", "own"
        if isinstance(lists, Mapping):
            members = lists[name]
            signed = dict(members) if isinstance(members, Mapping) else dict.fromkeys(members, 1)
        else:
            signature = get_signature(name)
            group, family = signature.group, signature.family
            signed = dict(zip(signature.genes, signature.signs, strict=True))
        _check(name, signed, f"score:{name}" in entries)
        label = f"{name.replace('_', ' ')} (score)"
        entries[f"score:{name}"] = ("score", group, family, label, len(signed))
        signs.append(signed)
    if not signs:
        raise FeatureError(
            "no list to score",
            expected="names of lists in the catalogue, or lists of genes by name",
            do="see `ifn-severity signatures` for the names",
        )
    reference = reference_genes()
    listed = {gene for signed in signs for gene in signed}
    panel = (*reference, *sorted(listed - set(reference)))
    row = {gene: i for i, gene in enumerate(panel)}
    weights = np.zeros((len(panel), len(signs)))
    for j, signed in enumerate(signs):
        for gene, sign in signed.items():
            weights[row[gene], j] = sign
    weights.setflags(write=False)
    columns = ["kind", "group", "family", "label", "n_genes"]
    table = pd.DataFrame.from_dict(entries, orient="index", columns=columns)
    return FeatureDefinition("lists", table.rename_axis("feature"), panel, weights)


def _check(name: str, signed: Mapping[str, int], twice: bool) -> None:
    if twice or not signed:
        raise FeatureError(
            f"list {name} is " + ("given twice" if twice else "empty"),
            expected="each list once, with at least one gene",
            do="leave it out",
        )
    wrong = {sign for sign in signed.values() if sign not in (1, -1)}
    if wrong:
        raise FeatureError(
            f"signs {sorted(wrong)} in list {name}",
            expected="+1 for genes that count upwards, -1 for those that count downwards",
            do="give the genes alone if all of them count upwards",
        )


def definition_of(feature_set: str, lists: GeneLists | None) -> FeatureDefinition:
    """Return the definition of the lists if there are any, else of the named feature set."""
    return feature_definition(feature_set) if lists is None else list_definition(lists)


def score_names(
    feature_set: str = "interferon+cytokine", *, lists: GeneLists | None = None
) -> tuple[str, ...]:
    """Return the names of the columns that ``score_chunks`` yields.

    Parameters
    ----------
    feature_set : str
        Named feature set.
    lists : iterable of str or mapping, optional
        Lists to score in its place, as for ``list_definition``.

    Examples
    --------
    >>> score_names(lists=["Rice2013_IFN6", "Kim2018_IFN28"])
    ('score:Rice2013_IFN6', 'score:Kim2018_IFN28')
    """
    return tuple(str(name) for name in definition_of(feature_set, lists).features.index)
