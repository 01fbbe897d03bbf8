"""Where the files of a GEO series are, which of them are wanted, and how they get here."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import re
import shutil
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote

from ifn_severity.cohorts.container import reading
from ifn_severity.cohorts.download import CHUNK, DownloadError, download
from ifn_severity.cohorts.fetch import MIRROR
from ifn_severity.cohorts.geo.series import Series
from ifn_severity.errors import FetchError, InputError

BASE = "IFN_SEVERITY_GEO"
"""Environment variable with another address than NCBI's, e.g. of a mirror of GEO."""
NCBI = "https://ftp.ncbi.nlm.nih.gov/geo/series"
ACCESSION = re.compile(r"GSE\d+")


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
    stub = accession[:-3] if len(accession) > len("GSE000") else "GSE"
    return f"{base}/{stub}nnn/{accession}/{folder}/{quote(name)}"


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


def find_supplement(series: Series) -> list[Remote]:
    """List the supplementary files of a series.

    Parameters
    ----------
    series : Series
        The series, whose series matrix names them.

    Returns
    -------
    list of Remote
        At GEO; with a mirror set, those that the mirror has.
    """
    accession = series.accession
    names = [unquote(url.rsplit("/", 1)[-1]) for url in series.supplement]
    remotes = {
        name: Remote(name, address(accession, "suppl", name))
        for name in names
        # a name from a file must not lead out of the folder
        if re.fullmatch(r"[^/\\\x00]+", name) and name not in (".", "..")
    }
    if (folder := _mirrored(accession)) is not None:
        remotes = {
            path.name: Remote(
                path.name, remotes[path.name].url if path.name in remotes else "", path
            )
            for path in sorted(folder.iterdir())
            if path.is_file() and "_series_matrix.txt" not in path.name
        }
    return list(remotes.values())


def find_family(accession: str) -> Remote:
    """Return the family file of a series, which holds the table of its platform."""
    name = f"{accession}_family.soft.gz"
    folder = _mirrored(accession)
    return Remote(name, address(accession, "soft", name), None if folder is None else folder / name)


def _read_through(path: Path) -> None:
    """Unpack a packed file to nowhere: its checksums are at its end."""
    unpackers = {".gz": gzip.GzipFile, ".xz": lzma.LZMAFile, ".bz2": bz2.BZ2File}
    if path.suffix in unpackers:
        with reading(path, f"{path.suffix[1:]} file"), unpackers[path.suffix](path) as file:
            while file.read(CHUNK):
                pass
    elif path.suffix in (".zip", ".xlsx"):
        with reading(path, "zip file"), zipfile.ZipFile(path) as archive:
            if (damaged := archive.testzip()) is not None:
                raise zipfile.BadZipFile(damaged)


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
    try:
        _read_through(path)
    except InputError as error:
        raise FetchError(
            f"{remote.name} did not come whole from {remote.copy or remote.url}: "
            + error.got.partition(": ")[2],
            expected="the whole file; nothing was kept",
            do="try again; if it stays so, the server or a proxy on the way cuts it short",
        ) from error
    return path
