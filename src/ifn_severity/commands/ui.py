"""``ifn-severity ui``: the MLflow UI on the project's runs, for this machine alone."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from contextlib import closing


def ui(port: int) -> None:
    """Serve the UI on 127.0.0.1 until Ctrl-C, with one worker and without telemetry.

    Raises
    ------
    StoreError
        If there are no runs yet, or the port is taken.
    """
    from ifn_severity.errors import StoreError
    from ifn_severity.workflows.tracking import (
        comparison_page,
        database,
        quiet_environment,
        store_uri,
    )

    if not database().exists():
        raise StoreError(
            f"no runs yet: {database()} does not exist",
            expected="a store that a training command has written",
            do="run ifn-severity demo or ifn-severity train GSE157103 first",
        )
    with closing(socket.socket(socket.AF_INET, socket.SOCK_STREAM)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except (OSError, OverflowError) as error:
            raise StoreError(
                f"port {port} cannot be used: {error}",
                expected="a free port on 127.0.0.1",
                do=f"choose another, such as ifn-severity ui --port {port % 60000 + 1}",
            ) from error
    address = f"http://127.0.0.1:{port}"
    sys.stdout.write(f"MLflow UI on {address} (Ctrl-C ends it)\n")
    sys.stdout.write(f"candidates, best first: {address}/{comparison_page()}\n")
    sys.stdout.write(f"registered models: {address}/#/models\n")
    sys.stdout.flush()
    command = [sys.executable, "-m", "mlflow", "server", "--backend-store-uri", store_uri()]
    command += ["--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    server = subprocess.Popen(command, env={**os.environ, **quiet_environment()})
    try:
        server.wait()
    except KeyboardInterrupt:
        server.terminate()
        server.wait()
