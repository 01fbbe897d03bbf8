"""Write the signature catalogue of the package from the reference facts.

    python tools/build_catalogue.py REFERENCE_DIR

``REFERENCE_DIR`` holds ``signatures.csv``, ``signature_index.csv`` and
``hgnc_complete_set.txt.gz``. The selection, grouping and licences stand here, where they can
be reviewed; the facts (which gene, printed how, in which direction) come from the reference.
Lists whose reference is marked reconstructed are refused: they must be read in the paper first.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd

from ifn_severity.genes import harmonise

OUT = Path(__file__).parents[1] / "src" / "ifn_severity" / "features" / "catalogue"

MSIGDB = "CC BY 4.0 (MSigDB hallmark)"
REACTOME = "CC0 1.0 (Reactome data)"
BTM = "free to use with citation (blood transcription modules)"
FACTS = "gene list stated as facts in the cited publication"
HGNC = "CC0 1.0 (HGNC)"

# name in the catalogue: (reference lists, group, family, genes become features too, licence)
# Order matters: a gene belongs to the first list below that takes it to gene level. Cytokines and
# HLA class II come first, so that CXCL10 and HLA-DRA do not count as interferon-stimulated genes.
# Modules found by co-expression (Chaussabel M3.4 and M5.12, BloodGen3 A28) are scores only: not
# every gene in them answers to interferon.
SELECTION: dict[str, tuple[tuple[str, ...], str, str, bool, str]] = {
    "Chemokine_ligands": (("HGNC:chemokines",), "cytokine", "chemokines", True, HGNC),
    "Interleukins": (("HGNC:interleukins",), "cytokine", "interleukins", True, HGNC),
    "TNF_superfamily": (("HGNC:tnfsf",), "cytokine", "TNF superfamily", True, HGNC),
    "HLA_class_II": (("CURATED:hla2",), "myeloid", "HLA class II", True, HGNC),
    "Interferon_genes": (("HGNC:interferons",), "interferon", "interferon genes", True, HGNC),
    "Rice2013_IFN6": (("Rice2013_IFN6",), "interferon", "type I", True, FACTS),
    "Kim2018_IFN28": (("Kim2018_IFN28",), "interferon", "type I", True, FACTS),
    "Aybey_IFN_I": (("Aybey_IFN_I",), "interferon", "type I", True, FACTS),
    "Aybey_IFN_II": (("Aybey_IFN_II",), "interferon", "type II", True, FACTS),
    "Ayers2017_IFNG6": (("Ayers2017_IFNG6",), "interferon", "type II", True, FACTS),
    "IFN_receptor_ISGF3": (
        ("IFN_receptor_ISGF3_core",),
        "interferon",
        "receptors and ISGF3",
        True,
        REACTOME,
    ),
    "IFN_III_receptor": (("CURATED:ifn3",), "interferon", "type III", True, REACTOME),
    "IFN_negative_regulators": (
        ("IFN_negative_regulators_core",),
        "interferon",
        "negative regulators",
        True,
        REACTOME,
    ),
    "BTM_M75_antiviral_IFN": (
        ("BTM_M75_antiviral_IFN_signature",),
        "interferon",
        "type I",
        True,
        BTM,
    ),
    "BTM_M127_type_I_IFN": (
        ("BTM_M127_type_I_interferon_response",),
        "interferon",
        "type I",
        True,
        BTM,
    ),
    "Chaussabel_M1.2_IFN": (
        ("Chaussabel2nd_M1.2_Interferon",),
        "interferon",
        "type I",
        True,
        FACTS,
    ),
    "Chaussabel_M3.4_IFN": (
        ("Chaussabel2nd_M3.4_Interferon",),
        "interferon",
        "type I",
        False,
        FACTS,
    ),
    "Chaussabel_M5.12_IFN": (
        ("Chaussabel2nd_M5.12_Interferon",),
        "interferon",
        "type II",
        False,
        FACTS,
    ),
    "BloodGen3_A28_IFN": (
        ("BloodGen3_A28_interferon_all6modules",),
        "interferon",
        "type I",
        False,
        FACTS,
    ),
    "REACTOME_OAS_antiviral": (
        ("REACTOME_OAS_antiviral_response_R-HSA-8983711",),
        "interferon",
        "ISG effectors",
        True,
        REACTOME,
    ),
    "BTM_M68_RIG1_like_receptors": (
        ("BTM_M68_RIG_1_like_receptor_signaling",),
        "interferon",
        "pathogen sensors",
        True,
        BTM,
    ),
    "BTM_M111.0_viral_sensing": (
        ("BTM_M111.0_viral_sensing_immunity_IRF2_targets_network_I",),
        "interferon",
        "pathogen sensors",
        False,
        BTM,
    ),
    "HALLMARK_IFN_ALPHA": (
        ("HALLMARK_INTERFERON_ALPHA_RESPONSE",),
        "interferon",
        "type I",
        True,
        MSIGDB,
    ),
    "HALLMARK_IFN_GAMMA": (
        ("HALLMARK_INTERFERON_GAMMA_RESPONSE",),
        "interferon",
        "type II",
        False,
        MSIGDB,
    ),
    "REACTOME_IFN_alpha_beta": (
        ("REACTOME_Interferon_alpha_beta_signaling_R-HSA-909733",),
        "interferon",
        "type I",
        False,
        REACTOME,
    ),
    "REACTOME_IFN_gamma": (
        ("REACTOME_Interferon_gamma_signaling_R-HSA-877300",),
        "interferon",
        "type II",
        False,
        REACTOME,
    ),
    "REACTOME_regulation_of_IFNA": (
        ("REACTOME_Regulation_of_IFNA_signaling_R-HSA-912694",),
        "interferon",
        "negative regulators",
        False,
        REACTOME,
    ),
    "REACTOME_regulation_of_IFNG": (
        ("REACTOME_Regulation_of_IFNG_signaling_R-HSA-877312",),
        "interferon",
        "negative regulators",
        False,
        REACTOME,
    ),
    "REACTOME_ISG15_antiviral": (
        ("REACTOME_ISG15_antiviral_mechanism_R-HSA-1169408",),
        "interferon",
        "ISG effectors",
        False,
        REACTOME,
    ),
    "REACTOME_RIGI_MDA5_induction": (
        ("REACTOME_DDX58_IFIH1_mediated_induction_of_interferon_alpha_beta_R-HSA-168928",),
        "interferon",
        "pathogen sensors",
        False,
        REACTOME,
    ),
    "SCAHN_neutrophil_IFN": (("SCAHN_neutrophil_IFN",), "interferon", "type I", False, FACTS),
    "REACTOME_chemokine_receptors": (
        ("REACTOME_Chemokine_receptors_bind_chemokines_R-HSA-380108",),
        "cytokine",
        "chemokines",
        True,
        REACTOME,
    ),
    "REACTOME_IL10": (
        ("REACTOME_Interleukin_10_signaling_R-HSA-6783783",),
        "cytokine",
        "IL-10",
        True,
        REACTOME,
    ),
    "REACTOME_IL6": (
        ("REACTOME_Interleukin_6_signaling_R-HSA-1059683",),
        "cytokine",
        "IL-6/JAK/STAT3",
        True,
        REACTOME,
    ),
    "HALLMARK_IL6_JAK_STAT3": (
        ("HALLMARK_IL6_JAK_STAT3_SIGNALING",),
        "cytokine",
        "IL-6/JAK/STAT3",
        True,
        MSIGDB,
    ),
    "BTM_M115_cytokine_receptors": (
        ("BTM_M115_cytokines_recepters_cluster",),
        "cytokine",
        "cytokine receptors",
        True,
        BTM,
    ),
    "BTM_M27.0_chemokine_cluster": (
        ("BTM_M27.0_chemokine_cluster_I",),
        "cytokine",
        "chemokines",
        False,
        BTM,
    ),
    "BTM_M38_chemokines": (
        ("BTM_M38_chemokines_and_receptors",),
        "cytokine",
        "chemokines",
        False,
        BTM,
    ),
    "REACTOME_IL1": (
        ("REACTOME_Interleukin_1_signaling_R-HSA-9020702",),
        "cytokine",
        "IL-1/inflammasome",
        False,
        REACTOME,
    ),
    "REACTOME_IL17": (
        ("REACTOME_Interleukin_17_signaling_R-HSA-448424",),
        "cytokine",
        "IL-17",
        False,
        REACTOME,
    ),
    "REACTOME_TNF": (
        ("REACTOME_TNF_signaling_R-HSA-75893",),
        "cytokine",
        "TNF/NF-kB",
        False,
        REACTOME,
    ),
    "BTM_M29_proinflammatory": (
        ("BTM_M29_proinflammatory_cytokines_and_chemokines",),
        "inflammation",
        "inflammation",
        True,
        BTM,
    ),
    "BTM_M33_inflammatory_response": (
        ("BTM_M33_inflammatory_response",),
        "inflammation",
        "inflammation",
        True,
        BTM,
    ),
    "REACTOME_inflammasomes": (
        ("REACTOME_Inflammasomes_R-HSA-622312",),
        "inflammation",
        "IL-1/inflammasome",
        True,
        REACTOME,
    ),
    "BTM_M53_inflammasome": (
        ("BTM_M53_inflammasome_receptors_and_signaling",),
        "inflammation",
        "IL-1/inflammasome",
        True,
        BTM,
    ),
    "Chaussabel_M4.2_inflammation": (
        ("Chaussabel2nd_M4.2_Inflammation",),
        "inflammation",
        "inflammation",
        True,
        FACTS,
    ),
    "HALLMARK_TNFA_NFKB": (
        ("HALLMARK_TNFA_SIGNALING_VIA_NFKB",),
        "inflammation",
        "TNF/NF-kB",
        False,
        MSIGDB,
    ),
    "HALLMARK_INFLAMMATORY": (
        ("HALLMARK_INFLAMMATORY_RESPONSE",),
        "inflammation",
        "inflammation",
        False,
        MSIGDB,
    ),
    "HALLMARK_COMPLEMENT": (("HALLMARK_COMPLEMENT",), "inflammation", "complement", False, MSIGDB),
    "BTM_M16_TLR_inflammatory": (
        ("BTM_M16_TLR_and_inflammatory_signaling",),
        "inflammation",
        "inflammation",
        False,
        BTM,
    ),
    "SCAHN_immature_neutrophil": (
        ("SCAHN_immature_neutrophil",),
        "myeloid",
        "immature neutrophils",
        True,
        FACTS,
    ),
    "SCAHN_total_neutrophil": (("SCAHN_total_neutrophil",), "myeloid", "neutrophils", True, FACTS),
    "Chaussabel_M5.15_neutrophils": (
        ("Chaussabel2nd_M5.15_Neutrophils",),
        "myeloid",
        "immature neutrophils",
        True,
        FACTS,
    ),
    "BTM_M37.1_neutrophils": (
        ("BTM_M37.1_enriched_in_neutrophils_I",),
        "myeloid",
        "neutrophils",
        True,
        BTM,
    ),
    "BTM_M4.15_monocytes": (
        ("BTM_M4.15_enriched_in_monocytes_I",),
        "myeloid",
        "monocytes",
        True,
        BTM,
    ),
    "BTM_M11.0_monocytes": (
        ("BTM_M11.0_enriched_in_monocytes_II",),
        "myeloid",
        "monocytes",
        False,
        BTM,
    ),
    "BTM_M7.0_T_cells": (("BTM_M7.0_enriched_in_T_cells_I",), "composition", "T cells", True, BTM),
    "BTM_M7.2_NK_cells": (
        ("BTM_M7.2_enriched_in_NK_cells_I",),
        "composition",
        "NK cells",
        True,
        BTM,
    ),
    "BTM_M47.0_B_cells": (
        ("BTM_M47.0_enriched_in_B_cells_I",),
        "composition",
        "B cells",
        True,
        BTM,
    ),
    "BTM_M156.1_plasma_cells": (
        ("BTM_M156.1_plasma_cells_immunoglobulins",),
        "composition",
        "plasma cells",
        False,
        BTM,
    ),
    "Chaussabel_M1.1_platelets": (
        ("Chaussabel2nd_M1.1_Platelets",),
        "composition",
        "platelets",
        False,
        FACTS,
    ),
    "Chaussabel_M3.1_erythrocytes": (
        ("Chaussabel2nd_M3.1_Erythrocytes",),
        "composition",
        "erythrocytes",
        False,
        FACTS,
    ),
    "BTM_M4.0_cell_cycle": (
        ("BTM_M4.0_cell_cycle_and_transcription",),
        "composition",
        "proliferation",
        False,
        BTM,
    ),
    "SoM_module1": (("SoM_module1",), "severity", "published severity score", False, FACTS),
    "SoM_module2": (("SoM_module2",), "severity", "published severity score", False, FACTS),
    "SoM_module3": (("SoM_module3",), "severity", "published severity score", False, FACTS),
    "SoM_module4": (("SoM_module4",), "severity", "published severity score", False, FACTS),
    "Guardela50": (
        ("Guardela50_up", "Guardela50_down"),
        "severity",
        "published severity score",
        False,
        FACTS,
    ),
    "sViP20": (("sViP20",), "severity", "published severity score", False, FACTS),
    "SUBSPACE_myeloid_detrimental": (
        ("SUBSPACE_myeloid_detrimental",),
        "severity",
        "published severity score",
        False,
        FACTS,
    ),
    "SUBSPACE_lymphoid_protective": (
        ("SUBSPACE_lymphoid_protective",),
        "severity",
        "published severity score",
        False,
        FACTS,
    ),
    "SepsisMetaScore": (
        ("SepsisMetaScore_up", "SepsisMetaScore_down"),
        "severity",
        "published severity score",
        False,
        FACTS,
    ),
}

HGNC_GROUPS = {
    "HGNC:interferons": ("Interferons",),
    "HGNC:chemokines": ("Chemokine ligands",),
    "HGNC:interleukins": ("Interleukins",),
    "HGNC:tnfsf": ("Tumor necrosis factor superfamily",),
}
CURATED = {
    "CURATED:ifn3": (
        ("IFNLR1", "IL10RB"),
        "Kotenko 2003 Nat Immunol 4:69 doi:10.1038/ni875 (IFN-lambda receptor complex)",
    ),
    "CURATED:hla2": (
        [
            "HLA-DRA",
            "HLA-DRB1",
            "HLA-DRB5",
            "HLA-DPA1",
            "HLA-DPB1",
            "HLA-DQA1",
            "HLA-DQB1",
            "HLA-DMA",
            "HLA-DMB",
            "HLA-DOA",
            "HLA-DOB",
            "CD74",
            "CIITA",
        ],
        "Seal 2023 NAR 51:D1003 doi:10.1093/nar/gkac888 (HGNC class II genes with CD74 and CIITA; "
        "a panel of this project, not a published signature)",
    ),
}


def hgnc_group(table: pd.DataFrame, groups: tuple[str, ...]) -> list[str]:
    """Return the protein-coding members of HGNC gene groups."""
    member = table["gene_group"].fillna("").map(lambda g: bool(set(g.split("|")) & set(groups)))
    coding = table["locus_group"] == "protein-coding gene"
    return sorted(table.loc[member & coding, "symbol"])


def main(reference: Path) -> None:
    """Write index.csv and genes.csv."""
    genes = pd.read_csv(reference / "signatures.csv")
    index = pd.read_csv(reference / "signature_index.csv").set_index("signature")
    hgnc = pd.read_csv(reference / "hgnc_complete_set.txt.gz", sep="\t", dtype=str)
    rows, entries = [], []
    for name, (sources, group, family, gene_level, licence) in SELECTION.items():
        members: list[tuple[str, str, str]] = []
        published_size = 0
        for source in sources:
            if source in HGNC_GROUPS:
                groups = HGNC_GROUPS[source]
                members += [(gene, gene, "none") for gene in hgnc_group(hgnc, groups)]
                citation = (
                    "Seal 2023 NAR 51:D1003 doi:10.1093/nar/gkac888 "
                    f"(HGNC gene group {', '.join(groups)})"
                )
                check = "all protein-coding members of the group, HGNC October 2024"
            elif source in CURATED:
                listed, citation = CURATED[source]
                members += [(gene, gene, "none") for gene in listed]
                check = "written out in tools/build_catalogue.py"
            else:
                entry = index.loc[source]
                if "reconstructed" in f"{entry.verified} {entry.source}":
                    raise SystemExit(f"{source} is reconstructed: read it in the paper first")
                part = genes[genes.signature == source]
                if part.empty:
                    raise SystemExit(f"{source} has no genes in signatures.csv")
                published_size += int(entry.n)
                directions = part.direction
                members += list(zip(part.gene, part.gene_as_published, directions, strict=True))
                citation, check = entry.citation, entry.verified
        # Reactome lists viral proteins, microarray modules list withdrawn and unnamed probes:
        # what is no human gene today can be in no matrix
        symbols = list(harmonise([gene for gene, _, _ in members]).symbols)
        printed_size = published_size or len(members)
        members = [
            (symbol, printed, way)
            for symbol, (_, printed, way) in zip(symbols, members, strict=True)
            if symbol is not None
        ]
        direction = {d for _, _, d in members}
        entries.append(
            {
                "name": name,
                "group": group,
                "family": family,
                "direction": direction.pop() if len(direction) == 1 else "both",
                "n_published": printed_size,
                "n_genes": len({g for g, _, _ in members}),
                "n_no_gene_today": symbols.count(None),
                "gene_level": gene_level,
                "licence": licence,
                "citation": citation,
                "size_check": check,
            }
        )
        seen: set[str] = set()
        for gene, published, way in members:
            if gene not in seen:
                rows.append(
                    (
                        name,
                        gene,
                        published,
                        "down" if way == "down" and group == "severity" else "up",
                    )
                )
            seen.add(gene)
    OUT.mkdir(parents=True, exist_ok=True)
    pd.DataFrame(entries).to_csv(OUT / "index.csv", index=False, lineterminator="\n")
    pd.DataFrame(rows, columns=["signature", "gene", "published_as", "sign"]).to_csv(
        OUT / "genes.csv", index=False, lineterminator="\n"
    )
    print(f"{len(entries)} lists, {len({r[1] for r in rows})} genes")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    main(Path(sys.argv[1]))
