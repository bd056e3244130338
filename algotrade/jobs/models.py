"""The one life cycle of long work.

queued -> running -> succeeded | failed | cancelled, and back from running to queued when a worker was lost. What makes
each change of state happen once is in `transitions.py`.
"""

import uuid
from datetime import timedelta
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from algotrade.jobs.kinds import kind_of_row
from algotrade.jobs.querysets import JobQuerySet
from algotrade.jobs.transitions import MAX_ATTEMPTS, QUEUE_LIMIT, Transitions, from_now, lease_from_now

__all__ = ["MAX_ATTEMPTS", "QUEUE_LIMIT", "Job", "Worker", "WorkerQuerySet", "from_now", "lease_from_now"]

WORKER_SILENCE = timedelta(seconds=20)
# Below these a rate says nothing about what is left.
LEAST_PROGRESS, LEAST_SECONDS = 0.01, 1.0


class Job(Transitions):
    """One piece of long work, of any kind."""

    class State(models.TextChoices):
        QUEUED = "queued", _("queued")
        RUNNING = "running", _("running")
        SUCCEEDED = "succeeded", _("succeeded")
        FAILED = "failed", _("failed")
        CANCELLED = "cancelled", _("cancelled")

    ACTIVE = (State.QUEUED, State.RUNNING)
    TERMINAL = (State.SUCCEEDED, State.FAILED, State.CANCELLED)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="jobs")
    kind = models.CharField(_("kind"), max_length=60)
    title = models.CharField(_("title"), max_length=200)
    payload = models.JSONField(default=dict)
    result_url = models.CharField(max_length=200, blank=True)
    is_long = models.BooleanField(default=False, db_default=False)
    request_id = models.CharField(max_length=64, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.QUEUED)
    fence = models.PositiveIntegerField(default=0)
    attempt = models.PositiveSmallIntegerField(_("attempt"), default=0)
    worker = models.CharField(_("worker"), max_length=120, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    deadline_at = models.DateTimeField(_("deadline"))
    seq = models.PositiveIntegerField(default=0)
    progress = models.FloatField(_("progress"), default=0.0)
    progress_from = models.FloatField(default=0.0)
    message = models.CharField(_("message"), max_length=300, blank=True)
    interruption = models.CharField(
        max_length=300,
        blank=True,
        default="",
        db_default="",
        help_text=_("Why the attempt before this one came to nothing."),
    )
    cancel_requested_at = models.DateTimeField(null=True, blank=True)
    error_code = models.CharField(_("error"), max_length=60, blank=True)
    error_detail = models.TextField(_("reason"), blank=True)
    timings = models.JSONField(default=dict)
    created_at = models.DateTimeField(_("submitted"), default=timezone.now, db_index=True)
    started_at = models.DateTimeField(_("started"), null=True, blank=True)
    finished_at = models.DateTimeField(_("ended"), null=True, blank=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        verbose_name = _("job")
        verbose_name_plural = _("jobs")
        indexes = [
            models.Index(fields=["state", "created_at"], name="job_state_created"),
            models.Index(fields=["owner", "-created_at"], name="job_owner_created"),
            models.Index(fields=["owner", "-started_at"], name="job_owner_started"),
            models.Index(fields=["state", "owner"], name="job_state_owner"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="running", lease_until__isnull=False)
                | (~Q(state="running") & Q(lease_until__isnull=True)),
                name="job_lease_iff_running",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_terminal(self) -> bool:
        return self.state in self.TERMINAL

    @property
    def is_cancelling(self) -> bool:
        return self.cancel_requested_at is not None and not self.is_terminal

    @property
    def can_cancel(self) -> bool:
        return self.state in self.ACTIVE and self.cancel_requested_at is None

    @property
    def label(self) -> str:
        return str(kind_of_row(self.kind).label)

    @property
    def seconds(self) -> float | None:
        """How long the last attempt has run, or ran; None while it waits, also for another attempt."""
        if self.started_at is None or self.state == self.State.QUEUED:
            return None
        return ((self.finished_at or timezone.now()) - self.started_at).total_seconds()

    @property
    def eta(self) -> float | None:
        """Seconds that are probably left, by the rate of this attempt; None where that says nothing yet."""
        if self.state != self.State.RUNNING or self.seconds is None:
            return None
        done = self.progress - self.progress_from
        if done < LEAST_PROGRESS or self.seconds < LEAST_SECONDS:
            return None
        return self.seconds * (1.0 - self.progress) / done


class WorkerQuerySet(models.QuerySet):
    def alive(self) -> Self:
        return self.filter(seen_at__gt=timezone.now() - WORKER_SILENCE)


class Worker(models.Model):
    """A pool that has reported: where it runs and how many of its places are taken."""

    name = models.CharField(_("name"), max_length=120, primary_key=True)
    places = models.PositiveSmallIntegerField(_("places"))
    busy = models.PositiveSmallIntegerField(_("busy"), default=0)
    started_at = models.DateTimeField(_("started"), default=timezone.now)
    seen_at = models.DateTimeField(_("last seen"), default=timezone.now)

    objects = WorkerQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        verbose_name = _("worker")
        verbose_name_plural = _("workers")

    def __str__(self) -> str:
        return self.name

    @property
    def is_alive(self) -> bool:
        return self.seen_at > timezone.now() - WORKER_SILENCE
