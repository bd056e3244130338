"""A warm pool of job processes and the one thread that watches them.

The same pool serves both ways to run: inside the single web process, and inside each Celery worker. The thread
relays the children's events to the rooms, sees a child's death at once, ends jobs that pass their deadline or do
not stop when cancelled, looks for waiting work by itself, and sweeps: no broker is needed for that. A pool of several
places keeps its first one free of long jobs, so that hours of work never take all of them.
"""

import contextlib
import logging
import multiprocessing
import os
import socket
import threading
import time
from collections.abc import Callable
from multiprocessing.connection import wait
from typing import Any

from django.conf import settings
from django.db import Error, close_old_connections
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from algotrade import meters
from algotrade.jobs import events, processes, services
from algotrade.jobs.errors import LeaseLost
from algotrade.jobs.kinds import kind_of_row
from algotrade.jobs.models import Job, Worker
from algotrade.jobs.places import Place
from algotrade.jobs.querysets import JobQuerySet

logger = logging.getLogger(__name__)

TICK_SECONDS = 0.5
POLL_SECONDS = 2.0
REPORT_SECONDS = 5.0
STOP_GRACE_SECONDS = 2.0
RESPAWN_PAUSE_SECONDS = 2.0
LOST_SECONDS = 5.0
"""How long a process may stay busy whose job was given to somebody else: one that is not frozen notices at a beat."""


