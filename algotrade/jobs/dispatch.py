"""Waking a worker. The database is the queue; a nudge only says "look now", so losing one costs two seconds.

In full operation a thread of this process sends them: a broker that is down, or that hangs and answers nothing, must
not keep whoever submits waiting.
"""

import logging
import queue
import threading
from collections.abc import Callable

from celery import current_app
from django.conf import settings

from algotrade import meters

logger = logging.getLogger(__name__)

MOST_WAITING = 64
"""Nudges not sent yet; more would only tell as many workers to look again."""

_wake: Callable[[], None] | None = None
_waiting: queue.Queue[None] = queue.Queue(MOST_WAITING)
_sender: threading.Thread | None = None
_lock = threading.Lock()


def wake_with(wake: Callable[[], None] | None) -> None:
    """In embedded operation: how the pool of this process is woken."""
    global _wake
    _wake = wake


def nudge() -> None:
    """Tell a worker to look for work. Never raises and never waits: workers also look by themselves."""
    if settings.EMBEDDED:
        if _wake is not None:
            _wake()
        return
    try:
        _waiting.put_nowait(None)
    except queue.Full:
        return
    _start_sender()


def _start_sender() -> None:
    global _sender
    with _lock:
        if _sender is None or not _sender.is_alive():
            _sender = threading.Thread(target=_send_all, name="nudges", daemon=True)
            _sender.start()


def _send_all() -> None:
    while True:
        _waiting.get()
        if not _send():
            _forget()


def _send() -> bool:
    try:
        current_app.send_task("jobs.run_next", expires=60)
    except Exception as error:
        meters.nudges_lost.add()
        logger.warning(
            "The broker did not take a nudge (%s); workers will find the job", type(error).__name__
        )
        return False
    return True


def _forget() -> None:
    """What waits would fail alike, and each try takes its time."""
    try:
        while True:
            _waiting.get_nowait()
    except queue.Empty:
        return
