"""From features to genes: attributions of scores are carried on to the genes they are made of.

Every feature is linear in the log2 relative expression of its genes (x = Σ c L), so what a
feature deviates from usual is a sum over genes, t = c (L - usual), and each gene's part of that
sum is its part of the feature's attribution. For a linear model that is exact: it is the
attribution of the model seen as a function of genes. For trees it is the Aumann-Shapley value
of the genes within the feature, along the straight line from the usual sample to this one
(Sun & Najmi 2020, arXiv:1908.08474), with TreeSHAP deciding what the feature gets. Where a
score has hardly moved because its genes cancel, parts of the sum are meaningless and its genes
share alike. In each case the sum over genes is the sum over features.
"""

from __future__ import annotations

import numpy as np
from sklearn.linear_model import LogisticRegression

from ifn_severity.classify import SeverityClassifier
from ifn_severity.classify.transfer import cohort_weights, usable_cohorts
from ifn_severity.explain.samples import Samples

CANCEL = 5.0
"""Largest ratio of the absolute to the net deviation of a score that is split by parts."""
BLOCK = 512
"""Samples at a time: what is needed in between stays small and in the cache."""

LINEAR_RULE = (
    "Scores are means of log2 relative expression, so this linear model is a linear function of "
    "genes: a gene's attribution is its total coefficient, through its own feature and every "
    "score that holds it, times its deviation from usual. No gene is counted twice."
)
TREE_RULE = (
    "TreeSHAP gives each feature its attribution; that of a score goes to its genes in proportion "
    "to their parts of the score's deviation from usual (Aumann-Shapley within the score), or in "
    f"equal parts where absolute parts add up to over {CANCEL:g} times the deviation. A gene's own "
    "feature and its parts of scores are added up. No gene is counted twice."
)


def linear_weights(classifier: SeverityClassifier) -> np.ndarray | None:
    """Return calibrated log-odds per unit of each feature, or None for trees.

    Parameters
    ----------
    classifier : SeverityClassifier
        Fitted.

    Returns
    -------
    ndarray of shape (n_features,) or None
    """
    estimator = classifier.pipeline_[-1]
    if not isinstance(estimator, LogisticRegression):
        return None
    slope, _ = classifier.calibration_
    scale = np.asarray(classifier.pipeline_["scale"].scale_, dtype=float)
    return np.asarray(slope * estimator.coef_[0] / scale)


def allocation_rule(classifier: SeverityClassifier) -> str:
    """Return the sentence that says how scores are carried on to genes."""
    return TREE_RULE if linear_weights(classifier) is None else LINEAR_RULE


def usual_levels(samples: Samples, rows: np.ndarray, model: str) -> np.ndarray:
    """Return the usual level of each gene in training samples.

    The mean, as the model takes it of its features: over samples, or for ``transfer`` the mean
    over cohorts of the midpoint between classes.

    Parameters
    ----------
    samples : Samples
    rows : ndarray of int
        Training samples.
    model : str
        Kind of model.

    Returns
    -------
    ndarray of shape (n_panel,)
        NaN for genes that no training cohort measures.
    """
    y, patients, cohorts = samples.y[rows], samples.patients[rows], samples.cohorts[rows]
    levels = samples.levels[rows]
    if model != "transfer":
        return known_mean(levels, np.ones(len(rows)))
    used = usable_cohorts(y, patients, cohorts)
    if not used.any():
        return known_mean(levels, cohort_weights(y, patients, np.zeros(len(y), dtype=int)))
    centres = []
    for name in np.unique(cohorts[used]):
        here = cohorts == name
        weights = cohort_weights(y[here], patients[here], cohorts[here])
        centres.append(known_mean(levels[here], weights))
    return known_mean(np.array(centres), np.ones(len(centres)))


