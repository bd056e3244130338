"""Removing the rows of a series that do not count: beyond its ends, replaced, or written by an import that failed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from marketdata.models import MarketData, Series
from marketdata.timeframes import get_timeframe

LONGEST_SPAN = timedelta(days=20 * 365)


@dataclass(slots=True)
class Sweep:
    """One way through a series, `limit` rows at a time, each in a transaction of the caller.

    The caller holds the lock of the series, whose fields are fresh, and nobody is writing ahead. Each step begins where
    the one before ended: PostgreSQL would walk again and again over the rows that are deleted but not yet vacuumed.
    """

    limit: int
    part: int = 0
    begin: datetime | None = None

    def step(self, series: Series) -> bool:
        """Look through the next rows and delete those that do not count; return whether there may be more."""
        for number, rows in enumerate(_beyond_the_ends(series)):
            if number < self.part:
                continue
            rest = rows if self.begin is None else rows.filter(timestamp__gte=self.begin)
            chosen, self.begin = _first(rest, self.limit, series)
            deleted = chosen.delete()[0]
            if self.begin is None:
                self.part += 1
            if deleted:
                return True
        return series.replaced_first is not None and self._step_in_replaced(series)

    def _step_in_replaced(self, series: Series) -> bool:
        """Remove what does not count from the beginning of the replaced period, and shorten the period."""
        last = series.replaced_last
        rows = MarketData.written.filter(series=series, timestamp__range=(series.replaced_first, last))
        chosen, beyond = _first(rows, self.limit, series)
        chosen.filter(Q(revision__gt=series.revision) | Q(revision__lt=series.replaced_before)).delete()
        series.replaced_first, series.replaced_last = beyond, last if beyond else None
        Series.written.filter(pk=series.pk).update(replaced_first=beyond, replaced_last=series.replaced_last)
        return True


def _beyond_the_ends(series: Series) -> Iterator[QuerySet[MarketData]]:
    """The rows before the first and after the last bar; all when the series has no bars."""
    rows = MarketData.written.filter(series=series)
    if series.first_time is None:
        yield rows
        return
    yield rows.filter(timestamp__lt=series.first_time)
    yield rows.filter(timestamp__gt=series.last_time)


def _first(
    rows: QuerySet[MarketData], limit: int, series: Series
) -> tuple[QuerySet[MarketData], datetime | None]:
    """Return the first rows, at most `limit`, and the time at which the others begin, if there are any.

    A span of time is counted and halved until it is short enough. To ask for the row after the first `limit` ones would
    be shorter, but PostgreSQL sorts all rows for that when it has not counted them lately.
    """
    times = rows.order_by("timestamp").values_list("timestamp", flat=True)
    first = times.first()
    if first is None:
        return rows.none(), None
    span = min(LONGEST_SPAN, limit * timedelta(minutes=get_timeframe(series.timeframe).minutes))
    while rows.filter(timestamp__lt=first + span).count() > limit:
        span /= 2
    return rows.filter(timestamp__lt=first + span), times.filter(timestamp__gte=first + span).first()
