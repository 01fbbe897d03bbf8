"""Several rows for one gene: one row, by a rule that looks at one sample at a time."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np

from ifn_severity.errors import listed
from ifn_severity.genes.harmonise import Harmonised

if TYPE_CHECKING:
    import pandas as pd

# a row under a gene's own name or identifier is that gene; an earlier name may not be
_RANK = {"current": 0, "ensembl": 0, "entrez": 0, "locus": 1, "previous": 1, "alias": 2, "date": 3}


def collapse(values: pd.DataFrame, names: Harmonised) -> tuple[pd.DataFrame, list[str]]:
    """Give columns their current symbols, one column a gene.

    Where several columns are the same gene, those found in the surest way are kept (current
    symbol or identifier, then previous symbol, then alias, then date), and of these the largest
    value **in each sample**. The common "row with the highest mean" would make a sample's value
    depend on the other samples in the file; the largest value does not, and it commutes
    with a change of unit or scale. Names that no gene is known for stay as they are;
    names that a spreadsheet destroyed are dropped.

    Parameters
    ----------
    values : DataFrame of shape (n_samples, n_names)
        Expression, in any unit.
    names : Harmonised
        ``harmonise(values.columns)``.

    Returns
    -------
    DataFrame of shape (n_samples, n_genes)
        Unique columns, in the order of first appearance.
    list of str
        Sentences on what was merged or dropped.

    Examples
    --------
    >>> import pandas as pd
    >>> from ifn_severity.genes.harmonise import harmonise
    >>> ids = ["ENSG00000187608.10", "ENSG00000187608.9"]
    >>> frame = pd.DataFrame([[1.0, 5.0], [4.0, 2.0]], columns=ids)
    >>> collapse(frame, harmonise(list(frame.columns)))[0]["ISG15"].tolist()
    [5.0, 4.0]
    """
    import pandas as pd

    groups: defaultdict[str, list[int]] = defaultdict(list)
    lost = set(names.excel_dates)
    for position, (name, symbol) in enumerate(zip(values.columns, names.symbols, strict=True)):
        if symbol is not None:
            groups[symbol].append(position)
        elif name not in lost:
            groups[str(name)].append(position)
    merged: dict[str, list[int]] = {}
    beaten: list[str] = []
    for symbol, positions in groups.items():
        if len(positions) > 1:
            ranks = [_RANK.get(names.how[position], 9) for position in positions]
            best = [at for at, rank in zip(positions, ranks, strict=True) if rank == min(ranks)]
            beaten.extend(str(values.columns[at]) for at in positions if at not in best)
            groups[symbol] = best
            if len(best) > 1:
                merged[symbol] = best
    matrix = values.to_numpy(dtype=np.float64)
    result = matrix[:, [positions[0] for positions in groups.values()]]
    for column, symbol in enumerate(groups):
        if symbol in merged:
            result[:, column] = matrix[:, merged[symbol]].max(axis=1)
    notes = []
    if merged:
        notes.append(
            f"Genes with several rows, of which each sample's largest value was taken: "
            f"{listed(list(merged))}."
        )
    if beaten:
        notes.append(
            "Rows under an earlier name, dropped because the gene is also there under its current "
            f"name: {listed(beaten)}."
        )
    return pd.DataFrame(result, index=values.index, columns=list(groups)), notes
