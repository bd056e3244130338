"""What a handler sees of its job: the payload, and a way to tell progress and to notice that it should stop."""

import logging
import threading
import time
from typing import Any

from django.conf import settings
from django.db import Error, InterfaceError, OperationalError, close_old_connections, connection

from algotrade.checkpoints import Checkpoints
from algotrade.jobs import checkpoints, events
from algotrade.jobs.errors import JobCancelled, LeaseLost
from algotrade.jobs.models import Job

logger = logging.getLogger(__name__)
PROGRESS_INTERVAL_SECONDS = 0.5


class JobContext:
    """Handed to a handler. `progress` is cheap: at most two calls a second reach the database."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._stop = threading.Event()
        self._lost = threading.Event()
        self._last = 0.0

    @property
    def payload(self) -> dict[str, Any]:
        return self._job.payload

    @property
    def owner_id(self) -> int:
        return self._job.owner_id

    @property
    def job_id(self) -> str:
        return str(self._job.pk)

    def checkpoints(self, fingerprint: str) -> Checkpoints:
        """Where finished units of this job are kept until it ends, for the attempt after a lost worker.

        `fingerprint` names everything that they depend on but the code (`algotrade.checkpoints.fingerprint_of`): data,
        parameters, settings. Units of another fingerprint are not seen.
        """
        return checkpoints.of_job(self._job.pk, fingerprint)

    def check(self) -> None:
        """Raise when the job should stop: its owner asked, or another worker has taken it over."""
        if self._lost.is_set():
            raise LeaseLost(self.job_id)
        if self._stop.is_set():
            raise JobCancelled(self.job_id)

    def ask_to_stop(self) -> None:
        """Its owner has cancelled it: the next check says so."""
        self._stop.set()

    def lose(self) -> None:
        """Another worker has taken it over: the next check says so."""
        self._lost.set()

    def progress(self, fraction: float, message: str = "") -> None:
        """Tell how far the work is, 0 to 1, and what it is doing. Raises like `check`."""
        self.check()
        now = time.monotonic()
        if now - self._last < PROGRESS_INTERVAL_SECONDS:
            return
        self._last = now
        try:
            self._job.record_progress(fraction, message)
        except (OperationalError, InterfaceError) as error:
            if connection.in_atomic_block:
                raise
            # A database that restarts must not cost the work: the next call finds it, and the end is what counts.
            logger.warning("Progress was not kept: %s", type(error).__name__)
            close_old_connections()
        else:
            events.publish(self._job)


class Heartbeat(threading.Thread):
    """Keeps the lease while the handler computes, and notices a cancel within a second."""

    def __init__(self, job: Job, context: JobContext) -> None:
        super().__init__(name="heartbeat", daemon=True)
        self._job = Job(pk=job.pk, fence=job.fence)
        self._context = context
        self._ended = threading.Event()

    def run(self) -> None:
        try:
            while not self._ended.wait(settings.JOB_BEAT_SECONDS):
                self._beat()
        finally:
            connection.close()

    def end(self) -> None:
        self._ended.set()
        self.join(timeout=5)

    def _beat(self) -> None:
        try:
            if self._job.heartbeat():
                self._context.ask_to_stop()
        except LeaseLost:
            self._context.lose()
            self._ended.set()
        except (Error, MemoryError):
            # A restarted database answers the next beat on a new connection, and a job that has taken all memory ends
            # soon; the lease outlasts several beats.
            close_old_connections()
