"""Running one job in this process, from claim to terminal state."""

import logging
import time
from collections.abc import Callable
from functools import partial

from django.conf import settings
from django.db import close_old_connections
from django.utils.translation import gettext as _

from algotrade import meters
from algotrade.errors import LabError
from algotrade.jobs.context import Heartbeat, JobContext
from algotrade.jobs.errors import JobCancelled, LeaseLost
from algotrade.jobs.kinds import kind_of_row
from algotrade.jobs.models import Job
from algotrade.logging import job_id, request_id
from algotrade.reach import DATABASE_OUT_OF_REACH

logger = logging.getLogger(__name__)
MEMORY_ATTEMPTS = 2
PAUSE_SECONDS = 0.5

Ending = Callable[[], None]


def run(job: Job) -> bool:
    """Run a job that this process has just claimed; every outcome is written under its fence.

    False when this process should make room for a fresh one: it has run out of memory.
    """
    marks = job_id.set(str(job.pk)), request_id.set(job.request_id)
    context = JobContext(job)
    heartbeat = Heartbeat(job, context)
    heartbeat.start()
    endings = _Endings(job)
    try:
        _end(endings.of_work(context), endings)
    except LeaseLost:
        meters.writes_fenced.add()
        logger.warning("%s has ended or was taken over by another worker; nothing was written", job.kind)
    finally:
        heartbeat.end()
        job_id.reset(marks[0])
        request_id.reset(marks[1])
    return not endings.exhausted


class _Endings:
    """Which end follows from how the work went. An end is written after the error, and all that it held, is gone."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._started = time.perf_counter()
        self.exhausted = False

    def of_work(self, context: JobContext) -> Ending:
        """Do the work."""
        try:
            store = kind_of_row(self._job.kind).resolve()(context)
            context.check()
        except Exception as error:  # MemoryError is one of them
            return self.after(error)
        return partial(self._succeed, store)

    def after(self, error: Exception) -> Ending:
        """The end that an error leads to; LeaseLost leads to none."""
        job = self._job
        if isinstance(error, LeaseLost):
            raise error
        if isinstance(error, JobCancelled):
            logger.info("%s cancelled", job.kind)
            return job.cancel
        if isinstance(error, LabError):
            logger.info("%s failed: %s", job.kind, error.code)
            return partial(job.fail, error.code, error.detail)
        if isinstance(error, MemoryError):
            self.exhausted = True
            reason = _("The job needed more memory than it may use.")
            return partial(job.give_back, reason, attempts=MEMORY_ATTEMPTS, code="out_of_memory")
        if isinstance(error, DATABASE_OUT_OF_REACH):
            logger.warning("%s could not reach the database: %s", job.kind, type(error).__name__)
            reason = _("The database could not be reached.")
            return partial(job.give_back, reason, code="database_unavailable")
        if isinstance(error, OSError):
            logger.error("%s failed at the disk or the network", job.kind, exc_info=error)
            reason = _(
                "The lab could not use one of its files (%(why)s); nothing was changed. "
                "Tell whoever runs it, and try again later."
            )
            why = error.strerror or type(error).__name__
            return partial(job.fail, "storage_failed", reason % {"why": why})
        logger.error("%s failed", job.kind, exc_info=error)
        reason = _(
            "Something went wrong inside the lab; nothing was changed. The log has the details: %(job)s."
        )
        return partial(job.fail, "internal_error", reason % {"job": job.pk})

    def _succeed(self, store: Callable[[], None]) -> None:
        job = self._job
        known = job.started_at and job.waiting_since
        waited = max(0.0, (job.started_at - job.waiting_since).total_seconds()) if known else 0.0
        ran = time.perf_counter() - self._started
        job.succeed(store, {"queue_seconds": round(waited, 4), "run_seconds": round(ran, 4)})
        logger.info("%s succeeded in %.3f s", job.kind, ran)


def _end(ending: Ending, endings: _Endings) -> None:
    """Write an end; storing a result may fail as the work may."""
    try:
        _insist(ending)
    except DATABASE_OUT_OF_REACH:
        raise  # not even after a while: the lease runs out, and the sweeper gives the job to somebody else
    except Exception as error:
        ending = endings.after(error)
    else:
        return
    _insist(ending)


def _insist(ending: Ending) -> None:
    """Try again while the database restarts or cannot choose between two writers, for as long as a lease.

    Written twice it is never: after a commit whose answer was lost the job is not held any more.
    """
    until = time.monotonic() + settings.JOB_LEASE_SECONDS
    while True:
        try:
            return ending()
        except DATABASE_OUT_OF_REACH as error:
            if time.monotonic() > until:
                raise
            logger.warning("The end of a job is written again: %s", type(error).__name__)
        close_old_connections()
        time.sleep(PAUSE_SECONDS)
