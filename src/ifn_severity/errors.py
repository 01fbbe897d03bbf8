"""The one family of errors a user can meet.

Every message says what was got, what was expected and what to do next. At the command
line that is one short block and exit code 2, never a traceback.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class IfnSeverityError(Exception):
    """Something the user can put right.

    Parameters
    ----------
    got : str
        What was found, with the value, file or name that is wrong.
    expected : str
        What would have been right.
    do : str
        The next step, preferably a command or an option to type.

    Examples
    --------
    >>> print(IfnSeverityError("no samples in a.csv", expected="one row a sample", do="check it"))
    got:      no samples in a.csv
    expected: one row a sample
    do:       check it
    """

    title = "error"

    def __init__(self, got: str, *, expected: str, do: str) -> None:
        super().__init__(got)
        self.got = got
        self.expected = expected
        self.do = do

    def __reduce__(self) -> tuple[object, ...]:
        # exceptions are rebuilt from positional arguments, and a worker's must reach its caller
        return _rebuild, (type(self), self.got, self.expected, self.do)

    def __str__(self) -> str:
        lines = (("got:", self.got), ("expected:", self.expected), ("do:", self.do))
        return "\n".join(f"{label:<9} {text}" for label, text in lines)


def _rebuild(kind: type[IfnSeverityError], got: str, expected: str, do: str) -> IfnSeverityError:
    return kind(got, expected=expected, do=do)


class CohortError(IfnSeverityError):
    """A cohort is unknown, or its card or files are not what they should be."""

    title = "cohort"


class FetchError(IfnSeverityError):
    """A source file cannot be had, or its checksum is wrong."""

    title = "fetch"


class InputError(IfnSeverityError):
    """A user's expression matrix cannot be read or makes no sense."""

    title = "input"


class LabelError(IfnSeverityError):
    """Labels do not fit the samples or the severity scale."""

    title = "labels"


class FeatureError(IfnSeverityError, ValueError):
    """Features cannot be computed, or a feature set or signature is unknown.

    It is a ``ValueError`` too, because scikit-learn's users catch that.
    """

    title = "features"


class ModelError(IfnSeverityError):
    """A model is unknown, damaged, foreign or does not fit the data."""

    title = "model"


class ClaimError(IfnSeverityError):
    """A declared claim cannot be read, or names what does not exist."""

    title = "claim"


class StoreError(IfnSeverityError):
    """Something cannot be written: read-only folder, full disk, locked store."""

    title = "store"


def nearest(name: str, known: Iterable[str]) -> str:
    """Name the known names closest to a mistyped one.

    Parameters
    ----------
    name : str
        What was typed.
    known : iterable of str
        What exists.

    Returns
    -------
    str
        ``"did you mean GSE157103?"``, or a list of what there is when nothing is close.

    Examples
    --------
    >>> nearest("GSE157130", ["GSE157103", "GSE155454"])
    'did you mean GSE157103?'
    >>> nearest("zebra", ["a", "b"])
    'choose one of: a, b'
    """
    options = sorted(known)
    folded = {option.casefold(): option for option in options}
    close = get_close_matches(name.casefold(), folded, n=3, cutoff=0.6)
    if not close:
        return "choose one of: " + ", ".join(options)
    best = folded[close[0]]
    scored = [folded[match] for match in close]
    return f"did you mean {best}?" if len(scored) == 1 else f"did you mean {' or '.join(scored)}?"
