"""Rows that a job computes. Each mirrors its job's state and, through `follow`, can never disagree with it."""

from typing import Self

from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from algotrade.jobs.models import Job


class ComputedQuerySet(models.QuerySet):
    """Rows, by how their computation stands."""

    def succeeded(self) -> Self:
        return self.filter(status=Job.State.SUCCEEDED)


class ComputedModel(models.Model):
    """Base of what a job computes. The app's job kind takes `follow` as its `on_state`."""

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

    def discard(self) -> None:
        """Delete it, stopping its job if that still runs. The job stays in the list, without a link to nowhere."""
        with transaction.atomic():
            if self.job is not None:
                if self.job.can_cancel:
                    self.job.request_cancel()
                Job.objects.filter(pk=self.job.pk).update(result_url="")
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
