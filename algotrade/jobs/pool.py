"""A warm pool of job processes and the one thread that watches them.

The same pool serves both ways to run: inside the single web process, and inside each Celery worker. The thread
relays the children's events to the rooms, sees a child's death at once, ends jobs that pass their deadline or do
not stop when cancelled, looks for waiting work by itself, and in embedded operation runs the sweeper.
"""

import contextlib
import logging
import multiprocessing
import os
import socket
import threading
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import Any

from django.conf import settings
from django.db import DatabaseError, close_old_connections
from django.utils import timezone
from django.utils.translation import gettext as _

from algotrade import meters
from algotrade.jobs import child, events, processes, services
from algotrade.jobs.errors import LeaseLost
from algotrade.jobs.kinds import get_kind
from algotrade.jobs.models import Job, Worker

logger = logging.getLogger(__name__)

TICK_SECONDS = 0.5
POLL_SECONDS = 2.0
SWEEP_SECONDS = 5.0
STOP_GRACE_SECONDS = 2.0
# A child that holds no job any more, or that was told to run and claimed none, must say so within this time.
SILENCE_SECONDS = 30.0
RESPAWN_PAUSE_SECONDS = 2.0


@dataclass(eq=False)
class _Place:
    """One child process and what it is doing."""

    process: Any
    pipe: Connection
    state: str = "starting"
    job_id: str = ""
    fence: int = 0
    silent_since: float | None = None


