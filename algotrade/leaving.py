"""Ending a server's process that was asked to end.

A request that is under way when the server's loop stops waits for that loop for ever, in a thread that Python joins
before it ends. Such a process would neither answer nor end, and nobody would start it again.
"""

import asyncio
import logging
import os
import threading
import time
from collections.abc import Callable

logger = logging.getLogger(__name__)

LOOK_SECONDS = 0.5
BY_ITSELF_SECONDS = 2.0
LAST_SECONDS = 2.0
"""Together less than the ten seconds after which Docker kills."""


def leave_after(loop: asyncio.AbstractEventLoop, put_away: Callable[[], None]) -> None:
    """Have this process end soon after its server's loop has stopped, by itself or not; `put_away` comes first."""
    watch = threading.Thread(target=_leave_after, args=(loop, put_away), name="leaving", daemon=True)
    watch.start()


def _leave_after(loop: asyncio.AbstractEventLoop, put_away: Callable[[], None]) -> None:
    while loop.is_running():
        time.sleep(LOOK_SECONDS)
    time.sleep(BY_ITSELF_SECONDS)
    try:
        put_away()
    finally:
        time.sleep(LAST_SECONDS)
        logger.warning("Requests that were under way keep this process from ending: they are given up")
        os._exit(0)
