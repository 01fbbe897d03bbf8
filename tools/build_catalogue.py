"""Write the signature catalogue of the package from the reference facts.

    python tools/build_catalogue.py REFERENCE_DIR

``REFERENCE_DIR`` holds ``signatures.csv``, ``signature_index.csv`` and
``hgnc_complete_set.txt.gz``. Selection, grouping and licences stand in
``catalogue_selection.csv`` beside this file, where they can be reviewed, one list a line; the
facts (which gene, printed how, in which direction) come from the reference. Lists whose reference
is marked reconstructed are refused: they must be read in the paper first.

In the selection, ``reference`` names the reference's lists, an HGNC gene group (``HGNC:``) or a
panel written out below (``CURATED:``). Its order matters: a gene belongs to the first list that
takes it to gene level. Cytokines, their receptors and HLA class II come first, so that CXCL10 and
HLA-DRA do not count as interferon-stimulated genes. Modules found by co-expression alone
(Chaussabel M3.4 and M5.12, BloodGen3 A28) are scores only: not every gene in them answers to
interferon.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from ifn_severity.genes import harmonise

HERE = Path(__file__).parent
SELECTION = HERE / "catalogue_selection.csv"
OUT = HERE.parent / "src" / "ifn_severity" / "features" / "catalogue"

LICENCES = {
    "MSigDB": "CC BY 4.0 (MSigDB hallmark)",
    "Reactome": "CC0 1.0 (Reactome data)",
    "BTM": "free to use with citation (blood transcription modules)",
    "facts": "gene list stated as facts in the cited publication",
    "HGNC": "CC0 1.0 (HGNC)",
}
# Citations that the reference gives without DOI, or wrongly: what they begin with, and the whole
CITATIONS = {
    "Chaussabel 2008": "Chaussabel 2008 Immunity 29:150 doi:10.1016/j.immuni.2008.05.012; "
    "Obermoser 2013 Immunity 38:831 doi:10.1016/j.immuni.2012.12.008 (second-generation blood "
    "modules)",
    "Altman 2021": "Altman 2021 Nat Commun 12:4385 doi:10.1038/s41467-021-24584-w (BloodGen3); "
    "Rinchai 2021 Bioinformatics 37:2382 doi:10.1093/bioinformatics/btab121",
    "Aybey": "Aybey 2025 J Transl Med 23:740 PMID 40611262",
    "Sweeney 2015": "Sweeney 2015 Sci Transl Med 7:287ra71 doi:10.1126/scitranslmed.aaa5993",
    "SUBSPACE": "SUBSPACE consortium 2025 Nat Med doi:10.1038/s41591-025-03956-5 (consensus immune "
    "dysregulation framework)",
    "Khatri lab SCAHN": "Single-cell Atlas of Human Neutrophils 2026 Nat Immunol "
    "doi:10.1038/s41590-026-02671-8 (lists from github.com/Khatri-Lab/SCAHN at da0749e)",
    "canonical type I": "Reactome R-HSA-909733 (subset: receptor, kinases and ISGF3), "
    "Gillespie 2022 NAR 50:D687 doi:10.1093/nar/gkab1028",
    "canonical; see": "Porritt 2015 Trends Immunol 36:150 doi:10.1016/j.it.2015.02.002 (review); "
    "Reactome R-HSA-912694, Gillespie 2022 NAR 50:D687 doi:10.1093/nar/gkab1028",
}
REACTOME_DOI = ("NAR 50:D687)", "NAR 50:D687 doi:10.1093/nar/gkab1028)")
CHICHE = "; Chiche 2014 Arthritis Rheumatol 66:1583 doi:10.1002/art.38628 (interferon types)"
# How a size was verified, where the reference says it too briefly for a reader
CHECKS = {
    "count == MSigDB": "count equals that of MSigDB v7.0",
    "as in Reactome 2021 GMT": "as in Reactome's gene set file of 2021",
    "GMT published by the authors": "as in the gene set file that the authors publish",
    "as packaged in tmod": "as packaged in the R package tmod",
    "authors' repo": "as in the authors' repository",
    "yes": "all genes that the paper names",
    "yes by count (28) and two sources": "count equals the paper's 28, two sources agree",
    "yes (6/6 in methods text)": "all six genes that the methods name",
    "yes (6+5 = 11; two independent sources)": "count equals the paper's 6 + 5, two sources agree",
    "yes (7+43 = 50)": "count equals the paper's 7 + 43",
    "yes by count, authors' repo": "count equals the paper's, as in the authors' repository",
    "yes (all in R-HSA-909733)": "written out, all in R-HSA-909733",
    "yes (all in R-HSA-912694)": "written out, all in R-HSA-912694",
}

# What names in the references mean that no table of gene names can tell. MSigDB v7.0 printed the
# clone names of five genes that v6.2 and every later version print as symbols; Reactome's CRMA
# is the serpin of cowpox virus, HGNC's a long non-coding RNA.
MEANT = {
    "AC004551.1": "OAS1",
    "AC124319.1": "RNF213",
    "AC005840.1": "LTBR",
    "AC129492.1": "PER1",
    "AC016586.1": "SIRT6",
    "CRMA": None,
}

SEAL = "Seal 2023 NAR 51:D1003 doi:10.1093/nar/gkac888"
CHEMOKINE_RECEPTORS = (
    "C-C motif chemokine receptors",
    "C-X-C motif chemokine receptors",
    "C-X-3-C motif chemokine receptors",
    "X-C motif chemokine receptors",
    "Atypical chemokine receptors",
)


class Group(NamedTuple):
    """Gene groups of HGNC, and what they have wrong."""

    names: tuple[str, ...]
    without: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()


HGNC_GROUPS = {
    # IL6 was once called interferon beta 2 and is no interferon; epsilon and lambda 4 are
    "HGNC:interferons": Group(("Interferons",), without=("IL6",), beside=("IFNE", "IFNL4")),
    "HGNC:interferon_receptors": Group(("Interferon receptors",)),
    "HGNC:chemokines": Group(("Chemokine ligands",)),
    "HGNC:chemokine_receptors": Group(CHEMOKINE_RECEPTORS),
    "HGNC:interleukins": Group(("Interleukins",)),
    # the one interleukin receptor that the group lacks
    "HGNC:interleukin_receptors": Group(("Interleukin receptors",), beside=("IL23R",)),
    "HGNC:il6_family": Group(("Interleukin 6 type cytokine family",)),
    "HGNC:tnfsf": Group(("Tumor necrosis factor superfamily",)),
    "HGNC:tnfrsf": Group(("Tumor necrosis factor receptor superfamily",)),
    "HGNC:socs": Group(("Suppressors of cytokine signaling",)),
}


class Panel(NamedTuple):
    """Genes written out here."""

    genes: str
    citation: str
    core: bool = False


CURATED = {
    "CURATED:ifn3": Panel(
        "IFNLR1 IL10RB",
        "Kotenko 2003 Nat Immunol 4:69 doi:10.1038/ni875 (IFN-lambda receptor complex)",
    ),
    "CURATED:inhibitors": Panel(
        "PIAS1 PTPN1 PTPN11 PTPN2 PTPN6 SOCS1 SOCS3 SUMO1 USP18",
        "Reactome R-HSA-912694 and R-HSA-877312 (subset: inhibitors), Gillespie 2022 NAR 50:D687 "
        "doi:10.1093/nar/gkab1028; Porritt 2015 Trends Immunol 36:150 "
        "doi:10.1016/j.it.2015.02.002 (review)",
    ),
    "CURATED:il1": Panel(
        "IL1A IL1B IL1RN IL18 IL33 IL36A IL36B IL36G IL36RN IL37 IL1F10",
        "Dinarello 2018 Immunol Rev 281:8 doi:10.1111/imr.12621 (the eleven members of the IL-1 "
        "family)",
    ),
    "CURATED:csf": Panel(
        "CSF1 CSF2 CSF3",
        "Hamilton 2008 Nat Rev Immunol 8:533 doi:10.1038/nri2356 (colony-stimulating factors)",
    ),
    "CURATED:receptors": Panel(
        "CSF1R CSF2RA CSF2RB CSF3R EPOR MPL OSMR LIFR CNTFR CRLF2 LEPR",
        "Morris 2018 Protein Sci 27:1984 doi:10.1002/pro.3519 (cytokine receptors); CSF1R: "
        "Hamilton 2008 Nat Rev Immunol 8:533 doi:10.1038/nri2356",
    ),
    "CURATED:hla2": Panel(
        "HLA-DRA HLA-DRB1 HLA-DRB5 HLA-DPA1 HLA-DPB1 HLA-DQA1 HLA-DQB1 HLA-DMA HLA-DMB HLA-DOA "
        "HLA-DOB CD74 CIITA",
        f"{SEAL} (HGNC class II genes with CD74 and CIITA; a panel of this project, not a "
        "published signature)",
        core=True,
    ),
}


class Source(NamedTuple):
    """Genes as printed, with what is known of the list."""

    members: list[tuple[str, str, str]]
    size: int
    citation: str
    check: str
    core: bool


def hgnc_group(table: pd.DataFrame, group: Group) -> list[str]:
    """Return the protein-coding members of HGNC gene groups, corrected."""
    names = set(group.names)
    member = table["gene_group"].fillna("").map(lambda g: bool(set(g.split("|")) & names))
    coding = table["locus_group"] == "protein-coding gene"
    found = set(table.loc[member & coding, "symbol"])
    if not found or set(group.without) - found or set(group.beside) & found:
        raise SystemExit(f"HGNC has changed its group {', '.join(group.names)}: see what is right")
    return sorted((found - set(group.without)) | set(group.beside))


class Reference:
    """The three reference tables."""

    def __init__(self, folder: Path) -> None:
        self.genes = pd.read_csv(folder / "signatures.csv")
        self.index = pd.read_csv(folder / "signature_index.csv").set_index("signature")
        self.hgnc = pd.read_csv(folder / "hgnc_complete_set.txt.gz", sep="\t", dtype=str)

    def look_up(self, name: str) -> Source:
        """Return one list, gene group or panel."""
        if name in HGNC_GROUPS:
            group = HGNC_GROUPS[name]
            listed = hgnc_group(self.hgnc, group)
            check = "all protein-coding members of the group, HGNC October 2024"
            check += f", without {', '.join(group.without)}" if group.without else ""
            check += f", with {' and '.join(group.beside)}" if group.beside else ""
            citation = f"{SEAL} (HGNC gene group{'s' if len(group.names) > 1 else ''} "
            citation += f"{', '.join(group.names)})"
            members = [(gene, gene, "none") for gene in listed]
            return Source(members, len(members), citation, check, False)
        if name in CURATED:
            panel = CURATED[name]
            members = [(gene, gene, "none") for gene in panel.genes.split()]
            check = f"all {len(members)} genes written out in tools/build_catalogue.py"
            return Source(members, len(members), panel.citation, check, panel.core)
        return self._published(name)

    def _published(self, name: str) -> Source:
        entry = self.index.loc[name]
        if "reconstructed" in f"{entry.verified} {entry.source}":
            raise SystemExit(f"{name} is reconstructed: read it in the paper first")
        part = self.genes[self.genes.signature == name]
        # two symbols of a union can already be one in the reference
        wrong = not entry.n - 1 <= len(part) <= entry.n
        if wrong or (pd.notna(entry.expected) and entry.n != entry.expected):
            raise SystemExit(f"{name}: {len(part)} genes, {entry.n} listed, {entry.expected} due")
        members = list(zip(part.gene, part.gene_as_published, part.direction, strict=True))
        citation = next(
            (whole for start, whole in CITATIONS.items() if entry.citation.startswith(start)),
            entry.citation.replace(*REACTOME_DOI),
        )
        if name.startswith("Chaussabel2nd") and "Interferon" in name:
            citation += CHICHE
        check = CHECKS.get(entry.verified, entry.verified)
        return Source(members, int(entry.n), citation, check, bool(entry.suggested_core))


def main(folder: Path) -> None:
    """Write index.csv and genes.csv."""
    reference = Reference(folder)
    rows, entries = [], []
    for row in pd.read_csv(SELECTION, keep_default_na=False).itertuples():
        sources = [reference.look_up(name) for name in row.reference.split("|")]
        members = [member for source in sources for member in source.members]
        printed_size = sum(source.size for source in sources)
        # Reactome lists viral proteins, microarray modules list withdrawn and unnamed probes:
        # what is no human gene today can be in no matrix
        names = [gene for gene, _, _ in members]
        symbols = [
            MEANT.get(name, symbol)
            for name, symbol in zip(names, harmonise(names).symbols, strict=True)
        ]
        # a clone name is no other name of the gene: in a matrix it is the clone's own transcript
        members = [
            (symbol, symbol if name in MEANT else printed, way)
            for symbol, (name, printed, way) in zip(symbols, members, strict=True)
            if symbol is not None
        ]
        direction = {way for _, _, way in members}
        entries.append(
            {
                "name": row.name,
                "group": row.group,
                "family": row.family,
                "direction": direction.pop() if len(direction) == 1 else "both",
                "n_published": printed_size,
                "n_genes": len({gene for gene, _, _ in members}),
                "n_no_gene_today": symbols.count(None),
                "gene_level": row.gene_level,
                "core": all(source.core for source in sources),
                "licence": LICENCES[row.licence],
                "citation": sources[0].citation,
                "size_check": sources[0].check,
                "note": row.note,
            }
        )
        seen: set[str] = set()
        for gene, published, way in members:
            if gene not in seen:
                down = way == "down" and row.group == "severity"
                rows.append((row.name, gene, published, "down" if down else "up"))
            seen.add(gene)
    OUT.mkdir(parents=True, exist_ok=True)
    pd.DataFrame(entries).to_csv(OUT / "index.csv", index=False, lineterminator="\n")
    pd.DataFrame(rows, columns=["signature", "gene", "published_as", "sign"]).to_csv(
        OUT / "genes.csv", index=False, lineterminator="\n"
    )
    core = sum(entry["core"] for entry in entries)
    print(f"{len(entries)} lists ({core} core), {len({row[1] for row in rows})} genes")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    main(Path(sys.argv[1]))
