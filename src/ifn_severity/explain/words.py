"""The sentences of an explanation: the answer first, and never more than the data support."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from ifn_severity.evaluate.cross_cohort import MIN_PATIENTS
from ifn_severity.evaluate.random_panels import ENOUGH_PANELS
from ifn_severity.explain.ranking import TOP
from ifn_severity.explain.result import Answer, Stability
from ifn_severity.explain.stability_words import stability_words
from ifn_severity.explain.summaries import MIXED

NOT_COMPARABLE = (
    "Whether the panel beats random genes is not said: its genes were chosen with these cohorts, "
    "and those of the random panels were not."
)


def answer_words(
    answer: Answer,
    stability: Stability,
    interferon: pd.DataFrame,
    where: pd.DataFrame,
    interactions: pd.DataFrame,
    stand_ins: pd.DataFrame,
    *,
    held_out: bool,
) -> tuple[str, ...]:
    """Return the summary."""
    said = [first_sentence(answer, held_out=held_out)]
    said += [
        _counted(answer),
        random_words(answer),
        _leading(interferon, stability),
        stability_words(stability, len(interferon)),
    ]
    said += [_where(where), _patients(answer), _interactions(interactions)]
    said.append(_stand_ins(interferon, stand_ins))
    # a minus before a number, as reports print it
    return tuple(re.sub(r"(?<=[ (])-(?=\d)", "−", text) for text in said if text)


def first_sentence(answer: Answer, *, held_out: bool) -> str:
    """Say how much interferon genes carry, and whether leaving them out changes anything.

    Examples
    --------
    >>> from ifn_severity.evaluate import against_random
    >>> answer = Answer(0.25, 0.2, 0.3, 0.2, 0.1, 0.3, 0.85, 0.84, 0.01, -0.02, 0.04, 0.5,
    ...     against_random(0.85, []), (), 2, 90, 80, 3, 10, 2, False)
    >>> print(first_sentence(answer, held_out=True))
    Interferon genes carry 25 % (95 % interval 20 to 30 %) of this model's decision in held-out \
patients, and leaving them out does not surely change its held-out AUROC: 0.850 with them, 0.840 \
without, difference +0.010 (-0.020 to +0.040).
    """
    rows = "held-out patients" if held_out else "the model's own training patients"
    sure = np.isfinite(answer.share_low)
    spread = f" (95 % interval {_percent(answer.share_low, answer.share_high)})" if sure else ""
    carry = f"Interferon genes carry {100 * answer.share:.0f} %{spread} of this model's decision"
    chosen = _chosen(answer)
    if not np.isfinite(answer.difference):
        return (
            f"{carry} in {rows}; whether leaving them out changes its AUROC could not be tested "
            f"here{chosen}."
        )
    if answer.difference_low > 0:
        verdict = "leaving them out lowers its held-out AUROC"
    elif answer.difference_high < 0:
        verdict = "leaving them out raises its held-out AUROC"
    else:
        verdict = "leaving them out does not surely change its held-out AUROC"
    return (
        f"{carry} in {rows}, and {verdict}: {answer.auroc_with:.3f} with them, "
        f"{answer.auroc_without:.3f} without, difference {answer.difference:+.3f} "
        f"({answer.difference_low:+.3f} to {answer.difference_high:+.3f}){chosen}."
    )


def _chosen(answer: Answer) -> str:
    """Say that genes were chosen with these cohorts, and what the model reaches without that."""
    if not answer.genes_chosen:
        return ""
    flatters = "; its genes were chosen with these cohorts, which flatters these figures"
    if not np.isfinite(answer.chosen_inside):
        return flatters
    return (
        f"{flatters}: with the genes chosen anew without each cohort that is left out, the mean "
        f"AUROC over the training cohorts is {answer.chosen_inside:.3f} "
        f"({answer.chosen_inside_low:.3f} to {answer.chosen_inside_high:.3f})"
    )


def _counted(answer: Answer) -> str:
    """Say which cohorts the AUROCs average over, where it is not all of them."""
    if np.isnan(answer.auroc_with) or answer.n_counted == answer.n_cohorts:
        return ""
    if not answer.n_counted:
        return (
            f"No explained cohort has {MIN_PATIENTS} patients of each class, so these AUROCs rest "
            "on cohorts with at least two: they are rough."
        )
    cohorts = "cohort" if answer.n_counted == 1 else "cohorts"
    return (
        f"AUROCs are means over the {answer.n_counted} {cohorts}, of {answer.n_cohorts}, with at "
        f"least {MIN_PATIENTS} patients of each class."
    )


def _percent(low: float, high: float) -> str:
    return f"{100 * low:.0f} to {100 * high:.0f} %"


def random_words(answer: Answer) -> str:
    """Say whether the panel does better than panels of random genes.

    Examples
    --------
    >>> from ifn_severity.evaluate import against_random
    >>> answer = Answer(0.25, 0.2, 0.3, 0.2, 0.1, 0.3, 0.85, 0.84, 0.01, -0.02, 0.04, 0.5,
    ...     against_random(0.85, [0.8] * 95 + [0.86] * 5), (), 2, 90, 80, 3, 10, 2, False)
    >>> print(random_words(answer))
    Whether the panel beats random genes cannot be told: AUROC 0.850, which 5 of 100 panels of as \
