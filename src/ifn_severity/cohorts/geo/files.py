"""Where the files of a GEO series are, which of them are wanted, and how they get here."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote

from ifn_severity.cohorts.container import open_container
from ifn_severity.cohorts.download import DownloadError, download
from ifn_severity.cohorts.fetch import MIRROR
from ifn_severity.cohorts.geo.series import Series
from ifn_severity.errors import FetchError, InputError, nearest

BASE = "IFN_SEVERITY_GEO"
"""Environment variable with another address than NCBI's, e.g. of a mirror of GEO."""
NCBI = "https://ftp.ncbi.nlm.nih.gov/geo/series"
ACCESSION = re.compile(r"GSE\d+")
_READABLE = re.compile(r"\.(csv|tsv|txt|tab|xlsx|parquet|h5ad)(\.(gz|xz|bz2|zip))?$", re.I)
_DESCRIBING = re.compile(
    r"(^|[_.\- ])(keys?|meta|metadata|clinical|pheno(type)?s?|samples?|readme|annot(ation)?s?|"
    r"barcodes?|features?|degs?|results?|filelist|legend|description)(?=[_.\- ]|$)",
    re.I,
)
_PREFERRED = (re.compile(r"count|[._]ec[._]", re.I), re.compile(r"tpm|cpm|fpkm", re.I))


@dataclass(frozen=True)
class Remote:
    """A file of a series, not yet here.

    Attributes
    ----------
    name : str
        File name.
    url : str
        Public address; empty for a file that only the mirror has.
    copy : Path or None
        Where the mirror has it.
    """

    name: str
    url: str
    copy: Path | None = None


def is_accession(text: str) -> bool:
    """Tell whether a word is the accession of a GEO series.

    Examples
    --------
    >>> is_accession("GSE161731"), is_accession("gse161731"), is_accession("GSE1.csv")
    (True, True, False)
    """
    return ACCESSION.fullmatch(text.upper()) is not None


def address(accession: str, folder: str, name: str = "") -> str:
    """Return the address of a file of a series, or of one of its folders.

    Parameters
    ----------
    accession : str
        ``GSE…``.
    folder : {"matrix", "suppl", "soft"}
        Folder of the series.
    name : str, optional
        File in it.

    Returns
    -------
    str
        Address below that of NCBI, or below ``IFN_SEVERITY_GEO`` where it is set.

    Examples
    --------
    >>> address("GSE161731", "suppl", "GSE161731_counts.csv.gz")
    'https://ftp.ncbi.nlm.nih.gov/geo/series/GSE161nnn/GSE161731/suppl/GSE161731_counts.csv.gz'
    """
    base = (os.environ.get(BASE) or NCBI).rstrip("/")
    return f"{base}/{accession[:-3] if len(accession) > 6 else 'GSE'}nnn/{accession}/{folder}/{quote(name)}"


def _mirrored(accession: str) -> Path | None:
    """Return the folder of a series in the mirror; None when no mirror is set."""
    mirror = os.environ.get(MIRROR, "")
    if not mirror:
        return None
    folder = Path(mirror).expanduser().resolve() / accession
    if not folder.is_dir():
        raise FetchError(
            f"{folder} is no folder, as {MIRROR}={mirror} is set",
            expected=f"the files of {accession}, above all its series matrix",
            do=f"put them there, or unset {MIRROR} to download from {address(accession, 'matrix')}",
        )
    return folder


def _cannot(what: str, url: str, error: DownloadError, accession: str) -> FetchError:
    if error.status == 404:
        return FetchError(
            f"GEO has no {what}: {url} does not exist",
            expected="a public series of gene expression",
            do=f"look at https://www.ncbi.nlm.nih.gov/geo/query/acc.cgi?acc={accession} whether "
            "the accession is right and the series public",
        )
    return FetchError(
        f"cannot download {what} from {url} ({error.attempts} attempts): {error.reason}",
        expected="a connection to GEO that lasts; nothing was kept",
        do=f"try again later; or download the series' files elsewhere into DIR/{accession} and set "
        f"{MIRROR}=DIR",
    )


