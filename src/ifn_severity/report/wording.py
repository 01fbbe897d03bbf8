"""Numbers in plain language."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

#: A value with the low and high end of its 95 % interval, NaN where unknown.
Interval = tuple[float, float, float]


def number(value: object, digits: int = 2) -> str:
    """Write a number with a real minus sign, and a dash where there is none.

    Examples
    --------
    >>> number(-0.123), number(-0.001), number(float("nan")), number("n/a")
    ('−0.12', '0.00', '–', 'n/a')
    """
    if isinstance(value, bool | str):
        return str(value)
    try:
        real = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return "–"
    if not math.isfinite(real):
        return "–"
    text = f"{real:.{digits}f}"
    return text.replace("-", "−") if float(text) else text.removeprefix("-")


def signed(value: float, digits: int = 2) -> str:
    """Write a number with its sign.

    Examples
    --------
    >>> signed(0.5), signed(-0.5)
    ('+0.50', '−0.50')
    """
    return f"{value:+.{digits}f}".replace("-", "−")


def percent(probability: float) -> str:
    """Write a probability, never claiming 0 or 100 %.

    Examples
    --------
    >>> percent(0.487), percent(0.9999), percent(0.0001)
    ('49 %', 'over 99 %', 'under 1 %')
    """
    if probability > 0.995:
        return "over 99 %"
    return "under 1 %" if probability < 0.005 else f"{100 * probability:.0f} %"


def listed(names: Sequence[str]) -> str:
    """Join names as a sentence would.

    Examples
    --------
    >>> listed(["a", "b", "c"])
    'a, b and c'
    """
    return " and ".join(part for part in (", ".join(names[:-1]), *names[-1:]) if part)


def estimate(value: float | Sequence[float]) -> str:
    """Write a metric, with its 95 % interval where it has one.

    Examples
    --------
    >>> estimate(0.13), estimate((0.89, 0.82, 0.94))
    ('0.13', '0.89 (95 % CI 0.82 to 0.94)')
    """
    if isinstance(value, Sequence):
        middle, low, high = value
        return f"{number(middle)} (95 % CI {number(low)} to {number(high)})"
    return number(value)


def interval_words(value: Interval, *, to: str = "–") -> str:
    """Write an estimate with its interval in brackets, or alone where it has none.

    Parameters
    ----------
    value : tuple of float
        Value, low end, high end; NaN where unknown.
    to : str
        Between the ends; `` to `` where they may be negative.

    Examples
    --------
    >>> interval_words((0.9, 0.8, 0.95)), interval_words((0.9, math.nan, math.nan))
    ('0.90 (0.80–0.95)', '0.90')
    >>> interval_words((-0.4, -0.9, 0.1), to=" to ")
    '−0.40 (−0.90 to 0.10)'
    """
    middle, low, high = value
    if math.isnan(low):
        return number(middle)
    return f"{number(middle)} ({number(low)}{to}{number(high)})"


def checksum_lines(checksums: Mapping[str, str], *, most: int = 12) -> tuple[str, ...]:
    """Return file and SHA-256 a line, or how many there are where they would fill pages.

    Examples
    --------
    >>> checksum_lines({"a.csv": "f013"}), checksum_lines({"a": "1", "b": "2"}, most=1)
    (('a.csv: f013',), ('2 files were read; checksums.csv names each with its SHA-256.',))
    """
    if len(checksums) > most:
        return (f"{len(checksums)} files were read; checksums.csv names each with its SHA-256.",)
    return tuple(f"{name}: {value}" for name, value in checksums.items())


def unbroken(text: str) -> str:
    """Keep an interval on one line of a narrow column."""
    return text.replace(" ", "\N{NO-BREAK SPACE}").replace("–", "\N{WORD JOINER}–\N{WORD JOINER}")
