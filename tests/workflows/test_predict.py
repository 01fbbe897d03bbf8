"""From a file to predictions.csv, and what the command prints."""

from __future__ import annotations

import errno
import io
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ifn_severity.bundle import load_model, save_bundle
from ifn_severity.classify import SeverityClassifier
from ifn_severity.cohorts import load_cohort, stream
from ifn_severity.commands.predict import predict
from ifn_severity.errors import InputError, LabelError, ModelError, StoreError
from ifn_severity.features import InterferonFeatures, panel_genes
from ifn_severity.workflows.predict import predict_file


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, pd.DataFrame]:
    """A small model, and counts of 12 samples."""
    rng = np.random.default_rng(3)
    genes = list(panel_genes())
    severe = (np.arange(24) % 2).astype(float)
    mean = np.exp(rng.normal(5, 1.5, len(genes)))[None, :] * np.ones((24, 1))
    mean[:, :300] *= 1.0 + severe[:, None]
    samples = [f"P{i}" for i in range(24)]
    counts = pd.DataFrame(rng.poisson(mean), index=samples, columns=genes)
    log2 = np.log2(counts.div(counts.sum(axis=1), axis=0) * 1e6 + 1)
    features = InterferonFeatures("interferon").set_output(transform="pandas").fit_transform(log2)
    classifier = SeverityClassifier("logistic", inner_folds=2).fit(features.to_numpy(), severe)
    folder = save_bundle(
        tmp_path_factory.mktemp("models") / "tiny",
        classifier,
        name="tiny",
        feature_set="interferon",
        training_features=features,
        cohorts=[],
        labels="every second sample",
        metrics={},
        simulated=True,
    )
    return folder, counts.iloc[:12]


def test_file_to_file(saved, tmp_path, monkeypatch):
    folder, counts = saved
    counts.T.to_csv(tmp_path / "counts.csv")
    monkeypatch.chdir(tmp_path)
    result = predict_file(folder, "counts.csv")
    assert result.output == tmp_path / "predictions.csv"
    written = pd.read_csv(result.output, float_precision="round_trip")
    assert list(written["sample"]) == list(counts.index)
    np.testing.assert_array_equal(
        written["probability_severe"], result.predictions["probability_severe"]
    )
    assert result.unit == "counts"
    assert result.orientation == "genes in rows"
    assert result.n_samples == 12
    assert result.n_severe == (written["call"] == "severe").sum()
    # at most the odd one of twelve lies beyond the limit by chance
    assert result.n_abstained == (written["call"] == "abstain").sum() <= 1
    assert result.coverage == 1.0
    assert any("counts" in note for note in result.notes)


def test_layout_and_unit_do_not_matter(saved, tmp_path):
    folder, counts = saved
    counts.T.to_csv(tmp_path / "a.csv")
    np.log2(counts.div(counts.sum(axis=1), axis=0) * 1e6 + 1).to_csv(
        tmp_path / "b.tsv.gz", sep="\t"
    )
    one = predict_file(folder, tmp_path / "a.csv", tmp_path / "out" / "a.csv")
    other = predict_file(folder, tmp_path / "b.tsv.gz", tmp_path / "b.csv", unit="log2")
    pd.testing.assert_frame_equal(one.predictions, other.predictions, rtol=0, atol=1e-6)


def test_command_prints_what_a_user_needs(saved, tmp_path, capsys):
    folder, counts = saved
    counts.to_csv(tmp_path / "counts.csv")
    predict(str(folder), tmp_path / "counts.csv", tmp_path / "p.csv")
    shown = capsys.readouterr().out
    assert "SIMULATED" in shown
    assert "tiny: 12 samples" in shown
    assert "and 2 more" in shown
    assert "called severe" in shown
    assert str(tmp_path / "p.csv") in shown.replace("\n", "")


def test_input_is_never_overwritten(saved, tmp_path):
    folder, counts = saved
    path = tmp_path / "counts.csv"
    counts.to_csv(path)
    before = path.read_bytes()
    with pytest.raises(InputError, match="as input and as output"):
        predict_file(folder, path, path)
    assert path.read_bytes() == before


def test_unknown_model_and_file(saved, tmp_path, home):
    folder, _ = saved
    with pytest.raises(ModelError, match="no model at models/none"):
        predict_file("models/none", tmp_path / "counts.csv", tmp_path / "p.csv")
    with pytest.raises(InputError):
        predict_file(folder, tmp_path / "nothing.csv", tmp_path / "p.csv")
    (tmp_path / "few.csv").write_text("gene,A,B\nISG15,1,2\nIFI27,3,4\n")
    with pytest.raises(InputError, match="2 of the"):
        predict_file(folder, tmp_path / "few.csv", tmp_path / "p.csv")
    assert not (tmp_path / "p.csv").exists()


