"""Is it counts, TPM or a logarithm? Told from one sample's values, and turned into log2(x+1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ifn_severity.errors import InputError, nearest

UNITS = ("counts", "linear", "log2", "ln", "log10")
_SYNONYMS = {"tpm": "linear", "cpm": "linear", "fpkm": "linear", "log1p": "ln", "raw": "counts"}
NAMES = {
    "counts": "read counts",
    "linear": "linear values (TPM, CPM or normalised counts)",
    "log2": "log2(x+1), or log2 intensities of an array",
    "ln": "ln(x+1)",
    "log10": "log10(x+1)",
}
# 2**30 reads or TPM are beyond any instrument, so a larger value is no logarithm
_MAX_LOG = 30.0
# estimated or averaged counts are whole numbers but for a few
_MIN_WHOLE = 0.99
_TOLERANCE = 0.02
# what the values add up to where the logarithm is undone, for the usual ones: CPM or TPM, and
# ten thousand as single cells have it
_TOTALS = {"ln": (1e6, 1e4), "log2": (1e6, 1e4), "log10": (1e6,)}
NATURAL = {"log2": float(np.log(2.0)), "ln": 1.0, "log10": float(np.log(10.0))}
"""What turns the logarithm of x+1 in each unit into the natural one."""


@dataclass(frozen=True)
class Guess:
    """The unit of one sample.

    Attributes
    ----------
    unit : {"counts", "linear", "log2", "ln", "log10"}
        What it is, or most likely is.
    sure : bool
        Whether the values leave no other reading.
    """

    unit: str
    sure: bool


def guess_unit(sample: NDArray[np.float64]) -> Guess:
    """Tell the unit of one sample.

    In this order: (1) at least 99 % of the values above 0 are whole: counts; (2) a value above
    30: linear; (3) ``e**x - 1`` adds up to a million or ten thousand within 2 %: ln;
    (4) ``2**x - 1`` does: log2, or ``10**x - 1`` to a million: log10, or what of these three
    comes closest; (5) no zeros among at least 1,000 genes: log2 intensities;
    (6) at least 10,000 genes and ``e**x - 1`` adds up to 0.3 to 1.02 million, as when
    genes were left out after normalisation: ln; (7) else log2, which is the commonest.

    Parameters
    ----------
    sample : ndarray of shape (n_genes,)
        Finite values, none negative, not all zero.

    Returns
    -------
    Guess
        Unsure after (5), (6) or (7), and after (1) where all values above 0 are the same.

    Examples
    --------
    >>> guess_unit(np.array([0.0, 12.0, 153.0]))
    Guess(unit='counts', sure=True)
    >>> guess_unit(np.log1p(np.array([999_000.0, 900.0, 99.5])))
    Guess(unit='ln', sure=True)
    """
    positive = sample[sample > 0]
    if np.mean(positive == np.rint(positive)) >= _MIN_WHOLE:
        # one number for all genes may be whole on any scale
        return Guess("counts", sure=bool(positive.min() < positive.max()))
    if sample.max() > _MAX_LOG:
        return Guess("linear", sure=True)
    totals = {unit: float(np.expm1(sample * base).sum()) for unit, base in NATURAL.items()}
    # another logarithm may come near by chance, the right one is off by what was rounded
    off = {unit: min(abs(totals[unit] / goal - 1) for goal in _TOTALS[unit]) for unit in totals}
    nearest_unit = min(off, key=lambda unit: off[unit])
    if off[nearest_unit] < _TOLERANCE:
        return Guess(nearest_unit, sure=True)
    if positive.size == sample.size >= 1_000:
        return Guess("log2", sure=False)
    if sample.size >= 10_000 and 3e5 <= totals["ln"] <= 1.02e6:
        return Guess("ln", sure=False)
    return Guess("log2", sure=False)


def detect_unit(values: NDArray[np.float64], samples: Sequence[str]) -> Guess:
    """Tell the unit of a matrix: what each sample says on its own, if they agree.

    Parameters
    ----------
    values : ndarray of shape (n_samples, n_genes)
        Finite values, none negative, no sample all zero.
    samples : sequence of str
        Names of the samples, for messages.

    Returns
    -------
    Guess
        The unit; sure if any sample is.

    Raises
    ------
    InputError
        If some samples are surely of one unit and some surely of another.
    """
    guesses = [guess_unit(sample) for sample in values]
    sure = {guess.unit for guess in guesses if guess.sure}
    if len(sure) > 1:
        examples = "; ".join(
            f"{samples[guesses.index(Guess(unit, sure=True))]} in {NAMES[unit]}"
            for unit in sorted(sure)
        )
        raise InputError(
            f"samples in different units: {examples}",
            expected="one unit for the whole matrix",
            do="split the file by unit, or say which it is with --unit counts|linear|log2|ln|log10",
        )
    if sure:
        return Guess(sure.pop(), sure=True)
    units = [guess.unit for guess in guesses]
    return Guess(max(UNITS, key=units.count), sure=False)


def taken_for(guess: Guess) -> str:
    """Say in a sentence what a matrix was taken for.

    Examples
    --------
    >>> taken_for(Guess("counts", sure=True))
    'Values were taken for read counts.'
    """
    said = f"Values were taken for {NAMES[guess.unit]}"
    if guess.sure:
        return f"{said}."
    return f"{said}; they could also be on another log scale. If so, say it with --unit."


def check_unit(unit: str) -> str:
    """Return the unit that a user named, or explain which there are.

    Examples
    --------
    >>> check_unit("TPM")
    'linear'
    """
    known = _SYNONYMS.get(unit.lower(), unit.lower())
    if known in (*UNITS, "auto"):
        return known
    raise InputError(
        f"unknown unit {unit!r}",
        expected="one of auto, " + ", ".join(UNITS),
        do=nearest(unit, ("auto", *UNITS, *_SYNONYMS)),
    )


def rebased(values: NDArray[np.float64], unit: str) -> NDArray[np.float64]:
    """Turn a logarithm of x+1 into log2(x+1): they differ by a factor alone.

    Parameters
    ----------
    values : ndarray
    unit : {"log2", "ln", "log10"}

    Returns
    -------
    ndarray
        A copy.

    Examples
    --------
    >>> rebased(np.log10(np.array([2.0, 8.0])), "log10").round(12)
    array([1., 3.])
    """
    return values / (NATURAL["log2"] / NATURAL[unit])


def to_log2(
    values: NDArray[np.float64], unit: str, samples: Sequence[str]
) -> tuple[NDArray[np.float64], list[str]]:
    """Convert to log2(x+1); counts become counts per million first.

    Parameters
    ----------
    values : ndarray of shape (n_samples, n_genes)
        Finite values, none negative, no sample all zero.
    unit : {"counts", "linear", "log2", "ln", "log10"}
        What they are.
    samples : sequence of str
        Names of the samples, for messages.

    Returns
    -------
    ndarray of shape (n_samples, n_genes)
        log2(x+1); log2 input is returned as it is.
    list of str
        What was done.

    Raises
    ------
    InputError
        If the values cannot be in that unit.
    """
    highest = values.max(axis=1)
    worst = int(highest.argmax())
    if unit in NATURAL and highest[worst] > _MAX_LOG:
        raise InputError(
            f"a value of {highest[worst]:g} in sample {samples[worst]}, said to be {NAMES[unit]}",
            expected=f"at most {_MAX_LOG:g} on a log scale",
            do="use --unit linear or --unit counts, or leave --unit out",
        )
    if unit == "counts":
        for name, sample in zip(samples, values, strict=True):
            positive = sample[sample > 0]
            if np.mean(positive == np.rint(positive)) < 0.2 and positive.max() < _MAX_LOG:
                raise InputError(
                    f"sample {name}: fractions up to {positive.max():g}, said to be counts",
                    expected="read counts, most of them whole numbers",
                    do="use --unit log2, ln, log10 or linear, or leave --unit out",
                )
        per_million: NDArray[np.float64] = values / (values.sum(axis=1, keepdims=True) / 1e6)
        return np.log2(per_million + 1), ["Counts were scaled to counts per million."]
    if unit == "linear":
        totals = values.sum(axis=1)
        if totals.min() < 9e5 or totals.max() > 1.1e6:
            note = f"Values add up to {totals.min():,.0f} to {totals.max():,.0f} a sample"
            return np.log2(values + 1), [f"{note}, not to a million; they were taken as they are."]
        return np.log2(values + 1), []
    return rebased(values, unit), []
