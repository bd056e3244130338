"""A copy of everything that somebody owns, as one file to download."""

from pathlib import Path

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models.owned import OwnedModel, OwnedQuerySet
from algotrade.jobs.computed import ComputedModel, ComputedQuerySet

FOLDER = "exports"


class DataExportQuerySet(OwnedQuerySet, ComputedQuerySet):
    sortable = ("created_at", "size")


class DataExport(OwnedModel, ComputedModel):
    """Asked for by the user, written by a job, removed after some days."""

    created_at = models.DateTimeField(_("asked for"), default=timezone.now, editable=False)
    path = models.CharField(max_length=200, blank=True, editable=False)
    size = models.BigIntegerField(_("size"), default=0, editable=False)
    expires_at = models.DateTimeField(_("is removed"), null=True, blank=True, editable=False)

    objects = DataExportQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        verbose_name = _("copy of one's data")
        verbose_name_plural = _("copies of one's data")

    def __str__(self) -> str:
        return f"algotrade-lab-{self.user}-{self.created_at:%Y-%m-%d}.zip"

    def get_absolute_url(self) -> str:
        return reverse("accounts:data")

    @property
    def file(self) -> Path:
        """Where the file lies, or would."""
        return Path(settings.MEDIA_ROOT) / self.path

    @property
    def can_download(self) -> bool:
        return self.is_succeeded and bool(self.path)