def known_mean(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the weighted mean of each column over its known values, NaN where there are none."""
    known = np.isfinite(values)
    total = weights @ known
    return np.divide(
        weights @ np.where(known, values, 0.0),
        total,
        out=np.full(values.shape[1], np.nan),
        where=total > 0,
    )


def gene_weights(
    classifier: SeverityClassifier, samples: Samples, cohort: str
) -> np.ndarray | None:
    """Return the linear model's log-odds per log2 unit of each gene, or None for trees.

    Parameters
    ----------
    classifier : SeverityClassifier
    samples : Samples
    cohort : str
        Whose genes count: a score is a mean over the genes that were measured.

    Returns
    -------
    ndarray of shape (n_panel,) or None
    """
    weights = linear_weights(classifier)
    return None if weights is None else samples.coefficients(cohort)[0] @ weights


def carry_to_genes(
    classifier: SeverityClassifier,
    samples: Samples,
    rows: np.ndarray,
    values: np.ndarray,
    usual: np.ndarray,
) -> np.ndarray:
    """Carry attributions of features on to genes; each sample's sum stays what it is.

    Parameters
    ----------
    classifier : SeverityClassifier
        Fitted: whose attributions these are.
    samples : Samples
    rows : ndarray of int, shape (n_rows,)
    values : ndarray of shape (n_rows, n_features)
        Attributions of the features in these rows.
    usual : ndarray of shape (n_panel,)
        Usual level of each gene. Where it is NaN, the model's own mean of the gene's feature. Of
        genes of scores alone nothing usual is known then: what a score deviates for them is
        shared by list weights among all its genes. No sample's values depend on another sample.

    Returns
    -------
    ndarray of shape (n_rows, n_panel)
    """
    mean = np.asarray(classifier.pipeline_["scale"].mean_, dtype=float)
    weights = linear_weights(classifier)
    usual = np.where(np.isfinite(usual), usual, _own_means(samples, mean))
    result = np.zeros((len(rows), len(samples.genes)))
    for cohort, of_cohort in samples.blocks(rows):
        coefficients, absent = samples.coefficients(cohort)
        unknown = np.isnan(usual) & (coefficients != 0).any(axis=1)
        size = np.abs(coefficients)
        total = np.maximum(size.sum(axis=0), 1e-300)
        lists = np.abs(samples.definition.weights[:, absent])
        lists /= lists.sum(axis=0)
        of_genes = None if weights is None else coefficients @ weights
        split = None if weights is not None else _ScoreSplit(coefficients, values)
        centre = np.nan_to_num(usual)[None]
        # what the genes' usual levels leave unexplained of the feature's usual value
        rest = np.where(absent, 0.0, mean - centre @ coefficients)
        for start in range(0, len(of_cohort), BLOCK):
            at = of_cohort[start : start + BLOCK]
            levels = samples.filled(rows[at])
            if unknown.any():
                # a gene of which nothing usual is known does not deviate from it
                centre = np.where(unknown, levels, np.nan_to_num(usual))
                rest = np.where(absent, 0.0, mean - centre @ coefficients)
            levels -= centre
            if split is not None:
                result[at] = split.shared_out(values[at], levels, rest)
            elif weights is not None:
                # weights of absent features meet coefficients of 0
                result[at] = levels * of_genes - (weights * rest / total) @ size.T
            if absent.any():
                result[at] += values[np.ix_(at, absent)] @ lists.T
    return result


def _own_means(samples: Samples, mean: np.ndarray) -> np.ndarray:
    """Return the model's mean of each gene's own feature, NaN for genes without one."""
    definition = samples.definition
    own = np.flatnonzero((definition.features["kind"] == "gene").to_numpy())
    result = np.full(len(samples.genes), np.nan)
    result[np.abs(definition.weights[:, own]).argmax(axis=0)] = mean[own]
    return result


class _ScoreSplit:
    """How trees' attributions of one cohort's features are shared out among genes.

    Parameters
    ----------
    coefficients : ndarray of shape (n_panel, n_features)
        How features are made of genes.
    values : ndarray of shape (n_samples, n_features)
        Attributions; a feature that has none in any sample takes no work.
    """

    def __init__(self, coefficients: np.ndarray, values: np.ndarray) -> None:
        n_genes = (coefficients != 0).sum(axis=0)
        used = (n_genes > 0) & (values != 0).any(axis=0)
        self.n_panel = len(coefficients)
        self.alone = np.flatnonzero(used & (n_genes == 1))
        self.alone_genes = np.abs(coefficients[:, self.alone]).argmax(axis=0)
        self.scores = np.flatnonzero(used & (n_genes > 1))
        self.genes = np.flatnonzero((coefficients[:, self.scores] != 0).any(axis=1))
        self.own = coefficients[np.ix_(self.genes, self.scores)]
        self.size = np.abs(self.own)
        self.total = self.size.sum(axis=0)

    def shared_out(self, values: np.ndarray, deviation: np.ndarray, rest: np.ndarray) -> np.ndarray:
        """Split each feature's attribution by its genes' parts of its deviation.

        Parameters
        ----------
        values : ndarray of shape (n_rows, n_features)
        deviation : ndarray of shape (n_rows, n_panel)
            Of each gene from its usual level.
        rest : ndarray of shape (n_rows or 1, n_features)
            Of a feature's usual value, what its genes' usual levels leave unexplained: shared by
            coefficients, and a part of its own when parts are held against the deviation.

        Returns
        -------
        ndarray of shape (n_rows, n_panel)
        """
        result = np.zeros((len(values), self.n_panel))
        phi, rest = values[:, self.scores], rest[:, self.scores]
        moved = deviation[:, self.genes]
        net = moved @ self.own - rest
        gross = np.abs(moved) @ self.size + np.abs(rest)
        by_parts = (np.abs(net) * CANCEL >= gross) & (net != 0)
        slope = np.where(by_parts, phi, 0.0) / np.where(by_parts, net, 1.0)
        even = (np.where(by_parts, 0.0, phi) - slope * rest) / self.total
        result[:, self.genes] = moved * (slope @ self.own.T) + even @ self.size.T
        for feature, gene in zip(self.alone, self.alone_genes, strict=True):
            result[:, gene] += values[:, feature]
        return result
