"""From a file to predictions.csv, and what the command prints."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ifn_severity.bundle import save_bundle
from ifn_severity.classify import SeverityClassifier
from ifn_severity.commands.predict import predict
from ifn_severity.errors import InputError, ModelError, StoreError
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
    assert result.n_abstained == 0
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
