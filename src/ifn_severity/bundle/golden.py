"""Golden samples: simulated expression whose predictions are recomputed at every load.

A model that is read without an error may still compute something else, with another version of
a library or of this package. These samples notice.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from ifn_severity.features.reference import OFFSET, reference_profile

N_SAMPLES = 6
TOLERANCE = 1e-6


def simulate_golden(
    genes: Sequence[str], reference: pd.DataFrame, *, rng: np.random.Generator
) -> pd.DataFrame:
    """Draw expression around the training medians: nobody's data, but within the range.

    Parameters
    ----------
    genes : sequence of str
        The panel.
    reference : DataFrame indexed by feature
        The training distribution; genes that are features of their own follow it, gene by gene
        and independently.
    rng : numpy.random.Generator

    Returns
    -------
    DataFrame of shape (n_genes, 6)
        log2(x+1) of CPM, four decimals; genes in rows, as a file is read best.
    """
    level = rng.normal(6.0, 1.5, size=len(genes))
    spread = np.full(len(genes), 0.5)
    rows = {name: i for i, name in enumerate(reference.index)}
    median, sd = reference["q50"].to_numpy(), reference["sd"].to_numpy()
    for i, gene in enumerate(genes):
        row = rows.get(f"gene:{gene}", rows.get(f"protein:{gene}"))
        if row is not None and np.isfinite(median[row]):
            level[i], spread[i] = median[row], sd[row]
    drawn = level + spread * rng.normal(size=(N_SAMPLES, len(genes)))
    linear = np.maximum(np.exp2(drawn) - OFFSET, 0.0)
    # so that the size factor is near 1 and the levels are those of the training data
    for i, gene in enumerate(genes):
        if gene in reference_profile():
            linear[:, i] = reference_profile()[gene] * np.exp2(0.3 * rng.normal(size=N_SAMPLES))
    samples = [f"simulated {i + 1}" for i in range(N_SAMPLES)]
    index = pd.Index(genes, name="gene")
    return pd.DataFrame(np.log2(linear.T + 1.0).round(4), index=index, columns=samples)


def largest_difference(expected: pd.DataFrame, found: pd.DataFrame) -> float:
    """Compare predictions with the golden ones.

    Parameters
    ----------
    expected, found : DataFrame indexed by sample
        Columns ``log_odds`` and ``probability_severe``.

    Returns
    -------
    float
        Largest difference in probability, or in log-odds relative to their size where that is
        above 1; infinite if the tables do not match at all.
    """
    names = ["log_odds", "probability_severe"]
    if list(expected.index) != list(found.index) or list(expected.columns) != names:
        return float("inf")
    scale = np.maximum(np.abs(expected[names].to_numpy()), 1.0)
    difference = np.abs(expected[names].to_numpy() - found[names].to_numpy()) / scale
    return float("inf") if np.isnan(difference).any() else float(difference.max())
