from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ifn_severity.errors import InputError, StoreError
from ifn_severity.report.tripod import tripod_markdown, write_tripod
from ifn_severity.report.tripod_items import TRIPOD_ITEMS
from ifn_severity.report.validation import ValidationReport
from ifn_severity.report.validation_more import candidates_section, subgroups_section
from ifn_severity.report.validation_page import write_validation_report
from ifn_severity.report.validation_tables import VALIDATION_TABLES, write_validation_tables

MakeReport = Callable[..., ValidationReport]


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
def page(validation_page: Path) -> Page:
    return Page(validation_page)


def test_the_answer_comes_first(page: Page) -> None:
    order = (
        "Research use only",
        "cohorts that the model never saw",
        "the best published score on the same patients",
        "By itself, a low interferon score goes with severe disease",
        "biology carries the prediction",
        "calibration slopes",
        "configurations were tried",
        "How well it does on cohorts never seen",
        "Beside the published signatures",
        "Methods, versions and limits",
    )
    places = [page.text.index(words) for words in order]
    assert places == sorted(places)


def test_meanings_limits_and_sources_are_there(page: Page, validation: ValidationReport) -> None:
    for words in (
        "50 patients: in hospital, not in intensive care",
        "4 patients: WHO scale 5 and above",
        "GSE152418 (not counted)",
        "Not counted in any mean, because a class has fewer than five patients: GSE152418.",
        "SoM (Zheng 2021) is left out on schulte-cohort1: derived from this cohort",
        "Four cohorts are few.",
        "doi:10.1016/j.cels.2020.10.003",
        "scikit-learn 1.9.0",
        "bootstrap draws: 2000",
        "f013a165c973144d",
        "validation_tables",
        "SIMULATED DATA",
    ):
        assert words in page.text, words
    # calibration has its intervals, and so have calls at the threshold
    for words in ("0.19 → 0.15\u00a0(0.11\u2060–\u20600.18)", "1.05\u00a0(0.63\u2060–\u20602.17)"):
        assert words in page.text
    assert "0.80 (0.61\u2060–\u20600.93)" in page.text
    # the interval of a table stays on one line
    row = validation.held_out.iloc[0]
    joined = f"{row['auroc']:.2f}\u00a0({row['auroc_low']:.2f}\u2060–\u2060{row['auroc_high']:.2f})"
    assert joined in page.text


def test_page_is_self_contained_and_described(page: Page, validation_page: Path) -> None:
    assert not page.all("script")
    for _, attributes in page.tags:
        for name in ("src", "href"):
            assert (attributes.get(name) or "#").startswith(("#", "data:"))
    images = page.all("img")
    assert len(images) == 10
    assert len({image["alt"] for image in images}) == 10
    assert all(len(image["alt"] or "") > 40 for image in images)
    assert "nan" not in " ".join(image["alt"] or "" for image in images)
    identifiers = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(identifiers) == len(set(identifiers))
    assert validation_page.stat().st_size < 3_000_000


def test_as_little_as_a_run_can_have_is_still_a_page(
    bare_validation: ValidationReport, tmp_path: Path
) -> None:
    page = Page(write_validation_report(tmp_path / "bare.html", bare_validation))
    assert len(page.all("img")) == 5  # forest, ROC, calibration, decisions, candidates
    for words in (
        "No published signature could be scored",
        "was not measured in this run",
        "Labels were not shuffled",
        "I² is not known",
        "no panels of random genes",
        "judged on 2 cohorts never seen",
    ):
        assert words in page.text
    assert "SIMULATED" not in page.text
    assert " nan" not in page.text.lower()


def test_comparators_without_figures_are_shown_as_dashes(
    make_validation: MakeReport, tmp_path: Path
) -> None:
    full = make_validation()
    numbers = dict.fromkeys(("auroc", "auroc_low", "auroc_high"), np.nan)
    gaps = dict.fromkeys(("difference", "low", "high", "p"), np.nan)
    report = replace(
        full,
        comparators=full.comparators.assign(**numbers, left_out="too few of its genes"),
        differences=full.differences.assign(**gaps),
    )
    page = Page(write_validation_report(tmp_path / "r.html", report))
    assert "could not be computed" in page.text
    assert "too few of its genes" in page.text
    assert "nan" not in page.text


def test_names_cannot_become_markup(make_validation: MakeReport, tmp_path: Path) -> None:
    evil = "<script>alert(1)</script>$x$|*"
    full = make_validation()
    report = replace(
        full,
        comparators=full.comparators.replace({"label": {"SoM (Zheng 2021)": evil}}),
        limits=(evil,),
        settings={evil: evil},
    )
    path = write_validation_report(tmp_path / "evil.html", report)
    assert "<script" not in path.read_text(encoding="utf-8")
    assert evil in Page(path).text
    row = next(line for line in tripod_markdown(report).splitlines() if "| 26 |" in line)
    assert "&lt;script>alert(1)&lt;/script>$x$\\|\\*" in row


