"""What every cohort looks like: the severity scale, the columns of ``obs``, and the checks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ifn_severity import __version__
from ifn_severity.cohorts.card import PROTEINS, CohortCard
from ifn_severity.cohorts.expression import to_log2
from ifn_severity.cohorts.proteins import analyte_table, protein_log2
from ifn_severity.errors import CohortError
from ifn_severity.genes import gene_table

if TYPE_CHECKING:
    from anndata import AnnData

SEVERITIES = ("healthy", "mild", "moderate", "severe", "critical")
"""The ordered scale; see the card of a cohort for how it was derived."""
SEVERE = {"mild": 0.0, "moderate": 0.0, "severe": 1.0, "critical": 1.0}
"""The binary task. Healthy people are no cases: their ``severe`` is unknown."""
WHO_SEVERITY = {
    **dict.fromkeys((1, 2, 3), "mild"),
    **dict.fromkeys((4, 5), "moderate"),
    6: "severe",
    **dict.fromkeys((7, 8, 9, 10), "critical"),
}
"""The scale by the WHO clinical progression scale (Marshall 2020,
doi:10.1016/S1473-3099(20)30483-7): ambulatory; in hospital, without oxygen or with oxygen by mask
or prongs; non-invasive ventilation or high flow; mechanical ventilation or death."""
SEXES = ("female", "male")
NUMBERS = ("severe", "age", "days_since_onset", "who_scale")
OBS_COLUMNS = (
    "patient",
    "severity",
    "severe",
    "age",
    "sex",
    "days_since_onset",
    "who_scale",
    "tissue",
)
SOURCE = "source_"
"""Prefix of columns taken over from the source as they are."""


def _wrong(cohort: str, got: str, expected: str) -> CohortError:
    return CohortError(
        f"{cohort}: {got}",
        expected=expected,
        do="correct the cohort's card or reader; for a cohort of your own, its labels file",
    )


def _category(values: pd.Series, allowed: tuple[str, ...], *, ordered: bool, where: str) -> Any:
    present = values.dropna().astype(str)
    unknown = sorted(set(present) - set(allowed))
    if unknown:
        raise _wrong(where, f"{values.name} holds {', '.join(unknown[:5])}", ", ".join(allowed))
    plain = values.astype(object).where(values.notna(), None)
    return pd.Categorical(plain, categories=list(allowed), ordered=ordered)


def typed_obs(obs: pd.DataFrame, *, tissue: str, cohort: str) -> pd.DataFrame:
    """Give a table of samples the columns, order and types that every cohort has.

    Missing columns are filled with what "unknown" is in their type; ``severe`` follows from
    ``severity`` where it is not given, and each sample is its own patient where no
    ``patient`` is given.

    Parameters
    ----------
    obs : DataFrame of shape (n_samples, n_columns)
        Index: sample ids. Columns of :data:`OBS_COLUMNS`, others with the prefix
        ``source_``.
    tissue : str
        Tissue of the cohort, where the table has no column for it.
    cohort : str
        For messages.

    Returns
    -------
    DataFrame of shape (n_samples, n_columns)
        ``patient`` and ``tissue`` text; ``severity`` ordered category; ``sex`` category;
        ``severe`` (0/1), ``age`` (years), ``days_since_onset`` (days) and ``who_scale``
        float64. Source columns are float64 or category.

    Raises
    ------
    CohortError
        If a value is not on its scale or a column is unknown.
    """
    unknown = [c for c in obs.columns if c not in OBS_COLUMNS and not str(c).startswith(SOURCE)]
    if unknown:
        raise _wrong(cohort, f"unknown column {unknown[0]}", f"{', '.join(OBS_COLUMNS)}, source_…")
    index = pd.Index([str(name) for name in obs.index], name=None)
    given = obs.set_axis(index, axis=0)
    blank = pd.Series(np.nan, index=index, dtype="float64")
    text = {
        "patient": given.get("patient", pd.Series(index, index=index)),
        "tissue": given.get("tissue", pd.Series(tissue, index=index)),
    }
    table = pd.DataFrame(index=index)
    for column in OBS_COLUMNS:
        values = given.get(column, blank).rename(column)
        if column in text:
            if text[column].isna().any():
                raise _wrong(cohort, f"a sample without {column}", f"a {column} for every sample")
            table[column] = text[column].astype(str)
        elif column == "severity":
            table[column] = _category(values, SEVERITIES, ordered=True, where=cohort)
        elif column == "sex":
            table[column] = _category(values, SEXES, ordered=False, where=cohort)
        else:
            table[column] = _number(values, cohort)
    if "severe" not in given:
        table["severe"] = table["severity"].astype(object).map(SEVERE).astype("float64")
    for column in given.columns.difference(list(OBS_COLUMNS), sort=False):
        values = given[column]
        if pd.api.types.is_numeric_dtype(values):
            table[column] = values.astype("float64")
        else:
            plain = values.astype(object).where(values.notna(), None)
            levels = sorted({str(value) for value in plain if value is not None})
            table[column] = pd.Categorical(plain.map(str, na_action="ignore"), categories=levels)
    return table


def _number(values: pd.Series, cohort: str) -> pd.Series:
    try:
        return pd.to_numeric(values).astype("float64")
    except (ValueError, TypeError) as error:
        raise _wrong(cohort, f"{values.name}: {error}", "numbers, empty where unknown") from error


def cohort_facts(card: CohortCard) -> dict[str, Any]:
    """Return what ``uns["cohort"]`` says about where a cohort comes from."""
    return {
        "name": card.name,
        "title": card.title,
        "kind": card.kind,
        "simulated": card.simulated,
        "unit_in_source": card.unit_in_source,
        "tissue": card.tissue,
        "platform": card.platform,
        "card_sha256": card.sha256,
        "files": {file.name: file.sha256 for file in card.files},
        "ifn_severity": __version__,
    }


def build_cohort(card: CohortCard, expression: pd.DataFrame, obs: pd.DataFrame) -> AnnData:
    """Make the cohort that everything else works on.

    Parameters
    ----------
    card : CohortCard
        The cohort's card: unit, tissue, and the numbers it must show.
    expression : DataFrame of shape (n_samples, n_names)
        Samples in rows, source gene names in columns, values in ``card.unit``.
    obs : DataFrame of shape (n_samples, n_columns)
        What is known of each sample, with the same index; see :func:`typed_obs`.

    Returns
    -------
    AnnData of shape (n_samples, n_genes)
        ``X`` float32 log2(x+1) of CPM or TPM (log2 intensity for arrays); ``var_names``
        current symbols, and source names where no gene is known for one
        (``var["current_symbol"]`` False). Of plasma proteins: log2 concentration or NPX, NaN
        where not measured; ``var`` as :func:`ifn_severity.cohorts.proteins.analyte_table`.

    Raises
    ------
    CohortError
        If samples do not match, a value is impossible, or the result is not what the card
        expects.
    """
    from anndata import AnnData

    if list(expression.index) != list(obs.index):
        raise _wrong(card.name, "the samples of matrix and labels differ", "the same, in one order")
    if card.kind == PROTEINS:
        values = protein_log2(expression, card.unit, cohort=card.name)
        var = analyte_table(values, card.name)
    else:
        values = to_log2(expression, card.unit, cohort=card.name)
        known = values.columns.isin(list(gene_table().current))
        var = pd.DataFrame({"current_symbol": known}, index=pd.Index(list(values.columns)))
    adata = AnnData(
        X=np.array(values, dtype=np.float32, order="C"),  # a copy: pandas 3 gives out read-only
        obs=typed_obs(obs, tissue=card.tissue, cohort=card.name),
        var=var,
        uns={"cohort": cohort_facts(card)},
    )
    check_cohort(adata)
    check_expected(adata, card)
    return adata


def check_cohort(adata: AnnData) -> None:
    """Check that a cohort keeps the contract; see the module's constants.

    Parameters
    ----------
    adata : AnnData
        A cohort.

    Raises
    ------
    CohortError
        If it does not; the message says what and where.
    """
    facts = adata.uns.get("cohort")
    name = str(facts["name"]) if isinstance(facts, Mapping) and "name" in facts else "cohort"
    if not isinstance(facts, Mapping) or not facts.keys() >= {"name", "simulated", "tissue"}:
        raise _wrong(name, "uns['cohort'] is missing or incomplete", "name, simulated, tissue, …")
    for what, labels in (("sample", adata.obs_names), ("gene", adata.var_names)):
        if not labels.is_unique:
            twice = ", ".join(map(str, labels[labels.duplicated()].unique()[:5]))
            raise _wrong(name, f"{what} names are not unique: {twice}", f"each {what} once")
    if adata.n_obs == 0 or adata.n_vars == 0:
        raise _wrong(name, f"{adata.n_obs} samples × {adata.n_vars} genes", "at least one of each")
    values = adata.X
    if not isinstance(values, np.ndarray) or values.dtype != np.float32:
        raise _wrong(name, f"X is {type(values).__name__}", "a dense float32 array")
    # an assay may have failed for one analyte; a transcript that is not there is a zero
    finite = ~np.isinf(values) if facts.get("kind") == PROTEINS else np.isfinite(values)
    if not finite.all():
        raise _wrong(name, "X holds NaN or infinite values", "finite values")
    _check_obs(adata.obs, name)


def _check_obs(obs: pd.DataFrame, name: str) -> None:
    lacking = [column for column in OBS_COLUMNS if column not in obs]
    if lacking:
        raise _wrong(name, f"obs has no column {', '.join(lacking)}", ", ".join(OBS_COLUMNS))
    severity = obs["severity"].dtype
    if (
        not isinstance(severity, pd.CategoricalDtype)
        or not severity.ordered
        or tuple(severity.categories) != SEVERITIES
    ):
        raise _wrong(name, f"severity is {severity}", "ordered category " + " < ".join(SEVERITIES))
    for column in NUMBERS:
        if obs[column].dtype != np.float64:
            raise _wrong(name, f"{column} is {obs[column].dtype}", "float64, NaN where unknown")
    given = obs["severe"].dropna()
    if not given.isin([0.0, 1.0]).all():
        raise _wrong(name, "severe holds other values than 0 and 1", "0, 1 or NaN")
    graded = obs["severity"].notna()
    implied = obs["severity"].astype(object).map(SEVERE).astype("float64")
    agree = implied.eq(obs["severe"]) | (implied.isna() & obs["severe"].isna())
    against = obs.index[graded & ~agree]
    if len(against):
        raise _wrong(
            name,
            f"severe and severity disagree in {', '.join(map(str, against[:5]))}",
            "severe = 1 for severe and critical, 0 for mild and moderate, NaN for healthy",
        )


def count_cohort(adata: AnnData) -> dict[str, int]:
    """Count samples, patients and both classes of a cohort."""
    severe = adata.obs["severe"]
    return {
        "n_samples": adata.n_obs,
        "n_patients": int(adata.obs["patient"].nunique()),
        "n_mild": int((severe == 0).sum()),
        "n_severe": int((severe == 1).sum()),
    }


def check_expected(adata: AnnData, card: CohortCard) -> None:
    """Check a cohort against the numbers in its card.

    Parameters
    ----------
    adata : AnnData
        The cohort as loaded.
    card : CohortCard
        Its card.

    Raises
    ------
    CohortError
        If a number differs. A card that never met its files cannot know them, so nothing is
        enforced for one.
    """
    if not card.exercised:
        return
    counted = count_cohort(adata)
    for key, value in counted.items():
        declared = getattr(card.expected, key)
        if value != declared:
            raise _wrong(card.name, f"{key} is {value}", f"{declared}, as its card says")
    known = bool(adata.obs["days_since_onset"].notna().any())
    if known != card.expected.days_since_onset:
        said = "known" if card.expected.days_since_onset else "unknown"
        found = "known" if known else "unknown"
        raise _wrong(card.name, f"the day of illness is {found}", f"{said}, as its card says")
