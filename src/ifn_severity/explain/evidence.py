"""SHAP beside evidence that owes it nothing: own effect, permutation, linear coefficient."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from ifn_severity.classify import SeverityClassifier
from ifn_severity.evaluate import auroc
from ifn_severity.explain.carry import gene_weights
from ifn_severity.explain.held_out import Design
from ifn_severity.explain.ranking import interval
from ifn_severity.explain.samples import Samples
from ifn_severity.explain.shap_values import log_odds
from ifn_severity.explain.univariate import OWN

SHUFFLES = 20
LEADING = 20
"""Interferon genes that are looked at."""
OWN_COEFFICIENT = "this model"
"""Whose coefficient it is where the explained model is linear: no witness beside its SHAP."""


def permutation_importance(
    samples: Samples,
    design: Design,
    classifiers: Sequence[SeverityClassifier],
    genes: np.ndarray,
    *,
    shuffles: int = SHUFFLES,
    seed: int = 0,
    on_step: Callable[[str], None] = lambda _: None,
) -> np.ndarray:
    """Return the loss of held-out AUROC when a gene is shuffled between samples of a cohort.

    The gene changes wherever it stands: its own feature and every score that holds it. Genes
    that stand in for each other cover for one another, so a small loss does not say that a gene
    is unimportant (Strobl 2008, doi:10.1186/1471-2105-9-307).

    Parameters
    ----------
    samples : Samples
    design : Design
    classifiers : sequence of SeverityClassifier
        One a part of the design.
    genes : ndarray of int
        Positions in the panel.
    shuffles, seed : int
    on_step : callable
        Called once a gene.

    Returns
    -------
    ndarray of shape (shuffles, n_genes)
        Mean over cohorts with both classes; 0 for genes that no cohort measures.
    """
    rng = np.random.default_rng(seed)
    usable = [
        (cohort, design.rows[at])
        for cohort, at in samples.blocks(design.rows)
        if np.ptp(samples.y[design.rows[at]]) > 0
    ]
    if not usable:
        return np.full((shuffles, len(genes)), np.nan)
    losses = np.zeros((shuffles, len(genes)))
    whole = _Margins(samples, design, classifiers)
    for column, gene in enumerate(genes):
        for cohort, rows in usable:
            level = samples.levels[rows, gene]
            if not np.isfinite(level).all():
                continue
            moved = rng.permuted(np.tile(level, (shuffles, 1)), axis=1) - level
            y, usual = samples.y[rows], auroc(samples.y[rows], whole.usual[rows])[0]
            new = whole.after(cohort, rows, int(gene), moved)
            losses[:, column] += [(usual - auroc(y, one)[0]) / len(usable) for one in new]
        on_step("permutation importance")
    return losses


class _Margins:
    """Held-out log-odds, as they are and after a gene has changed."""

    def __init__(
        self, samples: Samples, design: Design, classifiers: Sequence[SeverityClassifier]
    ) -> None:
        self.samples = samples
        self.parts = list(zip(design.parts, classifiers, strict=True))
        self.usual = np.full(len(samples.obs), np.nan)
        for part, classifier in self.parts:
            features = samples.features.iloc[part.test]
            self.usual[part.test] = log_odds(classifier, features)

    def after(self, cohort: str, rows: np.ndarray, gene: int, moved: np.ndarray) -> np.ndarray:
        """Return log-odds, shape (n_shuffles, n_rows), after a gene moved by so much."""
        coefficients, _ = self.samples.coefficients(cohort)
        touched = np.flatnonzero(coefficients[gene])
        found = np.full(moved.shape, np.nan)
        for part, classifier in self.parts:
            mine = np.flatnonzero(np.isin(rows, part.test))
            if not len(mine):
                continue
            weights = gene_weights(classifier, self.samples, cohort)
            if weights is not None:
                found[:, mine] = self.usual[rows[mine]] + weights[gene] * moved[:, mine]
                continue
            X = np.tile(self.samples.matrix[rows[mine]], (len(moved), 1))
            X[:, touched] += moved[:, mine].reshape(-1, 1) * coefficients[gene, touched]
            frame = pd.DataFrame(X, columns=self.samples.features.columns)
            found[:, mine] = log_odds(classifier, frame).reshape(len(moved), -1)
        return found


def evidence_table(
    ranking: pd.DataFrame,
    own: pd.DataFrame,
    losses: np.ndarray,
    coefficient: np.ndarray,
    coefficient_of: str,
    review: dict[str, str],
) -> pd.DataFrame:
    """Put SHAP beside everything else, and say whether they agree.

    Parameters
    ----------
    ranking : DataFrame indexed by gene
        The leading interferon genes: ``mean_abs_shap`` and ``sign``.
    own : DataFrame indexed alike
        Pooled ``OWN``.
    losses : ndarray of shape (n_shuffles, n_genes)
    coefficient : ndarray of shape (n_genes,)
        Log-odds per log2 unit of a linear model.
    coefficient_of : str
        Which linear model.
    review : dict of str to str
        The review's evidence by gene.

    Returns
    -------
    DataFrame indexed by gene
        As ``Explained.evidence``.
    """
    table = ranking[["mean_abs_shap", "sign"]].join(own[list(OWN)])
    table["permutation_importance"] = losses.mean(axis=0)
    table["permutation_low"], table["permutation_high"] = interval(losses)
    table["coefficient"], table["coefficient_of"] = coefficient, coefficient_of
    said = [agreement(str(gene), row) for gene, row in table.iterrows()]
    table["agrees"] = [agrees for agrees, _ in said]
    table["agreement"] = [words for _, words in said]
    table["review"] = [review.get(str(gene), "") for gene in table.index]
    return table


def agreement(gene: str, row: pd.Series) -> tuple[bool, str]:
    """Say whether SHAP, the gene's own effect and the linear coefficient point the same way.

    The coefficient counts where it is that of another model: a linear model's own coefficient
    has the sign of its SHAP slope and says nothing new.

    Parameters
    ----------
    gene : str
    row : Series
        ``sign``, ``auroc`` with its interval, ``coefficient`` and ``coefficient_of``.

    Returns
    -------
    agrees : bool
    words : str

    Examples
    --------
    >>> row = pd.Series({"sign": -1, "auroc": 0.6, "auroc_low": 0.52, "auroc_high": 0.68,
    ...     "log2_fold_change": 0.3, "coefficient": -0.1, "coefficient_of": "this model"})
    >>> agreement("IFI27", row)[0]
    False
    """
    sign = int(row["sign"])
    auroc_known = bool(np.isfinite(row["auroc"]))
    alone = int(np.sign(row["auroc"] - 0.5)) if auroc_known else 0
    other = row["coefficient_of"] != OWN_COEFFICIENT and np.isfinite(row["coefficient"])
    linear = int(np.sign(row["coefficient"])) if other else 0
    sure = auroc_known and (row["auroc_low"] > 0.5 or row["auroc_high"] < 0.5)
    way = {1: "higher", -1: "lower", 0: "the same"}
    if sign == 0:
        return False, f"the model gives {gene} no direction"
    if not auroc_known:
        return False, f"{gene} cannot be compared between classes here"
    by_itself = (
        f"by itself it is {way[alone]} in severe disease (AUROC {row['auroc']:.2f}, by samples)"
    )
    if not sure:
        by_itself += ", not surely"
    agrees = alone == sign and linear in (sign, 0)
    if agrees and sure:
        return True, f"all point one way: {way[sign]} goes with severe disease; {by_itself}"
    if agrees:
        return True, f"the model takes {way[sign]} expression as severe; {by_itself}"
    against = [] if alone == sign else [by_itself]
    if linear not in (sign, 0):
        against.append(f"the linear coefficient says {way[linear]}")
    words = f"the model takes {way[sign]} expression as severe, but {' and '.join(against)}"
    return False, words
