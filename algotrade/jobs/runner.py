"""Running one job in this process, from claim to terminal state."""

import logging
import time

from django.utils.translation import gettext as _

from algotrade import meters
from algotrade.errors import LabError
from algotrade.jobs.context import Heartbeat, JobContext
from algotrade.jobs.errors import JobCancelled, LeaseLost
from algotrade.jobs.kinds import get_kind
from algotrade.jobs.models import Job
from algotrade.logging import job_id, request_id

logger = logging.getLogger(__name__)
MEMORY_ATTEMPTS = 2


def run(job: Job) -> None:
    """Run a job that this process has just claimed; every outcome is written under its fence."""
    marks = job_id.set(str(job.pk)), request_id.set(job.request_id)
    context = JobContext(job)
    heartbeat = Heartbeat(job, context)
    heartbeat.start()
    try:
        _run_to_end(job, context)
    except LeaseLost:
        meters.writes_fenced.add()
        logger.warning("%s was taken over by another worker; nothing was written", job.kind)
    finally:
        heartbeat.end()
        job_id.reset(marks[0])
        request_id.reset(marks[1])


def _run_to_end(job: Job, context: JobContext) -> None:
    started = time.perf_counter()
    waited = (job.started_at - job.created_at).total_seconds() if job.started_at else 0.0
    try:
        store = get_kind(job.kind).resolve()(context)
        context.check()
        computed = time.perf_counter()
        timings = {"queue_seconds": round(waited, 4), "run_seconds": round(computed - started, 4)}
        job.succeed(store, timings)
        logger.info("%s succeeded in %.3f s", job.kind, time.perf_counter() - started)
    except LeaseLost:
        raise
    except JobCancelled:
        job.cancel()
        logger.info("%s cancelled", job.kind)
    except LabError as error:
        job.fail(error.code, error.detail)
        logger.info("%s failed: %s", job.kind, error.code)
    except MemoryError:
        reason = _("The job needed more memory than it may use.")
        job.give_back(reason, attempts=MEMORY_ATTEMPTS)
    except OSError as error:
        logger.exception("%s failed at the disk or the network", job.kind)
        reason = _(
            "The lab could not use one of its files (%(why)s); nothing was changed. "
            "Tell whoever runs it, and try again later."
        )
        job.fail("storage_failed", reason % {"why": error.strerror or type(error).__name__})
    except Exception:
        logger.exception("%s failed", job.kind)
        reason = _(
            "Something went wrong inside the lab; nothing was changed. The log has the details: %(job)s."
        )
        job.fail("internal_error", reason % {"job": job.pk})
