"""What a validation found, in sentences that claim no more than the intervals allow."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from ifn_severity.report.development_words import development_sentence
from ifn_severity.report.validation import ValidationReport
from ifn_severity.report.validation_biology import biology_sentence
from ifn_severity.report.validation_calibration import calibration_sentence
from ifn_severity.report.validation_rows import (
    counted_cohorts,
    estimate_of,
    measured_proteins,
    value_of,
)
from ifn_severity.report.wording import estimate, listed, number, signed


def answer(report: ValidationReport) -> tuple[str, ...]:
    """Return the first sentences of the page, the most important first.

    Raises
    ------
    InputError
        If the nested headline is missing for a cohort.
    """
    return (
        performance_sentence(report),
        comparison_sentence(report),
        interferon_sentence(report),
        biology_sentence(report),
        calibration_sentence(report),
        choice_sentence(report),
    )


def performance_sentence(report: ValidationReport) -> str:
    """Say how well severe and mild are told apart on cohorts never seen."""
    head, n = report.headline, len(counted_cohorts(report))
    cohorts = "1 cohort" if n == 1 else f"{n} cohorts"
    text = (
        f"On {cohorts} that the model never saw, the mean AUROC for severe against mild is "
        f"{estimate(estimate_of(head, 'mean_auroc', 'mean'))}; the worst is "
        f"{number(value_of(head, 'min_auroc'))} ({head.get('min_cohort')}). "
        f"Pooled by random effects it is {estimate(estimate_of(head, 'pooled', 'pooled'))}"
    )
    low, high = value_of(head, "prediction_low"), value_of(head, "prediction_high")
    if math.isnan(low):
        return text + "; there are too few cohorts to say what a further one would show."
    return (
        f"{text}, and a further cohort of this kind must be expected anywhere from {number(low)} "
        f"to {number(high)} (95 % prediction interval)."
    )


def verdict(low: float, high: float) -> str:
    """Say on which side of 0 an interval lies.

    Examples
    --------
    >>> verdict(0.01, 0.05), verdict(-0.05, -0.01), verdict(-0.01, 0.05)
    ('better', 'worse', 'cannot be told')
    >>> verdict(float("nan"), 0.1)
    'cannot be told'
    """
    if low > 0:
        return "better"
    return "worse" if high < 0 else "cannot be told"


def _gain(low: float, difference: float, high: float) -> str:
    return f"{signed(difference, 3)} (95 % CI {signed(low, 3)} to {signed(high, 3)})"


def heterogeneity(report: ValidationReport) -> str:
    """Return I² in percent, or that it is not known."""
    value = value_of(report.headline, "i_squared")
    return "not known" if math.isnan(value) else f"{100 * value:.0f} %"


def comparison_sentence(report: ValidationReport) -> str:
    """Say whether ours is better than the best published score on the same patients."""
    label = str(report.headline.get("best_comparator") or "")
    if not label:
        return "No published signature could be scored on these patients, so nothing is compared."
    table = report.differences
    row = table[(table["label"] == label) & (table["cohort"].astype(str) == "mean")]
    if row.empty or row["difference"].isna().all():
        return (
            f"The best published score on these patients is {label}; the difference to it could "
            "not be computed."
        )
    difference, low, high = row[["difference", "low", "high"]].to_numpy(dtype=float)[0]
    words = {
        "better": "ours is better on the mean over cohorts",
        "worse": "ours is worse on the mean over cohorts",
        "cannot be told": "whether ours is better cannot be told from these cohorts",
    }[verdict(low, high)]
    return (
        f"Against {label}, the best published score on the same patients, the mean AUROC differs "
        f"by {_gain(low, difference, high)}: {words}."
    )


def _addition(report: ValidationReport, group: str) -> tuple[float, float, float] | None:
    table = report.additions
    row = table[
        (table["group"].astype(str) == group)
        & (table["scope"].astype(str) == "mean")
        & (table["stage"].astype(str) == "all")
    ]
    if row.empty or row["difference"].isna().all():
        return None
    low, difference, high = row[["low", "difference", "high"]].to_numpy(dtype=float)[0]
    return low, difference, high


def addition_sentence(report: ValidationReport, group: str) -> str:
    """Say what a group of features adds to all the others, on the mean over cohorts."""
    found = _addition(report, group)
    if found is None:
        return f"What {group} features add to the others was not measured in this run."
    words = {
        "better": f"{group} features add information that the other features do not have",
        "worse": f"the prediction is better without {group} features",
        "cannot be told": f"whether {group} features add anything to the others cannot be told",
    }[verdict(found[0], found[2])]
    return f"With {group} features the mean AUROC changes by {_gain(*found)}: {words}."


def shared_sentence(headline: Mapping[str, Any], group: str) -> str:
    """Say how many genes of a group stay when its features are left out, empty if not known.

    Parameters
    ----------
    headline : Mapping
        With ``shared_genes``.
    group : {"interferon", "cytokine"}
    """
    found = headline.get("shared_genes", {}).get(group)
    if not found or not found["n_left"]:
        return ""
    within = found["n_left"] - found["n_single"]
    parts = [
        f"{n} {how} (such as {listed(list(names))})"
        for n, how, names in (
            (found["n_single"], "as features of their own", found["single"]),
            (within, "within scores", found["within_scores"]),
        )
        if n
    ]
    return (
        f"The run without {group} features still holds {found['n_left']} of the "
        f"{found['n_genes']} genes on {group} lists, because other lists share them: "
        f"{listed(parts)}. So lists are compared, and not every {group} gene."
    )


def alone_by_cohort(report: ValidationReport) -> pd.Series:
    """Return the AUROC of the interferon score by itself, by counted cohort."""
    table = report.additions
    rows = table[
        (table["stage"].astype(str) == "all")
        & table["scope"].astype(str).isin(counted_cohorts(report))
        & table["alone"].notna()
    ]
    return rows.groupby(rows["scope"].astype(str))["alone"].first().astype(float)


def interferon_alone(report: ValidationReport) -> str:
    """Name the one feature that stands for interferon by itself.

    It is the six-gene score of transcripts, or the only interferon that both panels of plasma
    proteins measure.
    """
    return "IFN-γ level" if measured_proteins(report) else "interferon score"


def interferon_sentence(report: ValidationReport) -> str:
    """Say what interferon adds, and whether a high or a low score goes with severe disease."""
    text, what = addition_sentence(report, "interferon"), interferon_alone(report)
    alone = alone_by_cohort(report)
    if alone.empty:
        return text
    low, n = int((alone < 0.5).sum()), len(alone)
    values = (
        f"AUROC {number(alone.min())} to {number(alone.max())}, high meaning severe, without "
        "intervals"
    )
    if low in (0, n):
        side = "low" if low else "high"
        every = "the one cohort" if n == 1 else f"all {n} cohorts"
        words = f"a {side} {what} goes with severe disease in {every}"
    else:
        words = (
            f"a low {what} goes with severe disease in {low} of {n} cohorts and a high one in the "
            "others"
        )
    return f"{text} By itself, {words} ({values}){_other_way(report, alone)}."


def _other_way(report: ValidationReport, alone: pd.Series) -> str:
    """Name the cohorts and stages whose interferon score points the other way than the whole."""
    table = report.additions
    rows = table[
        table["stage"].astype(str).isin(["early", "late"])
        & table["scope"].astype(str).isin(alone.index)
        & table["alone"].notna()
    ].drop_duplicates(["scope", "stage"])
    found = [
        f"{row['stage']} in {row['scope']} ({number(row['alone'])})"
        for row in rows.to_dict("records")
        if (float(row["alone"]) - 0.5) * (alone[str(row["scope"])] - 0.5) < 0
    ]
    return f"; the other way round {listed(found)}" if found else ""


def choice_sentence(report: ValidationReport) -> str:
    """Say how many configurations were tried and what choosing among them would flatter."""
    head = report.headline
    nested, best = value_of(head, "mean_auroc"), value_of(head, "best_of_many")
    tried = int(head.get("n_configurations", len(report.candidates)))
    how, reported = (
        "These figures are nested: every cohort was predicted by the configuration that did best "
        "among the other cohorts.",
        "nested",
    )
    if head.get("fixed"):
        how, reported = (
            f"Two cohorts leave none to choose on, so {head['fixed']} was fixed beforehand.",
            "reported",
        )
    before = development_sentence(str(name) for name in report.cohorts.index)
    before += " " if before else ""
    text = (
        f"{tried} configurations were tried. {before}{how} The best configuration seen with "
        f"hindsight, {head.get('best_candidate')}, has a mean AUROC of {number(best, 3)}, which is "
        f"{signed(best - nested, 3)} against the {reported} {number(nested, 3)} and must not "
        "be reported as performance."
    )
    averaged, least = value_of(head, "averaged_auroc"), value_of(head, "averaged_min")
    if not math.isnan(averaged):
        text += (
            f" The average of all of them, for which nothing is chosen, has {number(averaged, 3)} "
            f"(worst cohort {number(least, 3)})."
        )
    p = value_of(head, "permutation_p")
    if math.isnan(p):
        return text
    return f"{text} A permutation test of the labels gives p = {p:.2g}."