class LocalPool:
    """`places` job processes, kept warm and replaced when they die or are worn."""

    def __init__(self, places: int) -> None:
        self.name = f"{socket.gethostname()}:{os.getpid()}"
        self._size = places
        self._places: list[Place] = []
        self._wanted = 0
        self._stopping = threading.Event()
        self._wake_receive, self._wake_send = multiprocessing.Pipe(duplex=False)
        self._wake_lock = threading.Lock()
        self._thread = threading.Thread(target=self._watch, name="job-pool", daemon=True)
        self._next = {"tick": 0.0, "poll": 0.0, "report": 0.0, "sweep": 0.0}
        self._last_seen = time.time()
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
        self._guarded(lambda: services.recover_host(pool=self.name))
        while not self._stopping.is_set():
            self._fill()
            watched: list[Any] = [self._wake_receive]
            for place in self._places:
                watched += [place.pipe, place.process.sentinel]
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

    def _guarded(self, action: Callable[[], object]) -> None:
        """The watch goes on whatever the database does; what failed is tried again at the next tick."""
        try:
            action()
        except Error as error:
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
            reserved = self._size > 1 and not any(place.reserved for place in self._places)
            try:
                self._places.append(Place.started(self.name, reserved=reserved))
            except (OSError, MemoryError) as error:  # no room for a process or a pipe just now
                logger.error("A job process could not be started: %s", type(error).__name__)
                self._respawn_at = time.monotonic() + RESPAWN_PAUSE_SECONDS
                return

    def _drain_nudges(self) -> None:
        while self._wake_receive.poll():
            self._wake_receive.recv_bytes()
            self._wanted = min(self._wanted + 1, self._size)

    def _assign(self) -> None:
        """The reserved place last: it may not take what the nudge was about."""
        for place in sorted(self._places, key=lambda place: place.reserved):
            if self._wanted and place.state == "idle":
                place.order_run()
                self._wanted -= 1

    def _read(self, place: Place) -> None:
        for message in place.messages():
            self._handle(place, *message)

    def _handle(self, place: Place, kind: str, *values: Any) -> None:
        if kind == "event":
            events.deliver(*values)
        elif kind == "claimed":
            job_id, fence, request_id = values
            place.hold(job_id, fence)
            logger.info("Taken", extra={"job_id": job_id, "request_id": request_id})
        elif kind == "meter":
            meters.take(*values)
        elif kind == "done":
            found, worn = values
            place.rest(worn=worn)
            if found and worn:
                self._wanted = min(self._wanted + 1, self._size)
            elif found:  # where there was one job there may be another
                place.order_run()
        elif kind == "ready":
            place.rest()
            self._wanted = min(self._wanted + 1, self._size)

    def _bury(self, place: Place) -> None:
        """A child has died: its job waits again or fails, and another child takes its place."""
        self._read(place)
        self._places.remove(place)
        place.close()
        if place.state == "starting":
            # A child that cannot even start would otherwise be replaced in a tight loop.
            logger.error("A job process ended with code %s while starting", place.process.exitcode)
            self._respawn_at = time.monotonic() + RESPAWN_PAUSE_SECONDS
        elif place.state == "busy":
            self._guarded(lambda: self._release(place))

    def _release(self, place: Place) -> None:
        """By the name of the process: it may have died before it could say what it had claimed."""
        for job in self._judged().running().filter(worker=place.worker):
            logger.error("The process of job %s ended with code %s", job.pk, place.process.exitcode)
            if job.deadline_at < job.now:
                services.end_overdue(job)
            else:
                reason = _("Its process ended without an answer (code %(code)s).")
                job.give_back(reason % {"code": place.process.exitcode})
            self._wanted = min(self._wanted + 1, self._size)

    @staticmethod
    def _judged() -> JobQuerySet:
        """Jobs, and the present by the database's clock, which wrote their deadlines."""
        return Job.objects.annotate(now=Now())

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
        if self._due("report", REPORT_SECONDS):
            self._report()
        if self._has_slept():
            self._next["sweep"] = time.monotonic() + settings.JOB_SWEEP_SECONDS
        if self._due("sweep", settings.JOB_SWEEP_SECONDS):
            services.sweep()

    def _report(self) -> None:
        busy = sum(place.state == "busy" for place in self._places)
        now = {
            "places": self._size,
            "busy": busy,
            "seen_at": timezone.now(),
            "started_at": self._started,
        }
        Worker.objects.update_or_create(name=self.name, defaults=now)

    def _has_slept(self) -> bool:
        """Whether the machine was asleep, or we were stopped: our own jobs first get time to renew their leases."""
        before, self._last_seen = self._last_seen, time.time()
        return self._last_seen - before > 0.75 * settings.JOB_LEASE_SECONDS

    def _end_stubborn(self) -> None:
        """Kill a child whose job is past its deadline, or was cancelled and has not stopped within its grace."""
        held = {place.job_id: place.fence for place in self._places if place.job_id}
        jobs = {str(job.pk): job for job in self._judged().filter(pk__in=held)} if held else {}
        for place in self._places:
            job = jobs.get(place.job_id)
            if job is not None and job.is_terminal and job.deadline_at < job.now:
                place.kill()  # a sweep was the first to end it
            elif job is None or job.is_terminal:
                self._end_jobless(place, settings.JOB_LEASE_SECONDS)
            elif job.state != job.State.RUNNING or job.fence != place.fence:
                self._end_jobless(place, LOST_SECONDS)
            elif job.deadline_at < job.now:
                place.kill()
                self._guarded(lambda job=job: services.end_overdue(job))
            elif job.cancel_requested_at:
                waited = (job.now - job.cancel_requested_at).total_seconds()
                if waited > kind_of_row(job.kind).cancel_grace:
                    place.kill()
                    self._guarded(job.cancel)

    @staticmethod
    def _end_jobless(place: Place, seconds: float) -> None:
        if place.has_been_without_a_job(seconds):
            logger.error(
                "A job process is busy with a job that is not its own; another process takes its place"
            )
            place.kill()

    def _end_children(self) -> None:
        for place in self._places:
            place.order_stop()
        until = time.monotonic() + STOP_GRACE_SECONDS
        for place in self._places:
            place.end(until)
            self._read(place)
            if place.state == "busy":
                self._guarded(lambda place=place: self._hand_over(place))

    def _hand_over(self, place: Place) -> None:
        for job in Job.objects.running().filter(worker=place.worker):
            job.give_back(_("The lab was restarted."), counted=False)
