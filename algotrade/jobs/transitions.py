"""The changes of a job's state. Each owns its transaction, and tells the rooms only after the commit.

A claim raises the fence; each later write names the fence it holds, so a worker that was presumed dead and comes back
writes to no row. The terminal state and the result share one transaction. Every change of state locks the owner's row
first, then the job's: whoever deletes, cancels or ends work of one owner does so one after the other.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.db import models, transaction
from django.db.models import F
from django.db.models.functions import Coalesce, Now
from django.utils.translation import gettext_lazy as _

from algotrade.jobs import checkpoints, events, measuring
from algotrade.jobs.errors import JobCancelled, LeaseLost
from algotrade.jobs.kinds import kind_of_row
from algotrade.jobs.querysets import JobQuerySet, lock_owner

QUEUE_LIMIT = timedelta(hours=24)
MAX_ATTEMPTS = 3


def from_now(delta: timedelta) -> models.ExpressionWrapper:
    """A moment by the database's clock, which all workers share."""
    return models.ExpressionWrapper(Now() + models.Value(delta), output_field=models.DateTimeField())


def lease_from_now() -> models.ExpressionWrapper:
    """Until when a worker that has just reported keeps its job."""
    return from_now(timedelta(seconds=settings.JOB_LEASE_SECONDS))


class Transitions(models.Model):
    """Base of `Job`, which has the columns. `waiting_since` is known of a job that was claimed through this object."""

    waiting_since: datetime | None = None

    class Meta:
        abstract = True

    def claim(self, worker: str) -> bool:
        """queued -> running under a new fence. False: somebody else was first, or the owner has enough running."""
        limit = timedelta(seconds=kind_of_row(self.kind).time_limit)
        self.waiting_since = self.deadline_at - QUEUE_LIMIT
        with transaction.atomic():
            lock_owner(self.owner_id)  # two workers must not both see that there is room for one more
            won = (
                self._row()
                .free_to_begin()
                .update(
                    state=self.State.RUNNING,
                    fence=F("fence") + 1,
                    attempt=F("attempt") + 1,
                    seq=F("seq") + 1,
                    worker=worker,
                    lease_until=lease_from_now(),
                    deadline_at=from_now(limit),
                    started_at=Now(),
                    progress_from=F("progress"),
                    message="",
                )
            )
            if won:
                self._after_change()
        return bool(won)

    def heartbeat(self) -> bool:
        """Extend the lease; True when the owner wants the job to stop. Raises LeaseLost for a fenced-off worker."""
        if not self._held().update(lease_until=lease_from_now()):
            raise LeaseLost(str(self.pk))
        return self._held().filter(cancel_requested_at__isnull=False).exists()

    def record_progress(self, progress: float, message: str) -> None:
        """Keep a copy of the progress, so that a page opened now starts from it. It never goes back."""
        self.progress = max(self.progress, min(1.0, progress))
        self.message = message[:300]
        self.seq += 1
        kept = self._held().update(progress=self.progress, message=self.message, seq=self.seq)
        if not kept:
            raise LeaseLost(str(self.pk))

    def succeed(self, store: Callable[[], None], timings: dict[str, float]) -> None:
        """Write the result and the terminal state in one transaction. JobCancelled: a cancel was accepted before."""
        with transaction.atomic():
            lock_owner(self.owner_id)
            if self._held().filter(cancel_requested_at__isnull=False).exists():
                raise JobCancelled(str(self.pk))
            self._end(self.State.SUCCEEDED, progress=1.0, message="", timings=timings)
            store()
            self._after_change()

    def fail(self, code: str, detail: str) -> None:
        """End in error, with words for the page. A running job must still be held; a waiting one may fail too."""
        with transaction.atomic():
            lock_owner(self.owner_id)
            self._end(self.State.FAILED, error_code=code, error_detail=detail)
            self._after_change()

    def cancel(self) -> None:
        """End because its owner asked for it."""
        with transaction.atomic():
            lock_owner(self.owner_id)
            self._end(self.State.CANCELLED, message="")
            self._after_change()

    def give_back(
        self, reason: str, *, attempts: int = MAX_ATTEMPTS, counted: bool = True, code: str = "worker_lost"
    ) -> None:
        """It cannot go on here: wait again, or end when it was cancelled or has been tried often enough."""
        with transaction.atomic():
            lock_owner(self.owner_id)
            if self._held().filter(cancel_requested_at__isnull=False).exists():
                self.cancel()
                return
            if counted and self.attempt >= attempts:
                tried = _("%(reason)s It was tried %(attempts)d times.")
                self.fail(code, tried % {"reason": reason, "attempts": self.attempt})
                return
            kept = self._held().update(
                state=self.State.QUEUED,
                lease_until=None,
                worker="",
                attempt=self.attempt if counted else F("attempt") - 1,
                deadline_at=from_now(QUEUE_LIMIT),
                seq=F("seq") + 1,
                message=reason[:300],
                interruption=reason[:300],
            )
            if not kept:
                raise LeaseLost(str(self.pk))
            self._after_change()

    def request_cancel(self) -> bool:
        """A waiting job ends at once, a running one is told to stop. False when it had ended already."""
        flagged = self._row()
        with transaction.atomic():
            lock_owner(self.owner_id)
            if flagged.filter(state=self.State.QUEUED).update(
                state=self.State.CANCELLED,
                cancel_requested_at=Now(),
                started_at=None,  # of an attempt that was given back: it did not run until now
                finished_at=Now(),
                seq=F("seq") + 1,
            ):
                self._after_change()
                return True
            told = flagged.filter(state=self.State.RUNNING).update(
                cancel_requested_at=Coalesce(F("cancel_requested_at"), Now())
            )
            self.refresh_from_db()
            if told:
                transaction.on_commit(lambda: events.publish(self))
            return bool(told)

    def retry(self) -> bool:
        """failed or cancelled -> queued, with its attempts counted anew. False when it is in another state."""
        again = self._row().filter(state__in=(self.State.FAILED, self.State.CANCELLED))
        with transaction.atomic():
            lock_owner(self.owner_id)
            changed = again.update(
                state=self.State.QUEUED,
                attempt=0,
                progress=0.0,
                progress_from=0.0,
                message="",
                interruption="",
                error_code="",
                error_detail="",
                cancel_requested_at=None,
                started_at=None,
                finished_at=None,
                seq=F("seq") + 1,
                deadline_at=from_now(QUEUE_LIMIT),
            )
            if changed:
                self._after_change()
            else:
                self.refresh_from_db()
            return bool(changed)

    def _row(self) -> JobQuerySet:
        return type(self).objects.filter(pk=self.pk)

    def _held(self) -> JobQuerySet:
        return self._row().filter(state=self.State.RUNNING, fence=self.fence)

    def _end(self, state: str, **fields: Any) -> None:
        rows = self._row().filter(fence=self.fence, state=self.state)
        if self.state not in self.ACTIVE or not rows.update(
            state=state, lease_until=None, finished_at=Now(), seq=F("seq") + 1, **fields
        ):
            raise LeaseLost(str(self.pk))

    def _after_change(self) -> None:
        self.refresh_from_db()
        kind = kind_of_row(self.kind)
        if kind.on_state is not None:
            kind.on_state(self)
        if self.is_terminal:
            transaction.on_commit(partial(checkpoints.discard, self.pk))
        transaction.on_commit(lambda: events.publish(self))
        transaction.on_commit(lambda: measuring.changed(self))
