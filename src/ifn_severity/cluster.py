"""A Dask cluster, on this machine or elsewhere, for those who have installed Dask."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING

from ifn_severity.errors import InputError

if TYPE_CHECKING:
    from distributed import Client


@contextmanager
def dask_client(workers: int | None, scheduler: str | None) -> Iterator[Client | None]:
    """Give a client of a Dask cluster, or None where none was asked for.

    Parameters
    ----------
    workers : int, optional
        Start this many worker processes on this machine, for as long as the block runs.
    scheduler : str, optional
        Address of a scheduler that runs already, such as ``tcp://host:8786``; its workers must see
        the input under the same path.

    Yields
    ------
    distributed.Client or None
        The cluster to work on.

    Raises
    ------
    InputError
        If Dask is not installed, both were given, or no scheduler answers.
    """
    if workers is None and scheduler is None:
        yield None
        return
    if workers is not None and scheduler is not None:
        raise InputError(
            "--workers and --scheduler together",
            expected="one of them: workers started here, or a cluster that runs already",
            do="leave one out",
        )
    if find_spec("distributed") is None:
        raise InputError(
            "dask is not installed, and --workers or --scheduler needs it",
            expected="the packages dask and distributed",
            do="pip install 'ifn-severity[dask]', or leave the option out: one process does it too",
        )
    from distributed import Client, LocalCluster

    if scheduler is None:
        with (
            LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=":0") as local,
            Client(local) as client,
        ):
            yield client
        return
    try:
        client = Client(scheduler, timeout="10s")
    except (OSError, ValueError) as error:
        raise InputError(
            f"no Dask scheduler answers at {scheduler}: {error}",
            expected="the address of a scheduler, such as tcp://127.0.0.1:8786",
            do="start one with `dask scheduler`, or use --workers 2 for workers of your own",
        ) from error
    with client:
        yield client


@contextmanager
def fits_on(client: Client | None) -> Iterator[None]:
    """Run what joblib distributes inside the block on a Dask cluster.

    Parameters
    ----------
    client : distributed.Client or None
        From :func:`dask_client`; None leaves everything to this machine.
    """
    if client is None:
        yield
        return
    import joblib

    with joblib.parallel_config(backend="dask", client=client):
        yield
