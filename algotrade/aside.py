"""Work in a second thread, for runs so long that it is worth one. Kernels let go of the interpreter's lock."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TypeVar

Outcome = TypeVar("Outcome")

WORTH_A_THREAD = 200_000


def aside(work: Callable[[], Outcome], size: int) -> Callable[[], Outcome]:
    """Return what gives the outcome of `work`, which another thread does where its size is worth it.

    Size is in bars, or what else takes as long. An error of the work is raised where its outcome is asked for. The work
    must not put work aside itself: with all threads waiting for others, none would be left to do it.
    """
    if size < WORTH_A_THREAD:
        return work
    try:
        return _threads().submit(work).result
    except RuntimeError:  # the interpreter is about to end and takes no more
        return work


@cache
def _threads() -> ThreadPoolExecutor:
    """Threads that stay: to start one takes longer than to measure ten years of daily bars."""
    return ThreadPoolExecutor(max(2, os.cpu_count() or 1), thread_name_prefix="aside")


if hasattr(os, "register_at_fork"):  # a fork has none of its parent's threads
    os.register_at_fork(after_in_child=_threads.cache_clear)
