"""Submitting, cancelling, retrying and sweeping jobs."""

import logging
import socket
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from algotrade import meters
from algotrade.jobs import dispatch, events, measuring
from algotrade.jobs.errors import AlreadyEnded, LeaseLost, QueueFull
from algotrade.jobs.kinds import get_kind
from algotrade.jobs.models import QUEUE_LIMIT, Job, Worker
from algotrade.jobs.processes import pid_exists
from algotrade.logging import request_id

logger = logging.getLogger(__name__)
SWEEP_BATCH = 200
FORGET_WORKERS_AFTER = timedelta(days=1)


def submit(
    *, kind: str, owner: Any, title: str, payload: dict[str, Any] | None = None, result_url: str = ""
) -> Job:
    """Queue a job, in the caller's transaction if there is one; workers hear of it after the commit."""
    known = get_kind(kind)
    with transaction.atomic():
        _take_place_in_queue(owner.pk)
        job = Job.objects.create(
            owner=owner,
            kind=known.name,
            title=title[:200],
            payload=payload or {},
            result_url=result_url,
            request_id=request_id.get(),
            deadline_at=timezone.now() + QUEUE_LIMIT,
        )
        transaction.on_commit(lambda: events.publish(job))
        transaction.on_commit(lambda: measuring.submitted(job))
        transaction.on_commit(dispatch.nudge)
    return job


def request_cancel(job: Job) -> Job:
    """Ask a job to stop: a waiting one ends now, a running one within about two seconds."""
    if not job.request_cancel():
        raise AlreadyEnded(
            _("This job has ended already (%(state)s): there is nothing to cancel.")
            % {"state": job.get_state_display()}
        )
    return job


def requeue(job: Job) -> Job:
    """Queue the same work again after it failed or was cancelled."""
    with transaction.atomic():
        _take_place_in_queue(job.owner_id)
        if not job.retry():
            raise AlreadyEnded(
                _("Only a failed or cancelled job can be queued again; this one is %(state)s.")
                % {"state": job.get_state_display()}
            )
        transaction.on_commit(dispatch.nudge)
    return job


def _take_place_in_queue(owner_id: int) -> None:
    """Refuse when too many of the owner's jobs wait; the lock on their row makes counting and adding one step."""
    get_user_model().objects.select_for_update().get(pk=owner_id)
    limit = settings.JOB_MAX_QUEUED_PER_USER
    if Job.objects.queued().filter(owner_id=owner_id).count() >= limit:
        raise QueueFull(
            _(
                "%(limit)d jobs of this account are waiting, which is the limit: wait for some to end or cancel them."
            )
            % {"limit": limit}
        )


def sweep() -> int:
    """Mend what faults left behind; safe to run doubled. Returns how many jobs it touched.

    Expired leases go back to the queue, jobs past their deadline end, and when work waits the workers are nudged
    again, because a message may have been lost.
    """
    now = timezone.now()
    touched = 0
    meters.sweeps.add()
    for job in Job.objects.running().filter(deadline_at__lt=now)[:SWEEP_BATCH]:
        touched += _swept(job, end_overdue)
    for job in Job.objects.running().filter(lease_until__lt=now)[:SWEEP_BATCH]:
        touched += _swept(job, release)
    for job in Job.objects.queued().filter(deadline_at__lt=now)[:SWEEP_BATCH]:
        touched += _swept(job, give_up)
    Worker.objects.filter(seen_at__lt=now - FORGET_WORKERS_AFTER).delete()
    if Job.objects.queued().exists():
        dispatch.nudge()
    return touched


def recover_host(host: str | None = None) -> int:
    """At start-up: jobs that a dead process of this machine left running wait again at once."""
    prefix = f"{host or socket.gethostname()}:"
    lost = [job for job in Job.objects.running().filter(worker__startswith=prefix) if not _alive(job.worker)]
    return sum(_swept(job, release) for job in lost)


def end_overdue(job: Job) -> None:
    """End a job that has run longer than its kind may."""
    limit = get_kind(job.kind).time_limit
    job.fail(
        "deadline_exceeded",
        _("The job ran longer than %(limit)d seconds and was stopped. Choose a shorter period or fewer bars.")
        % {"limit": limit},
    )


def release(job: Job) -> None:
    """Take a job from a worker that has not renewed its lease."""
    job.give_back(_("Its worker stopped answering."))


def give_up(job: Job) -> None:
    """End a job that no worker took in time."""
    job.fail("queue_timeout", _("No worker took the job within a day. Are workers running?"))


def _swept(job: Job, mend: Callable[[Job], None]) -> int:
    try:
        mend(job)
    except LeaseLost:
        return 0
    meters.jobs_swept.add()
    logger.warning("Swept job %s (%s)", job.pk, mend.__name__, extra=measuring.identity(job))
    return 1


def _alive(worker: str) -> bool:
    parts = worker.split(":")
    return len(parts) > 1 and parts[1].isdigit() and pid_exists(int(parts[1]))
