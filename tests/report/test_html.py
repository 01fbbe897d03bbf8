import time
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from ifn_severity.errors import InputError, ModelError, StoreError
from ifn_severity.explain.attributions import Attributions
from ifn_severity.explain.summaries import ChosenPatient
from ifn_severity.report.explanation import ExplanationReport
from ifn_severity.report.html import write_explanation_report, write_tables

MakeReport = Callable[..., ExplanationReport]
VOID = {"meta", "link", "img", "br", "hr", "input"}


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
    for kind in ("beeswarm", "dependence", "group_share", "ranked_bar", "waterfall"):
        monkeypatch.setattr(
            f"ifn_severity.report.sections.{kind}_figure", lambda *args, **kwargs: Figure()
        )


@pytest.fixture(scope="module")
def page(simulated_report: Path) -> Page:
    return Page(simulated_report)


def test_page_is_in_order_for_readers_and_screen_readers(page: Page) -> None:
    assert page.all("html")[0]["lang"] == "en"
    levels = [int(tag[1]) for tag, _ in page.tags if tag in ("h1", "h2", "h3")]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert max(np.diff(levels)) <= 1
    images = page.all("img")
    assert len(images) == 8
    assert all(len(image["alt"] or "") > 20 for image in images)
    assert len({image["alt"] for image in images}) == len(images)
    assert all(image["width"] and image["height"] for image in images)
    identifiers = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(identifiers) == len(set(identifiers))
    assert page.all("a")[0] == {"class": "skip", "href": "#main"}
    assert {link["href"][1:] for link in page.all("a")} <= set(identifiers)
    assert {cell["scope"] for cell in page.all("th")} == {"col", "row"}
    assert len(page.all("caption")) == len(page.all("table")) == 2


def test_page_needs_no_network_and_no_script(page: Page, simulated_report: Path) -> None:
    assert not page.all("script")
    for _, attributes in page.tags:
        for name in ("src", "href", "srcset", "action", "data"):
            assert (attributes.get(name) or "#").startswith(("#", "data:"))
        assert not any(name.startswith("on") for name in attributes)
    text = simulated_report.read_text(encoding="utf-8")
    assert "default-src 'none'" in text
    assert "@import" not in text
    assert "url(" not in text


def test_page_says_what_matters_first(page: Page) -> None:
    text = page.text
    order = ("Research use only", "Interferon carries most of it.", "Model and patients", "Methods")
    places = [text.index(words) for words in order]
    assert places == sorted(places)
    for words in (
        "0.89 (95 % CI 0.82 to 0.94)",
        "GSE155454",
        "One hospital.",
        "shap 0.51.0",
        "had not seen that patient",
        "gene_ranking.csv",
        "explain_tables",
        "IFI27",
    ):
        assert words in text


@pytest.mark.usefixtures("undrawn")
def test_simulated_data_are_marked_and_real_data_are_not(
    attributions: Attributions, make_report: MakeReport, page: Page, tmp_path: Path
) -> None:
    assert "SIMULATED DATA – no patient stands behind these numbers" in page.text
    assert any("watermark" in (a.get("class") or "") for a in page.all("div"))
    assert "SIMULATED" in page.text[: page.text.index("Research")]  # in the title
    path = write_explanation_report(tmp_path / "real.html", make_report(attributions))
    assert "simulated data" not in path.read_text(encoding="utf-8").lower()


@pytest.mark.usefixtures("undrawn")
def test_training_rows_are_said_plainly(
    make_attributions: Callable[..., Attributions], tmp_path: Path, make_report: MakeReport
) -> None:
    report = make_report(make_attributions(held_out=False), patients=[])
    text = Page(write_explanation_report(tmp_path / "r.html", report)).text
    assert "These are training rows" in text
    assert "had not seen" not in text


def test_names_cannot_become_markup(
    make_attributions: Callable[..., Attributions], tmp_path: Path, make_report: MakeReport
) -> None:
    evil = "<script>alert(1)</script>\"'&$x$"
    attributions = make_attributions(cohort=evil)
    attributions = replace(attributions, model=evil)
    attributions.features.loc["gene:IFI27", "label"] = evil
    report = make_report(attributions, summary=[evil], facts={evil: evil}, metrics={evil: 1.0})
    path = write_explanation_report(tmp_path / "evil.html", report)
    assert not Page(path).all("script")
    assert "<script" not in path.read_text(encoding="utf-8")
    assert evil in Page(path).text


