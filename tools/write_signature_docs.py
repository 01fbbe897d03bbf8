"""Write ``docs/signatures.md`` from the catalogue of gene lists.

    python tools/write_signature_docs.py

The page says what ``ifn-severity signatures NAME`` says, for every list. A test compares it with
the catalogue, so it cannot be out of date.
"""

from __future__ import annotations

from pathlib import Path

from ifn_severity.features import (
    MIN_REFERENCE_GENES,
    Signature,
    feature_definition,
    load_catalogue,
    panel_genes,
    reference_genes,
)
from ifn_severity.features.checks import genes_needed
from ifn_severity.features.definition import BALANCE, BALANCE_LISTS, balance_genes
from ifn_severity.features.list_coverage import RULE
from ifn_severity.features.signatures import GROUPS

TARGET = Path(__file__).parents[1] / "docs" / "signatures.md"
HEADINGS = {
    "interferon": "Interferon",
    "cytokine": "Cytokines, chemokines and their receptors",
    "inflammation": "Inflammation",
    "myeloid": "Myeloid cells and HLA class II",
    "composition": "Cell composition",
    "severity": "Published severity scores (for comparison, never features)",
}
INTRODUCTION = """\
<!-- Written by tools/write_signature_docs.py from the catalogue: change that, not this page. -->

# Gene lists

The {n_lists} lists behind the features, {n_core} of them core lists, which cover the ground
without too much overlap. `ifn-severity signatures` shows the table, `ifn-severity signatures NAME`
one list, and `ifn-severity signatures --coverage FILE` what a matrix holds of each, and whether
scores can be computed from it.

Genes are current HGNC symbols. Where a publication printed another symbol it stands in brackets,
and either is recognised in a matrix. "As published" counts printed symbols; viral proteins,
withdrawn probes and unnamed loci that are no human gene today are left out and counted. A list's
score is the mean of its genes; only severity scores have genes that count negatively, marked "−".
Each entry says whether the genes of the list are features of their own too; co-expression modules
of which not every gene answers to interferon are scores only.

`HALLMARK_IFN_GAMMA`, published as the response to interferon gamma, and `Chaussabel_M5.12_IFN`,
often read as type II, belong to the family "type I and II": in blood stimulated ex vivo
(GSE145647) both rise with interferon gamma, and more with interferon beta.

There is no list of genes that answer type III interferon and not type I: both act through ISGF3.
The family "type III" holds the receptor alone; the ligands IFNL1 to IFNL4 are among the
`Interferon_genes`, one by one where a platform measures them.

## Balance of interferon and inflammation

`{balance}` is the mean of the {n_plus} genes of `{plus}` less the mean of the {n_minus} genes of
`{minus}` that are in no list of the family "type I". It belongs to the feature sets
`interferon+cytokine` and `all`.

## Coverage

The verdict of `ifn-severity signatures --coverage FILE` on a list: {rule}.

Below the lists stands the verdict on the file, by the rule of `ifn-severity features`: it is
refused with fewer than {min_reference} of the {n_reference} reference genes, against which every
sample is measured, or fewer than {needed} of the {n_panel} genes of the panel (the reference genes
and those of all lists that are features), however complete a list may be. The command then says
why and still ends with exit code 0: it reports, and refuses nothing itself. `ifn-severity predict`
asks for half of the model's own genes in place of half of the panel, so a panel model may accept
what is refused here.
"""


def gene_line(signature: Signature) -> str:
    """Return the genes of a list, with printed symbols and negative signs."""
    parts = []
    rows = zip(signature.genes, signature.published_as, signature.signs, strict=True)
    for gene, printed, sign in rows:
        name = gene if printed == gene else f"{gene} [{printed}]"
        parts.append(name if sign > 0 else f"−{name}")
    return ", ".join(parts)


def section(signature: Signature) -> str:
    """Return the entry of one list."""
    size = f"{len(signature.genes)}, of {signature.n_published} as published"
    if signature.n_no_gene_today:
        size += f" ({signature.n_no_gene_today} no human gene today)"
    facts = [
        ("Family", f"{signature.family}{', core list' if signature.core else ''}"),
        ("Direction", signature.direction),
        ("Genes", size),
        ("Size check", signature.size_check),
        ("Features", features_of(signature)),
        ("Citation", signature.citation),
        ("Licence", signature.licence),
        ("Note", signature.note),
    ]
    lines = [f"- {label}: {text}" for label, text in facts if text]
    return f"### {signature.name}\n\n" + "\n".join(lines) + f"\n\n{gene_line(signature)}\n"


def features_of(signature: Signature) -> str:
    """Say what a list adds to the features."""
    if signature.group == "severity":
        return "none"
    return "score, and genes one by one" if signature.gene_level else "score"


def page() -> str:
    """Return the whole page."""
    catalogue = load_catalogue()
    plus, minus = balance_genes()
    text = [
        INTRODUCTION.format(
            n_lists=len(catalogue),
            n_core=sum(s.core for s in catalogue.values()),
            balance=BALANCE,
            n_plus=len(plus),
            plus=BALANCE_LISTS[0],
            n_minus=len(minus),
            minus=BALANCE_LISTS[1],
            rule=RULE,
            min_reference=MIN_REFERENCE_GENES,
            n_reference=len(reference_genes()),
            needed=genes_needed(len(panel_genes())),
            n_panel=len(panel_genes()),
        )
    ]
    kinds = feature_definition("all").features
    for group in GROUPS:
        lists = [s for s in catalogue.values() if s.group == group]
        mine = kinds[kinds["group"] == group]["kind"].value_counts()
        text.append(f"## {HEADINGS[group]}\n")
        if group != "severity":
            text.append(
                f"{mine['score']} scores and {mine['gene']} genes one by one, each gene in the "
                "first list that takes it.\n"
            )
        text.append("| list | family | genes | core |\n|---|---|---:|---|")
        text += [
            f"| [{s.name}](#{s.name.lower().replace('.', '')}) | {s.family} | {len(s.genes)} | "
            f"{'yes' if s.core else ''} |"
            for s in lists
        ]
        text.append("")
        text += [section(s) for s in lists]
    return "\n".join(text)


if __name__ == "__main__":
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text(page(), encoding="utf-8")
    print(TARGET)
