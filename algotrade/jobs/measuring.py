"""What is counted of a job's life: called after the commit of each change of its state, wherever that happens."""

import logging
from typing import TYPE_CHECKING

from algotrade import meters

if TYPE_CHECKING:
    from algotrade.jobs.models import Job

logger = logging.getLogger(__name__)


def submitted(job: "Job") -> None:
    """A new job waits."""
    meters.jobs_submitted.add(job.kind)
    logger.info("%s queued", job.kind, extra=identity(job))


def changed(job: "Job") -> None:
    """A job was claimed, given back or ended."""
    if job.state == job.State.RUNNING:
        meters.jobs_started.add(job.kind)
        if job.fence == 1 and job.started_at is not None:  # neither given back nor asked for again
            meters.job_wait_seconds.add((job.started_at - job.created_at).total_seconds(), job.kind)
    elif job.is_terminal:
        meters.jobs_ended.add(job.kind, job.state, job.error_code)
        if job.seconds is not None:
            meters.job_run_seconds.add(job.seconds, job.kind, job.state)
    elif job.attempt:  # a retry by its owner counts the attempts anew
        meters.jobs_returned.add(job.kind)


def identity(job: "Job") -> dict[str, str]:
    """What a record of the log says of a job outside of the job's own process."""
    return {"job_id": str(job.pk), "request_id": job.request_id}
