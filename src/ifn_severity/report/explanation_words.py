"""What the figures of an explanation show, in sentences."""

from __future__ import annotations

import math

import pandas as pd

from ifn_severity.evaluate.cross_cohort import MIN_PATIENTS
from ifn_severity.evaluate.effects import SMALL_CHANGE
from ifn_severity.explain.result import POOLED, Explained
from ifn_severity.explain.words import random_words
from ifn_severity.report.explanation_samples import leading_genes, row_of
from ifn_severity.report.wording import Interval, interval_words, listed, signed, unbroken

NOT_CORRECTED = "Intervals of single genes are not corrected for the number of genes."


def share_words(value: float, low: float = math.nan, high: float = math.nan) -> str:
    """Write a share of 1 as a percentage, with its interval where it has one.

    Examples
    --------
    >>> share_words(0.4), share_words(0.4, 0.35, 0.46)
    ('40 %', '40 % (35–46 %)')
    """
    if math.isnan(value):
        return "unknown"
    if math.isnan(low):
        return f"{100 * value:.0f} %"
    return f"{100 * value:.0f} % ({100 * low:.0f}–{100 * high:.0f} %)"


def triple(about: pd.Series, name: str, low: str, high: str) -> Interval:
    """Return an estimate and the ends of its interval from a row of a table."""
    return float(about[name]), float(about[low]), float(about[high])


def first_place_sentence(explained: Explained) -> str:
    """Say where the first interferon gene stands among all genes of the panel."""
    genes = explained.genes
    interferon = genes[genes["interferon"].astype(bool)]
    if interferon.empty:
        return "No gene of the panel is an interferon gene."
    first = interferon.sort_values("rank").iloc[0]
    leading = int((genes["rank"] <= 20).sum())
    among = int((interferon["rank"] <= 20).sum())
    return (
        f"Among all {len(genes)} genes of the panel the first interferon gene, {first.name}, is "
        f"number {first['rank']:.0f}; {among} of the {leading} leading genes are interferon genes."
    )


def where_sentences(explained: Explained) -> list[str]:
    """Say where leaving interferon out costs most, and whether that is sure."""
    table = explained.where
    known = table[table["difference"].notna() & ~table["cohort"].isin(["mean", POOLED])]
    if known.empty:
        return ["What leaving interferon out costs is not known by cohort or stage."]
    # of a handful of samples of a class the largest difference means least
    enough = known[known[["n_mild", "n_severe"]].min(axis=1) >= MIN_PATIENTS]
    best = (known if enough.empty else enough).sort_values("difference", kind="stable").iloc[-1]
    sentences = [
        f"Interferon adds most in {_place(best)}: {_gain(best)}."
        if best["difference"] > 0
        else "Interferon adds nothing in any cohort or stage."
    ]
    beyond = known[(known["low"] > 0) | (known["high"] < 0)]
    if beyond.empty:
        sentences.append("Nowhere does the interval of the difference leave 0 out.")
    else:
        named = [f"{_place(row)} ({_gain(row)})" for _, row in beyond.iterrows()]
        sentences.append(
            f"The interval leaves 0 out in {listed(named)}; {len(known)} places were looked at, "
            "and one in 20 intervals would by chance."
        )
    return sentences


def _place(row: pd.Series) -> str:
    stage = {"early": ", early", "late": ", late"}.get(str(row["stage"]), "")
    return f"{row['cohort']}{stage}"


def _gain(row: pd.Series) -> str:
    gain = f"AUROC {signed(row['difference'], 3)}"
    if math.isnan(row["low"]):
        return gain
    return f"{gain}, {signed(row['low'], 3)} to {signed(row['high'], 3)}"


def random_sentence(explained: Explained) -> str:
    """Say whether the panel beats panels of random genes."""
    return random_words(explained.answer)


def direction_sentences(explained: Explained) -> list[str]:
    """Say, gene by gene, which way it pushes, how surely, and where the sign differs."""
    sentences = []
    for gene in leading_genes(explained):
        about = row_of(explained.interferon, gene)
        text = f"{gene}: {about['direction']}"
        if about["cohorts_agree"]:
            text += f", in {about['cohorts_agree']} cohorts"
        if not math.isnan(float(about["sign_stability"])):
            text += f"; the same sign in {share_words(float(about['sign_stability']))} of refits"
        text += "."
        if about["caution"]:
            text += f" {_closed(str(about['caution']))}"
        sentences.append(text)
    return sentences


