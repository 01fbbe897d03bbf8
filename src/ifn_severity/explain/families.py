"""Which family a gene belongs to: one each, so that no gene is counted twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache

import pandas as pd

from ifn_severity.features import feature_definition
from ifn_severity.features.signatures import Signature, load_catalogue

INTERFERON = "interferon"
OTHER = "other"
# lists of genes that went together in blood, not of genes that interferon was seen to induce
_MODULES = ("BTM_", "BloodGen3_", "Chaussabel_", "SCAHN_")

_FAMILY: dict[tuple[str, str], str] = {
    ("interferon", "type I"): "type I",
    ("interferon", "ISG effectors"): "type I",
    ("interferon", "type II"): "type II",
    ("interferon", "type I and II"): "type I or II",
    ("interferon", "type III"): "receptors and ISGF3",
    ("interferon", "receptors and ISGF3"): "receptors and ISGF3",
    ("interferon", "negative regulators"): "negative regulators",
    ("interferon", "regulation of signalling"): "negative regulators",
    ("interferon", "interferon genes"): "interferon genes and sensors",
    ("interferon", "pathogen sensors"): "interferon genes and sensors",
    ("cytokine", "chemokines"): "chemokines",
    ("cytokine", "chemokine receptors"): "chemokines",
    ("cytokine", "TNF/NF-kB"): "TNF and NF-kB",
    ("cytokine", "TNF superfamily"): "TNF and NF-kB",
    ("cytokine", "TNF receptor superfamily"): "TNF and NF-kB",
    ("inflammation", "TNF/NF-kB"): "TNF and NF-kB",
    ("cytokine", "IL-6/JAK/STAT3"): "IL-6 and STAT3",
    ("cytokine", "negative regulators"): "IL-6 and STAT3",
    ("cytokine", "IL-1/inflammasome"): "IL-1 and inflammasome",
    ("inflammation", "IL-1/inflammasome"): "IL-1 and inflammasome",
}
# families of a group that are not told apart
_WHOLE = {
    "interferon": "type I or II",
    "cytokine": "cytokines and receptors",
    "inflammation": "inflammation",
    "myeloid": "myeloid",
    "composition": "composition",
}


def family_of(group: str, family: str) -> str:
    """Return the family of the explanation that a family of the catalogue belongs to.

    Examples
    --------
    >>> family_of("interferon", "ISG effectors"), family_of("myeloid", "neutrophils")
    ('type I', 'myeloid')
    """
    return _FAMILY.get((group, family), _WHOLE.get(group, OTHER))


def _answers_to_interferon(names: Sequence[str], catalogue: Mapping[str, Signature]) -> bool:
    """Whether interferon lists that hold a gene are reason enough to call it an interferon gene.

    Modules are made of genes that went together in blood: ANXA3, ELANE and FCER1A are in one of
    them and mark neutrophils and dendritic cells.
    """
    interferon = [name for name in names if catalogue[name].group == INTERFERON]
    modules = [name for name in interferon if name.startswith(_MODULES)]
    return len(modules) < len(interferon) or len(modules) != 1


def _elsewhere(names: Sequence[str], catalogue: Mapping[str, Signature]) -> list[str]:
    return [name for name in names if catalogue[name].group != INTERFERON]


@cache
def _gene_families() -> pd.DataFrame:
    catalogue = load_catalogue()
    owners: dict[str, tuple[str, str]] = {}
    features = feature_definition("all").features
    own = features[features["kind"] == "gene"]
    for gene, group, family in zip(own["label"], own["group"], own["family"], strict=True):
        owners[str(gene)] = (str(group), str(family))
    lists: dict[str, list[str]] = {}
    for signature in catalogue.values():
        if signature.group in _WHOLE:
            for gene in signature.genes:
                lists.setdefault(gene, []).append(signature.name)
    for gene, names in lists.items():
        trusted = (
            names if _answers_to_interferon(names, catalogue) else _elsewhere(names, catalogue)
        )
        if not trusted:
            owners[gene] = (OTHER, OTHER)
        elif gene not in owners or len(trusted) < len(names):
            # sorted is stable, so the catalogue's order decides between lists of one length
            shortest = sorted((catalogue[name] for name in trusted), key=lambda s: len(s.genes))
            counts = Counter(signature.group for signature in shortest)
            most = max(counts.values())
            first = next(s for s in shortest if counts[s.group] == most)
            owners[gene] = (first.group, first.family)
    genes = sorted(lists)
    return pd.DataFrame(
        {
            "group": [owners[gene][0] for gene in genes],
            "family": [family_of(*owners[gene]) for gene in genes],
            "interferon": [owners[gene][0] == INTERFERON for gene in genes],
            "n_lists": [len(lists[gene]) for gene in genes],
            "lists": [" ".join(lists[gene]) for gene in genes],
        },
        index=pd.Index(genes, name="gene"),
    )


def gene_families() -> pd.DataFrame:
    """Return the family of every gene that is in a list.

    A gene of one co-expression module of interferon, and of no other interferon list, is no
    interferon gene: its other lists say what it is. Else a gene belongs to the list that takes
    it to gene level. A gene that is no feature of its own
    belongs to the group that most of its lists are of, and there to the shortest list, the most
    specific one; between equal groups the shortest list decides. It has this one family whatever
    model is explained.

    Returns
    -------
    DataFrame indexed by gene
        ``group``, ``family``, ``interferon`` (bool), ``n_lists`` and ``lists`` (names, joined).

    Examples
    --------
    >>> families = gene_families()
    >>> families.loc[["IFI27", "IFNAR1", "CXCL10", "IL6", "ELANE"], "family"].tolist()
    ['type I', 'receptors and ISGF3', 'chemokines', 'cytokines and receptors', 'myeloid']
    """
    return _gene_families().copy()
