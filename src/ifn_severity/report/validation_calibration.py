"""What a validation says of calibration: the slope, the level, and what recalibration does."""

from __future__ import annotations

from ifn_severity.report.blocks import ReportFigure, ReportTable, Section
from ifn_severity.report.calibration_panels import calibration_panels_figure
from ifn_severity.report.validation import ValidationReport
from ifn_severity.report.validation_rows import (
    counted_cohorts,
    figure_of,
    nested_rows,
    ordered_cohorts,
)
from ifn_severity.report.wording import interval_words, listed, number, unbroken

#: Calibration slopes within these bounds pass for calibrated.
SLOPES = (0.7, 1.4)
#: Log-odds by which a cohort's level may be off before the threshold is said not to hold.
LEVEL = 1.0


def calibration_sentence(report: ValidationReport) -> str:
    """Say whether predicted probabilities mean what they say on cohorts never seen."""
    rows = nested_rows(report)
    counted = [name for name in rows.index if name in counted_cohorts(report)]
    slopes = rows.loc[counted, "calibration_slope"].astype(float)
    known = slopes.dropna()
    if known.empty:
        return "Calibration could not be measured on any counted cohort."
    extreme = [str(name) for name in known.index[known < SLOPES[0]]]
    timid = [str(name) for name in known.index[known > SLOPES[1]]]
    span = f"from {number(known.min())} to {number(known.max())}"
    if len(known) == 1:
        span = f"at {number(known.iloc[0])}"
    text = (
        f"Recalibrated on the training cohorts alone, probabilities have calibration slopes {span} "
        f"on held-out cohorts (1 is right; {SLOPES[0]} to {SLOPES[1]} is the bar)"
    )
    found = [f"too extreme in {listed(extreme)}"] if extreme else []
    found += [f"too timid in {listed(timid)}"] if timid else []
    text += ": " + (f"predictions are {listed(found)}." if found else "every cohort is within it.")
    lost = len(slopes) - len(known)
    text += f" In {lost} more no slope could be fitted." if lost else ""
    return f"{text} {level_sentence(report)}".strip()


def level_sentence(report: ValidationReport) -> str:
    """Say whether the level of the probabilities, and so the threshold, carries over."""
    rows = nested_rows(report).reindex(counted_cohorts(report))
    shift = rows["calibration_intercept"].astype(float).abs().dropna()
    shifted = [str(name) for name in shift.index[shift > LEVEL]]
    if not shifted:
        return ""
    rates = rows.loc[shifted, ["sensitivity", "specificity"]].astype(float).round(2)
    told = [
        f"{name} (sensitivity {a:.2f}, specificity {b:.2f})" for name, a, b in rates.itertuples()
    ]
    return (
        f"The level does not carry over to {listed(told)}, where log-odds are off by up to "
        f"{number(float(shift.max()), 1)}: there the order of patients holds and the call at the "
        "threshold does not, until samples of known severity set the level."
    )


def recalibration_sentence(report: ValidationReport) -> str:
    """Say in how many cohorts recalibration helped, and why not where it did not.

    The reason is given where it holds: predictions that were made steeper while the level was
    off, so that they lie further from the truth than flat ones.
    """
    rows = nested_rows(report).reindex(counted_cohorts(report))
    figures = {
        words: (rows[f"raw_{name}"] - rows[name]).astype(float).dropna()
        for name, words in (("brier", "the Brier score"), ("ece", "the calibration error"))
    }
    if all(gain.empty for gain in figures.values()):
        return ""
    told = [
        f"{words} better in {int((gain > 0).sum())} and worse in {int((gain < 0).sum())}"
        for words, gain in figures.items()
    ]
    n = "the 1 counted cohort" if len(rows) == 1 else f"the {len(rows)} counted cohorts"
    text = f"Of {n}, recalibration on the training cohorts makes {', and '.join(told)}."
    worse = {str(name) for gain in figures.values() for name in gain.index[gain < 0]}
    steeper = rows["raw_slope"].astype(float) > rows["calibration_slope"].astype(float)
    off = rows["calibration_intercept"].astype(float).abs() > LEVEL
    why = [str(name) for name in rows.index[steeper & off] if str(name) in worse]
    if not why:
        return text
    return (
        f"{text} In {listed(why)} it made predictions steeper while their level is off: under an "
        "unknown level flatter predictions lie nearer the truth. The slope is what a level of "
        "one's own needs, once a few samples of known severity set it (predict --labels)."
    )


def calibration_section(report: ValidationReport) -> Section:
    """Return calibration by cohort, before and after recalibration, drawn and as a table."""
    rows = nested_rows(report)
    figures = (
        ("raw_brier", "brier"),
        ("raw_ece", "ece"),
        ("raw_slope", "calibration_slope"),
        ("raw_intercept", "calibration_intercept"),
    )
    table = ReportTable(
        caption="Calibration before → after recalibration on the training cohorts (95 % CI)",
        columns=("Cohort", "Brier score", "Calibration error", "Slope", "Intercept"),
        rows=tuple(
            (
                name,
                *(
                    f"{number(figure_of(rows, name, before)[0])} → "
                    + unbroken(interval_words(figure_of(rows, name, after), to=_to(after)))
                    for before, after in figures
                ),
            )
            for name in ordered_cohorts(report)
        ),
        numeric=frozenset({1, 2, 3, 4}),
    )
    figure = ReportFigure(
        "calibration",
        calibration_panels_figure(report),
        alt=f"Observed against predicted risk for every cohort. {calibration_sentence(report)}",
        caption="On the dotted line predictions mean what they say; above it the risk is "
        "underestimated, below it overestimated. Error bars are 95 % intervals of the observed "
        "share. ECE is the expected calibration error.",
    )
    said = (calibration_sentence(report), recalibration_sentence(report))
    heading = "Whether the probabilities mean what they say"
    paragraphs = tuple(text for text in said if text)
    return Section("calibration", heading, paragraphs, figures=(figure,), tables=(table,))


def _to(name: str) -> str:
    return " to " if name == "calibration_intercept" else "–"
