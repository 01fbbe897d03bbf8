"""What to offer for a name that does not exist."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches

_CLOSE, _PARTIAL, _ALL = 3, 5, 40
_MANY = 1000
"""Options, such as genes, of which a few are no help."""


def offer(name: str, options: Iterable[str], also: Mapping[str, str] | None = None) -> str:
    """Offer the options nearest to a name: by letters, else by a word in common, else a few.

    Parameters
    ----------
    name : str
        What was typed.
    options : iterable of str
        What exists.
    also : mapping of str to str, optional
        Other names of options, such as those that a source prints.

    Returns
    -------
    str

    Examples
    --------
    >>> offer("severitty", ["severity", "age"])
    'did you mean severity?'
    >>> offer("TNFa", ["IL6", "TNF", "TGFA"], {"TNFa": "TNF"})
    'did you mean TNF?'
    >>> offer("IFN score", ["BTM_M75_antiviral_IFN", "SOCS_family"])
    'did you mean BTM_M75_antiviral_IFN?'
    >>> offer("zebra", ["b", "a"])
    'choose one of: a, b'
    """
    names = {option: option for option in sorted(options)}
    folded = {typed.casefold(): option for typed, option in {**(also or {}), **names}.items()}
    wanted = name.casefold()
    if wanted in folded:
        return f"did you mean {folded[wanted]}?"
    close = get_close_matches(wanted, folded, n=_CLOSE, cutoff=0.6)
    if close:
        return f"did you mean {' or '.join(dict.fromkeys(folded[one] for one in close))}?"
    words = re.findall(r"[a-z0-9]{3,}", wanted)
    holding = [option for option in names if any(word in option.casefold() for word in words)]
    if holding and len(names) <= _MANY:
        more = f", … ({len(holding)} such names)" if len(holding) > _PARTIAL else ""
        return f"did you mean {' or '.join(holding[:_PARTIAL])}{more}?"
    if len(names) > _MANY:
        return "correct the name"
    if len(names) <= _ALL:
        return "choose one of: " + ", ".join(names)
    return f"choose one of: {', '.join(list(names)[:_PARTIAL])}, … ({len(names)} in all)"
