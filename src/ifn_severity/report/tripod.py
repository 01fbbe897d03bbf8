"""The TRIPOD+AI checklist, filled from a validation run."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import ifn_severity
from ifn_severity.paths import atomic_file
from ifn_severity.report.tripod_answers import tripod_answers
from ifn_severity.report.tripod_items import TRIPOD_ITEMS
from ifn_severity.report.validation import ValidationReport

_HEAD = """# TRIPOD+AI checklist

Research use only – not for diagnosis or treatment.

Filled by ifn-severity {version} from a validation run. Items are numbered as in Collins GS et al.,
BMJ 2024;385:e078378, [doi:10.1136/bmj-2023-078378](https://doi.org/10.1136/bmj-2023-078378), and
**paraphrased**: the wording that counts is the publication's. D concerns development, E evaluation.

Status: {counts}. What was not done is said so; "for the authors" is what no program can know.
"""


def tripod_markdown(report: ValidationReport) -> str:
    """Return the TRIPOD+AI checklist of a validation run.

    Collins et al. 2024, doi:10.1136/bmj-2023-078378. Each item carries a status: reported,
    partly, not done, not applicable, or for the authors.

    Parameters
    ----------
    report : ValidationReport
        What was found.

    Returns
    -------
    str
        Markdown, one table row an item.

    Raises
    ------
    InputError
        If the nested headline is missing for a cohort.
    """
    answers = tripod_answers(report)
    tally = Counter(answers[item.number].status for item in TRIPOD_ITEMS)
    counts = ", ".join(f"{status} {count}" for status, count in tally.most_common())
    lines = [_HEAD.format(version=ifn_severity.__version__, counts=counts)]
    if report.simulated:
        lines.append("**SIMULATED DATA – no patient stands behind these numbers.**\n")
    lines += ["| Section | Item | For | Asked | Status | Answer |", "|---|---|---|---|---|---|"]
    for item in TRIPOD_ITEMS:
        status, text = answers[item.number]
        cells = (*item, status, text)
        lines.append("| " + " | ".join(_cell(cell) for cell in cells) + " |")
    if report.versions:
        lines += ["", "Versions: " + ", ".join(f"{k} {v}" for k, v in report.versions.items())]
    return "\n".join(lines) + "\n"


def write_tripod(path: Path, report: ValidationReport) -> Path:
    """Write the checklist of :func:`tripod_markdown`, whole or not at all.

    Raises
    ------
    InputError
        If the nested headline is missing for a cohort.
    StoreError
        If the file cannot be written.
    """
    text = tripod_markdown(report)
    with atomic_file(Path(path)) as part:
        part.write_text(text, encoding="utf-8", newline="")
    return Path(path)


def _cell(text: str) -> str:
    """Keep a text inside its cell: no line break, no bar, no markup of its own."""
    flat = " ".join(text.split())
    for mark, written in (("\\", "\\\\"), ("|", "\\|"), ("<", "&lt;"), ("*", "\\*")):
        flat = flat.replace(mark, written)
    return flat
