"""The rows: one bar each."""

from __future__ import annotations

from typing import Any, Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from marketdata.models.series import Series


class MarketDataQuerySet(models.QuerySet):
    """Bars, by who may see their series."""

    def for_user(self, user: Any) -> Self:
        """Bars of the series that `user` sees: own and shared."""
        return self.filter(series__in=Series.objects.visible_to(user))


class MarketDataManager(models.Manager.from_queryset(MarketDataQuerySet)):  # type: ignore[misc]
    """The bars that count: those from the first to the last bar that their series says it has.

    An import writes rows ahead of its end beyond these two (`marketdata.store.leases`). Nobody sees them before the
    series says, in the import's last and short transaction, that it reaches so far.
    """

    def get_queryset(self) -> Any:
        return (
            super()
            .get_queryset()
            .filter(
                timestamp__gte=models.F("series__first_time"), timestamp__lte=models.F("series__last_time")
            )
        )


class MarketData(models.Model):
    """One bar."""

    series = models.ForeignKey(
        Series, on_delete=models.CASCADE, related_name="bars", db_index=False, verbose_name=_("series")
    )
    symbol = models.CharField(_("symbol"), max_length=32)
    timestamp = models.DateTimeField(_("time (UTC)"))
    open = models.FloatField(_("open"))
    high = models.FloatField(_("high"))
    low = models.FloatField(_("low"))
    close = models.FloatField(_("close"))
    volume = models.FloatField(_("volume"))

    objects = MarketDataManager()
    written = models.Manager()  # noqa: DJ012  all rows, also those that an import has written ahead

    class Meta:
        ordering = ["series", "timestamp"]
        verbose_name = _("bar")
        verbose_name_plural = _("bars")
        constraints = [
            # Its index serves every query: rows are always asked for by series, in order of time.
            models.UniqueConstraint(fields=["series", "timestamp"], name="marketdata_series_timestamp"),
        ]

    def __str__(self) -> str:
        return f"{self.symbol} {self.timestamp:%Y-%m-%d %H:%M}"
