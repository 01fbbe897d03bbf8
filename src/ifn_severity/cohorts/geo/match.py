"""Which column of an expression matrix is which sample of a GEO series."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ifn_severity.cohorts.geo.rules import need_column
from ifn_severity.cohorts.geo.series import Series
from ifn_severity.errors import LabelError, listed

_GSM = re.compile(r"GSM\d{3,}")


def _plain(name: str) -> str:
    """Return what is left when programs have changed a name: R writes X1.a for 1-a.

    Examples
    --------
    >>> _plain("X1.a") == _plain("1-A"), _plain("Xa") == _plain("a")
    (True, False)
    """
    plain = re.sub(r"[^a-z0-9]+", "", name.casefold())
    return plain[1:] if re.match(r"x\d", plain) else plain


def _lookup(names: Sequence[str], values: dict[str, list[str]]) -> dict[str, str]:
    """Match names to accessions, where a name fits one sample only."""
    owners: dict[str, set[str]] = {}
    for accession, words in values.items():
        for word in words:
            if plain := _plain(word):
                owners.setdefault(plain, set()).add(accession)
    found: dict[str, str] = {}
    for name in names:
        fitting = owners.get(_plain(name), set())
        if len(fitting) == 1:
            found[name] = next(iter(fitting))
    # two columns of one sample: which of them would be a guess
    twice = {a for a in found.values() if list(found.values()).count(a) > 1}
    return {name: accession for name, accession in found.items() if accession not in twice}


def match_samples(series: Series, names: Sequence[str], sample_from: str) -> dict[str, str]:
    """Find the sample behind each name in a matrix.

    Tried are GSM accessions, also within longer names, then every column of the series as a
    whole, then the words in it; the column that fits most names is taken. Capitals and
    punctuation do not matter.

    Parameters
    ----------
    series : Series
        The series.
    names : sequence of str
        The matrix's names of samples.
    sample_from : str
        The column to use; empty to find it.

    Returns
    -------
    dict of str to str
        GSM accession by name, for those that fit exactly one sample.

    Raises
    ------
    LabelError
        If less than half of the names, or fewer than two, are found.
    """
    samples = series.samples
    tried: list[dict[str, str]] = []
    if not sample_from:
        within = {name: found[0] for name in names if (found := _GSM.search(name))}
        own = set(samples.index)
        within = {name: gsm for name, gsm in within.items() if gsm in own}
        tried.append(within if len(set(within.values())) == len(within) else {})
    chosen = need_column(series, sample_from, "--sample-from")
    for column in [chosen] if chosen else [str(c) for c in samples.columns]:
        cells = {str(gsm): str(cell) for gsm, cell in samples[column].items()}
        whole = _lookup(names, {gsm: [cell] for gsm, cell in cells.items()})
        words = _lookup(names, {g: re.split(r"[\s,;:()\[\]]+", c) for g, c in cells.items()})
        tried += [whole, words]
    best = max(tried, key=len)
    if len(best) < 2 or 2 * len(best) < min(len(names), len(samples)):
        first = [f"{column}: {listed(list(samples[column].unique()[:3]))}" for column in samples]
        raise LabelError(
            f"the matrix calls its samples {listed(list(names))}, and "
            + (f"{chosen!r}" if chosen else "no column")
            + f" of {series.accession} holds these names: {'; '.join(first)}",
            expected="names of samples that stand in the series matrix",
            do="choose another matrix with --matrix, or the column with --sample-from; or rename "
            "the columns and use ifn-severity cohorts add FILE --labels LABELS",
        )
    return best
