"""The command line as a user types it: one block and exit code 2, never a traceback."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from ifn_severity.cohorts.simulate import simulate_cohort

Cli = Callable[..., tuple[int, str, str]]
Block = Callable[[tuple[int, str, str]], str]


@pytest.fixture
def small_training(home: Path) -> Path:
    """A simulated cohort of the user's own, as files."""
    adata = simulate_cohort(40, seed=5)
    matrix = home / "mine.csv"
    (2.0 ** adata.to_df() - 1.0).T.to_csv(matrix, float_format="%.5g", index_label="gene")
    labels = adata.obs[["patient", "severity", "age", "sex", "days_since_onset"]].astype(str)
    labels.to_csv(home / "labels.csv", index_label="sample")
    return matrix


def test_help_teaches_every_command(cli: Cli) -> None:
    code, out, _ = cli("--help")
    assert code == 0
    for command in (
        "demo",
        "cohorts",
        "fetch",
        "features",
        "signatures",
        "train",
        "explain",
        "predict",
        "ui",
    ):
        assert command in out
        code, text, _ = cli(command, "--help")
        assert code == 0
        assert "Usage" in text


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; sys.argv = ['ifn-severity', '--help']\n"
        "from ifn_severity.__main__ import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "heavy = {'pandas', 'numpy', 'sklearn', 'mlflow', 'anndata', 'matplotlib'}\n"
        "sys.exit(', '.join(sorted(heavy & set(sys.modules))) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_module_runs_as_the_script_does() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ifn_severity", "--version"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.startswith("ifn-severity 0.")


def test_cohorts_table_and_card(cli: Cli) -> None:
    code, out, _ = cli("cohorts")
    assert code == 0
    for name in ("GSE157103", "schulte-cohort1", "schulte-cohort2", "simulated"):
        assert name in out
    code, out, _ = cli("cohorts", "GSE157103")
    assert code == 0
    assert "ICU_1" in out
    assert "in hospital, not in intensive care" in out


def test_unknown_cohort_and_model_offer_the_nearest(block: Block, cli: Cli) -> None:
    assert "GSE157103" in block(cli("cohorts", "GSE157130"))
    assert "GSE157103" in block(cli("fetch", "GSE15710"))
    assert "GSE157103" in block(cli("train", "gse157103x"))
    assert "simulated" in block(cli("features", "simulate"))
    assert "severity" in block(cli("explain", "no-such-model"))


def test_own_cohort_from_file_to_prediction(
    block: Block, cli: Cli, small_training: Path, home: Path
) -> None:
    """What a newcomer does with data of their own, end to end."""
    code, out, err = cli("cohorts", "add", "mine.csv", "--labels", "labels.csv", "--name", "mine")
    assert code == 0, err
    assert "40 samples of 40 patients" in out
    assert "mine" in cli("cohorts")[1]

    code, out, err = cli("features", "mine", "-o", "features.csv", "--features", "interferon")
    assert code == 0, err
    table = pd.read_csv(home / "features.csv", index_col=0)
    assert len(table) == 40
    assert "score:Rice2013_IFN6" in table
    assert "6/6" in out

    code, out, err = cli(
        "train", "mine", "--features", "interferon+cytokine", "--model", "logistic",
        "--folds", "3", "--inner-folds", "2", "--repeats", "1", "--jobs", "1",
    )  # fmt: skip
    assert code == 0, err
    assert "AUROC" in out
    assert (home / "models" / "severity-mine" / "manifest.json").is_file()

    code, out, err = cli(
        "explain", "severity-mine", "--patient", "SIM001", "--refits", "4", "--panels", "2"
    )
    assert code == 0, err
    assert "Interferon genes carry" in out
    report = (home / "reports" / "severity-mine.html").read_text("utf-8")
    assert "SIM001" in report
    assert (home / "reports" / "severity-mine" / "gene_ranking.csv").is_file()
    assert "SIM999" in block(cli("explain", "severity-mine", "--patient", "SIM999"))

    code, out, err = cli("predict", "severity-mine", "mine.csv", "-o", "out.csv")
    assert code == 0, err
    predictions = pd.read_csv(home / "out.csv")
    assert list(predictions.columns) == [
        "sample", "probability_severe", "call", "panel_coverage", "in_distribution", "warnings",
        "probability_low", "probability_high",
    ]  # fmt: skip
    assert (predictions["probability_low"] <= predictions["probability_severe"]).all()
    assert (predictions["probability_severe"] <= predictions["probability_high"]).all()
    assert predictions["probability_severe"].between(0, 1).all()
    assert "severity-mine" in block(cli("predict", "severity-min", "mine.csv"))