@pytest.mark.parametrize("number", [errno.EROFS, errno.ENOSPC])
def test_disk_that_refuses(saved, tmp_path, monkeypatch, number):
    folder, counts = saved
    counts.to_csv(tmp_path / "counts.csv")

    def refuse(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(StoreError):
        predict_file(folder, tmp_path / "counts.csv", tmp_path / "p.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["counts.csv"]


def test_labels_move_every_probability_and_say_so(saved, tmp_path):
    folder, counts = saved
    counts.to_csv(tmp_path / "counts.csv")
    plain = predict_file(folder, tmp_path / "counts.csv", tmp_path / "a.csv").predictions
    # all but the least likely are severe, says the laboratory
    order = plain.sort_values("probability_severe")["sample"].tolist()
    known = pd.DataFrame(
        {"sample": [order[0], *order[1:4], "not there"], "severe": [0, 1, 1, 1, 1]}
    )
    known.to_csv(tmp_path / "known.csv", index=False)
    result = predict_file(
        folder,
        tmp_path / "counts.csv",
        tmp_path / "b.csv",
        labels=tmp_path / "known.csv",
        report=tmp_path / "page.html",
    )
    moved = result.predictions
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "Do not judge the model on those samples" in page
    assert "a laboratory the model has not seen" not in page
    assert (moved["probability_severe"] > plain["probability_severe"]).all()
    assert (
        moved["probability_severe"].rank().tolist() == plain["probability_severe"].rank().tolist()
    )
    assert (moved["probability_low"] < moved["probability_severe"]).all()
    assert (moved["probability_severe"] < moved["probability_high"]).all()
    assert moved["warnings"].str.contains("3 severe and 1 mild samples given with labels").all()
    assert not plain["warnings"].str.contains("labels").any()


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("sample,severe\nX1,1\n", "none of the 1 labelled samples is in the file"),
        ("sample,severity\nP0,healthy\n", "no sample is graded"),
        ("sample,severe\nP0,1\nP1,1\n", "2 labelled severe samples and none of the other"),
        ("sample,severe\nP0,perhaps\n", "'perhaps' for sample P0"),
        ("sample,severe\nP0,1\nP0,0\n", "labelled more than once: P0"),
        ("sample,colour\nP0,red\n", "no column severity"),
    ],
)
def test_labels_that_make_no_sense(saved, tmp_path, text, match):
    folder, counts = saved
    counts.to_csv(tmp_path / "counts.csv")
    (tmp_path / "known.csv").write_text(text)
    with pytest.raises(LabelError, match=match):
        predict_file(
            folder, tmp_path / "counts.csv", tmp_path / "p.csv", labels=tmp_path / "known.csv"
        )
    assert not (tmp_path / "p.csv").exists()


def test_report_of_a_batch(saved, tmp_path):
    folder, counts = saved
    odd = counts.copy()
    odd.loc["P3"] = np.random.default_rng(0).permutation(odd.loc["P3"].to_numpy())
    odd.to_csv(tmp_path / "odd.csv")
    page = tmp_path / "batch.html"
    counts.to_csv(tmp_path / "counts.csv")
    plain = predict_file(folder, tmp_path / "counts.csv", tmp_path / "a.csv")
    result = predict_file(folder, tmp_path / "odd.csv", tmp_path / "p.csv", report=page)
    text = page.read_text("utf-8")
    assert result.n_abstained == plain.n_abstained + 1
    assert result.predictions["call"].iloc[3] == "abstain"
    no_call = f"No call for {result.n_abstained} of 12 samples"
    for words in (no_call, "Drift against training", "P3", "SIMULATED"):
        assert words in text
    assert "<script" not in text
    assert text.count("data:image/svg") == 2
    with pytest.raises(InputError, match="for the report and for the predictions"):
        predict_file(folder, tmp_path / "odd.csv", tmp_path / "x.csv", report=tmp_path / "x.csv")


def test_a_page_that_cannot_be_written_leaves_no_predictions(saved, tmp_path):
    folder, counts = saved
    source, taken = tmp_path / "mine.csv", tmp_path / "taken"
    counts.to_csv(source)
    taken.mkdir()
    before = sorted(tmp_path.iterdir())
    with pytest.raises(StoreError, match="taken"):
        predict_file(folder, source, tmp_path / "out.csv", report=taken)
    assert sorted(tmp_path.iterdir()) == before
    with pytest.raises(InputError, match="input and as output") as clash:
        predict_file(folder, source, tmp_path / "out.csv", report=source)
    assert "--report" in clash.value.do


def test_standard_input_is_the_file(saved, tmp_path, monkeypatch):
    folder, counts = saved
    counts.to_csv(tmp_path / "counts.csv")
    from_file = predict_file(folder, tmp_path / "counts.csv", tmp_path / "a.csv")

    class Stdin:
        buffer = io.BytesIO((tmp_path / "counts.csv").read_bytes())

    monkeypatch.setattr("sys.stdin", Stdin)
    from_stdin = predict_file(folder, "-", tmp_path / "b.csv")
    pd.testing.assert_frame_equal(from_stdin.predictions, from_file.predictions)


