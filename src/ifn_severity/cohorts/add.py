"""Make a user's matrix and labels a cohort like any other."""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass
from pathlib import Path

from ifn_severity.cohorts.card import (
    CARD_FILE,
    USER_MATRIX,
    USER_READER,
    CohortCard,
    CohortFile,
    Expected,
    SeverityRule,
    card_text,
    cohort_names,
    parse_card,
    unexercised,
)
from ifn_severity.cohorts.copies import check_own_copies
from ifn_severity.cohorts.fetch import sha256_of
from ifn_severity.cohorts.labels import Labels, read_labels
from ifn_severity.cohorts.matrix import Expression, read_expression
from ifn_severity.cohorts.schema import build_cohort
from ifn_severity.cohorts.unit import NAMES
from ifn_severity.errors import CohortError
from ifn_severity.paths import atomic_dir, user_cohorts_dir

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_ENDINGS = re.compile(r"(\.(csv|tsv|txt|tab|xlsx|parquet|h5ad|gz|xz|bz2|zip))+$", re.I)


@dataclass(frozen=True)
class AddedCohort:
    """What was made of a user's files.

    Attributes
    ----------
    name : str
        What to call the cohort from now on.
    folder : Path
        Where it lies.
    card : CohortCard
        Its card.
    unit, orientation, identifiers : str
        How the matrix was understood; see :class:`ifn_severity.cohorts.matrix.Expression`.
    n_samples, n_genes, n_patients, n_severe, n_mild, n_other : int
        Sizes; ``n_mild`` counts mild and moderate, ``n_other`` healthy and ungraded samples.
    renamed : dict of str to str
        Earlier names of genes, and their current symbols.
    notes : tuple of str
        What was assumed, renamed, merged or dropped, in sentences.
    """

    name: str
    folder: Path
    card: CohortCard
    unit: str
    orientation: str
    identifiers: str
    n_samples: int
    n_genes: int
    n_patients: int
    n_severe: int
    n_mild: int
    n_other: int
    renamed: dict[str, str]
    notes: tuple[str, ...]


def choose_name(name: str | None, matrix: Path, *, may_replace: bool) -> str:
    """Return a name that is valid and free; a card that was never exercised does not take one."""
    if name is None:
        stem = _ENDINGS.sub("", matrix.name)
        name = re.sub(r"[^A-Za-z0-9._-]+", "-", stem).strip("-._") or "cohort"
    if not _NAME.fullmatch(name):
        raise CohortError(
            f"{name!r} cannot be the name of a cohort",
            expected="letters, digits, points, underscores and hyphens, a letter or digit first",
            do="choose another name with --name, e.g. --name my-cohort",
        )
    # some file systems do not tell upper from lower case
    taken = {known.casefold(): known for known in cohort_names()}
    if (known := taken.get(name.casefold())) is not None:
        own = (user_cohorts_dir() / known).is_dir()
        untried = known == name and name in unexercised() and not own
        if not untried and not (own and may_replace and known == name):
            raise CohortError(
                f"there is a cohort {known} already",
                expected="a name that is free",
                do="choose another with --name" + (", or say --replace" if own else ""),
            )
    return name


def _describe(
    name: str, expression: Expression, labels: Labels, *, title: str, tissue: str, source: str
) -> CohortCard:
    """Write the card of the cohort, still without its file."""
    severe = labels.obs["severe"]
    days = labels.obs.get("days_since_onset")
    patients = labels.obs["patient"] if "patient" in labels.obs else labels.obs.index.to_series()
    graded = "severity" in labels.obs
    rule = "As given: severe and critical are severe (1), mild and moderate are not (0)."
    return CohortCard(
        name=name,
        title=title or f"{name}, added by the user",
        kind="user",
        accession="",
        citation=source,
        doi="",
        tissue=tissue,
        platform="not stated",
        unit="log2",
        unit_in_source=f"{NAMES[expression.unit]}, {expression.identifiers}",
        reader=USER_READER,
        uses=("train", "validate"),
        severity=SeverityRule(
            rule=rule if graded else "As given: severe or not. The grade on the scale is unknown.",
            column=labels.column,
            quotation="",
            quotation_source="",
            mild_means="mild or moderate in the labels" if graded else "not severe in the labels",
            severe_means="severe or critical in the labels" if graded else "severe in the labels",
        ),
        expected=Expected(
            n_samples=len(severe),
            n_patients=int(patients.nunique()),
            n_mild=int((severe == 0).sum()),
            n_severe=int((severe == 1).sum()),
            days_since_onset=days is not None and bool(days.notna().any()),
        ),
        files=(),
        caveats=(*expression.notes, *labels.notes),
        sha256="",
    )


def add_cohort(
    name: str | None,
    matrix_path: str | Path,
    labels_path: str | Path,
    *,
    title: str = "",
    tissue: str = "not stated",
    unit: str = "auto",
    replace: bool = False,
) -> AddedCohort:
    """Check a matrix with labels and keep it as a cohort, whole or not at all.

    Parameters
    ----------
    name : str or None
        Name of the cohort; that of the matrix file if None.
    matrix_path : str or Path
        Expression, as :func:`ifn_severity.cohorts.matrix.read_expression` reads it.
    labels_path : str or Path
        Labels, as :func:`ifn_severity.cohorts.labels.read_labels` reads them.
    title : str, optional
        One line on what the cohort is.
    tissue : str, optional
        What was measured, e.g. ``"whole blood"``.
    unit : {"auto", "counts", "linear", "log2", "ln", "log10"}
        Unit of the matrix.
    replace : bool, default=False
        Replace a cohort of this name that was added before.

    Returns
    -------
    AddedCohort
        What was understood.

    Raises
    ------
    CohortError
        If the name is invalid or taken, or one measurement stands under two patients.
    InputError
        If a file cannot be read or makes no sense.
    LabelError
        If labels and matrix do not fit, or there is only one class.
    StoreError
        If the cohort cannot be written.
    """
    matrix_path, labels_path = Path(matrix_path), Path(labels_path)
    name = choose_name(name, matrix_path, may_replace=replace)
    expression = read_expression(matrix_path, unit=unit)
    labels = read_labels(labels_path, list(expression.values.index))
    source = "; ".join(
        f"{path.name} (sha256 {sha256_of(path)})" for path in (matrix_path, labels_path)
    )
    card = _describe(
        name, expression, labels, title=title, tissue=tissue, source=f"Added from {source}"
    )
    adata = build_cohort(card, expression.values, labels.obs)
    repeats = check_own_copies(adata, name)
    card = dataclasses.replace(card, caveats=(*card.caveats, *repeats))
    folder = user_cohorts_dir() / name
    with atomic_dir(folder) as new:
        file = new / USER_MATRIX
        adata.write_h5ad(file, convert_strings_to_categoricals=False)
        entry = CohortFile(USER_MATRIX, "", sha256_of(file), file.stat().st_size, "the user's own")
        text = card_text(dataclasses.replace(card, files=(entry,)))
        card = parse_card(text, str(folder / CARD_FILE))
        (new / CARD_FILE).write_text(text, "utf-8")
    known = card.expected
    return AddedCohort(
        name=name,
        folder=folder,
        card=card,
        unit=expression.unit,
        orientation=expression.orientation,
        identifiers=expression.identifiers,
        n_samples=known.n_samples,
        n_genes=adata.n_vars,
        n_patients=known.n_patients,
        n_severe=known.n_severe,
        n_mild=known.n_mild,
        n_other=known.n_samples - known.n_severe - known.n_mild,
        renamed=expression.renamed,
        notes=card.caveats,
    )