def test_labels_that_do_not_fit(block: Block, cli: Cli, small_training: Path, home: Path) -> None:
    labels = pd.read_csv(home / "labels.csv")
    labels.assign(severity="severe").to_csv(home / "one.csv", index=False)
    err = block(cli("cohorts", "add", "mine.csv", "--labels", "one.csv", "--name", "mine"))
    assert "class" in err
    labels.assign(sample=["X" + s for s in labels["sample"]]).to_csv(home / "x.csv", index=False)
    block(cli("cohorts", "add", "mine.csv", "--labels", "x.csv", "--name", "mine"))
    assert not (home / "data").exists() or not list((home / "data").rglob("*.h5ad"))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty.csv", b""),
        ("page.csv", b"<!DOCTYPE html><html><body>Not found</body></html>"),
        ("binary.csv", bytes(range(256)) * 20),
        ("header.csv", b"gene,S1,S2\n"),
        ("text.csv", b"gene,S1\nIFI27,high\nISG15,low\n"),
        ("nan.csv", b"gene,S1,S2\nIFI27,1.5,\nISG15,2.5,NA\n"),
        ("minus.csv", b"gene,S1,S2\nIFI27,-1.5,2\nISG15,2.5,-3\n"),
        ("inf.csv", b"gene,S1,S2\nIFI27,inf,2\nISG15,2.5,3\n"),
        ("twice.csv", b"gene,S1,S2\nIFI27,1,2\nIFI27,3,4\n"),
        ("other.csv", b"thing,S1,S2\nalpha,1,2\nbeta,3,4\n"),
        ("nameless.csv", b"gene,S1,S2\n,1,2\nISG15,3,4\n"),
    ],
)
def test_bad_files_are_refused_in_one_block(
    block: Block, cli: Cli, home: Path, name: str, content: bytes
) -> None:
    (home / name).write_bytes(content)
    assert name in block(cli("features", name, "-o", "features.csv"))
    assert not (home / "features.csv").exists()


def test_ui_without_runs_and_with_a_taken_port(block: Block, cli: Cli, home: Path) -> None:
    assert "no runs yet" in block(cli("ui"))


def test_read_only_output(
    block: Block, cli: Cli, small_training: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import errno
    import tempfile

    def refuse(*_: object, **__: object) -> str:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(tempfile, "mkdtemp", refuse)
    assert "Read-only" in block(cli("features", "mine.csv", "-o", "features.csv"))
    assert not (home / "features.csv").exists()


def test_impossible_home(block: Block, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IFN_SEVERITY_HOME", "/proc/nowhere")
    assert "/proc/nowhere" in block(cli("train", "simulated"))


def test_a_missing_file_is_called_a_file(block: Block, cli: Cli, small_training: Path) -> None:
    assert "mine.csv" in block(cli("features", "min.csv"))


def test_full_disk(
    block: Block, cli: Cli, small_training: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import errno

    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(pd.DataFrame, "to_csv", refuse)
    assert "no space left" in block(cli("features", "mine.csv", "-o", "features.csv"))
    assert not [p for p in home.iterdir() if p.name.startswith(".")]


def test_ctrl_c_says_what_is_kept(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    from ifn_severity.commands import ui

    def interrupt(port: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(ui, "ui", interrupt)
    code, _, err = cli("ui")
    assert code == 130
    assert "what was finished is kept" in err
    assert "Traceback" not in err


def test_usage_errors_exit_2(cli: Cli) -> None:
    assert cli("train")[0] == 2
    assert cli("predict")[0] == 2
    assert cli("nonsense")[0] == 2