def find_series_matrices(accession: str) -> list[Remote]:
    """List the series matrices of a series: one, or one for each of several platforms.

    Parameters
    ----------
    accession : str
        ``GSE…``.

    Returns
    -------
    list of Remote
        Sorted by name.

    Raises
    ------
    FetchError
        If the series is not there, or GEO cannot be reached.
    """
    form = re.compile(rf"{accession}(-GPL\d+)?_series_matrix\.txt(\.gz)?")
    url = address(accession, "matrix")
    if (folder := _mirrored(accession)) is not None:
        copies = {path.name: path for path in folder.iterdir() if form.fullmatch(path.name)}
        # at GEO they are packed: an unpacked one is another file
        found = [
            Remote(name, address(accession, "matrix", name) if name.endswith(".gz") else "", path)
            for name, path in sorted(copies.items())
        ]
        url = str(folder)
    else:
        with tempfile.TemporaryDirectory() as place:
            page = Path(place) / "listing.html"
            try:
                download(url, page, None)
            except DownloadError as error:
                raise _cannot(f"series {accession}", url, error, accession) from error
            names = re.findall(r'href="([^"/]+)"', page.read_text("utf-8", errors="replace"))
        present = {unquote(name) for name in names if form.fullmatch(unquote(name))}
        found = [Remote(name, address(accession, "matrix", name)) for name in sorted(present)]
    if not found:
        raise FetchError(
            f"no series matrix of {accession} in {url}",
            expected=f"{accession}_series_matrix.txt.gz",
            do="look at the series' page whether it holds expression; with a matrix and labels of "
            "your own use ifn-severity cohorts add FILE --labels LABELS",
        )
    return found


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


def find_matrices(series: Series) -> tuple[list[Remote], list[str]]:
    """List the supplementary files that can hold an expression matrix, the likeliest first.

    Parameters
    ----------
    series : Series
        The series.

    Returns
    -------
    candidates : list of Remote
        Files of a format that can be read, and not named as if they described samples.
    others : list of str
        Names of the other files.
    """
    accession = series.accession
    remotes = {
        (name := unquote(url.rsplit("/", 1)[-1])): Remote(name, address(accession, "suppl", name))
        for url in series.supplement
    }
    if (folder := _mirrored(accession)) is not None:
        remotes = {
            path.name: Remote(
                path.name, remotes[path.name].url if path.name in remotes else "", path
            )
            for path in sorted(folder.iterdir())
            if path.is_file() and "_series_matrix.txt" not in path.name
        }
    readable = [remote for name, remote in remotes.items() if _READABLE.search(name)]
    likely = [remote for remote in readable if not _DESCRIBING.search(remote.name)] or readable

    def rank(remote: Remote) -> tuple[int, str]:
        fits = [at for at, form in enumerate(_PREFERRED) if form.search(remote.name)]
        return (fits[0] if fits else len(_PREFERRED), remote.name)

    likely.sort(key=rank)
    chosen = {remote.name for remote in likely}
    return likely, [name for name in remotes if name not in chosen]


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
        known = {**{remote.name: remote for remote in candidates}}
        for other in others:
            known[other] = Remote(
                other, address(series.accession, "suppl", other), _copy(series, other)
            )
        if name not in known:
            raise InputError(
                f"{series.accession} has no supplementary file {name!r}",
                expected="one of " + (", ".join([*names, *others]) or "its files, but it has none"),
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
        + (f"; its files are {', '.join(others)}" if others else ""),
        expected="one table with genes in rows and samples in columns",
        do="make one (RAW.tar holds a file for each sample; NCBI offers counts of its own on the "
        "series' page), then: ifn-severity cohorts add FILE --labels LABELS",
    )


def _copy(series: Series, name: str) -> Path | None:
    folder = _mirrored(series.accession)
    return None if folder is None else folder / name


def find_family(accession: str) -> Remote:
    """Return the family file of a series, which holds the table of its platform."""
    name = f"{accession}_family.soft.gz"
    folder = _mirrored(accession)
    return Remote(name, address(accession, "soft", name), None if folder is None else folder / name)


def take(remote: Remote, folder: Path, accession: str) -> Path:
    """Bring a file of a series into a folder, whole.

    GEO publishes no checksums. A packed file proves by its own that it is whole, and a series
    matrix by its last line; the SHA-256 in the card then pins what came.

    Parameters
    ----------
    remote : Remote
        The file.
    folder : Path
        Where to put it.
    accession : str
        The series, for messages.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    FetchError
        If it cannot be had, or did not come whole.
    """
    path = folder / remote.name
    if remote.copy is not None:
        try:
            shutil.copyfile(remote.copy, path)
        except FileNotFoundError as error:
            raise FetchError(
                f"{remote.copy} is not there, as {MIRROR} is set",
                expected=f"{remote.name} of {accession}",
                do=f"put it there, or unset {MIRROR} to download from {remote.url}",
            ) from error
    else:
        try:
            download(remote.url, path, None)
        except DownloadError as error:
            raise _cannot(remote.name, remote.url, error, accession) from error
    if path.suffix in (".gz", ".xz", ".bz2", ".zip"):
        try:
            open_container(path)
        except InputError as error:
            where = remote.copy or remote.url
            raise FetchError(
                f"{remote.name} did not come whole from {where}: {error.got}",
                expected="the whole file; nothing was kept",
                do="try again; if it stays so, the server or a proxy on the way cuts it short",
            ) from error
    return path
