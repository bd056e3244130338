"""What one socket has told of its jobs, so that it can find out what it missed.

Rooms are memory: a Redis that was emptied has forgotten who is in them, and a full mailbox drops messages. The rows
know better. From time to time each socket compares them with what it told.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from channels.db import database_sync_to_async
from django.db.models import Q
from django.utils import timezone

from algotrade.jobs.looking import MOST_ROWS, JobsOf, OneJob, look
from algotrade.jobs.models import Job
from algotrade.jobs.querysets import JobQuerySet

OVERLAP = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Told:
    """The newest state of a job that was told: its number and whether it was being cancelled; when, if it was its end.

    Asking for a cancel raises no number, so that it never stands beside one of the process that counts on.
    """

    change: tuple[int, bool]
    ended: datetime | None = None


NOTHING = Told((-1, False))


class Following:
    """The jobs that one socket follows (one, a user's, or everybody's), each with the newest state that it told."""

    def __init__(self, job_id: uuid.UUID | None = None, *, of_all: bool = False) -> None:
        self._job_id = job_id
        self._of_all = of_all
        self._told: dict[str, Told] = {}
        self._since = timezone.now()

    @database_sync_to_async
    def begin(self, user: Any) -> Job | None:
        """Take the present for told. The one job that is followed; None where all are, or the user has no such."""
        if self._job_id is None:
            just_now = Q(finished_at__gte=self._since - OVERLAP)
            for job in (
                self._visible(user)
                .filter(Q(state__in=Job.ACTIVE) | just_now)
                .only("seq", "state", "cancel_requested_at")
            ):
                self._note(job)
            return None
        job = self._visible(user).filter(pk=self._job_id).first()
        if job is not None:
            self._note(job)
        return job

    async def may_see(self, user: Any) -> bool:
        """Whether the user still may see what is followed."""
        if self._job_id is None:
            return bool(user.is_staff or not self._of_all)
        rows = await look(OneJob(str(self._job_id)))
        return bool(rows) and _may_see(user, rows[0])

    def is_new(self, message: dict[str, Any]) -> bool:
        """Whether a message is newer than what was told; it counts as told now."""
        change = message["seq"], message["cancelling"]
        if change <= self._told.get(message["id"], NOTHING).change:
            return False
        self._keep(message["id"], change, over=message["state"] in Job.TERMINAL)
        return True

    async def missed(self, user: Any) -> list[Job]:
        """Jobs that have changed without being told here, oldest first; they count as told now."""
        asked_at, since = timezone.now(), self._since - OVERLAP
        open_here = [pk for pk, told in self._told.items() if not told.ended]
        if self._job_id is not None:
            rows = await look(OneJob(str(self._job_id)))
            rows = [job for job in rows if _may_see(user, job)]
        else:
            owner_id = None if self._of_all else user.pk
            rows = await look(JobsOf(owner_id, tuple(open_here[:MOST_ROWS]), since))
        jobs = [job for job in rows if _change(job) > self._told.get(str(job.pk), NOTHING).change]
        for job in jobs:
            self._note(job)
        if self._job_id is None:  # what ended before the next look asks for ends is looked at no more
            self._told = {pk: told for pk, told in self._told.items() if not told.ended or told.ended > since}
        self._since = asked_at
        return jobs

    def _note(self, job: Job) -> None:
        self._keep(str(job.pk), _change(job), over=job.is_terminal)

    def _keep(self, pk: str, change: tuple[int, bool], *, over: bool) -> None:
        self._told[pk] = Told(change, timezone.now() if over else None)

    def _visible(self, user: Any) -> JobQuerySet:
        watches_others = user.is_staff and (self._of_all or self._job_id is not None)
        return Job.objects.all() if watches_others else Job.objects.for_user(user)


def _may_see(user: Any, job: Job) -> bool:
    return bool(user.is_staff or job.owner_id == user.pk)


def _change(job: Job) -> tuple[int, bool]:
    return job.seq, job.is_cancelling
