"""What a gene does by itself, and what the model makes of it: by cohort and by stage."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.special import expit
from scipy.stats import t as student

from ifn_severity.evaluate import delong
from ifn_severity.evaluate.cross_cohort import MIN_PATIENTS, class_patients
from ifn_severity.evaluate.pool import logit_areas
from ifn_severity.evaluate.subgroups import EARLY_UNTIL
from ifn_severity.explain.effects import Effects, cohort_mean
from ifn_severity.explain.ranking import rank_columns, sign_stability
from ifn_severity.explain.result import POOLED
from ifn_severity.explain.samples import Samples

FEWEST = 3
"""Fewest patients of each class of which a gene's own effect is stated."""
HARDLY = 0.1
"""Standard deviation, log2, under which a gene hardly varies above the noise offset."""
_Z = 1.959964
OWN = ("auroc", "auroc_low", "auroc_high", "log2_fold_change", "fold_low", "fold_high")


def own_effects(samples: Samples, rows: np.ndarray, genes: np.ndarray) -> pd.DataFrame:
    """Return AUROC and log2 fold change of single genes between classes, in one cohort.

    AUROC intervals by DeLong on the logit, with samples of a patient taken together and
    Newcombe's variance at 0 and 1 (``evaluate.pool.logit_auroc``); fold changes by Welch on
    patients' means. No interval is corrected for the number of genes.

    Parameters
    ----------
    samples : Samples
    rows : ndarray of int
        Samples of one cohort.
    genes : ndarray of int
        Positions in the panel.

    Returns
    -------
    DataFrame of n_genes rows
        Columns ``OWN``; NaN for genes that were not measured, and throughout where a class has
        fewer than three patients.
    """
    table = pd.DataFrame(np.nan, index=range(len(genes)), columns=list(OWN))
    y, patients = samples.y[rows], samples.patients[rows]
    if min(class_patients(y, patients)) < FEWEST:
        return table
    levels = samples.levels[np.ix_(rows, genes)]
    known = np.flatnonzero(np.isfinite(levels).all(axis=0))
    if not len(known):
        return table
    areas, covariance = delong(y, [levels[:, i] for i in known], patients)
    n_mild, n_severe = class_patients(y, patients)
    effects, variances = logit_areas(areas, covariance.diagonal(), n_severe=n_severe, n_mild=n_mild)
    margin = _Z * np.sqrt(variances)
    table.loc[known, "auroc"] = areas
    # at 0 or 1 the logit is that of half a pair less, and the interval still holds the AUROC
    table.loc[known, "auroc_low"] = np.minimum(expit(effects - margin), areas)
    table.loc[known, "auroc_high"] = np.maximum(expit(effects + margin), areas)
    change, low, high = _welch(levels[:, known], y, patients)
    table.loc[known, "log2_fold_change"] = change
    table.loc[known, "fold_low"], table.loc[known, "fold_high"] = low, high
    return table