def test_large_files_are_predicted_in_parts(saved, tmp_path, monkeypatch):
    folder, counts = saved
    many = pd.concat([counts] * 20)
    many.index = [f"S{i}" for i in range(len(many))]
    many.to_csv(tmp_path / "many.csv")
    whole = predict_file(folder, tmp_path / "many.csv", tmp_path / "a.csv")
    monkeypatch.setattr(stream, "LARGE", 100_000)
    monkeypatch.setattr(stream, "CELLS", 60 * many.shape[1])
    parts = predict_file(folder, tmp_path / "many.csv", tmp_path / "b.csv")
    assert any("read in parts" in note for note in parts.notes)
    pd.testing.assert_frame_equal(parts.predictions, whole.predictions, rtol=0, atol=1e-9)
    pd.testing.assert_frame_equal(
        pd.read_csv(tmp_path / "a.csv"), pd.read_csv(tmp_path / "b.csv"), rtol=0, atol=1e-9
    )
    pd.testing.assert_series_equal(parts.drift, whole.drift)


def test_a_late_error_leaves_nothing_half_written(saved, tmp_path, monkeypatch):
    folder, counts = saved
    many = pd.concat([counts] * 20)
    many.index = [f"S{i}" for i in range(len(many) - 1)] + ["S0"]
    many.to_csv(tmp_path / "many.csv")
    monkeypatch.setattr(stream, "LARGE", 100_000)
    monkeypatch.setattr(stream, "CELLS", 60 * many.shape[1])
    with pytest.raises(InputError, match="S0 occurs more than once"):
        predict_file(folder, tmp_path / "many.csv", tmp_path / "p.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["many.csv"]


def test_sex_of_a_table_is_compared_with_its_genes(saved, tmp_path):
    folder, counts = saved
    table = counts.copy()
    table[["RPS4Y1", "DDX3Y", "EIF1AY", "KDM5D"]] = 400
    table.insert(0, "sex", ["male", "female"] * 6)
    table.to_csv(tmp_path / "t.csv", index_label="sample")
    found = predict_file(folder, tmp_path / "t.csv", tmp_path / "p.csv").predictions
    swapped = found["warnings"].str.contains("may have been swapped")
    assert swapped.tolist() == [False, True] * 6
    assert (found["call"] != "abstain").any()


RELEASED = Path(__file__).parents[2] / "models"


@pytest.mark.mirror
@pytest.mark.parametrize("name", ["severity-full", "severity-panel"])
def test_real_samples_that_are_no_blood_get_no_call(mirror, home, tmp_path, name):
    lung = mirror / "GSE147507-lung" / "GSE147507.csv"
    found = predict_file(RELEASED / name, lung, tmp_path / "p.csv", unit="counts").predictions
    assert (found["call"] == "abstain").all()
    assert found["warnings"].str.contains("this is not blood").all()
    assert found["probability_severe"].notna().all()


@pytest.mark.mirror
def test_swapped_sexes_of_a_real_cohort_are_seen(mirror, home):
    adata = load_cohort("GSE157103")
    found = load_model(RELEASED / "severity-panel").predict(adata).set_index("sample")
    swapped = found.index[found["warnings"].str.contains("may have been swapped")]
    assert {"C33", "C35", "C39"} >= set(swapped)
    assert len(swapped) >= 2
    # a hint, no reason to make no call
    assert (found.loc[swapped, "call"] != "abstain").all()


@pytest.mark.parametrize("streamed", [False, True])
def test_doubt_about_the_scale_stands_in_every_row(saved, tmp_path, capsys, monkeypatch, streamed):
    folder, counts = saved
    counts = pd.concat([counts.rename(index=lambda name, i=i: f"{name}-{i}") for i in range(10)])
    # of a part of the genes: they do not add up to a million, which would tell the logarithm
    log10 = np.log10(counts.div(counts.sum(axis=1), axis=0) * 3e5 + 1)
    log10.to_csv(tmp_path / "m.csv")
    if streamed:
        monkeypatch.setattr(stream, "LARGE", 100_000)
        monkeypatch.setattr(stream, "CELLS", 60 * counts.shape[1])
    predict(str(folder), tmp_path / "m.csv", tmp_path / "p.csv", report=tmp_path / "b.html")
    printed = " ".join(capsys.readouterr().out.split())
    said = "could also be on another log scale"
    rows = pd.read_csv(tmp_path / "p.csv")
    assert rows["warnings"].str.count(said).eq(1).all()
    assert len(rows) == 120
    assert "! Values were taken for" in printed
    assert printed.count(said) == 1
    assert said in (tmp_path / "b.html").read_text()
    # with the unit given there is nothing to doubt, and nothing else in a row changes
    plain = predict_file(folder, tmp_path / "m.csv", tmp_path / "q.csv", unit="log2")
    assert plain.doubts == ()
    assert not plain.predictions["warnings"].str.contains(said).any()
    alike = [column for column in rows.columns if column != "warnings"]
    pd.testing.assert_frame_equal(
        rows[alike], pd.read_csv(tmp_path / "q.csv")[alike], check_exact=True
    )
    words = rows["warnings"].str.split("; ").str[1:].str.join("; ")
    assert words.tolist() == plain.predictions["warnings"].tolist()
