"""Fixtures shared by all tests: the mirror of public cohorts, a home of one's own, no network."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def public_cohorts() -> Path:
    """Folder of the real public cohorts. Mandatory in CI; elsewhere its absence skips.

    Read once a session, before any test moves to another folder: the variable may hold a path
    relative to the one that pytest was started in.
    """
    folder = os.environ.get("IFN_SEVERITY_MIRROR", "")
    if not folder or not Path(folder).is_dir():
        reason = "set IFN_SEVERITY_MIRROR to the folder with the public cohorts to run this test"
        if os.environ.get("CI"):
            pytest.fail(f"in CI the mirror is mandatory: {reason}")
        pytest.skip(reason)
    return Path(folder).resolve()


@pytest.fixture
def mirror(public_cohorts: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The public cohorts as the mirror of this test."""
    monkeypatch.setenv("IFN_SEVERITY_MIRROR", str(public_cohorts))
    return public_cohorts


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty IFN_SEVERITY_HOME, so that a test never writes into the checkout."""
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("IFN_SEVERITY_HOME", str(folder))
    return folder


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse any connection that would leave this machine."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: object) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6):
            host = address[0] if isinstance(address, tuple) else ""
            if host not in ("127.0.0.1", "localhost", "::1"):
                raise OSError(101, f"tests may not reach the network, and this one tried {host}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)
