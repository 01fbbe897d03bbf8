"""The numbers behind a report, as CSV files with stable names."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from ifn_severity.explain.summaries import feature_ranking
from ifn_severity.paths import atomic_file
from ifn_severity.report.explanation import ExplanationReport

#: File names and what is in them; also shown in the report.
TABLES: dict[str, str] = {
    "gene_ranking.csv": "interferon genes: mean absolute attribution, direction, rank correlation",
    "feature_ranking.csv": "all features of the model, ranked the same way",
    "group_shares.csv": "share of the attribution by group, counted by feature and net",
    "attributions.csv": "one row a sample: base, margin, probability and every feature's log-odds",
}


def write_tables(folder: Path, report: ExplanationReport) -> list[Path]:
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
        The files, in the order of ``TABLES``.

    Raises
    ------
    StoreError
        If the folder cannot be written.
    """
    attributions = report.attributions
    by_sample = pd.concat(
        [
            pd.DataFrame(
                {
                    "base": attributions.base,
                    "margin": attributions.margin,
                    "probability": attributions.probability,
                },
                index=attributions.values.index,
            ),
            attributions.values,
        ],
        axis=1,
    )
    by_sample.index.name = "sample"
    contents = (
        report.gene_ranking.to_csv(index=False, float_format="%.6g"),
        feature_ranking(attributions).to_csv(float_format="%.6g"),
        report.group_shares.rename_axis(index="group").to_csv(float_format="%.6g"),
        # nine digits, so that the sums still hold to 1e-4 with thousands of features
        by_sample.to_csv(float_format="%.9g"),
    )
    written = []
    for name, text in zip(TABLES, contents, strict=True):
        target = Path(folder) / name
        with atomic_file(target) as part:
            part.write_text(text, encoding="utf-8", newline="")
        written.append(target)
    return written
