"""Write ``docs/evidence.md`` from a run of ``ifn-severity evidence``.

    ifn-severity evidence -o reports/evidence
    python tools/write_evidence_docs.py reports/evidence/evidence.json

Every number on the page comes from that file. A test compares the verdicts on the page with those
of a run.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from ifn_severity.evaluate.subgroups import EARLY_UNTIL
from ifn_severity.evidence.claim import TESTS
from ifn_severity.evidence.verdict import number, p_text

TARGET = Path(__file__).parents[1] / "docs" / "evidence.md"
MATCHES = {
    "supported": "as claimed",
    "contradicted": "against the claim",
    "context-dependent": "differs by cohort or stage",
    "not resolved": "open",
    "not testable": "no data",
}
HEAD = """\
<!-- Written by tools/write_evidence_docs.py from a run of ifn-severity evidence: run it again. -->

# The claims of the review, tested

Lee & Shin 2020 (doi 10.1038/s41577-020-00429-3) weighs five studies that disagree about interferon
in severe COVID-19. Each claim of the review and of the five, and some of later studies, is declared
as data in `src/ifn_severity/evidence/claims/*.toml` and tested on public cohorts:

    ifn-severity evidence                    all claims, into reports/evidence
    ifn-severity evidence 2a 5a -o DIR       some of them
    ifn-severity evidence --claims my.toml   with claims of your own
    ifn-severity evidence --skip-missing     without cohorts whose files cannot be had

It writes `evidence.json`, `report.html` and CSV tables, and logs a run to the MLflow experiment
`evidence`. Effects are case minus reference: above zero is higher in severe disease, or in
infection, whatever a claim expects. This page is one run: {n_draws} bootstrap draws, seed {seed}.
"""
METHODS = """\
## How

- Effect: Hedges' g with the exact small-sample correction (Hedges 1981, doi
  10.3102/10769986006002107) on one mean a patient and grade, and AUROC beside it. The interval
  of g is the exact one of noncentral t. A patient with samples of both grades counts on both
  sides; the interval is then a percentile bootstrap over patients, from five on a side, which
  draws such a patient with both. The variance for pooling is 1/n₁ + 1/n₀ + g²/(2n); it takes the
  sides for independent, which is cautious. The interval of the AUROC is a percentile bootstrap
  over patients; with fewer than five on a side, or where no draw differs, that of its logit.
- Slopes over the day since onset, and differences at the same day: a linear mixed model with a
  random intercept a patient (REML), in standard deviations within the grades. The curve of the
  page has a restricted cubic spline for each grade.
- Pooling: random effects, REML with Hartung–Knapp, never narrower than the model's own interval;
  prediction interval with k − 2 degrees of freedom; I² and Cochran's Q. With two cohorts the
  Hartung–Knapp interval has one degree of freedom and says next to nothing; the verdict then rests
  on the mean of these two (fixed effects, plural), and speaks of these two. Both are in the tables.
- Meta-regression of the severity effect on the mean day: REML, Knapp–Hartung.
- Co-existence: high is above the milder patients' median of the cohort. The effect is the share of
  severe patients who are high in both programmes minus that of milder patients, with the medians
  drawn anew in each bootstrap draw; where a share is 0 or 1, the interval of Agresti & Caffo 2000
  (doi 10.1080/00031305.2000.10474560), which also gives the variance for pooling. Two programmes
  that rise in different patients do not co-exist.
- Heterogeneity between patients: variance components of serial samples, by the method of moments.
- Levels: mean log2(CPM + 1) over patients against a limit.
- Scores are the features of this package: genes against eleven reference genes, sample by sample. A
  list is scored where at least half of its genes were measured. Single genes are log2(CPM + 1) or
  log2(TPM + 1).
- Early is up to day {early:g} since onset, late is after it.

Held to other software in the tests: metafor's dat.bcg (random effects, meta-regression), PyMARE,
statsmodels (MixedLM, WLS) and pingouin, to 1e-6 where both give that many digits.

## The rule of verdicts

When it was written, and what has changed since, is said above.

{rule}
"""
DECLARING = """\
## A claim of your own

A TOML file for `--claims`. Names are checked: an unknown cohort, gene, list, analyte, cell type,
contrast or column is refused, with the nearest names.

