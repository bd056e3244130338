"""Which of the expected bars are there: gaps, bars outside of sessions, and the share of each year."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from marketdata.quality.report import GAP, INFO, OUTSIDE, WARNING, Findings, Year, said_ticks
from marketdata.quality.slots import CLOSING, UNKNOWN, Days, Places
from marketdata.quality.slots import OUTSIDE as NOWHERE
from marketdata.quality.tally import Runs, Tally
from marketdata.timeframes import MINUTES_A_DAY, Timeframe, get_calendar

Ticks = NDArray[np.int64]

HOLIDAY_SESSIONS = 2
"""Weekdays in a row that an exchange whose holidays are not known may be closed without it counting as a gap."""
MANY_OUTSIDE = 0.01
"""Share of the bars that may lie outside of sessions before the calendar itself is in doubt."""

_DAY = 86_400 * 1_000_000_000
_FEAST_DAYS = {(12, 24), (12, 25), (12, 26), (12, 31), (1, 1), (1, 2)}


class Coverage:
    """Compares the times of a series with the places that its calendar expects, block by block."""

    def __init__(self, places: Places | Days, span: Timeframe, calendar: str) -> None:
        self.places, self.span, self.calendar = places, span, get_calendar(calendar)
        self.missing = self.outside = self.unknown = self.further = 0
        self._first = self._last = -1
        self._gaps, self._strays, self._runs = Tally(GAP), Tally(OUTSIDE), Runs()
        self._per_year: dict[int, int] = {}

    def add(self, time: Ticks) -> None:
        """Take the next bars."""
        number = self.places.of(time)
        stray = number == NOWHERE
        self.outside += int(np.count_nonzero(stray))
        self.unknown += int(np.count_nonzero(number == UNKNOWN))
        self.further += int(np.count_nonzero(number == CLOSING))
        self._stray(*self._runs.add(stray, time))
        inside = number >= 0
        number, time = number[inside], time[inside]
        if not len(number):
            return
        self._first = int(number[0]) if self._first < 0 else self._first
        before = np.concatenate(([self._last if self._last >= 0 else number[0] - 1], number[:-1]))
        steps = number - before
        self.further += int(np.count_nonzero(steps == 0))
        fresh = time[steps > 0]
        for year, count in zip(*_by_year(fresh), strict=True):
            self._per_year[year] = self._per_year.get(year, 0) + count
        rows = np.flatnonzero(steps > 1)
        self._gap(before[rows] + 1, number[rows] - 1)
        self._last = int(number[-1])

    def _gap(self, low: Ticks, high: Ticks) -> None:
        if not len(low):
            return
        bars = high - low + 1
        self.missing += int(bars.sum())
        whole = self.places.sessions_within(low, high)
        severity = np.where((whole > 0) | (2 * bars >= self.places.session_length(low)), WARNING, INFO)
        start, end = self.places.time_of(low), self.places.time_of(high)
        feast = np.zeros(len(low), dtype=np.int64)
        if self.calendar.name == "fx":
            feast = (_is_feast(start) & _is_feast(end) & (end - start < 4 * _DAY)).astype(np.int64)
            severity = np.where(feast == 1, INFO, severity)
        self._gaps.add(start, end, bars, severity.astype(np.int64), bars, whole=whole, feast=feast)

    def _stray(self, start: Ticks, end: Ticks, bars: Ticks) -> None:
        self._strays.add(start, end, bars, np.full(len(start), INFO, dtype=np.int64), bars)

    def finish(self, bars: int) -> tuple[dict[str, Findings], tuple[Year, ...]]:
        """Return the findings and the years; `bars` is how many the series has."""
        self._stray(*self._runs.close())
        many = self.outside > MANY_OUTSIDE * bars
        found = {
            GAP: self._gaps.finish(self._gap_text),
            OUTSIDE: self._strays.finish(self._stray_text, at_least=WARNING if many else INFO),
        }
        return found, self._years()

    def _years(self) -> tuple[Year, ...]:
        if self._first < 0:
            return ()
        low, high = self.places.time_of(np.array([self._first, self._last]))
        found = []
        for year in range(_year(int(low)), _year(int(high)) + 1):
            edges = np.array([f"{year:04}", f"{year + 1:04}"], dtype="datetime64[ns]").view(np.int64)
            first, after = np.clip(self.places.first_from(edges), self._first, self._last + 1).tolist()
            there = self._per_year.get(year, 0)
            if after - first or there:
                found.append(Year(year, there, max(0, after - first - there)))
        return tuple(found)

    def _gap_text(self, values: dict[str, Any]) -> str:
        count, whole = values["bars"], values["whole"]
        first, last = said_ticks(values["start"]), said_ticks(values["end"])
        feast = " (Christmas or New Year)" if values["feast"] else ""
        if not self.span.is_intraday:
            noun = "week" if self.span.minutes > MINUTES_A_DAY else "session"
            if count == 1:
                return f"The {noun} of {first[:10]} is missing{feast}"
            return f"{count} {noun}s are missing, {first[:10]} to {last[:10]}{feast}"
        if count == 1:
            return f"1 bar is missing, {first}{feast}"
        inside = "" if not whole else f" ({whole} whole session{'s' if whole > 1 else ''})"
        return f"{count} bars are missing, {first} to {last}{inside}{feast}"

    def _stray_text(self, values: dict[str, Any]) -> str:
        noun = "1 bar" if values["bars"] == 1 else f"{values['bars']} bars"
        if self.calendar.name == "fx":
            return f"{noun} outside of the week of foreign exchange"
        if self.span.is_intraday:
            return f"{noun} outside of the sessions of {self.calendar.label}"
        there = "on a day" if values["bars"] == 1 else "on days"
        return f"{noun} {there} without a session of {self.calendar.label}"


class GuessedCoverage:
    """For exchanges that are not named: weekdays, with forgiveness for holidays that nobody told us of."""

    def __init__(self, span: Timeframe, calendar: str) -> None:
        self.span, self.calendar = span, get_calendar(calendar)
        self.missing = self.outside = self.unknown = self.further = 0
        self._last: int | None = None
        self._gaps = Tally(GAP)
        self._per_year: dict[int, list[int]] = {}

    def add(self, time: Ticks) -> None:
        """Take the next bars."""
        if not len(time):
            return
        for year, count in zip(*_by_year(time), strict=True):
            self._per_year.setdefault(year, [0, 0])[0] += count
        joined = time if self._last is None else np.concatenate(([self._last], time))
        self._last = int(time[-1])
        absent = self._absent(joined)
        rows = np.flatnonzero(absent)
        bars, start, end = absent[rows], joined[rows], joined[rows + 1]
        self.missing += int(bars.sum())
        for year, count in zip(_years_of(start).tolist(), bars.tolist(), strict=True):
            self._per_year.setdefault(year, [0, 0])[1] += count
        a_day = max(1, self.calendar.minutes_a_day // self.span.minutes) if self.span.is_intraday else 1
        severity = np.where(2 * bars >= a_day, WARNING, INFO).astype(np.int64)
        self._gaps.add(start, end, bars, severity, bars)

    def _absent(self, ticks: Ticks) -> Ticks:
        """Bars missing after each bar, shape (n - 1,)."""
        absent = np.maximum(np.rint(np.diff(ticks) / self.span.nanoseconds).astype(np.int64) - 1, 0)
        if self.span.minutes > MINUTES_A_DAY:
            return absent
        days = (ticks // _DAY).astype("datetime64[D]")
        closed = np.maximum(np.busday_count(days[:-1], days[1:]) - 1, 0)
        long_closure = np.where(closed > HOLIDAY_SESSIONS, closed, 0)
        if not self.span.is_intraday:
            return long_closure
        a_day = -(-self.calendar.minutes_a_day // self.span.minutes)
        return np.where(days[:-1] == days[1:], absent, long_closure * a_day)

    def finish(self, bars: int) -> tuple[dict[str, Findings], tuple[Year, ...]]:
        """Return the findings and the years."""
        years = tuple(Year(year, *counts) for year, counts in sorted(self._per_year.items()))
        return {GAP: self._gaps.finish(_between)}, years


def _between(values: dict[str, Any]) -> str:
    noun = "1 bar is" if values["bars"] == 1 else f"{values['bars']} bars are"
    return f"{noun} missing between {said_ticks(values['start'])} and {said_ticks(values['end'])}"


def _by_year(time: Ticks) -> tuple[list[int], list[int]]:
    """The years of ascending times, and how many fall into each."""
    if not len(time):
        return [], []
    years = list(range(_year(int(time[0])), _year(int(time[-1])) + 1))
    edges = np.array([f"{year:04}" for year in [*years, years[-1] + 1]], dtype="datetime64[ns]").view(
        np.int64
    )
    return years, np.diff(np.searchsorted(time, edges)).tolist()


def _years_of(time: Ticks) -> Ticks:
    found: Ticks = time.view("datetime64[ns]").astype("datetime64[Y]").astype(np.int64) + 1970
    return found


def _year(tick: int) -> int:
    return int(_years_of(np.array([tick]))[0])


def _is_feast(time: Ticks) -> NDArray[np.bool_]:
    days = time.view("datetime64[ns]").astype("datetime64[D]").tolist()
    return np.array([(day.month, day.day) in _FEAST_DAYS for day in days], dtype=bool)