def _closed(sentence: str) -> str:
    """End a sentence with a stop; nothing stays nothing."""
    return sentence if not sentence or sentence.endswith(".") else f"{sentence}."


def cautions(explained: Explained) -> dict[str, str]:
    """Return what speaks against reading much into each leading gene, empty where nothing."""
    table = explained.interferon["caution"]
    return {gene: _closed(str(table[gene])) for gene in leading_genes(explained)}


def apart_words(explained: Explained, gene: str) -> str:
    """Say where a gene's own effect points up and where down, sure or not; empty if one way.

    The log2 fold change between patients' means decides, as in the evidence on single genes; one
    of at most 0.05 is neither up nor down.
    """
    whole = explained.by_cohort
    said = [_up_and_down(whole[(whole["gene"] == gene) & (whole["cohort"] != POOLED)], "cohort")]
    if len(explained.by_stage):
        stages = explained.by_stage
        for cohort, rows in stages[stages["gene"] == gene].groupby("cohort", sort=False):
            words = _up_and_down(rows, "stage")
            where = "all cohorts" if cohort == POOLED else str(cohort)
            said.append(f"{where}: {words}" if words else "")
    return "; ".join(words for words in said if words)


def _up_and_down(rows: pd.DataFrame, name: str) -> str:
    change = rows["log2_fold_change"].astype(float)
    up = rows.loc[change > SMALL_CHANGE, name].astype(str).tolist()
    down = rows.loc[change < -SMALL_CHANGE, name].astype(str).tolist()
    return f"higher in severe disease {_in(up)}, lower {_in(down)}" if up and down else ""


def _in(names: list[str]) -> str:
    early_or_late = set(names) <= {"early", "late"}
    return listed(names) if early_or_late else f"in {listed(names)}"


def sign_note(explained: Explained) -> tuple[str, bool]:
    """Say whether a leading gene has to be read with caution; True where one does."""
    warned = [gene for gene, caution in cautions(explained).items() if caution]
    if not warned:
        return (
            "No leading interferon gene surely changes its sign between cohorts or stages, by the "
            f"95 % interval of the difference between patients' means where each class has "
            f"{MIN_PATIENTS} patients. What points apart by over {SMALL_CHANGE:g} log2 without "
            f"being sure is said in the table. {NOT_CORRECTED}",
            False,
        )
    return (
        f"What is said of {listed(warned)} does not hold everywhere or rests on little: see what "
        f"differs, in the table and beside the last figure. {NOT_CORRECTED}",
        True,
    )


def agreement_sentence(explained: Explained) -> str:
    """Say for how many leading genes the other evidence agrees with SHAP."""
    table = explained.evidence
    agrees = table["agrees"].to_numpy(dtype=bool)
    against = [str(gene) for gene in table.index[~agrees]]
    beyond = (table["auroc_low"] > 0.5) | (table["auroc_high"] < 0.5)
    sure = int((agrees & beyond.to_numpy(dtype=bool)).sum())
    text = (
        f"For {int(agrees.sum())} of {len(table)} leading interferon genes the other evidence "
        "agrees with the direction that SHAP gives; the 95 % interval of the gene's own AUROC "
        f"leaves 0.5 out for {sure} of them."
    )
    return f"{text} It does not agree for {listed(against)}." if against else text


def exchange_sentence(explained: Explained) -> str:
    """Say how many groups of interferon genes stand in for each other."""
    groups = explained.exchangeable
    groups = groups[groups["interferon"].astype(bool)] if len(groups) else groups
    if groups.empty:
        return "No two interferon genes follow each other so closely that they could be exchanged."
    members = int(groups["n"].sum())
    among = "1 group" if len(groups) == 1 else f"{len(groups)} groups"
    return (
        f"{members} genes in {among} stand in for each other: their expression goes "
        "together, so which of a group leads is chance. A group is one line of the table below; "
        "open it to see its genes."
    )


def named_shares(shares: pd.Series, n: int = 4) -> str:
    """Write the first few names with their shares."""
    return listed(
        [unbroken(f"{name} {100 * share:.0f} %") for name, share in shares.head(n).items()]
    )


def effect_words(about: pd.Series, name: str, low: str, high: str) -> str:
    """Write an effect that may be negative, with its interval."""
    return unbroken(interval_words(triple(about, name, low, high), to=" to "))
