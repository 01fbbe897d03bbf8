"""What came before a validation, in a sentence: how its design was found, and on which cohorts."""

from __future__ import annotations

from collections.abc import Iterable

from ifn_severity.evaluate.development import DESIGNS, REPRESENTATIONS, SOURCE, developed_on
from ifn_severity.report.wording import listed


def development_sentence(cohorts: Iterable[str], *, source: str = SOURCE) -> str:
    """Say what was tried before on the same cohorts; empty where none of them had a part.

    Parameters
    ----------
    cohorts : iterable of str
        Cohorts that are held out.
    source : str
        Where it can be read, as the reader should be told.

    Examples
    --------
    >>> print(development_sentence(["GSE157103", "mine"]))
    Before this run 29 designs, and before them 13 ways of representing a sample, had been judged \
by held-out figures of GSE157103 (docs/model-selection.md): the design of the model \
transfer, the offset and the reference genes were found with that help, which flatters the nested \
figure too.
    >>> development_sentence(["mine"])
    ''
    """
    every = list(dict.fromkeys(cohorts))
    found = developed_on(every)
    if not found:
        return ""
    on = "these same cohorts" if len(found) == len(every) else f"{listed(found)}"
    return (
        f"Before this run {DESIGNS} designs, and before them {REPRESENTATIONS} ways of "
        f"representing a sample, had been judged by held-out figures of {on} ({source}): the "
        "design of the model transfer, the offset and the reference genes were found with that "
        "help, which flatters the nested figure too."
    )
