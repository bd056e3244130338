"""Submitting, cancelling, retrying and sweeping jobs."""

import logging
import socket
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from algotrade import meters
from algotrade.files import discard_drafts
from algotrade.jobs import checkpoints, dispatch, events, measuring
from algotrade.jobs.errors import AlreadyEnded, QueueFull
from algotrade.jobs.kinds import get_kind, kind_of_row
from algotrade.jobs.models import QUEUE_LIMIT, Job, Worker
from algotrade.jobs.processes import pid_exists
from algotrade.jobs.querysets import lock_owner
from algotrade.logging import request_id

logger = logging.getLogger(__name__)
SWEEP_BATCH = 200
FORGET_WORKERS_AFTER = FORGET_DRAFTS_AFTER = timedelta(days=1)


def submit(
    *,
    kind: str,
    owner: Any,
    title: str,
    payload: dict[str, Any] | None = None,
    result_url: str = "",
    long: bool = False,
) -> Job:
    """Queue a job, in the caller's transaction if there is one; workers hear of it after the commit.

    It counts as `long` also where its kind as a whole does: a pool of several places keeps its first one free of it.
    """
    known = get_kind(kind)
    with transaction.atomic():
        _take_place_in_queue(owner.pk)
        job = Job.objects.create(
            owner=owner,
            kind=known.name,
            title=title[:200],
            payload=payload or {},
            result_url=result_url,
            is_long=long or known.long,
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
    lock_owner(owner_id)
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
    again, because a message may have been lost. All by the database's clock.
    """
    touched = 0
    meters.sweeps.add()
    running, queued = Q(state=Job.State.RUNNING), Q(state=Job.State.QUEUED)
    for broken, mend in (
        (running & Q(deadline_at__lt=Now()), end_overdue),
        (running & Q(lease_until__lt=Now()), release),
        (queued & Q(deadline_at__lt=Now()), give_up),
    ):
        for job in Job.objects.filter(broken).only("pk", "owner")[:SWEEP_BATCH]:
            touched += _mended(job, broken, mend)
    Worker.objects.filter(seen_at__lt=timezone.now() - FORGET_WORKERS_AFTER).delete()
    if Job.objects.queued().exists():
        dispatch.nudge()
    return touched


def recover_host(host: str | None = None, *, pool: str = "") -> int:
    """At start-up: jobs that a dead process of this machine left running wait again at once.

    A pool that has just started has claimed nothing: what runs under its own name (containers number their processes
    alike each time) is a dead one's, too.
    """
    prefix = f"{host or socket.gethostname()}:"
    running = Q(state=Job.State.RUNNING)
    lost = [
        job
        for job in Job.objects.filter(running, worker__startswith=prefix).only("pk", "owner", "worker")
        if job.worker.startswith(f"{pool}:") or not _alive(job.worker)
    ]
    return sum(_mended(job, running & Q(worker=job.worker), release) for job in lost)


def discard_left_behind() -> int:
    """Remove the checkpoints of jobs that have ended or are gone, and drafts of files whose writers were killed."""
    kept = checkpoints.job_ids()
    needed = set(Job.objects.active().filter(pk__in=kept).values_list("pk", flat=True))
    orphans = [job_id for job_id in kept if job_id not in needed]
    for job_id in orphans:
        checkpoints.discard(job_id)
    drafts = sum(
        discard_drafts(Path(root), older_than_seconds=FORGET_DRAFTS_AFTER.total_seconds())
        for root in (settings.MEDIA_ROOT, settings.CHECKPOINT_ROOT)
    )
    return len(orphans) + drafts


def end_overdue(job: Job) -> None:
    """End a job that has run longer than its kind may."""
    limit = kind_of_row(job.kind).time_limit
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


def _mended(job: Job, broken: Q, mend: Callable[[Job], None]) -> int:
    """Mend a job if it is still broken once nobody else changes it; one that is being written to is alive."""
    with transaction.atomic():
        lock_owner(job.owner_id)
        rows = Job.objects.select_for_update(skip_locked=True, of=("self",))
        found = rows.filter(broken, pk=job.pk).first()
        if found is None:
            return 0
        mend(found)
    meters.jobs_swept.add()
    logger.warning("Swept job %s (%s)", job.pk, mend.__name__, extra=measuring.identity(found))
    return 1


def _alive(worker: str) -> bool:
    parts = worker.split(":")
    return len(parts) > 1 and parts[1].isdigit() and pid_exists(int(parts[1]))
