"""The places that a complete series would fill: every bar of every session, numbered from the oldest on.

A bar finds its place by its time. Two neighbours whose numbers differ by more than one have a gap between them, however
long the night, the lunch break or the holidays that lie between.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from marketdata.columns import Columns
from marketdata.sessions import Sessions, clock_offsets, sessions_between, trading_days
from marketdata.timeframes import MINUTES_A_DAY, Timeframe, get_calendar

Ticks = NDArray[np.int64]

OUTSIDE, UNKNOWN, CLOSING = -1, -2, -3
"""Of a bar: in no session; before or after what the calendar knows; the auction's print at the very close."""

_DAY = 86_400 * 1_000_000_000
_SAMPLED = 4_096


@dataclass(frozen=True, slots=True, eq=False)
class Places:
    """The expected bars as stretches of equal steps; the arrays have one item a stretch, oldest first.

    `grid` and `end` are the nanoseconds in which a bar belongs to the stretch, its places being counted from `grid` on;
    `start` is when trading begins in it (after `grid` where hours count from a clock), `first` the number of its first
    place, `session` the row of its session, `closing` whether a print at `end` closes it. `ends` says that bars are
    labelled by their end.
    """

    span: int
    grid: Ticks
    start: Ticks
    end: Ticks
    first: Ticks
    count: int
    session: Ticks
    closing: NDArray[np.bool_]
    known: tuple[int, int]
    ends: bool = False

    def of(self, time: Ticks) -> Ticks:
        """Return the number of the place of each bar, or `OUTSIDE`, `UNKNOWN` or `CLOSING`."""
        time = time - 1 if self.ends else time
        number = np.full(len(time), OUTSIDE, dtype=np.int64)
        if len(self.grid):
            row = np.searchsorted(self.grid, time, side="right") - 1
            at = np.maximum(row, 0)
            inside = (row >= 0) & (time < self.end[at])
            place = self.first[at] + (time - self.grid[at]) // self.span
            number = np.where(inside, place, OUTSIDE)
            number[~inside & (time == self.end[at]) & self.closing[at]] = CLOSING
        number[(time < self.known[0]) | (time >= self.known[1])] = UNKNOWN
        return number

    def step_of(self, place: Ticks) -> Ticks:
        """Return where the step of each place begins (or ends), which may be before trading does."""
        row = np.searchsorted(self.first, place, side="right") - 1
        found: Ticks = self.grid[row] + (place - self.first[row] + self.ends) * self.span
        return found

    def time_of(self, place: Ticks) -> Ticks:
        """Return the time that the bar of each place would bear, within the hours of trading."""
        row = np.searchsorted(self.first, place, side="right") - 1
        step = self.step_of(place)
        found: Ticks = np.minimum(step, self.end[row]) if self.ends else np.maximum(step, self.start[row])
        return found

    def first_from(self, time: Ticks) -> Ticks:
        """Return the first place that begins at each time or later."""
        row = np.searchsorted(self.end, time, side="right")
        at = np.minimum(row, len(self.end) - 1)
        steps = -(-np.maximum(time - self.grid[at], 0) // self.span)
        return np.where(row < len(self.end), self.first[at] + steps, self.count)

    def sessions_within(self, low: Ticks, high: Ticks) -> Ticks:
        """Return how many sessions have all their places between `low` and `high`, both included."""
        opening = np.flatnonzero(np.concatenate(([True], self.session[1:] != self.session[:-1])))
        firsts = self.first[opening]
        lasts = np.append(firsts[1:], self.count) - 1
        begun, ended = np.searchsorted(firsts, low), np.searchsorted(lasts, high, side="right")
        whole: Ticks = np.maximum(ended - begun, 0)
        return whole

    def session_length(self, place: Ticks) -> Ticks:
        """Return how many places the session of each place has."""
        row = np.searchsorted(self.first, place, side="right") - 1
        sizes = np.diff(np.append(self.first, self.count))
        _known, inverse = np.unique(self.session, return_inverse=True)
        return np.bincount(inverse, weights=sizes).astype(np.int64)[inverse[row]]


@dataclass(frozen=True, slots=True, eq=False)
class Days:
    """The expected bars of a series of days or weeks: one place a session, or a week that holds any."""

    calendar: str
    day: NDArray[np.datetime64]
    weekly: bool
    known: tuple[int, int]
    ends: bool = False

    def of(self, time: Ticks) -> Ticks:
        """Return the number of the place of each bar, `OUTSIDE` or `UNKNOWN`."""
        days = trading_days(self.calendar, time.view("datetime64[ns]"))
        days = _mondays(days) if self.weekly else days
        number = np.full(len(time), OUTSIDE, dtype=np.int64)
        if len(self.day):
            row = np.minimum(np.searchsorted(self.day, days), len(self.day) - 1)
            number = np.where(self.day[row] == days, row, OUTSIDE)
        number[(time < self.known[0]) | (time >= self.known[1])] = UNKNOWN
        return number

    def time_of(self, place: Ticks) -> Ticks:
        """Return the midnight of the day of each place."""
        return _ticks(self.day[place].astype("datetime64[ns]"))

    def first_from(self, time: Ticks) -> Ticks:
        """Return the first place whose day is that of each time or a later one."""
        return np.searchsorted(self.day, time.view("datetime64[ns]").astype("datetime64[D]"))

    def sessions_within(self, low: Ticks, high: Ticks) -> Ticks:
        """Return how many places lie between `low` and `high`, both included."""
        return high - low + 1

    def session_length(self, place: Ticks) -> Ticks:
        """Return how many places the session of each place has: itself."""
        return np.ones(len(place), dtype=np.int64)


def expected_places(columns: Columns, span: Timeframe, calendar: str) -> Places | Days | None:
    """Return the places of a complete series over the time of these bars; None when the calendar knows no sessions.

    Hours may be counted from the open of the session, on through its lunch break or anew after it, or from the hours of
    a clock: that by which most of the bars stand where a place begins is taken. Bars that are labelled by their end are
    recognised by sessions that have a bar at their close and none at their open.
    """
    first, last = (
        columns.read("time", row, row + 1).view("datetime64[ns]")[0] for row in (0, len(columns) - 1)
    )
    # A daily bar may be stamped with the midnight of its market, hours before or after that of UTC; a week's first
    # session may come days after its Monday.
    weekly = span.minutes > MINUTES_A_DAY
    margin = np.timedelta64(7 if weekly else 1, "D")
    sessions = sessions_between(calendar, first - margin, last + margin)
    if sessions is None:
        return None
    known = _known(sessions)
    if not span.is_intraday:
        days = np.unique(_mondays(sessions.day)) if weekly else sessions.day
        return Days(calendar, days, weekly, known)
    sample = _sample(columns)
    labelled_by_end = _labelled_by_end(sessions, sample)
    candidates = [
        _places(sessions, span.nanoseconds, anchor, known, ends=labelled_by_end)
        for anchor in _anchors(sessions, span.nanoseconds, sample)
    ]
    return max(candidates, key=lambda places: _aligned(places, sample))


def _places(sessions: Sessions, span: int, anchor: Ticks, known: tuple[int, int], *, ends: bool) -> Places:
    """Lay steps of `span` over each stretch, from its anchor; one that two stretches share belongs to the earlier."""
    start, end, session = (_ticks(values) for values in sessions.stretches())
    grid = anchor + (start - anchor) // span * span
    after = anchor - (anchor - end) // span * span
    shared = np.zeros(len(start), dtype=bool)
    shared[1:] = (grid[1:] < after[:-1]) & ((anchor[1:] - anchor[:-1]) % span == 0)
    grid[1:] = np.where(shared[1:], after[:-1], grid[1:])
    closing = np.ones(len(start), dtype=bool)
    closing[:-1] = session[1:] != session[:-1]
    end = np.where(np.append(shared[1:], False), after, end)
    kept = np.flatnonzero(after > grid)
    sizes = ((after - grid) // span)[kept]
    total = int(sizes.sum())
    return Places(
        span=span,
        grid=grid[kept],
        start=np.maximum(start, grid)[kept],
        end=end[kept],
        first=np.cumsum(sizes) - sizes,
        count=total,
        session=session[kept],
        closing=closing[kept],
        known=known,
        ends=ends,
    )


def _anchors(sessions: Sessions, span: int, sample: Ticks) -> Iterator[Ticks]:
    """Where steps may be counted from, for each stretch of trading; the usual ways first."""
    start, _end, row = (_ticks(values) for values in sessions.stretches())
    opens = _ticks(sessions.open)
    yield start
    yield opens[row]
    ahead = clock_offsets(sessions.open, get_calendar(sessions.calendar).timezone).astype(np.int64)
    yield ((opens + ahead) // _DAY * _DAY - ahead)[row]
    phases, counts = np.unique(sample % span, return_counts=True)
    yield np.full(len(start), phases[counts.argmax()])


def _aligned(places: Places, sample: Ticks) -> int:
    """How many bars stand exactly where a place begins (or ends)."""
    number = places.of(sample)
    inside = number >= 0
    place, time = number[inside], sample[inside]
    return int(np.count_nonzero((places.time_of(place) == time) | (places.step_of(place) == time)))


def _labelled_by_end(sessions: Sessions, sample: Ticks) -> bool:
    """Whether sessions that something separates from their neighbours have a bar at the close but none at the open."""
    opens, closes = _ticks(sessions.open), _ticks(sessions.close)
    apart = np.flatnonzero(opens[1:] != closes[:-1])
    at_open = int(np.isin(opens[apart + 1], sample).sum())
    at_close = int(np.isin(closes[apart], sample).sum())
    return at_close > 0 and at_open * 10 <= at_close


def _sample(columns: Columns) -> Ticks:
    """Times from the beginning, two places between and the end of a series, ascending."""
    count, part = len(columns), _SAMPLED // 4
    places = (0, count // 3, 2 * count // 3, max(0, count - part))
    return np.unique(np.concatenate([columns.read("time", first, first + part) for first in places]))


def _known(sessions: Sessions) -> tuple[int, int]:
    limits = np.iinfo(np.int64)
    low, high = sessions.known_from, sessions.known_until
    return (
        int(limits.min) if np.isnat(low) else int(low.astype("datetime64[ns]").astype(np.int64)),
        int(limits.max) if np.isnat(high) else int((high + 1).astype("datetime64[ns]").astype(np.int64)),
    )


def _mondays(days: NDArray[np.datetime64]) -> NDArray[np.datetime64]:
    """The Monday of each day's week; 1970-01-01 was a Thursday."""
    found: NDArray[np.datetime64] = days - (days.astype(np.int64) + 3) % 7
    return found


def _ticks(values: Any) -> Ticks:
    found: Ticks = np.ascontiguousarray(values).view(np.int64)
    return found