```toml
[study]
name = "Me 2026"
citation = "..."
doi = "10.1000/xyz"

[[claim]]
id = "mine"
title = "MX1 higher"
sentence = "MX1 is higher in severe disease."
needed = "what data would settle it"
note = "how the sentence became a test (may be left out)"

[[claim.part]]                       # all deciding parts must hold
id = "mx1"
test = "difference"                  # {tests}
label = "MX1, severe against milder"
measure = {{ genes = ["MX1"] }}        # or score = LIST, analytes = [...], column = "source_...",
                                     # cells = [CELL TYPE], of = [CELL TYPES]
contrast = "severe against milder"   # or one of your own, [contrast.NAME]
expected = "higher"                  # higher, lower, either; none with "no difference"
cohorts = ["GSE157103"]
strata = ["all", "early", "late"]    # default: all; the verdict rests on the first
cell_types = []                      # several are averaged within a patient
decides = true                       # false: shown beside, without weight
# second = {{ score = LIST }}          with coexistence and correlation
# limit = 10.0                       with level, in CPM
# within = "source_cell_line"        experiments of their own inside a cohort
```

Contrasts and cell types of the package stand in `claims/shared.toml`; a file may add its own.
"""


def interval(row: dict[str, Any]) -> str:
    """Write an effect with its interval."""
    return f"{number(row['effect'])} ({number(row['low'])} to {number(row['high'])})"


def known(value: Any, digits: int = 2) -> str:
    """Write a number, or a dash where there is none."""
    return "–" if value is None else number(float(value), digits)


def place(row: dict[str, Any], name: str) -> str:
    """Write a mean position with its interval."""
    return f"{known(row[name])} ({known(row[name + '_low'])} to {known(row[name + '_high'])})"


def table(head: list[str], rows: list[list[str]], right: tuple[int, ...] = ()) -> str:
    """Return a Markdown table."""
    rule = ["---:" if i in right else "---" for i in range(len(head))]
    lines = [head, rule, *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines) + "\n"


def verdicts(claims: list[dict[str, Any]]) -> str:
    """Return the table of verdicts."""
    rows = []
    for claim in claims:
        chosen = [p for p in claim["parts"] if p["decides"] and p["verdict"] == claim["verdict"]]
        cells = ["–", "–", "–", "–"]
        if chosen and chosen[0]["pooled"]:
            row = chosen[0]["pooled"][0]
            share = row["i_squared"]
            cells = [
                str(row["n_cohorts"]),
                f"{row['scale']} {interval(row)}",
                "–" if share is None else f"{100 * share:.0f} %",
                p_text(row["p_adjusted"]).removeprefix("p = ").removeprefix("p "),
            ]
        rows.append(
            [
                f"[{claim['id']}](#claim-{claim['id']})",
                claim["study"],
                claim["title"],
                f"**{claim['verdict']}**",
                MATCHES[claim["verdict"]],
                *cells,
            ]
        )
    head = ["claim", "study", "title", "verdict", "data", "k", "effect (95 % CI)", "I²", "p adj."]
    return table(head, rows, right=(5, 7, 8))


def section(claim: dict[str, Any]) -> str:
    """Return one claim with all its tests."""
    rows = []
    for part in claim["parts"]:
        weight = "decides" if part["decides"] else "beside"
        if not part["pooled"]:
            why = "; ".join(f"{row['cohort']}: {row['reason']}" for row in part["effects"])
            rows.append([part["label"], weight, "–", "–", why, "–", part["verdict"]])
        for i, row in enumerate(part["pooled"]):
            share = row["i_squared"]
            rows.append(
                [
                    part["label"] if i == 0 else "",
                    weight if i == 0 else "",
                    row["stratum"],
                    str(row["n_cohorts"]),
                    f"{row['scale']} {interval(row)}",
                    "–" if share is None else f"{100 * share:.0f} %",
                    part["verdict"] if i == 0 else "",
                ]
            )
    head = ["test", "weight", "stage", "k", "effect (95 % CI)", "I²", "verdict"]
    text = [
        f"### Claim {claim['id']}",
        f"{claim['title']}: **{claim['verdict']}**.",
        claim["paragraph"],
    ]
    if claim["note"]:
        text.append(f"How the sentence became a test: {claim['note']}")
    if claim["needed"]:
        text.append(f"What would settle it: {claim['needed']}.")
    text.append(table(head, rows, right=(3, 5)))
    text.append(f"{claim['citation']} doi {claim['doi']}")
    return "\n\n".join(text) + "\n"


def day_section(found: dict[str, Any]) -> str:
    """Return slopes and meta-regression."""
    rows = [
        [
            row["cohort"],
            row["term"],
            f"{number(row['slope'])} ({number(row['low'])} to {number(row['high'])})",
            p_text(row["p"]).removeprefix("p = ").removeprefix("p "),
            str(row["n_patients"]),
            str(row["n_samples"]),
        ]
        for row in found["day_slopes"]
    ]
    text = [
        "## Interferon over the days\n",
        "Change of the six-gene interferon score per 10 days, in standard deviations of the "
        "cohort's milder patients.\n",
        table(
            ["cohort", "grade", "per 10 days (95 % CI)", "p", "patients", "samples"], rows, (4, 5)
        ),
    ]
    by_name = {row["moderator"]: row for row in found["meta_regression"]}
    if by_name:
        day = by_name["day"]
        share = day["r_squared"]
        explained = "cannot be told" if share is None else f"is {100 * share:.0f} %"
        text.append(
            f"Meta-regression of the severity effect on the mean day, {day['n_effects']} effects "
            f"of {day['n_cohorts']} cohorts: {number(day['estimate'])} per 10 days "
            f"({number(day['low'])} to {number(day['high'])}, {p_text(day['p'])}). The share of "
            f"the heterogeneity that the day explains {explained}; I² around the line is "
            f"{100 * day['i_squared']:.0f} %.\n"
        )
    return "\n".join(text)


def joint_section(found: dict[str, Any]) -> str:
    """Return shares of patients high in both programmes, and variance shares."""
    grade = ("milder", "severe")
    rows = [
        [
            row["cohort"],
            row["cell_type"] or "bulk",
            grade[row["severe"]],
            str(row["n_patients"]),
            f"{number(row['both_high'])} ({number(row['low'])} to {number(row['high'])})",
            known(row["correlation"]),
            place(row, "interferon"),
            place(row, "inflammation"),
        ]
        for row in found["coexistence"]
    ]
    head = ["cohort", "cells", "grade", "patients", "share high in both (95 % CI)", "r"]
    head += ["interferon", "inflammation"]
    shares = [
        [
            row["cohort"],
            row["source"],
            f"{number(row['share'])} ({number(row['low'])} to {number(row['high'])})",
        ]
        for row in found["variance"]
    ]
    return "\n".join(
        [
            "## Interferon and inflammation in one patient\n",
            "High is above the median of the cohort's milder patients; if the two programmes were "
            "independent, a quarter of these would be high in both. Shares have Wilson's interval; "
            "r is within the grade. Positions on the plane are means over patients, in standard "
            "deviations of the milder, with 95 % CI.\n",
            table(head, rows, right=(3, 5)),
            "## Where the interferon score varies\n",
            table(["cohort", "source", "share of the variance (95 % CI)"], shares),
        ]
    )


def cohort_section(found: dict[str, Any]) -> str:
    """Return what was tested on."""
    rows = [
        [
            name,
            row["kind"],
            row["tissue"],
            str(row["n_patients"]),
            f"{row['n_mild']} / {row['n_severe']}",
            "yes" if row["days_known"] else "no",
            str(row["n_claims"]),
        ]
        for name, row in found["cohorts"].items()
        if row["loaded"]
    ]
    head = ["cohort", "kind", "tissue", "patients", "milder / severe", "day known", "claims"]
    return "## Cohorts\n\n" + table(head, rows, right=(3, 6))


def page(found: dict[str, Any]) -> str:
    """Return the whole page.

    Parameters
    ----------
    found : dict
        ``evidence.json``.
    """
    settings = found["settings"]
    counts: dict[str, int] = {}
    for claim in found["claims"]:
        counts[claim["verdict"]] = counts.get(claim["verdict"], 0) + 1
    told = ", ".join(f"{count} {label}" for label, count in counts.items())
    rule = "\n".join(f"{i}. {clause}" for i, clause in enumerate(found["rule"], start=1))
    adjusted = sum(
        row["p_adjusted"] is not None
        for claim in found["claims"]
        for part in claim["parts"]
        for row in part["pooled"]
    )
    return "\n".join(
        [
            HEAD.format(n_draws=settings["n_draws"], seed=settings["seed"]),
            "## Verdicts\n",
            f"Of {len(found['claims'])} claims: {told}. k counts cohorts, or experiments in cell "
            "culture; of each claim the first test that its verdict rests on. Data says whether "
            "these cohorts go with the claim as it was published. p is adjusted over the "
            f"{adjusted} deciding tests of this run.\n",
            verdicts(found["claims"]),
            "## What to bear in mind\n",
            "\n".join(f"- {limit}" for limit in found["limits"]) + "\n",
            METHODS.format(early=EARLY_UNTIL, rule=rule),
            day_section(found),
            joint_section(found),
            "## Claim by claim\n",
            "\n".join(section(claim) for claim in found["claims"]),
            cohort_section(found),
            DECLARING.format(tests=", ".join(TESTS)),
        ]
    )


if __name__ == "__main__":
    source = Path(sys.argv[1]) if len(sys.argv) > 1 else Path("reports/evidence/evidence.json")
    TARGET.write_text(page(json.loads(source.read_text("utf-8"))), encoding="utf-8")
    print(TARGET)
