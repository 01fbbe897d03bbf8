"""What the blood cohorts say of single genes, for the reports of models."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pandas as pd

from ifn_severity.cohorts import get_card, load_cohort
from ifn_severity.cohorts.store import is_kept
from ifn_severity.evidence.genes import gene_evidence
from ifn_severity.workflows.dataset import against_references
from ifn_severity.workflows.validate import validation_cohorts


def blood_gene_evidence(
    genes: Iterable[str], *, references: Sequence[str] | None = None
) -> pd.DataFrame:
    """Compare genes between severe and milder patients over the published blood cohorts on disk.

    Nothing is downloaded for it: a report of a model must neither wait for nor fail on a cohort
    that stands beside it.

    Parameters
    ----------
    genes : iterable of str
        Current symbols.
    references : sequence of str, optional
        Reference genes that the model measures against; all eleven when left out.

    Returns
    -------
    DataFrame indexed by gene
        As :func:`ifn_severity.evidence.genes.gene_evidence`; ``n_cohorts`` counts only cohorts
        on disk.
    """
    tables = {}
    for name in validation_cohorts():
        if is_kept(get_card(name)):
            adata = load_cohort(name)
            tables[name] = (against_references(adata.to_df(), references), adata.obs)
    return gene_evidence(tables, genes)
