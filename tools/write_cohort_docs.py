"""Write ``docs/cohorts.md`` from the cards of the cohorts.

    python tools/write_cohort_docs.py

The page says what ``ifn-severity cohorts COHORT`` says, for every built-in cohort. A test compares
it with the cards, so it cannot be out of date.
"""

from __future__ import annotations

from pathlib import Path

from ifn_severity.cohorts import CohortCard, list_analytes, list_cell_types
from ifn_severity.cohorts.card import built_in_cohorts
from ifn_severity.cohorts.card_fields import KINDS

TARGET = Path(__file__).parents[1] / "docs" / "cohorts.md"
HEADINGS = {
    "blood": "Blood transcripts",
    "plasma proteins": "Plasma proteins",
    "lung tissue": "Lung tissue",
    "cell lines": "Cells in culture",
    "control": "Controls",
    "simulated": "Simulated",
}
INTRODUCTION = """\
<!-- Written by tools/write_cohort_docs.py from the cards: change those, not this page. -->

# Cohorts

What each built-in cohort is, where its files come from, and what "mild" and "severe" mean in it.
`ifn-severity cohorts` shows the table, `ifn-severity cohorts COHORT` one card, and
[adding-a-cohort.md](adding-a-cohort.md) says how to add your own.

A cohort of transcripts is log2(x+1) of CPM or TPM (log2 intensity for arrays) on current HGNC
symbols. A cohort of plasma proteins is the log2 concentration or NPX of each analyte, under the
symbol of its gene; [plasma-proteins.md](plasma-proteins.md) says how they are used. The class that
models predict is 1 for severe and critical and 0 for mild and moderate; healthy people have none.
"Used to: control" means that no model is trained or judged on it.

Cards marked "not exercised" were written from published descriptions; their files have not been
read where this project was written.
"""


def size(card: CohortCard) -> str:
    """Say how many samples, patients and labels there are."""
    n = card.expected
    graded = f"{n.n_mild} mild or moderate, {n.n_severe} severe"
    if not n.n_mild + n.n_severe:
        graded = "none graded"
    text = f"{n.n_samples} samples of {n.n_patients} patients: {graded}"
    return text if card.exercised else f"{text} (not exercised: as described, not counted)"


def measured(card: CohortCard) -> str:
    """Name the analytes or cell types of a cohort, where it has them."""
    analytes = list_analytes().get(card.name, ())
    if analytes:
        names = [
            one.name if one.name == one.symbol else f"{one.symbol} [{one.name}]" for one in analytes
        ]
        return "Analytes, printed names in brackets: " + ", ".join(names)
    types = list_cell_types(card.name)
    return "Cell types, as published: " + ", ".join(types) if types else ""


def section(card: CohortCard) -> str:
    """Return the entry of one cohort."""
    severity = card.severity
    quotation = f"“{severity.quotation}” ({severity.quotation_source})"
    licences = "; ".join(dict.fromkeys(file.licence for file in card.files))
    facts = [
        ("What", card.title),
        ("Size", size(card)),
        ("Tissue", card.tissue),
        ("Platform", card.platform),
        ("Unit in the source", card.unit_in_source),
        ("Day of illness", "known" if card.expected.days_since_onset else "unknown"),
        ("Used to", ", ".join(card.uses)),
        ("Severity", severity.rule),
        ("From", severity.column),
        ("In its words", quotation if severity.quotation else ""),
        ("Mild means", severity.mild_means),
        ("Severe means", severity.severe_means),
        ("Citation", f"{card.citation} doi {card.doi}" if card.doi else card.citation),
        ("Accession", card.accession),
        ("Licence of the files", licences),
    ]
    lines = [f"- {label}: {text}" for label, text in facts if text]
    lines += ["- Caveats:", *(f"  - {caveat}" for caveat in card.caveats)]
    names = measured(card)
    return f"### {card.name}\n\n" + "\n".join(lines) + (f"\n\n{names}\n" if names else "\n")


def page() -> str:
    """Return the whole page."""
    text = [INTRODUCTION]
    cards = built_in_cohorts()
    for kind in KINDS:
        mine = [card for card in cards if card.kind == kind]
        if not mine:
            continue
        text.append(f"## {HEADINGS[kind]}\n")
        text.append("| cohort | what | samples | patients | mild / severe | day of illness |")
        text.append("|---|---|---:|---:|---:|---|")
        for card in mine:
            n = card.expected
            graded = f"{n.n_mild} / {n.n_severe}" if n.n_mild + n.n_severe else "no grade"
            known = "known" if n.days_since_onset else "unknown"
            text.append(
                f"| [{card.name}](#{card.name.lower()}) | {card.title} | {n.n_samples} | "
                f"{n.n_patients} | {graded} | {known} |"
            )
        text.append("")
        text += [section(card) for card in mine]
    return "\n".join(text)


if __name__ == "__main__":
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text(page(), encoding="utf-8")
    print(TARGET)
