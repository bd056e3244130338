"""Work that a job's process does before its first job, so that no user waits for it.

Apps register a callable by dotted path ("backtests.engine.warm.warm_up"); it is imported in a job's process only.
"""

import logging
import time

from django.utils.module_loading import import_string

logger = logging.getLogger(__name__)

_paths: list[str] = []


def register_warm_up(path: str) -> None:
    """Have job processes call this once when they start."""
    if path not in _paths:
        _paths.append(path)


def warm_up() -> None:
    started = time.perf_counter()
    for path in _paths:
        import_string(path)()
    logger.debug("Warmed up in %.2f s", time.perf_counter() - started)
