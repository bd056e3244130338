"""Waking a worker. The database is the queue; a nudge only says "look now", so losing one costs two seconds."""

import logging
from collections.abc import Callable

from celery import current_app
from django.conf import settings

from algotrade import meters

logger = logging.getLogger(__name__)

_wake: Callable[[], None] | None = None


def wake_with(wake: Callable[[], None] | None) -> None:
    """In embedded operation: how the pool of this process is woken."""
    global _wake
    _wake = wake


def nudge() -> None:
    """Tell a worker to look for work. Never raises: workers also look by themselves."""
    if settings.EMBEDDED:
        if _wake is not None:
            _wake()
        return
    try:
        current_app.send_task("jobs.run_next", expires=60)
    except Exception as error:
        meters.nudges_lost.add()
        logger.warning(
            "The broker did not take a nudge (%s); workers will find the job", type(error).__name__
        )
