"""The numbers behind an explanation, as CSV files with stable names."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd

from ifn_severity.explain.attributions import Attributions
from ifn_severity.explain.result import Explained
from ifn_severity.paths import atomic_file
from ifn_severity.report.explanation import ExplanationReport

#: File names and what is in them; also shown in the report.
EXPLANATION_TABLES: dict[str, str] = {
    "answer.csv": "the figures of the first sentences, and how stable the ranking is",
    "gene_ranking.csv": "interferon genes: attribution, rank, their intervals, sign, direction",
    "all_genes.csv": "every gene of the panel, ranked the same way",
    "by_cohort.csv": "every interferon gene in every cohort: attribution, slope, own effect",
    "by_stage.csv": "the same early and late, where the day is known",
    "exchangeable.csv": "groups of genes that stand in for each other",
    "stand_ins.csv": "genes without an effect of their own beside the one they follow",
    "families.csv": "shares of families of genes, with intervals",
    "families_by_cohort.csv": "the same in every cohort",
    "family_values.csv": "grouped Shapley values of every sample, log-odds",
    "interactions.csv": "interferon with inflammation and with the day since onset",
    "evidence.csv": "leading interferon genes beside independent evidence",
    "where.csv": "with and without interferon, by cohort and stage",
    "random_panels.csv": "held-out AUROC of panels of random genes, one a row",
    "plane.csv": "every sample on the interferon and inflammation plane",
    "cutpoints.csv": "where low ends on the plane, by cohort",
    "patients.csv": "every gene of the patients that are shown: push, expression, percentile",
    "neighbours.csv": "the nearest training patients of each of them",
    "attributions.csv": "one row a sample: base, margin, probability and every gene's log-odds",
    "feature_attributions.csv": "the same by feature of the model, genes and scores",
}
_DIGITS = "%.6g"
#: Nine digits, so that sums still hold to 1e-4 with thousands of genes.
_EXACT = "%.9g"
_TO_SUM = frozenset({"attributions.csv", "feature_attributions.csv"})


def write_explanation_tables(folder: Path, report: ExplanationReport) -> list[Path]:
    """Write the tables of a report into a folder; other files there are left alone.

    Parameters
    ----------
    folder : Path
        Made when missing.
    report : ExplanationReport
        What to write.

    Returns
    -------
    list of Path
        The files, in the order of ``EXPLANATION_TABLES``. A table without rows is written with
        its heading only.

    Raises
    ------
    StoreError
        If the folder cannot be written.
    """
    contents = _contents(report.explained)
    written = []
    for name in EXPLANATION_TABLES:
        digits = _EXACT if name in _TO_SUM else _DIGITS
        text = contents[name].to_csv(index=False, float_format=digits, lineterminator="\n")
        target = Path(folder) / name
        with atomic_file(target) as part:
            part.write_text(text, encoding="utf-8", newline="")
        written.append(target)
    return written


def _contents(explained: Explained) -> dict[str, pd.DataFrame]:
    exchangeable = explained.exchangeable
    if len(exchangeable):
        members = exchangeable["members"].map(" ".join)
        exchangeable = exchangeable.assign(members=members)
    draws = np.asarray(explained.random_aurocs, dtype=float)
    return {
        "answer.csv": _answer(explained),
        "gene_ranking.csv": _named(explained.interferon, "gene"),
        "all_genes.csv": _named(explained.genes, "gene"),
        "by_cohort.csv": explained.by_cohort,
        "by_stage.csv": explained.by_stage,
        "exchangeable.csv": exchangeable,
        "stand_ins.csv": _named(explained.stand_ins, "gene"),
        "families.csv": _named(explained.families, "family"),
        "families_by_cohort.csv": explained.families_by_cohort,
        "family_values.csv": _named(explained.family_values, "sample"),
        "interactions.csv": explained.interactions,
        "evidence.csv": _named(explained.evidence, "gene"),
        "where.csv": explained.where,
        "random_panels.csv": pd.DataFrame({"panel": np.arange(1, draws.size + 1), "auroc": draws}),
        "plane.csv": _named(explained.plane, "sample"),
        "cutpoints.csv": _named(explained.cutpoints, "cohort"),
        "patients.csv": _patients(explained),
        "neighbours.csv": _neighbours(explained),
        "attributions.csv": _by_sample(explained.gene_level),
        "feature_attributions.csv": _by_sample(explained.features),
    }


def _named(table: pd.DataFrame, index: str) -> pd.DataFrame:
    return table.rename_axis(index=index).reset_index()


def _answer(explained: Explained) -> pd.DataFrame:
    figures = asdict(explained.answer) | asdict(explained.stability)
    return pd.DataFrame(list(figures.items()), columns=["figure", "value"])


def _by_sample(given: Attributions) -> pd.DataFrame:
    about = pd.DataFrame(
        {"base": given.base, "margin": given.margin, "probability": given.probability},
        index=given.values.index,
    )
    return _named(pd.concat([about, given.values], axis=1), "sample")


def _patients(explained: Explained) -> pd.DataFrame:
    columns = ["patient", "gene", "shap", "expression", "usual", "percentile", "group", "family"]
    parts = [
        _named(patient.waterfall, "gene").assign(patient=patient.sample)
        for patient in explained.patients
    ]
    return pd.concat(parts)[columns] if parts else pd.DataFrame(columns=columns)


def _neighbours(explained: Explained) -> pd.DataFrame:
    parts = [
        patient.neighbours.assign(patient=patient.sample)
        for patient in explained.patients
        if not patient.neighbours.empty
    ]
    columns = ["patient", "sample", "cohort", "severity", "severe", "days_since_onset"]
    columns += ["probability", "distance"]
    return pd.concat(parts)[columns] if parts else pd.DataFrame(columns=columns)
