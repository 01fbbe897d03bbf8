"""Genes of a group of lists that other lists hold too, so that leaving the group out keeps them."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from ifn_severity.features import feature_definition, load_catalogue

_NAMED = 3


def shared_genes(group: str) -> dict[str, Any]:
    """Count the genes on a group's lists that the features of the other groups still hold.

    Parameters
    ----------
    group : {"interferon", "cytokine"}

    Returns
    -------
    dict
        ``n_genes`` on lists of the group, ``n_left`` of them in features of the set ``all`` when
        the group is left out, ``n_single`` of those as features of their own; ``single`` and
        ``within_scores`` name a few, those on most lists of the group first.

    Examples
    --------
    >>> found = shared_genes("interferon")
    >>> 0 < found["n_single"] < found["n_left"] < found["n_genes"]
    True
    """
    lists = [s.genes for s in load_catalogue().values() if s.group == group]
    often = Counter(gene for genes in lists for gene in genes)
    definition = feature_definition("all")
    others = (definition.features["group"] != group).to_numpy()
    held = set(np.array(definition.panel)[(definition.weights[:, others] != 0).any(axis=1)])
    alone = set(definition.features.index[others])
    left = sorted((gene for gene in often if gene in held), key=lambda gene: (-often[gene], gene))
    single = [gene for gene in left if f"gene:{gene}" in alone]
    within = [gene for gene in left if f"gene:{gene}" not in alone]
    return {
        "n_genes": len(often),
        "n_left": len(left),
        "n_single": len(single),
        "single": single[:_NAMED],
        "within_scores": within[:_NAMED],
    }
