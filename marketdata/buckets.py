"""Which longer bar each bar belongs to, and from when nothing more can come into it. numpy only.

With a calendar that knows its sessions:

- Buckets of minutes and hours count from the session's open, and anew from the end of a lunch break. The last one ends
  with the session, early closes included.
- A day is one session, labelled by midnight UTC of its date; a week is the sessions from Monday to Sunday, labelled by
  its Monday. Days of foreign exchange run from 17:00 to 17:00 in New York and are named by their end.
- A bar belongs to the session in which it starts, or which opens within it.
- A bar of at most five minutes that starts at the very close holds the closing auction. It belongs to the session where
  the data has had such bars: a session is waited for one when any earlier session had one, and in the first session of
  the data. One that nobody could expect counts as outside, because what was seen before it must not change.
- Bars outside of the sessions stay in buckets of their own, counted from the close before them, when minutes and hours
  are made, and are left out of days and weeks.
- Days that the calendar does not know count like days in UTC.

Without one (none, the generic exchange, markets that never close) everything is fixed in UTC: minutes and hours count
from midnight, days start at midnight, weeks on Monday.

Bars that overlap the one before (by a source that repeats itself) count from its end, for the same reason.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from marketdata.sessions import sessions_between, trading_days
from marketdata.timeframes import MINUTES_A_DAY, get_calendar, get_timeframe

Ticks = NDArray[np.int64]

DAY = 86_400_000_000_000
MONDAY = 4 * DAY
"""1970-01-01 was a Thursday: weeks that start on Monday begin four days later."""
LONGEST_AUCTION_BAR = 5
_MARGIN = np.timedelta64(10, "D")
_LEAST = np.iinfo(np.int64).min // 2


@dataclass(frozen=True, slots=True, eq=False)
class Buckets:
    """Neighbouring bars that make one longer bar each; times are nanoseconds since 1970.

    Attributes
    ----------
    rows : ndarray of int, shape (n_kept,), or None
        The bars that belong to a bucket; None when all of them do.
    first : ndarray of int, shape (n_buckets,)
        The first bar of each bucket, counted among those kept.
    label, end : ndarray of int64, shape (n_buckets,)
        What the longer bar is labelled by, and the moment from which it cannot change.
    """

    rows: NDArray[np.intp] | None
    first: NDArray[np.intp]
    label: Ticks
    end: Ticks

    def first_row(self, bucket: int) -> int:
        """Return where a bucket begins among all bars, kept or not."""
        first = int(self.first[bucket])
        return first if self.rows is None else int(self.rows[first])


class Grid:
    """Puts bars of one timeframe into buckets of a longer one, all at once or block by block.

    Parameters
    ----------
    timeframe : str
        What the buckets are.
    source : str, optional
        What the bars are; without it nothing is known of how long they last.
    calendar : str, optional
    first, last : datetime64[ns]
        The times of the first and the last bar.
    """

    def __init__(
        self,
        timeframe: str,
        *,
        source: str | None,
        calendar: str | None,
        first: np.datetime64,
        last: np.datetime64,
    ) -> None:
        wanted = get_timeframe(timeframe)
        self._span = wanted.nanoseconds
        self._by_session = not wanted.is_intraday
        self._weekly = wanted.minutes > MINUTES_A_DAY
        self.length = get_timeframe(source).nanoseconds if source else 0
        self._calendar = calendar if calendar and calendar != "24/7" else None
        self._of_days = source is not None and not get_timeframe(source).is_intraday
        self._stretches: _Stretches | None = None
        if self._calendar is not None and get_calendar(self._calendar).knows_sessions:
            minutes = get_timeframe(source).minutes if source else 0
            auctions = self._calendar != "fx" and minutes <= LONGEST_AUCTION_BAR and not self._of_days
            stretches = _Stretches.of(self._calendar, first, last, self._of_days, auctions)
            self._stretches = stretches if len(stretches.day) else None

    def ticks(self, time: NDArray[np.datetime64]) -> Ticks:
        """Return when each bar starts, in nanoseconds; bars of days by midnight UTC of the market's date."""
        if self._stretches is not None and self._of_days and self._calendar is not None:
            time = trading_days(self._calendar, time)
        return time.astype("datetime64[ns]").view(np.int64)

    def place(self, ticks: Ticks, floor: int = _LEAST) -> Buckets:
        """Return the buckets of consecutive bars that start at `ticks`; `floor` is when the bar before them ended.

        Blocks are given in order; a block may begin with bars that were in the one before.
        """
        if not len(ticks):
            nothing = np.empty(0, dtype=np.int64)
            return Buckets(None, nothing, nothing, nothing)
        starts = np.empty_like(ticks)
        np.add(ticks[:-1], self.length, out=starts[1:])
        starts[0] = floor
        np.maximum(starts, ticks, out=starts)
        if self._stretches is None:
            return self._fixed(starts)
        bounds, ends = self._stretches.bounds(starts, self.length)
        places = np.searchsorted(starts, bounds, side="left")
        counts = np.diff(places, append=len(starts))
        return (self._sessions if self._by_session else self._within)(starts, places, counts, ends)

    def _fixed(self, starts: Ticks) -> Buckets:
        shift = MONDAY if self._weekly else 0
        number = (starts - shift) // self._span
        first = _changes(number)
        label = number[first] * self._span + shift
        return Buckets(None, first, label, label + self._span)

    def _sessions(
        self, starts: Ticks, places: NDArray[np.intp], counts: NDArray[np.intp], ends: Ticks
    ) -> Buckets:
        """Days and weeks: everything in the stretches of one label; what lies between them is left out."""
        assert self._stretches is not None
        stretch = np.flatnonzero(counts[1::2])
        label = self._stretches.day[stretch]
        if self._weekly:
            label = (label - MONDAY) // (7 * DAY) * (7 * DAY) + MONDAY
        rows, first = None, places[2 * stretch + 1]
        if counts[::2].any():
            inside = np.repeat(np.arange(len(counts)) % 2 == 1, counts)
            rows = np.flatnonzero(inside)
            first = np.cumsum(counts[2 * stretch + 1]) - counts[2 * stretch + 1]
        new = _changes(label) if len(label) else np.empty(0, dtype=np.intp)
        label = label[new]
        # The last stretch of the day or the week by the calendar, whether the data reaches it or not.
        after = np.searchsorted(self._stretches.day, label + self._span, side="left")
        return Buckets(rows, first[new], label, ends[after - 1])

    def _within(
        self, starts: Ticks, places: NDArray[np.intp], counts: NDArray[np.intp], ends: Ticks
    ) -> Buckets:
        """Minutes and hours: counted from the open of each stretch, and from its close until the next."""
        assert self._stretches is not None
        anchors = np.empty(len(counts), dtype=np.int64)
        limits, final = np.empty_like(anchors), np.empty_like(anchors)
        known = self._stretches
        anchors[1::2], limits[1::2], final[1::2] = known.start, known.end, ends
        anchors[0], anchors[2::2] = (
            known.start[0] - _MARGIN.astype("timedelta64[ns]").view(np.int64),
            known.end,
        )
        limits[:-1:2] = final[:-1:2] = known.start
        limits[-1] = final[-1] = np.iinfo(np.int64).max
        auction = known.auction_rows(starts, counts, places)
        held = np.flatnonzero(counts)
        anchor = np.repeat(anchors[held], counts[held])
        offset = starts - anchor
        np.maximum(offset, 0, out=offset)
        offset[auction] -= 1
        offset //= self._span
        offset *= self._span
        offset += anchor
        first = _changes(offset)
        label, part = offset[first], held[np.searchsorted(places[held], first, side="right") - 1]
        end = label + self._span
        return Buckets(None, first, label, np.where(end >= limits[part], final[part], end))


