"""Write docs/validation.md, docs/tripod.md and the README's table from a run of validate.

IFN_SEVERITY_MIRROR=DIR ifn-severity validate -o FOLDER
python benchmarks/validation_pages.py FOLDER
"""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path
from typing import Any

import pandas as pd

from ifn_severity.evaluate import AgainstRandom, against_random
from ifn_severity.paths import atomic_file
from ifn_severity.report.development_words import development_sentence
from ifn_severity.report.validation_biology import reached_words
from ifn_severity.report.validation_words import shared_sentence
from scoring.pages import DOCS, markdown, write_tables

README = DOCS.parent / "README.md"


def ranged(row: Any, value: str, low: str, high: str, sign: str = "", *, digits: int = 3) -> str:
    """Format a value with its interval; a dash where there is none."""
    if pd.isna(row[value]):
        return "–"
    joint, form = " to " if sign else "–", f"{sign}.{digits}f"
    return f"{row[value]:{form}} ({row[low]:{form}}{joint}{row[high]:{form}})"


def held_out(found: dict[str, Any]) -> str:
    """Tabulate the nested figure by cohort."""
    counted = {name for name, cohort in found["cohorts"].items() if cohort["counted"]}
    rows = []
    for row in found["held_out"]:
        if row["model"] != "nested":
            continue
        cohort = found["cohorts"][row["cohort"]]
        name = row["cohort"] + ("" if row["cohort"] in counted else " (not in the mean)")
        rows.append(
            [
                name,
                f"{cohort['n'] - cohort['n_severe']} / {cohort['n_severe']}",
                ranged(row, "auroc", "auroc_low", "auroc_high"),
                ranged(row, "brier", "brier_low", "brier_high", digits=2),
                ranged(
                    row,
                    "calibration_slope",
                    "calibration_slope_low",
                    "calibration_slope_high",
                    digits=2,
                ),
                f"{row['calibration_intercept']:+.1f}",
                f"{row['sensitivity']:.2f} / {row['specificity']:.2f}",
                cohort["mild_means"],
            ]
        )
    return markdown(
        [
            "held-out cohort",
            "mild / severe samples",
            "AUROC (95 % CI)",
            "Brier (95 % CI)",
            "calibration slope (95 % CI)",
            "intercept",
            "sensitivity / specificity",
            "what mild means there",
        ],
        rows,
    )


def candidates(found: dict[str, Any]) -> str:
    """Tabulate every candidate, the nested choice first."""
    rows = [
        [
            f"{row['feature_set']} / {row['model']}",
            ranged(row, "mean_auroc", "mean_low", "mean_high"),
            f"{row['min_auroc']:.3f} ({row['min_cohort']})",
            ranged(row, "pooled", "pooled_low", "pooled_high"),
        ]
        for row in found["candidates"]
    ]
    head = ["candidate", "mean AUROC (95 % CI)", "worst cohort", "pooled (random effects)"]
    return markdown(head, rows)


def beside(found: dict[str, Any]) -> str:
    """Tabulate the published scores on the same patients and the difference to ours."""
    scores = pd.DataFrame(
        [
            {"label": score["label"], "cohort": cohort, "auroc": values["auroc"]}
            for score in found["comparators"].values()
            for cohort, values in score["cohorts"].items()
        ]
    )
    names = [name for name, cohort in found["cohorts"].items() if cohort["counted"]]
    table = scores.pivot(index="label", columns="cohort", values="auroc")[names]
    known = table.dropna().mean(axis=1).sort_values(ascending=False)
    order = [*known.index, *(label for label in table.index if label not in known.index)]
    gaps = pd.DataFrame(found["differences"]).query("cohort == 'mean'").set_index("label")
    rows = [
        [
            label,
            *(f"{x:.3f}" if x == x else "–" for x in table.loc[label].astype(float)),
            *(
                (f"{known[label]:.3f}", ranged(gaps.loc[label], "difference", "low", "high", "+"))
                if label in known.index
                else ("–", "–")
            ),
        ]
        for label in order
    ]
    return markdown(["published score", *names, "mean", "ours (nested) minus it"], rows)


