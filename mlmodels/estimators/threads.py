"""One thread for each job, and none in a forked process.

Jobs share the machine's cores: the OpenMP and BLAS threads of two of them get in each other's way. And OpenMP does
not survive a fork: the child waits for threads that only its parent had.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from threadpoolctl import ThreadpoolController

from algotrade.errors import Conflict
from mlmodels.errors import ModelError

_imported_by = os.getpid()


class ForkedProcess(ModelError, Conflict):
    """A model was to be fitted in a process that was forked from one that had loaded OpenMP."""

    code = "model_forked_process"


@cache
def _controller() -> ThreadpoolController:
    # Looked for once: asking the loader for all libraries costs milliseconds, and a prediction may cost less.
    return ThreadpoolController()


@contextmanager
def one_thread() -> Iterator[None]:
    """Keep OpenMP and BLAS of the calling thread to one thread for the length of the block."""
    with _controller().limit(limits=1):
        yield


def refuse_fork() -> None:
    """Raise ForkedProcess where another process than this one loaded the OpenMP libraries."""
    if os.getpid() != _imported_by:
        raise ForkedProcess(
            f"Process {os.getpid()} was forked from process {_imported_by}, which had loaded OpenMP: fitting in it "
            "would hang. Start the process afresh: multiprocessing.get_context('spawn')."
        )
