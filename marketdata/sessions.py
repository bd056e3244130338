"""The sessions of a market: on which days it trades and from when to when, holidays and early closes included.

For jobs only. The hours of exchanges come from exchange_calendars, which takes seconds to load (pandas with it): it is
imported when the first exchange is asked for. Foreign exchange and markets that never close need neither.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from importlib import import_module
from threading import Lock
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from marketdata.timeframes import GENERIC, get_calendar

Times = NDArray[np.datetime64]

NOT_KNOWN = np.datetime64("NaT", "D")
FX_ROLL = dt.time(17)
"""When a day of foreign exchange ends and the next begins, in New York."""

_SAME_SESSIONS = {"XNAS": "XNYS"}
_PAUSE = {"CMES": np.timedelta64(1, "h")}
"""A daily pause before the close that exchange_calendars leaves out: Chicago's futures rest from 16:00 to 17:00."""
_DAY = np.timedelta64(1, "D")


@dataclass(frozen=True, slots=True, eq=False)
class Sessions:
    """Sessions of a market, oldest first; all arrays of shape (n_sessions,).

    Parameters
    ----------
    day : ndarray of datetime64[D]
        The date that the market gives the session; foreign exchange names it by the day on which it ends.
    open, close : ndarray of datetime64[ns]
        UTC; trading runs from `open` up to, but not including, `close`.
    break_start, break_end : ndarray of datetime64[ns]
        The lunch break, NaT where there is none.
    known_from, known_until : datetime64[D]
        The days for which the calendar knows the sessions; NaT where it has no such end. What was asked for outside
        of them is left out, which does not mean that the market was closed.
    """

    calendar: str
    day: Times
    open: Times
    close: Times
    break_start: Times
    break_end: Times
    known_from: np.datetime64 = NOT_KNOWN
    known_until: np.datetime64 = NOT_KNOWN

    def __len__(self) -> int:
        return len(self.day)

    def rows(self, first: int, after: int) -> Sessions:
        """Return the sessions `first` to `after` (excluded)."""
        names = ("day", "open", "close", "break_start", "break_end")
        return replace(self, **{name: getattr(self, name)[first:after] for name in names})

    def between(self, first: np.datetime64, last: np.datetime64) -> Sessions:
        """Return the sessions whose day is one of the UTC days of `first` to `last`, or that are open between them."""
        start, end = first.astype("datetime64[ns]"), last.astype("datetime64[ns]")
        by_day = np.searchsorted(self.day, start.astype("datetime64[D]"), side="left")
        by_hour = np.searchsorted(self.close, start, side="right")
        after_day = np.searchsorted(self.day, end.astype("datetime64[D]"), side="right")
        after_hour = np.searchsorted(self.open, end, side="right")
        return self.rows(int(min(by_day, by_hour)), int(max(after_day, after_hour)))

    def row_of(self, time: Times) -> NDArray[np.int64]:
        """Return the row of the session that is open at each time (its break included), -1 where none is."""
        row = np.searchsorted(self.open, time, side="right") - 1
        inside = (row >= 0) & (time < self.close[np.maximum(row, 0)]) if len(self) else row >= 0
        return np.where(inside, row, -1)

    def stretches(self) -> tuple[Times, Times, NDArray[np.int64]]:
        """Return the starts and ends of uninterrupted trading, and the row of the session of each: (n_stretches,)."""
        broken = ~np.isnat(self.break_start)
        row = np.repeat(np.arange(len(self)), np.where(broken, 2, 1))
        second = np.zeros(len(row), dtype=bool)
        second[1:] = row[1:] == row[:-1]
        first_of_two = broken[row] & ~second
        start = np.where(second, self.break_end[row], self.open[row])
        end = np.where(first_of_two, self.break_start[row], self.close[row])
        return start, end, row


def sessions_between(calendar: str, first: np.datetime64, last: np.datetime64) -> Sessions | None:
    """Return the sessions of `calendar` on the UTC days from `first` to `last`.

    A session that opens on the evening before its day (futures, foreign exchange, Wellington) is there when either its
    day or an hour of it lies between the two. Beyond what the calendar knows there are none; see `Sessions`. The answer
    is cut from a table that the process keeps for each calendar.

    Raises
    ------
    UnknownTimeframe
        No calendar of that name. The generic one ("exchange") knows no sessions: the answer is None.
    """
    get_calendar(calendar)
    if calendar == GENERIC:
        return None
    whole = _table(calendar, max(_year(first) - 1, 1679), min(_year(last) + 1, 2260))
    return whole.between(first, last)


def trading_days(calendar: str, time: Times) -> Times:
    """Return the day of the market that each bar of a day or longer belongs to, datetime64[D], shape (n,).

    A time at exactly midnight UTC is a date already. Any other (a vendor's local midnight, open or close) counts by the
    date on the market's clock; a day of foreign exchange begins at 17:00 in New York and is named by its end.
    """
    days = time.astype("datetime64[D]")
    clocked = np.flatnonzero(time != days)
    market = get_calendar(calendar)
    if market.timezone == "UTC" or not len(clocked):
        return days
    shift = np.timedelta64(24 - FX_ROLL.hour, "h") if calendar == "fx" else np.timedelta64(0, "h")
    moments = time[clocked].astype("datetime64[ns]")
    days[clocked] = (moments + clock_offsets(moments, market.timezone) + shift).astype("datetime64[D]")
    return days


