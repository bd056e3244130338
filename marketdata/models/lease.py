"""Who is writing into a series right now."""

from __future__ import annotations

from typing import Self

from django.db import models
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from marketdata.models.series import Series


class WriteLeaseQuerySet(models.QuerySet):
    """Leases, by whether anybody still stands behind them."""

    def left_behind(self) -> Self:
        """Those that have run out: of imports that were killed, or that replaced rows, and of deleted series."""
        return self.filter(until__lte=now())


class WriteLease(models.Model):
    """The right of one import to write rows of a series ahead of its end. There is one at a time for each series.

    `holder` is the job and its fence ("<job>:<fence>"), or a command. What the holder of a lease that has run out left
    (rows that do not count, a draft series, a file) goes with the next import or the collector.
    """

    series = models.OneToOneField(Series, on_delete=models.CASCADE, related_name="write_lease")
    holder = models.CharField(_("held by"), max_length=80)
    until = models.DateTimeField(_("held until"))
    path = models.CharField(_("file"), max_length=120, blank=True)
    created_at = models.DateTimeField(_("begun"), default=now)

    objects = WriteLeaseQuerySet.as_manager()

    class Meta:
        verbose_name = _("write lease")
        verbose_name_plural = _("write leases")

    def __str__(self) -> str:
        return f"{self.series_id} · {self.holder}"

    def is_of(self, holder: str) -> bool:
        """Whether it is of the same job, maybe of an earlier attempt."""
        return self.holder.partition(":")[0] == holder.partition(":")[0]

    @property
    def is_live(self) -> bool:
        """Whether its holder may still write."""
        return self.until > now()
