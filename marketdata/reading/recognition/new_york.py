"""Whether bars keep the days and hours of New York's stock exchanges, as far as the first rows of a file show it.

A form asks while somebody waits, and the calendars themselves take seconds to load: the holidays are counted out here.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Sequence
from functools import cache
from zoneinfo import ZoneInfo

CALENDAR = "XNYS"
ZONE = "America/New_York"
FIRST_YEAR = 1972
"""Since then most holidays are Mondays, as they are today."""

_OPEN, _CLOSE = dt.time(9, 30), dt.time(16)
_DAY = dt.timedelta(days=1)
_ENOUGH_DAYS = 3
_EVERYWHERE = ("New Year's Day", "Good Friday", "Christmas")
_ONCE = frozenset(
    dt.date.fromisoformat(day)
    for day in (
        *("1972-11-07", "1972-12-28", "1973-01-25", "1976-11-02", "1977-07-14", "1980-11-04", "1985-09-27"),
        *("1994-04-27", "2001-09-11", "2001-09-12", "2001-09-13", "2001-09-14", "2004-06-11", "2007-01-02"),
        *("2012-10-29", "2012-10-30", "2018-12-05", "2025-01-09"),
    )
)
"""Closed for an election, a power cut, a storm, an attack or a funeral."""
_LOST_DAYS = 0.001
"""Share of the other weekdays, beside one, that may be missing."""
_PLAIN_SYMBOL = re.compile(r"[A-Z]{1,5}(?:-[A-Z])?")
_WITHOUT_ENDING = frozenset({"yahoo", "alpha_vantage"})
"""Sources whose symbols of the United States have no ending, while those of other countries have one."""
_PROPOSED = "The calendar of New York's stock exchanges is proposed; NYSE and Nasdaq keep the same sessions."


def reason_for(moments: Sequence[dt.datetime], symbol: str, dialect: str, *, on_clock: bool) -> str:
    """Return why bars of weekdays are probably of New York, in words; "" when that is not shown.

    `moments` are the times of the bars: in UTC, or without a zone as they stand in the file. `on_clock` says that they
    are times of day which are in UTC or on a clock of New York. Two kinds of American holidays that are kept show it;
    where the symbol speaks for the United States, one does, or the hours of trading. A bar on a holiday speaks against
    it, whatever the symbol says.
    """
    zone = ZoneInfo(ZONE)
    local = [moment.astimezone(zone) if moment.tzinfo else moment for moment in moments]
    days = {moment.date() for moment in local if moment.year >= FIRST_YEAR}
    if not days or any(day.weekday() > 4 or day in holidays(day.year) for day in days):
        return ""
    if symbol.endswith(".US"):
        return f"The ending .US of the symbol names the United States. {_PROPOSED}"
    is_american = dialect in _WITHOUT_ENDING and bool(_PLAIN_SYMBOL.fullmatch(symbol))
    kept = holidays_kept(days)
    said = f"where columns are named like these, {symbol} is a symbol of the United States"
    if len(kept) >= (1 if is_american else 2):
        also = f", and {said}" if is_american else ""
        return f"No bar falls on {_listed(kept)}, and hardly another weekday is missing{also}. {_PROPOSED}"
    if is_american and on_clock and _keeps_hours([moment.time() for moment in local]):
        return f"The bars lie between 9:30 and 16:00 in New York, and {said}. {_PROPOSED}"
    return ""


def clock_reason(moments: Sequence[dt.datetime]) -> str:
    """Return why times without a zone are probably on a clock of New York, in words; "" when that is not shown.

    Most of several weekdays must be filled from the opening to the close, and nothing else: the regular session, noon
    included (Hong Kong keeps the same hours and rests at noon), or that with the hours around it, from 4:00 to 20:00.
    In UTC neither would fit.
    """
    days: dict[dt.date, set[dt.time]] = {}
    for moment in moments:
        days.setdefault(moment.date(), set()).add(moment.time())
    whole = sorted(days)[1:-1]  # the sample may begin and end within a day
    if any(day.weekday() > 4 for day in days):
        return ""
    regular = (_OPEN, _CLOSE, "9:30 and 16:00, the hours of trading in New York")
    extended = (dt.time(4), dt.time(20), "4:00 and 20:00, the hours of trading in New York and around them")
    for begin, end, said in (regular, extended):
        inside = all(begin <= time <= end for times in days.values() for time in times)
        filled = sum(_fills(days[day], begin, end) for day in whole)
        if inside and filled >= _ENOUGH_DAYS and 2 * filled > len(whole):
            return f"The rows of several days lie between {said}: that timezone is proposed. Check it."
    return ""


def _fills(times: Collection[dt.time], begin: dt.time, end: dt.time) -> bool:
    """Whether bars stand at the beginning, at noon and in the last hour."""
    return {begin.hour, 12, end.hour - 1} <= {time.hour for time in times}


def holidays_kept(days: Collection[dt.date]) -> list[str]:
    """Return the American holidays between the first and the last day, if hardly another weekday is missing."""
    first, last = min(days), max(days)
    span = [first + _DAY * number for number in range((last - first).days + 1)]
    weekdays = [day for day in span if day.weekday() < 5]
    closed = [holidays(day.year)[day] for day in weekdays if day in holidays(day.year)]
    missing = len(weekdays) - len(closed) - len(days)
    if missing > 1 + _LOST_DAYS * len(weekdays):
        return []
    return [name for name in dict.fromkeys(closed) if name and name not in _EVERYWHERE]


@cache
def holidays(year: int) -> dict[dt.date, str]:
    """Return the weekdays of a year, from 1972 on, on which the exchanges are closed; "" for what happened once."""
    found = {day: "" for day in _ONCE if day.year == year} | {
        _monday(year, 2, 3): "Presidents' Day",
        _easter(year) - 2 * _DAY: "Good Friday",
        _monday(year, 6, 1) - 7 * _DAY: "Memorial Day",
        _observed(dt.date(year, 7, 4)): "Independence Day",
        _monday(year, 9, 1): "Labor Day",
        _first_weekday(year, 11, 3) + 21 * _DAY: "Thanksgiving",
        _observed(dt.date(year, 12, 25)): "Christmas",
    }
    if dt.date(year, 1, 1).weekday() != 5:  # on a Saturday it is not moved into the old year
        found[_observed(dt.date(year, 1, 1))] = "New Year's Day"
    if year >= 1998:
        found[_monday(year, 1, 3)] = "Martin Luther King Day"
    if year >= 2022:
        found[_observed(dt.date(year, 6, 19))] = "Juneteenth"
    return found


def _keeps_hours(times: Sequence[dt.time]) -> bool:
    return _OPEN in times and all(_OPEN <= time <= _CLOSE for time in times)


def _listed(names: Sequence[str]) -> str:
    shown = names[:3]
    if len(names) > len(shown):
        return f"{', '.join(shown)} and other American holidays"
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} or {shown[-1]}"


def _observed(day: dt.date) -> dt.date:
    """The weekday on which a holiday is kept: the Friday before a Saturday, the Monday after a Sunday."""
    return day + {5: -_DAY, 6: _DAY}.get(day.weekday(), 0 * _DAY)


def _first_weekday(year: int, month: int, weekday: int) -> dt.date:
    first = dt.date(year, month, 1)
    return first + _DAY * ((weekday - first.weekday()) % 7)


def _monday(year: int, month: int, number: int) -> dt.date:
    return _first_weekday(year, month, 0) + 7 * _DAY * (number - 1)


def _easter(year: int) -> dt.date:
    """Easter Sunday (the anonymous Gregorian algorithm; Nature, 20 April 1876)."""
    golden, (century, rest) = year % 19, divmod(year, 100)
    leaps, odd = divmod(century, 4)
    moon = (century - (century + 8) // 25 + 1) // 3
    epact = (19 * golden + century - leaps - moon + 15) % 30
    quarter, left = divmod(rest, 4)
    weekday = (32 + 2 * odd + 2 * quarter - epact - left) % 7
    late = (golden + 11 * epact + 22 * weekday) // 451
    month, day = divmod(epact + weekday - 7 * late + 114, 31)
    return dt.date(year, month, day + 1)