class LocalPool:
    """`places` job processes, kept warm and replaced when they die."""

    def __init__(self, places: int, *, sweeping: bool = False) -> None:
        self.name = f"{socket.gethostname()}:{os.getpid()}"
        self._size = places
        self._sweeping = sweeping
        self._context = multiprocessing.get_context("spawn")
        self._places: list[_Place] = []
        self._wanted = 0
        self._stopping = threading.Event()
        self._wake_receive, self._wake_send = multiprocessing.Pipe(duplex=False)
        self._wake_lock = threading.Lock()
        self._thread = threading.Thread(target=self._watch, name="job-pool", daemon=True)
        self._next = {"tick": 0.0, "poll": 0.0, "sweep": 0.0}
        self._respawn_at = 0.0
        self._started = timezone.now()

    def start(self) -> None:
        processes.compute_in_one_thread()
        self._thread.start()

    def nudge(self) -> None:
        """Look for work now. Safe from any thread."""
        with self._wake_lock, contextlib.suppress(OSError):
            self._wake_send.send_bytes(b"n")

    def stop(self) -> None:
        """End the children; what they were running goes back to the queue."""
        self._stopping.set()
        self.nudge()
        self._thread.join(timeout=STOP_GRACE_SECONDS * 3)

    # -- The watching thread ----------------------------------------------------------------------------------

    def _watch(self) -> None:
        self._guarded(services.recover_host)
        while not self._stopping.is_set():
            self._fill()
            watched: list[Any] = [self._wake_receive]
            watched += [place.pipe for place in self._places] + [
                place.process.sentinel for place in self._places
            ]
            ready = wait(watched, timeout=max(0.0, self._next["tick"] - time.monotonic()))
            if self._wake_receive in ready:
                self._drain_nudges()
            for place in list(self._places):
                if place.pipe in ready:
                    self._read(place)
                if place.process.sentinel in ready:
                    self._bury(place)
            self._guarded(self._on_time)
            self._assign()
        self._end_children()
        self._guarded(lambda: Worker.objects.filter(name=self.name).delete())

    def _guarded(self, action: Any) -> None:
        """The watch goes on whatever the database does; what failed is tried again at the next tick."""
        try:
            action()
        except DatabaseError as error:
            logger.warning("The job pool cannot reach the database: %s", type(error).__name__)
        except LeaseLost:
            logger.info("A job had ended or moved before the pool could end it")
        except Exception:
            logger.exception("The job pool met an error and goes on")
        finally:
            close_old_connections()

    def _fill(self) -> None:
        if time.monotonic() < self._respawn_at:
            return
        while len(self._places) < self._size:
            ours, theirs = self._context.Pipe()
            process = self._context.Process(
                target=child.main,
                args=(theirs, self.name, settings.JOB_MEMORY_LIMIT_MB),
                name="job",
                daemon=True,
            )
            process.start()
            theirs.close()
            self._places.append(_Place(process, ours))

    def _drain_nudges(self) -> None:
        while self._wake_receive.poll():
            self._wake_receive.recv_bytes()
            self._wanted = min(self._wanted + 1, self._size)

    def _assign(self) -> None:
        for place in self._places:
            if self._wanted and place.state == "idle":
                self._order_run(place)
                self._wanted -= 1

    def _order_run(self, place: _Place) -> None:
        place.state = "busy"
        place.silent_since = time.monotonic()
        with contextlib.suppress(OSError):  # a child that has just died is buried in this same round
            place.pipe.send("run")

    def _read(self, place: _Place) -> None:
        try:
            while place.pipe.poll():
                self._handle(place, *place.pipe.recv())
        except (EOFError, OSError):
            return

    def _handle(self, place: _Place, kind: str, *values: Any) -> None:
        if kind == "event":
            events.deliver(*values)
        elif kind == "claimed":
            place.job_id, place.fence, request_id = values
            place.silent_since = None
            logger.info("Taken", extra={"job_id": place.job_id, "request_id": request_id})
        elif kind == "meter":
            meters.take(*values)
        elif kind == "done":
            place.state, place.job_id, place.silent_since = "idle", "", None
            if values[0]:  # where there was one job there may be another
                self._order_run(place)
        elif kind == "ready":
            place.state = "idle"
            self._wanted = min(self._wanted + 1, self._size)

    def _bury(self, place: _Place) -> None:
        """A child has died: its job waits again or fails, and another child takes its place."""
        self._read(place)
        self._places.remove(place)
        place.pipe.close()
        place.process.join()
        if place.job_id:
            self._guarded(lambda: self._release(place))
        elif place.state == "starting":
            # A child that cannot even start would otherwise be replaced in a tight loop.
            logger.error("A job process ended with code %s while starting", place.process.exitcode)
            self._respawn_at = time.monotonic() + RESPAWN_PAUSE_SECONDS

    def _release(self, place: _Place) -> None:
        job = self._job_of(place)
        if job is not None:
            logger.error("The process of job %s ended with code %s", job.pk, place.process.exitcode)
            job.give_back(
                _("Its process ended without an answer (code %(code)s).") % {"code": place.process.exitcode}
            )
            self._wanted = min(self._wanted + 1, self._size)

    def _job_of(self, place: _Place) -> Job | None:
        return Job.objects.running().filter(pk=place.job_id, fence=place.fence).first()

    # -- What time brings --------------------------------------------------------------------------------------

    def _due(self, what: str, every: float) -> bool:
        now = time.monotonic()
        if now < self._next[what]:
            return False
        self._next[what] = now + every
        return True

    def _on_time(self) -> None:
        if self._due("tick", TICK_SECONDS):
            self._end_stubborn()
        if self._due("poll", POLL_SECONDS) and any(place.state == "idle" for place in self._places):
            waiting = Job.objects.queued().count()
            self._wanted = max(self._wanted, min(waiting, self._size))
        if self._due("sweep", SWEEP_SECONDS):
            busy = sum(place.state == "busy" for place in self._places)
            Worker.objects.update_or_create(
                name=self.name,
                defaults={
                    "places": self._size,
                    "busy": busy,
                    "seen_at": timezone.now(),
                    "started_at": self._started,
                },
            )
            if self._sweeping:
                services.sweep()

    def _end_stubborn(self) -> None:
        """Kill a child whose job is past its deadline, or was cancelled and has not stopped within its grace."""
        now = timezone.now()
        for place in self._places:
            job = self._job_of(place) if place.job_id else None
            if job is None:
                self._end_silent(place)
            elif job.deadline_at < now:
                self._kill(place)
                self._guarded(lambda job=job: services.end_overdue(job))
            elif job.cancel_requested_at:
                waited = (now - job.cancel_requested_at).total_seconds()
                if waited > get_kind(job.kind).cancel_grace:
                    self._kill(place)
                    self._guarded(job.cancel)

    def _end_silent(self, place: _Place) -> None:
        """A frozen child loses its lease, not its place: without this a pool of frozen children runs nothing."""
        if place.state != "busy":
            return
        now = time.monotonic()
        if place.silent_since is None:
            place.silent_since = now
        elif now - place.silent_since > SILENCE_SECONDS:
            logger.error("A job process has stopped answering; another one takes its place")
            self._kill(place)

    def _kill(self, place: _Place) -> None:
        place.job_id = ""  # its end is written here, not when the child is buried
        place.process.kill()

    def _end_children(self) -> None:
        for place in self._places:
            with contextlib.suppress(OSError):
                place.pipe.send("stop")
        until = time.monotonic() + STOP_GRACE_SECONDS
        for place in self._places:
            idle = place.state == "idle"
            place.process.join(timeout=max(0.0, until - time.monotonic()) if idle else 0.05)
            if place.process.is_alive():
                place.process.kill()
                place.process.join()
            self._read(place)
            if place.job_id:
                self._guarded(lambda place=place: self._hand_over(place))

    def _hand_over(self, place: _Place) -> None:
        job = self._job_of(place)
        if job is not None:
            job.give_back(_("The lab was restarted."), counted=False)
