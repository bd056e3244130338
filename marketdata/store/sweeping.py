"""Removing the rows of a series that do not count: beyond its ends, replaced, or written by an import that failed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from marketdata.models import MarketData, Series


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
            chosen, self.begin = _first(rest, self.limit)
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
        chosen, beyond = _first(rows, self.limit)
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


def _first(rows: QuerySet[MarketData], limit: int) -> tuple[QuerySet[MarketData], datetime | None]:
    """Return the first `limit` rows, by whole times, and the time at which the others begin, if there are any."""
    times = rows.order_by("timestamp").values_list("timestamp", flat=True)
    beyond = next(iter(times[limit : limit + 1]), None)
    return (rows if beyond is None else rows.filter(timestamp__lt=beyond)), beyond