many random genes reach (p = 0.0594; their median is 0.800, their 95th percentile 0.803). So the \
biology of the panel cannot be said to carry the prediction.
    """
    found = answer.random
    if found.n and answer.genes_chosen:
        return NOT_COMPARABLE
    if not found.n or np.isnan(found.ours):
        return "The panel was not compared with random genes here."
    panels = "panel" if found.n == 1 else "panels"
    reach = "reaches" if found.reached == 1 else "reach"
    if found.beats is None:
        return (
            f"Whether the panel beats random genes is open: AUROC {found.ours:.3f}, which "
            f"{found.reached} of {found.n} {panels} of as many random genes {reach}; at least "
            f"{ENOUGH_PANELS} are needed (--panels)."
        )
    beside = (
        f"AUROC {found.ours:.3f}, which {found.reached} of {found.n} panels of as many random "
        f"genes {reach} (p = {found.p_value:.3g}; their median is {found.median:.3f}, their 95th "
        f"percentile {found.p95:.3f})"
    )
    if not found.beats:
        return (
            f"Whether the panel beats random genes cannot be told: {beside}. So the biology of the "
            "panel cannot be said to carry the prediction."
        )
    text = f"The panel beats random genes: {beside}"
    if answer.found_with:
        text += f"; but its design was found with the help of {', '.join(answer.found_with)}"
    return f"{text}."


def _leading(interferon: pd.DataFrame, stability: Stability) -> str:
    top = interferon[interferon["mean_abs_shap"] > 0].head(5)
    if top.empty:
        return "No interferon gene moves this model's predictions."
    listed = []
    # of ten genes or fewer each is among the first ten
    told = stability.refits > 0 and len(interferon) > TOP
    for gene, row in top.iterrows():
        sure = f", top ten in {100 * row['p_top10']:.0f} % of refits" if told else ""
        listed.append(f"{gene} ({row['direction']}{sure})")
    return f"Leading interferon genes: {'; '.join(listed)}."


def _where(where: pd.DataFrame) -> str:
    if where.empty:
        return ""
    single = where[(where["cohort"] != "mean") & where["difference"].notna()]
    if single.empty:
        return ""
    sure = single[(single["low"] > 0) | (single["high"] < 0)]
    if sure.empty:
        stages = " or stage" if (single["stage"] != "all").any() else ""
        return (
            f"In no cohort{stages} does leaving interferon genes out surely change the held-out "
            "AUROC."
        )
    parts = []
    for row in sure.itertuples(index=False):
        stage = "" if row.stage == "all" else f", {row.stage} samples"
        verb = "helps" if float(str(row.low)) > 0 else "hurts"
        parts.append(f"{row.cohort}{stage}: {verb} ({row.difference:+.3f}, {row.low:+.3f} to "
                     f"{row.high:+.3f})")  # fmt: skip
    tests = f"{len(single)} comparisons, not corrected" if len(single) > 1 else "1 comparison"
    return f"Where interferon matters ({tests}): {'; '.join(parts)}."


def _patients(answer: Answer) -> str:
    samples = "sample" if answer.n_samples == 1 else "samples"
    return (
        f"Interferon moves the prediction more than any other group of genes in {answer.n_led} of "
        f"{answer.n_samples} {samples}, and the call would be the other one without it in "
        f"{answer.n_flipped}."
    )


def _interactions(interactions: pd.DataFrame) -> str:
    if interactions.empty:
        return ""
    product = interactions[interactions["kind"] == "product term"]
    parts = []
    for title, rows in product.groupby("interaction", sort=False):
        row = rows[rows["cohort"] == "mean"] if (rows["cohort"] == "mean").any() else rows
        low, high = float(row["low"].iloc[0]), float(row["high"].iloc[0])
        verb = "helps" if low > 0 else "hurts" if high < 0 else "does not surely help"
        parts.append(
            f"{title} {verb} ({float(row['difference'].iloc[0]):+.3f}, {low:+.3f} to {high:+.3f})"
        )
    looked = int(product["difference"].notna().sum())
    tests = f"{looked} comparisons, not corrected" if looked > 1 else "1 comparison"
    return (
        f"Interaction terms, on held-out patients ({tests}): {'; '.join(parts)}." if parts else ""
    )


def _stand_ins(interferon: pd.DataFrame, stand_ins: pd.DataFrame) -> str:
    leading = interferon.head(10).index
    found = [gene for gene in leading if gene in stand_ins.index]
    if not found:
        return ""
    listed = ", ".join(f"{gene} (with {stand_ins.loc[gene, 'stands_in_for']})" for gene in found)
    return f"Exchangeable, not to be crowned: {listed}."


def cautions(
    interferon: pd.DataFrame, stability: Stability, *, held_out: bool, days_known: bool
) -> tuple[str, ...]:
    """Return what a reader must not conclude."""
    said = [
        "What a model leans on is not what it needs: genes that rise and fall together stand in "
        "for each other, and a share does not say that leaving a gene out would cost accuracy.",
    ]
    if not held_out:
        said.append(
            "These are the patients the model was trained on, so the ranking describes this "
            "model, not how it would rank in new patients."
        )
    if stability.stable is False:
        said.append("The ranking of single interferon genes is not stable.")
    mixed = interferon.head(10)
    unsure = [str(gene) for gene in mixed.index[mixed["direction"] == MIXED]]
    if unsure:
        said.append(f"No single direction: {', '.join(unsure)}.")
    said += [str(text) for text in interferon.head(10)["caution"] if text]
    if not days_known:
        said.append("No explained cohort knows the day of sampling: early and late are not told "
                    "apart.")  # fmt: skip
    return tuple(said)


def interaction_words(title: str, difference: float, low: float, high: float) -> str:
    """Say whether a product term helps."""
    verb = "helps" if low > 0 else "hurts" if high < 0 else "does not surely help"
    return f"{title}: the product term {verb} ({difference:+.3f}, {low:+.3f} to {high:+.3f})."
