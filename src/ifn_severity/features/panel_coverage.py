"""Whether a matrix holds enough genes for features to be computed, told from its gene names."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ifn_severity.errors import FeatureError
from ifn_severity.features.checks import check_coverage, genes_needed
from ifn_severity.features.definition import feature_definition, locate
from ifn_severity.features.reference import MIN_REFERENCE_GENES, reference_genes


@dataclass(frozen=True, eq=False)
class PanelCoverage:
    """What a matrix holds of the panel, and whether that is enough.

    Attributes
    ----------
    found, genes, needed : int
        Genes of the panel that are there, all of them, and the fewest that are accepted.
    reference_found, reference_genes, reference_needed : int
        The same of the reference genes, against which every sample is measured.
    reference_missing : tuple of str
        Reference genes that are not there.
    refusal : FeatureError or None
        What the command ``features`` says of such a matrix; None if it accepts it.
    """

    found: int
    genes: int
    needed: int
    reference_found: int
    reference_genes: int
    reference_needed: int
    reference_missing: tuple[str, ...]
    refusal: FeatureError | None

    @property
    def enough(self) -> bool:
        """Whether features can be computed."""
        return self.refusal is None


def panel_coverage(columns: Iterable[str]) -> PanelCoverage:
    """Count the panel's genes among the columns of a matrix, and judge as ``features`` does.

    Parameters
    ----------
    columns : iterable of str
        Gene names of the matrix.

    Returns
    -------
    PanelCoverage
        The verdict is that of :func:`ifn_severity.features.checks.check_coverage`.

    Examples
    --------
    >>> panel_coverage(["VCP", "IFI27"]).enough
    False
    """
    columns = list(columns)
    definition, references = feature_definition("all"), reference_genes()
    found = locate(columns, definition.panel)
    refusal = None
    try:
        check_coverage(found, definition, columns)
    except FeatureError as error:
        refusal = error
    missing = tuple(gene for gene, at in zip(references, found, strict=False) if at < 0)
    return PanelCoverage(
        found=int((found >= 0).sum()),
        genes=len(found),
        needed=genes_needed(len(found)),
        reference_found=len(references) - len(missing),
        reference_genes=len(references),
        reference_needed=MIN_REFERENCE_GENES,
        reference_missing=missing,
        refusal=refusal,
    )
