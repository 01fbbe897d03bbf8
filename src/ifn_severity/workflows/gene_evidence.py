"""What the blood cohorts say of single genes, for the reports of models."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from ifn_severity.cohorts import get_card, load_cohort
from ifn_severity.errors import FetchError
from ifn_severity.evidence.genes import gene_evidence
from ifn_severity.workflows.validate import validation_cohorts


def blood_gene_evidence(genes: Iterable[str], *, without: Iterable[str] = ()) -> pd.DataFrame:
    """Compare genes between severe and milder patients over the published blood cohorts.

    Parameters
    ----------
    genes : iterable of str
        Current symbols.
    without : iterable of str
        Cohorts to leave out, such as those that a model was trained on.

    Returns
    -------
    DataFrame indexed by gene
        As :func:`ifn_severity.evidence.genes.gene_evidence`; ``n_cohorts`` counts only cohorts
        whose files could be had.
    """
    left_out = set(without)
    tables = {}
    for name in validation_cohorts():
        if name in left_out or not get_card(name).exercised:
            continue
        try:
            adata = load_cohort(name)
        except FetchError:
            # a report of a model must not fail because a cohort beside it is not on disk
            continue
        tables[name] = (adata.to_df(), adata.obs)
    return gene_evidence(tables, genes)
