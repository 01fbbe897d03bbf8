"""Threads of the linear algebra library, held at one while ours are at work."""

from __future__ import annotations

from threading import Lock
from typing import Any

from threadpoolctl import ThreadpoolController


class OneBlasThread:
    """Hold the linear algebra library at one thread while any block is scored.

    Its own threads would wait for each other at every small product, all the more beside ours.
    The setting is the process's: the first to enter sets it, the last to leave restores it.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._inside = 0
        self._pools: ThreadpoolController | None = None
        self._limit: Any = None

    def __enter__(self) -> None:
        with self._lock:
            if self._inside == 0:
                self._pools = self._pools or ThreadpoolController()
                self._limit = self._pools.limit(limits=1, user_api="blas")
            self._inside += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside == 0:
                self._limit.restore_original_limits()


ONE_BLAS_THREAD = OneBlasThread()
