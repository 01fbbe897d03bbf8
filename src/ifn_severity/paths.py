"""Where things live, and the one way to write them: whole or not at all."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ifn_severity.errors import StoreError

# paths that no permission and no free space would make writable
_IMPOSSIBLE = (
    errno.ENOTDIR,
    errno.EISDIR,
    errno.EEXIST,
    errno.ENOENT,
    errno.ELOOP,
    errno.ENAMETOOLONG,
    errno.EINVAL,
)


def home() -> Path:
    """Return the folder that holds ``data/``, ``models/`` and ``mlruns/``.

    It is ``IFN_SEVERITY_HOME`` where that is set, else the working folder.
    """
    return Path(os.environ.get("IFN_SEVERITY_HOME") or Path.cwd()).expanduser().resolve()


def raw_dir(cohort: str) -> Path:
    """Return the folder for a cohort's source files, byte for byte as published."""
    return home() / "data" / "raw" / cohort


def processed_dir() -> Path:
    """Return the folder for harmonised cohorts, which can be deleted at any time."""
    return home() / "data" / "processed"


def user_cohorts_dir() -> Path:
    """Return the folder for cohorts that the user added."""
    return home() / "data" / "cohorts"


def models_dir() -> Path:
    """Return the folder for saved models, one folder each."""
    return home() / "models"


def mlruns_dir() -> Path:
    """Return the folder of the MLflow store."""
    return home() / "mlruns"


def reports_dir() -> Path:
    """Return the folder for reports when no output was named."""
    return home() / "reports"


@contextmanager
def _explained(target: Path) -> Iterator[None]:
    """Turn the operating system's refusals into a StoreError that says what to do."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            raise StoreError(
                f"cannot write {target}: {error.strerror}",
                expected="a folder that you may write to",
                do="choose another place with -o, or set IFN_SEVERITY_HOME to a folder of yours",
            ) from error
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StoreError(
                f"no space left while writing {target}",
                expected="room on that disk; nothing was left half-written",
                do="free some space, or set IFN_SEVERITY_HOME to another disk, then run it again",
            ) from error
        if error.errno in _IMPOSSIBLE:
            raise StoreError(
                f"cannot write {target}: {error.strerror}",
                expected="the name of a file, in a folder that exists or can be made",
                do="choose another place with -o, or set IFN_SEVERITY_HOME to a folder of yours",
            ) from error
        raise


@contextmanager
def atomic_file(target: Path) -> Iterator[Path]:
    """Give a temporary path beside ``target``, moved there only if the block succeeds.

    Parameters
    ----------
    target : Path
        The file to write; its folder is made when missing.

    Yields
    ------
    Path
        A path to write to, with the suffixes of ``target``.

    Raises
    ------
    StoreError
        If the folder is read-only, the disk is full or the path is impossible.
    """
    with _explained(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
        try:
            part = folder / target.name
            yield part
            part.replace(target)
        finally:
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def atomic_dir(target: Path) -> Iterator[Path]:
    """Give a temporary folder that replaces ``target`` only if the block succeeds.

    Parameters
    ----------
    target : Path
        The folder to write. An existing folder is replaced as a whole.

    Yields
    ------
    Path
        An empty folder on the same disk.

    Raises
    ------
    StoreError
        If the parent is read-only, the disk is full or the path is impossible.
    """
    with _explained(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        stage = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
        try:
            new = stage / "new"
            new.mkdir()
            yield new
            old = stage / "old"
            if target.exists():
                target.replace(old)
            try:
                new.replace(target)
            except BaseException:
                if old.exists():
                    old.replace(target)
                raise
        finally:
            shutil.rmtree(stage, ignore_errors=True)