def clock_offsets(time: Times, timezone: str) -> NDArray[np.timedelta64]:
    """Return what the clocks of a timezone are ahead of UTC at each time, timedelta64[ns], shape (n,)."""
    zone = ZoneInfo(timezone)
    moments = time.astype("datetime64[s]").tolist()
    found = [moment.replace(tzinfo=dt.UTC).astimezone(zone).utcoffset() for moment in moments]
    return np.array(found, dtype="timedelta64[ns]")


_tables: dict[str, tuple[int, int, Sessions]] = {}
_lock = Lock()


def _table(calendar: str, first_year: int, last_year: int) -> Sessions:
    """The sessions of at least these whole years."""
    code = _SAME_SESSIONS.get(calendar, calendar)
    with _lock:
        have = _tables.get(code)
        if have is None or have[0] > first_year or have[1] < last_year:
            if have is not None:
                first_year, last_year = min(first_year, have[0]), max(last_year, have[1])
            first, last = np.datetime64(f"{first_year:04}-01-01"), np.datetime64(f"{last_year:04}-12-31")
            have = _tables[code] = first_year, last_year, _made(code, first, last)
    return have[2] if code == calendar else replace(have[2], calendar=calendar)


def _made(code: str, first: np.datetime64, last: np.datetime64) -> Sessions:
    if code == "24/7":
        return _of_every_day(first, last)
    return _of_foreign_exchange(first, last) if code == "fx" else _of_exchange(code, first, last)


def _of_every_day(first: np.datetime64, last: np.datetime64) -> Sessions:
    day: Times = np.arange(first, last + _DAY)
    start = day.astype("datetime64[ns]")
    return _without_breaks("24/7", day, start, (day + 1).astype("datetime64[ns]"))


def _of_foreign_exchange(first: np.datetime64, last: np.datetime64) -> Sessions:
    """Monday to Friday, each from 17:00 in New York on the day before to 17:00 on the day itself."""
    days = np.arange(first, last + _DAY)
    ends = _utc(days, FX_ROLL, ZoneInfo(get_calendar("fx").timezone))
    rows = np.flatnonzero(np.is_busday(days))
    rows = rows[rows > 0]
    return _without_breaks("fx", days[rows], ends[rows - 1], ends[rows])


def _of_exchange(code: str, first: np.datetime64, last: np.datetime64) -> Sessions:
    import pandas as pd  # with exchange_calendars: seconds to load, and only for named exchanges

    module = import_module(f"exchange_calendars.exchange_calendar_{code.lower()}")
    made: Any = getattr(module, f"{code}ExchangeCalendar")
    low, high = made.bound_min(), made.bound_max()
    known_from = NOT_KNOWN if low is None else np.datetime64(low.date(), "D")
    known_until = NOT_KNOWN if high is None else np.datetime64(high.date(), "D")
    first = first if low is None else max(first, known_from)
    last = last if high is None else min(last, known_until)
    none = np.empty(0, dtype="datetime64[ns]")
    if first >= last:
        empty = _without_breaks(code, none.astype("datetime64[D]"), none, none)
        return replace(empty, known_from=known_from, known_until=known_until)
    hours = made(start=pd.Timestamp(str(first)), end=pd.Timestamp(str(last)))
    opens, closes = _moments(hours.opens_nanos), _moments(hours.closes_nanos)
    if (pause := _PAUSE.get(code)) is not None:
        closes = np.where(closes - opens == _DAY, closes - pause, closes)
    return Sessions(
        calendar=code,
        day=_moments(hours.sessions_nanos).astype("datetime64[D]"),
        open=opens,
        close=closes,
        break_start=_moments(hours.break_starts_nanos),
        break_end=_moments(hours.break_ends_nanos),
        known_from=known_from,
        known_until=known_until,
    )


def _without_breaks(calendar: str, day: Times, start: Times, end: Times) -> Sessions:
    no_break = np.full(len(day), "NaT", dtype="datetime64[ns]")
    return Sessions(calendar, day, start, end, no_break, no_break)


def _moments(nanoseconds: Any) -> Times:
    """Nanoseconds since 1970 as times; numpy's NaT is the least of the whole numbers there too."""
    return np.ascontiguousarray(nanoseconds, dtype=np.int64).view("datetime64[ns]")


def _utc(days: Times, clock: dt.time, zone: ZoneInfo) -> Times:
    """The moments at which the clocks of `zone` show `clock` on `days`."""
    offsets = [
        dt.datetime.combine(day, clock, tzinfo=zone).utcoffset() or dt.timedelta()
        for day in days.astype("datetime64[D]").tolist()
    ]
    hour = np.timedelta64(clock.hour * 60 + clock.minute, "m")
    moments: Times = days.astype("datetime64[ns]") + hour - np.array(offsets, dtype="timedelta64[ns]")
    return moments


def _year(moment: np.datetime64) -> int:
    return int(moment.astype("datetime64[Y]").astype(np.int64)) + 1970
