"""The published severity scores that stand beside ours, each in its published direction."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from ifn_severity.features import get_signature


@dataclass(frozen=True)
class Comparator:
    """A published score.

    Attributes
    ----------
    name, label, citation : str
        Key, name in tables, and the paper.
    direction : str
        What the paper says of severe disease, in words.
    up, down : tuple of tuple of str
        Modules of genes that enter with plus and with minus, as current HGNC symbols.
    formula : {"ratio", "difference", ""}
        How the paper combines geometric means of modules; empty where no published formula
        scores one sample alone.
    down_weight : float
        Factor of the down modules in a published difference.
    derived_from : tuple of str
        Cohorts on which the list was derived: it is left out there.
    caveat : str
        What a reader of the table has to know.
    """

    name: str
    label: str
    citation: str
    direction: str
    up: tuple[tuple[str, ...], ...]
    down: tuple[tuple[str, ...], ...] = ()
    formula: str = ""
    down_weight: float = 1.0
    derived_from: tuple[str, ...] = ()
    caveat: str = ""

    @property
    def genes(self) -> tuple[str, ...]:
        """Every gene of the score."""
        return tuple(dict.fromkeys(gene for module in (*self.up, *self.down) for gene in module))


def _genes(name: str, sign: int = 1) -> tuple[str, ...]:
    signature = get_signature(name)
    both = signature.direction == "both"
    pairs = zip(signature.genes, signature.signs, strict=True)
    return tuple(gene for gene, of_gene in pairs if not both or of_gene == sign)


@cache
def published_comparators() -> dict[str, Comparator]:
    """Return the published scores by name.

    Returns
    -------
    dict of str to Comparator

    Notes
    -----
    The interferon scores stand here with the one direction that was published for blood:
    lower in severe and critical than in milder disease (Hadjadj 2020,
    doi:10.1126/science.abc6027). "High means severe" is not entered as a second comparator,
    because then one of the two would be right in any cohort.

    Inflammatix-6: geometric mean up minus down as reconstructed; the proprietary classifier
    weights are not public, and the six genes were not read from the paper itself.

    Examples
    --------
    >>> [len(c.genes) for c in published_comparators().values()]
    [6, 42, 50, 11, 56, 20, 6, 28, 13, 10]
    """
    hadjadj = "lower in severe disease (Hadjadj 2020, doi:10.1126/science.abc6027)"
    ranks_of = "the published score needs {}; scored by mean within-sample rank"
    listed = (
        Comparator(
            "Inflammatix6",
            "Inflammatix-6 (reconstructed)",
            "Buturovic 2022 Sci Rep 12:889 doi:10.1038/s41598-021-04509-9",
            "higher in severe disease",
            up=(("HK3", "DEFA4", "BATF"),),
            down=(("TGFBI", "HLA-DPB1", "LY86"),),
            formula="difference",
            caveat="geometric mean up minus down as reconstructed; the proprietary classifier "
            "weights are not public",
        ),
        Comparator(
            "SoM",
            "SoM (Zheng 2021)",
            get_signature("SoM_module1").citation,
            "higher in severe disease",
            up=(_genes("SoM_module1"), _genes("SoM_module2")),
            down=(_genes("SoM_module3"), _genes("SoM_module4")),
            formula="ratio",
        ),
        Comparator(
            "Guardela50",
            "Guardela 50-gene (2021)",
            get_signature("Guardela50").citation,
            "higher in severe disease",
            up=(_genes("Guardela50", 1),),
            down=(_genes("Guardela50", -1),),
            caveat=ranks_of.format("the other samples of a cohort (SAMS)"),
        ),
        Comparator(
            "SepsisMetaScore",
            "Sepsis MetaScore (Sweeney 2015)",
            get_signature("SepsisMetaScore").citation + " doi:10.1126/scitranslmed.aaa5993",
            "higher in sepsis",
            up=(_genes("SepsisMetaScore", 1),),
            down=(_genes("SepsisMetaScore", -1),),
            formula="difference",
            down_weight=5 / 6,
            caveat="made to tell sepsis from sterile inflammation, not severity",
        ),
        Comparator(
            "SUBSPACE",
            "SUBSPACE myeloid − lymphoid (2025)",
            get_signature("SUBSPACE_myeloid_detrimental").citation,
            "myeloid detrimental higher, lymphoid protective lower in severe disease",
            up=(_genes("SUBSPACE_myeloid_detrimental"),),
            down=(_genes("SUBSPACE_lymphoid_protective"),),
            formula="difference",
            caveat="the paper gives two axes; their difference is taken here",
        ),
        Comparator(
            "sViP20",
            "severe-ViP 20 (Sahoo 2021)",
            get_signature("sViP20").citation,
            "higher in severe disease",
            up=(_genes("sViP20"),),
            caveat=ranks_of.format("the other samples of a cohort (StepMiner)"),
        ),
        Comparator(
            "IFN6",
            "six-gene interferon score, low",
            get_signature("Rice2013_IFN6").citation,
            hadjadj,
            up=(),
            down=(_genes("Rice2013_IFN6"),),
            caveat=ranks_of.format("healthy controls"),
        ),
        Comparator(
            "IFN28",
            "28-gene interferon score, low",
            get_signature("Kim2018_IFN28").citation,
            hadjadj,
            up=(),
            down=(_genes("Kim2018_IFN28"),),
            caveat=ranks_of.format("healthy controls"),
        ),
        Comparator(
            "SCAHN_immature_neutrophil",
            "immature neutrophils (SCAHN)",
            get_signature("SCAHN_immature_neutrophil").citation,
            "higher in severe disease",
            up=(_genes("SCAHN_immature_neutrophil"),),
            caveat="a cell-type list, scored by mean within-sample rank",
        ),
        Comparator(
            "SCAHN_total_neutrophil",
            "neutrophils (SCAHN)",
            get_signature("SCAHN_total_neutrophil").citation,
            "higher in severe disease (neutrophilia)",
            up=(_genes("SCAHN_total_neutrophil"),),
            caveat="a cell-type list, scored by mean within-sample rank",
        ),
    )
    return {comparator.name: comparator for comparator in listed}
