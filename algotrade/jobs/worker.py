"""The pool of this process, started once: by a Celery worker, or by the web process in embedded operation."""

import atexit
import threading

from django.conf import settings

from algotrade.jobs.clock import LocalClock
from algotrade.jobs.pool import LocalPool

_pool: LocalPool | None = None
_clock: LocalClock | None = None
_lock = threading.Lock()


def start(*, clock: bool = False) -> LocalPool:
    """Start the pool unless it runs, and the `clock` where no beat does its work."""
    global _pool, _clock
    with _lock:
        if _pool is None:
            _pool = LocalPool(settings.JOB_WORKERS)
            _pool.start()
            if clock:
                _clock = LocalClock()
                _clock.start()
            atexit.register(stop)
        return _pool


def nudge() -> None:
    if _pool is not None:
        _pool.nudge()


def stop() -> None:
    """Stop the pool; what it was running waits again for the next start."""
    global _pool, _clock
    with _lock:
        pool, _pool = _pool, None
        clock, _clock = _clock, None
    if clock is not None:
        clock.stop()
    if pool is not None:
        pool.stop()
