"""What a validation says of calibration, in sentences: the slope, and the level."""

from __future__ import annotations

from ifn_severity.report.validation import ValidationReport
from ifn_severity.report.validation_rows import counted_cohorts, nested_rows
from ifn_severity.report.wording import listed, number

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
