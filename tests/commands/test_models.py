"""``ifn-severity models`` and ``release``: what they print, and how they refuse."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from ifn_severity.bundle import load_model
from ifn_severity.workflows import registry, tracking

Cli = Callable[..., tuple[int, str, str]]
MODELS = Path(__file__).parents[2] / "models"


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a released model, registered without evidence."""
    home = tmp_path_factory.mktemp("shelf")
    shutil.copytree(MODELS / "severity-panel", home / "models" / "severity-panel")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IFN_SEVERITY_HOME", str(home))
        mlflow = tracking.open_store("release")
        with tracking.run(mlflow, "made for a test", tags={}):
            registry.register(mlflow, home / "models" / "severity-panel", None)
    return home


@pytest.fixture
def home(shelf: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("IFN_SEVERITY_HOME", str(shelf))
    return shelf


def test_list_shows_saved_and_registered(cli: Cli) -> None:
    code, out, err = cli("models")
    assert (code, err) == (0, "")
    mean = load_model(MODELS / "severity-panel").manifest.metrics["leave_one_cohort_out"]
    assert f"mean AUROC {mean['mean_auroc']:.3f}" in out
    assert "saved in models/" in out
    assert "registered" in out


def test_show_tells_what_a_model_is(cli: Cli) -> None:
    code, out, _ = cli("models", "show", "severity-panel")
    assert code == 0
    for text in ("genes:      20", "trained on: GSE157103", "research use only", "version 1:"):
        assert text in out
    assert "No cohort was held out" in out


def test_refusals_are_one_block(cli: Cli) -> None:
    for arguments, said in (
        (("models", "show", "severity-pannel"), "did you mean severity-panel"),
        (("models", "promote", "severity-pannel", "1"), "did you mean severity-panel"),
        (("models", "promote", "severity-panel", "7"), "no version 7"),
        (("models", "promote", "severity-panel", "1"), "no cohort was held out"),
        (("models", "promote", "severity-panel", "1", "--force"), "without a reason"),
        (("release", "severity-tiny"), "no released model is called 'severity-tiny'"),
    ):
        code, out, err = cli(*arguments)
        assert code == 2, arguments
        assert said in err, err
        assert err.startswith("Error (")
        assert "Traceback" not in err
        assert out == ""


def test_force_is_said_and_kept(cli: Cli) -> None:
    code, out, _ = cli("models", "promote", "severity-panel", "1", "--force", "--reason", "a try")
    assert code == 0
    assert "severity-panel version 1 is champion." in out
    assert "The rule was against it" in out
    _, shown, _ = cli("models", "show", "severity-panel")
    assert "champion forced: a try" in shown
    assert "champion refused because: no cohort was held out" in shown


def test_an_empty_home_has_advice(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IFN_SEVERITY_HOME", str(tmp_path))
    code, out, _ = cli("models")
    assert code == 0
    assert "No model in models/ yet" in out
    assert "None is registered" in out
    assert not any(tmp_path.iterdir())


def test_a_damaged_model_is_listed_as_such(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IFN_SEVERITY_HOME", str(tmp_path))
    folder = tmp_path / "models" / "severity-panel"
    shutil.copytree(MODELS / "severity-panel", folder)
    with (folder / "reference.csv").open("a") as file:
        file.write("more\n")
    code, out, _ = cli("models")
    assert code == 0
    assert "cannot be loaded" in out
