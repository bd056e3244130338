"""Fitting that can be stopped at once, even while a library computes without a word for seconds."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

from mlmodels.estimators.base import Tick

Result = TypeVar("Result")

TICK_SECONDS = 0.2
GRACE_SECONDS = 0.5
THREAD_NAME = "fitting"
"""By this name whoever owns the process can see that a stopped fitting has not ended yet."""


class _Abandoned(Exception):
    """Nobody waits for the result any more."""


def watched(compute: Callable[[Tick], Result], tick: Tick) -> Result:
    """Run `compute` in a thread of its own, and call `tick` from this one at least every TICK_SECONDS.

    `compute` gets a function to tell its share done by. When `tick` raises, that leaves here within GRACE_SECONDS;
    the thread ends the next time it tells its share, and its result is dropped. Until it has ended no other fitting
    begins in this process.
    """
    _wait_for_abandoned(tick)
    done = threading.Event()
    abandoned = threading.Event()
    told = [0.0]
    results: list[Result] = []
    errors: list[BaseException] = []

    def tell(share: float) -> None:
        if abandoned.is_set():
            raise _Abandoned
        told[0] = share

    def run() -> None:
        try:
            results.append(compute(tell))
        except BaseException as error:
            errors.append(error)
        finally:
            done.set()

    thread = threading.Thread(target=run, name=THREAD_NAME, daemon=True)
    thread.start()
    try:
        while not done.wait(TICK_SECONDS):
            tick(told[0])
    except BaseException:
        abandoned.set()
        thread.join(GRACE_SECONDS)
        if thread.is_alive():
            _abandoned.append(thread)
        raise
    if errors:
        raise errors[0]
    tick(1.0)
    return results[0]


_abandoned: list[threading.Thread] = []


def _wait_for_abandoned(tick: Tick) -> None:
    while _abandoned:
        _abandoned[0].join(TICK_SECONDS)
        if _abandoned[0].is_alive():
            tick(0.0)
        else:
            _abandoned.pop(0)
