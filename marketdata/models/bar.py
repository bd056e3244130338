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
    """The bars that count: what their series says of its ends, its revision and its replaced period decides.

    An import writes rows ahead of its end (`marketdata.store.ahead`): beyond the first and the last bar, or under the
    next revision. Nobody sees them before the series says so, in the import's last and short transaction; the rows
    that they replace are not seen from the same moment on.
    """

    def get_queryset(self) -> Any:
        return (
            super()
            .get_queryset()
            .filter(
                models.Q(series__replaced_first=None)
                | models.Q(revision__gte=models.F("series__replaced_before"))
                | models.Q(timestamp__lt=models.F("series__replaced_first"))
                | models.Q(timestamp__gt=models.F("series__replaced_last")),
                timestamp__gte=models.F("series__first_time"),
                timestamp__lte=models.F("series__last_time"),
                revision__lte=models.F("series__revision"),
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
    revision = models.IntegerField(_("revision"), default=0, db_default=0, editable=False)

    objects = MarketDataManager()
    written = models.Manager()  # noqa: DJ012  all rows, also those that an import has written ahead

    class Meta:
        ordering = ["series", "timestamp"]
        verbose_name = _("bar")
        verbose_name_plural = _("bars")
        constraints = [
            # Its index serves every query: rows are always asked for by series, in order of time. Of one time there
            # are two rows only while one replaces the other; one of them counts.
            models.UniqueConstraint(
                fields=["series", "timestamp", "revision"], name="marketdata_series_timestamp"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.symbol} {self.timestamp:%Y-%m-%d %H:%M}"
