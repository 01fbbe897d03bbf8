"""Which files of a GEO series are wanted: one platform, one expression matrix."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ifn_severity.cohorts.geo.files import Remote, find_supplement
from ifn_severity.cohorts.geo.series import Series
from ifn_severity.errors import InputError, nearest

_READABLE = re.compile(r"\.(csv|tsv|txt|tab|xlsx|parquet|h5ad)(\.(gz|xz|bz2|zip))?$", re.I)
_DESCRIBING = re.compile(
    r"(^|[_.\- ])(keys?|meta|metadata|clinical|pheno(type)?s?|samples?|readme|annot(ation)?s?|"
    r"barcodes?|features?|degs?|results?|filelist|legend|description)(?=[_.\- ]|$)",
    re.I,
)
_PREFERRED = (re.compile(r"count|[._]ec[._]", re.I), re.compile(r"tpm|cpm|fpkm", re.I))


def choose_series_matrix(found: Sequence[Remote], platform: str, accession: str) -> Remote:
    """Choose the series matrix of a platform.

    Parameters
    ----------
    found : sequence of Remote
        What :func:`find_series_matrices` gave.
    platform : str
        ``GPL…``; empty if none was named.
    accession : str
        For the message.

    Returns
    -------
    Remote
        The one.

    Raises
    ------
    InputError
        If there are several platforms and none of them was named.
    """
    by_platform = {
        match[0] if (match := re.search(r"GPL\d+", remote.name)) else "": remote for remote in found
    }
    if platform and platform in by_platform:
        return by_platform[platform]
    named = [name for name in by_platform if name]
    if len(by_platform) > 1 or (platform and named):
        raise InputError(
            f"{accession} was measured on {len(by_platform)} platforms: {', '.join(named)}"
            + (f"; {platform} is none of them" if platform else ""),
            expected="one platform, as values of different platforms are no one cohort",
            do=f"choose with --platform, e.g. --platform {named[0]}; add the others under other "
            "names with --name",
        )
    return found[0]


def find_matrices(series: Series) -> tuple[list[Remote], list[Remote]]:
    """List the supplementary files that can hold an expression matrix, the likeliest first.

    Parameters
    ----------
    series : Series
        The series.

    Returns
    -------
    candidates : list of Remote
        Files of a format that can be read, and not named as if they described samples.
    others : list of Remote
        The other files.
    """
    remotes = find_supplement(series)
    readable = [remote for remote in remotes if _READABLE.search(remote.name)]
    likely = [remote for remote in readable if not _DESCRIBING.search(remote.name)] or readable

    def rank(remote: Remote) -> tuple[int, str]:
        fits = [at for at, form in enumerate(_PREFERRED) if form.search(remote.name)]
        return (fits[0] if fits else len(_PREFERRED), remote.name)

    likely.sort(key=rank)
    chosen = {remote.name for remote in likely}
    return likely, [remote for remote in remotes if remote.name not in chosen]


def choose_matrix(series: Series, name: str) -> Remote | None:
    """Choose the expression matrix of a series.

    Parameters
    ----------
    series : Series
        The series.
    name : str
        File that the user named; empty if none.

    Returns
    -------
    Remote or None
        A supplementary file; None for the table in the series matrix itself.

    Raises
    ------
    InputError
        If the named file is not there, or none was named where there are several or none.
    """
    candidates, others = find_matrices(series)
    names = [remote.name for remote in candidates]
    if name:
        known = {remote.name: remote for remote in [*candidates, *others]}
        if name not in known:
            raise InputError(
                f"{series.accession} has no supplementary file {name!r}",
                expected="one of " + (", ".join(known) or "its files, but it has none"),
                do=nearest(name, known) if known else "leave --matrix out",
            )
        return known[name]
    if series.table is not None:
        return None
    if len(candidates) == 1:
        return candidates[0]
    if candidates:
        raise InputError(
            f"{series.accession} has {len(candidates)} files that may hold expression: "
            f"{', '.join(names)}",
            expected="one expression matrix, of counts if there are any",
            do=f"choose with --matrix, e.g. --matrix {names[0]}",
        )
    raise InputError(
        f"{series.accession} has no supplementary matrix, and its series matrix holds no values"
        + (f"; its files are {', '.join(other.name for other in others)}" if others else ""),
        expected="one table with genes in rows and samples in columns",
        do="make one (RAW.tar holds a file for each sample; NCBI offers counts of its own on the "
        "series' page), then: ifn-severity cohorts add FILE --labels LABELS",
    )
