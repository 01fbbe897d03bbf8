from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ifn_severity.errors import InputError, StoreError
from ifn_severity.evidence.load import load_claims
from ifn_severity.evidence.result import VERDICTS, EvidenceReport
from ifn_severity.evidence.verdict import WRITTEN
from ifn_severity.report.evidence_methods import genes_section
from ifn_severity.report.evidence_page import write_evidence_report
from ifn_severity.report.evidence_rows import claim_of
from ifn_severity.report.evidence_sections import evidence_sections
from ifn_severity.report.evidence_tables import EVIDENCE_TABLES, write_evidence_tables
from ifn_severity.report.evidence_words import (
    LOOKS,
    answer,
    day_sentence,
    further_sentence,
    p_words,
    pooled_sentence,
)

MakeEvidence = Callable[..., EvidenceReport]
N_FIGURES = 9  # five forests, two of the day, plane, variance


class Page(HTMLParser):
    """Reads tags and visible text of a page."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text, self.quiet = "", False
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.quiet = tag == "style"

    def handle_data(self, data: str) -> None:
        self.text += "" if self.quiet else data

    def all(self, name: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.tags if tag == name]


@pytest.fixture(scope="module")
def page(evidence_page: Path) -> Page:
    return Page(evidence_page)


def _pooled(report: EvidenceReport, **changes: float) -> EvidenceReport:
    """Return the report with other figures for claim 7."""
    result = claim_of(report, "7")
    assert result is not None
    part = result.parts[0]
    pooled = part.pooled.copy()
    whole = pooled["stratum"] == "all"
    for name, value in changes.items():
        pooled.loc[whole, name] = value
    changed = replace(result, parts=(replace(part, pooled=pooled),))
    return replace(report, claims=tuple(changed if c is result else c for c in report.claims))


def test_the_answer_comes_first_and_claims_in_order(page: Page) -> None:
    order = (
        "Not settled on average",
        "so it may show either sign",
        "claims. Of the 5 of the article, 1 supported",
        "Verdicts at a glance",
        "1. Little interferon, many chemokines",
        "2a. Interferon score lower in severe",
        "5a. Both programmes in one cell type",
        "7. Robust or impaired",
        "Lucas 2020. Interferon sustained in severe",
        "Interferon by day since onset",
        "Interferon and inflammation in the same cells",
        "The rule of verdicts",
        "Methods, versions and limits",
    )
    # the contents name sections as well, before they come
    places = [page.text.rindex(words) for words in order]
    assert places == sorted(places)


def test_when_the_rule_was_written_is_said_once(evidence: EvidenceReport, tmp_path: Path) -> None:
    report = replace(evidence, limits=(*evidence.limits, WRITTEN))
    text = Page(write_evidence_report(tmp_path / "report.html", report)).text
    assert text.count(WRITTEN) == 1
    for more in ("before any result", "beforehand", "before it met the data"):
        assert more not in text


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [(0.1, 0.9, "Robust on"), (-0.9, -0.1, "Impaired on"), (-0.1, 0.9, "cannot be told")],
)
def test_the_answer_follows_the_interval(
    evidence: EvidenceReport, low: float, high: float, words: str
) -> None:
    said = pooled_sentence(_pooled(evidence, effect=(low + high) / 2, low=low, high=high))
    assert words in said
    # the numbers are the table's own
    assert f"{abs(low):.2f}" in said
    assert "56 milder patients" in said


def test_sentences_claim_no_more_than_is_known(evidence: EvidenceReport) -> None:
    few = _pooled(evidence, prediction_low=np.nan, prediction_high=np.nan, i_squared=np.nan)
    assert "too few cohorts" in further_sentence(few)
    assert "I²" not in further_sentence(few)
    assert "either sign" in further_sentence(evidence)
    sure = _pooled(evidence, prediction_low=0.1, prediction_high=0.9)
    assert "either sign" not in further_sentence(sure)
    assert "which is not told apart from 0" in day_sentence(evidence)
    table = evidence.meta_regression
    told = table.assign(low=table["estimate"] - 0.1, high=table["estimate"] + 0.1)
    assert "told apart" not in day_sentence(replace(evidence, meta_regression=told))
    none = table.assign(r_squared=np.nan)
    assert "no heterogeneity" in day_sentence(replace(evidence, meta_regression=none))
    assert "could not be measured" in day_sentence(
        replace(evidence, meta_regression=table.iloc[:0])
    )
    without = replace(evidence, claims=evidence.claims[:1])
    assert "stays open" in answer(without)[0]


def test_verdicts_are_words_with_a_look_each(page: Page, evidence: EvidenceReport) -> None:
    assert set(LOOKS) == set(VERDICTS)
    assert len(set(LOOKS.values())) == len(VERDICTS)
    looks = [tag.get("class") for tag in page.all("span")]
    for result in evidence.claims:
        assert f"badge {LOOKS[result.verdict.label]}" in looks
        assert result.verdict.label in page.text


def test_links_lead_somewhere(page: Page) -> None:
    identifiers = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(identifiers) == len(set(identifiers))
    targets = [str(link["href"]) for link in page.all("a")]
    assert {"#claim-1", "#claim-lucas-2020", "#day", "#plane"} <= set(targets)
    for target in targets:
        assert target.removeprefix("#") in identifiers or target.startswith("https://doi.org/10.")


def test_page_is_self_contained_and_described(page: Page, evidence_page: Path) -> None:
    assert not page.all("script")
    for tag, attributes in page.tags:
        assert (attributes.get("src") or "data:").startswith("data:")
        if tag != "a":
            assert (attributes.get("href") or "#").startswith(("#", "data:"))
    images = page.all("img")
    assert len(images) == N_FIGURES
    assert len({image["alt"] for image in images}) == N_FIGURES
    assert all(len(image["alt"] or "") > 40 for image in images)
    assert "nan" not in " ".join(image["alt"] or "" for image in images)
    levels = [int(tag[1]) for tag, _ in page.tags if tag in ("h1", "h2", "h3", "h4")]
    assert levels[0] == 1
    assert all(b - a <= 1 for a, b in pairwise(levels))
    assert all(tag.get("scope") in ("row", "col") for tag in page.all("th"))
    assert evidence_page.stat().st_size < 3_000_000


def test_sources_reasons_and_limits_are_there(page: Page, evidence: EvidenceReport) -> None:
    for words in (
        "Not tested: GSE155454, late (fewer than three patients on a side: 2 against 12).",
        "What would settle it: Three infected lungs.",
        "doi:10.1126/sciimmunol.abd1554",
        "doi:10.1038/s41577-020-00429-3",
        "Supported: the interval lies on the claimed side of 0.",
        "Not read, so not tested: GSE147507-lung (its files are not on disk).",
        "Four blood cohorts are few.",
        "statsmodels 0.14.5",
        "bootstrap draws: 2000",
        "f013a165c973144d",
        "evidence_tables",
        *(result.paragraph for result in evidence.claims),
        *(result.verdict.reason for result in evidence.claims),
    ):
        assert words in page.text, words
    assert " nan" not in page.text.lower()
    assert "SIMULATED" not in page.text


def test_as_little_as_a_run_can_have_is_still_a_page(
    bare_evidence: EvidenceReport, tmp_path: Path
) -> None:
    page = Page(write_evidence_report(tmp_path / "bare.html", bare_evidence))
    assert page.all("img") == []
    total = len(load_claims())
    for words in (
        "claim 7, which decides it, was not among those asked for",
        "How much the day since onset explains is part of claim 7, which was not among",
        f"Asked for: 1 of {total} claims. Of the one of the article",
    ):
        assert words in page.text
    assert "Interferon by day since onset" not in page.text
    assert " nan" not in page.text.lower()


def test_names_cannot_become_markup(bare_evidence: EvidenceReport, tmp_path: Path) -> None:
    evil = "<script>alert(1)</script>$x$"
    claims = tuple(replace(result, paragraph=evil) for result in bare_evidence.claims)
    report = replace(bare_evidence, claims=claims, rule=(evil,), settings={evil: evil})
    path = write_evidence_report(tmp_path / "evil.html", report)
    assert "<script" not in path.read_text(encoding="utf-8")
    assert Page(path).text.count(evil) == 4


def test_a_page_without_claims_is_not_written(evidence: EvidenceReport, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="without a claim"):
        write_evidence_report(tmp_path / "r.html", replace(evidence, claims=()))
    assert list(tmp_path.iterdir()) == []


def test_figures_are_written_beside_it_when_asked(
    evidence: EvidenceReport, bare_evidence: EvidenceReport, tmp_path: Path
) -> None:
    report = replace(bare_evidence, variance=evidence.variance)
    write_evidence_report(tmp_path / "r.html", report, figures_folder=tmp_path / "figures")
    names = {path.name for path in (tmp_path / "figures").iterdir()}
    assert names == {f"variance-shares.{kind}" for kind in ("png", "svg", "pdf")}


def test_tables_read_back(evidence: EvidenceReport, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("kept")
    files = write_evidence_tables(tmp_path, evidence)
    assert [path.name for path in files] == list(EVIDENCE_TABLES)
    assert (tmp_path / "mine.txt").exists()
    tables = {path.name: pd.read_csv(path, keep_default_na=True) for path in files}
    for name in ("effects", "pooled", "day_points", "plane", "variance", "meta_line"):
        given = getattr(evidence, name).reset_index(drop=True)
        for column in given.select_dtypes("number"):
            assert tables[f"{name}.csv"][column].to_numpy() == pytest.approx(
                given[column].to_numpy(float), nan_ok=True, rel=1e-8
            )
    assert tables["genes.csv"]["gene"].tolist() == ["IFI27", "SIGLEC1"]
    assert tables["checksums.csv"].to_dict("list") == {
        "file": ["GSE157103"],
        "sha256": ["f013a165c973144d"],
    }


def test_empty_tables_keep_their_heading(bare_evidence: EvidenceReport, tmp_path: Path) -> None:
    files = {path.name: path for path in write_evidence_tables(tmp_path, bare_evidence)}
    assert pd.read_csv(files["day_curves.csv"]).columns.tolist()[:3] == ["cohort", "severe", "day"]
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError):
        write_evidence_tables(tmp_path / "file" / "tables", bare_evidence)


@pytest.mark.parametrize(
    ("p", "words"), [(0.05, "0.050"), (0.5, "0.50"), (1e-9, "< 0.001"), (np.nan, "–")]
)
def test_p_values_have_no_false_digits(p: float, words: str) -> None:
    assert p_words(p) == words


def test_a_paragraph_does_not_repeat_what_stands_beside_it(evidence: EvidenceReport) -> None:
    first = evidence.claims[1]
    quote = f"{first.claim.study}: {first.claim.sentence}"
    told = replace(first, paragraph=f"{quote} The data differ. {first.claim.note}")
    (section,) = [
        section
        for section in evidence_sections(replace(evidence, claims=(told,)))
        if section.name == "claims"
    ]
    (part,) = section.parts
    assert part.quote == quote
    assert part.paragraphs[0] == f"The data differ. {first.claim.note}"
    assert not any("How the sentence became a test" in text for text in part.paragraphs)
    assert part.reason == first.verdict.reason


def test_columns_of_dashes_are_left_out(evidence: EvidenceReport) -> None:
    tables = {
        part.name: part.tables[0]
        for section in evidence_sections(evidence)
        for part in section.parts
    }
    assert "Prediction" in tables["claim-2a"].columns
    assert "Prediction" not in tables["claim-2b"].columns
    for table in tables.values():
        assert all(len(row) == len(table.columns) for row in table.rows)
        assert table.columns[-1] == "Verdict"


def test_genes_are_counted_by_direction(evidence: EvidenceReport) -> None:
    section = genes_section(evidence)
    assert section is not None
    assert "0 are higher in severe disease in every cohort" in section.paragraphs[0]
    assert "2 change their sign between cohorts" in section.paragraphs[0]
    assert [row[0] for row in section.tables[0].rows] == ["IFI27", "SIGLEC1"]
    many = evidence.genes.loc[evidence.genes.index.repeat(30)]
    section = genes_section(replace(evidence, genes=many))
    assert section is not None
    assert "The 40 with the largest" in section.paragraphs[1]
