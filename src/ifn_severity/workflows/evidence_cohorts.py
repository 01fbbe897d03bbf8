"""Load what the claims need of each cohort, and no more."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from ifn_severity.cohorts import get_card, load_cohort
from ifn_severity.errors import FetchError
from ifn_severity.evidence.claim import Claim, Measure
from ifn_severity.evidence.cohort import Block, EvidenceCohort, make_block
from ifn_severity.evidence.days import SCORE
from ifn_severity.evidence.plane import INFLAMMATION
from ifn_severity.evidence.run import BLOOD
from ifn_severity.features import get_signature, reference_genes

CellTypes = Mapping[str, Mapping[str, tuple[str, ...]]]


@dataclass
class Wanted:
    """What of one block is needed.

    Attributes
    ----------
    lists, genes : set of str
        Lists to score, and genes or analytes to keep.
    """

    lists: set[str] = field(default_factory=set)
    genes: set[str] = field(default_factory=set)


def wanted_blocks(claims: Sequence[Claim]) -> dict[str, dict[str, Wanted]]:
    """Return what the claims need, by cohort and cell type (``""`` for bulk).

    Parameters
    ----------
    claims : sequence of Claim

    Returns
    -------
    dict of str to dict of str to Wanted
    """
    needed: dict[str, dict[str, Wanted]] = {}
    for claim in claims:
        for part in claim.parts:
            for cohort in part.cohorts:
                blocks = needed.setdefault(cohort, {"": Wanted()})
                for measure in (part.measure, part.second):
                    if measure is not None:
                        _want(blocks, measure, part.cell_types)
    for cohort, blocks in needed.items():
        if get_card(cohort).kind == BLOOD:
            blocks[""].lists |= {SCORE, INFLAMMATION}
    return needed


def _want(blocks: dict[str, Wanted], measure: Measure, types: tuple[str, ...]) -> None:
    if measure.kind == "fraction":
        for name in (*measure.names, *measure.of):
            blocks.setdefault(name, Wanted())
        return
    for name in types or ("",):
        wanted = blocks.setdefault(name, Wanted())
        if measure.kind == "score":
            wanted.lists.add(measure.names[0])
        elif measure.kind in ("genes", "analytes"):
            wanted.genes |= set(measure.names)


def load_evidence(
    claims: Sequence[Claim],
    cell_types: CellTypes,
    *,
    skip_missing: bool = False,
    progress: bool = False,
    step: Callable[[str], None] = lambda _: None,
) -> tuple[dict[str, EvidenceCohort], dict[str, str], dict[str, str]]:
    """Load every cohort that a claim names.

    Parameters
    ----------
    claims : sequence of Claim
    cell_types : mapping
        Cell type, cohort, and the cohort's own names.
    skip_missing : bool
        Whether to go on without cohorts whose files cannot be had.
    progress : bool
        Whether downloads show a bar.
    step : callable
        Called with the name of each cohort that is done.

    Returns
    -------
    cohorts : dict of str to EvidenceCohort
    missing : dict of str to str
        Cohorts that could not be had, and why.
    checksums : dict of str to str
        SHA-256 by ``cohort/file``.

    Raises
    ------
    FetchError
        If files of a cohort cannot be had, unless ``skip_missing``.
    """
    cohorts: dict[str, EvidenceCohort] = {}
    missing: dict[str, str] = {}
    checksums: dict[str, str] = {}
    for name, blocks in wanted_blocks(claims).items():
        try:
            cohorts[name], files = _load(name, blocks, cell_types, progress=progress)
        except FetchError as error:
            if not skip_missing:
                raise FetchError(
                    error.got,
                    expected=error.expected,
                    do=f"{error.do}; or test the claims without it: --skip-missing",
                ) from error
            missing[name] = f"its files cannot be had ({error.got.splitlines()[0]})"
        else:
            checksums.update(files)
        step(name)
    return cohorts, missing, checksums


def _load(
    name: str, blocks: Mapping[str, Wanted], cell_types: CellTypes, *, progress: bool
) -> tuple[EvidenceCohort, dict[str, str]]:
    card = get_card(name)
    built: dict[str, Block] = {}
    checksums: dict[str, str] = {}
    for cell_type, wanted in blocks.items():
        own = cell_types[cell_type][name] if cell_type else None
        adata = load_cohort(name, cell_type=own, progress=progress)
        checksums.update(
            {f"{name}/{file}": str(sha) for file, sha in adata.uns["cohort"]["files"].items()}
        )
        if cell_type:
            listed = {gene for known in wanted.lists for gene in get_signature(known).genes}
            kept = adata.var_names.isin(listed | wanted.genes | set(reference_genes()))
            adata = adata[:, kept]
        levels = adata.to_df()
        built[cell_type] = make_block(levels, adata.obs, sorted(wanted.lists))
    cohort = EvidenceCohort(name, card.title, card.kind, card.tissue, built)
    return cohort, checksums