@pytest.mark.usefixtures("undrawn")
def test_chosen_patients_are_shown_with_a_reason(
    attributions: Attributions, tmp_path: Path, make_report: MakeReport
) -> None:
    report = make_report(attributions, patients=[ChosenPatient("P007", "asked for")])
    page = Page(write_explanation_report(tmp_path / "r.html", report))
    assert "Sample P007" in page.text
    assert "Shown because: asked for." in page.text
    with pytest.raises(InputError, match="P999"):
        write_explanation_report(
            tmp_path / "none.html", replace(report, patients=(ChosenPatient("P999", "x"),))
        )
    assert [path.name for path in tmp_path.iterdir()] == ["r.html"]


@pytest.mark.usefixtures("undrawn")
def test_given_ranking_is_shown_as_given(
    attributions: Attributions, tmp_path: Path, make_report: MakeReport
) -> None:
    ranking = pd.DataFrame(
        {"gene": ["OAS1"], "mean_abs_shap": [0.5], "univariate_auroc": [0.71], "more": ["x"]}
    )
    report = make_report(attributions, gene_ranking=ranking, patients=[])
    text = Page(write_explanation_report(tmp_path / "r.html", report)).text
    assert "OAS1" in text
    assert "0.71" in text
    empty = make_report(attributions, gene_ranking=ranking.iloc[:0], patients=[])
    text = Page(write_explanation_report(tmp_path / "r.html", empty)).text
    assert "No interferon gene is among the features" in text


def test_attributions_that_do_not_add_up_make_no_report(
    attributions: Attributions, tmp_path: Path, make_report: MakeReport
) -> None:
    for margin in (attributions.margin + 1e-3, attributions.margin * np.nan):
        with pytest.raises(ModelError, match="miss its log-odds"):
            write_explanation_report(
                tmp_path / "r.html", make_report(replace(attributions, margin=margin), patients=[])
            )
    with pytest.raises(InputError, match="summary"):
        write_explanation_report(tmp_path / "r.html", make_report(attributions, summary=[]))
    assert list(tmp_path.iterdir()) == []


def test_tables_read_back(
    attributions: Attributions, tmp_path: Path, make_report: MakeReport
) -> None:
    (tmp_path / "mine.txt").write_text("kept")
    files = write_tables(tmp_path, make_report(attributions))
    assert (tmp_path / "mine.txt").exists()
    tables = {path.name: pd.read_csv(path) for path in files}
    rows = tables["attributions.csv"].set_index("sample")
    total = rows["base"] + rows[list(attributions.values.columns)].sum(axis=1)
    assert total.to_numpy() == pytest.approx(attributions.margin, abs=1e-6)
    assert tables["gene_ranking.csv"]["gene"].tolist()[:2] == ["IFI27", "SIGLEC1"]
    assert tables["group_shares.csv"]["share"].sum() == pytest.approx(1, abs=1e-5)
    assert len(tables["feature_ranking.csv"]) == attributions.values.shape[1]
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError):
        write_tables(tmp_path / "file" / "tables", make_report(attributions))


def test_report_of_a_hundred_patients_is_quick_and_small(
    make_attributions: Callable[..., Attributions], tmp_path: Path, make_report: MakeReport
) -> None:
    attributions = make_attributions(100, 800, simulated=True)
    start = time.process_time()
    path = write_explanation_report(tmp_path / "r.html", make_report(attributions))
    assert time.process_time() - start < 10
    assert path.stat().st_size < 5_000_000


@pytest.mark.usefixtures("undrawn")
def test_figures_are_written_beside_it_when_asked(
    attributions: Attributions,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    make_report: MakeReport,
) -> None:
    saved = []
    monkeypatch.setattr(
        "ifn_severity.report.page.save_figure",
        lambda figure, folder, name, *, svg: saved.append((folder, name, svg)),
    )
    report = make_report(attributions, patients=[])
    write_explanation_report(tmp_path / "r.html", report, figures_folder=tmp_path / "figures")
    names = ("group_shares", "ranked_features", "beeswarm", "dependence")
    assert saved == [(tmp_path / "figures", name, "<svg/>") for name in names]