@dataclass(slots=True, eq=False)
class _Stretches:
    """Uninterrupted trading, oldest first: from `start` to `end` in the session of `day`; which closes had a bar."""

    day: Ticks
    start: Ticks
    end: Ticks
    closes: NDArray[np.bool_]
    """Whether the stretch is the last of its session; a lunch break has its own auction."""
    may_print: NDArray[np.bool_]
    printed: NDArray[np.bool_]
    began: int | None = None

    @classmethod
    def of(
        cls, calendar: str, first: np.datetime64, last: np.datetime64, of_days: bool, auctions: bool
    ) -> _Stretches:
        sessions = sessions_between(calendar, first - _MARGIN, last + _MARGIN)
        assert sessions is not None
        day = sessions.day.astype("datetime64[ns]").view(np.int64)
        if of_days:
            start, end, row = day, day + DAY, np.arange(len(day))
        else:
            opens, shuts, row = sessions.stretches()
            start, end, day = opens.view(np.int64), shuts.view(np.int64), day[row]
        extra = _unknown_days(first, last, sessions.known_from, sessions.known_until)
        if len(extra):
            free = _apart(extra, start, end)
            day, start, end = (
                np.concatenate((known, more))
                for known, more in ((day, free), (start, free), (end, free + DAY))
            )
            order = np.argsort(start, kind="stable")
            day, start, end = day[order], start[order], end[order]
        closes = np.append(day[1:] != day[:-1], True) if len(day) else np.empty(0, dtype=bool)
        apart = np.append(start[1:] > end[:-1], True) if len(day) else closes
        return cls(day, start, end, closes, apart & auctions, np.zeros(len(day), dtype=bool))

    def bounds(self, starts: Ticks, length: int) -> tuple[Ticks, Ticks]:
        """Return where each gap and each stretch begins, (2 n + 1,), and from when each stretch is complete, (n,)."""
        expected = self._expected(starts)
        until = self.end + expected
        bounds = np.empty(2 * len(self.day) + 1, dtype=np.int64)
        bounds[0] = _LEAST
        bounds[2::2] = until
        bounds[1::2] = np.maximum(self.start - max(length - 1, 0), bounds[:-1:2])
        return bounds, self.end + expected * max(length, 1)

    def auction_rows(
        self, starts: Ticks, counts: NDArray[np.intp], places: NDArray[np.intp]
    ) -> NDArray[np.intp]:
        """Return the bars that start at the close of the stretch that they belong to."""
        held = np.flatnonzero(counts[1::2])
        last = places[2 * held + 1] + counts[2 * held + 1] - 1
        rows: NDArray[np.intp] = last[starts[last] == self.end[held]]
        return rows

    def _expected(self, starts: Ticks) -> NDArray[np.bool_]:
        """For which stretches a bar at the close is waited for. It depends on earlier stretches alone."""
        place = np.searchsorted(starts, self.end, side="left")
        there = place < len(starts)
        there[there] = starts[place[there]] == self.end[there]
        self.printed |= there & self.may_print
        if self.began is None:
            self.began = int(starts[0])
        expected = np.zeros(len(self.day), dtype=bool)
        for closing in (False, True):
            alike = np.flatnonzero(self.closes == closing)
            before = np.logical_or.accumulate(self.printed[alike])
            expected[alike[1:]] = before[:-1]
            expected[alike[: np.searchsorted(self.end[alike], self.began, side="left") + 1]] = True
        return expected & self.may_print


def _changes(values: Ticks) -> NDArray[np.intp]:
    """The rows at which a new value begins."""
    changed = np.empty(len(values), dtype=bool)
    changed[:1] = True
    np.not_equal(values[1:], values[:-1], out=changed[1:])
    return np.flatnonzero(changed)


def _unknown_days(
    first: np.datetime64, last: np.datetime64, known_from: np.datetime64, known_until: np.datetime64
) -> Ticks:
    """Midnights of the days from `first` to `last`, some more included, that a calendar does not know."""
    days = np.arange((first - _MARGIN).astype("datetime64[D]"), (last + _MARGIN).astype("datetime64[D]") + 1)
    unknown = np.zeros(len(days), dtype=bool)
    if not np.isnat(known_from):
        unknown |= days < known_from
    if not np.isnat(known_until):
        unknown |= days > known_until
    return days[unknown].astype("datetime64[ns]").view(np.int64)


def _apart(days: Ticks, start: Ticks, end: Ticks) -> Ticks:
    """The days without those that overlap a known session."""
    if not len(start):
        return days
    free: Ticks = days[(days >= end[-1]) | (days + DAY <= start[0])]
    return free
