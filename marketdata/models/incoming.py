"""How bars come in: uploaded files, and one row for each time that bars were put into a series."""

from __future__ import annotations

import uuid
from typing import Any, Self

from django.db import models
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from accounts.models import OwnedModel, OwnedQuerySet
from algotrade.jobs.computed import ComputedModel, ComputedQuerySet
from algotrade.jobs.models import Job
from marketdata.models.series import Series

HEAVY_COLUMNS = ("settings", "report", "problems", "conflicts")


class Upload(OwnedModel):
    """A file on its way into a series. It is kept until its bars are stored, or for a week."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(_("file name"), max_length=200)
    path = models.CharField(_("file"), max_length=120)
    size = models.PositiveBigIntegerField(_("bytes"))
    created_at = models.DateTimeField(_("uploaded"), default=now)

    class Meta:
        ordering = ["-created_at"]
        verbose_name = _("upload")
        verbose_name_plural = _("uploads")
        indexes = [models.Index(fields=["user", "-created_at"], name="upload_user_created")]

    def __str__(self) -> str:
        return self.name


class BarImportQuerySet(ComputedQuerySet, OwnedQuerySet):
    """Imports, by whose they are and how they ended."""

    sortable = ("created_at", "finished_at", "symbol", "status", "bars_added")

    def summaries(self) -> Self:
        """Without what only the page of one import shows."""
        return self.defer(*HEAVY_COLUMNS).annotate(rows_dropped=models.F("report__rows_dropped"))

    def coming_in(self) -> Self:
        """Those that wait or run, newest first, with their jobs."""
        return self.summaries().filter(status__in=Job.ACTIVE).select_related("job")

    def last_file_into(self, series: Series) -> BarImport | None:
        """The newest import of a file that ended well in `series`, whoever made it; None without one."""
        rows = self.filter(series=series, source=BarImport.Source.FILE, status=Job.State.SUCCEEDED)
        return rows.summaries().first()


class BarImport(OwnedModel, ComputedModel):
    """Bars coming into a series, wherever they come from: what was asked, and the report of what happened.

    `settings` holds what was asked, by `source` one of the forms in `marketdata.incoming.settings`, which read it.
    `report` holds counts and named repairs; `problems` the located problems of a file, at most 1,000, and
    `conflicts` the stored bars that a file contradicts, at most 1,000.
    """

    class Source(models.TextChoices):
        FILE = "file", _("file")
        PROVIDER = "provider", _("provider")
        SYNTHETIC = "synthetic", _("generator")
        DERIVED = "derived", _("another series")
        SNAPSHOT = "snapshot", _("earlier snapshot")

    class Overlap(models.TextChoices):
        """What happens to stored bars of the period that the new bars cover."""

        EXTEND = "extend", _("add what is new; refuse when a stored bar differs")
        KEEP = "keep", _("add what is new; keep stored bars that differ")
        REPLACE = "replace", _("replace the stored bars of its period")
        REJECT = "reject", _("refuse when any bar of its period is stored")

    source = models.CharField(_("from"), max_length=10, choices=Source)
    origin = models.CharField(
        _("origin"), max_length=200, blank=True, help_text=_("The file or the provider.")
    )
    symbol = models.CharField(_("symbol"), max_length=32)
    timeframe = models.CharField(_("timeframe"), max_length=4)
    series = models.ForeignKey(
        Series,
        on_delete=models.SET_NULL,
        related_name="imports",
        null=True,
        blank=True,
        verbose_name=_("series"),
    )
    upload = models.ForeignKey(
        Upload,
        on_delete=models.SET_NULL,
        related_name="imports",
        null=True,
        blank=True,
        verbose_name=_("upload"),
    )
    bars_added = models.PositiveIntegerField(_("bars added"), null=True, blank=True)
    bars_changed = models.PositiveIntegerField(_("bars changed"), null=True, blank=True)
    bars_removed = models.PositiveIntegerField(_("bars removed"), null=True, blank=True)
    bars_unchanged = models.PositiveIntegerField(_("bars unchanged"), null=True, blank=True)
    problem_count = models.PositiveIntegerField(_("problems"), default=0)
    conflict_count = models.PositiveIntegerField(_("conflicts"), default=0)
    content_sha256 = models.CharField(
        _("fingerprint"), max_length=64, blank=True, help_text=_("What the series held afterwards.")
    )
    created_at = models.DateTimeField(_("created"), default=now)
    settings = models.JSONField(_("settings"), default=dict)
    report = models.JSONField(_("report"), default=dict)
    problems = models.JSONField(_("problems"), default=list)
    conflicts = models.JSONField(_("conflicts"), default=list)

    objects = BarImportQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        indexes = [
            models.Index(fields=["user", "-created_at", "-id"], name="import_user_created"),
            models.Index(fields=["series", "-created_at", "-id"], name="import_series_created"),
        ]

    def __str__(self) -> str:
        return f"{self.symbol} {self.timeframe} · {self.origin or self.get_source_display()}"

    def get_absolute_url(self) -> str:
        return reverse("marketdata:import_status", args=[self.pk])

    @property
    def series_label(self) -> str:
        """The label of the series that the bars went into; before there is one, its symbol and timeframe."""
        return self.series.label if self.series is not None else f"{self.symbol} {self.timeframe}"

    @property
    def rows_left_out(self) -> int | None:
        """Rows of the file that are not in the series, by the policy "drop"; None where no file was read."""
        if "rows_dropped" in self.__dict__:  # of summaries, which do not load the report
            return self.__dict__["rows_dropped"]
        return self.report.get("rows_dropped")

    @property
    def is_unchanged(self) -> bool:
        """Whether it ended well and left the series as it was."""
        return self.is_succeeded and not (self.bars_added or self.bars_changed or self.bars_removed)

    def describe(self, **counts: Any) -> None:
        """Write what is known by now, whatever the state of the job."""
        type(self).objects.filter(pk=self.pk).update(**counts)
