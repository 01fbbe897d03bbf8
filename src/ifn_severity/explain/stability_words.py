"""One sentence on whether a ranking would come out the same again, for terminal and page alike."""

from __future__ import annotations

import math

from ifn_severity.explain.ranking import FEWEST_DRAWS, FEWEST_GENES, STABLE, TOP
from ifn_severity.explain.result import Stability

ONE_ORDER = "read the order of genes as one possible order"


def stability_words(stability: Stability, n_genes: int) -> str:
    """Say whether the ranking of interferon genes would come out the same again.

    Parameters
    ----------
    stability : Stability
        What refits showed.
    n_genes : int
        Interferon genes that are ranked.

    Examples
    --------
    >>> nan = math.nan
    >>> stability_words(Stability(40, nan, nan, nan, None), 1)
    'There is one interferon gene, so there is no ranking that could be stable or not.'
    >>> print(stability_words(Stability(8, nan, nan, nan, None), 30))
    8 refits are too few to say whether this ranking is stable (at least 20 are needed, --refits): \
read the order of genes as one possible order.
    """
    if n_genes < 2:
        some = "There is one interferon gene" if n_genes else "There is no interferon gene"
        return f"{some}, so there is no ranking that could be stable or not."
    if not stability.refits:
        return (
            "No refits were run (--refits), so how stable this ranking is remains unknown: "
            f"{ONE_ORDER}."
        )
    if stability.refits < FEWEST_DRAWS:
        return (
            f"{stability.refits} refits are too few to say whether this ranking is stable (at "
            f"least {FEWEST_DRAWS} are needed, --refits): {ONE_ORDER}."
        )
    if n_genes < FEWEST_GENES or stability.stable is None:
        return (
            f"{n_genes} interferon genes are too few to say whether their ranking is stable: "
            f"{ONE_ORDER}."
        )
    ranked = f"{n_genes}" if n_genes < TOP else "ten leading"
    verdict = (
        f"The ranking of the {ranked} interferon genes is stable"
        if stability.stable
        else f"The ranking of the {ranked} interferon genes is NOT stable: do not read the order "
        "of genes as a finding"
    )
    kept = "–" if math.isnan(stability.overlap) else f"{stability.overlap:.1f}"
    return (
        f"{verdict}. Between two random halves of {stability.refits} refits Spearman's ρ of the "
        f"ranks is {_signed(stability.split_half)} (at least {STABLE:.1f} is called stable). "
        f"Between two single refits it is {_signed(stability.between_draws)}"
        + (f", and one refit keeps {kept} of the ten" if n_genes > TOP else "")
        + ": so much would another sample of patients of this size change it."
    )


def _signed(rho: float) -> str:
    return f"{rho:.2f}".replace("-", "−")