def test_a_page_that_cannot_be_right_is_not_written(
    validation: ValidationReport, tmp_path: Path
) -> None:
    lacking = validation.held_out[validation.held_out["model"] != "nested"]
    with pytest.raises(InputError, match="no single nested figure"):
        write_validation_report(tmp_path / "r.html", replace(validation, held_out=lacking))
    assert list(tmp_path.iterdir()) == []


def test_figures_are_written_beside_it_when_asked(
    bare_validation: ValidationReport, tmp_path: Path
) -> None:
    write_validation_report(
        tmp_path / "r.html", bare_validation, figures_folder=tmp_path / "figures"
    )
    names = {path.name for path in (tmp_path / "figures").iterdir()}
    wanted = ("forest", "roc", "calibration", "decision", "candidates")
    assert names == {f"{name}.{kind}" for name in wanted for kind in ("png", "svg", "pdf")}


def test_tables_read_back(validation: ValidationReport, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("kept")
    files = write_validation_tables(tmp_path, validation)
    assert [path.name for path in files] == list(VALIDATION_TABLES)
    assert (tmp_path / "mine.txt").exists()
    tables = {path.name: pd.read_csv(path) for path in files}
    for name in ("predictions", "held_out", "differences", "matrix", "additions", "cohorts"):
        given = getattr(validation, name).reset_index(drop=name != "cohorts")
        pd.testing.assert_frame_equal(
            tables[f"{name}.csv"], given.reset_index(drop=True), check_dtype=False, atol=1e-8
        )
    head = tables["headline.csv"].set_index("figure")["value"]
    assert float(head["mean_auroc"]) == pytest.approx(validation.headline["mean_auroc"])
    assert head["chosen: GSE157103"] == "all / logistic"
    controls = tables["controls.csv"]
    assert controls["control"].value_counts().to_dict() == {
        "shuffled labels": 200,
        "random panel": 100,
    }


def test_empty_tables_keep_their_heading(bare_validation: ValidationReport, tmp_path: Path) -> None:
    files = {path.name: path for path in write_validation_tables(tmp_path, bare_validation)}
    assert pd.read_csv(files["matrix.csv"]).columns.tolist()[:2] == ["train", "test"]
    assert files["controls.csv"].read_text() == "control,draw,mean_auroc\n"
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError):
        write_validation_tables(tmp_path / "file" / "tables", bare_validation)


def test_the_checklist_has_every_item_once_and_an_answer_for_each(
    validation: ValidationReport, bare_validation: ValidationReport
) -> None:
    numbers = [item.number for item in TRIPOD_ITEMS]
    assert len(numbers) == len(set(numbers)) == 52
    assert {int(number.rstrip("abcdefg")) for number in numbers} == set(range(1, 28))
    for report in (validation, bare_validation):
        rows = [line for line in tripod_markdown(report).splitlines() if line.startswith("| ")][1:]
        cells = [[cell.strip() for cell in row.strip("|").split(" | ")] for row in rows]
        assert [row[1] for row in cells] == numbers
        assert all(len(row) == 6 and row[5] for row in cells)
        statuses = {"reported", "partly", "not done", "not applicable", "for the authors"}
        assert {row[4] for row in cells} <= statuses
        assert " nan" not in " ".join(row[5] for row in cells)


def test_the_checklist_says_what_was_not_done(
    validation: ValidationReport, bare_validation: ValidationReport, tmp_path: Path
) -> None:
    text = tripod_markdown(validation)
    assert "10.1136/bmj-2023-078378" in text
    assert "paraphrased" in text
    assert "SIMULATED DATA" in text
    assert "which was not run" not in text
    bare = write_tripod(tmp_path / "tripod.md", bare_validation).read_text(encoding="utf-8")
    assert "which was not run" in bare
    assert "no subgroup was examined" in bare
    assert "| 14 | D;E | Approaches to fairness | not done |" in bare


def test_several_choices_are_a_list_in_words(make_validation: MakeReport) -> None:
    head = make_validation().headline
    chosen = {"chosen": {"GSE157103": ["all / forest", "all / logistic"]}}
    section = candidates_section(make_validation(headline=head | chosen))
    assert section is not None
    assert section.facts == (("GSE157103", ("all / forest and all / logistic",)),)


def test_subgroups_without_anybody_are_told_in_one_line(
    make_validation: MakeReport, tmp_path: Path
) -> None:
    full = make_validation()
    empty = full.subgroups["cohort"] == "GSE155454"
    rows = full.subgroups.assign(
        n_mild=full.subgroups["n_mild"].where(~empty, 0),
        n_severe=full.subgroups["n_severe"].where(~empty, 0),
    )
    section = subgroups_section(replace(full, subgroups=rows))
    assert section is not None
    assert "GSE155454 (female, male, under 60 and 60 and over)" in section.paragraphs[1]
    assert {row[0] for row in section.tables[0].rows} == {"GSE157103"}
