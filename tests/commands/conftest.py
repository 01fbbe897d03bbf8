"""The command line as a user types it, for every test of a command."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest

from ifn_severity.__main__ import main

Cli = Callable[..., tuple[int, str, str]]
Block = Callable[[tuple[int, str, str]], str]


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], home: Path) -> Cli:
    """Run a command in an empty home; give its exit code and both outputs."""
    monkeypatch.chdir(home)

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["ifn-severity", *arguments])
        shown = warnings.showwarning
        try:
            main()
            code = 0
        except SystemExit as stop:
            code = int(stop.code or 0)
        finally:
            warnings.showwarning = shown
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


@pytest.fixture
def block() -> Block:
    """Assert that a command failed as a command should, and return its block."""

    def found(result: tuple[int, str, str]) -> str:
        code, _, err = result
        assert code == 2, result
        assert "Traceback" not in err
        assert err.startswith("Error (")
        for label in ("got:", "expected:", "do:"):
            assert label in err
        return err

    return found
