"""What is refused before features are computed, and what is warned of afterwards."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence

import numpy as np

from ifn_severity.cohorts.unit import NATURAL
from ifn_severity.errors import FeatureError, nearest
from ifn_severity.features.definition import FeatureDefinition
from ifn_severity.features.reference import MIN_REFERENCE_GENES, reference_genes

UNITS = (*NATURAL, "linear")
"""``log2(x+1)``, ``ln(x+1)``, ``log10(x+1)`` or ``x``, where x is proportional to abundance."""
MIN_PANEL_COVERAGE = 0.5
"""Least fraction of the panel that features are computed with, unless a caller asks for less."""


def check_unit(unit: str) -> str:
    """Return the unit, if it is one.

    Parameters
    ----------
    unit : str

    Returns
    -------
    str

    Raises
    ------
    FeatureError
        If no such unit is known.
    """
    if unit not in UNITS:
        raise FeatureError(
            f"no unit is called {unit!r}",
            expected=f"one of {', '.join(UNITS)}",
            do=nearest(str(unit), UNITS),
        )
    return unit


def refuse_values(values: np.ndarray, first_row: int) -> None:
    """Refuse values that no measurement can have.

    Parameters
    ----------
    values : ndarray of shape (n_samples, n_genes)
        Columns of genes of the panel.
    first_row : int
        Number of the first row, for the message.

    Raises
    ------
    FeatureError
        If a value is negative, NaN or infinite.
    """
    if not values.size:
        return
    # NaN passes through min, so two reductions find all that is wrong
    least, most = values.min(), values.max()
    if least >= 0 and np.isfinite(most):
        return
    if np.isnan(least) or not np.isfinite(most):
        raise FeatureError(
            "Input X contains NaN or infinity in genes of the panel (sample in row "
            f"{first_row + int(np.flatnonzero(~np.isfinite(values).all(axis=1))[0])})",
            expected="a number for every gene",
            do="leave out genes that were not measured, or fill in what you hold to be right",
        )
    rows = np.flatnonzero((values < 0).any(axis=1))
    raise FeatureError(
        f"Negative values in data, in genes of the panel: {len(rows)} of {len(values)} samples "
        f"(first: row {first_row + int(rows[0])})",
        expected="counts, CPM, TPM, or their logarithm log(x+1), none of which is negative",
        do="give the matrix before any centring or z-scoring",
    )


def genes_needed(n_panel: int, min_coverage: float = MIN_PANEL_COVERAGE) -> int:
    """Return how many genes of a panel must be present, at least one.

    Parameters
    ----------
    n_panel : int
    min_coverage : float
        Least fraction of the panel.

    Examples
    --------
    >>> genes_needed(17), genes_needed(17, 0.0)
    (9, 1)
    """
    return max(math.ceil(min_coverage * n_panel), 1)


def check_coverage(
    found: np.ndarray,
    definition: FeatureDefinition,
    names: Sequence[str],
    min_coverage: float = MIN_PANEL_COVERAGE,
    min_reference: int = MIN_REFERENCE_GENES,
) -> None:
    """Refuse a matrix that holds too few genes of the panel.

    This is the one rule of every command and of the Python interface.

    Parameters
    ----------
    found : ndarray of int, shape (n_panel,)
        Column of each gene of the panel, -1 where it is absent.
    definition : FeatureDefinition
        Its panel begins with the reference genes.
    names : sequence of str
        Names of the matrix's columns.
    min_coverage : float
        Least fraction of the panel's genes that must be present.
    min_reference : int
        Fewest reference genes that must be present, at least 1.

    Raises
    ------
    FeatureError
        If there are fewer.
    """
    n_found = int((found >= 0).sum())
    needed = genes_needed(len(found), min_coverage)
    if n_found < needed:
        raise FeatureError(
            f"{n_found} of the {len(definition.panel)} panel genes are in the matrix, whose "
            f"columns look like {', '.join(str(name) for name in names[:4])}",
            expected=f"at least {needed} of them, as HGNC symbols such as "
            f"{', '.join(definition.panel[:3])}",
            do="give the whole matrix, genes in columns; if it is whole, check that its genes are "
            "named by symbols (on a file, ifn-severity features translates other identifiers)",
        )
    reference = reference_genes()
    n_reference = int((found[: len(reference)] >= 0).sum())
    if n_reference < max(min_reference, 1):
        raise FeatureError(
            f"{n_reference} of the {len(reference)} reference genes are in the matrix",
            expected=f"at least {max(min_reference, 1)} of {', '.join(reference)}",
            do="give the whole matrix, not only genes of interest: each sample is measured "
            "against these genes",
        )


def warn_of_empty_lists(names: Sequence[str], *, stacklevel: int = 3) -> None:
    """Warn of scores that cannot be computed, by name.

    Parameters
    ----------
    names : sequence of str
        Scores without any gene; nothing is said if there are none.
    stacklevel : int
        As for ``warnings.warn``.
    """
    if names:
        warnings.warn(
            f"no gene of {', '.join(names)} is present: these scores are NA",
            UserWarning,
            stacklevel=stacklevel,
        )


def warn_of_silent_samples(
    n_silent: int, n_samples: int, first: int, *, stacklevel: int = 3
) -> None:
    """Warn of samples that express no reference gene.

    Parameters
    ----------
    n_silent, n_samples : int
        How many there are, of how many; nothing is said if there are none.
    first : int
        Row of the first.
    stacklevel : int
        As for ``warnings.warn``.
    """
    if n_silent:
        warnings.warn(
            f"{n_silent} of {n_samples} samples express no reference gene (first: row {first}): "
            "their features are NA",
            UserWarning,
            stacklevel=stacklevel,
        )
