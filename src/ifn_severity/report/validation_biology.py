"""Whether a validation may say that the panel's biology carries the prediction."""

from __future__ import annotations

import math

from ifn_severity.evaluate.development import developed_on
from ifn_severity.evaluate.random_panels import ENOUGH_PANELS, AgainstRandom, against_random
from ifn_severity.report.validation import ValidationReport
from ifn_severity.report.validation_rows import measured_proteins, value_of
from ifn_severity.report.wording import listed, number


def against_random_panels(report: ValidationReport) -> tuple[AgainstRandom, AgainstRandom]:
    """Hold the panel against random panels: as reported, and fitted as they were.

    Returns
    -------
    nested, alike : AgainstRandom
        The nested headline, for which candidates were chosen; and the one design that the random
        panels were fitted with, which may have been found with hindsight.
    """
    return (
        against_random(value_of(report.headline, "mean_auroc"), report.random_panels),
        against_random(value_of(report.headline, "reference_auroc"), report.random_panels),
    )


def beats_random_panels(report: ValidationReport) -> bool | None:
    """Say whether the panel does better than panels of random genes.

    Both must: the nested headline, and the panel under the very design that the random panels
    were fitted with.

    Returns
    -------
    bool or None
        None where fewer than 100 panels were drawn, or there is no headline.
    """
    nested, alike = against_random_panels(report)
    if nested.beats is None:
        return None
    return nested.beats and alike.beats is not False


def reached_words(found: AgainstRandom) -> str:
    """Say how many random panels do as well, with p.

    Examples
    --------
    >>> reached_words(against_random(0.862, [0.8] * 95 + [0.87] * 5))
    '5 of 100 random panels reach it, p = 0.0594'
    """
    verb = "reaches" if found.reached == 1 else "reach"
    return f"{found.reached} of {found.n} random panels {verb} it, p = {found.p_value:.3g}"


def biology_sentence(report: ValidationReport) -> str:
    """Say whether the panel's biology may be said to carry the prediction."""
    beats, (nested, alike) = beats_random_panels(report), against_random_panels(report)
    if beats is None and measured_proteins(report):
        return (
            "Whether these proteins do better than others is open: a panel is its maker's choice, "
            "so no random panel of proteins stands beside it."
        )
    if beats is None:
        got = f"only {nested.n} panels" if nested.n else "no panels"
        return (
            f"Whether the panel's biology carries the prediction is open: {got} of random genes of "
            f"the same size were drawn, and at least {ENOUGH_PANELS} are needed."
        )
    verdict = (
        "The panel's biology carries the prediction"
        if beats
        else "Whether the panel's biology carries the prediction cannot be told"
    )
    text = (
        f"{verdict}: its nested mean AUROC is {number(nested.ours, 3)} ({reached_words(nested)}; "
        f"the 95th percentile of these panels of as many random genes is {number(nested.p95, 3)})."
    )
    return text if math.isnan(alike.ours) else f"{text} {_alike_sentence(report, alike)}"


def _alike_sentence(report: ValidationReport, alike: AgainstRandom) -> str:
    """Say how the panel does in the design of the random panels, and how that was found."""
    design = report.headline.get("reference_candidate")
    named = f" ({design})" if design else ""
    words = "it does better" if alike.beats else "it does not surely do better"
    found_on = developed_on(str(name) for name in report.cohorts.index)
    text = (
        f"Fitted as the random panels are{named}, {words}: {number(alike.ours, 3)}, "
        f"{reached_words(alike)}"
    )
    if not found_on:
        return f"{text}."
    return f"{text}; but this design was found with the help of {listed(found_on)}."
