"""The package's claims, and those of one's own files.

TOML files that declare claims are all that is read here; cohorts are loaded by the workflows.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path

from ifn_severity.errors import ClaimError
from ifn_severity.evidence.claim import Claim
from ifn_severity.evidence.declare import Shared, parse_claims, parse_toml, read_shared

SHARED = "shared.toml"
"""The file of contrasts and cell types that all claims may name."""


@cache
def built_in() -> tuple[Shared, tuple[Claim, ...]]:
    """Return what the package declares: shared names, and its claims in the article's order."""
    folder = files("ifn_severity.evidence").joinpath("claims")
    texts = {
        entry.name: entry.read_text("utf-8")
        for entry in sorted(folder.iterdir(), key=lambda entry: entry.name)
        if entry.name.endswith(".toml")
    }
    shared = read_shared(parse_toml(texts.pop(SHARED), SHARED), SHARED, None)
    claims = [claim for where, text in texts.items() for claim in parse_claims(text, where, shared)]
    return shared, _distinct(claims)


def _distinct(claims: Sequence[Claim]) -> tuple[Claim, ...]:
    seen: set[str] = set()
    for claim in claims:
        if claim.id in seen:
            raise ClaimError(
                f"two claims are called {claim.id!r}",
                expected="an id for each claim",
                do="rename one of them",
            )
        seen.add(claim.id)
    return tuple(claims)


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ClaimError(
            f"{path} cannot be read: {error}",
            expected="a TOML file of claims",
            do="give the path of a file such as those of ifn_severity/evidence/claims",
        ) from error


def shared_of(extra: Sequence[Path] = ()) -> Shared:
    """Return the package's contrasts and cell types, and those of further files.

    Parameters
    ----------
    extra : sequence of Path
        TOML files of one's own.

    Returns
    -------
    Shared

    Raises
    ------
    ClaimError
        As ``load_claims``.
    """
    shared = built_in()[0]
    for path in extra:
        shared = read_shared(parse_toml(_read(path), str(path)), str(path), shared)
    return shared


def load_claims(extra: Sequence[Path] = ()) -> tuple[Claim, ...]:
    """Return the package's claims, and those of further files after them.

    Parameters
    ----------
    extra : sequence of Path
        TOML files of one's own.

    Returns
    -------
    tuple of Claim

    Raises
    ------
    ClaimError
        If a file cannot be read or declares something wrong.

    Examples
    --------
    >>> [claim.id for claim in load_claims()][:5]
    ['1', '2a', '2b', '2c', '3']
    """
    shared, claims = built_in()
    more = [claim for path in extra for claim in parse_claims(_read(path), str(path), shared)]
    return _distinct([*claims, *more])