def added(found: dict[str, Any]) -> str:
    """Tabulate what a group of features adds to all others."""
    rows = [
        [
            f"{row['group']}: {row['scope']}",
            row["stage"],
            f"{row['n_mild']} / {row['n_severe']}",
            f"{row['without']:.3f} → {row['with_']:.3f}",
            ranged(row, "difference", "low", "high", "+"),
            f"{row['alone']:.3f}",
        ]
        for row in found["additions"]
    ]
    head = [
        "added",
        "stage",
        "mild / severe",
        "AUROC",
        "difference (95 % CI)",
        "six-gene score alone",
    ]
    return markdown(head, rows)


def shared(found: dict[str, Any]) -> str:
    """Say which genes of a group stay when its features are left out."""
    told = (shared_sentence(found["headline"], group) for group in ("interferon", "cytokine"))
    return "\n\n".join(text for text in told if text)


def interactions(found: dict[str, Any]) -> str:
    """Tabulate whether a product term helps."""
    rows = [
        [
            f"{row['interaction']}: {row['cohort']}",
            f"{row['without']:.3f} → {row['with_']:.3f}",
            ranged(row, "difference", "low", "high", "+"),
        ]
        for row in found["interactions"]
    ]
    return markdown(["product term", "AUROC", "difference (95 % CI)"], rows)


def verdict(found: AgainstRandom) -> str:
    """Say whether a figure beats random genes, by the rule of the report."""
    return "does better" if found.beats else "does not surely do better"


def headline(found: dict[str, Any], *, source: str) -> str:
    """Say the headline, the controls and what came before in one paragraph.

    Parameters
    ----------
    found : dict
    source : str
        Where the page of model selection lies, seen from the page that is written.
    """
    link = f"[all that was tried]({source})"
    head = found["headline"]
    nested = against_random(found["mean_auroc"], found["random_panels"])
    alike = against_random(head["reference_auroc"], found["random_panels"])
    low, high = found["mean_auroc_ci"]
    pooled_low, pooled_high = found["pooled_auroc_ci"]
    ahead = found["pooled_prediction_interval"]
    shuffled = pd.Series(found["shuffled_labels"])
    return (
        f"Nested choice among {head['n_configurations']} candidates, seed {head['seed']}: mean "
        f"AUROC **{found['mean_auroc']:.3f}** ({low:.3f}–{high:.3f}), worst cohort "
        f"**{found['min_auroc']:.3f}** ({head['min_cohort']}); pooled by random effects "
        f"{found['pooled_auroc']:.3f} ({pooled_low:.3f}–{pooled_high:.3f}), 95 % prediction "
        f"interval for a further cohort {ahead[0]:.3f}–{ahead[1]:.3f}. All candidates averaged, "
        f"nothing chosen: {head['averaged_auroc']:.3f}, worst {head['averaged_min']:.3f}. Best "
        f"candidate with hindsight: {head['best_candidate']}, {head['best_of_many']:.3f}. Best "
        f"published score on the same patients: {head['best_comparator']}, "
        f"{head['best_comparator_auroc']:.3f}. Random genes in the design "
        f"{head['reference_candidate']}: median {nested.median:.3f}, 95th percentile "
        f"{nested.p95:.3f} of {nested.n} draws. The nested figure {verdict(nested)} "
        f"({reached_words(nested)}); the panel in that same design, {alike.ours:.3f}, "
        f"{verdict(alike)} ({reached_words(alike)}), but the design was found with the help of "
        f"these cohorts. Shuffled labels: mean {shuffled.mean():.3f} of {len(shuffled)} draws; "
        f"permutation p = {head['permutation_p']:.2g}. "
        f"{development_sentence(found['cohorts'], source=link)}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    found = json.loads((folder / "validation.json").read_text("utf-8"))
    table = held_out(found)
    more = {
        "candidates": candidates(found),
        "published": beside(found),
        "additions": added(found),
        "shared": shared(found),
        "interactions": interactions(found),
    }
    for page, source, tables in (
        (DOCS / "validation.md", "model-selection.md", more),
        (README, "docs/model-selection.md", {}),
    ):
        common = {"headline": headline(found, source=source), "held-out": table}
        write_tables(page, common | tables)
    with atomic_file(DOCS / "tripod.md") as part:
        shutil.copyfile(folder / "tripod.md", part)


if __name__ == "__main__":
    main()
