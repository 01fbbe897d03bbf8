"""The one family of errors a user can meet.

Every message says what was got, what was expected and what to do next. At the command
line that is one short block and exit code 2, never a traceback.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches

_ALL, _MANY = 40, 1000
"""Up to so many names are shown in full; of more than so many, such as genes, none helps."""


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


def listed(names: Iterable[object]) -> str:
    """Return up to five names, and how many there are if they are more.

    Examples
    --------
    >>> listed(["a", "b"]), listed("abcdef")
    ('a, b', 'a, b, c, d, e, … (6 in all)')
    """
    texts = [str(name) for name in names]
    return ", ".join(texts[:5]) + (f", … ({len(texts)} in all)" if len(texts) > 5 else "")


def nearest(name: str, known: Iterable[str], also: Mapping[str, str] | None = None) -> str:
    """Offer the known names nearest to a mistyped one: by letters, else by a word in common.

    Parameters
    ----------
    name : str
        What was typed.
    known : iterable of str
        What exists.
    also : mapping of str to str, optional
        Other names of what exists, such as those that a source prints.

    Returns
    -------
    str
        ``"did you mean GSE157103?"``, or a list of what there is when nothing is near.

    Examples
    --------
    >>> nearest("GSE157130", ["GSE157103", "GSE155454"])
    'did you mean GSE157103?'
    >>> nearest("TNFa", ["IL6", "TNF", "TGFA"], {"TNFa": "TNF"})
    'did you mean TNF?'
    >>> nearest("IFN score", ["BTM_M75_antiviral_IFN", "SOCS_family"])
    'did you mean BTM_M75_antiviral_IFN?'
    >>> nearest("zebra", ["a", "b"])
    'choose one of: a, b'
    """
    options = sorted(known)
    folded = {text.casefold(): option for text, option in (also or {}).items()}
    folded |= {option.casefold(): option for option in options}
    wanted = name.casefold()
    close = [wanted] if wanted in folded else get_close_matches(wanted, folded, n=3, cutoff=0.6)
    if close:
        return f"did you mean {' or '.join(dict.fromkeys(folded[one] for one in close))}?"
    if len(options) > _MANY:
        return "correct the name"
    words = re.findall(r"[a-z0-9]{3,}", wanted)
    holding = [option for option in options if any(word in option.casefold() for word in words)]
    if holding:
        more = f", … ({len(holding)} such names)" if len(holding) > 5 else ""
        return f"did you mean {' or '.join(holding[:5])}{more}?"
    return f"choose one of: {', '.join(options) if len(options) <= _ALL else listed(options)}"
