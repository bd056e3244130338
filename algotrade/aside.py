"""Work in a second thread, for runs so long that it is worth one. Kernels let go of the interpreter's lock."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from threading import Thread
from typing import TypeVar

Outcome = TypeVar("Outcome")

WORTH_A_THREAD = 200_000


def aside(work: Callable[[], Outcome], size: int) -> Callable[[], Outcome]:
    """Return what gives the outcome of `work`, which runs in a thread of its own where its size is worth the start.

    Size is in bars, or what else takes as long. An error of the work is raised where its outcome is asked for.
    """
    if size < WORTH_A_THREAD:
        return work
    future: Future[Outcome] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:
            future.set_exception(error)

    Thread(target=run, name="aside", daemon=True).start()
    return future.result
