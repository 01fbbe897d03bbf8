"""The parts of a cohort card, and the words that its fields may hold."""

from __future__ import annotations

from dataclasses import dataclass

KINDS = ("blood", "control", "simulated", "user")
USES = ("train", "validate", "control")
UNITS = ("counts", "linear", "ln", "log2")


@dataclass(frozen=True, slots=True)
class CohortFile:
    """One source file of a cohort, pinned byte for byte.

    Attributes
    ----------
    name : str
        File name in ``data/raw/COHORT`` and in a mirror's folder ``COHORT``.
    url : str
        Public address; empty for a file that exists only on this machine.
    sha256 : str
        Checksum, 64 lower-case hexadecimal digits.
    bytes : int
        Size of the file.
    licence : str
        Under which terms the file is published.
    """

    name: str
    url: str
    sha256: str
    bytes: int
    licence: str


@dataclass(frozen=True, slots=True)
class SeverityRule:
    """How the labels were derived from the source.

    Attributes
    ----------
    rule : str
        The rule in words, as the reader applies it.
    column : str
        Source column, or where else the grade stands.
    quotation : str
        The source's own words on the grade; empty when it has none.
    quotation_source : str
        Where these words stand.
    mild_means, severe_means : str
        Who the two classes of the binary task are in this cohort.
    """

    rule: str
    column: str
    quotation: str
    quotation_source: str
    mild_means: str
    severe_means: str


@dataclass(frozen=True, slots=True)
class Expected:
    """What the cohort must hold once loaded; checked at every build.

    Attributes
    ----------
    n_samples, n_patients : int
        Samples and patients.
    n_mild, n_severe : int
        Samples with ``severe`` 0 and 1. Healthy and ungraded samples count in neither.
    days_since_onset : bool
        Whether the day of illness is known for COVID samples.
    """

    n_samples: int
    n_patients: int
    n_mild: int
    n_severe: int
    days_since_onset: bool


@dataclass(frozen=True, slots=True)
class CohortCard:
    """Everything that is stated about a cohort before a file is opened.

    Attributes
    ----------
    name, title : str
        Short name that users type, and one line in words.
    kind : {"blood", "control", "simulated", "user"}
        What the cohort is.
    accession, citation, doi : str
        Where it comes from; empty when there is none.
    tissue, platform : str
        What was measured, and how.
    unit : {"counts", "linear", "ln", "log2"}
        Scale of the values the reader returns: counts become CPM, ``linear`` is TPM or
        the like, ``ln`` is ln(x+1), ``log2`` is log2(x+1) or array intensity.
    unit_in_source : str
        The unit in the source's words.
    reader : str
        Name in :mod:`ifn_severity.cohorts.readers`, ``simulated`` or ``user``.
    uses : tuple of {"train", "validate", "control"}
        What the cohort may be used for.
    severity : SeverityRule
        How the labels were derived.
    expected : Expected
        Numbers the loaded cohort must show.
    files : tuple of CohortFile
        Source files.
    caveats : tuple of str
        What a reader of results from this cohort should know.
    sha256 : str
        Checksum of the card itself.
    """

    name: str
    title: str
    kind: str
    accession: str
    citation: str
    doi: str
    tissue: str
    platform: str
    unit: str
    unit_in_source: str
    reader: str
    uses: tuple[str, ...]
    severity: SeverityRule
    expected: Expected
    files: tuple[CohortFile, ...]
    caveats: tuple[str, ...]
    sha256: str

    @property
    def simulated(self) -> bool:
        """Whether no patient stands behind this cohort."""
        return self.kind == "simulated"
