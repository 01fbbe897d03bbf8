"""Published severity scores, each in its published direction, to judge our models beside.

A comparator is never turned round to fit a cohort. Every sample is scored from itself alone;
a list is left out on the cohort that it was derived from.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from ifn_severity.errors import FeatureError, nearest
from ifn_severity.features import get_signature

MODES = ("published", "ranks")
# Chosen without looking at any outcome; the coverage itself is reported beside every score.
MIN_COVERAGE = 1 / 3


@dataclass(frozen=True)
class Comparator:
    """A published score.

    Attributes
    ----------
    name, label, citation : str
        Key, name in tables, and the paper.
    direction : str
        What the paper says of severe disease, in words.
    up, down : tuple of tuple of str
        Modules of genes that enter with plus and with minus, as current HGNC symbols.
    formula : {"ratio", "difference", ""}
        How the paper combines geometric means of modules; empty where no published formula
        scores one sample alone.
    down_weight : float
        Factor of the down modules in a published difference.
    derived_from : tuple of str
        Cohorts on which the list was derived: it is left out there.
    caveat : str
        What a reader of the table has to know.
    """

    name: str
    label: str
    citation: str
    direction: str
    up: tuple[tuple[str, ...], ...]
    down: tuple[tuple[str, ...], ...] = ()
    formula: str = ""
    down_weight: float = 1.0
    derived_from: tuple[str, ...] = ()
    caveat: str = ""

    @property
    def genes(self) -> tuple[str, ...]:
        """Every gene of the score."""
        return tuple(dict.fromkeys(gene for module in (*self.up, *self.down) for gene in module))


@dataclass(frozen=True, eq=False)
class ComparatorScores:
    """Scores of one cohort, higher meaning more severe in the published direction.

    Attributes
    ----------
    scores : DataFrame of shape (n_samples, n_comparators)
        NaN columns are explained in ``reasons``.
    coverage : Series indexed by comparator
        Share of a score's genes that the matrix holds.
    scoring : dict of str to str
        ``"published"`` or ``"ranks"``: how each comparator was scored.
    reasons : dict of str to str
        Why a comparator has no score here.
    """

    scores: pd.DataFrame
    coverage: pd.Series[float]
    scoring: dict[str, str]
    reasons: dict[str, str]


def _genes(name: str, sign: int = 1) -> tuple[str, ...]:
    signature = get_signature(name)
    both = signature.direction == "both"
    pairs = zip(signature.genes, signature.signs, strict=True)
    return tuple(gene for gene, of_gene in pairs if not both or of_gene == sign)


@cache
def comparators() -> dict[str, Comparator]:
    """Return the published scores by name.

    Returns
    -------
    dict of str to Comparator

    Notes
    -----
    The interferon scores stand here with the one direction that was published for blood:
    lower in severe and critical than in milder disease (Hadjadj 2020,
    doi:10.1126/science.abc6027). "High means severe" is not entered as a second comparator,
    because then one of the two would be right in any cohort.

    Inflammatix-6: geometric mean up minus down as reconstructed; the proprietary classifier
    weights are not public, and the six genes were not read from the paper itself.

    Examples
    --------
    >>> [len(c.genes) for c in comparators().values()]
    [6, 42, 50, 11, 56, 20, 6, 28, 13, 10]
    """
    hadjadj = "lower in severe disease (Hadjadj 2020, doi:10.1126/science.abc6027)"
    ranks_of = "the published score needs {}; scored by mean within-sample rank"
    listed = (
        Comparator(
            "Inflammatix6",
            "Inflammatix-6 (reconstructed)",
            "Buturovic 2022 Sci Rep 12:889 doi:10.1038/s41598-021-04509-9",
            "higher in severe disease",
            up=(("HK3", "DEFA4", "BATF"),),
            down=(("TGFBI", "HLA-DPB1", "LY86"),),
            formula="difference",
            caveat="geometric mean up minus down as reconstructed; the proprietary classifier "
            "weights are not public",
        ),
        Comparator(
            "SoM",
            "SoM (Zheng 2021)",
            get_signature("SoM_module1").citation,
            "higher in severe disease",
            up=(_genes("SoM_module1"), _genes("SoM_module2")),
            down=(_genes("SoM_module3"), _genes("SoM_module4")),
            formula="ratio",
        ),
        Comparator(
            "Guardela50",
            "Guardela 50-gene (2021)",
            get_signature("Guardela50").citation,
            "higher in severe disease",
            up=(_genes("Guardela50", 1),),
            down=(_genes("Guardela50", -1),),
            caveat=ranks_of.format("the other samples of a cohort (SAMS)"),
        ),
        Comparator(
            "SepsisMetaScore",
            "Sepsis MetaScore (Sweeney 2015)",
            get_signature("SepsisMetaScore").citation + " doi:10.1126/scitranslmed.aaa5993",
            "higher in sepsis",
            up=(_genes("SepsisMetaScore", 1),),
            down=(_genes("SepsisMetaScore", -1),),
            formula="difference",
            down_weight=5 / 6,
            caveat="made to tell sepsis from sterile inflammation, not severity",
        ),
        Comparator(
            "SUBSPACE",
            "SUBSPACE myeloid − lymphoid (2025)",
            get_signature("SUBSPACE_myeloid_detrimental").citation,
            "myeloid detrimental higher, lymphoid protective lower in severe disease",
            up=(_genes("SUBSPACE_myeloid_detrimental"),),
            down=(_genes("SUBSPACE_lymphoid_protective"),),
            formula="difference",
            caveat="the paper gives two axes; their difference is taken here",
        ),
        Comparator(
            "sViP20",
            "severe-ViP 20 (Sahoo 2021)",
            get_signature("sViP20").citation,
            "higher in severe disease",
            up=(_genes("sViP20"),),
            caveat=ranks_of.format("the other samples of a cohort (StepMiner)"),
        ),
        Comparator(
            "IFN6",
            "six-gene interferon score, low",
            get_signature("Rice2013_IFN6").citation,
            hadjadj,
            up=(),
            down=(_genes("Rice2013_IFN6"),),
            caveat=ranks_of.format("healthy controls"),
        ),
        Comparator(
            "IFN28",
            "28-gene interferon score, low",
            get_signature("Kim2018_IFN28").citation,
            hadjadj,
            up=(),
            down=(_genes("Kim2018_IFN28"),),
            caveat=ranks_of.format("healthy controls"),
        ),
        Comparator(
            "SCAHN_immature_neutrophil",
            "immature neutrophils (SCAHN)",
            get_signature("SCAHN_immature_neutrophil").citation,
            "higher in severe disease",
            up=(_genes("SCAHN_immature_neutrophil"),),
            caveat="a cell-type list, scored by mean within-sample rank",
        ),
        Comparator(
            "SCAHN_total_neutrophil",
            "neutrophils (SCAHN)",
            get_signature("SCAHN_total_neutrophil").citation,
            "higher in severe disease (neutrophilia)",
            up=(_genes("SCAHN_total_neutrophil"),),
            caveat="a cell-type list, scored by mean within-sample rank",
        ),
    )
    return {comparator.name: comparator for comparator in listed}


def geometric_mean(values: np.ndarray) -> np.ndarray:
    """Geometric mean of each row over its values above zero, 0 where there is none.

    Zeros are left out as in the code of the scores' authors, where one gene without reads
    would otherwise make a whole module 0.

    Parameters
    ----------
    values : ndarray of shape (n_samples, n_genes), none negative

    Examples
    --------
    >>> geometric_mean(np.array([[2.0, 8.0, 0.0], [0.0, 0.0, 0.0]]))
    array([4., 0.])
    """
    above = values > 0
    count = above.sum(axis=1)
    total = np.log(values, out=np.zeros_like(values), where=above).sum(axis=1)
    return np.where(count > 0, np.exp(total / np.maximum(count, 1)), 0.0)


def within_sample_ranks(values: np.ndarray) -> np.ndarray:
    """Rank of each gene among all genes of its sample, as a fraction; ties share their mean.

    Parameters
    ----------
    values : ndarray of shape (n_samples, n_genes)

    Examples
    --------
    >>> within_sample_ranks(np.array([[0.0, 0.0, 5.0, 1.0]]))
    array([[0.375, 0.375, 1.   , 0.75 ]])
    """
    return np.asarray(rankdata(values, axis=1) / values.shape[1])


def _checked(expression: pd.DataFrame) -> np.ndarray:
    values = expression.to_numpy(dtype=float)
    doubled = expression.columns[expression.columns.duplicated()]
    if len(doubled) or not values.size or not np.isfinite(values).all() or values.min() < 0:
        raise FeatureError(
            f"an expression matrix of {values.shape[0]} samples × {values.shape[1]} genes, with "
            f"{int(np.sum(~(values >= 0)))} negative or missing values and {len(doubled)} genes "
            "named twice",
            expected="log2(x+1) expression, none negative or missing, each gene once",
            do="give a cohort as load_cohort harmonises it",
        )
    return values


def _lacking(comparator: Comparator, present: dict[str, int], cohort: str) -> str:
    """Say why a comparator cannot be scored, or nothing when it can."""
    if cohort in comparator.derived_from:
        return f"derived from {cohort}"
    found = sum(gene in present for gene in comparator.genes)
    if found < MIN_COVERAGE * len(comparator.genes):
        return f"{found} of its {len(comparator.genes)} genes in the matrix"
    modules = (*comparator.up, *comparator.down)
    empty = sum(not any(gene in present for gene in module) for module in modules)
    return f"no gene of {empty} of its {len(modules)} modules in the matrix" if empty else ""


def _score(comparator: Comparator, mode: str, sides: list[list[np.ndarray]]) -> np.ndarray:
    """Combine values, or ranks, of the genes of each up and down module."""
    combine = geometric_mean if mode == "published" else lambda part: part.mean(axis=1)
    up, down = ([combine(part) for part in side] for side in sides)
    if mode == "published" and comparator.formula == "ratio":
        below = np.sum(down, axis=0)
        return np.divide(
            np.sum(up, axis=0), below, out=np.full(len(below), np.nan), where=below > 0
        )
    zero = 0.0
    weight = comparator.down_weight if mode == "published" else 1.0
    # a difference of modules that count alike, whatever their size
    return np.asarray(
        (np.mean(up, axis=0) if up else zero) - weight * (np.mean(down, axis=0) if down else zero)
    )


def comparator_scores(
    expression: pd.DataFrame,
    *,
    cohort: str = "",
    mode: str = "ranks",
    which: dict[str, Comparator] | None = None,
) -> ComparatorScores:
    """Score every sample of one cohort by every published score.

    Parameters
    ----------
    expression : DataFrame of shape (n_samples, n_genes)
        log2(x+1), columns named by current HGNC symbol. Ranks are taken over all its genes.
    cohort : str
        Name of the cohort: scores derived from it are left out.
    mode : {"ranks", "published"}
        ``ranks`` takes the unweighted mean of within-sample ranks for all, up minus down,
        modules counting alike. ``published`` uses the paper's formula where one scores a
        sample alone, else ranks. The formulas are geometric means of microarray intensities,
        where no gene is 0; on sequencing counts of few cells they lose genes, so ranks are
        the fairer, and mostly the stronger, comparison.
    which : dict of str to Comparator, optional
        Other comparators than ``comparators()``.

    Returns
    -------
    ComparatorScores

    Raises
    ------
    FeatureError
        If the mode is unknown, or values are negative or missing, or a gene is named twice.

    Examples
    --------
    >>> genes = [gene for c in comparators().values() for gene in c.genes]
    >>> quiet = pd.DataFrame(3.0, index=["P1", "P2"], columns=list(dict.fromkeys(genes)))
    >>> quiet.loc["P2", ["HK3", "DEFA4", "BATF"]] = 9.0
    >>> comparator_scores(quiet, mode="published").scores["Inflammatix6"].round(2).to_dict()
    {'P1': 0.0, 'P2': 6.0}
    """
    if mode not in MODES:
        raise FeatureError(
            f"no way of scoring is called {mode!r}",
            expected=f"one of {', '.join(MODES)}",
            do=nearest(mode, MODES),
        )
    wanted = comparators() if which is None else which
    values = _checked(expression)
    ranks = within_sample_ranks(values)
    position = {str(gene): i for i, gene in enumerate(expression.columns)}
    columns, coverage, scoring, reasons = {}, {}, {}, {}
    for name, comparator in wanted.items():
        found = [gene for gene in comparator.genes if gene in position]
        coverage[name] = len(found) / len(comparator.genes)
        scoring[name] = mode if comparator.formula else "ranks"
        reason = _lacking(comparator, position, cohort)
        if reason:
            reasons[name] = reason
            columns[name] = np.full(len(values), np.nan)
            continue
        source = values if scoring[name] == "published" else ranks
        sides = [
            [source[:, [position[gene] for gene in module if gene in position]] for module in side]
            for side in (comparator.up, comparator.down)
        ]
        columns[name] = _score(comparator, scoring[name], sides)
    return ComparatorScores(
        scores=pd.DataFrame(columns, index=expression.index),
        coverage=pd.Series(coverage, dtype=float),
        scoring=scoring,
        reasons=reasons,
    )
