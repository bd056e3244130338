"""Telling the rooms. An event is a hint that something changed: the database alone knows the state.

Events leave from request threads, from the pool's relay thread and from Celery's threads, so each goes to an event
loop that outlives them: the server's own loop in embedded operation (the in-memory rooms live there), otherwise one
loop in a thread of this process.
"""

import asyncio
import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

from channels.layers import get_channel_layer

from algotrade import meters

if TYPE_CHECKING:
    from algotrade.jobs.models import Job

logger = logging.getLogger(__name__)

MOST_ON_THEIR_WAY = 2_000
"""Events that the rooms have not taken yet; beyond them events are lost rather than kept without end."""
LONGEST_DELIVERY_SECONDS = 10.0

ROOM_OF_ALL = "jobs"
"""Where the jobs of all users are told, to staff."""

Forward = Callable[[int, dict[str, Any]], None]

_on_their_way = threading.BoundedSemaphore(MOST_ON_THEIR_WAY)
_loop: asyncio.AbstractEventLoop | None = None
_lock = threading.Lock()
_forward: Forward | None = None


def use_loop(loop: asyncio.AbstractEventLoop) -> None:
    """Deliver on this loop from now on."""
    global _loop
    _loop = loop


def forward_to(send: Forward | None) -> None:
    """In a job's process: hand events to this callable (the pipe to the pool) and deliver nothing here."""
    global _forward
    _forward = send


def own_loop() -> asyncio.AbstractEventLoop:
    """The loop events are delivered on; started in a thread of its own when no server has given one."""
    global _loop
    with _lock:
        if _loop is None or _loop.is_closed():
            _loop = asyncio.new_event_loop()
            threading.Thread(target=_loop.run_forever, name="events", daemon=True).start()
        return _loop


def message_for(job: "Job") -> dict[str, Any]:
    """What the browser gets: enough to draw a progress bar and to know that the end has come."""
    return {
        "type": "job",
        "id": str(job.pk),
        "kind": job.kind,
        "seq": job.seq,
        "state": job.state,
        "progress": round(job.progress, 4),
        "eta": None if job.eta is None else round(job.eta, 1),
        "message": job.message,
        "cancelling": job.is_cancelling,
        "title": job.title,
        "result_url": job.result_url,
        "error": job.error_detail,
        "request_id": job.request_id,
    }


def publish(job: "Job") -> None:
    """Send the job's present state to its room, to its owner's and to that of all jobs."""
    deliver(job.owner_id, message_for(job))


def deliver(owner_id: int, message: dict[str, Any]) -> None:
    """Never raises and never waits: a lost event costs a browser some seconds, not a job its result."""
    if _forward is not None:
        _forward(owner_id, message)
        return
    if not _on_their_way.acquire(blocking=False):
        meters.events_lost.add()
        return
    future = asyncio.run_coroutine_threadsafe(_send_in_time(owner_id, message), own_loop())
    future.add_done_callback(_arrived)


async def _send_in_time(owner_id: int, message: dict[str, Any]) -> None:
    await asyncio.wait_for(_send(owner_id, message), LONGEST_DELIVERY_SECONDS)


async def _send(owner_id: int, message: dict[str, Any]) -> None:
    layer = get_channel_layer()
    event = {"type": "job.event", "message": message}
    rooms = (f"job.{message['id']}", f"user.{owner_id}", ROOM_OF_ALL)
    await asyncio.gather(*(layer.group_send(room, event) for room in rooms))


def _arrived(future: Future[None]) -> None:
    _on_their_way.release()
    error = future.exception() if not future.cancelled() else None
    if error is not None:
        meters.events_lost.add()
        logger.warning("An event was lost: %s", type(error).__name__)
