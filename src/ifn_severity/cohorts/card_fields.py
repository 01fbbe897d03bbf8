"""The parts of a cohort card, and the words that its fields may hold."""

from __future__ import annotations

from dataclasses import dataclass

KINDS = (
    "blood",
    "plasma proteins",
    "lung tissue",
    "cell lines",
    "control",
    "simulated",
    "user",
)
USES = ("train", "validate", "control")
UNITS = ("counts", "linear", "ln", "log2", "log10")
GRADES = ("healthy", "mild", "moderate", "severe", "critical", "none", "drop")
"""What a value of a GEO characteristic may mean; see :class:`LabelRule`."""


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
        Checksum, 64 lower-case hexadecimal digits; empty in a card that was not exercised.
    bytes : int
        Size of the file; 0 when it is unknown.
    licence : str
        Under which terms the file is published.
    """

    name: str
    url: str
    sha256: str
    bytes: int
    licence: str

    @property
    def pinned(self) -> bool:
        """Whether the card knows the file's checksum."""
        return bool(self.sha256)


@dataclass(frozen=True, slots=True)
class LabelRule:
    """What one value of a characteristic says of a sample's severity.

    Attributes
    ----------
    column, value : str
        A column of the series' table of samples, and a value in it.
    grade : str
        A grade of the severity scale, ``none`` (kept without a grade) or ``drop``.
    """

    column: str
    value: str
    grade: str


@dataclass(frozen=True, slots=True)
class GeoRule:
    """How a cohort is read from the files of a GEO series.

    Attributes
    ----------
    series : str
        File name of the series matrix.
    matrix : str
        File name of the expression matrix; empty for the table in the series matrix.
    probes : str
        File name of the family file that names the genes of an array's probes; empty
        where rows are genes.
    platform : str
        GEO platform, ``GPL…``.
    unit : {"auto", "counts", "linear", "log2", "ln", "log10"}
        Unit of the matrix, as :func:`ifn_severity.cohorts.matrix.read_expression` takes it.
    sample_from : str
        Column of the series that holds the matrix's names of samples; empty to find it.
    patient_from, day_from, age_from, sex_from : str
        Columns with the patient, day of illness, age and sex; empty when there is none.
    rules : tuple of LabelRule
        Severity; the first rule that fits a sample counts, and ``drop`` before other columns'.
    """

    series: str
    matrix: str
    probes: str
    platform: str
    unit: str
    sample_from: str
    patient_from: str
    day_from: str
    age_from: str
    sex_from: str
    rules: tuple[LabelRule, ...]


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
    kind : one of ``KINDS``
        What the cohort is: blood, plasma proteins, lung tissue, cell lines, control, ...
    accession, citation, doi : str
        Where it comes from; empty when there is none.
    tissue, platform : str
        What was measured, and how.
    unit : {"counts", "linear", "ln", "log2", "log10"}
        Scale of the values the reader returns: counts become CPM, ``linear`` is TPM or
        the like, ``ln`` is ln(x+1), ``log10`` log10(x+1), ``log2`` log2(x+1) or array
        intensity. Of plasma proteins, ``log2`` is NPX or log2 and ``log10`` log10 of a
        concentration.
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
    exercised : bool
        False for a card that was written from published descriptions and never met its
        files: checksums are recorded at the first download, and ``expected`` is not enforced.
    geo : GeoRule or None
        How the files of a GEO series are read, for the reader ``geo``.
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
    exercised: bool = True
    geo: GeoRule | None = None

    @property
    def simulated(self) -> bool:
        """Whether no patient stands behind this cohort."""
        return self.kind == "simulated"
