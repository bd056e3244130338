"""Embedded operation: the one web process also runs the jobs and the sweeper."""

import asyncio

from django.conf import settings

from algotrade.jobs import dispatch, events, worker

_started = False


def ensure_started() -> None:
    """Called with each request or socket, on the server's loop; does its work the first time."""
    global _started
    if _started or not settings.EMBEDDED:
        return
    _started = True
    events.use_loop(asyncio.get_running_loop())
    dispatch.wake_with(worker.nudge)
    worker.start(clock=True)
