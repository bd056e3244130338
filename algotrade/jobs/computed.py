"""Rows that a job computes. Each mirrors its job's state and, through `follow`, can never disagree with it."""

from collections.abc import Iterable
from typing import Self, TypeVar

from django.db import models, transaction
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from algotrade.audit.actions import Action
from algotrade.audit.services import record
from algotrade.jobs import services
from algotrade.jobs.errors import AlreadyEnded
from algotrade.jobs.models import Job
from algotrade.jobs.querysets import lock_owner


class ComputedQuerySet(models.QuerySet):
    """Rows, by how their computation stands."""

    def succeeded(self) -> Self:
        return self.filter(status=Job.State.SUCCEEDED)


class ComputedModel(models.Model):
    """Base of what a job computes for its `user`. The app's job kind takes `follow` as its `on_state`."""

    status = models.CharField(_("status"), max_length=10, choices=Job.State, default=Job.State.QUEUED)
    job = models.OneToOneField(
        Job,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="%(class)s",
        verbose_name=_("job"),
    )
    error_code = models.CharField(_("error"), max_length=60, blank=True)
    error_detail = models.TextField(_("reason"), blank=True)
    finished_at = models.DateTimeField(_("ended"), null=True, blank=True)

    class Meta:
        abstract = True

    @property
    def is_active(self) -> bool:
        return self.status in Job.ACTIVE

    @property
    def is_succeeded(self) -> bool:
        return self.status == Job.State.SUCCEEDED

    def queue(self, kind: str, title: str, key: str, *, long: bool = False) -> None:
        """Store it together with the job that computes it, whose payload names the row under `key`.

        `long` as in `services.submit`.
        """
        with transaction.atomic():
            lock_owner(self.user.pk)
            self.save()
            self.job = services.submit(
                kind=kind,
                owner=self.user,
                title=title,
                payload={key: self.pk},
                result_url=self.get_absolute_url(),
                long=long,
            )
            self.save(update_fields=["job"])

    def discard(self) -> None:
        """Delete it, stopping its job if that still runs. The job stays in the list, without a link to nowhere."""
        with transaction.atomic():
            lock_owner(self.user_id)
            if self.job is not None:
                if self.job.can_cancel:
                    self.job.request_cancel()
                Job.objects.filter(pk=self.job.pk).update(result_url="")
            record(Action.DELETED, target=self)
            self.delete()

    @classmethod
    def follow(cls, job: Job) -> None:
        """Copy the job's state; called in the transaction of each of its changes."""
        cls._default_manager.filter(job=job).update(
            status=job.state,
            error_code=job.error_code,
            error_detail=job.error_detail,
            finished_at=job.finished_at,
        )


Row = TypeVar("Row", bound=ComputedModel)


class ComputedService:
    """What every app's service does with its rows alike."""

    @classmethod
    def cancel(cls, row: Row) -> Row:
        """Ask a waiting or running one to stop."""
        if row.job is None:
            raise AlreadyEnded(gettext("This has ended already: there is nothing to cancel."))
        services.request_cancel(row.job)
        row.refresh_from_db(fields=["status", "finished_at"])
        return row

    @classmethod
    def delete(cls, rows: Iterable[ComputedModel]) -> int:
        """Delete rows; those still running are stopped. Their jobs stay in the list of jobs."""
        deleted = 0
        with transaction.atomic():
            for row in rows:
                row.discard()
                deleted += 1
        return deleted