def _welch(
    levels: np.ndarray, y: np.ndarray, patients: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return severe less mild with a 95 % interval, a patient's samples of a class averaged."""
    means, variances, sizes = [], [], []
    for label in (0, 1):
        here = y == label
        names, which = np.unique(patients[here], return_inverse=True)
        sums = np.zeros((len(names), levels.shape[1]))
        np.add.at(sums, which, levels[here])
        own = sums / np.bincount(which)[:, None]
        means.append(own.mean(axis=0))
        variances.append(own.var(axis=0, ddof=1) / len(names))
        sizes.append(len(names))
    change, variance = means[1] - means[0], variances[0] + variances[1]
    parts = sum(v**2 / (n - 1) for v, n in zip(variances, sizes, strict=True))
    freedom = np.divide(variance**2, parts, out=np.full(len(change), np.inf), where=parts > 0)
    margin = student.ppf(0.975, freedom) * np.sqrt(variance)
    return change, change - margin, change + margin


def pooled_effects(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Average the effects over cohorts, each counting once; intervals from half their widths."""
    pooled = pd.DataFrame(index=tables[0].index)
    for middle, low, high in (OWN[:3], OWN[3:]):
        values = np.array([table[middle].to_numpy(dtype=float) for table in tables])
        error = np.array([(table[high] - table[low]).to_numpy(dtype=float) / 2 for table in tables])
        known = np.isfinite(values)
        count = np.maximum(known.sum(axis=0), 1)
        mean = np.where(known.any(axis=0), np.where(known, values, 0.0).sum(axis=0) / count, np.nan)
        half = np.sqrt((np.where(known, error, 0.0) ** 2).sum(axis=0)) / count
        bounds = (0.0, 1.0) if middle == "auroc" else (-np.inf, np.inf)
        pooled[middle] = mean
        pooled[low], pooled[high] = np.clip(mean - half, *bounds), np.clip(mean + half, *bounds)
    return pooled


def by_cohort(
    samples: Samples, rows: np.ndarray, genes: np.ndarray, point: Effects, draws: Effects
) -> pd.DataFrame:
    """Put a gene's part in the model and its own effect side by side, cohort by cohort.

    Parameters
    ----------
    samples : Samples
    rows : ndarray of int
        Explained samples.
    genes : ndarray of int
        Positions in the panel, those of ``point`` and ``draws``.
    point, draws : Effects

    Returns
    -------
    DataFrame
        As ``Explained.by_cohort``.
    """
    names = [samples.genes[i] for i in genes]
    frames, own = [], []
    for i, cohort in enumerate(point.cohorts):
        here = rows[samples.cohorts[rows] == cohort]
        own.append(own_effects(samples, here, genes))
        frames.append(_frame(names, cohort, samples, here, point, draws, own[-1], i))
    if len(frames) > 1:
        whole = pooled_effects(own)
        frames.append(_frame(names, POOLED, samples, rows, point, draws, whole, None))
    return pd.concat(frames, ignore_index=True)


def _frame(
    names: Sequence[str],
    cohort: str,
    samples: Samples,
    rows: np.ndarray,
    point: Effects,
    draws: Effects,
    own: pd.DataFrame,
    at: int | None,
) -> pd.DataFrame:
    """Return the rows of one cohort, or of all where ``at`` is None."""
    if at is None:
        importance, drawn = point.pooled[0], draws.pooled
        slope, slopes = cohort_mean(point.slope)[0], cohort_mean(draws.slope)
    else:
        importance, drawn = point.mean_abs[0, at], draws.mean_abs[:, at]
        slope, slopes = point.slope[0, at], draws.slope[:, at]
    y = samples.y[rows]
    ranked = rank_columns(importance, drawn[np.isfinite(drawn).any(axis=1)])
    columns = ["mean_abs_shap", "rank", "rank_low", "rank_high", "p_top10"]
    frame = pd.DataFrame(
        {
            "gene": names,
            "cohort": cohort,
            "n_mild": int((y == 0).sum()),
            "n_severe": int((y == 1).sum()),
            "fewest_patients": min(class_patients(y, samples.patients[rows])),
            **{column: ranked[column].to_numpy() for column in columns},
            "sign_stability": sign_stability(
                np.sign(np.nan_to_num(slope)), np.sign(np.nan_to_num(slopes))
            ),
            "slope": slope,
        }
    )
    return frame.join(own)


def by_stage(
    samples: Samples,
    rows: np.ndarray,
    genes: np.ndarray,
    values: np.ndarray,
    slopes: dict[str, np.ndarray] | None,
) -> pd.DataFrame:
    """Repeat ``by_cohort`` for early and late samples, where the day of sampling is known.

    Parameters
    ----------
    samples : Samples
    rows : ndarray of int, shape (n_rows,)
    genes : ndarray of int
        Positions in the panel.
    values : ndarray of shape (n_rows, n_panel)
        Attributions.
    slopes : dict of str to ndarray of shape (n_panel,), optional
        Exact slopes by cohort, where the model is linear.

    Returns
    -------
    DataFrame
        As ``Explained.by_stage``; no rows where no cohort knows the day.
    """
    day = samples.obs["days_since_onset"].to_numpy(dtype=float)[rows]
    cohorts = samples.cohorts[rows]
    names = [samples.genes[i] for i in genes]
    frames = []
    for cohort in dict.fromkeys(cohorts.tolist()):
        for stage, inside in (("early", day <= EARLY_UNTIL), ("late", day > EARLY_UNTIL)):
            at = np.flatnonzero((cohorts == cohort) & inside)
            if len(at) < FEWEST:
                continue
            phi, levels = values[np.ix_(at, genes)], samples.levels[np.ix_(rows[at], genes)]
            y = samples.y[rows[at]]
            slope = _slope(phi, levels) if slopes is None else slopes[cohort][genes]
            frame = pd.DataFrame(
                {
                    "gene": names,
                    "cohort": cohort,
                    "stage": stage,
                    "n_mild": int((y == 0).sum()),
                    "n_severe": int((y == 1).sum()),
                    "fewest_patients": min(class_patients(y, samples.patients[rows[at]])),
                    "mean_abs_shap": np.abs(phi).mean(axis=0),
                    "slope": np.where(np.isfinite(levels).any(axis=0), slope, np.nan),
                }
            )
            frames.append(frame.join(own_effects(samples, rows[at], genes)))
    if not frames:
        first = ["gene", "cohort", "stage", "n_mild", "n_severe", "fewest_patients"]
        return pd.DataFrame(columns=[*first, "mean_abs_shap", "slope", *OWN])
    return pd.concat(frames, ignore_index=True)


def _slope(phi: np.ndarray, levels: np.ndarray) -> np.ndarray:
    centred = levels - levels.mean(axis=0)
    variance = (centred**2).sum(axis=0)
    varies = np.isfinite(variance) & (variance > 1e-12)
    covariance = (np.where(varies, centred, 0.0) * phi).sum(axis=0)
    return np.divide(covariance, variance, out=np.full(len(variance), np.nan), where=varies)


def spreads(samples: Samples, rows: np.ndarray) -> pd.Series:
    """Return the largest standard deviation of each gene within a cohort, log2; NaN if unmeasured.

    Parameters
    ----------
    samples : Samples
    rows : ndarray of int
    """
    largest = np.full(len(samples.genes), np.nan)
    for _, at in samples.blocks(rows):
        largest = np.fmax(largest, samples.levels[rows[at]].std(axis=0))
    return pd.Series(largest, index=list(samples.genes))


def caution_on(gene: str, cohorts: pd.DataFrame, stages: pd.DataFrame, spread: pd.Series) -> str:
    """Say what speaks against reading much into a gene; empty where nothing does.

    Parameters
    ----------
    gene : str
    cohorts, stages : DataFrame
        ``by_cohort`` and ``by_stage``.
    spread : Series indexed by gene
        From ``spreads``.
    """
    said = differences_in_words(gene, cohorts, stages)
    own = float(spread.get(gene, float("nan")))
    if own < HARDLY:
        noise = (
            f"{gene} is hardly expressed: it varies by {own:.2g} log2 (standard deviation), so its "
            "attribution may rest on noise."
        )
        said = f"{said} {noise}".strip()
    return said


def differences_in_words(gene: str, cohorts: pd.DataFrame, stages: pd.DataFrame) -> str:
    """Say where a gene's own effect differs in sign between cohorts or stages, for sure.

    The sign is that of the log2 fold change between patients' means, as everywhere a gene is
    called higher or lower. Only changes whose 95 % interval leaves out 0 count, in cohorts and
    stages with five patients of each class. The intervals are not corrected for the number of
    genes.

    Parameters
    ----------
    gene : str
    cohorts, stages : DataFrame
        Rows of ``by_cohort`` and ``by_stage``.

    Returns
    -------
    str
        Empty where nothing differs.
    """
    said = []
    single = cohorts[(cohorts["gene"] == gene) & (cohorts["cohort"] != POOLED)]
    up, down = _sure(single)
    if up and down:
        said.append(f"higher in severe disease in {', '.join(up)}, lower in {', '.join(down)}")
    mine = stages[stages["gene"] == gene] if len(stages) else stages
    named = mine.assign(cohort=mine["cohort"].astype(str) + " " + mine["stage"].astype(str))
    up, down = _sure(named)
    if up and down:
        said.append(f"higher in severe disease in {', '.join(up)}, lower in {', '.join(down)}")
    return f"{gene}: {'; '.join(said)}." if said else ""


def _sure(table: pd.DataFrame) -> tuple[list[str], list[str]]:
    table = table[table["fewest_patients"] >= MIN_PATIENTS]
    up = table[table["fold_low"] > 0]["cohort"].astype(str).tolist()
    down = table[table["fold_high"] < 0]["cohort"].astype(str).tolist()
    return up, down
