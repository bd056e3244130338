"""Work that a job's process does before its first job, so that no user waits for it.

Apps register a callable by dotted path ("backtests.engine.warm.warm_up"); it is imported in a job's process only.
At the very first start these compile for half a minute, later they load what is kept on disk. Two processes that
compile the same at once would only be in each other's way: each takes what no other one is at, and comes back for the
rest when that can be loaded. So one registers several callables that take a few seconds each, the longest first.
"""

import contextlib
import gc
import logging
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO

from django.utils.module_loading import import_string

from algotrade.env import DATA_DIR
from algotrade.jobs import processes

logger = logging.getLogger(__name__)

WORTH_TELLING_SECONDS = 10.0
LOOK_AGAIN_SECONDS = 0.05
# Compiling one part takes a tenth of this. Who is at it for longer is frozen, and nobody waits for that one.
LONGEST_TURN_SECONDS = 60.0
# Compiling makes many small objects that stay; looking for rubbish among them was a tenth of its time.
COLLECT_EVERY = 200_000

_paths: list[str] = []
_later: list[str] = []


def register_warm_up(path: str, *, later: bool = False) -> None:
    """Have job processes call this once when they start; `later` when they take jobs already, since few need it."""
    if path not in _paths and path not in _later:
        (_later if later else _paths).append(path)


def common() -> tuple[str, ...]:
    """What most jobs need."""
    return tuple(_paths)


def rest() -> tuple[str, ...]:
    """What was registered for later."""
    return tuple(_later)


def warm_up(paths: Sequence[str] | None = None, *, tell: Callable[[int, int], None] | None = None) -> None:
    """Call all that is registered, or these; `tell` hears how many are done of how many."""
    started = time.perf_counter()
    todo = [*common(), *rest()] if paths is None else list(paths)
    done = 0
    with _few_collections():
        for patience in (0.0, LONGEST_TURN_SECONDS):
            for path in list(todo):
                with _turn(path, patience) as ours:
                    if not ours and not patience:
                        continue
                    import_string(path)()
                todo.remove(path)
                done += 1
                if tell is not None:
                    tell(done, done + len(todo))
    seconds = time.perf_counter() - started
    level = logging.INFO if seconds > WORTH_TELLING_SECONDS else logging.DEBUG
    logger.log(level, "Warmed up in %.2f s", seconds)


@contextlib.contextmanager
def helper() -> Iterator[None]:
    """Have a second process warm up, too, so that a first start uses two cores; it ends with this block."""
    process = multiprocessing.get_context("spawn").Process(target=_help, args=(os.getpid(),), daemon=True)
    process.start()
    try:
        yield
    finally:
        process.kill()
        process.join()


def _help(parent: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=processes.end_with_parent, args=(parent,), daemon=True).start()

    import django

    django.setup()
    warm_up()


@contextlib.contextmanager
def _few_collections() -> Iterator[None]:
    before = gc.get_threshold()
    gc.set_threshold(max(COLLECT_EVERY, before[0]), *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


@contextlib.contextmanager
def _turn(path: str, patience: float) -> Iterator[bool]:
    """Whether this process alone calls it now, after waiting that many seconds. Without locks on this system: yes."""
    folder = Path(os.environ.get("NUMBA_CACHE_DIR") or DATA_DIR)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = (folder / f"{path}.lock").open("a")
    except OSError:
        yield True
        return
    with file:  # closing gives the turn back, and so does the process's death
        yield _lock(file, time.monotonic() + patience)


def _lock(file: IO[str], until: float) -> bool:
    try:
        import fcntl
    except ImportError:  # Windows
        return True
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= until:
                return False
        except OSError:  # a file system without locks
            return True
        else:
            return True
        time.sleep(LOOK_AGAIN_SECONDS)
