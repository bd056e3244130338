"""Local times turned into UTC by a table of the changes of a zone's clocks, many at once."""

from __future__ import annotations

import datetime as dt
import zoneinfo

import numpy as np
from numpy.typing import NDArray

from marketdata.reading.moments import EPOCH
from marketdata.reading.streaming.moment_kernels import DAY, SECOND

_DAY_SECONDS = 86_400


class ZoneTable:
    """When the clocks of a zone change, as far as it was asked for.

    The changes are found by comparing the offset at each midnight UTC with the one before and halving that day; no
    zone changes its clocks twice within one.
    """

    def __init__(self, zone: zoneinfo.ZoneInfo) -> None:
        self._zone = zone
        self._days: tuple[int, int] | None = None  # from one midnight to another
        self._changes: list[tuple[int, int, int]] = []

    def utc(self, local: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Turn local nanoseconds into UTC ones; True marks those that exist twice or never."""
        if not local.size:
            return local, np.zeros(0, dtype=bool)
        self._cover(int(local.min()), int(local.max()))
        after = np.searchsorted(self._ends, local, side="right")
        doubtful = local >= self._begins[after]
        return local - self._offsets[after], doubtful

    def midnights(self, utc: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the local dates of instants as nanoseconds of their midnight UTC."""
        if not utc.size:
            return utc
        self._cover(int(utc.min()), int(utc.max()))
        local: NDArray[np.int64] = utc + self._offsets[np.searchsorted(self._instants, utc, side="right")]
        return local - local % DAY

    def _cover(self, first: int, last: int) -> None:
        """Look for changes up to two days around a range of nanoseconds: no offset is larger."""
        first_day, last_day = first // DAY - 2, last // DAY + 2
        known_first, known_last = self._days or (first_day, first_day)
        if self._days and known_first <= first_day and last_day <= known_last:
            return
        first_day, last_day = min(first_day, known_first), max(last_day, known_last)
        earlier, later = self._between(first_day, known_first), self._between(known_last, last_day)
        self._changes = [*earlier, *self._changes, *later]
        self._days = first_day, last_day
        self._arrange(self._offset(first_day * _DAY_SECONDS))

    def _between(self, first_day: int, last_day: int) -> list[tuple[int, int, int]]:
        """The changes after one midnight up to another: (UTC second, offset before, offset after)."""
        found = []
        before = self._offset(first_day * _DAY_SECONDS)
        for day in range(first_day + 1, last_day + 1):
            offset = self._offset(day * _DAY_SECONDS)
            if offset != before:
                low, high = (day - 1) * _DAY_SECONDS, day * _DAY_SECONDS
                while high - low > 1:
                    middle = (low + high) // 2
                    if self._offset(middle) == before:
                        low = middle
                    else:
                        high = middle
                found.append((high, before, offset))
                before = offset
        return found

    def _offset(self, second: int) -> int:
        offset = (EPOCH + dt.timedelta(seconds=second)).astimezone(self._zone).utcoffset()
        return 0 if offset is None else int(offset.total_seconds())

    def _arrange(self, first_offset: int) -> None:
        """Make columns of the changes; after the last of them nothing begins."""
        changes = np.array(self._changes, dtype=np.int64).reshape(-1, 3)
        instants, before, after = changes.T * SECOND
        self._instants = instants
        self._offsets = np.append(first_offset * SECOND, after)
        self._ends = instants + np.maximum(before, after)
        self._begins = np.append(instants + np.minimum(before, after), np.iinfo(np.int64).max)
