"""The explanation report as a page: its words, their order, and what keeps it unwritten."""

from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from ifn_severity.errors import InputError, ModelError
from ifn_severity.explain.result import Explained, Stability
from ifn_severity.report.explanation import ExplanationReport
from ifn_severity.report.explanation_page import write_explanation_report
from ifn_severity.report.explanation_tables import write_explanation_tables

MakeReport = Callable[..., ExplanationReport]
VOID = {"meta", "link", "img", "br", "hr", "input"}
FIGURES = [
    "where",
    "plane",
    "random",
    "ranking",
    "beeswarm",
    "families",
    "direction",
    "time",
    "effects",
    "interactions",
    "evidence",
    "patient_1",
    "patient_2",
]


class Page(HTMLParser):
    """Reads a page and insists that its elements nest."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(path.read_text(encoding="utf-8"))
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.text += data

    def all(self, name: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.tags if tag == name]


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """For tests that only read the words, which drawing would make slow."""
    monkeypatch.setattr("ifn_severity.report.page.svg_text", lambda figure: "<svg/>")
    for module, names in {
        "sections": ("where", "plane", "random", "ranking", "beeswarm"),
        "more": ("families", "interactions", "evidence"),
        "time": ("direction", "time", "effects"),
        "people": ("patient",),
    }.items():
        for name in names:
            path = f"ifn_severity.report.explanation_{module}.{name}_figure"
            monkeypatch.setattr(path, lambda *args, **kwargs: Figure())


@pytest.fixture(scope="module")
def page(simulated_page: Path) -> Page:
    return Page(simulated_page)


def test_page_is_in_order_for_readers_and_screen_readers(page: Page) -> None:
    assert page.all("html")[0]["lang"] == "en"
    levels = [int(tag[1]) for tag, _ in page.tags if tag in ("h1", "h2", "h3", "h4")]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert max(np.diff(levels)) <= 1
    assert [f["id"] for f in page.all("figure")] == [f"figure-{name}" for name in FIGURES]
    images = page.all("img")
    assert all(len(image["alt"] or "") > 60 for image in images)
    assert len({image["alt"] for image in images}) == len(images)
    assert "nan" not in " ".join(image["alt"] or "" for image in images)
    assert all(image["width"] and image["height"] for image in images)
    identifiers = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(identifiers) == len(set(identifiers))
    assert page.all("a")[0] == {"class": "skip", "href": "#main"}
    assert {link["href"][1:] for link in page.all("a")} <= set(identifiers)
    assert {cell["scope"] for cell in page.all("th")} == {"col", "row"}
    assert len(page.all("caption")) == len(page.all("table"))
    assert len(page.all("details")) == len(page.all("summary"))


def test_page_needs_no_network_and_no_script(page: Page, simulated_page: Path) -> None:
    assert not page.all("script")
    for _, attributes in page.tags:
        for name in ("src", "href", "srcset", "action", "data"):
            assert (attributes.get(name) or "#").startswith(("#", "data:"))
        assert not any(name.startswith("on") for name in attributes)
    text = simulated_page.read_text(encoding="utf-8")
    assert "default-src 'none'" in text
    assert "@import" not in text
    assert "url(" not in text


def test_page_says_what_matters_first(page: Page) -> None:
    order = (
        "Research use only",
        "Interferon genes carry 40 % of the decision.",
        "had not seen that patient",
        "Interferon adds most in GSE155454, early",
        "Whether the panel beats random genes cannot be told",
        "is stable. Between two random halves of 200 refits",
        "IFI27 and 2 that go with it",
        "What is said of SIGLEC1 does not hold everywhere",
        "raises the risk early and lowers it late.",
        "does not change the held-out AUROC",
        "For 8 of 12 leading interferon genes the other evidence agrees",
        "Nearest training patients",
        "0.89 (95 % CI 0.82 to 0.94)",
        "Each cohort was explained by a model trained on the others.",
        "shap 0.51.0",
        "One hospital.",
        "explain_tables",
        "feature_attributions.csv",
    )
    places = [page.text.index(words) for words in order]
    assert places == sorted(places)


def test_exchangeable_genes_are_one_line_that_opens(page: Page, explained: Explained) -> None:
    members = [attributes for attributes in page.all("tr") if attributes.get("class") == "member"]
    assert len(members) == 4  # why they belong together; IFI27, IFI44L and RSAD2
    assert "no effect of its own once IFI27 is known" in page.text
    lines = page.text[page.text.index("one line a gene") : page.text.index("leading genes of the")]
    assert lines.count("IFI44L") == 2  # among the members and in their words, on no line of its own


@pytest.mark.usefixtures("undrawn")
def test_simulated_data_are_marked_and_real_data_are_not(
    explained: Explained, make_report: MakeReport, page: Page, tmp_path: Path
) -> None:
    assert "SIMULATED DATA – no patient stands behind these numbers" in page.text
    assert any("watermark" in (a.get("class") or "") for a in page.all("div"))
    assert "SIMULATED" in page.text[: page.text.index("Research")]  # in the title
    path = write_explanation_report(tmp_path / "real.html", make_report(explained))
    assert "simulated data" not in path.read_text(encoding="utf-8").lower()


@pytest.mark.usefixtures("undrawn")
def test_training_rows_are_said_plainly(
    explained: Explained, make_report: MakeReport, tmp_path: Path
) -> None:
    seen = replace(explained.gene_level, held_out=False)
    patients = tuple(replace(patient, held_out=False) for patient in explained.patients)
    report = make_report(replace(explained, gene_level=seen, patients=patients))
    text = Page(write_explanation_report(tmp_path / "r.html", report)).text
    assert "These are training rows" in text
    assert "had not seen" not in text


@pytest.mark.usefixtures("undrawn")
def test_genes_chosen_with_these_patients_are_no_held_out_choice(
    explained: Explained, make_report: MakeReport, tmp_path: Path
) -> None:
    chosen = replace(explained, answer=replace(explained.answer, genes_chosen=True))
    path = write_explanation_report(tmp_path / "r.html", make_report(chosen))
    text = path.read_text(encoding="utf-8")
    box = text[text.index('<p class="rows training"') :]
    assert "the choice of genes is not" in " ".join(box[: box.index("</p>")].split())
    assert "held-out (out-of-fold) attributions" not in text


@pytest.mark.usefixtures("undrawn")
def test_a_ranking_that_is_not_stable_is_a_warning(
    explained: Explained, make_report: MakeReport, tmp_path: Path
) -> None:
    shaky = replace(explained.stability, stable=False, split_half=0.41)
    path = write_explanation_report(
        tmp_path / "r.html", make_report(replace(explained, stability=shaky))
    )
    text = path.read_text(encoding="utf-8")
    warning = text[text.index('<p class="note warn"') :]
    assert "NOT stable" in warning[: warning.index("</p>")]
    assert "0.41" in warning[: warning.index("</p>")]


@pytest.mark.usefixtures("undrawn")
def test_one_interferon_gene_has_no_ranking_anywhere_on_the_page(
    explained: Explained, make_report: MakeReport, tmp_path: Path
) -> None:
    nan = float("nan")
    one = replace(
        explained,
        interferon=explained.interferon.iloc[:1],
        stability=Stability(200, nan, nan, nan, None),
    )
    report = make_report(one)
    text = Page(write_explanation_report(tmp_path / "r.html", report)).text
    assert "There is one interferon gene, so there is no ranking" in text
    assert "is not stable" not in text.lower()
    (tables,) = [p for p in write_explanation_tables(tmp_path, report) if p.name == "answer.csv"]
    figures = pd.read_csv(tables).set_index("figure")["value"]
    assert np.isnan(float(figures["split_half"]))


@pytest.mark.usefixtures("undrawn")
def test_the_reviews_evidence_has_a_table_when_there_is_any(
    explained: Explained, make_report: MakeReport, page: Page, tmp_path: Path
) -> None:
    assert "The review's question" not in page.text
    evidence = explained.evidence.assign(review="up in 3 of 4 cohorts, heterogeneous")
    path = write_explanation_report(
        tmp_path / "r.html", make_report(replace(explained, evidence=evidence))
    )
    text = Page(path).text
    assert "The review's question" in text
    assert text.count("up in 3 of 4 cohorts, heterogeneous") == len(evidence)


@pytest.mark.usefixtures("undrawn")
def test_names_cannot_become_markup(
    bare_explained: Explained, make_report: MakeReport, tmp_path: Path
) -> None:
    evil = "<script>alert(1)</script>\"'&$x$"
    lead = bare_explained.interferon.index[0]
    given = replace(bare_explained.gene_level, model=evil)
    given = replace(
        given,
        values=given.values.rename(columns={lead: evil}),
        data=given.data.rename(columns={lead: evil}),
    )
    report = make_report(
        replace(
            bare_explained,
            gene_level=given,
            interferon=bare_explained.interferon.rename(index={lead: evil}),
            words=(evil,),
        ),
        facts={evil: evil},
        metrics={evil: 1.0},
    )
    path = write_explanation_report(tmp_path / "evil.html", report)
    assert not Page(path).all("script")
    assert "<script" not in path.read_text(encoding="utf-8")
    assert evil in Page(path).text


def test_as_little_as_an_explanation_can_have_is_still_a_page(
    bare_explained: Explained, make_report: MakeReport, tmp_path: Path
) -> None:
    report = make_report(bare_explained, tables_folder="", metrics={}, versions={}, citations=())
    page = Page(write_explanation_report(tmp_path / "bare.html", report))
    assert [f["id"] for f in page.all("figure")] == [
        f"figure-{name}"
        for name in ("plane", "ranking", "beeswarm", "families", "direction", "effects")
    ] + ["figure-patient_1"]
    for words in (
        "No refits were run",
        "None of these cohorts recorded the day since onset",
        "What leaving interferon out costs is not known",
        "a model carries no patients",
        "No two interferon genes follow each other",
    ):
        assert words in page.text
    assert "nan" not in page.text.replace("dominant", "")


@pytest.mark.usefixtures("undrawn")
def test_a_model_without_a_leading_gene_says_so(
    explained: Explained, make_report: MakeReport, tmp_path: Path
) -> None:
    unused = explained.interferon.assign(mean_abs_shap=0.0)
    report = make_report(replace(explained, interferon=unused))
    text = Page(write_explanation_report(tmp_path / "r.html", report)).text
    assert "gives every interferon gene an attribution of 0" in text
    assert "Direction and time" not in text


def test_attributions_that_do_not_add_up_make_no_report(
    explained: Explained, make_report: MakeReport, tmp_path: Path
) -> None:
    given = explained.gene_level
    for margin in (given.margin + 1e-3, given.margin * np.nan):
        for field in ("gene_level", "features"):
            off = replace(explained, **{field: replace(given, margin=margin)})
            with pytest.raises(ModelError, match="miss its log-odds"):
                write_explanation_report(tmp_path / "r.html", make_report(off))
    with pytest.raises(InputError, match="summary"):
        write_explanation_report(tmp_path / "r.html", make_report(replace(explained, words=())))
    assert list(tmp_path.iterdir()) == []


def test_report_is_quick_and_small(simulated_page: Path, drawing_seconds: list[float]) -> None:
    assert drawing_seconds[0] < 15  # 190 samples; 100 are to take 20 s with the explaining
    assert simulated_page.stat().st_size < 5_000_000


@pytest.mark.usefixtures("undrawn")
def test_figures_are_written_beside_it_when_asked(
    explained: Explained,
    make_report: MakeReport,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    saved = []
    monkeypatch.setattr(
        "ifn_severity.report.page.save_figure",
        lambda figure, folder, name, *, svg: saved.append((folder, name, svg)),
    )
    write_explanation_report(
        tmp_path / "r.html", make_report(explained), figures_folder=tmp_path / "figures"
    )
    assert saved == [(tmp_path / "figures", name, "<svg/>") for name in FIGURES]
