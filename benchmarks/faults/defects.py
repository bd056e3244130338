"""Defects that are planted on purpose, to see that the suite finds them. Nothing of the product knows of them.

Each takes one promise of the job system away by replacing functions of the running process. They are loaded by
`plugin.py` when `CHAOS_DEFECT` names one, in every process of a lab.
"""

import time
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from algotrade.jobs import computed, dispatch, events, pool, processes, services
from algotrade.jobs.errors import LeaseLost, QueueFull
from algotrade.jobs.kinds import get_kind
from algotrade.jobs.models import Job, from_now
from algotrade.jobs.querysets import JobQuerySet

LONG_LEASE = timedelta(days=1)
PAUSE, LONG_PAUSE = 0.3, 1.0


def no_fence() -> None:
    Job._held = lambda self: Job.objects.filter(pk=self.pk)
    Job._end = _end_without_fence


def _end_without_fence(self, state, **fields):
    Job.objects.filter(pk=self.pk).update(
        state=state, lease_until=None, finished_at=Now(), seq=F("seq") + 1, **fields
    )


def no_sweeper() -> None:
    services.sweep = lambda: 0


def no_lease() -> None:
    claim = Job.claim

    def claiming(self, worker):
        won = claim(self, worker)
        if won:
            Job.objects.filter(pk=self.pk).update(lease_until=from_now(LONG_LEASE))
        return won

    Job.claim = claiming
    Job.heartbeat = _beat_without_lease


def _beat_without_lease(self):
    if not self._held().exists():
        raise LeaseLost(str(self.pk))
    return self._held().filter(cancel_requested_at__isnull=False).exists()


def heartbeat_never_extends() -> None:
    Job.heartbeat = _beat_without_lease


def claim_without_condition() -> None:
    """Two workers that see the same waiting job both take it."""

    def claiming_next(self, worker, *, short_only=False):
        job = self.fairly_ordered(short_only=short_only).first()
        return job if job is not None and job.claim(worker) else None

    def claiming(self, worker):
        time.sleep(PAUSE)
        with transaction.atomic():
            Job.objects.filter(pk=self.pk).update(
                state="running",
                fence=F("fence") + 1,
                attempt=F("attempt") + 1,
                seq=F("seq") + 1,
                worker=worker,
                lease_until=from_now(timedelta(seconds=settings.JOB_LEASE_SECONDS)),
                deadline_at=from_now(timedelta(seconds=get_kind(self.kind).time_limit)),
                started_at=Now(),
            )
            self._after_change()
        return True

    JobQuerySet.claim_next = claiming_next
    Job.claim = claiming


def result_apart_from_end() -> None:
    succeed = Job.succeed

    def succeeding(self, store, timings):
        succeed(self, lambda: None, timings)
        time.sleep(PAUSE)
        with transaction.atomic():
            store()

    Job.succeed = succeeding


def result_before_end() -> None:
    succeed = Job.succeed

    def succeeding(self, store, timings):
        with transaction.atomic():
            store()
        time.sleep(PAUSE)
        succeed(self, lambda: None, timings)

    Job.succeed = succeeding


def late_acknowledgement() -> None:
    """A job is only taken off the queue by its end, as a message that is acknowledged late: it comes back for ever."""
    give_back = Job.give_back

    def giving_back(self, reason, **options):
        give_back(self, reason, **{**options, "counted": False})

    Job.give_back = giving_back


def quota_counted_first() -> None:
    def counting(owner_id, *args, **kwargs):
        if Job.objects.queued().filter(owner_id=owner_id).count() >= settings.JOB_MAX_QUEUED_PER_USER:
            raise QueueFull("Full.")
        time.sleep(LONG_PAUSE)

    services._take_place_in_queue = counting
    computed.lock_owner = lambda pk: None


def progress_goes_back() -> None:
    def recording(self, progress, message):
        self.progress, self.message = progress, message[:300]
        self.seq += 1
        if not self._held().update(progress=self.progress, message=self.message, seq=self.seq):
            raise LeaseLost(str(self.pk))

    Job.record_progress = recording


def cancel_ignored() -> None:
    heartbeat = Job.heartbeat

    def beating(self):
        heartbeat(self)
        return False

    def succeeding(self, store, timings):
        with transaction.atomic():
            self._end(self.State.SUCCEEDED, progress=1.0, message="", timings=timings)
            store()
            self._after_change()

    Job.heartbeat, Job.succeed = beating, succeeding
    pool.LocalPool._end_stubborn = lambda self: None


def message_is_the_queue() -> None:
    """A worker looks when a message tells it to and never by itself, and messages are lost."""
    pool.POLL_SECONDS = 1e9
    dispatch.nudge = lambda: None


def submission_needs_the_broker() -> None:
    def nudging(*args, **kwargs):
        from celery import current_app

        with current_app.connection_for_write(connect_timeout=0.5) as connection:
            connection.ensure_connection(max_retries=0)
        current_app.send_task("jobs.run_next", expires=60)

    dispatch.nudge = nudging


def no_deadline() -> None:
    services.end_overdue = lambda job: None
    pool.LocalPool._end_stubborn = lambda self: None


def no_memory_limit() -> None:
    processes.limit_memory = lambda megabytes: None


def sockets_never_look() -> None:
    """An open socket hears what its room says and never finds out what it missed."""
    from algotrade.jobs.consumers import JobConsumer

    async def catching_up(self):
        return None

    JobConsumer._catch_up = catching_up


def news_to_jobs_alone() -> None:
    """What happens to a job is told in its own room, and in that of its user only when a socket looks by itself."""

    async def sending(owner_id, message):
        event = {"type": "job.event", "message": message}
        await events.get_channel_layer().group_send(f"job.{message['id']}", event)

    events._send = sending


def edited_while_it_runs() -> None:
    """A run reads the strategy as it is now, and not as it was when the run was asked for."""
    from backtests.services import BacktestService

    compute = BacktestService.run_backtest.__func__

    def computing(cls, result, *args, **options):
        if result.strategy is not None and result.strategy_type == "paced":
            time.sleep(1.0)
            result.strategy.refresh_from_db()
            result.parameters = result.strategy.parameters
        return compute(cls, result, *args, **options)

    BacktestService.run_backtest = classmethod(computing)
