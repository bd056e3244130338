"""The one preview process of this web process: started when somebody nears a strategy's form, asked by the service."""

import threading
from typing import Any

from django.conf import settings

from algotrade.jobs.responder import Responder

LONGEST_SECONDS = 2.0

_responder: Responder | None = None
_lock = threading.Lock()


def responder() -> Responder:
    """The warm child's queue, made on first use; the child starts with `warm` or with the first question."""
    global _responder
    with _lock:
        if _responder is None:
            _responder = Responder(
                "backtests.preview.computing.answer",
                warm_up="backtests.preview.computing.warm_up",
                seconds=LONGEST_SECONDS,
                memory_limit_mb=settings.JOB_MEMORY_LIMIT_MB,
            )
        return _responder


def warm() -> None:
    """Start the process unless it lives or previews are switched off. Returns at once."""
    if settings.LIVE_PREVIEW:
        responder().warm()


def ask(question: Any, *, asker: int) -> Any:
    """What the process answers. Raises `algotrade.jobs.responder.NoAnswer`."""
    return responder().ask(question, asker=asker)
